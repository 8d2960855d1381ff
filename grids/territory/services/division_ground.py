"""What stands in the database, made a problem of division."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.contrib.gis.geos import Polygon
from django.utils.translation import gettext as _

from grids.territory import ports
from grids.territory.choices import EditionStatus, GridKind
from grids.territory.division import Area, Problem
from grids.territory.errors import NotADraft, TerritoryError
from grids.territory.models import Building, Edition, Grid, Road, Tier, Water
from grids.territory.services.division_plane import Plane
from grids.territory.services.drawing.states import State, drawn

# How good a border is along each class of line (OpenStreetMap's words): 1 is best. Walls and
# fences are loaded like roads, with these words as their class.
LINE_WEIGHTS: Mapping[str, float] = {
    "motorway": 1.0,
    "trunk": 1.0,
    "primary": 1.0,
    "secondary": 0.9,
    "rail": 1.0,
    "railway": 1.0,
    "wall": 0.9,
    "city_wall": 1.0,
    "tertiary": 0.8,
    "fence": 0.7,
    "residential": 0.6,
    "unclassified": 0.6,
    "living_street": 0.5,
    "pedestrian": 0.5,
    "service": 0.35,
    "track": 0.3,
    "footway": 0.2,
    "path": 0.2,
    "cycleway": 0.2,
    "steps": 0.2,
}
OTHER_LINE = 0.5
WATER_WEIGHT = 1.0
YEAR = dt.timedelta(days=365)


@dataclass(frozen=True)
class Mix:
    """What workload is made of: shares of households, cases of last year and node strength.

    A part that nobody provides, or of which there is none, drops out and the others fill its
    place, so that workload is always counted in households.
    """

    households: float = 1.0
    cases: float = 0.0
    strength: float = 0.0

    def checked(self) -> Mix:
        """Itself; refuses shares that are no mix."""
        shares = (self.households, self.cases, self.strength)
        if not all(np.isfinite(share) and share >= 0 for share in shares) or sum(shares) <= 0:
            raise TerritoryError(
                _("The shares of the workload must not be negative, and one must be above zero.")
            )
        return self


def problem_for(
    codes: Sequence[str],
    *,
    edition: Edition,
    now: dt.datetime,
    mix: Mix | None = None,
    weights: Mapping[str, float] = LINE_WEIGHTS,
    layer: tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]] | None = None,
) -> tuple[Problem, Plane]:
    """The ground of the named areas as the draft has them, ready for `divide`.

    Areas of the tier above the grids are divided themselves, of higher ones all such areas below.
    `layer`: polygons (EPSG:4326) with their households to divide by, in place of the buildings.
    Dedicated grids of today stay as they are. Raises TerritoryError (unknown codes, no draft, no
    households at all).
    """
    mix = (mix or Mix()).checked()
    _must_be_draft(edition)
    division = drawn(edition)
    parents = parents_in(codes, division)
    grids = {grid.pk: grid.code for grid in Grid.objects.filter(pk__in=list(division))}
    shapes = np.array([state.geometry for state in parents], dtype=object)
    plane = Plane.around(shapes)
    children = _children(division, {state.grid_id for state in parents})
    if layer is None:
        footprints, households, groups = _buildings(shapes)
    else:
        footprints, households = _checked_layer(*layer)
        groups = np.full(len(footprints), -1, dtype=np.int64)
    if not households.any():
        raise TerritoryError(
            _(
                "No building with households stands in %(codes)s. Load the buildings first "
                "(import_ground), with a column households."
            )
            % {"codes": ", ".join(codes)}
        )
    lines, line_weights = _lines(shapes, weights)
    known = np.array([child.geometry for child in children], dtype=object)
    plane = Plane.around(np.concatenate((shapes, known)))
    problem = Problem(
        parents=[Area(grids[s.grid_id], plane.to_metres(_whole(s.geometry))) for s in parents],
        footprints=plane.to_metres(footprints),
        households=households,
        workload=_workload(footprints, households, shapes, mix, now),
        groups=groups,
        barriers=plane.to_metres(lines),
        barrier_weights=line_weights,
        existing=[Area(grids[s.grid_id], plane.to_metres(s.geometry)) for s in children],
        dedicated=[
            Area(grids[s.grid_id], plane.to_metres(s.geometry))
            for s in children
            if s.kind == GridKind.DEDICATED
        ],
        tiled=layer is not None,
    )
    return problem, plane


def parents_in(codes: Sequence[str], division: Mapping[int, State]) -> list[State]:
    """The areas to divide under these codes, in the order of their codes; refuses unknown ones."""
    if not codes:
        raise TerritoryError(_("Name at least one area to divide."))
    rows = Grid.objects.filter(pk__in=list(division)).select_related("tier")
    of_grid = {grid.pk: grid for grid in rows}
    by_code: dict[str, list[Grid]] = {}
    for grid in of_grid.values():
        by_code.setdefault(grid.code, []).append(grid)
    if unknown := sorted(set(codes) - by_code.keys()):
        raise TerritoryError(
            _("No area in force or in the draft has the code %(codes)s.")
            % {"codes": ", ".join(unknown)}
        )
    lowest = leaf_tier()
    below: dict[int | None, list[int]] = {}
    for state in division.values():
        below.setdefault(state.parent_id, []).append(state.grid_id)
    found: set[int] = set()
    for code in codes:
        # A foreign code may name an area and its only child: the upper one counts.
        top = min(by_code[code], key=lambda grid: grid.tier.order)
        if top.tier.order >= lowest.order:
            raise TerritoryError(
                _("%(code)s is a grid already; name the area that it lies in.") % {"code": code}
            )
        waiting = [top.pk]
        while waiting:
            grid = waiting.pop()
            inner = [
                child for child in below.get(grid, []) if of_grid[child].tier.order < lowest.order
            ]
            waiting += inner
            if not inner:
                found.add(grid)
    return [division[pk] for pk in sorted(found, key=lambda pk: of_grid[pk].code)]


def leaf_tier() -> Tier:
    """The lowest tier: that of the grids."""
    tier = Tier.objects.order_by("-order").first()
    if tier is None:
        raise TerritoryError(_("No tier is set up yet."))
    return tier


def _must_be_draft(edition: Edition) -> None:
    edition.refresh_from_db(fields=["status"])
    if edition.status != EditionStatus.DRAFT:
        raise NotADraft(
            _("The edition %(name)s is %(status)s, not a draft.")
            % {"name": edition.name, "status": edition.get_status_display()}
        )


def _children(division: Mapping[int, State], parents: set[int]) -> list[State]:
    return [state for _pk, state in sorted(division.items()) if state.parent_id in parents]


def _whole(geometry: shapely.MultiPolygon) -> shapely.Geometry:
    parts = shapely.get_parts(geometry)
    return parts[0] if len(parts) == 1 else geometry


def _box(shapes: Iterable[shapely.Geometry]) -> Polygon:
    box = Polygon.from_bbox(shapely.total_bounds(list(shapes)).tolist())
    box.srid = 4326
    return box


def _buildings(
    parents: npt.NDArray[np.object_],
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Footprints, households, and the number of each building's courtyard (−1: none)."""
    rows = list(
        Building.objects.filter(point__bboverlaps=_box(parents))
        .annotate(wkb=AsWKB("footprint"))
        .order_by("pk")
        .values_list("wkb", "households", "estate")
    )
    footprints = _mended(shapely.from_wkb([bytes(row[0]) for row in rows]))
    estates = {name: number for number, name in enumerate(sorted({row[2] for row in rows} - {""}))}
    return (
        footprints,
        np.array([row[1] for row in rows], dtype=np.int64),
        np.array([estates.get(row[2], -1) for row in rows], dtype=np.int64),
    )


