"""The coverage law: the children of a divided area cover it without a gap and without an overlap.

Input geometries are Shapely polygons or multipolygons in EPSG:4326 (degrees); areas come back in
m², measured in the UTM zone around the parent's centre.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyproj
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gridmgmt.core.crs import metric_crs

# Below this size a fault is the rounding of doubles, not of the drawing: 10 cm × 10 cm.
# Such slivers are counted and summed in the report, but are no findings of their own.
SLIVER_M2 = 0.01


@dataclass(frozen=True)
class CoverageFinding:
    """One fault: `kind` as in FindingKind, the codes it touches, its ground and size.

    `geometry` (EPSG:4326) and `area_m2` are None where the fault has no ground (a missing parent).
    `repair` is a verb and a code, such as `give:110108014001`.
    """

    kind: str
    codes: tuple[str, ...]
    geometry: BaseGeometry | None = None
    area_m2: float | None = None
    repair: str = ""
    tier: str = ""

    @property
    def place(self) -> tuple[float, float] | None:
        """Longitude and latitude of a point on the faulty ground."""
        if self.geometry is None or self.geometry.is_empty:
            return None
        point = self.geometry.representative_point()
        return (point.x, point.y)


@dataclass
class CoverageReport:
    """All findings, and what was too small to be one."""

    findings: list[CoverageFinding] = field(default_factory=list)
    slivers: int = 0
    sliver_m2: float = 0.0

    def merge(self, other: CoverageReport) -> None:
        """Add the other report to this one."""
        self.findings += other.findings
        self.slivers += other.slivers
        self.sliver_m2 += other.sliver_m2


def area_m2(geometry: BaseGeometry) -> float:
    """Area of an EPSG:4326 geometry in m²; 0 for an empty one."""
    if geometry.is_empty:
        return 0.0
    west, south, east, north = geometry.bounds
    return float(_to_metres(geometry, metric_crs((west + east) / 2, (south + north) / 2)).area)


def ring_fault(geometry: BaseGeometry | None) -> str | None:
    """Why this is no polygon that an area could have (GEOS's words); None when it is one."""
    if geometry is None or geometry.is_empty:
        return "empty geometry"
    if not isinstance(geometry, Polygon | MultiPolygon):
        return f"{geometry.geom_type} instead of a polygon"
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        return "coordinates that are not finite"
    if not geometry.is_valid:
        return str(shapely.is_valid_reason(geometry))
    return None


def check_children(
    parent: BaseGeometry, children: Mapping[str, BaseGeometry], *, sliver_m2: float = SLIVER_M2
) -> CoverageReport:
    """Findings of one divided area; `children` are its children's geometries by code.

    An area without children is undivided, which is legal: no findings. Children whose ring is
    invalid are reported and left out of the other checks.
    """
    report = CoverageReport()
    sound: dict[str, BaseGeometry] = {}
    for code, geometry in children.items():
        if ring_fault(geometry):
            report.findings.append(
                CoverageFinding("invalid_ring", (code,), _mended(geometry), None, f"redraw:{code}")
            )
        else:
            sound[code] = geometry
    if not sound:
        return report
    west, south, east, north = parent.bounds
    crs = metric_crs((west + east) / 2, (south + north) / 2)
    union = shapely.union_all(list(sound.values()))
    for finding in _faults(parent, union, sound):
        size = float(_to_metres(finding.geometry, crs).area) if finding.geometry else 0.0
        if size < sliver_m2:
            report.slivers += 1
            report.sliver_m2 += size
        else:
            report.findings.append(
                CoverageFinding(finding.kind, finding.codes, finding.geometry, size, finding.repair)
            )
    return report


def _faults(
    parent: BaseGeometry, union: BaseGeometry, children: Mapping[str, BaseGeometry]
) -> Iterator[CoverageFinding]:
    codes = list(children)
    shapes = list(children.values())
    tree = shapely.STRtree(shapes)
    for part in _polygons(parent.difference(union)):
        neighbour = _longest_border(part, tree, codes, shapes)
        yield CoverageFinding("gap", (neighbour,), part, None, f"give:{neighbour}")
    for first, second, part in _overlaps(tree, shapes):
        larger = first if shapes[first].area >= shapes[second].area else second
        pair = tuple(sorted((codes[first], codes[second])))
        yield CoverageFinding("overlap", pair, part, None, f"cut:{codes[larger]}")
    if union.difference(parent).is_empty:
        return
    for code, shape in children.items():
        for part in _polygons(shape.difference(parent)):
            yield CoverageFinding("outside_parent", (code,), part, None, f"clip:{code}")


def _overlaps(
    tree: shapely.STRtree, shapes: list[BaseGeometry]
) -> Iterator[tuple[int, int, BaseGeometry]]:
    """Pairs of shapes that share ground, with each connected piece of it."""
    if shapely.coverage_is_valid(shapes):
        return
    # Only a shape with an edge that fits no neighbour can overlap one.
    suspects = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(shapes)))
    if not len(suspects):
        return
    lefts, rights = tree.query([shapes[i] for i in suspects], predicate="intersects")
    pairs = {
        (min(int(suspects[left]), int(right)), max(int(suspects[left]), int(right)))
        for left, right in zip(lefts, rights, strict=True)
        if suspects[left] != right
    }
    for first, second in sorted(pairs):
        for part in _polygons(shapes[first].intersection(shapes[second])):
            yield first, second, part


def _longest_border(
    part: BaseGeometry, tree: shapely.STRtree, codes: list[str], shapes: list[BaseGeometry]
) -> str:
    """The code of the child that shares the longest border with a gap; else of the nearest."""
    near = tree.query(part, predicate="dwithin", distance=1e-7)
    if not len(near):
        return codes[int(tree.nearest(part))]
    ring = part.boundary.buffer(1e-7)
    lengths = {codes[int(i)]: shapes[int(i)].boundary.intersection(ring).length for i in near}
    return min(lengths, key=lambda code: (-lengths[code], code))


def _polygons(geometry: BaseGeometry) -> Iterable[BaseGeometry]:
    """The polygons of a geometry; points and lines that touch are no ground."""
    parts = shapely.get_parts(geometry)
    return [part for part in shapely.get_parts(parts) if isinstance(part, Polygon) and part.area]


def _mended(geometry: BaseGeometry | None) -> BaseGeometry | None:
    if geometry is None or geometry.is_empty:
        return None
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        return None
    return shapely.make_valid(geometry)


def _to_metres(geometry: BaseGeometry, crs: str) -> BaseGeometry:
    def move(coordinates: np.ndarray) -> np.ndarray:
        return np.column_stack(_transformer(crs).transform(coordinates[:, 0], coordinates[:, 1]))

    return shapely.transform(geometry, move)


@functools.lru_cache(maxsize=32)
def _transformer(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
