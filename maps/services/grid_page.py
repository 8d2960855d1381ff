"""What the public page and the board of an area tell. Names and duty phones, nothing private.

The number of queries does not depend on the number of people, buildings or reports; tests pin it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from gridmgmt.core.permissions import Role
from grids.people.choices import NoticeKind
from grids.people.models import GridNotice
from grids.people.services.grid_people import GridPeople, Member, grid_people
from grids.people.services.roster import STAND_IN
from grids.territory.models import Boundary, Building, Edition, Grid, Lineage
from incidents.models import Incident

MOST_TIERS = 20
MOST_BUILDINGS = 80
MOST_REPORTS = 20
LEAST_SHARE = 0.01  # whoever took less of an area's ground is not what became of it
# Those of the area itself come in this order after the two who answer for it.
ORDER = (Role.LEADER, Role.SUPERVISOR, Role.GRID_HEAD, Role.MANAGER, Role.COORDINATOR)


@dataclass(frozen=True)
class Shown:
    """Someone in post as everybody may see them. `title`: first or direct responsible person."""

    name: str
    role: str
    phone: str
    title: str = ""
    area: str = ""
    stands_in: bool = False
    is_direct: bool = False

    @property
    def phone_href(self) -> str:
        """The number as a telephone dials it."""
        return "".join(c for c in self.phone if c.isdigit() or c == "+")


@dataclass(frozen=True)
class Notices:
    """Texts of the office that hold here, the area's own before those of the areas above."""

    work: list[str]
    promises: list[str]
    policies: list[str]


@dataclass(frozen=True)
class AreaInfo:
    """An area in force with what is public about it. `path` runs from the root to the parent."""

    boundary: Boundary
    path: list[Boundary]
    children: list[Boundary]
    people: list[Shown]
    notices: Notices
    estates: list[str]
    buildings: list[str]
    building_count: int

    @property
    def code(self) -> str:
        return self.boundary.grid.code

    @property
    def direct(self) -> Shown | None:
        """The direct responsible person, else the first person who is shown."""
        found = [person for person in self.people if person.is_direct]
        return found[0] if found else (self.people[0] if self.people else None)


def in_force(code: str, now: datetime, tier: str = "") -> list[Boundary]:
    """Areas with this code in force: usually one; codes are unique in their tier only."""
    if "\0" in code or "\0" in tier:
        return []
    found = Boundary.objects.valid_at(now).filter(grid__code=code)
    if tier:
        found = found.of_tier(tier)
    return list(found.select_related("grid__tier", "edition").order_by("grid__tier__order"))


def gone(code: str, now: datetime, tier: str = "") -> tuple[Grid, list[Boundary]] | None:
    """An abolished area and what it became, so that an old board still leads somewhere."""
    if "\0" in code or "\0" in tier:
        return None
    grids = Grid.objects.filter(
        code=code, boundaries__edition__status="published", boundaries__valid__endswith__lte=now
    )
    grid = (grids.filter(tier__code=tier) if tier else grids).distinct().first()
    if grid is None:
        return None
    return grid, _heirs_in_force(grid, now)


def _heirs_in_force(grid: Grid, now: datetime) -> list[Boundary]:
    """Who stands on the ground today: an heir that is abolished as well leads on to its own."""
    standing: list[Boundary] = []
    known, asked = {grid.pk}, [grid.pk]
    while asked:
        heirs = Lineage.objects.filter(origin_id__in=asked, area_share__gt=LEAST_SHARE)
        found = set(heirs.exclude(heir_id__in=known).values_list("heir_id", flat=True))
        known |= found
        standing += (
            Boundary.objects.valid_at(now)
            .filter(grid_id__in=found)
            .select_related("grid__tier")
            .defer("geometry")
        )
        asked = sorted(found - {boundary.grid_id for boundary in standing})
    return sorted(standing, key=lambda boundary: boundary.grid.code)


def area_info(boundary: Boundary, now: datetime) -> AreaInfo:
    """Everything the page and the board show of an area, in the reader's language."""
    path = ancestors(boundary, now)
    children = list(
        Boundary.objects.valid_at(now)
        .below(boundary.grid_id)
        .select_related("grid__tier")
        .defer("geometry")
        .order_by("grid__code")
    )
    way = [*(above.grid_id for above in path), boundary.grid_id]
    buildings = _buildings(boundary, children, now)
    names = [_building_name(row) for row in buildings]
    return AreaInfo(
        boundary=boundary,
        path=path,
        children=children,
        people=people_of(boundary, path, now),
        notices=notices_for(way),
        estates=sorted({row["estate"] for row in buildings if row["estate"]}),
        buildings=list(dict.fromkeys(name for name in names if name))[:MOST_BUILDINGS],
        building_count=len(buildings),
    )


