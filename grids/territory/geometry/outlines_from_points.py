"""Outlines from a list that says which building belongs to which grid.

The ground of a parent area is cut along roads and water into blocks, and inside a block that
several grids share, midway between the buildings (Voronoi). Every piece goes to a grid: a
building's own ground to its grid, a block of one grid's buildings to that grid, ground without a
building to the neighbour with the longest common border. All pieces come from one arrangement of
lines, so that the outlines cover the parent exactly and share every vertex. Pure computation in a
metric CRS; deterministic.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

SPACING_M = 3.0  # between the points of a wall that stand for it
INSET_M = 0.2  # walls that touch are kept apart by this much
CLEAR_M = 0.5  # a road that runs nearer to a building than this is cut there
STRAIGHTEN_M = 1.5  # borders between buildings are straightened by at most this much
TINY_M2 = 1e-6  # what is smaller is rounding
HAIR_M = 1e-6
NEEDLE_M = 0.01  # narrower pieces come from lines that nearly coincide; no border runs there


@dataclass(frozen=True)
class Outlines:
    """Outlines by grid, and what could not be done as one would wish.

    `scattered` names grids whose outline has several parts; `enclosed` the buildings (by index)
    whose ground could not be given to their grid, because another's building lies over it.
    """

    areas: dict[str, MultiPolygon]
    scattered: tuple[str, ...]
    enclosed: tuple[int, ...]


def outline(
    parent: BaseGeometry,
    buildings: Sequence[BaseGeometry],
    grids: Sequence[str | None],
    barriers: Sequence[BaseGeometry] = (),
) -> Outlines:
    """Outlines that divide `parent` so that each building lies in its grid.

    `buildings` are footprints (or points), `grids` the name of each one's grid, None where the
    list does not say: such a building goes whole to whoever is nearest. `barriers` are lines of
    roads and water. All in one metric CRS. Raises ValueError when no building lies in the parent
    with a grid, or the parent is no sound area.
    """
    if parent.is_empty or not parent.is_valid:
        raise ValueError("the parent is no sound area")
    shapely.prepare(parent)
    inside = [n for n, shape in enumerate(buildings) if parent.covers(shape.representative_point())]
    named = [n for n in inside if grids[n] is not None]
    if not named:
        raise ValueError("no building of the list lies in the parent")
    own = _owners(buildings, grids, inside, named)
    units = {n: _ground(buildings[n], parent) for n in inside}
    blocks = _blocks(parent, list(units.values()), barriers)
    walls = _between(blocks, units, own)
    faces = _faces(parent, blocks, walls, units)
    labels, holders = _label(faces, blocks, units, own)
    for face, shape in enumerate(faces):
        if 2 * shape.area < NEEDLE_M * shape.length:
            labels[face], holders[face] = None, False
    _spread(faces, labels)
    _join(faces, labels, holders)
    return _dissolved(faces, labels, units, own)


def _owners(
    buildings: Sequence[BaseGeometry],
    grids: Sequence[str | None],
    inside: Sequence[int],
    named: Sequence[int],
) -> dict[int, str]:
    """Each building's grid; one that the list leaves out goes with its nearest neighbour."""
    tree = shapely.STRtree([buildings[n] for n in named])
    own = {}
    for n in inside:
        grid = grids[n]
        own[n] = grid if grid is not None else str(grids[named[int(tree.nearest(buildings[n]))]])
    return own


def _ground(shape: BaseGeometry, parent: BaseGeometry) -> BaseGeometry:
    """The part of a footprint that lies in the parent; a point becomes a small square."""
    if not isinstance(shape, Polygon | MultiPolygon):
        shape = shape.representative_point().buffer(1.0, cap_style="square")
    if not shape.is_valid:
        shape = shape.buffer(0)
    # Untouched where it lies inside: no vertex may move.
    return shape if parent.covers(shape) else _polygonal(shape.intersection(parent))


def _blocks(
    parent: BaseGeometry, units: Sequence[BaseGeometry], barriers: Sequence[BaseGeometry]
) -> list[Polygon]:
    """The parent cut along the barriers; those that run through a building are cut open there."""
    lines = [line for line in barriers if not line.is_empty and line.intersects(parent)]
    if not lines:
        return _polygons(parent)
    tree = shapely.STRtree(units)
    clear = []
    for line in lines:
        line = line.intersection(parent) if not parent.covers(line) else line
        near = tree.query(line, predicate="dwithin", distance=CLEAR_M)
        if len(near):
            around = shapely.union_all(shapely.buffer([units[int(i)] for i in near], CLEAR_M))
            line = line.difference(around)
        clear.append(line)
    return _cut(parent, clear)


