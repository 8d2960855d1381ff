"""Departments and simulated staff of the demonstration's street office.

Every grid has a manager and a coordinator but for the declared vacancies; neighbouring grids are
paired so that two people look after two grids (两人双格), each leading one and deputy in the other.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from data.demo_loader.ground import Division
from data.demo_loader.names import draw_names
from gridmgmt.core.models import User
from gridmgmt.core.permissions import Role
from grids.people.choices import ManagementSystem, PersonKind
from grids.people.models import Absence, Department, Person, Post

MOST_PEOPLE = 260
DUTY_PHONE = "010-6278{:04d}"
STREET_DEPARTMENTS = {
    ManagementSystem.PUBLIC_SECURITY: ("平安建设办公室", "Public Security Governance Office"),
    ManagementSystem.SANITATION: ("城市管理办公室", "City Management Office"),
    ManagementSystem.COMMUNITY_SERVICE: ("民生保障办公室", "Community Service Office"),
    ManagementSystem.HEALTH_CARE: ("卫生健康办公室", "Health Office"),
    ManagementSystem.CIVIC_CULTURE: ("宣传文化办公室", "Culture and Publicity Office"),
}
COMMUNITY_DEPARTMENTS = {
    ManagementSystem.COMMUNITY_SERVICE: ("社区服务站", "service station"),
    ManagementSystem.HEALTH_CARE: ("社区卫生服务站", "health station"),
}
HEALTH_STATIONS = 4  # the largest communities have one, the others share the street office's
PAIRED = 12  # pairs of grids that share their two managers
NO_COORDINATOR, NO_MANAGER = 3, 1  # declared vacancies


@dataclass
class Staff:
    """Who was made, for the cases and the accounts. Lists are in the order of the grids' codes."""

    street: dict[str, list[User]] = field(default_factory=dict)  # role → users of the street office
    managers: dict[int, User] = field(default_factory=dict)  # grid id → user
    coordinators: dict[int, User] = field(default_factory=dict)
    heads: dict[int, User] = field(default_factory=dict)  # community id → user
    departments: dict[tuple[str, int], Department] = field(default_factory=dict)
    handlers: dict[int, list[User]] = field(default_factory=dict)  # department id → users
    by_person: dict[int, User] = field(default_factory=dict)
    street_id: int = 0


class _Office:
    """Collects people and posts, and writes each kind of row at once."""

    def __init__(self, rng: random.Random, since: datetime) -> None:
        self.names: Iterator[str] = iter(draw_names(MOST_PEOPLE, rng))
        self.always = DateTimeTZRange(since, None)
        self.users: list[User] = []
        self.people: list[Person] = []
        self.posts: list[Post] = []
        self.absences: list[Absence] = []
        self.no_password = make_password(None)

    def hire(self, username: str, kind: str) -> User:
        name = next(self.names)
        user = User(username=username, full_name=name, password=self.no_password)
        self.users.append(user)
        self.people.append(
            Person(
                user=user,
                name=name,
                kind=kind,
                duty_phone=DUTY_PHONE.format(len(self.people)),
                simulated=True,
            )
        )
        return user

    def person(self, user: User) -> Person:
        return self.people[self.users.index(user)]

    def appoint(
        self,
        user: User,
        role: str,
        grid_id: int | None = None,
        department: Department | None = None,
        *,
        lead: bool = True,
    ) -> None:
        self.posts.append(
            Post(
                person=self.person(user),
                role=role,
                grid_id=grid_id,
                department=department,
                is_lead=lead,
                valid=self.always,
            )
        )

    def leave(self, user: User, stand_in: User, start: datetime, days: int) -> None:
        self.absences.append(
            Absence(
                person=self.person(user),
                stand_in=self.person(stand_in),
                during=DateTimeTZRange(start, start + timedelta(days=days)),
                note="年假（模拟）",
            )
        )

    def write(self) -> None:
        User.objects.bulk_create(self.users)
        Person.objects.bulk_create(self.people)
        Post.objects.bulk_create(self.posts)
        Absence.objects.bulk_create(self.absences)


def make_staff(division: Division, *, now: datetime, since: datetime, rng: random.Random) -> Staff:
    """Write departments, people, posts and leave; returns who holds what."""
    staff, office = Staff(street_id=division.street_id), _Office(rng, since)
    _departments(staff, division)
    _street_office(staff, office, division)
    _communities(staff, office, division)
    _grids(staff, office, division)
    _handlers(staff, office)
    _leave(staff, office, division, now)
    office.write()
    staff.by_person = {person.pk: person.user for person in office.people}
    return staff


def _departments(staff: Staff, division: Division) -> None:
    made = []
    for system, (name, name_en) in STREET_DEPARTMENTS.items():
        made.append(
            Department(
                code=f"{division.street_code}-{system.replace('_', '-')}",
                name=name,
                name_en=name_en,
                system=system,
                grid_id=division.street_id,
            )
        )
    largest = sorted(division.communities, key=lambda area: -(area.households or 0))
    with_health = {area.grid_id for area in largest[:HEALTH_STATIONS]}
    for area in division.communities:
        for system, (name, name_en) in COMMUNITY_DEPARTMENTS.items():
            if system == ManagementSystem.HEALTH_CARE and area.grid_id not in with_health:
                continue
            made.append(
                Department(
                    code=f"{area.grid.code}-{system.replace('_', '-')}",
                    name=f"{area.name}{name.removeprefix('社区')}",
                    name_en=f"{area.name_en} {name_en}",
                    system=system,
                    grid_id=area.grid_id,
                )
            )
    Department.objects.bulk_create(made)
    staff.departments = {(d.system, d.grid_id): d for d in made}


