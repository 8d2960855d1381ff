"""Sending a case to its next owner: decide, keep the decision, set the owner, start the clock.

Used by intake and by moves. The functions change the case in memory and write decisions and
clocks; saving the case is the caller's last step.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gridmgmt.core.permissions import Role
from grids.territory.services.responsibility import Responsibility
from incidents.choices import Action, ClockKind, Purpose, State
from incidents.models import HistoryEntry, Incident, UrgentReceipt
from incidents.services import clocks, routing
from incidents.services.desk import AT_ONCE, Desk


def place_of(incident: Incident, now: datetime) -> Responsibility | None:
    """The areas of the case in the division of now; None for a case without a place."""
    if incident.point is None:
        return None
    return routing.locate(incident.point.x, incident.point.y, moment=now)


def line(
    incident: Incident,
    action: str,
    before: str,
    after: str,
    *,
    actor: Any,
    now: datetime,
    role: str = "",
    note: str = "",
    public_note: str = "",
    data: dict[str, Any] | None = None,
) -> HistoryEntry:
    """One unsaved line of the case's history."""
    return HistoryEntry(
        incident=incident,
        at=now,
        actor=actor,
        actor_role=role,
        action=action,
        from_state=before,
        to_state=after,
        note=note,
        public_note=public_note,
        data=data or {},
    )


def give(
    incident: Incident, decision: routing.Decision, *, now: datetime, desk: Desk = AT_ONCE
) -> None:
    """Make the decision's owner the owner, keep the decision, and note who is told at once."""
    routing.apply_owner(incident, decision)
    desk.keep(routing.decision_row(incident, decision, now=now))
    if decision.inform:
        # Whoever was told of the case before keeps the first receipt.
        UrgentReceipt.objects.bulk_create(
            (
                UrgentReceipt(
                    incident=incident, person_id=holder.person_id, role=holder.role, sent_at=now
                )
                for holder in decision.inform
            ),
            ignore_conflicts=True,
        )


def has_handler(decision: routing.Decision) -> bool:
    """Whether routing found someone to handle the case; else it waits for a dispatcher."""
    return decision.role != Role.DISPATCHER


def to_verifier(
    incident: Incident, place: Responsibility | None, *, now: datetime, desk: Desk = AT_ONCE
) -> None:
    """A new report goes to whoever verifies at its place."""
    give(incident, desk.decide(Purpose.VERIFY, incident, place, now=now), now=now, desk=desk)
    start(incident, ClockKind.VERIFY, now=now, desk=desk)


def send_on(
    incident: Incident, place: Responsibility | None, *, now: datetime, desk: Desk = AT_ONCE
) -> list[HistoryEntry]:
    """A filed case goes to its handler at once where a rule says so, else to the dispatcher.

    Urgent ones never wait for the dispatcher when a handler is known. Returns the line of the
    dispatch, if there was one.
    """
    decision = desk.decide(Purpose.HANDLE, incident, place, now=now)
    if has_handler(decision) and (decision.auto_dispatch or incident.urgent):
        incident.state = State.DISPATCHED
        give(incident, decision, now=now, desk=desk)
        start(incident, ClockKind.HANDLE, now=now, desk=desk)
        return [
            line(
                incident,
                Action.DISPATCH,
                State.FILED,
                State.DISPATCHED,
                actor=None,
                now=now,
                data=owner_data(incident),
            )
        ]
    to_dispatcher(incident, place, now=now, desk=desk)
    return []


def to_dispatcher(
    incident: Incident, place: Responsibility | None, *, now: datetime, desk: Desk = AT_ONCE
) -> None:
    """A filed case waits for someone with the right to dispatch."""
    incident.state = State.FILED
    give(incident, desk.decide(Purpose.DISPATCH, incident, place, now=now), now=now, desk=desk)
    start(incident, ClockKind.DISPATCH, now=now, desk=desk)


def to_checker(incident: Incident, place: Responsibility | None, *, now: datetime) -> None:
    """A handled case goes to the supervision side."""
    give(
        incident,
        AT_ONCE.decide(
            Purpose.CHECK, incident, place, now=now, avoid_user_id=incident.handled_by_id
        ),
        now=now,
    )
    start(incident, ClockKind.CHECK, now=now)


def start(incident: Incident, kind: str, *, now: datetime, desk: Desk = AT_ONCE) -> None:
    """Start the clock of a stage; the one before ends."""
    if incident._state.adding:  # a new case has no clock that could run
        desk.keep(desk.first_clock(incident, kind, now=now))
    else:
        amount, unit = clocks.limit_for(incident, kind)
        clocks.start_clock(incident, kind, amount, unit, now=now)


def owner_data(incident: Incident) -> dict[str, Any]:
    """Who owns the case, as ids, for a history line."""
    return {
        "department": incident.owner_department_id,
        "role": incident.owner_role,
        "grid": incident.owner_grid_id,
        "person": incident.owner_person_id,
        "path": list(incident.owner_path),
    }