def _cut(parent: BaseGeometry, lines: Sequence[BaseGeometry]) -> list[Polygon]:
    """The faces that lines cut the parent into, in a fixed order."""
    edges = shapely.union_all([parent.boundary, *lines])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    # A needle along the parent's border may lie a hair outside; without it a slit would stay.
    inner = shapely.dwithin(parent, shapely.point_on_surface(faces), HAIR_M)
    return sorted(faces[inner], key=lambda face: (face.bounds, face.area))


def _between(
    blocks: Sequence[Polygon], units: Mapping[int, BaseGeometry], own: Mapping[int, str]
) -> list[BaseGeometry]:
    """Lines midway between buildings, in the blocks where several grids have buildings."""
    tree = shapely.STRtree(list(blocks))
    members: dict[int, list[int]] = defaultdict(list)
    for n in sorted(units):
        for block in tree.query(units[n], predicate="intersects"):
            members[int(block)].append(n)
    lines = []
    for block, inhabitants in sorted(members.items()):
        if len({own[n] for n in inhabitants}) < 2:
            continue
        cells = _cells(blocks[block], [units[n] for n in inhabitants])
        lines += [cell.boundary for cell in cells if not cell.is_empty]
    return lines


def _cells(block: Polygon, shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    """Each building's part of a block: the ground that is nearer to it than to the others."""
    points = []
    for shape in shapes:
        inner = shape.buffer(-INSET_M)
        walls = shapely.segmentize((shape if inner.is_empty else inner).boundary, SPACING_M)
        points.append(np.round(shapely.get_coordinates(walls), 3))
    alone = np.unique(np.vstack(points), axis=0)
    if len(alone) < 2:
        return [block]
    # The diagram's cells may be unsound where points stand on a lattice; its edges never are.
    edges = shapely.voronoi_polygons(shapely.multipoints(alone), extend_to=block, only_edges=True)
    faces: list[BaseGeometry] = list(_cut(block, list(shapely.get_parts(edges))))
    cells: npt.NDArray[np.object_] = np.array(faces, dtype=object)
    tree = shapely.STRtree(list(shapes))
    owner = np.empty(len(cells), dtype=int)
    nearest = tree.query_nearest(shapely.point_on_surface(cells))
    owner[nearest[0][::-1]] = nearest[1][::-1]  # of equally near ones the first
    whole = [
        shapely.coverage_union_all(cells[owner == n]) if (owner == n).any() else Polygon()
        for n in range(len(shapes))
    ]
    straight = shapely.coverage_simplify(whole, STRAIGHTEN_M, simplify_boundary=False)
    return [_polygonal(cell.intersection(block)) for cell in straight]


def _faces(
    parent: BaseGeometry,
    blocks: Sequence[Polygon],
    walls: Sequence[BaseGeometry],
    units: Mapping[int, BaseGeometry],
) -> list[Polygon]:
    lines: list[BaseGeometry] = [block.boundary for block in blocks]
    lines += [units[n].boundary for n in sorted(units)]
    return _cut(parent, [*lines, *walls])


def _label(
    faces: Sequence[Polygon],
    blocks: Sequence[Polygon],
    units: Mapping[int, BaseGeometry],
    own: Mapping[int, str],
) -> tuple[list[str | None], list[bool]]:
    """The grid of each face, None for ground in a block without a building; and which hold one."""
    numbers = sorted(units)
    unit_tree = shapely.STRtree([units[n] for n in numbers])
    block_tree = shapely.STRtree(list(blocks))
    middles = shapely.point_on_surface(np.array(faces, dtype=object))
    under: dict[int, int] = {}
    for face, unit in zip(*unit_tree.query(middles, predicate="intersects"), strict=True):
        best = under.get(int(face))
        under[int(face)] = int(unit) if best is None else min(best, int(unit))
    block_of = dict(
        zip(*(map(int, found) for found in block_tree.query(middles, "intersects")), strict=True)
    )
    members: dict[int, list[int]] = defaultdict(list)
    for unit, block in zip(
        *block_tree.query([units[n] for n in numbers], predicate="intersects"), strict=True
    ):
        # A building that only touches a block from the other side of the road is not in it.
        if units[numbers[int(unit)]].intersection(blocks[int(block)]).area > TINY_M2:
            members[int(block)].append(int(unit))
    labels: list[str | None] = []
    trees: dict[int, shapely.STRtree] = {}
    for number in range(len(faces)):
        if number in under:
            labels.append(own[numbers[under[number]]])
            continue
        block = block_of.get(number, -1)
        inhabitants = members.get(block, [])
        grids = {own[numbers[unit]] for unit in inhabitants}
        if len(grids) < 2:
            labels.append(next(iter(grids), None))
            continue
        if block not in trees:
            trees[block] = shapely.STRtree([units[numbers[unit]] for unit in inhabitants])
        nearest = int(trees[block].nearest(middles[number]))
        labels.append(own[numbers[inhabitants[nearest]]])
    return labels, [number in under for number in range(len(faces))]


def _borders(faces: Sequence[Polygon]) -> list[dict[int, float]]:
    """For each face its neighbours, with the length of the common border."""
    tree = shapely.STRtree(list(faces))
    firsts, seconds = tree.query(faces, predicate="touches")
    once = firsts < seconds
    firsts, seconds = firsts[once], seconds[once]
    rings = shapely.boundary(np.array(faces, dtype=object))
    lengths = shapely.length(shapely.intersection(rings[firsts], rings[seconds]))
    near: list[dict[int, float]] = [{} for _face in faces]
    for one, other, length in zip(firsts.tolist(), seconds.tolist(), lengths.tolist(), strict=True):
        if length > 1e-6:
            near[one][other] = near[other][one] = length
    return near


def _spread(faces: Sequence[Polygon], labels: list[str | None]) -> None:
    """Give ground without a grid to the neighbour with the longest border, the surest first."""
    near = _borders(faces)
    queue = [offer for face in range(len(faces)) if (offer := _offer(face, labels, near))]
    heapq.heapify(queue)
    while queue:
        _share, face, label = heapq.heappop(queue)
        if labels[face] is not None:
            continue
        labels[face] = label
        for other in near[face]:
            if offer := _offer(other, labels, near):
                heapq.heappush(queue, offer)
    left = [face for face, label in enumerate(labels) if label is None]
    if left:  # a part of the parent that stands alone, without a building of its own
        settled = [face for face, label in enumerate(labels) if label is not None]
        tree = shapely.STRtree([faces[face] for face in settled])
        for face in left:
            labels[face] = labels[settled[int(tree.nearest(faces[face]))]]


def _offer(
    face: int, labels: Sequence[str | None], near: Sequence[Mapping[int, float]]
) -> tuple[float, int, str] | None:
    """Who borders longest on ground without a grid; None when nobody does, or it has one."""
    if labels[face] is not None:
        return None
    shares = _shares([face], None, labels, near)
    if not shares:
        return None
    label = min(shares, key=lambda name: (-shares[name], name))
    return -shares[label], face, label


def _shares(
    piece: Iterable[int],
    own: str | None,
    labels: Sequence[str | None],
    near: Sequence[Mapping[int, float]],
) -> dict[str, float]:
    """Lengths of the borders of a piece with each other grid."""
    shares: dict[str, float] = defaultdict(float)
    for face in sorted(piece):
        for other, length in near[face].items():
            name = labels[other]
            if name is not None and name != own:
                shares[name] += length
    return shares


def _join(faces: Sequence[Polygon], labels: list[str | None], holders: Sequence[bool]) -> None:
    """Make grids connected where ground without buildings allows it.

    Pieces without a building go to the neighbour. Pieces with one are tied to their grid's
    largest piece over the least open ground, when whoever loses that ground stays in one piece.
    """
    near = _borders(faces)
    area = [face.area for face in faces]
    for _round in range(3):
        changed = False
        for label in sorted({name for name in labels if name is not None}):
            for piece in _pieces(labels, near, label, area)[1:]:
                if not any(holders[face] for face in piece):
                    changed |= _give_away(piece, label, labels, near)
                else:
                    changed |= _tie(piece, label, labels, near, area, holders)
        if not changed:
            return


def _pieces(
    labels: Sequence[str | None], near: Sequence[Mapping[int, float]], label: str, area: list[float]
) -> list[set[int]]:
    """Connected pieces of a grid, the largest first."""
    left = {face for face, name in enumerate(labels) if name == label}
    pieces = []
    while left:
        start = min(left)
        piece, stack = {start}, [start]
        left.discard(start)
        while stack:
            for other in near[stack.pop()]:
                if other in left:
                    left.discard(other)
                    piece.add(other)
                    stack.append(other)
        pieces.append(piece)
    return sorted(pieces, key=lambda piece: (-sum(area[face] for face in piece), min(piece)))


def _give_away(
    piece: set[int], label: str, labels: list[str | None], near: Sequence[Mapping[int, float]]
) -> bool:
    shares = _shares(piece, label, labels, near)
    if not shares:
        return False
    heir = min(shares, key=lambda name: (-shares[name], name))
    for face in piece:
        labels[face] = heir
    return True


def _tie(
    piece: set[int],
    label: str,
    labels: list[str | None],
    near: Sequence[Mapping[int, float]],
    area: list[float],
    holders: Sequence[bool],
) -> bool:
    """Lead a strip of open ground from a piece to the rest of its grid, if nobody is cut by it."""
    way = _cheapest_way(piece, label, labels, near, area, holders)
    if not way:
        return False
    before = {face: labels[face] for face in way}
    losers = {name for name in before.values() if name is not None}
    counts = {name: len(_pieces(labels, near, name, area)) for name in losers}
    for face in way:
        labels[face] = label
    if all(0 < len(_pieces(labels, near, name, area)) <= counts[name] for name in losers):
        return True
    for face, name in before.items():
        labels[face] = name
    return False


def _cheapest_way(
    piece: set[int],
    label: str,
    labels: Sequence[str | None],
    near: Sequence[Mapping[int, float]],
    area: list[float],
    holders: Sequence[bool],
) -> list[int]:
    """Faces without buildings of others from `piece` to another piece of the grid."""
    queue: list[tuple[float, int, tuple[int, ...]]] = [(0.0, face, ()) for face in sorted(piece)]
    heapq.heapify(queue)
    seen: set[int] = set()
    while queue:
        cost, face, way = heapq.heappop(queue)
        if face in seen:
            continue
        seen.add(face)
        if labels[face] == label and face not in piece:
            return list(way)
        for other in sorted(near[face]):
            if other in seen or other in piece:
                continue
            if labels[other] == label:
                heapq.heappush(queue, (cost, other, way))
            elif not holders[other]:
                heapq.heappush(queue, (cost + area[other], other, (*way, other)))
    return []


def _dissolved(
    faces: Sequence[Polygon],
    labels: Sequence[str | None],
    units: Mapping[int, BaseGeometry],
    own: Mapping[int, str],
) -> Outlines:
    by_grid: dict[str, list[Polygon]] = defaultdict(list)
    for face, label in zip(faces, labels, strict=True):
        by_grid[str(label)].append(face)
    areas = {}
    for grid in sorted(by_grid):
        merged = shapely.coverage_union_all(np.array(by_grid[grid], dtype=object))
        areas[grid] = MultiPolygon(_polygons(merged))
    areas = _lighter(areas)
    scattered = tuple(grid for grid, shape in areas.items() if len(shape.geoms) > 1)
    enclosed = tuple(
        n
        for n in sorted(units)
        if own[n] in areas and units[n].difference(areas[own[n]]).area > 0.01
    )
    return Outlines(areas, scattered, enclosed)


def _lighter(areas: dict[str, MultiPolygon]) -> dict[str, MultiPolygon]:
    """Leave out the vertices that lie on a straight border, the same ones in both neighbours."""
    shapes = shapely.coverage_simplify(list(areas.values()), 1e-4, simplify_boundary=False)
    return {
        grid: shape if isinstance(shape, MultiPolygon) else MultiPolygon([shape])
        for grid, shape in zip(areas, shapes, strict=True)
    }


def _polygonal(shape: BaseGeometry) -> BaseGeometry:
    parts = _polygons(shape)
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    flat = shapely.get_parts(shapely.get_parts(shape))
    return [part for part in flat if isinstance(part, Polygon) and part.area > 0]
