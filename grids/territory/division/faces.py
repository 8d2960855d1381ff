"""The ground of one parent cut into faces that meet vertex to vertex.

Barriers cut the parent into blocks. Inside a block each building has the ground nearest to it.
All lines are noded together and polygonized, so faces share their vertices exactly, and whatever
is dissolved from them covers the parent without a gap or an overlap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
import shapely.errors
from shapely.geometry.base import BaseGeometry

from grids.territory.division.sites import sites_of, summed
from grids.territory.division.types import Bools, DivisionError, Floats, Ints, Shapes

BEYOND_M = 0.01  # lines end this far beyond what they meet, so that they surely cross it
ON_M = 0.002  # a segment this near to a barrier runs along it
ASIDE_M = 0.02
ROUNDED_M = 1e-6
LOST_M2 = 1e-3
Check = Callable[[], None]


@dataclass(frozen=True)
class Faces:
    """Faces and who borders on whom.

    `unit` is the building that a face belongs to (−1: nobody's), `block` the block. Per border
    between two faces: `left`, `right`, `length_m`, `barred_m` (how much of it runs along barriers)
    and `along_m` (the same, weighted by the barriers). `outer_m` is each face's share of the
    parent's outline, `seat` the face on which each building stands.
    """

    shapes: Shapes
    unit: Ints
    block: Ints
    left: Ints
    right: Ints
    length_m: Floats
    along_m: Floats
    barred_m: Floats
    outer_m: Floats
    seat: Ints


def faces_of(
    parent: BaseGeometry,
    buildings: Shapes,
    barriers: Shapes,
    weights: Floats,
    apart: Shapes,
    check: Check,
) -> Faces:
    """Cut `parent`. `buildings` lie in it (by a point of theirs); `apart` is ground whose outline
    must be a border; `check` is called now and then and may raise."""
    near = shapely.intersects(barriers, parent) if len(barriers) else np.empty(0, dtype=bool)
    barriers, weights = barriers[near], weights[near]
    frame = [shapely.boundary(parent), *shapely.intersection(shapely.boundary(apart), parent)]
    blocks = _polygonized([*frame, *barriers], parent, check)
    check()
    clipped = buildings.copy()
    solid = np.flatnonzero(shapely.area(buildings) > 0)
    clipped[solid] = shapely.intersection(buildings[solid], parent)
    home = _containing(blocks, shapely.point_on_surface(clipped))
    regions, region_unit = _regions(blocks, clipped, home, check)
    lines = _cut_lines(regions, blocks[home[region_unit]] if len(region_unit) else blocks[:0])
    check()
    outlined = _outlined(clipped, regions, region_unit, blocks, home)
    check()
    walls = shapely.boundary(clipped[outlined])
    shapes = _polygonized([*frame, *barriers, *lines, *walls], parent, check)
    check()
    points = shapely.point_on_surface(shapes)
    block = _containing(blocks, points)
    check()
    unit = _unit_of(points, block, regions, region_unit, home)
    inside = shapely.STRtree(clipped[outlined]).query(points, predicate="intersects")
    unit[inside[0][::-1]] = outlined[inside[1][::-1]]
    seat = _seats(shapes, unit, shapely.point_on_surface(clipped))
    check()
    return _bordered(shapes, unit, block, seat, barriers, weights)


def _polygonized(lines: list[BaseGeometry], parent: BaseGeometry, check: Check) -> Shapes:
    """The faces between the lines that lie in the parent, in a fixed order.

    Lines that run within a hair of each other (a footprint clipped to the parent) can defeat exact
    noding and lose ground; then all vertices are rounded to a micrometre first.
    """
    for grid_m in (None, ROUNDED_M):
        noded = shapely.union_all(np.array(lines, dtype=object), grid_size=grid_m)
        check()
        shapes = np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))
        check()
        if len(shapes):
            shapely.prepare(parent)
            shapes = shapes[shapely.intersects(parent, shapely.point_on_surface(shapes))]
        if abs(float(shapely.area(shapes).sum()) - parent.area) <= LOST_M2:
            break
    if not len(shapes):
        raise DivisionError("parent_without_ground")
    boxes = shapely.bounds(shapes)
    return shapes[np.lexsort((shapely.area(shapes), *boxes.T[::-1]))]


def _containing(shapes: Shapes, points: Shapes) -> Ints:
    """The first shape that each point touches, else the nearest one."""
    tree = shapely.STRtree(shapes)
    found = np.full(len(points), len(shapes), dtype=np.int64)
    which, where = tree.query(points, predicate="intersects")
    np.minimum.at(found, which, where)
    lost = np.flatnonzero(found == len(shapes))
    if len(lost):
        found[lost] = tree.nearest(points[lost])
    return found


def _regions(blocks: Shapes, buildings: Shapes, home: Ints, check: Check) -> tuple[Shapes, Ints]:
    """Per building of a block with several, the ground nearest to it (not yet cut to the block)."""
    if not len(buildings):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    points, owner = sites_of(buildings)
    # Sites on one circle have no clear diagram; a few millimetres aside, nearly none are.
    aside = np.random.default_rng(0).uniform(-ASIDE_M, ASIDE_M, points.shape)
    points = np.round(points, 3) + aside
    block = home[owner]
    order = np.lexsort((owner, points[:, 1], points[:, 0], block))
    points, owner, block = points[order], owner[order], block[order]
    fresh = np.append(
        True, (np.diff(block) != 0) | (np.diff(points[:, 0]) != 0) | (np.diff(points[:, 1]) != 0)
    )[: len(block)]
    points, owner, block = points[fresh], owner[fresh], block[fresh]
    shapes: list[Shapes] = []
    units: list[Ints] = []
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    for start, end in zip(starts, np.append(starts[1:], len(block)), strict=True):
        own = owner[start:end]
        if (own == own[0]).all():
            continue
        check()
        spread = shapely.voronoi_polygons(
            shapely.multipoints(points[start:end]), extend_to=blocks[block[start]], ordered=True
        )
        cells = np.asarray(shapely.get_parts(spread))
        if len(cells) != len(own):  # sites so close that the diagram took them for one
            which, where = shapely.STRtree(cells).query(
                shapely.points(points[start:end]), predicate="intersects"
            )
            holder = np.full(len(cells), -1, dtype=np.int64)
            holder[where[::-1]] = own[which[::-1]]
            cells, own = cells[holder >= 0], holder[holder >= 0]
        several = np.bincount(own)
        for unit in np.unique(own):
            mine = cells[own == unit]
            shapes.append(mine if several[unit] == 1 else np.array([_joined(mine)]))
            units.append(np.array([unit]))
    if not shapes:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    return np.concatenate(shapes), np.concatenate(units).astype(np.int64)


def _joined(cells: Shapes) -> BaseGeometry:
    """One shape of the cells around a building's sites."""
    joined: BaseGeometry | None
    try:
        joined = shapely.coverage_union_all(cells)
    except shapely.errors.GEOSException:
        joined = None
    if joined is None or not joined.is_valid:  # sites nearly on one circle: cells do not fit
        joined = shapely.union_all(shapely.make_valid(cells), grid_size=1e-4)
    return joined


def _cut_lines(regions: Shapes, blocks: Shapes) -> list[BaseGeometry]:
    """The borders of the regions, ending just beyond their block."""
    if not len(regions):
        return []
    ids, index = np.unique(shapely.to_wkb(blocks), return_inverse=True)
    roomy = shapely.buffer(shapely.from_wkb(ids), BEYOND_M, join_style="mitre")
    cut = shapely.intersection(shapely.boundary(regions), roomy[index])
    return list(cut[~shapely.is_empty(cut)])


def _outlined(
    buildings: Shapes, regions: Shapes, region_unit: Ints, blocks: Shapes, home: Ints
) -> Ints:
    """Buildings that stand out of their region or block: their walls must be borders too."""
    solid: Bools = shapely.area(buildings) > 0
    bad = solid & ~shapely.covers(blocks[home], buildings)
    checked = solid[region_unit]
    outside = ~shapely.covers(regions[checked], buildings[region_unit[checked]])
    bad[region_unit[checked][outside]] = True
    return np.flatnonzero(bad)


def _unit_of(points: Shapes, block: Ints, regions: Shapes, region_unit: Ints, home: Ints) -> Ints:
    """The building in whose region each point lies, in the point's own block."""
    unit = np.full(len(points), -1, dtype=np.int64)
    crowd = np.bincount(home, minlength=int(block.max()) + 1 if len(block) else 0)
    alone = np.full(len(crowd), -1, dtype=np.int64)
    alone[home] = np.arange(len(home))
    unit[crowd[block] > 0] = alone[block[crowd[block] > 0]]
    if len(regions):
        which, where = shapely.STRtree(regions).query(points, predicate="intersects")
        same = home[region_unit[where]] == block[which]
        unit[which[same][::-1]] = region_unit[where[same][::-1]]
    return unit


def _seats(shapes: Shapes, unit: Ints, points: Shapes) -> Ints:
    """The face under each building's point, if possible one of its own."""
    tree = shapely.STRtree(shapes)
    seat = _containing(shapes, points)
    which, where = tree.query(points, predicate="dwithin", distance=ON_M)
    own = unit[where] == which
    seat[which[own][::-1]] = where[own][::-1]
    return seat


def _bordered(
    shapes: Shapes, unit: Ints, block: Ints, seat: Ints, barriers: Shapes, weights: Floats
) -> Faces:
    """Find the borders between faces by their common segments."""
    rings, face_of_ring = shapely.get_rings(shapes, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    first, last, face = points[:-1][same], points[1:][same], face_of_ring[ring[1:][same]]
    swap = (first[:, 0] > last[:, 0]) | ((first[:, 0] == last[:, 0]) & (first[:, 1] > last[:, 1]))
    first[swap], last[swap] = last[swap], first[swap].copy()
    order = np.lexsort((face, last[:, 1], last[:, 0], first[:, 1], first[:, 0]))
    first, last, face = first[order], last[order], face[order]
    twin = ((first[1:] == first[:-1]) & (last[1:] == last[:-1])).all(axis=1)
    length = np.hypot(*(last - first).T)
    shared = np.flatnonzero(twin)
    lonely = np.ones(len(face), dtype=bool)
    lonely[shared] = lonely[shared + 1] = False
    outer = summed(face[lonely], length[lonely], len(shapes))
    left, right, along = face[shared], face[shared + 1], np.zeros(len(shared))
    across = np.flatnonzero((block[left] != block[right]) | (unit[left] != unit[right]))
    if len(barriers) and len(across):
        middle = shapely.points((first[shared[across]] + last[shared[across]]) / 2)
        which, line = shapely.STRtree(barriers).query(middle, predicate="dwithin", distance=ON_M)
        np.maximum.at(along, across[which], weights[line])
    pair, index = np.unique(np.column_stack((left, right)), axis=0, return_inverse=True)
    index = index.reshape(-1)
    return Faces(
        shapes,
        unit,
        block,
        pair[:, 0],
        pair[:, 1],
        summed(index, length[shared], len(pair)),
        summed(index, length[shared] * along, len(pair)),
        summed(index, length[shared] * (along > 0), len(pair)),
        outer,
        seat,
    )
