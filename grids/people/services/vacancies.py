"""Vacancies are findings: what the roster lacks at a moment, by the office's own rules."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from gridmgmt.core.permissions import Role
from grids.people.choices import PersonKind
from grids.people.models import Post
from grids.territory.models import Boundary

OWN_ROLES = (Role.COORDINATOR, Role.MANAGER)
COMMUNITY = "community"
LEAST_FULL_TIMERS = 2


@dataclass(frozen=True)
class Vacancy:
    """`kind`: role_missing (then `role` says which), too_few_full_timers, no_leader."""

    kind: str
    grid_id: int
    code: str
    name: str
    role: str | None = None
    count: int = 0

    def sentence(self) -> str:
        """What is lacking, in the reader's language."""
        if self.kind == "role_missing":
            role = Role(self.role).label
            return _("%(name)s has nobody as %(role)s.") % {"name": self.name, "role": role}
        if self.kind == "too_few_full_timers":
            return _("%(name)s has %(count)d full-time workers; at least two are needed.") % {
                "name": self.name,
                "count": self.count,
            }
        return _("%(name)s has no full-time worker who leads it.") % {"name": self.name}


def vacancies(moment: datetime) -> list[Vacancy]:
    """What is not staffed at `moment` (aware), by code. Two queries, whatever the number of grids.

    A leaf needs a coordinator and a manager of its own, and a supervisor there or above. A
    community needs two full-time workers on it or below, one of them its leader or grid head.
    """
    areas = {
        row["grid_id"]: row
        for row in Boundary.objects.valid_at(moment).values(
            "grid_id", "parent_id", "name", "grid__code", "grid__tier__code"
        )
    }
    posts: dict[int, list[tuple[str, int, str]]] = defaultdict(list)
    for grid_id, role, person_id, kind in (
        Post.objects.held_at(moment)
        .filter(grid__isnull=False)
        .values_list("grid_id", "role", "person_id", "person__kind")
    ):
        posts[grid_id].append((role, person_id, kind))

    divided = {row["parent_id"] for row in areas.values()}
    below: dict[int, list[tuple[str, int, str]]] = defaultdict(list)
    for grid_id in areas:
        for upper in _upwards(grid_id, areas):
            below[upper].extend(posts[grid_id])
    found: list[Vacancy] = []
    for grid_id, row in sorted(areas.items(), key=lambda item: item[1]["grid__code"]):
        name = {"grid_id": grid_id, "code": row["grid__code"], "name": row["name"]}
        if grid_id not in divided:
            upwards = [post for upper in _upwards(grid_id, areas) for post in posts[upper]]
            held = {post[0] for post in posts[grid_id]}
            held |= {Role.SUPERVISOR} & {post[0] for post in upwards}
            missing = [role for role in (*OWN_ROLES, Role.SUPERVISOR) if role not in held]
            found += [Vacancy("role_missing", role=role, **name) for role in missing]
        if row["grid__tier__code"] == COMMUNITY:
            found += _community(name, posts[grid_id], below[grid_id])
    return found


def _upwards(grid_id: int | None, areas: dict) -> list[int]:
    """The area and everything above it."""
    way: list[int] = []
    while grid_id in areas and grid_id not in way:
        way.append(grid_id)
        grid_id = areas[grid_id]["parent_id"]
    return way


def _community(name: dict, own: list, below: list) -> list[Vacancy]:
    full_timers = {person for _role, person, kind in below if kind == PersonKind.SOCIAL_WORKER}
    leads = {person for role, person, _kind in own if role in {Role.LEADER, Role.GRID_HEAD}}
    found = []
    if len(full_timers) < LEAST_FULL_TIMERS:
        found.append(Vacancy("too_few_full_timers", count=len(full_timers), **name))
    if not full_timers & leads:
        found.append(Vacancy("no_leader", **name))
    return found
