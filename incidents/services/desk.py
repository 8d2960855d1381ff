"""How a new case is decided and written: at once, or many together.

Sending asks its questions and keeps its rows through a desk. The plain one asks and writes each
at once. A `Batch` asks a question once for all cases that put it alike, and writes each table in
one go, so that a list of 200,000 cases takes minutes. What is decided and written is the same.
"""

from __future__ import annotations

from collections import defaultdict
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models.base import ModelState

from gridmgmt.core.asked_once import Answers, keeping
from gridmgmt.core.copying import copy_rows
from grids.territory.choices import Answer
from grids.territory.services.responsibility import Responsibility
from incidents.choices import Purpose
from incidents.models import CaseClock, Incident
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

    def first_clock(self, incident: Incident, kind: str, *, now: datetime) -> CaseClock:
        """The unsaved first clock of the new case; the case tells its moments."""
        amount, unit = clocks.limit_for(incident, kind)
        return clocks.first_clock(incident, kind, amount, unit, clocks.office_calendar(), now=now)

    def keep(self, *rows: models.Model) -> None:
        """Insert the rows."""
        for row in rows:
            row.save(force_insert=True)


AT_ONCE = Desk()


class Batch(Desk):
    """Asks once for all cases alike; keeps the rows until `write`. Good for one moment `now`."""

    def __init__(self) -> None:
        self._decisions: dict[tuple[Any, ...], Decision] = {}
        self._answers: Answers = {}
        self._clocks: dict[tuple[Any, ...], CaseClock] = {}
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
            with keeping(self._answers):
                return super().decide(
                    purpose, incident, place, now=now, avoid_user_id=avoid_user_id
                )
        # Only rules look at the kind of the case; posts are asked by the place alone.
        kind = (incident.category_id, incident.channel) if purpose == Purpose.HANDLE else ()
        others = place and tuple(area.grid_id for area in place.others)
        where = place and (place.answer, place.path, others)
        key = (purpose, where, kind, incident.grade, incident.urgent, now, avoid_user_id)
        if key not in self._decisions:
            with keeping(self._answers):
                self._decisions[key] = super().decide(
                    purpose, incident, place, now=now, avoid_user_id=avoid_user_id
                )
        return replace(self._decisions[key], responsibility=place)

    def first_clock(self, incident: Incident, kind: str, *, now: datetime) -> CaseClock:
        key = (kind, incident.filing_rule_id, incident.category_id, incident.urgent, now)
        if key not in self._clocks:
            self._clocks[key] = super().first_clock(incident, kind, now=now)
        clock = copy(self._clocks[key])
        clock._state = ModelState()  # type: ignore[attr-defined]
        clock.incident = incident
        incident.warn_at, incident.due_at = clock.warn_at, clock.due_at
        return clock

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
            copy_rows(model, rows[model])
