"""From a building → grid list to outlines in a draft, marked unconfirmed.

A list may cover one community or many; each is divided for itself, whole. Grids of such a
community that the list does not name stay as they are where no listed building lies in them (a
park, a campus), and are abolished where all their buildings went to others.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyproj
import shapely
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gridmgmt.core.permissions import Right
from grids.territory.choices import StepVerb
from grids.territory.errors import TerritoryError
from grids.territory.geometry.outlines_from_points import outline
from grids.territory.models import Building, DraftStep, Edition, Grid, Road, Tier, Water
from grids.territory.querysets import refresh_statistics
from grids.territory.services.building_list import ListRow, Matched
from grids.territory.services.coverage import is_national, to_geos
from grids.territory.services.drawing import codes, journal
from grids.territory.services.drawing.states import State, drawn
from grids.territory.services.scope import MayAct, refuse_out_of_reach

HAIR_DEGREES = 1e-11  # a thousandth of a millimetre
SAME_M = 1e-6  # vertices nearer to each other than about this are one
# The own cell first, then those around it.
_STEPS = sorted(
    ((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)), key=lambda s: abs(s[0]) + abs(s[1])
)
_GEOD = pyproj.Geod(ellps="WGS84")
# Paths through yards bound no block; they would cut ground into shreds.
PATHS = frozenset({"footway", "path", "steps", "cycleway", "corridor", "bridleway", "track"})


@dataclass(frozen=True)
class NewArea:
    """One outline to be: EPSG:4326. `grid_id` None: a new grid, numbered when it is written."""

    key: str
    code: str
    name: str
    parent_id: int
    grid_id: int | None
    geometry: MultiPolygon
    households: int
    buildings: int
    scattered: bool


@dataclass
class Derived:
    """What a list gives: outlines, and what is to be said about it."""

    areas: list[NewArea] = field(default_factory=list)
    abolished: dict[int, State] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def buildings(self) -> int:
        """How many buildings of the list have found their outline."""
        return sum(area.buildings for area in self.areas)


@dataclass(frozen=True)
class _Wanted:
    """One grid of the list, with its buildings."""

    key: str
    code: str
    name: str
    buildings: tuple[int, ...]
    households: int | None


def derive(edition: Edition, matched: Matched, *, tier: Tier) -> Derived:
    """Outlines for the list's grids, community by community. Writes nothing.

    Raises TerritoryError when no row has found a building, or there is nothing to divide.
    """
    if not matched.rows:
        raise TerritoryError(
            _("No row of the list has found its building; there is nothing to draw.")
        )
    division = drawn(edition)
    rows = Grid.objects.filter(pk__in=list(division)).select_related("tier")
    grids = {grid.pk: grid for grid in rows}
    wanted = _wanted(matched.rows)
    ids = [pk for grid in wanted for pk in grid.buildings]
    known = {b.pk: b for b in Building.objects.filter(pk__in=ids)}
    parents = _parents(division, grids, tier)
    if not parents:
        raise TerritoryError(
            _("There is no area above the tier %(tier)s to divide. Import communities first.")
            % {"tier": tier.label}
        )
    result = Derived()
    tree = shapely.STRtree([division[pk].geometry for pk in parents])
    placed: dict[int, list[_Wanted]] = defaultdict(list)
    for grid in wanted:
        parent = _parent_of(grid, matched.rows, parents, tree, division, grids, known)
        if parent is None:
            result.notes.append(
                _("%(grid)s: its buildings lie in no area that could be divided.")
                % {"grid": grid.name or grid.code}
            )
        else:
            placed[parent].append(grid)
    for parent, members in sorted(placed.items(), key=lambda item: grids[item[0]].code):
        _divide(result, parent, members, division, grids, known, tier)
    if not result.areas:
        raise TerritoryError(" ".join(result.notes) or _("The list gives no outline."))
    return result


def _wanted(rows: Sequence[tuple[ListRow, tuple[int, ...]]]) -> list[_Wanted]:
    by_grid: dict[str, list[tuple[ListRow, tuple[int, ...]]]] = defaultdict(list)
    for row, ids in rows:
        by_grid[row.grid].append((row, ids))
    return [
        _Wanted(
            key=key,
            code=members[0][0].grid_code,
            name=next((row.grid_name for row, _ids in members if row.grid_name), ""),
            buildings=tuple(pk for _row, ids in members for pk in ids),
            households=sum(row.households or 0 for row, _ids in members)
            if any(row.households is not None for row, _ids in members)
            else None,
        )
        for key, members in by_grid.items()
    ]


def _parents(division: Mapping[int, State], grids: Mapping[int, Grid], tier: Tier) -> list[int]:
    """Areas of the nearest tier above that has any, by code."""
    above = [pk for pk in division if grids[pk].tier.order < tier.order]
    if not above:
        return []
    deepest = max(grids[pk].tier.order for pk in above)
    return sorted(
        (pk for pk in above if grids[pk].tier.order == deepest), key=lambda pk: grids[pk].code
    )


def _parent_of(
    grid: _Wanted,
    rows: Sequence[tuple[ListRow, tuple[int, ...]]],
    parents: Sequence[int],
    tree: shapely.STRtree,
    division: Mapping[int, State],
    grids: Mapping[int, Grid],
    known: Mapping[int, Building],
) -> int | None:
    """By the code's beginning, else by the community that the list names, else by the ground."""
    for pk in parents:
        if grid.code.startswith(grids[pk].code) and grid.code != grids[pk].code:
            return pk
    said = {row.community for row, _ids in rows if row.grid == grid.key and row.community}
    for pk in parents:
        if said & {grids[pk].code, division[pk].name, division[pk].name_en}:
            return pk
    points = [shapely.Point(known[pk].point.x, known[pk].point.y) for pk in grid.buildings]
    hits = tree.query(points, predicate="intersects")[1]
    if not len(hits):
        return None
    counts = Counter(parents[int(hit)] for hit in hits)
    return max(counts, key=lambda pk: (counts[pk], -pk))


