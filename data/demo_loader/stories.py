"""How simulated cases go on after the report: who does what when, until it ends or is now."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from data.demo_loader import texts
from data.demo_loader.life import Chosen, Life
from data.demo_loader.office import Office
from data.demo_loader.staff import Staff
from gridmgmt.core.models import User
from gridmgmt.core.permissions import Role
from grids.people.models import Person
from grids.people.services.roster import LEAD, Holder
from incidents import clocks as clock_time
from incidents.choices import Action, Channel, Opinion, State

# Shares of what happens besides the straight way; the rest goes straight.
NOT_FILED, ON_THE_SPOT, BY_MANAGER = 0.05, 0.30, 0.05
RETURNED, REWORKED, EXTENDED, SUSPENDED = 0.05, 0.06, 0.05, 0.02
SUPERVISED, RATED, REOPENED, RELEASED = 0.02, 0.5, 0.3, 0.4
# So that neighbours see on the public map what is being worked on.
RELEASED_EARLY = 0.35
LATE = 0.11
PUBLIC = frozenset({Channel.WEB, Channel.PHONE, Channel.SMS, Channel.WALK_IN, Channel.LETTER})


class _NotYetError(Exception):
    """The next move lies in the future: the case stays as it is."""


@dataclass(frozen=True)
class Ground:
    """What stories need to know of the division."""

    tier_ids: dict[str, int]  # tier code → id
    neighbours: dict[int, tuple[int, ...]]  # grid without a manager → path of one with


class Teller:
    """Tells cases on until `now`. One source of chance for all, so a seed gives the same year."""

    def __init__(
        self, staff: Staff, office: Office, ground: Ground, now: datetime, rng: random.Random
    ) -> None:
        self.staff, self.office, self.ground, self.now, self.rng = staff, office, ground, now, rng
        self.person_ids = {user.pk: person for person, user in staff.by_person.items()}
        self.holders = {
            person.pk: person for person in Person.objects.filter(pk__in=staff.by_person)
        }

    def tell(self, life: Life, reporter: User | None) -> None:
        """From the report to the end of the story, or to now."""
        try:
            life.begin(actor=reporter)
            self._tell(life, reporter)
        except _NotYetError:
            return

    def tell_until_in_hand(self, life: Life, reporter: User | None, filed_at: datetime) -> None:
        """A case that waits with its owner: filed and dispatched at `filed_at`, nothing since."""
        try:
            life.begin(actor=reporter)
            start = life.incident.reported_at
            if life.state == State.REPORTED:
                self._to_a_manager(life, start)
                actor = self._owner(life)
                self._do(
                    life,
                    Action.VERIFY,
                    start + (filed_at - start) / 2,
                    actor,
                    life.incident.owner_role,
                )
                self._do(life, Action.FILE, filed_at, actor, life.incident.owner_role)
            if life.state == State.FILED:
                self._dispatch(life, filed_at)
            accepted_at = max(filed_at, start) + timedelta(minutes=self._minutes(2, 15))
            self._accept(life, accepted_at)
            self._release_early(life, accepted_at)
        except _NotYetError:
            return

    # ---- the ways ----------------------------------------------------------------------------

    def _tell(self, life: Life, reporter: User | None) -> None:
        at = life.incident.reported_at
        if self._closed_at_once(life, reporter, at):
            return
        if life.state == State.REPORTED:
            at = self._supervision_side(life, at)
            if life.state != State.FILED and life.state != State.DISPATCHED:
                return
        self._command_side(life, at)

    def _closed_at_once(self, life: Life, reporter: User | None, at: datetime) -> bool:
        patrol = life.incident.channel == Channel.PATROL and life.state == State.REPORTED
        if not (patrol and reporter is not None and self.rng.random() < ON_THE_SPOT):
            return False
        note = self.rng.choice(texts.ON_THE_SPOT)
        self._do(life, Action.SELF_HANDLE, at, reporter, self._post_of(life, reporter), note)
        return True

    def _supervision_side(self, life: Life, at: datetime) -> datetime:
        """Verified and filed by the manager, or not filed, or closed by them."""
        at = self._to_a_manager(life, at)
        manager, roll = self._owner(life), self.rng.random()
        at = self._work(at, 6, 200)
        if roll < NOT_FILED and life.incident.channel in PUBLIC:
            note = self.rng.choice(texts.NOT_FILED)
            self._do(life, Action.NOT_FILE, at, manager, life.incident.owner_role, note, told=note)
            return at
        note = self.rng.choice(texts.PLACES_VERIFIED)
        self._do(life, Action.VERIFY, at, manager, life.incident.owner_role, note)
        at = self._work(at, 1, 12)
        if roll > 1 - BY_MANAGER:
            note = self.rng.choice(texts.ON_THE_SPOT)
            self._do(life, Action.SELF_HANDLE, at, manager, life.incident.owner_role, note)
            return at
        self._do(life, Action.FILE, at, manager, life.incident.owner_role)
        return at

    def _command_side(self, life: Life, at: datetime) -> None:
        """Dispatch, hand-backs, handling, check, close, and what the reporter says to it."""
        at = self._confirm(life, at)
        returns = 1 if self.rng.random() < RETURNED else 0
        for _round in range(3):
            if life.state == State.FILED:
                at = self._work(at, 2, 40)
                self._dispatch(life, at)
            at = self._wait(life, at, 4, 90)
            self._accept(life, at)
            at = self._release_early(life, at)
            if returns:
                returns = 0
                at = self._wait(life, at, 5, 60)
                self._hand_back(life, at)
                continue
            at = self._handled(life, at)
            at = self._checked(life, at)
            if not self._taken_up_again(life, at):
                return
            at = life.incident.updated_at

    def _release_early(self, life: Life, at: datetime) -> datetime:
        """Some cases are shown to the public while they are being worked on."""
        settled = life.incident.confidential or life.incident.released
        if not settled and self.rng.random() < RELEASED_EARLY:
            at += timedelta(minutes=self._minutes(1, 5))
            self._by_supervisor(life, Action.RELEASE, at)
        return at

    def _handled(self, life: Life, at: datetime) -> datetime:
        """The owner's work, within the limit or not, with its interruptions."""
        clock, rng = life.handling, self.rng
        assert clock is not None  # noqa: S101 - dispatched cases have a handling clock
        late = rng.random() < LATE
        share = rng.uniform(1.05, 1.9) if late else rng.triangular(0.08, 0.97, 0.45)
        total = clock_time.seconds_of(clock.limit, clock.unit, self.office.calendar)
        done = self._shift(clock.started_at, share * total, clock.unit)
        if not late and rng.random() < EXTENDED:
            asked = self._shift(clock.started_at, 0.8 * total, clock.unit)
            if at < asked < clock.due_at:
                note = rng.choice(texts.EXTENDED)
                self._by_owner(life, Action.EXTEND, asked, note)
                at, done = asked, self._shift(clock.started_at, 1.6 * total, clock.unit)
        elif rng.random() < SUSPENDED:
            at = self._suspended(
                life, max(at, self._shift(clock.started_at, 0.3 * total, clock.unit))
            )
            done = self._work(at, 30, 300)
        if late:
            at = self._urged(life, at, clock.due_at)
        at = max(done, at + timedelta(minutes=self._minutes(10, 40)))
        note = rng.choice(texts.HANDLED)
        self._by_owner(life, Action.HANDLE, at, note, told=note)
        return at

    def _checked(self, life: Life, at: datetime) -> datetime:
        """The supervision side looks, sometimes sends back, and closes."""
        at = self._work(at, 20, 420)
        if self.rng.random() < REWORKED:
            self._by_supervisor(life, Action.REWORK, at, self.rng.choice(texts.REWORK))
            at = self._wait(life, at, 60, 400)
            note = self.rng.choice(texts.HANDLED)
            self._by_owner(life, Action.HANDLE, at, note, told=note)
            at = self._work(at, 20, 300)
        self._by_supervisor(life, Action.CHECK, at, self.rng.choice(texts.CHECKED))
        at += timedelta(minutes=self._minutes(1, 6))
        self._by_supervisor(life, Action.CLOSE, at)
        settled = life.incident.confidential or life.incident.released
        if not settled and self.rng.random() < RELEASED:
            at += timedelta(minutes=self._minutes(1, 5))
            self._by_supervisor(life, Action.RELEASE, at)
        return at

    def _taken_up_again(self, life: Life, at: datetime) -> bool:
        """What the reporter thinks of it; True when the case goes round once more."""
        case, rng = life.incident, self.rng
        if case.channel not in PUBLIC or case.opinion or rng.random() > RATED:
            return False
        late = any(clock.in_time is False for clock in life.clocks)
        shares = (0.42, 0.28, 0.30) if late else (0.74, 0.19, 0.07)
        opinion = rng.choices(list(Opinion), shares)[0]
        note = rng.choice(texts.DISSATISFIED) if opinion == Opinion.DISSATISFIED else ""
        at += timedelta(minutes=self._minutes(20, 3000))
        self._do(life, Action.RATE, at, None, "", note, opinion=str(opinion))
        if opinion != Opinion.DISSATISFIED or rng.random() > REOPENED:
            return False
        at += timedelta(minutes=self._minutes(1, 2000))
        self._do(life, Action.REOPEN, at, None, "", rng.choice(texts.REOPENED))
        return True

    # ---- single steps ------------------------------------------------------------------------

    def _to_a_manager(self, life: Life, at: datetime) -> datetime:
        """A report of a grid without a manager is given to a neighbour's manager."""
        if life.incident.owner_role == Role.MANAGER:
            return at
        path = self.ground.neighbours[life.incident.report_path[-1]]
        at = self._work(at, 3, 30)
        note = self.rng.choice(texts.REASSIGNED)
        chosen = self._chosen(self.staff.managers[path[-1]], Role.MANAGER, path, "grid")
        self._do(
            life,
            Action.REASSIGN,
            at,
            self.staff.street[Role.SUPERVISOR][0],
            Role.SUPERVISOR,
            note,
            chosen=chosen,
        )
        return at

    def _confirm(self, life: Life, at: datetime) -> datetime:
        """Urgent ones are verified afterwards, while the owner is on the way already."""
        case = life.incident
        manager = self.staff.managers.get(case.report_path[-1]) if case.report_path else None
        if case.verification_owed and manager is not None and self.rng.random() < 0.95:
            at += timedelta(minutes=self._minutes(4, 30))
            note = self.rng.choice(texts.PLACES_VERIFIED)
            self._do(life, Action.CONFIRM, at, manager, Role.MANAGER, note)
        return at

    def _dispatch(self, life: Life, at: datetime) -> None:
        case = life.incident
        chosen = None
        decision = self.office.decide("handle", case, life.place, now=at)
        back = case.returned_by_department_id
        named = decision.department.pk if decision.department else None
        if decision.role == Role.DISPATCHER or (back and named == back):
            chosen = self._another_department(back)
        self._do(
            life,
            Action.DISPATCH,
            at,
            self.rng.choice(self.staff.street[Role.DISPATCHER]),
            Role.DISPATCHER,
            **({"chosen": chosen} if chosen else {}),
        )

    def _another_department(self, returned_by: int | None) -> Chosen:
        at_street = [
            department
            for (_system, grid_id), department in self.staff.departments.items()
            if grid_id == self.staff.street_id and department.pk != returned_by
        ]
        department = self.rng.choice(at_street)
        handler = self.staff.handlers[department.pk][0]
        chosen = self._chosen(
            handler, Role.DEPARTMENT_HANDLER, (self.staff.street_id,), "street", department.pk
        )
        return Chosen(chosen.role, chosen.path, chosen.tier_id, chosen.person, department)

    def _accept(self, life: Life, at: datetime) -> None:
        owner = self._owner(life)
        self._do(
            life,
            Action.ACCEPT,
            at,
            owner,
            life.incident.owner_role,
            person_id=self.person_ids[owner.pk],
        )

    def _hand_back(self, life: Life, at: datetime) -> None:
        self._by_owner(life, Action.RETURN, at, self.rng.choice(texts.RETURNED))

    def _suspended(self, life: Life, at: datetime) -> datetime:
        until = at + timedelta(days=self.rng.randint(5, 30))
        note = self.rng.choice(texts.SUSPENDED)
        self._by_street(life, Role.SUPERVISOR, Action.SUSPEND, at, note, until=until)
        self._do(life, Action.RESUME, until, None)
        return until

    def _urged(self, life: Life, at: datetime, due_at: datetime) -> datetime:
        moment = max(at, due_at - timedelta(minutes=self._minutes(10, 60)))
        note = self.rng.choice(texts.REMINDED)
        self._by_street(life, Role.SUPERVISOR, Action.REMIND, moment, note)
        if self.rng.random() < SUPERVISED / LATE:
            moment = max(moment, due_at) + timedelta(minutes=self._minutes(10, 90))
            self._by_street(life, Role.SUPERVISOR, Action.SUPERVISE, moment, texts.SUPERVISED[0])
            moment = self._work(moment, 20, 120)
            self._by_owner(life, Action.REPLY, moment, texts.REPLIED[0])
        return moment

    def _by_owner(
        self, life: Life, action: Action, at: datetime, note: str = "", *, told: str = ""
    ) -> None:
        self._do(life, action, at, self._owner(life), life.incident.owner_role, note, told=told)

    def _by_supervisor(self, life: Life, action: Action, at: datetime, note: str = "") -> None:
        person = life.incident.owner_person_id
        actor = self.staff.by_person.get(person or 0)
        supervisors = self.staff.street[Role.SUPERVISOR]
        if actor not in supervisors:
            actor = supervisors[0]
        self._do(life, action, at, actor, Role.SUPERVISOR, note)

    def _by_street(
        self, life: Life, role: str, action: Action, at: datetime, note: str, **data: object
    ) -> None:
        self._do(life, action, at, self.staff.street[role][0], role, note, **data)

    def _do(
        self,
        life: Life,
        action: Action,
        at: datetime,
        actor: User | None,
        role: str = "",
        note: str = "",
        *,
        told: str = "",
        **data: object,
    ) -> None:
        if at > self.now:
            raise _NotYetError
        life.move(action, at, actor=actor, role=role, note=note, public_note=told, **data)

    # ---- people and time ---------------------------------------------------------------------

    def _owner(self, life: Life) -> User:
        """Who acts for the owner: the named person, else the department's first handler."""
        case = life.incident
        if case.owner_person_id in self.staff.by_person:
            return self.staff.by_person[case.owner_person_id]
        return self.staff.handlers[case.owner_department_id or 0][0]

    def _post_of(self, life: Life, user: User) -> str:
        manager = self.staff.managers.get(life.incident.report_path[-1])
        return Role.MANAGER if user == manager else Role.COORDINATOR

    def _chosen(
        self, user: User, role: str, path: tuple[int, ...], tier: str, department: int | None = None
    ) -> Chosen:
        person = self.holders[self.person_ids[user.pk]]
        holder = Holder(
            person_id=person.pk,
            user_id=user.pk,
            name=person.name,
            duty_phone=person.duty_phone,
            role=role,
            grid_id=path[-1],
            department_id=department,
            why=LEAD,
        )
        return Chosen(role, path, self.ground.tier_ids[tier], holder)

    def _minutes(self, low: float, high: float) -> float:
        """A waiting time, short ones more often than long ones."""
        return self.rng.triangular(low, high, low)

    def _work(self, at: datetime, low: float, high: float) -> datetime:
        """Some minutes of work time later."""
        return self._shift(at, self._minutes(low, high) * 60, clock_time.Unit.WORK_HOUR)

    def _wait(self, life: Life, at: datetime, low: float, high: float) -> datetime:
        """Some minutes later: at once for urgent ones, else in work time."""
        if life.incident.urgent:
            return at + timedelta(minutes=self._minutes(low, high) / 4)
        return self._work(at, low, high)

    def _shift(self, at: datetime, seconds: float, unit: str) -> datetime:
        return clock_time.shift(at, max(1, int(seconds)), unit, self.office.calendar)


def neighbours_of(managers: Sequence[int], paths: dict[int, tuple[int, ...]]) -> dict:
    """For each grid without a manager the path of one with, of the same community if possible."""
    with_manager = set(managers)
    found = {}
    for grid_id, path in paths.items():
        if grid_id not in with_manager:
            near = [g for g in managers if paths[g][:-1] == path[:-1]] or list(managers)
            found[grid_id] = paths[near[0]]
    return found
