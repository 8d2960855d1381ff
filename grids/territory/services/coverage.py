"""Check a division, published or drafted, against the coverage law; store what is found."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction
from django.db.models import Q, QuerySet
from shapely.geometry.base import BaseGeometry

from grids.territory.choices import STRUCTURAL, FindingKind
from grids.territory.geometry import borders
from grids.territory.geometry.coverage import (
    CoverageFinding,
    CoverageReport,
    check_areas,
    invalid_ring,
    placed,
    ring_fault,
)
from grids.territory.models import Boundary, Edition, Finding, Tier
from grids.territory.services import ground_check, outline_check
from grids.territory.services.nodes import Node, nodes_of

__all__ = ["Node", "division", "examine", "geometries", "recheck", "store", "to_geos"]

# Found with one outline; all other kinds are found with the division of an area.
OWN_KINDS = frozenset(
    {
        FindingKind.INVALID_RING,
        FindingKind.DOUBLED_CODE,
        FindingKind.MISSING_PARENT,
        FindingKind.CODE_MISMATCH,
        FindingKind.BUILDING_CUT,
        FindingKind.HOLE,
        FindingKind.MULTI_PART,
        FindingKind.OVER_BAND,
        FindingKind.UNDER_BAND,
        FindingKind.UNCONFIRMED,
    }
)

# Of those, what depends on the parent alone.
TREE_KINDS = frozenset({FindingKind.MISSING_PARENT, FindingKind.CODE_MISMATCH})


@dataclass
class _Task:
    """What is to be checked: divided areas, and outlines by themselves, among the nodes known.

    `hung` names areas of which only their place below their parent is checked, `beside` those
    of which only the buildings at their borders are.
    """

    nodes: Mapping[int, Node]
    areas: Collection[int]
    own: Collection[int]
    national: set[int]
    hung: Collection[int] = ()
    beside: Collection[int] = ()
    children: dict[int, list[Node]] = field(default_factory=lambda: defaultdict(list))
    shapes: dict[int, BaseGeometry] = field(default_factory=dict)  # by grid id

    def __post_init__(self) -> None:
        for node in sorted(self.nodes.values(), key=lambda node: node.code):
            if node.parent_id is not None:
                self.children[node.parent_id].append(node)
        divided = [a for a in self.areas if a in self.nodes and self.children.get(a)]
        self.areas = sorted(divided)
        self.own = sorted(grid for grid in self.own if grid in self.nodes)
        wanted = {*self.areas, *self.own}
        wanted |= {node.grid_id for area in self.areas for node in self.children[area]}
        found = geometries([self.nodes[grid].boundary_id for grid in wanted])
        self.shapes = {grid: found[self.nodes[grid].boundary_id] for grid in wanted}

    def sound(self) -> dict[int, BaseGeometry]:
        """Only outlines that are polygons."""
        shapes = np.empty(len(self.shapes), dtype=object)
        shapes[:] = list(self.shapes.values())
        good = borders.sound(shapes)
        return {
            grid: self.shapes[grid] for grid, fine in zip(self.shapes, good, strict=True) if fine
        }


def division(moment: dt.datetime, edition: Edition | None = None) -> dict[int, Node]:
    """The areas in force at `moment` by grid id, with `edition` laid over them when given."""
    nodes = nodes_of(Boundary.objects.valid_at(moment))
    if edition is not None:
        tombstones = edition.boundaries.filter(geometry__isnull=True)
        for grid_id in tombstones.values_list("grid_id", flat=True):
            nodes.pop(grid_id, None)
        nodes |= nodes_of(edition.boundaries.filter(geometry__isnull=False))
    return nodes


def examine(
    moment: dt.datetime,
    edition: Edition | None = None,
    *,
    whole: bool = False,
    advice: bool = False,
) -> CoverageReport:
    """Findings of the division at `moment`; with an edition, of the areas that it touches.

    `whole` checks every area of the resulting division, `advice` tells also what is no breach of
    the law (holes, parts, household bands, buildings cut by a border, outlines not confirmed).
    """
    nodes = division(moment, edition)
    before = division(moment) if edition is not None and not whole else {}
    changed = set(nodes) if whole or edition is None else _changed(nodes, before)
    touched = {nodes[grid].parent_id for grid in changed if grid in nodes}
    touched |= {before[grid].parent_id for grid in changed if grid in before}
    touched |= changed
    touched.discard(None)
    orphans = {
        grid
        for grid, node in nodes.items()
        if node.parent_id is not None and node.parent_id not in nodes
    }
    task = _Task(nodes, touched, changed | orphans, _national(nodes.values()))
    return _check(task, advice=advice)


@transaction.atomic
def recheck(edition: Edition, grid_ids: Iterable[int], *, now: dt.datetime) -> CoverageReport:
    """Check a draft again after a change of these grids; what else it has found stays stored.

    Looks at the divided areas that the grids lie in, in force and in the draft, and at the grids
    themselves; nothing else is read. A grid that was taken from one parent to another and back
    needs the parent that it left named among `grid_ids`. Returns what was found there.
    """
    changed = set(grid_ids)
    rows = Boundary.objects.filter(Q(edition=edition) | Q(valid__upper_inf=True))
    touched = set(rows.filter(grid_id__in=changed).values_list("parent_id", flat=True)) | changed
    touched.discard(None)
    nodes = _drafted_nodes(edition, touched)
    below = {grid for grid, node in nodes.items() if node.parent_id in touched}
    task = _Task(nodes, touched, changed & nodes.keys(), _national(nodes.values()), below)
    task.beside = _beside(task)
    report = _check(task, advice=True)
    checked = {node.grid_id for area in task.areas for node in task.children[area]}
    stored = edition.findings.filter(
        Q(area_id__in=changed, kind__in=OWN_KINDS)
        | Q(area_id__in=below, kind__in=TREE_KINDS)
        | Q(area_id__in=task.beside, kind=FindingKind.BUILDING_CUT)
        | Q(area_id__in=checked, kind=FindingKind.INVALID_RING)
        | Q(area_id__in=touched) & ~Q(kind__in=OWN_KINDS)
    )
    stored.delete()
    _write(edition, report.findings)
    return report


def _drafted_nodes(edition: Edition, areas: set[int]) -> dict[int, Node]:
    """These areas and what lies directly below them, as the draft has it.

    Two plain questions that an index answers, instead of one over the whole division.
    """
    asked = Q(parent_id__in=areas) | Q(grid_id__in=areas)
    standing = nodes_of(Boundary.objects.filter(asked, valid__upper_inf=True))
    drafted = edition.boundaries.filter(asked | Q(grid_id__in=list(standing)))
    rows = dict(drafted.values_list("pk", "grid_id"))
    for grid in rows.values():
        standing.pop(grid, None)
    held = Boundary.objects.filter(asked, pk__in=list(rows), geometry__isnull=False)
    return standing | nodes_of(held)


@transaction.atomic
def check_draft(edition: Edition, *, now: dt.datetime) -> CoverageReport:
    """Check the whole division as the draft has it, and store all that was found."""
    report = examine(now, edition, whole=True, advice=True)
    store(edition, report.findings)
    return report


def _check(task: _Task, *, advice: bool) -> CoverageReport:
    report = CoverageReport(findings=list(_structure(task)))
    by_code = {}
    members = []
    for area in task.areas:
        by_code[area] = {node.code: node for node in task.children[area]}
        members.append({code: task.shapes[n.grid_id] for code, n in by_code[area].items()})
    for area, found in zip(
        task.areas, check_areas([task.shapes[area] for area in task.areas], members), strict=True
    ):
        tier = task.children[area][0].tier_code
        for position, finding in enumerate(found.findings):
            own = finding.kind == FindingKind.INVALID_RING
            place = by_code[area][finding.codes[0]].grid_id if own else area
            found.findings[position] = placed(finding, tier=tier, area=place)
        report.merge(found)
    checked = set(task.areas)
    for grid in task.own:
        node = task.nodes[grid]
        if node.parent_id not in checked and ring_fault(task.shapes[grid]):
            ring = invalid_ring(node.code, task.shapes[grid])
            report.findings.append(placed(ring, tier=node.tier_code, area=grid))
    report.findings += ground_check.uncovered(report.findings)
    if advice:
        own = [task.nodes[grid] for grid in task.own]
        known = {*task.own, *task.beside}
        leaves = [task.nodes[grid] for grid in sorted(known) if _is_leaf(task.nodes[grid], task)]
        shapes = task.sound()
        report.findings += outline_check.advice(own, task.children, shapes)
        report.findings += ground_check.bands(own, shapes)
        report.findings += ground_check.cut_buildings(leaves, task.children, shapes)
    return report


def _beside(task: _Task) -> set[int]:
    """Areas whose boxes meet those of the own ones below the same parents: a building may stand
    in both, and count for the one that was not changed."""
    near = {node.grid_id for area in task.areas for node in task.children[area]} - set(task.own)
    own = [task.shapes[grid] for grid in task.own]
    grids = sorted(near)
    met = shapely.STRtree(own).query([task.shapes[grid] for grid in grids])[0] if grids else ()
    return {grids[number] for number in met}


def _is_leaf(node: Node, task: _Task) -> bool:
    return not task.children.get(node.grid_id)


def _changed(nodes: dict[int, Node], before: dict[int, Node]) -> set[int]:
    return {
        grid
        for grid in nodes.keys() | before.keys()
        if grid not in nodes
        or grid not in before
        or nodes[grid].boundary_id != before[grid].boundary_id
    }


def _structure(task: _Task) -> Iterable[CoverageFinding]:
    """Missing parents, and codes that fit neither their tier nor their parent."""
    for grid in sorted({*task.own, *task.hung}):
        node = task.nodes[grid]
        parent = task.nodes.get(node.parent_id) if node.parent_id is not None else None
        if node.parent_id is not None and (parent is None or parent.tier_order >= node.tier_order):
            yield CoverageFinding(
                FindingKind.MISSING_PARENT.value,
                (node.code,),
                repair=f"name-parent:{node.code}",
                tier=node.tier_code,
                area=grid,
            )
        elif node.tier_id in task.national and not _fits(node, parent):
            yield CoverageFinding(
                FindingKind.CODE_MISMATCH.value,
                (node.code,),
                repair=f"recode:{node.code}",
                tier=node.tier_code,
                area=grid,
            )


def _national(nodes: Iterable[Node]) -> set[int]:
    """Tiers with a code of the tier's own scheme among these."""
    return {node.tier_id for node in nodes if is_national(node.code, node.code_length)}