def _divide(
    result: Derived,
    parent: int,
    members: list[_Wanted],
    division: Mapping[int, State],
    grids: Mapping[int, Grid],
    known: Mapping[int, Building],
    tier: Tier,
) -> None:
    """Outlines of one community's grids, added to `result`."""
    ground = division[parent].geometry
    here = {
        pk: state
        for pk, state in division.items()
        if state.parent_id == parent and grids[pk].tier_id == tier.pk
    }
    existing = _existing(members, here, grids)
    stray = _outside(members, ground, known)
    if stray:
        result.notes.append(
            _("%(number)s buildings of %(area)s's list lie outside of it: %(names)s.")
            % {
                "number": len(stray),
                "area": division[parent].name,
                "names": ", ".join(str(known[pk]) for pk in stray[:5]),
            }
        )
    others = {pk: s for pk, s in here.items() if pk not in existing.values()}
    kept = _untouched(others, members, known)
    free = ground
    if kept:
        free = _areal(ground.difference(shapely.union_all([here[pk].geometry for pk in kept])))
    frame = _Metric(ground)
    buildings = list(
        Building.objects.filter(footprint__bboverlaps=to_geos(shapely.box(*free.bounds))).order_by(
            "pk"
        )
    )
    grid_of = {pk: grid.key for grid in members for pk in grid.buildings}
    try:
        drawn_ = outline(
            frame.to(free),
            [frame.to(shapely.from_wkb(bytes(b.footprint.wkb))) for b in buildings],
            [grid_of.get(b.pk) for b in buildings],
            [frame.to(line) for line in _barriers(free)],
        )
    except ValueError:
        result.notes.append(
            _("%(area)s: none of the listed buildings lies in it.")
            % {"area": division[parent].name}
        )
        return
    for grid in members:
        shape = drawn_.areas.get(grid.key)
        if shape is None:
            result.notes.append(
                _("%(grid)s gets no outline: none of its buildings lies in %(area)s.")
                % {"grid": grid.name or grid.code, "area": division[parent].name}
            )
            continue
        old = existing.get(grid.key)
        own = [known[pk] for pk in grid.buildings]
        count = sum(b.households for b in own) if grid.households is None else grid.households
        result.areas.append(
            NewArea(
                key=grid.key,
                code=grid.code or (grids[old].code if old else ""),
                name=grid.name or (here[old].name if old else grid.code),
                parent_id=parent,
                grid_id=old,
                geometry=frame.back(shape),
                households=count,
                buildings=len(own),
                scattered=grid.key in drawn_.scattered,
            )
        )
        if grid.key in drawn_.scattered:
            result.notes.append(
                _("%(grid)s is not in one piece: other grids' buildings stand between its own.")
                % {"grid": grid.name or grid.code}
            )
    result.kept += sorted(here[pk].name for pk in kept)
    result.abolished |= {pk: here[pk] for pk in others if pk not in kept}


