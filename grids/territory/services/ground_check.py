"""What faulty ground means for those on it: buildings, roads and public places; household bands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.contrib.gis.geos import Polygon
from shapely.geometry.base import BaseGeometry

from grids.territory.choices import FindingKind, GridKind, PlaceKind
from grids.territory.geometry.arrangement import sizes_m
from grids.territory.geometry.coverage import CoverageFinding
from grids.territory.models import Building, Place, Road
from grids.territory.services.nodes import Node

LEAST_ROAD_M = 1.0  # a road that only touches faulty ground is not without an owner
LEAST_PIECE_M2 = 1.0  # of a building: less is the accuracy of its outline

_GROUND = frozenset({FindingKind.GAP, FindingKind.OVERLAP, FindingKind.SLIVER})


def uncovered(findings: Sequence[CoverageFinding]) -> list[CoverageFinding]:
    """Buildings, roads and public places on the gaps and overlaps among `findings`.

    Where no ground is faulty every building lies in exactly one grid: the division is proven.
    """
    faults = [f for f in findings if f.kind in _GROUND and f.geometry is not None]
    if not faults:
        return []
    grounds = np.array([fault.geometry for fault in faults], dtype=object)
    tree = shapely.STRtree(grounds)
    box = _box(grounds)
    found = []
    buildings = _points(Building.objects.filter(point__bboverlaps=box))
    for fault, point in _within(tree, faults, buildings):
        doubled = fault.kind == FindingKind.OVERLAP or (
            fault.kind == FindingKind.SLIVER and len(fault.codes) > 1
        )
        kind = FindingKind.BUILDING_DOUBLED if doubled else FindingKind.BUILDING_UNCOVERED
        found.append(_on(fault, kind, point))
    places = _points(Place.objects.filter(kind=PlaceKind.POINT, point__bboverlaps=box))
    for fault, point in _within(tree, faults, places):
        if fault.kind == FindingKind.GAP:
            found.append(_on(fault, FindingKind.PLACE_UNCOVERED, point))
    roads = Road.objects.filter(line__bboverlaps=box).order_by("pk")
    lines = _shapes(roads.annotate(wkb=AsWKB("line")))
    stretches: dict[int, list[BaseGeometry]] = defaultdict(list)
    for line, number in tree.query(lines, predicate="intersects").T.tolist():
        if faults[number].kind == FindingKind.GAP:
            stretch = shapely.intersection(lines[line], grounds[number])
            if _length_m(stretch) >= LEAST_ROAD_M:
                stretches[number].append(stretch)
    # One gap, one line about its roads: a list of every footpath in it would hide the rest.
    for number, members in sorted(stretches.items()):
        found.append(_on(faults[number], FindingKind.ROAD_UNCOVERED, shapely.union_all(members)))
    return found


def bands(nodes: Sequence[Node], shapes: Mapping[int, BaseGeometry]) -> list[CoverageFinding]:
    """Areas with more or fewer households than their tier's band.

    Households are those of the buildings; where none of them has any, the number that the outline
    itself carries. Dedicated grids (parks, institutions) may have as few as they like.
    """
    banded = [
        n
        for n in nodes
        if (n.household_min is not None or n.household_max is not None) and n.grid_id in shapes
    ]
    if not banded:
        return []
    found = []
    for node, counted in zip(banded, _households(banded, shapes), strict=True):
        households = counted or node.households
        if households is None:
            continue
        kind, verb = None, ""
        if node.household_max is not None and households > node.household_max:
            kind, verb = FindingKind.OVER_BAND, "split"
        elif (
            node.household_min is not None
            and households < node.household_min
            and node.kind != GridKind.DEDICATED
        ):
            kind, verb = FindingKind.UNDER_BAND, "merge"
        if kind is not None:
            found.append(
                CoverageFinding(
                    kind.value,
                    (node.code,),
                    shapes[node.grid_id],
                    None,
                    f"{verb}:{node.code}",
                    node.tier_code,
                    node.grid_id,
                )
            )
    return found


def cut_buildings(
    leaves: Sequence[Node],
    children: Mapping[int, Sequence[Node]],
    shapes: Mapping[int, BaseGeometry],
) -> Iterator[CoverageFinding]:
    """Buildings that a border between grids runs through, by the leaf that holds most of them."""
    sound = [n for n in leaves if n.grid_id in shapes]
    if not sound:
        return
    asked = {n.grid_id for n in sound}
    known = _with_siblings(sound, children, shapes)
    grounds = np.array([shapes[n.grid_id] for n in known], dtype=object)
    box = _box(np.array([shapes[n.grid_id] for n in sound], dtype=object))
    rows = Building.objects.filter(footprint__bboverlaps=box).order_by("pk")
    prints = _shapes(rows.annotate(wkb=AsWKB("footprint")))
    held = _pieces(prints, grounds)
    for building, parts in sorted(held.items()):
        parts.sort(key=lambda part: (-part[0], known[part[1]].code))
        main = known[parts[0][1]]
        if len(parts) > 1 and main.grid_id in asked:
            yield CoverageFinding(
                FindingKind.BUILDING_CUT.value,
                tuple(sorted(known[number].code for _size, number in parts)),
                prints[building],
                sum(size for size, _number in parts[1:]),
                f"whole:{main.code}",
                main.tier_code,
                main.grid_id,
            )


def _with_siblings(
    leaves: Sequence[Node],
    children: Mapping[int, Sequence[Node]],
    shapes: Mapping[int, BaseGeometry],
) -> list[Node]:
    """The leaves, and the leaves beside them below the same parents."""
    known = {n.grid_id: n for n in leaves}
    for parent in {n.parent_id for n in leaves}:
        for sibling in children.get(parent or 0, ()):
            if not children.get(sibling.grid_id) and sibling.grid_id in shapes:
                known[sibling.grid_id] = sibling
    return list(known.values())


def _pieces(prints: np.ndarray, grounds: np.ndarray) -> dict[int, list[tuple[float, int]]]:
    """For each footprint that no ground covers whole: m² of its pieces, with the ground of each."""
    if not len(prints):
        return {}
    shapely.prepare(grounds)
    first, second = shapely.STRtree(grounds).query(prints)
    whole = np.zeros(len(prints), dtype=bool)
    whole[first[shapely.covers(grounds[second], prints[first])]] = True
    crossing = ~whole[first]
    first, second = first[crossing], second[crossing]
    if not len(first):
        return {}
    pieces = shapely.intersection(prints[first], grounds[second])
    sizes = sizes_m(list(pieces), shapely.box(*shapely.total_bounds(prints[first])))
    held: dict[int, list[tuple[float, int]]] = {}
    for building, number, (size, _width) in zip(
        first.tolist(), second.tolist(), sizes, strict=True
    ):
        if size >= LEAST_PIECE_M2:
            held.setdefault(building, []).append((size, number))
    return held


def _households(nodes: Sequence[Node], shapes: Mapping[int, BaseGeometry]) -> list[int]:
    """Households of the buildings whose point each area covers."""
    grounds = np.array([shapes[n.grid_id] for n in nodes], dtype=object)
    inhabited = Building.objects.filter(households__gt=0, point__bboverlaps=_box(grounds))
    rows = list(inhabited.order_by().annotate(wkb=AsWKB("point")).values_list("wkb", "households"))
    if not rows:
        return [0] * len(nodes)
    points = shapely.from_wkb([bytes(wkb) for wkb, _households in rows])
    households = np.array([number for _wkb, number in rows], dtype=np.int64)
    shapely.prepare(grounds)
    point, ground = shapely.STRtree(grounds).query(points)
    covered = shapely.intersects(grounds[ground], points[point])
    sums = np.bincount(ground[covered], weights=households[point[covered]], minlength=len(nodes))
    return [int(number) for number in sums]


def _points(rows: Any) -> np.ndarray:
    return _shapes(rows.order_by("pk").annotate(wkb=AsWKB("point")))


def _shapes(rows: Any) -> np.ndarray:
    return np.asarray(
        shapely.from_wkb([bytes(wkb) for wkb in rows.values_list("wkb", flat=True)]), dtype=object
    )


def _within(
    tree: shapely.STRtree, faults: Sequence[CoverageFinding], points: np.ndarray
) -> Iterator[tuple[CoverageFinding, BaseGeometry]]:
    pairs = tree.query(points, predicate="within").T.tolist() if len(points) else []
    for point, number in sorted(pairs):
        yield faults[number], points[point]


def _on(fault: CoverageFinding, kind: FindingKind, geometry: BaseGeometry) -> CoverageFinding:
    return CoverageFinding(
        kind.value, fault.codes, geometry, None, fault.repair, fault.tier, fault.area
    )


def _length_m(line: BaseGeometry) -> float:
    if line.is_empty:
        return 0.0
    wide = np.cos(np.radians(line.centroid.y))
    return float(shapely.length(shapely.transform(line, lambda xy: xy * (111_320 * wide, 111_320))))


def _box(shapes: np.ndarray) -> Polygon:
    box = Polygon.from_bbox(tuple(float(number) for number in shapely.total_bounds(shapes)))
    box.srid = 4326
    return box
