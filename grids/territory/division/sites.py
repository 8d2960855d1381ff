"""Buildings as they take part: those that cannot be told apart are one, and each has its sites.

Sites are points from which a Voronoi diagram gives every building the ground nearest to it.
"""

from __future__ import annotations

import numpy as np
import shapely

from grids.territory.division.types import Floats, Ints, Shapes

TOUCH_M = 0.05  # points nearer than this are one place
OVERLAP_M2 = 0.01  # footprints that share more than this are one building
POINT_M2 = 40.0  # a smaller footprint is as good as a point
SPACING_M = 5.0  # of sites along a wall
INSET_M = 0.2  # sites lie inside the walls, so that shared walls stay between two cells


def summed(index: Ints, weights: Floats | Ints, count: int) -> Floats:
    """The sum of the weights of each number from 0 to count − 1."""
    return np.asarray(np.bincount(index, weights=weights, minlength=count), dtype=np.float64)


def roots(count: int, lefts: Ints, rights: Ints) -> Ints:
    """The number (from 0, by first member) of the connected piece of each of `count` nodes."""
    parent = np.arange(count)
    if len(lefts):
        while True:
            low = np.minimum(parent[lefts], parent[rights])
            before = parent.copy()
            np.minimum.at(parent, parent[lefts], low)
            np.minimum.at(parent, parent[rights], low)
            parent = parent[parent]
            if np.array_equal(before, parent):
                break
    _values, numbers = np.unique(parent, return_inverse=True)
    return numbers.astype(np.int64).reshape(-1)


def units(footprints: Shapes, *, tiled: bool) -> tuple[Ints, Shapes]:
    """The unit of each footprint, and the units' shapes.

    Points on one place and footprints that overlap are one unit: no border could part them.
    Blocks of an area layer (`tiled`) stay apart, their overlaps are the layer's inaccuracy.
    """
    if not len(footprints):
        return np.empty(0, dtype=np.int64), footprints
    tree = shapely.STRtree(footprints)
    left, right = tree.query(footprints, predicate="dwithin", distance=TOUCH_M)
    keep = left < right
    left, right = left[keep], right[keep]
    if len(left):
        flat = shapely.area(footprints) == 0
        one = flat[left] | flat[right]
        if not tiled:
            solid = np.flatnonzero(~one)
            shared = shapely.intersection(footprints[left[solid]], footprints[right[solid]])
            one[solid] = shapely.area(shared) > OVERLAP_M2
        left, right = left[one], right[one]
    unit = roots(len(footprints), left, right)
    order = np.argsort(unit, kind="stable")
    firsts = np.flatnonzero(np.diff(unit[order], prepend=-1))
    sizes = np.diff(np.append(firsts, len(order)))
    shapes = footprints[order[firsts]]
    for number in np.flatnonzero(sizes > 1):
        members = order[firsts[number] : firsts[number] + sizes[number]]
        merged = shapely.union_all(footprints[members])
        solid_parts = [p for p in shapely.get_parts(merged) if p.area > 0]
        if merged.area > 0:
            merged = solid_parts[0] if len(solid_parts) == 1 else shapely.MultiPolygon(solid_parts)
        else:
            merged = merged.centroid
        shapes[number] = merged
    return unit, shapes


def sites_of(shapes: Shapes) -> tuple[Floats, Ints]:
    """Site coordinates (n, 2) and the shape that each belongs to."""
    small = shapely.area(shapes) < POINT_M2
    dots = np.flatnonzero(small)
    coordinates = [shapely.get_coordinates(shapely.point_on_surface(shapes[dots]))]
    owners = [dots]
    large = np.flatnonzero(~small)
    if len(large):
        inset = shapely.buffer(shapes[large], -INSET_M, join_style="mitre")
        inset = np.where(shapely.is_empty(inset), shapes[large], inset)
        walls = shapely.segmentize(shapely.boundary(inset), SPACING_M)
        points, index = shapely.get_coordinates(walls, return_index=True)
        coordinates.append(points)
        owners.append(large[index])
    return np.concatenate(coordinates), np.concatenate(owners).astype(np.int64)