def _existing(
    members: Sequence[_Wanted], here: Mapping[int, State], grids: Mapping[int, Grid]
) -> dict[str, int]:
    """The grids that the list means, where they are there already: by code, else by name."""
    by_code = {grids[pk].code: pk for pk in here}
    by_name = {state.name: pk for pk, state in here.items()}
    found = {}
    for grid in members:
        pk = by_code.get(grid.code) if grid.code else by_name.get(grid.name)
        if pk is not None:
            found[grid.key] = pk
    return found


def _outside(
    members: Sequence[_Wanted], ground: BaseGeometry, known: Mapping[int, Building]
) -> list[int]:
    return [
        pk
        for grid in members
        for pk in grid.buildings
        if not ground.intersects(shapely.Point(known[pk].point.x, known[pk].point.y))
    ]


def _untouched(
    others: Mapping[int, State], members: Sequence[_Wanted], known: Mapping[int, Building]
) -> set[int]:
    """Grids that the list does not name and that hold none of its buildings."""
    points = [
        shapely.Point(known[pk].point.x, known[pk].point.y)
        for grid in members
        for pk in grid.buildings
    ]
    tree = shapely.STRtree(points)
    return {
        pk
        for pk, state in others.items()
        if state.geometry is not None
        and not len(tree.query(state.geometry, predicate="intersects"))
    }


def _barriers(ground: BaseGeometry) -> list[BaseGeometry]:
    """Roads (no footpaths) and the edges of water that meet the ground, EPSG:4326."""
    box = to_geos(shapely.box(*ground.bounds))
    roads = Road.objects.filter(line__bboverlaps=box).exclude(kind__in=PATHS).order_by("pk")
    waters = Water.objects.filter(area__bboverlaps=box).order_by("pk")
    lines = [shapely.from_wkb(bytes(line.wkb)) for line in roads.values_list("line", flat=True)]
    lines += [
        shapely.from_wkb(bytes(area.wkb)).boundary for area in waters.values_list("area", flat=True)
    ]
    return lines


class _Metric:
    """To metres around a place and back by stretching the axes alone.

    A straight border stays straight then, so that a corner set on it lies on it in degrees too; no
    projection does that. Over a community the error is below a thousandth. Every vertex that came
    from outside goes back exactly as it was, and vertices within SAME_M of each other become one:
    degrees are too coarse to tell them apart in order.
    """

    def __init__(self, ground: BaseGeometry) -> None:
        west, south, east, north = ground.bounds
        lat = (south + north) / 2
        x, y = _GEOD.inv(west, lat, east, lat)[2], _GEOD.inv(west, south, west, north)[2]
        self.origin = np.array([west, south])
        self.scale = np.array([x / (east - west), y / (north - south)])  # metres in a degree
        self.home: dict[tuple[int, int], tuple[float, float]] = {}

    def to(self, shape: BaseGeometry) -> BaseGeometry:
        """EPSG:4326 → metres; remembers where each vertex came from."""

        def move(coordinates: np.ndarray) -> np.ndarray:
            moved = (coordinates - self.origin) * self.scale
            for there, here in zip(moved.tolist(), coordinates.tolist(), strict=True):
                self.home.setdefault(_cell(*there), (here[0], here[1]))
            return moved

        return shapely.transform(shapely.force_2d(shape), move)

    def back(self, shape: BaseGeometry) -> MultiPolygon:
        """Metres → EPSG:4326."""

        def move(coordinates: np.ndarray) -> np.ndarray:
            moved = coordinates / self.scale + self.origin
            for n, (x, y) in enumerate(coordinates.tolist()):
                moved[n] = self._place(x, y, moved[n].tolist())
            return moved

        moved = shapely.remove_repeated_points(shapely.transform(shape, move))
        return MultiPolygon([_without_spikes(part) for part in shapely.get_parts(moved)])

    def _place(self, x: float, y: float, fresh: list[float]) -> tuple[float, float]:
        """Where this vertex lies: at a known one within SAME_M, else here, and known from now."""
        column, row = _cell(x, y)
        for step in _STEPS:
            known = self.home.get((column + step[0], row + step[1]))
            if known is not None:
                return known
        return self.home.setdefault((column, row), (fresh[0], fresh[1]))