def ancestors(boundary: Boundary, now: datetime) -> list[Boundary]:
    """From the root down to the parent: one query a tier."""
    path: list[Boundary] = []
    parent_id = boundary.parent_id
    while parent_id is not None and len(path) < MOST_TIERS:
        above = (
            Boundary.objects.valid_at(now)
            .filter(grid_id=parent_id)
            .select_related("grid__tier")
            .defer("geometry")
            .first()
        )
        if above is None:
            break
        path.insert(0, above)
        parent_id = above.parent_id
    return path


def below(grid_ids: Iterable[int], now: datetime) -> list[int]:
    """The areas and everything under them: one query a tier."""
    found: dict[int, None] = {}
    level = list(grid_ids)
    while level:
        found.update(dict.fromkeys(level))
        rows = Boundary.objects.valid_at(now).filter(parent_id__in=level)
        level = [
            pk for pk in rows.order_by("pk").values_list("grid_id", flat=True) if pk not in found
        ]
    return list(found)


def people_of(boundary: Boundary, path: Sequence[Boundary], now: datetime) -> list[Shown]:
    """Who answers here: first and direct responsible person, then the other posts of the area."""
    way = [boundary.grid_id, *(above.grid_id for above in reversed(path))]
    people = grid_people(way, now)
    labels = {above.grid_id: above.label for above in path}
    own = people[boundary.grid_id]
    members = [member for member in (own.first, own.direct) if member is not None]
    members += sorted(
        (m for m in own.members if m.why), key=lambda m: (_rank(m), not m.is_lead, m.person_id)
    )
    members += _nearest_supervisor(way[1:], people, members)
    shown: dict[tuple[int, str], Shown] = {}
    for member in members:
        shown.setdefault((member.person_id, member.role), _shown(member, own, labels))
    return list(shown.values())


def _rank(member: Member) -> int:
    return ORDER.index(Role(member.role)) if member.role in ORDER else len(ORDER)


def _nearest_supervisor(
    way: Sequence[int], people: dict[int, GridPeople], members: Sequence[Member]
) -> list[Member]:
    """Who supervises from above, where the area has no supervisor of its own."""
    if any(member.role == Role.SUPERVISOR for member in members):
        return []
    for grid_id in way:
        held = [m for m in people[grid_id].members if m.role == Role.SUPERVISOR and m.why]
        if held:
            return held[:1]
    return []


def _shown(member: Member, own: GridPeople, labels: dict[int, Any]) -> Shown:
    titles = []
    if own.first is not None and own.first == member:
        titles.append(_("First responsible person"))
    if own.direct is not None and own.direct == member:
        titles.append(_("Direct responsible person"))
    return Shown(
        name=member.name,
        role=member.role_label,
        phone=member.duty_phone,
        title=" · ".join(titles),
        area=str(labels.get(member.grid_id, "")),
        stands_in=member.why == STAND_IN,
        is_direct=own.direct == member,
    )


def notices_for(way: Sequence[int]) -> Notices:
    """`way` runs from the root to the area. One query."""
    rank = {grid_id: index for index, grid_id in enumerate(way)}
    rows = sorted(
        GridNotice.objects.filter(Q(grid_id__in=list(way)) | Q(grid=None), shown=True),
        key=lambda row: (-rank.get(row.grid_id or 0, -1), row.order, row.pk),
    )

    def of(kind: str) -> list[str]:
        return [row.label for row in rows if row.kind == kind]

    return Notices(of(NoticeKind.WORK), of(NoticeKind.PROMISE), of(NoticeKind.POLICY))


def open_reports_in(grid_id: int) -> QuerySet[Incident]:
    """Released open cases reported in the area or below it, the newest first."""
    released = Incident.objects.released().open().newest_first()
    return released.filter(report_path__contains=[grid_id]).select_related("category__tile")


def edition_in_force(now: datetime) -> Edition | None:
    """The edition that took effect last: what a plan is dated by."""
    return (
        Edition.objects.filter(status="published", effective_at__lte=now)
        .order_by("-effective_at", "-pk")
        .first()
    )


def _buildings(boundary: Boundary, children: Sequence[Boundary], now: datetime) -> list[dict]:
    ids = below([boundary.grid_id], now) if children else [boundary.grid_id]
    return list(
        Building.objects.filter(grid_id__in=ids)
        .order_by("estate", "name", "street", "number", "pk")
        .values("name", "name_en", "estate", "street", "number")
    )


def _building_name(row: dict[str, str]) -> str:
    """荷清苑 12号楼; else the address; empty for a shed without either."""
    if row["name"]:
        estate = row["estate"]
        return f"{estate} {row['name']}" if estate and estate not in row["name"] else row["name"]
    return f"{row['street']} {row['number']}".strip() if row["number"] else ""
