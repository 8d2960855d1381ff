"""From drawn grids to the layers of the file: numbering, names, rounding and checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely import LineString, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from data.demo import territory_rules as rules

DIGITS = 7  # of a degree: about a centimetre
ROW_M = 150.0  # grids whose centres lie in one band of this height count as one row
WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class DrawnGrid:
    """A grid before it has a number: three digits of its community, kind, outline (metres)."""

    community: str
    kind: str
    outline: BaseGeometry


class CoverageError(ValueError):
    """The division does not cover the street exactly; nothing is written."""


def noded_streets(streets: gpd.GeoDataFrame, own: str) -> gpd.GeoDataFrame:
    """The streets noded against each other, each neighbour without the ground of `own`.

    Ground that two outlines claim goes to `own`, else to the lower code.
    """
    lines = shapely.unary_union(streets.boundary.to_numpy(), grid_size=10.0**-DIGITS)
    faces = shapely.get_parts(shapely.polygonize([lines])).tolist()
    order = streets.assign(rank=streets["code"] != own).sort_values(["rank", "code"])
    owned: dict[str, list[Polygon]] = {}
    for face in faces:
        point = face.representative_point()
        inside = order[order.covers(point)]
        if len(inside):
            owned.setdefault(inside["code"].iloc[0], []).append(face)
    outlines = {code: _without_specks(shapely.coverage_union_all(f)) for code, f in owned.items()}
    return streets.assign(geometry=gpd.GeoSeries(streets["code"].map(outlines), crs=WGS84))


def _without_specks(geometry: BaseGeometry) -> BaseGeometry:
    parts = [p for p in shapely.get_parts(geometry).tolist() if p.area > 1e-8]  # about 100 m²
    whole: BaseGeometry = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
    return whole


def numbered(grids: Sequence[DrawnGrid]) -> list[tuple[str, DrawnGrid]]:
    """Fifteen-digit codes: in each community rows from north to south, in a row west to east."""
    out: list[tuple[str, DrawnGrid]] = []
    for community in sorted({g.community for g in grids}):
        own = [g for g in grids if g.community == community]
        north = max(g.outline.centroid.y for g in own)
        own.sort(
            key=lambda g: (
                math.floor((north - g.outline.centroid.y) / ROW_M),
                g.outline.centroid.x,
            )
        )
        out += [
            (f"{rules.STREET_CODE}{community}{number:03d}", grid)
            for number, grid in enumerate(own, start=1)
        ]
    return out


def to_degrees(geometries: Sequence[BaseGeometry]) -> np.ndarray[Any, Any]:
    """EPSG:4326, rounded; equal vertices stay equal."""
    moved = gpd.GeoSeries(list(geometries), crs=rules.METRIC_CRS).to_crs(WGS84).to_numpy()
    rounded = shapely.transform(moved, lambda xy: np.round(xy, DIGITS))
    clean: np.ndarray[Any, Any] = shapely.remove_repeated_points(rounded)
    return clean


def simplified(grids: Sequence[DrawnGrid], buildings: list[Polygon], tolerance_m: float) -> Any:
    """Straighter borders that still cut no building: the tolerance shrinks until none is cut."""
    outlines = [g.outline for g in grids]
    already = _cut(outlines, buildings)
    while tolerance_m > 0.2:
        straight = shapely.coverage_simplify(outlines, tolerance_m, simplify_boundary=False)
        if _cut(straight, buildings) <= already:
            return straight
        tolerance_m *= 0.8
    return outlines


def _cut(outlines: Any, buildings: list[Polygon]) -> set[int]:
    tree = STRtree([b.buffer(-0.1) for b in buildings])
    edges = shapely.boundary(np.asarray(outlines, dtype=object))
    return set(tree.query(edges, predicate="intersects")[1].tolist())


def check_coverage(outlines: Sequence[BaseGeometry], parent: BaseGeometry, what: str) -> None:
    """Raise unless the outlines are valid, do not overlap, and fill the parent exactly."""
    if not bool(np.all(shapely.is_valid(outlines))):
        raise CoverageError(f"{what}: an outline is not a valid polygon")
    if not shapely.coverage_is_valid(np.asarray(outlines, dtype=object)):
        raise CoverageError(f"{what}: outlines overlap or do not share their vertices")
    union = shapely.coverage_union_all(outlines)
    if not union.normalize().equals_exact(parent.normalize(), tolerance=0.0):
        raise CoverageError(f"{what}: children and parent differ")


def with_street_vertices(neighbour: BaseGeometry, street: BaseGeometry) -> BaseGeometry:
    """The neighbour with every vertex of the common border that the street has."""
    return shapely.snap(neighbour, street, 3 * 10.0**-DIGITS)


def compactness(metric: BaseGeometry) -> float:
    """Polsby-Popper: 1 for a circle, 0.785 for a square."""
    return float(4 * math.pi * metric.area / metric.length**2)


def inner_borders(outlines: Sequence[Polygon]) -> list[LineString]:
    """Segments between two grids, each once (metres)."""
    seen: dict[tuple[tuple[float, float], ...], int] = {}
    for outline in outlines:
        for ring in (outline.exterior, *outline.interiors):
            xy = [tuple(c) for c in shapely.get_coordinates(ring).tolist()]
            for a, b in pairwise(xy):
                key = (min(a, b), max(a, b))
                seen[key] = seen.get(key, 0) + 1
    return [LineString(key) for key, times in seen.items() if times == 2]
