"""What a clock says as time goes by: nearly due, overdue, and then one tier higher after another.

Nothing is remembered by a worker: a clock's row holds the moment of its next word, an index finds
the rows whose moment has come, and each word is committed together with its event. A worker that
dies between leaves the row as it was, and two workers never take the same row.

Events (`incidents.handlers` tells people and writes the history):
- `clock_nearly_due` {incident, clock, kind, due_at, persons}
- `clock_overdue` {the same, step, grid, tier}: `step` counts from 1 upwards from the owner's area;
  `persons` are who is told at this step, `grid` and `tier` their area (None: the dispatchers).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from gridmgmt.core import audit, outbox
from gridmgmt.core.permissions import Role
from grids.people.services import roster
from grids.territory.models import Grid
from incidents import clocks
from incidents.clocks import Calendar
from incidents.models import CaseClock, Incident
from incidents.services.clocks import office_calendar

logger = logging.getLogger(__name__)
BATCH = 500


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: who is told there. `number` is 1 at the owner's own area."""

    number: int
    grid_id: int | None
    persons: tuple[int, ...]


def tick(*, now: datetime, limit: int = BATCH) -> int:
    """Say what is due for up to `limit` clocks; returns how many were served.

    One that fails is logged and tried again with the next tick; it holds up no other.
    """
    calendar = office_calendar()
    waiting = CaseClock.objects.step_due(now).values_list("pk", flat=True)[:limit]
    served = 0
    for number in list(waiting):
        try:
            served += _serve(number, now, calendar)
        except Exception:
            logger.exception("The clock %s could not be served.", number)
    return served


def ladder(incident: Incident, moment: datetime) -> list[Rung]:
    """Whom an overdue case climbs to, from the owner's area upwards.

    At each area its supervisors and grid heads, at the end the leaders. Areas without any of them
    are left out; a case without an area, or where nobody is found, goes to the dispatchers.
    """
    path = incident.owner_path or incident.report_path
    by_grid = _posted(path, (Role.SUPERVISOR, Role.GRID_HEAD), moment)
    rungs = [
        Rung(number, grid_id, by_grid[grid_id])
        for number, grid_id in enumerate(reversed(path), start=1)
        if grid_id in by_grid
    ]
    leaders = tuple(
        dict.fromkeys(
            person
            for persons in _posted(path, (Role.LEADER,), moment).values()
            for person in persons
        )
    )
    if leaders:
        rungs.append(Rung(len(path) + 1, path[0], leaders))
    if not rungs:
        officers = roster.officers(Role.DISPATCHER, moment, path)
        rungs = [Rung(1, None, tuple(officer.person_id for officer in officers))]
    return rungs


@transaction.atomic
def _serve(number: int, now: datetime, calendar: Calendar) -> int:
    clock = (
        CaseClock.objects.step_due(now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("incident")
        .filter(pk=number)
        .first()
    )
    if clock is None:  # another worker has it, or the case was moved meanwhile
        return 0
    if now <= clock.due_at:
        _warn(clock, now)
    else:
        _escalate(clock, now, calendar)
    clock.save(update_fields=["warned_at", "escalation_step", "next_step_at"])
    return 1


def _warn(clock: CaseClock, now: datetime) -> None:
    clock.warned_at = now
    clock.next_step_at = clock.due_at
    owner = clock.incident.owner_person_id
    payload = _payload(clock) | {"persons": [owner] if owner else []}
    outbox.emit("clock_nearly_due", payload, now=now)


def _escalate(clock: CaseClock, now: datetime, calendar: Calendar) -> None:
    """Every rung whose moment has come; after a long standstill that may be several."""
    clock.warned_at = clock.warned_at or now
    urgent = clock.incident.urgent
    amount, unit = settings.ESCALATE_EVERY_URGENT if urgent else settings.ESCALATE_EVERY
    pause = clocks.seconds_of(amount, unit, calendar)
    if clock.escalation_step == 0:
        clock.next_step_at = clock.due_at
    for rung in ladder(clock.incident, now):
        if rung.number <= clock.escalation_step:
            continue
        if clock.next_step_at is None or clock.next_step_at >= now:
            return
        clock.escalation_step = rung.number
        clock.next_step_at = clocks.shift(clock.next_step_at, pause, unit, calendar)
        _tell(clock, rung, now)
    clock.next_step_at = None  # the top has been told


def _tell(clock: CaseClock, rung: Rung, now: datetime) -> None:
    grid = Grid.objects.select_related("tier").filter(pk=rung.grid_id).first()
    payload = _payload(clock) | {
        "step": rung.number,
        "grid": rung.grid_id,
        "tier": grid.tier.code if grid else None,
        "persons": list(rung.persons),
    }
    outbox.emit("clock_overdue", payload, now=now)
    audit.record(
        actor=None,
        now=now,
        action="case.escalated",
        target=clock.incident,
        data={"clock": clock.pk, "step": rung.number},
    )


def _payload(clock: CaseClock) -> dict[str, Any]:
    return {
        "incident": clock.incident_id,
        "clock": clock.pk,
        "kind": clock.kind,
        "due_at": clock.due_at.isoformat(),
    }


def _posted(
    path: Sequence[int], roles: Sequence[Role], moment: datetime
) -> dict[int, tuple[int, ...]]:
    """Person ids by area, the leaf's first."""
    found: dict[int, list[int]] = {}
    for role in roles:
        for holder in roster.holders(path, role, moment):
            if holder.grid_id is not None and holder.person_id not in found.setdefault(
                holder.grid_id, []
            ):
                found[holder.grid_id].append(holder.person_id)
    return {grid_id: tuple(found[grid_id]) for grid_id in reversed(path) if grid_id in found}