def is_national(code: str, length: int | None) -> bool:
    """Whether a code follows the tier's own scheme: digits only, of its length."""
    return length is not None and len(code) == length and re.fullmatch(r"[0-9]+", code) is not None


def _fits(node: Node, parent: Node | None) -> bool:
    """Of a tier that uses national codes: right length, and beginning with the parent's."""
    if not is_national(node.code, node.code_length):
        return False
    if parent is None or not is_national(parent.code, parent.code_length):
        return True
    return node.code.startswith(parent.code)


def geometries(boundary_ids: Iterable[int]) -> dict[int, BaseGeometry]:
    """Shapely geometries by boundary id; a tombstone has an empty one."""
    rows: QuerySet = Boundary.objects.filter(pk__in=list(boundary_ids))
    found = list(rows.order_by().annotate(wkb=AsWKB("geometry")).values_list("pk", "wkb"))
    shapes = shapely.from_wkb([None if wkb is None else bytes(wkb) for _pk, wkb in found])
    return {
        pk: shapely.MultiPolygon() if shape is None else shape
        for (pk, _wkb), shape in zip(found, shapes, strict=True)
    }


def to_geos(geometry: BaseGeometry) -> GEOSGeometry:
    """A Shapely geometry in EPSG:4326 as Django stores it."""
    return GEOSGeometry(memoryview(shapely.to_wkb(geometry)), srid=4326)


def from_geos(geometry: GEOSGeometry | None) -> BaseGeometry | None:
    """The reverse of `to_geos`; None stays None."""
    return None if geometry is None else shapely.from_wkb(bytes(geometry.wkb))


def is_structural(finding: CoverageFinding) -> bool:
    """Whether nobody may accept it."""
    return finding.kind in {kind.value for kind in STRUCTURAL}


def store(edition: Edition, findings: Iterable[CoverageFinding]) -> list[Finding]:
    """Replace the edition's stored findings by these."""
    edition.findings.all().delete()
    return _write(edition, findings)


def _write(edition: Edition, findings: Iterable[CoverageFinding]) -> list[Finding]:
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    return Finding.objects.bulk_create(
        [
            Finding(
                edition=edition,
                kind=finding.kind,
                tier=tiers[finding.tier],
                area_id=finding.area,
                codes=list(finding.codes),
                area_m2=finding.area_m2,
                geometry=to_geos(finding.geometry) if finding.geometry is not None else None,
                repair=finding.repair,
            )
            for finding in findings
        ],
        batch_size=1000,
    )