def _street_office(staff: Staff, office: _Office, division: Division) -> None:
    wanted = (
        (Role.SUPERVISOR, 2),
        (Role.LEADER, 2),
        (Role.DISPATCHER, 2),
        (Role.DESK_OPERATOR, 2),
        (Role.ANALYST, 1),
        (Role.ADMINISTRATOR, 1),
    )
    for role, count in wanted:
        for number in range(count):
            name = role.replace("_", "-") + (f"-{number + 1}" if number else "")
            user = office.hire(name, PersonKind.STREET_OFFICE)
            whole = role == Role.ADMINISTRATOR
            office.appoint(user, role, None if whole else division.street_id, lead=not number)
            staff.street.setdefault(role, []).append(user)
    administrator = staff.street[Role.ADMINISTRATOR][0]
    administrator.is_staff = administrator.is_superuser = True


def _communities(staff: Staff, office: _Office, division: Division) -> None:
    """A head for each community, and the leader of the street office who looks after it.

    The last community has no such leader, and one worker has come without a grid yet.
    """
    leaders = staff.street[Role.LEADER]
    for number, area in enumerate(division.communities[:-1]):
        office.appoint(leaders[number % len(leaders)], Role.LEADER, area.grid_id)
    office.hire("newcomer", PersonKind.SOCIAL_WORKER)
    for number, area in enumerate(division.communities, start=1):
        user = office.hire(f"head-{number:02d}", PersonKind.SOCIAL_WORKER)
        office.appoint(user, Role.GRID_HEAD, area.grid_id)
        staff.heads[area.grid_id] = user


def _grids(staff: Staff, office: _Office, division: Division) -> None:
    """Managers and coordinators; the vacancies are spread over the codes."""
    leaves = division.leaves
    step = max(1, len(leaves) // (NO_COORDINATOR + NO_MANAGER + 1))
    vacant = [leaves[i].grid_id for i in range(step // 2, len(leaves), step)]
    busiest = max(leaves, key=lambda area: area.households or 0).grid_id
    vacant = [grid_id for grid_id in vacant if grid_id != busiest]
    without_coordinator = set(vacant[:NO_COORDINATOR])
    without_manager = set(vacant[NO_COORDINATOR : NO_COORDINATOR + NO_MANAGER])
    for number, area in enumerate(leaves, start=1):
        if area.grid_id not in without_manager:
            user = office.hire(f"manager-{number:02d}", PersonKind.SOCIAL_WORKER)
            office.appoint(user, Role.MANAGER, area.grid_id)
            staff.managers[area.grid_id] = user
    _coordinators(staff, office, division, without_coordinator)
    pairs = [
        (one.grid_id, two.grid_id)
        for one, two in pairwise(leaves)
        if one.parent_id == two.parent_id and {one.grid_id, two.grid_id} <= set(staff.managers)
    ]
    shared: set[int] = set()
    for one, two in pairs:
        if not shared & {one, two} and len(shared) < 2 * PAIRED:
            shared |= {one, two}
            office.appoint(staff.managers[one], Role.MANAGER, two, lead=False)
            office.appoint(staff.managers[two], Role.MANAGER, one, lead=False)


def _coordinators(staff: Staff, office: _Office, division: Division, without: set[int]) -> None:
    """One a grid; grids without households share the one before them in their community."""
    last: dict[int | None, User] = {}
    for number, area in enumerate(division.leaves, start=1):
        if area.grid_id in without:
            continue
        shared = last.get(area.parent_id) if not area.households else None
        if shared is None:
            kind = PersonKind.SOCIAL_WORKER if number % 4 else PersonKind.PROPERTY
            shared = office.hire(f"coordinator-{number:02d}", kind)
        office.appoint(shared, Role.COORDINATOR, area.grid_id)
        staff.coordinators[area.grid_id] = last[area.parent_id] = shared


def _handlers(staff: Staff, office: _Office) -> None:
    for (system, grid_id), department in staff.departments.items():
        at_street = department.name in {name for name, _en in STREET_DEPARTMENTS.values()}
        for number in range(2 if at_street else 1):
            tail = "" if at_street else f"-{grid_id}"
            username = f"handler-{system.replace('_', '-')}{tail}-{number + 1}"
            user = office.hire(username, PersonKind.STREET_OFFICE)
            office.appoint(user, Role.DEPARTMENT_HANDLER, None, department, lead=not number)
            staff.handlers.setdefault(department.pk, []).append(user)


def _leave(staff: Staff, office: _Office, division: Division, now: datetime) -> None:
    """Two managers and a coordinator are away now, and one manager comes back next week."""
    busiest = max(division.leaves, key=lambda area: area.households or 0).grid_id
    managers = [user for grid, user in staff.managers.items() if grid != busiest]
    for index, (ago, days) in enumerate(((3, 9), (1, 5), (-6, 7))):
        office.leave(
            managers[5 * index + 2], managers[5 * index + 3], now - timedelta(days=ago), days
        )
    others = [u for g, u in staff.coordinators.items() if u != staff.coordinators.get(busiest)]
    others = list({user.username: user for user in others}.values())
    office.leave(others[1], others[2], now - timedelta(days=2), 6)
