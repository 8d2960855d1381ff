"""The life of one simulated case in memory: the same table, routing and clocks as the services.

`Life.move` makes a move and keeps the rows that `incidents.services.moves` would write; a test
plays stories through both and compares. Nothing touches the database, so a year takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.demo_loader.office import Office, decision_row, is_major
from gridmgmt.core.models import User
from grids.people.models import Department
from grids.people.services.roster import Holder
from grids.territory.services.responsibility import Responsibility
from incidents import clocks as clock_time
from incidents.choices import Action, Channel, ClockKind, Purpose, State
from incidents.lifecycle import move_for
from incidents.models import CaseClock, HistoryEntry, Incident, RoutingDecision, UrgentReceipt
from incidents.services import sending
from incidents.services.clocks import QUIET_PART, next_step
from incidents.services.decision import Decision
from incidents.services.effects_side import PURPOSE_IN
from incidents.services.routing import apply_owner
from incidents.services.routing_reasons import reason


@dataclass(frozen=True)
class Chosen:
    """An owner whom a person names instead of the routing."""

    role: str
    path: tuple[int, ...]
    tier_id: int
    person: Holder | None
    department: Department | None = None


class IllegalMoveError(Exception):
    """A story asked for a move that the life cycle does not know; the story is wrong."""


class Life:
    """A case with its books. The incident has its id and number, and is not saved yet."""

    def __init__(self, incident: Incident, place: Responsibility, office: Office) -> None:
        self.incident, self.place, self.office = incident, place, office
        self.history: list[HistoryEntry] = []
        self.decisions: list[RoutingDecision] = []
        self.clocks: list[CaseClock] = []
        self.receipts: list[UrgentReceipt] = []
        self.decision: Decision | None = None
        self.handled_by_owner: dict[str, Any] = {}

    @property
    def state(self) -> str:
        """Where the case stands."""
        return self.incident.state

    @property
    def handling(self) -> CaseClock | None:
        """The handling clock that runs."""
        running = self._running()
        return running if running and running.kind == ClockKind.HANDLE else None

    # ---- the report itself -------------------------------------------------------------------

    def begin(self, *, actor: User | None) -> None:
        """As intake does: to the verifier, or straight on for orders and urgent cases."""
        case, now = self.incident, self.incident.reported_at
        case.urgent = case.urgent or is_major(case)
        case.state = State.REPORTED
        self._line(Action.REPORT, "", State.REPORTED, actor, now)
        if case.channel == Channel.LEADER or case.urgent:
            case.state = State.FILED
            from_leader = case.channel == Channel.LEADER
            case.verification_owed = not from_leader
            self._line(
                Action.FILE,
                State.REPORTED,
                State.FILED,
                actor if from_leader else None,
                now,
                data={} if from_leader else {"urgent": True},
            )
            self._send_on(now)
        else:
            self._give(Purpose.VERIFY, now)
            self._start(ClockKind.VERIFY, now)
        if is_major(case) and self.decision is not None:
            self._tell_at_once(now)

    # ---- every other move --------------------------------------------------------------------

    def move(
        self,
        action: Action,
        at: datetime,
        *,
        actor: User | None = None,
        role: str = "",
        note: str = "",
        public_note: str = "",
        **data: Any,
    ) -> None:
        """One move at `at`. Raises IllegalMoveError for what the table refuses."""
        row = move_for(action, State(self.incident.state))
        if row is None or (row.reason and not (note or public_note)):
            raise IllegalMoveError(f"{action} in {self.incident.state}")
        case, before = self.incident, self.incident.state
        if row.target is not None:
            case.state = row.target
        waiting = len(self.history)
        details = self._effect(action, at, actor, before, note, public_note, data)
        case.version += 1
        case.updated_at = at
        later, self.history = self.history[waiting:], self.history[:waiting]
        after = row.target or case.state
        self._line(action, before, after, actor, at, role, note, public_note, details)
        self.history += later

    def _effect(
        self,
        action: Action,
        at: datetime,
        actor: User | None,
        before: str,
        note: str,
        public_note: str,
        data: dict[str, Any],
    ) -> dict[str, Any]:
        effect: Callable[..., dict[str, Any] | None] | None = getattr(self, f"_do_{action}", None)
        if effect is None:
            return {}
        return effect(at=at, actor=actor, before=before, note=note, told=public_note, **data) or {}

    def _do_file(self, *, at: datetime, **_more: Any) -> None:
        self._send_on(at)

    def _do_not_file(self, *, at: datetime, note: str, told: str, **_more: Any) -> None:
        self.incident.result_public = told or note
        self._stop(at)

    def _do_void(self, *, at: datetime, **_more: Any) -> None:
        self._stop(at)

    def _do_confirm(self, **_more: Any) -> None:
        self.incident.verification_owed = False

    def _do_self_handle(self, *, at: datetime, actor: User, note: str, **more: Any) -> None:
        case = self.incident
        case.on_the_spot = True
        case.handled_by = actor
        case.closed_at = at
        case.result_public = more["told"] or note
        self._stop(at)

    def _do_dispatch(
        self, *, at: datetime, chosen: Chosen | None = None, **_m: Any
    ) -> dict[str, Any]:
        if chosen is None:
            self._give(Purpose.HANDLE, at)
        else:
            self._give_by_hand(Purpose.HANDLE, chosen, at)
        self._start(ClockKind.HANDLE, at)
        return sending.owner_data(self.incident)

    def _do_reassign(self, *, at: datetime, chosen: Chosen, **_more: Any) -> dict[str, Any]:
        before = sending.owner_data(self.incident)
        self._give_by_hand(PURPOSE_IN[State(self.incident.state)], chosen, at)
        return {"from": before, "to": sending.owner_data(self.incident)}

    def _do_accept(self, *, person_id: int, **_more: Any) -> None:
        self.incident.owner_person_id = person_id

    def _do_return(self, *, at: datetime, **_more: Any) -> dict[str, Any]:
        details = sending.owner_data(self.incident)
        self.incident.returned_by_department_id = self.incident.owner_department_id
        self.incident.returned_count += 1
        self._to_dispatcher(at)
        return details

    def _do_handle(self, *, at: datetime, actor: User, note: str, **more: Any) -> dict[str, Any]:
        case = self.incident
        details = self.handled_by_owner = sending.owner_data(case)
        case.handled_by = actor
        case.handled_department_id = case.owner_department_id
        case.returned_by_department = None
        case.result_public = more["told"] or note
        self._give(Purpose.CHECK, at, avoid_user_id=actor.pk)
        self._start(ClockKind.CHECK, at)
        return details

    def _do_rework(self, *, at: datetime, **_more: Any) -> dict[str, Any]:
        case, owner = self.incident, self.handled_by_owner
        case.owner_department_id = owner["department"]
        case.owner_role = owner["role"]
        case.owner_grid_id = owner["grid"]
        case.owner_person_id = owner["person"]
        case.owner_path = list(owner["path"])
        self._start(ClockKind.HANDLE, at)
        return sending.owner_data(case)

    def _do_close(self, *, at: datetime, told: str, **_more: Any) -> None:
        self.incident.closed_at = at
        self.incident.result_public = told or self.incident.result_public
        self._stop(at)

    def _do_extend(self, *, at: datetime, **_more: Any) -> None:
        clock = self._running()
        if clock is None or at > clock.due_at:
            raise IllegalMoveError("extend after the limit")
        left = clock_time.remaining(at, clock.due_at, clock.unit, self.office.calendar)
        clock.extensions += 1
        clock.warned_at = None
        more = clock_time.seconds_of(clock.limit, clock.unit, self.office.calendar)
        self._place(clock, left + more, at)
        self.incident.extended_count += 1

    def _do_suspend(
        self, *, at: datetime, before: str, until: datetime, **_more: Any
    ) -> dict[str, Any]:
        case, clock = self.incident, self._running()
        case.suspended_from = before
        case.suspended_until = until
        case.suspended_count += 1
        if clock is not None:
            clock.remaining_seconds = clock_time.remaining(
                at, clock.due_at, clock.unit, self.office.calendar
            )
            clock.paused_at = at
            clock.next_step_at = None
        case.warn_at = case.due_at = None
        return {"until": until.isoformat()}

    def _do_resume(self, *, at: datetime, **_more: Any) -> None:
        case, clock = self.incident, self._running()
        case.state = State(case.suspended_from)
        case.suspended_from = ""
        case.suspended_until = None
        if clock is not None and clock.paused_at is not None:
            left = clock.remaining_seconds or 0
            clock.paused_at = clock.remaining_seconds = None
            self._place(clock, left, at)

    def _do_remind(self, **_more: Any) -> None:
        self.incident.urged_count += 1

    def _do_supervise(self, **_more: Any) -> None:
        self.incident.supervised = True

    def _do_reply(self, **_more: Any) -> None:
        self.incident.supervised = False

    def _do_rate(self, *, at: datetime, opinion: str, note: str, **_m: Any) -> dict[str, Any]:
        case = self.incident
        case.opinion, case.opinion_reason = opinion, note
        case.rated_at = case.rated_at or at
        return {"opinion": str(opinion)}

    def _do_reopen(self, *, at: datetime, **_more: Any) -> dict[str, Any]:
        case = self.incident
        case.closed_at = None
        case.on_the_spot = case.appealed = False
        self._send_on(at)
        return {"opinion": case.opinion}

    def _do_release(self, **_more: Any) -> None:
        self.incident.released = True
        self.incident.public_description = self.incident.description

    # ---- owners ------------------------------------------------------------------------------

    def _send_on(self, now: datetime) -> None:
        case = self.incident
        decision = self.office.decide(Purpose.HANDLE, case, self.place, now=now)
        if not (sending.has_handler(decision) and (decision.auto_dispatch or case.urgent)):
            self._to_dispatcher(now)
            return
        case.state = State.DISPATCHED
        self._apply(decision, now)
        self._start(ClockKind.HANDLE, now)
        data = sending.owner_data(case)
        self._line(Action.DISPATCH, State.FILED, State.DISPATCHED, None, now, data=data)

    def _to_dispatcher(self, now: datetime) -> None:
        self.incident.state = State.FILED
        self._give(Purpose.DISPATCH, now)
        self._start(ClockKind.DISPATCH, now)

    def _give(self, purpose: str, now: datetime, avoid_user_id: int | None = None) -> None:
        decision = self.office.decide(
            purpose, self.incident, self.place, now=now, avoid_user_id=avoid_user_id
        )
        self._apply(decision, now)

    def _give_by_hand(self, purpose: Purpose, chosen: Chosen, now: datetime) -> None:
        decision = Decision(
            purpose=purpose,
            responsibility=self.place,
            reasons=(reason("by_hand"),),
            role=chosen.role,
            path=chosen.path,
            grid_id=chosen.path[-1],
            tier_id=chosen.tier_id,
            department=chosen.department,
            person=chosen.person,
        )
        self._apply(decision, now)

    def _apply(self, decision: Decision, now: datetime) -> None:
        self.decision = decision
        apply_owner(self.incident, decision)
        self.decisions.append(decision_row(self.incident, decision, self.place, now))

    def _tell_at_once(self, now: datetime) -> None:
        for holder in self.decision.inform if self.decision else ():
            self.receipts.append(
                UrgentReceipt(
                    incident=self.incident,
                    person_id=holder.person_id,
                    role=holder.role,
                    sent_at=now,
                )
            )

    # ---- clocks ------------------------------------------------------------------------------

    def _start(self, kind: str, now: datetime) -> None:
        self._stop(now)
        limit, unit = self.office.limit_for(self.incident, kind)
        clock = CaseClock(incident=self.incident, kind=kind, limit=limit, unit=unit, started_at=now)
        self.clocks.append(clock)
        self._place(clock, clock_time.seconds_of(limit, unit, self.office.calendar), now)

    def _stop(self, now: datetime) -> None:
        clock = self._running()
        if clock is not None:
            clock.ended_at = now
            clock.in_time = (
                (clock.remaining_seconds or 0) >= 0 if clock.paused_at else now <= clock.due_at
            )
            clock.paused_at = clock.remaining_seconds = clock.next_step_at = None
        self.incident.warn_at = self.incident.due_at = None

    def _place(self, clock: CaseClock, left: int, now: datetime) -> None:
        calendar = self.office.calendar
        total = clock_time.seconds_of(clock.limit, clock.unit, calendar) * (1 + clock.extensions)
        clock.due_at = clock_time.shift(now, left, clock.unit, calendar)
        quiet = total * QUIET_PART // 100
        clock.warn_at = clock_time.shift(now, left - quiet, clock.unit, calendar)
        clock.next_step_at = next_step(clock, calendar, urgent=self.incident.urgent)
        self.incident.warn_at, self.incident.due_at = clock.warn_at, clock.due_at

    def _running(self) -> CaseClock | None:
        last = self.clocks[-1] if self.clocks else None
        return last if last is not None and last.ended_at is None else None

    def _line(
        self,
        action: str,
        before: str,
        after: str,
        actor: User | None,
        at: datetime,
        role: str = "",
        note: str = "",
        public_note: str = "",
        data: dict[str, Any] | None = None,
    ) -> None:
        self.history.append(
            sending.line(
                self.incident,
                action,
                before,
                after,
                actor=actor,
                now=at,
                role=role,
                note=note,
                public_note=public_note,
                data=data,
            )
        )
