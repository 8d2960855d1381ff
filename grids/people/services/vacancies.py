"""Vacancies are findings: what the roster lacks at a moment, by the office's own rules."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gridmgmt.core.permissions import Role
from grids.people.choices import PersonKind
from grids.people.querysets import staffing
from grids.territory.models import Boundary

OWN_ROLES = (Role.COORDINATOR, Role.MANAGER)
COMMUNITY = "community"
LEAST_FULL_TIMERS = 2
# Who is missed when they hold no post on any grid.
COMMUNITY_WORKERS = (PersonKind.SOCIAL_WORKER,)

ROLE_MISSING = "role_missing"
NOBODY_PRESENT = "nobody_present"
TOO_FEW = "too_few_full_timers"
NO_LEADER = "no_leader"
NO_STREET_LEADER = "no_street_leader"
LEADER_UNASSIGNED = "leader_unassigned"
WORKER_WITHOUT_GRID = "worker_without_grid"


@dataclass(frozen=True)
class Vacancy:
    """One finding. `kind` says what is lacking:

    role_missing (`role` says which), nobody_present (all of a role are on leave and nobody stands
    in), too_few_full_timers (`count` of them), no_leader, no_street_leader (no leader of the
    street office looks after this community), leader_unassigned (a leader without a community),
    worker_without_grid. The last two name a person; the last one has no grid of its own:
    `grid_id` is that of the person's last post, or None.
    """

    kind: str
    grid_id: int | None
    code: str
    name: str
    role: str | None = None
    count: int = 0
    person_id: int | None = None
    person: str = ""
    name_en: str = ""

    @property
    def label(self) -> str:
        """The place's name in the reader's language."""
        english = (get_language() or "").startswith("en")
        return self.name_en if english and self.name_en else self.name

    def sentence(self) -> str:
        """What is lacking, in the reader's language."""
        names = {"name": self.label, "person": self.person, "count": self.count}
        if self.role:
            names["role"] = str(Role(self.role).label)
        return SENTENCES[self.kind]() % names

    def short(self) -> str:
        """The same in a few words, where the place is known."""
        role = str(Role(self.role).label) if self.role else ""
        return SHORT[self.kind]() % {"role": role, "count": self.count, "person": self.person}


SHORT = {
    ROLE_MISSING: lambda: _("vacant: %(role)s"),
    NOBODY_PRESENT: lambda: _("away, no stand-in: %(role)s"),
    TOO_FEW: lambda: _("full-time workers: %(count)d of two"),
    NO_LEADER: lambda: _("no full-time leader"),
    NO_STREET_LEADER: lambda: _("no street office leader"),
    LEADER_UNASSIGNED: lambda: _("no community: %(person)s"),
    WORKER_WITHOUT_GRID: lambda: _("without a grid: %(person)s"),
}
SENTENCES = {
    ROLE_MISSING: lambda: _("%(name)s has nobody as %(role)s."),
    NOBODY_PRESENT: lambda: _("%(name)s: %(person)s (%(role)s) is on leave and nobody stands in."),
    TOO_FEW: lambda: _("%(name)s has %(count)d full-time workers; at least two are needed."),
    NO_LEADER: lambda: _("%(name)s has no full-time worker who leads it."),
    NO_STREET_LEADER: lambda: _("%(name)s has no leader of the street office assigned to it."),
    LEADER_UNASSIGNED: lambda: _("%(person)s leads at %(name)s and is assigned to no community."),
    WORKER_WITHOUT_GRID: lambda: _("%(person)s is a community worker without a grid."),
}


@dataclass(frozen=True)
class _Held:
    """A post as the rules look at it. `answered`: present, or somebody stands in."""

    role: str
    person_id: int
    person: str
    kind: str
    answered: bool


