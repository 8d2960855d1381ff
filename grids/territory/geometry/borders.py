"""Borders as directed edges: what proves a division, and where it does not hold.

Every polygon is written as edges that have its ground to their left. Put the edges of an area's
children together with the area's own edges turned round: when each edge meets its opposite, the
children's ground adds up to the area's ground, each place once. That is the whole law of coverage
(no gap, no overlap, nothing outside), proven without computing one intersection, and it is exact:
coordinates are compared, not measured. What is left over bounds exactly the faulty ground.

Coordinates are EPSG:4326 degrees; widths are metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# Two borders nearer than this are one: nobody draws or surveys a micrometre, doubles round to it.
ROUNDING_WIDTH_M = 1e-6
METRES_PER_DEGREE = 111_320.0

_POLYGON, _MULTI_POLYGON = 3, 6


@dataclass(frozen=True)
class Edges:
    """n edges: `ends` is n × (x1, y1, x2, y2), the ground to the left; `owner` a shape's index."""

    ends: Floats
    owner: Ints

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True)
class Residue:
    """Edges that met no opposite, with their area's number, and what was only rounding."""

    ends: Floats
    group: Ints
    rounding: int = 0
    rounding_m2: float = 0.0

    def groups(self) -> list[int]:
        """Numbers of the areas whose division is not proven."""
        return [int(number) for number in np.unique(self.group)]


def sound(shapes: Shapes) -> Mask:
    """Which are polygons that an area can have: not empty, finite, rings that do not cross."""
    kinds = shapely.get_type_id(shapes)
    found = (kinds == _POLYGON) | (kinds == _MULTI_POLYGON)
    found &= ~shapely.is_empty(shapes)
    found[found] = shapely.is_valid(shapes[found])
    return np.asarray(found, dtype=bool)


def edges_of(shapes: Shapes) -> Edges:
    """Directed edges of sound polygons and multipolygons; edges of no length are left out."""
    if not len(shapes):
        return Edges(np.empty((0, 4)), np.empty(0, dtype=np.int64))
    _kind, xy, offsets = shapely.to_ragged_array(shapes, include_z=False)
    rings, polygons = np.asarray(offsets[0]), np.asarray(offsets[1])
    parts = np.asarray(offsets[2]) if len(offsets) == 3 else np.arange(len(shapes) + 1)
    owner_of_polygon = np.repeat(np.arange(len(shapes)), np.diff(parts))
    owner_of_ring = np.repeat(owner_of_polygon, np.diff(polygons))
    is_hole = np.ones(len(rings) - 1, dtype=bool)
    is_hole[polygons[:-1][np.diff(polygons) > 0]] = False
    sizes = np.diff(rings) - 1
    ring = np.repeat(np.arange(len(sizes)), sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    first = np.arange(len(ring)) + ring  # each ring repeats its first point at its end
    if rings[0]:
        first = first + rings[0]
    a, b = xy[first], xy[first + 1]
    origin = xy[rings[:-1]][ring]
    (ax, ay), (bx, by) = (a - origin).T, (b - origin).T
    turn = np.add.reduceat(ax * by - bx * ay, starts)
    flipped = ((turn < 0) ^ is_hole)[ring]
    ends = np.where(flipped[:, None], np.hstack([b, a]), np.hstack([a, b])) + 0.0
    real = (ends[:, 0] != ends[:, 2]) | (ends[:, 1] != ends[:, 3])
    return Edges(ends[real], owner_of_ring[ring][real])


def unmatched(ends: Floats, group: Ints, sign: Ints) -> Mask:
    """Edges that do not cancel within their group. `sign` is 1 for children, -1 for the area.

    Equal edges are brought together by a hash, then compared exactly: a collision can only leave
    an edge over, never hide one.
    """
    if not len(ends):
        return np.zeros(0, dtype=bool)
    ahead = (ends[:, 0] < ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] < ends[:, 3]))
    plain = np.where(ahead[:, None], ends, ends[:, [2, 3, 0, 1]])
    key = _hash(plain, group)
    order = np.argsort(key)
    key, plain, held = key[order], plain[order], group[order]
    fresh = np.concatenate([[True], key[1:] != key[:-1]])
    starts = np.flatnonzero(fresh)
    totals = np.add.reduceat(np.where(ahead, sign, -sign)[order], starts)
    differs = np.zeros(len(key), dtype=bool)
    differs[1:] = ~fresh[1:] & ((plain[1:] != plain[:-1]).any(axis=1) | (held[1:] != held[:-1]))
    bad = (totals != 0) | np.logical_or.reduceat(differs, starts)
    found = np.zeros(len(ends), dtype=bool)
    found[order] = np.repeat(bad, np.diff(np.append(starts, len(key))))
    return found


def prove(parents: Shapes, children: Shapes, group: Ints) -> Residue:
    """What is left over of all areas at once; nothing left is the proof that all hold.

    `group[i]` is the index of the i-th child's parent. Only sound shapes may be given.
    """
    inner, outer = edges_of(children), edges_of(parents)
    ends = np.concatenate([inner.ends, outer.ends])
    groups = np.concatenate([group[inner.owner], outer.owner]).astype(np.int64)
    signs = np.concatenate([np.ones(len(inner)), -np.ones(len(outer))]).astype(np.int64)
    left = unmatched(ends, groups, signs)
    return _without_rounding(ends[left], groups[left], signs[left])