def _mended(shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Rings that cross themselves made valid; buildings are drawn by many hands."""
    shapes = np.asarray(shapes, dtype=object)
    broken = ~shapely.is_valid(shapes)
    shapes[broken] = shapely.buffer(shapes[broken], 0)
    return shapes


def _checked_layer(
    polygons: npt.NDArray[np.object_], households: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """The area layer, whole polygons only, and its households as they were given."""
    if (households < 0).any():
        raise TerritoryError(_("Households of an area layer must not be missing or negative."))
    return _mended(polygons), households


def _lines(
    parents: npt.NDArray[np.object_], weights: Mapping[str, float]
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.float64]]:
    """Roads (and walls) and the edges of water, each with its weight as a border."""
    box = _box(parents)
    roads = Road.objects.filter(line__bboverlaps=box).order_by("pk")
    waters = Water.objects.filter(area__bboverlaps=box).order_by("pk")
    rows = list(roads.annotate(wkb=AsWKB("line")).values_list("wkb", "kind"))
    shores = list(waters.annotate(wkb=AsWKB("area")).values_list("wkb", flat=True))
    shapes = [shapely.from_wkb(bytes(row[0])) for row in rows]
    shapes += [shapely.boundary(shapely.from_wkb(bytes(wkb))) for wkb in shores]
    found = [weights.get(row[1].removesuffix("_link"), OTHER_LINE) for row in rows]
    return (
        np.array([*shapes, None], dtype=object)[:-1],
        np.array(found + [WATER_WEIGHT] * len(shores), dtype=np.float64),
    )


def _workload(
    footprints: npt.NDArray[np.object_],
    households: npt.NDArray[np.int64],
    parents: npt.NDArray[np.object_],
    mix: Mix,
    now: dt.datetime,
) -> npt.NDArray[np.float64]:
    """The mix per building, scaled so that all of it together is the number of households."""
    bounds = tuple(float(edge) for edge in shapely.total_bounds(parents))
    parts = [(mix.households, households.astype(np.float64))]
    for share, port in ((mix.cases, ports.CASES), (mix.strength, ports.STRENGTH)):
        if share > 0:
            points = ports.points(port, now - YEAR, now, bounds)
            parts.append((share, _gathered(points, footprints, parents)))
    present = [(share, part) for share, part in parts if share > 0 and part.sum() > 0]
    if not present:
        return households.astype(np.float64)
    whole = sum(share for share, _part in present)
    mixed = sum(share / whole * part / part.sum() for share, part in present)
    return np.asarray(mixed * float(households.sum()), dtype=np.float64)


def _gathered(
    points: ports.WeightedPoints,
    footprints: npt.NDArray[np.object_],
    parents: npt.NDArray[np.object_],
) -> npt.NDArray[np.float64]:
    """The points' weight at the building nearest to each; points outside the parents are left."""
    total = np.zeros(len(footprints))
    places = shapely.points(points.lon, points.lat)
    inside = np.unique(shapely.STRtree(parents).query(places, predicate="intersects")[0])
    if len(inside) and len(footprints):
        nearest = shapely.STRtree(footprints).nearest(places[inside])
        np.add.at(total, nearest, np.maximum(points.weight[inside], 0.0))
    return total
