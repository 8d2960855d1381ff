"""The coverage law: the children of a divided area cover it without a gap and without an overlap.

Input geometries are Shapely polygons or multipolygons in EPSG:4326 (degrees); areas come back in
m², measured in the UTM zone around the parent's centre. `borders.prove` settles what holds; only
where it does not is the faulty ground worked out (`arrangement.arrange`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gridmgmt.core.crs import metric_crs
from grids.territory.geometry import borders
from grids.territory.geometry.arrangement import (
    GAP,
    OUTSIDE,
    OVERLAP,
    Arrangement,
    Fault,
    arrange,
    to_metres,
)

# A fault of ground smaller or thinner than this is a sliver: nobody meant it, and a repair by
# snapping the borders together changes nothing that anybody could see. Rounding of doubles
# (borders.ROUNDING_WIDTH_M) is summed in the report; everything else is a finding.
SLIVER_M2 = 1.0
SLIVER_WIDTH_M = 0.01

SLIVER, INVALID_RING = "sliver", "invalid_ring"


@dataclass(frozen=True)
class CoverageFinding:
    """One fault: `kind` as in FindingKind, the codes it touches, its ground and size.

    `geometry` (EPSG:4326) and `area_m2` are None where the fault has no ground (a missing parent).
    `repair` is a verb and a code, such as `give:110108014001`. `area` is the id of the grid whose
    check found it: the divided area, or for a fault of one outline its own grid.
    """

    kind: str
    codes: tuple[str, ...]
    geometry: BaseGeometry | None = None
    area_m2: float | None = None
    repair: str = ""
    tier: str = ""
    area: int | None = None

    @property
    def place(self) -> tuple[float, float] | None:
        """Longitude and latitude of a point on the faulty ground."""
        if self.geometry is None or self.geometry.is_empty:
            return None
        point = self.geometry.representative_point()
        return (point.x, point.y)


@dataclass
class CoverageReport:
    """All findings, and how much was only the rounding of doubles."""

    findings: list[CoverageFinding] = field(default_factory=list)
    rounding: int = 0
    rounding_m2: float = 0.0

    def merge(self, other: CoverageReport) -> None:
        """Add the other report to this one."""
        self.findings += other.findings
        self.rounding += other.rounding
        self.rounding_m2 += other.rounding_m2


def area_m2(geometry: BaseGeometry) -> float:
    """Area of an EPSG:4326 geometry in m²; 0 for an empty one."""
    if geometry.is_empty:
        return 0.0
    west, south, east, north = geometry.bounds
    project = to_metres(metric_crs((west + east) / 2, (south + north) / 2))
    return float(shapely.transform(geometry, project).area)


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
    parent: BaseGeometry, children: Mapping[str, BaseGeometry | None]
) -> CoverageReport:
    """Findings of one divided area; `children` are its children's geometries by code.

    An area without children is undivided, which is legal: no findings. Children whose ring is
    invalid are reported and left out of the other checks.
    """
    return check_areas([parent], [children])[0]


def check_areas(
    parents: Sequence[BaseGeometry], children: Sequence[Mapping[str, BaseGeometry | None]]
) -> list[CoverageReport]:
    """One report for each of many divided areas, in their order.

    All borders are compared at once, which is why this is faster than area by area.
    """
    codes = [code for group in children for code in group]
    shapes = np.empty(len(codes), dtype=object)
    shapes[:] = [shape for group in children for shape in group.values()]
    group = np.repeat(np.arange(len(parents)), [len(members) for members in children])
    outlines = np.empty(len(parents), dtype=object)
    outlines[:] = list(parents)
    reports = [CoverageReport() for _ in parents]
    good = borders.sound(shapes)
    for index in np.flatnonzero(~good):
        reports[int(group[index])].findings.append(invalid_ring(codes[index], shapes[index]))
    # Of an area without a sound ring nothing can be said; it is reported where it is a child.
    divided = np.flatnonzero(borders.sound(outlines))
    divided = divided[np.isin(divided, group[good])]
    number = np.full(len(parents), -1)
    number[divided] = np.arange(len(divided))
    checked = good & (number[group] >= 0)
    residue = borders.prove(outlines[divided], shapes[checked], number[group[checked]])
    if reports:
        reports[0].rounding += residue.rounding
        reports[0].rounding_m2 += residue.rounding_m2
    for faulty in residue.groups():
        area = int(divided[faulty])
        members = np.flatnonzero(checked & (group == area))
        arrangement = arrange(
            outlines[area], list(shapes[members]), residue=residue.ends[residue.group == faulty]
        )
        _report(arrangement, [codes[i] for i in members], reports[area])
    return reports


def invalid_ring(code: str, geometry: BaseGeometry | None) -> CoverageFinding:
    """The finding for an outline that is no polygon; what can be mended is proposed so."""
    mended = mend(geometry)
    verb = "redraw" if mended is None else "mend"
    return CoverageFinding(INVALID_RING, (code,), mended, None, f"{verb}:{code}")


def mend(geometry: BaseGeometry | None) -> BaseGeometry | None:
    """The polygons of an invalid outline, made valid; None when nothing can be made of it."""
    if geometry is None or geometry.is_empty:
        return None
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        return None
    parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(geometry)))
    polygons = [part for part in parts if isinstance(part, Polygon) and part.area]
    return MultiPolygon(polygons) if polygons else None


def _report(arrangement: Arrangement, codes: list[str], report: CoverageReport) -> None:
    for fault in arrangement.faults():
        if fault.is_rounding:
            report.rounding += 1
            report.rounding_m2 += fault.area_m2
        else:
            report.findings.append(finding_of(arrangement, fault, codes))


def is_sliver(fault: Fault) -> bool:
    """Whether nobody can have meant it: below SLIVER_M2, or thinner than SLIVER_WIDTH_M."""
    return fault.area_m2 < SLIVER_M2 or fault.width_m < SLIVER_WIDTH_M


def finding_of(arrangement: Arrangement, fault: Fault, codes: Sequence[str]) -> CoverageFinding:
    """The fault in words; `codes` are the children's, in the arrangement's order."""
    target, touching = heir(arrangement, fault, codes)
    verb = {GAP: "give", OVERLAP: "cut", OUTSIDE: "clip"}[fault.nature]
    kind = fault.nature
    if is_sliver(fault):
        kind, verb = SLIVER, "snap"
    return CoverageFinding(
        kind,
        tuple(sorted(codes[child] for child in touching)),
        fault.ground,
        fault.area_m2,
        f"{verb}:{codes[target]}",
    )


def heir(arrangement: Arrangement, fault: Fault, codes: Sequence[str]) -> tuple[int, list[int]]:
    """Which child the proposed repair changes first, and all that the fault touches.

    A gap goes to the child with the longest border along it (else the nearest), an overlap is cut
    out of the largest; ties go by code, so that the same ground always gets the same answer.
    """
    if fault.nature == GAP:
        lengths = arrangement.neighbours(fault) or {arrangement.nearest(fault): 0.0}
        best = min(lengths, key=lambda child: (-round(lengths[child], 12), codes[child]))
        return best, list(lengths)
    areas = {child: arrangement.shapes[child].area for child in fault.holders}
    largest = min(areas, key=lambda child: (-areas[child], codes[child]))
    return largest, list(fault.holders)


def placed(finding: CoverageFinding, *, tier: str, area: int | None) -> CoverageFinding:
    """The finding with its tier and with the grid whose check found it."""
    return replace(finding, tier=tier, area=area)
