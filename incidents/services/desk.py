"""How a new case is decided and written: at once, or many together.

Sending asks its questions and keeps its rows through a desk. The plain one asks and writes each
at once. A `Batch` asks a question once for all cases that put it alike, and writes each table in
one go, so that a list of 200,000 cases takes minutes. What is decided and written is the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import models

from grids.territory.choices import Answer
from grids.territory.services.responsibility import Responsibility
from incidents.clocks import Calendar
from incidents.models import Incident
from incidents.services import clocks, routing
from incidents.services.decision import Decision

# Alike places give alike answers; those with a distance in their reasons do not.
ALIKE = frozenset({Answer.INSIDE, Answer.BOUNDARY, Answer.PARENT})


class Desk:
    """Asks and writes at once."""

    def decide(
        self,
        purpose: str,
        incident: Incident,
        place: Responsibility | None,
        *,
        now: datetime,
        avoid_user_id: int | None = None,
    ) -> Decision:
        """What the routing would do with the case for this purpose."""
        return routing.decide(
            purpose,
            responsibility=place,
            category=incident.category,
            grade=incident.grade,
            channel=incident.channel,
            urgent=incident.urgent,
            now=now,
            avoid_user_id=avoid_user_id,
        )

    def limit(self, incident: Incident, kind: str) -> tuple[int, str]:
        """The limit (amount, unit) of a clock of this kind for the case."""
        return clocks.limit_for(incident, kind)

    def calendar(self) -> Calendar:
        """The office's calendar."""
        return clocks.office_calendar()

    def keep(self, *rows: models.Model) -> None:
        """Insert the rows."""
        for row in rows:
            row.save(force_insert=True)


AT_ONCE = Desk()


class Batch(Desk):
    """Asks once for all cases alike; keeps the rows until `write`. Good for one moment `now`."""

    def __init__(self) -> None:
        self._decisions: dict[tuple[Any, ...], Decision] = {}
        self._limits: dict[tuple[Any, ...], tuple[int, str]] = {}
        self._calendar: Calendar | None = None
        self._rows: dict[type[models.Model], list[models.Model]] = defaultdict(list)

    def decide(
        self,
        purpose: str,
        incident: Incident,
        place: Responsibility | None,
        *,
        now: datetime,
        avoid_user_id: int | None = None,
    ) -> Decision:
        if place is not None and place.answer not in ALIKE:
            return super().decide(purpose, incident, place, now=now, avoid_user_id=avoid_user_id)
        key = (
            purpose,
            place and (place.answer, place.path, tuple(area.grid_id for area in place.others)),
            incident.category_id,
            incident.grade,
            incident.channel,
            incident.urgent,
            now,
            avoid_user_id,
        )
        if key not in self._decisions:
            self._decisions[key] = super().decide(
                purpose, incident, place, now=now, avoid_user_id=avoid_user_id
            )
        return replace(self._decisions[key], responsibility=place)

    def limit(self, incident: Incident, kind: str) -> tuple[int, str]:
        key = (kind, incident.filing_rule_id, incident.category_id, incident.urgent)
        if key not in self._limits:
            self._limits[key] = super().limit(incident, kind)
        return self._limits[key]

    def calendar(self) -> Calendar:
        if self._calendar is None:
            self._calendar = super().calendar()
        return self._calendar

    def keep(self, *rows: models.Model) -> None:
        for row in rows:
            self._rows[type(row)].append(row)

    def forget(self) -> None:
        """Drop the rows kept so far."""
        self._rows.clear()

    def write(self) -> None:
        """Insert all rows kept so far, in the caller's transaction; cases before what names them.

        Raises IntegrityError as a single insert would; then the caller's transaction is spoilt.
        """
        rows, self._rows = self._rows, defaultdict(list)
        for model in sorted(rows, key=lambda model: model is not Incident):
            model._default_manager.bulk_create(rows[model], batch_size=1000)
