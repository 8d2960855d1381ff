"""Maps on paper from the database: reads, and hands over to the pure drawing in paper/.

The CRS of a map is a transverse Mercator around the middle of its own area: metres are true there,
and north is straight up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyproj
import shapely
from django.contrib.gis.geos import Polygon
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from grids.territory.models import Boundary, Building, Road, Water
from grids.territory.paper.content import (
    TINTS,
    Area,
    Ground,
    Picture,
    Street,
    Thing,
    Words,
    colours,
)
from grids.territory.paper.drawing import Drawing, draw
from grids.territory.paper.frame import View, fit

DEGREES = "EPSG:4326"


@dataclass(frozen=True)
class Sheet:
    """The window for a map on paper, in millimetres."""

    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class Part:
    """One area on a plan: its boundary, the number on the map and the tint of the legend."""

    boundary: Boundary
    chip: str
    tint: int


class LocalMetres:
    """From degrees to metres around the middle of an area, and back."""

    def __init__(self, shape: BaseGeometry) -> None:
        west, south, east, north = shape.bounds
        local = (
            f"+proj=tmerc +lat_0={(south + north) / 2:.6f} +lon_0={(west + east) / 2:.6f} "
            "+k=1 +datum=WGS84 +units=m"
        )
        self._to = pyproj.Transformer.from_crs(DEGREES, local, always_xy=True)
        self._back = pyproj.Transformer.from_crs(local, DEGREES, always_xy=True)

    def metres(self, shape: BaseGeometry) -> BaseGeometry:
        """A shape in degrees as one in metres."""
        return shapely.transform(shape, self._to.transform, interleaved=False)

    def box(self, view: View) -> Polygon:
        """What the window shows, as a box in degrees for the database."""
        west, south, east, north = view.ground
        lons, lats = self._back.transform([west, west, east, east], [south, north, south, north])
        return Polygon.from_bbox((min(lons), min(lats), max(lons), max(lats)))


def outline(boundary: Boundary) -> BaseGeometry:
    """The outline of an area as a shapely geometry in degrees."""
    if boundary.geometry is None:
        raise ValueError("A tombstone has no outline to draw.")
    return shapely.make_valid(shapely.from_wkb(bytes(boundary.geometry.wkb)))


def grid_map(boundary: Boundary, sheet: Sheet, *, now: datetime) -> Drawing:
    """One area with its streets and buildings; its neighbours in the same tier are named."""
    degrees = outline(boundary)
    local = LocalMetres(degrees)
    focus = local.metres(degrees)
    view = fit(focus, sheet.width_mm, sheet.height_mm, margin_mm=9)
    box = local.box(view)
    areas = _around(boundary, box, local, now)
    areas.append(Area(focus, level=1, tint=0, required=False))
    picture = Picture(
        focus, areas, _ground(box, local), building_names=view.scale <= 5000, words=_words()
    )
    return draw(picture, view, title=_("Map of %(name)s") % {"name": boundary.label})


def many_map(boundaries: Sequence[Boundary], sheet: Sheet) -> Drawing:
    """Several areas on one map, each with its name: the areas of one person, say."""
    shapes = [outline(boundary) for boundary in boundaries]
    together = shapely.union_all(shapes)
    local = LocalMetres(together)
    focus = local.metres(together)
    view = fit(focus, sheet.width_mm, sheet.height_mm, margin_mm=9)
    metres = [local.metres(shape) for shape in shapes]
    areas = [
        Area(shape, boundary.label, level=2, tint=tint)
        for boundary, shape, tint in zip(boundaries, metres, colours(metres), strict=True)
    ]
    picture = Picture(focus, areas, _ground(local.box(view), local), words=_words())
    return draw(picture, view, title=_("Map of the areas"))


def plan_map(boundary: Boundary, parts: Sequence[Part], sheet: Sheet, *, now: datetime) -> Drawing:
    """An area with its parts, numbered and tinted as `parts` says."""
    degrees = outline(boundary)
    local = LocalMetres(degrees)
    focus = local.metres(degrees)
    view = fit(focus, sheet.width_mm, sheet.height_mm)
    areas = [
        Area(
            local.metres(outline(part.boundary)),
            chip=part.chip,
            chip_mm=5.6 if sheet.width_mm > 220 else 3.6,
            level=3,
            tint=part.tint,
        )
        for part in parts
    ]
    areas += _around(boundary, local.box(view), local, now)
    areas.append(Area(focus, level=1, required=False))
    ground = _ground(local.box(view), local)
    picture = Picture(focus, areas, ground, building_names=view.scale <= 4000, words=_words())
    return draw(picture, view, title=_("Plan of %(name)s") % {"name": boundary.label})


def panorama_map(
    boundary: Boundary,
    middle: Sequence[Part],
    leaves: Sequence[Part],
    sheet: Sheet,
    *,
    now: datetime,
) -> Drawing:
    """A whole street: its communities by name and tint, the grids within them by number."""
    degrees = outline(boundary)
    local = LocalMetres(degrees)
    focus = local.metres(degrees)
    view = fit(focus, sheet.width_mm, sheet.height_mm)
    areas = [
        Area(local.metres(outline(part.boundary)), part.boundary.label, level=2, tint=part.tint)
        for part in middle
    ]
    areas += [
        Area(local.metres(outline(part.boundary)), chip=part.chip, level=3) for part in leaves
    ]
    areas += _around(boundary, local.box(view), local, now)
    areas.append(Area(focus, level=1, required=False))
    picture = Picture(focus, areas, _ground(local.box(view), local), words=_words())
    return draw(picture, view, title=_("Panorama of %(name)s") % {"name": boundary.label})


def tints_of(boundaries: Sequence[Boundary]) -> list[int]:
    """A tint for each area so that neighbours differ."""
    if not boundaries:
        return []
    shapes = [outline(boundary) for boundary in boundaries]
    local = LocalMetres(shapely.union_all(shapes))
    metres = [local.metres(shape) for shape in shapes]
    # Few areas have a tint each; of many only neighbours differ.
    return colours(metres, len(metres) if len(metres) <= len(TINTS) else 6)


def landscape(boundary: Boundary) -> bool:
    """Whether the area is wider than it is high."""
    local = LocalMetres(outline(boundary))
    west, south, east, north = local.metres(outline(boundary)).bounds
    return east - west >= north - south


def ground_sources() -> list[str]:
    """Where the ground on the maps comes from, each source once."""
    found: set[str] = set()
    for model in (Building, Road, Water):
        found.update(model.objects.exclude(source="").values_list("source", flat=True).distinct())
    return sorted(found)


def _around(boundary: Boundary, box: Polygon, local: LocalMetres, now: datetime) -> list[Area]:
    """Neighbours of the same tier: a pale line, and their names where there is room."""
    found = (
        Boundary.objects.valid_at(now)
        .filter(geometry__intersects=box, grid__tier_id=boundary.grid.tier_id)
        .exclude(pk=boundary.pk)
        .order_by("grid__code")
    )
    return [Area(local.metres(outline(one)), one.label, level=4, required=False) for one in found]


def _ground(box: Polygon, local: LocalMetres) -> Ground:
    def shape(geometry: object) -> BaseGeometry:
        return local.metres(shapely.from_wkb(bytes(geometry.wkb)))  # type: ignore[attr-defined]

    english = (get_language() or "").startswith("en")

    def name(feature: Building | Road | Water) -> str:
        return (feature.name_en if english else "") or feature.name

    def inside(model: type, column: str) -> list:
        found = model.objects.filter(**{f"{column}__bboverlaps": box})
        return list(found.only("name", "name_en", "kind", column).order_by("pk"))

    return Ground(
        [Thing(shape(one.footprint), name(one)) for one in inside(Building, "footprint")],
        [Street(shape(one.line), name(one), one.kind) for one in inside(Road, "line")],
        [Thing(shape(one.area), name(one)) for one in inside(Water, "area")],
    )


def _words() -> Words:
    return Words(north=pgettext("north arrow", "N"), metres=_("m"), kilometres=_("km"))
