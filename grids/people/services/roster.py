"""Who holds a role at a place and a moment, and the verbs that change it.

Paths are ids of areas from root to leaf. Times are aware.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from gridmgmt.core import audit, outbox
from gridmgmt.core.asked_once import is_kept, once
from gridmgmt.core.permissions import Role
from grids.people.models import Absence, Department, Person, Post
from grids.people.querysets import posts_in_department, posts_on_grids
from grids.territory.models import Grid

LEAD, DEPUTY, STAND_IN, PARENT_TIER = "lead", "deputy", "stand_in", "parent_tier"
_RANK = {LEAD: 0, DEPUTY: 1, STAND_IN: 2}


@dataclass(frozen=True)
class Holder:
    """A person who holds a role now. `why`: lead, deputy, stand_in or parent_tier.

    `stands_in_for` is the absent person's id; `user_id` is None for people who never sign in.
    """

    person_id: int
    user_id: int | None
    name: str
    duty_phone: str
    role: str
    grid_id: int | None
    department_id: int | None
    why: str
    stands_in_for: int | None = None


def holders(path: Sequence[int], role: str, moment: datetime) -> list[Holder]:
    """Everyone who holds `role` on the path, from the leaf up; one query.

    On each area the lead comes first, then deputies, then those who stand in for absent ones.
    Absent people are left out, and so is a stand-in who is away too.
    """
    return staff(path, (role,), moment)


def staff(path: Sequence[int], roles: Sequence[str], moment: datetime) -> list[Holder]:
    """The same for several roles at once; one query."""
    level = {grid_id: index for index, grid_id in enumerate(path)}
    found = _present(posts_on_grids(path, roles, moment))
    return sorted(found, key=lambda h: (-level[h.grid_id or 0], _RANK[h.why], h.person_id))


def handlers_of(department: Department | int, moment: datetime) -> list[Holder]:
    """The present handlers of a department: leads, deputies, stand-ins; one query."""
    department_id = department if isinstance(department, int) else department.pk
    rows = posts_in_department(department_id, Role.DEPARTMENT_HANDLER, moment)
    return sorted(_present(rows), key=lambda h: (_RANK[h.why], h.person_id))


def officers(role: str, moment: datetime, path: Sequence[int] = ()) -> list[Holder]:
    """Who holds a role that needs no grid (dispatcher, desk): for the whole deployment or above
    the path; the nearest area first."""
    level = {grid_id: index for index, grid_id in enumerate(path)}
    found = _present(posts_on_grids(path, (role,), moment, or_anywhere=True))
    return sorted(found, key=lambda h: (-level.get(h.grid_id or 0, -1), _RANK[h.why], h.person_id))


def responsible_person(path: Sequence[int], role: str, moment: datetime) -> Holder | None:
    """Who answers for `role` at the path's leaf. A vacancy is climbed over, tier by tier.

    Above the leaf the same role counts first, then the grid head of that tier; `why` is then
    `parent_tier`. None: nobody on the whole path (the dispatcher's pool).
    """
    if not path:
        return None
    level = {grid_id: index for index, grid_id in enumerate(path)}
    rows = posts_on_grids(path, (role, Role.GRID_HEAD), moment)
    found = [
        holder for holder in _present(rows) if holder.role == role or holder.grid_id != path[-1]
    ]
    if not found:
        return None
    best = min(
        found,
        key=lambda h: (-level[h.grid_id or 0], h.role != role, _RANK[h.why], h.person_id),
    )
    return best if best.grid_id == path[-1] else replace(best, why=PARENT_TIER)


def department_for(system: str, path: Sequence[int]) -> Department | None:
    """The active department of a management system at the leaf or nearest above it."""
    level = {grid_id: index for index, grid_id in enumerate(path)}
    active = Department.objects.filter(system=system, active=True)
    if is_kept():
        everywhere = once(("departments", system), lambda: list(active))
        found = [department for department in everywhere if department.grid_id in level]
    else:
        found = list(active.filter(grid_id__in=list(path)))
    return max(found, key=lambda d: (level[d.grid_id], -d.pk), default=None)


def _present(rows: Sequence[tuple[Any, ...]]) -> list[Holder]:
    found = []
    for role, grid, department, lead, leave, stand_in_away, *people in rows:
        person, stand_in = people[:4], people[4:]
        if leave is None:
            why, shown, absent = LEAD if lead else DEPUTY, person, None
        elif stand_in[0] is not None and not stand_in_away:
            why, shown, absent = STAND_IN, stand_in, person[0]
        else:
            continue
        person_id, user_id, name, phone = shown
        found.append(Holder(person_id, user_id, name, phone, role, grid, department, why, absent))
    return found


@transaction.atomic
def appoint(
    *,
    person: Person,
    role: str,
    actor: Any,
    now: datetime,
    grid: Grid | None = None,
    department: Department | None = None,
    is_lead: bool = True,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Post:
    """Give a post from `start` (default: now) until `end` (default: open).

    Raises ValidationError when the role needs a grid or department that is not named, or the
    person holds the same post already in that time.
    """
    start = start or now
    _refuse_reversed(start, end)
    _lock(person)
    post = Post(
        person=person,
        role=role,
        grid=grid,
        department=department,
        is_lead=is_lead,
        valid=DateTimeTZRange(start, end),
    )
    post.full_clean()
    post.save()
    _announce(post, "post.appointed", actor, now)
    return post


@transaction.atomic
def dismiss(*, post: Post, actor: Any, now: datetime, end: datetime | None = None) -> Post:
    """End a post at `end` (default: now); its past stays. One not begun yet is emptied."""
    post = Post.objects.select_for_update().get(pk=post.pk)
    end = end or now
    if post.valid.isempty or (post.valid.upper is not None and post.valid.upper <= end):
        raise ValidationError(_("This post has ended already."))
    begin = post.valid.lower
    post.valid = (
        DateTimeTZRange(empty=True)
        if begin is not None and end <= begin
        else DateTimeTZRange(begin, end)
    )
    post.save(update_fields=["valid"])
    _announce(post, "post.dismissed", actor, now)
    return post


@transaction.atomic
def take_leave(
    *,
    person: Person,
    start: datetime,
    end: datetime | None,
    actor: Any,
    now: datetime,
    stand_in: Person | None = None,
    note: str = "",
) -> Absence:
    """Note an absence with who stands in; open end: until further notice."""
    _refuse_reversed(start, end)
    _lock(person)
    absence = Absence(
        person=person, stand_in=stand_in, during=DateTimeTZRange(start, end), note=note
    )
    absence.full_clean()
    absence.save()
    audit.record(
        actor=actor,
        now=now,
        action="absence.noted",
        target=absence,
        data={"person": person.pk, "stand_in": stand_in.pk if stand_in else None},
    )
    outbox.emit("roster_changed", {"person": person.pk}, now=now)
    return absence


def _lock(person: Person) -> None:
    """Two appointments of one person at once wait for each other, so that the check holds."""
    Person.objects.select_for_update().get(pk=person.pk)


def _refuse_reversed(start: datetime, end: datetime | None) -> None:
    if end is not None and end <= start:
        raise ValidationError(_("The end must be later than the beginning."))


def _announce(post: Post, action: str, actor: Any, now: datetime) -> None:
    audit.record(
        actor=actor,
        now=now,
        action=action,
        target=post,
        data={
            "person": post.person_id,
            "role": post.role,
            "grid": post.grid_id,
            "department": post.department_id,
        },
    )
    outbox.emit("roster_changed", {"person": post.person_id, "post": post.pk}, now=now)
