"""Who stands behind many grids at once: what every page with a grid tells about its people.

The first responsible person 第一责任人 and the direct responsible person 直接责任人 are found on
the nearest area on which one of the roles of the setting is held (FIRST_RESPONSIBLE,
DIRECT_RESPONSIBLE): the leaf before its community, the community before the street.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from gridmgmt.core.permissions import GRID_ROLES, Role
from grids.people.querysets import parents_of, posts_on_grids
from grids.people.services.roster import DEPUTY, LEAD, STAND_IN

_RANK = {LEAD: 0, DEPUTY: 1, STAND_IN: 2}


@dataclass(frozen=True)
class Member:
    """A post on an area and who answers for it today. Names and duty phones, nothing private.

    `why` is lead, deputy or stand_in, and empty when the holder is away and nobody stands in.
    `name` and `duty_phone` are those of who answers; `holder` is whose post it is.
    """

    person_id: int
    name: str
    duty_phone: str
    role: str
    grid_id: int
    is_lead: bool
    why: str
    holder_id: int
    holder: str

    @property
    def role_label(self) -> str:
        """The role in the reader's language."""
        return str(Role(self.role).label) if self.role in Role.values else self.role

    @property
    def away(self) -> bool:
        """Whether the holder is on leave."""
        return self.why in {STAND_IN, ""}


@dataclass
class GridPeople:
    """The people of one area. `first` and `direct` are None when nobody holds such a post."""

    grid_id: int
    first: Member | None = None
    direct: Member | None = None
    members: list[Member] = field(default_factory=list)


def grid_people(grid_ids: Iterable[int], moment: datetime) -> dict[int, GridPeople]:
    """People of these areas at `moment` (aware), by grid id. Two queries, however many areas."""
    wanted = list(dict.fromkeys(grid_ids))
    parents = parents_of(wanted, moment)
    posts: dict[int, list[Member]] = defaultdict(list)
    roles = sorted(GRID_ROLES)
    for row in posts_on_grids([*{*wanted, *parents}], roles, moment):
        member = _member(row)
        posts[member.grid_id].append(member)
    for members in posts.values():
        members.sort(key=lambda m: (not m.is_lead, _RANK.get(m.why, 3), m.holder_id))
    found = {}
    for grid_id in wanted:
        way = _way(grid_id, parents)
        found[grid_id] = GridPeople(
            grid_id,
            first=_nearest(way, posts, settings.FIRST_RESPONSIBLE),
            direct=_nearest(way, posts, settings.DIRECT_RESPONSIBLE),
            members=posts.get(grid_id, []),
        )
    return found


def check_settings() -> None:
    """Raise ImproperlyConfigured when a setting names a role that is not tied to grids."""
    for name in ("FIRST_RESPONSIBLE", "DIRECT_RESPONSIBLE"):
        unknown = sorted(set(getattr(settings, name)) - {str(role) for role in GRID_ROLES})
        if unknown:
            raise ImproperlyConfigured(
                f"GRIDMGMT_{name} names {', '.join(unknown)}; "
                f"the roles on grids are {', '.join(sorted(GRID_ROLES))}."
            )
    if unknown := sorted(set(settings.ROLE_NAMES) - set(Role.values)):
        raise ImproperlyConfigured(
            f"GRIDMGMT_ROLE_NAMES names {', '.join(unknown)}; "
            f"the roles are {', '.join(Role.values)}."
        )


def _member(row: tuple[Any, ...]) -> Member:
    role, grid, _department, lead, leave, stand_in_away, *people = row
    person, stand_in = people[:4], people[4:]
    if leave is None:
        why, shown = LEAD if lead else DEPUTY, person
    elif stand_in[0] is not None and not stand_in_away:
        why, shown = STAND_IN, stand_in
    else:
        why, shown = "", person
    return Member(shown[0], shown[2], shown[3], role, grid, lead, why, person[0], person[2])


def _way(grid_id: int, parents: dict[int, int | None]) -> list[int]:
    """The area and everything above it."""
    way: list[int] = []
    here: int | None = grid_id
    while here is not None and here not in way:
        way.append(here)
        here = parents.get(here)
    return way


def _nearest(
    way: Sequence[int], posts: dict[int, list[Member]], roles: Sequence[str]
) -> Member | None:
    """Who of these roles answers nearest to the leaf; absent people without a stand-in do not."""
    for grid_id in way:
        for role in roles:
            present = [m for m in posts.get(grid_id, ()) if m.role == role and m.why]
            if present:
                return min(present, key=lambda m: (_RANK[m.why], m.person_id))
    return None
