"""Check a division, published or drafted, against the coverage law; store what is found."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import shapely
from django.contrib.gis.geos import GEOSGeometry
from shapely.geometry.base import BaseGeometry

from grids.territory.choices import STRUCTURAL, FindingKind
from grids.territory.geometry.coverage import (
    CoverageFinding,
    CoverageReport,
    check_children,
    ring_fault,
)
from grids.territory.models import Boundary, Edition, Finding, Tier


@dataclass(frozen=True, slots=True)
class Node:
    """One area of a division, without its geometry."""

    boundary_id: int
    grid_id: int
    parent_id: int | None
    code: str
    tier_id: int
    tier_code: str
    tier_order: int
    code_length: int | None


_COLUMNS = (
    "id",
    "grid_id",
    "parent_id",
    "grid__code",
    "grid__tier_id",
    "grid__tier__code",
    "grid__tier__order",
    "grid__tier__code_length",
)


def division(moment: dt.datetime, edition: Edition | None = None) -> dict[int, Node]:
    """The areas in force at `moment` by grid id, with `edition` laid over them when given."""
    nodes = {row[1]: Node(*row) for row in Boundary.objects.valid_at(moment).values_list(*_COLUMNS)}
    if edition is not None:
        tombstones = edition.boundaries.filter(geometry__isnull=True)
        for grid_id in tombstones.values_list("grid_id", flat=True):
            nodes.pop(grid_id, None)
        drafted = edition.boundaries.filter(geometry__isnull=False)
        nodes |= {row[1]: Node(*row) for row in drafted.values_list(*_COLUMNS)}
    return nodes


def examine(
    moment: dt.datetime, edition: Edition | None = None, *, whole: bool = False
) -> CoverageReport:
    """Findings of the division at `moment`; with an edition, of the areas that it touches.

    `whole` checks every area of the resulting division.
    """
    nodes = division(moment, edition)
    before = division(moment) if edition is not None else {}
    changed = set(nodes) if whole or edition is None else _changed(nodes, before)
    report = CoverageReport(findings=[*_structure(nodes, changed)])
    children: dict[int, list[Node]] = defaultdict(list)
    for node in nodes.values():
        if node.parent_id is not None:
            children[node.parent_id].append(node)
    touched = {nodes[grid].parent_id for grid in changed if grid in nodes}
    touched |= {before[grid].parent_id for grid in changed if grid in before}
    touched |= changed
    for parent_id in sorted(touched & nodes.keys() & children.keys()):
        report.merge(_check_area(nodes[parent_id], children[parent_id]))
    lonely = [nodes[g] for g in sorted(changed & nodes.keys()) if nodes[g].parent_id not in nodes]
    report.findings += _rings(lonely)
    return report


def _changed(nodes: dict[int, Node], before: dict[int, Node]) -> set[int]:
    return {
        grid
        for grid in nodes.keys() | before.keys()
        if grid not in nodes
        or grid not in before
        or nodes[grid].boundary_id != before[grid].boundary_id
    }


def _check_area(parent: Node, children: list[Node]) -> CoverageReport:
    shapes = geometries([parent.boundary_id, *(child.boundary_id for child in children)])
    ground = shapes[parent.boundary_id]
    if ring_fault(ground):
        return CoverageReport()  # reported with its own parent, or with the roots
    ordered = sorted(children, key=lambda child: child.code)
    report = check_children(ground, {child.code: shapes[child.boundary_id] for child in ordered})
    report.findings = [
        CoverageFinding(f.kind, f.codes, f.geometry, f.area_m2, f.repair, children[0].tier_code)
        for f in report.findings
    ]
    return report


def _rings(nodes: list[Node]) -> list[CoverageFinding]:
    shapes = geometries([node.boundary_id for node in nodes])
    return [
        CoverageFinding(
            FindingKind.INVALID_RING.value,
            (node.code,),
            None,
            None,
            f"redraw:{node.code}",
            node.tier_code,
        )
        for node in nodes
        if ring_fault(shapes[node.boundary_id])
    ]


def _structure(nodes: dict[int, Node], changed: set[int]) -> Iterable[CoverageFinding]:
    """Missing parents, and codes that fit neither their tier nor their parent."""
    national = {node.tier_id for node in nodes.values() if is_national(node.code, node.code_length)}
    for grid in sorted(nodes):
        node = nodes[grid]
        parent = nodes.get(node.parent_id) if node.parent_id is not None else None
        if node.parent_id is not None and (parent is None or parent.tier_order >= node.tier_order):
            yield CoverageFinding(
                FindingKind.MISSING_PARENT.value,
                (node.code,),
                repair=f"name-parent:{node.code}",
                tier=node.tier_code,
            )
        elif grid in changed and node.tier_id in national and not _fits(node, parent):
            yield CoverageFinding(
                FindingKind.CODE_MISMATCH.value,
                (node.code,),
                repair=f"recode:{node.code}",
                tier=node.tier_code,
            )


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
    rows = Boundary.objects.filter(pk__in=list(boundary_ids)).values_list("pk", "geometry")
    return {
        pk: shapely.from_wkb(bytes(geometry.wkb)) if geometry else shapely.MultiPolygon()
        for pk, geometry in rows
    }


def to_geos(geometry: BaseGeometry) -> GEOSGeometry:
    """A Shapely geometry in EPSG:4326 as Django stores it."""
    return GEOSGeometry(memoryview(shapely.to_wkb(geometry)), srid=4326)


def is_structural(finding: CoverageFinding) -> bool:
    """Whether nobody may accept it."""
    return finding.kind in {kind.value for kind in STRUCTURAL}


def store(edition: Edition, findings: Iterable[CoverageFinding]) -> list[Finding]:
    """Replace the edition's stored findings by these."""
    tiers = {tier.code: tier for tier in Tier.objects.all()}
    edition.findings.all().delete()
    return Finding.objects.bulk_create(
        [
            Finding(
                edition=edition,
                kind=finding.kind,
                tier=tiers[finding.tier],
                codes=list(finding.codes),
                area_m2=finding.area_m2,
                geometry=to_geos(finding.geometry) if finding.geometry is not None else None,
                repair=finding.repair,
            )
            for finding in findings
        ]
    )