def vacancies(moment: datetime) -> list[Vacancy]:
    """What is not staffed at `moment` (aware), by code. Two queries, whatever the number of grids.

    A leaf needs a coordinator and a manager of its own, and a supervisor there or above. A
    community needs two full-time workers on it or below, one of them its leader or grid head, and
    a leader of the street office. Of each role somebody must be there: a sole person on leave
    needs a stand-in. A street that nobody divides beside one that is divided is a neighbour's:
    nobody of its people is missed. Where no division is in force nothing is lacking.
    """
    areas = {
        row["grid_id"]: row
        for row in Boundary.objects.valid_at(moment).values(
            "grid_id", "parent_id", "name", "name_en", "grid__code", "grid__tier__code"
        )
    }
    if not areas:
        return []
    posts: dict[int, list[_Held]] = defaultdict(list)
    idle: list[Vacancy] = []
    for grid_id, role, person_id, name, kind, answered, last in staffing(moment, COMMUNITY_WORKERS):
        if role is not None and grid_id is not None:
            posts[grid_id].append(_Held(role, person_id, name, kind, answered))
            continue
        place = areas.get(last)
        idle.append(
            Vacancy(
                WORKER_WITHOUT_GRID,
                last if place else None,
                place["grid__code"] if place else "",
                place["name"] if place else "",
                person_id=person_id,
                person=name,
                name_en=place["name_en"] if place else "",
            )
        )

    divided = {row["parent_id"] for row in areas.values()}
    communities = {g for g, row in areas.items() if row["grid__tier__code"] == COMMUNITY}
    above = {upper for grid_id in communities for upper in _upwards(grid_id, areas)[1:]}
    below: dict[int, list[_Held]] = defaultdict(list)
    for grid_id in areas:
        for upper in _upwards(grid_id, areas):
            below[upper].extend(posts[grid_id])
    found: list[Vacancy] = []
    for grid_id, row in sorted(areas.items(), key=lambda item: item[1]["grid__code"]):
        name = {
            "grid_id": grid_id,
            "code": row["grid__code"],
            "name": row["name"],
            "name_en": row["name_en"],
        }
        upwards = [post for upper in _upwards(grid_id, areas) for post in posts[upper]]
        if grid_id not in divided and (row["parent_id"] in areas or divided <= {None}):
            held = {post.role for post in posts[grid_id]}
            held |= {Role.SUPERVISOR} & {post.role for post in upwards}
            missing = [role for role in (*OWN_ROLES, Role.SUPERVISOR) if role not in held]
            found += [Vacancy(ROLE_MISSING, role=role, **name) for role in missing]
        found += _absent(name, posts[grid_id])
        if grid_id in communities:
            found += _community(
                name, posts[grid_id], below[grid_id], upwards[len(posts[grid_id]) :]
            )
        elif grid_id in above:
            found += _unassigned(name, posts[grid_id], [posts[c] for c in communities])
    return found + idle


def _upwards(grid_id: int | None, areas: dict) -> list[int]:
    """The area and everything above it."""
    way: list[int] = []
    while grid_id in areas and grid_id not in way:
        way.append(grid_id)
        grid_id = areas[grid_id]["parent_id"]
    return way


def _absent(name: dict, own: list[_Held]) -> list[Vacancy]:
    """Roles whose every holder is away while nobody stands in."""
    found = []
    for role in dict.fromkeys(post.role for post in own):
        holders = [post for post in own if post.role == role]
        if role in Role.values and not any(post.answered for post in holders):
            away = holders[0]
            found.append(
                Vacancy(
                    NOBODY_PRESENT,
                    role=role,
                    person_id=away.person_id,
                    person=", ".join(post.person for post in holders),
                    **name,
                )
            )
    return found


def _community(
    name: dict, own: list[_Held], below: list[_Held], above: list[_Held]
) -> list[Vacancy]:
    full_timers = {post.person_id for post in below if post.kind == PersonKind.SOCIAL_WORKER}
    leads = {post.person_id for post in own if post.role in {Role.LEADER, Role.GRID_HEAD}}
    found = []
    if len(full_timers) < LEAST_FULL_TIMERS:
        found.append(Vacancy(TOO_FEW, count=len(full_timers), **name))
    if not full_timers & leads:
        found.append(Vacancy(NO_LEADER, **name))
    here = [post for post in own if post.role == Role.LEADER]
    street = {post.person_id for post in above if post.role == Role.LEADER}
    if not any(p.kind == PersonKind.STREET_OFFICE or p.person_id in street for p in here):
        found.append(Vacancy(NO_STREET_LEADER, **name))
    return found


def _unassigned(name: dict, own: list[_Held], communities: list[list[_Held]]) -> list[Vacancy]:
    """Leaders of the street office who look after no community."""
    assigned = {p.person_id for posts in communities for p in posts if p.role == Role.LEADER}
    return [
        Vacancy(LEADER_UNASSIGNED, person_id=post.person_id, person=post.person, **name)
        for post in own
        if post.role == Role.LEADER and post.person_id not in assigned
    ]