def _without_rounding(ends: Floats, group: Ints, sign: Ints) -> Residue:
    """Drop what lies on one straight line to within ROUNDING_WIDTH_M.

    That is a border that one side draws in one edge and the other in several: the points between
    are rounded doubles, so they cannot lie on the line exactly.
    """
    if not len(ends):
        return Residue(ends, group)
    tails = np.rec.fromarrays([np.tile(group, 2), *np.vstack([ends[:, :2], ends[:, 2:]]).T])
    _unique, vertex = np.unique(tails, return_inverse=True)
    start, stop = vertex[: len(ends)], vertex[len(ends) :]
    part = components(start, stop, int(vertex.max()) + 1)[start]
    order = np.argsort(part, kind="stable")
    ends, group, sign, part = ends[order], group[order], sign[order], part[order]
    starts = np.flatnonzero(np.concatenate([[True], part[1:] != part[:-1]]))
    sizes = np.diff(np.append(starts, len(part)))
    metres = _in_metres(ends, ends[starts].repeat(sizes, axis=0))
    first, across, length = _span(metres, starts, sizes)
    off = np.abs(
        (metres[:, [0, 2]] - first[:, :1]) * across[:, 1:]
        - (metres[:, [1, 3]] - first[:, 1:]) * across[:, :1]
    ).max(axis=1) / np.where(length > 0, length, 1.0)
    worst = np.maximum.reduceat(off, starts)
    straight = worst < ROUNDING_WIDTH_M
    turn = sign * (
        (metres[:, 0] - first[:, 0]) * (metres[:, 3] - first[:, 1])
        - (metres[:, 2] - first[:, 0]) * (metres[:, 1] - first[:, 1])
    )
    lost_m2 = np.abs(np.add.reduceat(turn, starts)) / 2
    keep = ~np.repeat(straight, sizes)
    return Residue(ends[keep], group[keep], int(straight.sum()), float(lost_m2[straight].sum()))


def components(start: Ints, stop: Ints, size: int) -> Ints:
    """For each of `size` vertices the least vertex that the edges start–stop connect it with."""
    label = np.arange(size)
    while True:
        before = label
        label = label.copy()
        least = np.minimum(before[start], before[stop])
        np.minimum.at(label, before[start], least)
        np.minimum.at(label, before[stop], least)
        label = label[label]
        if np.array_equal(label, before):
            return np.asarray(label, dtype=np.int64)


def _span(metres: Floats, starts: Ints, sizes: Ints) -> tuple[Floats, Floats, Floats]:
    """For each edge, of its part: one end of the longest span, the span as a vector, its length."""
    flat, steep = (_one_span(metres, metres[:, axis], starts, sizes) for axis in (0, 1))
    longer = (steep[2] > flat[2])[:, None]
    return (
        np.where(longer, steep[0], flat[0]),
        np.where(longer, steep[1], flat[1]),
        np.maximum(steep[2], flat[2]),
    )


def _one_span(
    metres: Floats, along: Floats, starts: Ints, sizes: Ints
) -> tuple[Floats, Floats, Floats]:
    """The same, between the vertices that lie farthest apart along one axis."""
    first = _pick(metres, along == _repeated(np.minimum, along, starts, sizes), starts, sizes)
    last = _pick(metres, along == _repeated(np.maximum, along, starts, sizes), starts, sizes)
    across = last - first
    return first, across, np.hypot(across[:, 0], across[:, 1])


def _repeated(which: np.ufunc, along: Floats, starts: Ints, sizes: Ints) -> Floats:
    return np.repeat(which.reduceat(along, starts), sizes)


def _pick(metres: Floats, chosen: Mask, starts: Ints, sizes: Ints) -> Floats:
    """The start of the first chosen edge of each part, repeated for all edges of the part."""
    places = np.where(chosen, np.arange(len(chosen)), len(chosen))
    return metres[np.minimum.reduceat(places, starts)][:, :2].repeat(sizes, axis=0)


def _in_metres(ends: Floats, origin: Floats) -> Floats:
    """Edges in metres from the first point of `origin` (good to one part in a thousand)."""
    wide = np.cos(np.radians(np.clip(origin[:, 1], -89.9, 89.9)))
    scale = METRES_PER_DEGREE * np.column_stack([wide, np.ones_like(wide)])
    return np.asarray((ends - np.tile(origin[:, :2], 2)) * np.tile(scale, 2))


def _hash(plain: Floats, group: Ints) -> npt.NDArray[np.uint64]:
    words = np.ascontiguousarray(plain).view(np.uint64)
    mixed = group.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for column in range(4):
        mixed = (mixed ^ words[:, column]) * np.uint64(0xD6E8FEB86659FD93)
        mixed ^= mixed >> np.uint64(32)
    return mixed