def _without_spikes(part: Polygon) -> Polygon:
    """Without the hairs that rounding leaves where two lines nearly coincide: they hold nothing."""
    rings = [_shaved(ring) for ring in (part.exterior, *part.interiors)]
    return Polygon(rings[0], [ring for ring in rings[1:] if len(ring) > 2])


def _shaved(ring: shapely.LinearRing) -> list[tuple[float, float]]:
    """The ring's vertices without those at which it turns back on itself."""
    left = list(ring.coords)[:-1]
    n = 0
    while n < len(left) and len(left) > 3:
        (ax, ay), (bx, by), (cx, cy) = left[n - 1], left[n], left[(n + 1) % len(left)]
        ux, uy, vx, vy = ax - bx, ay - by, cx - bx, cy - by
        across, along = abs(ux * vy - uy * vx), ux * vx + uy * vy
        if along > 0 and across <= HAIR_DEGREES * max(math.hypot(ux, uy), math.hypot(vx, vy)):
            del left[n]
            n = max(0, n - 2)
        else:
            n += 1
    return left


def _cell(x: float, y: float) -> tuple[int, int]:
    return round(x / SAME_M), round(y / SAME_M)


def _areal(shape: BaseGeometry) -> BaseGeometry:
    parts = [
        part
        for part in shapely.get_parts(shapely.get_parts(shape))
        if part.geom_type == "Polygon" and part.area > 0
    ]
    return MultiPolygon(parts)


@transaction.atomic
def import_list(
    edition: Edition,
    derived: Derived,
    *,
    tier: Tier,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    access: MayAct | None = None,
    source: str = "",
) -> DraftStep:
    """Write derived outlines as one step of the journal, unconfirmed. Raises TerritoryError."""
    journal.begin(edition)
    grid_ids = _numbered(derived.areas, tier)
    old = drawn(edition, [pk for pk in grid_ids if pk])
    changes: dict[int, State | None] = {
        pk: replace(state, geometry=None) for pk, state in derived.abolished.items()
    }
    for pk, area in zip(grid_ids, derived.areas, strict=True):
        before = old.get(pk) or State(grid_id=pk, geometry=None)
        changes[pk] = replace(
            before,
            geometry=area.geometry,
            name=area.name[:200],
            parent_id=area.parent_id,
            households=area.households,
            source=_("derived from the list %(name)s") % {"name": source[:150]},
            source_crs="wgs84",
            confirmed=False,
        )
    step = journal.perform(edition, verb=StepVerb.IMPORT, changes=changes, actor=actor, now=now)
    if access is not None:
        refuse_out_of_reach(edition, access, Right.DRAW, moment=now, grid_ids=list(changes))
    refresh_statistics()
    return step


def _numbered(areas: Sequence[NewArea], tier: Tier) -> list[int]:
    """Grid ids in the order of the areas; new grids get their own code or the next number."""
    answer: dict[str, int] = {area.key: area.grid_id for area in areas if area.grid_id}
    nameless: dict[int, list[NewArea]] = defaultdict(list)
    parents = {g.pk: g for g in Grid.objects.filter(pk__in={a.parent_id for a in areas})}
    for area in areas:
        if area.key in answer:
            continue
        parent = parents[area.parent_id]
        if is_national(area.code, tier.code_length) or area.code.startswith(parent.code):
            answer[area.key] = _own(tier, area.code).pk
        else:  # a short number or a name: the office's own, kept as the name
            nameless[area.parent_id].append(area)
    for parent_id, members in sorted(nameless.items()):
        shapes = [area.geometry for area in members]
        for area, grid in zip(
            members, codes.renumber(parents[parent_id], tier, shapes), strict=True
        ):
            answer[area.key] = grid.pk
    return [answer[area.key] for area in areas]


def _own(tier: Tier, code: str) -> Grid:
    """The grid with this code: one that a draft has named already, else a new one."""
    known = Grid.objects.filter(tier=tier, code=code).first()
    if known is not None and not known.boundaries.filter(valid__isnull=False).exists():
        return known
    return codes.own(tier, code)
