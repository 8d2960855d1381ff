"""The faulty ground of one divided area, cut into faces, with who lies on each of them.

A face is bounded by pieces of the borders themselves, so ground can be given and taken by
exchanging whole borders: afterwards both neighbours run through the same vertices. Coordinates are
EPSG:4326 degrees.
"""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from gridmgmt.core.crs import metric_crs
from grids.territory.geometry import borders
from grids.territory.geometry.borders import Edges, Floats, Ints, Mask, Shapes

# Vertices nearer than this (degrees, a tenth of a micrometre) are one vertex.
SAME_PLACE = 1e-12
AREA_ITSELF = -1  # owner of the edges of the divided area

GAP, OVERLAP, OUTSIDE = "gap", "overlap", "outside_parent"


@dataclass(frozen=True)
class Fault:
    """Faulty ground in one piece: `faces` are indexes, `holders` the children that lie on it."""

    nature: str
    holders: tuple[int, ...]
    faces: tuple[int, ...]
    ground: BaseGeometry
    area_m2: float
    width_m: float

    @property
    def is_rounding(self) -> bool:
        """Whether it is too thin for anybody to have drawn it."""
        return self.width_m < borders.ROUNDING_WIDTH_M


@dataclass(frozen=True)
class Arrangement:
    """`shapes` are the children; faces and holders run in parallel.

    `pieces` are the noded borders near the faults: piece i belongs to the edge `origin[i]` of
    `edges`, whose owner is a child's index or AREA_ITSELF.
    """

    parent: BaseGeometry
    shapes: Shapes
    edges: Edges
    pieces: Floats
    origin: Ints
    faces: Shapes
    holders: list[tuple[int, ...]]
    inside: Mask

    def faults(self) -> list[Fault]:
        """Faulty ground, faces with the same holders that share a border taken together."""
        kinds: dict[tuple[str, tuple[int, ...]], list[int]] = defaultdict(list)
        for number, holders in enumerate(self.holders):
            if self.inside[number] and not holders:
                kinds[GAP, ()].append(number)
            elif self.inside[number] and len(holders) > 1:
                kinds[OVERLAP, holders].append(number)
            elif not self.inside[number]:
                for holder in holders:
                    kinds[OUTSIDE, (holder,)].append(number)
        found = []
        for (nature, holders), members in sorted(kinds.items()):
            for faces in self._connected(members):
                ground = shapely.coverage_union_all(self.faces[faces])
                found.append((nature, holders, tuple(faces), ground))
        sizes = sizes_m([ground for *_rest, ground in found], self.parent)
        return [Fault(*row, *size) for row, size in zip(found, sizes, strict=True)]

    def _connected(self, members: list[int]) -> list[list[int]]:
        """Faces that share an edge, together."""
        if len(members) == 1:
            return [members]
        edges = borders.edges_of(self.faces[members])
        keys = _undirected(edges.ends)
        _unique, number = np.unique(keys, axis=0, return_inverse=True)
        number = number.reshape(-1) + len(members)
        label = borders.components(edges.owner, number, int(number.max()) + 1)
        groups: dict[int, list[int]] = defaultdict(list)
        for position, member in enumerate(members):
            groups[int(label[position])].append(member)
        return list(groups.values())

    def neighbours(self, fault: Fault) -> dict[int, float]:
        """Children whose border runs along the fault (not those lying on it), with its length."""
        outline = borders.edges_of(self.faces[list(fault.faces)])
        alone = borders.unmatched(
            outline.ends, np.zeros(len(outline), dtype=np.int64), np.ones(len(outline), np.int64)
        )
        ring = {tuple(row) for row in _undirected(outline.ends[alone]).tolist()}
        lengths: dict[int, float] = defaultdict(float)
        for piece, origin in zip(_undirected(self.pieces).tolist(), self.origin, strict=True):
            owner = int(self.edges.owner[origin])
            if owner != AREA_ITSELF and tuple(piece) in ring and owner not in fault.holders:
                lengths[owner] += float(np.hypot(piece[2] - piece[0], piece[3] - piece[1]))
        return dict(lengths)

    def nearest(self, fault: Fault) -> int:
        """The child nearest to a fault."""
        return int(np.argmin(shapely.distance(self.shapes, fault.ground)))

    def exchange(
        self, given: Iterable[tuple[int, int]], taken: Iterable[tuple[int, int]]
    ) -> dict[int, BaseGeometry]:
        """New shapes of the children that get faces (`given`: face, child) or lose them (`taken`).

        Neighbours on whose border a new vertex falls get it too. A child that loses all its ground
        comes back empty.
        """
        gains, losses = defaultdict(list), defaultdict(list)
        for face, child in given:
            gains[child].append(face)
        for face, child in taken:
            losses[child].append(face)
        moved = sorted({face for faces in [*gains.values(), *losses.values()] for face in faces})
        touched = set(gains) | set(losses) | self._split_along(moved)
        return {
            child: self._rebuilt(child, gains.get(child, []), losses.get(child, []))
            for child in sorted(touched)
        }

    def _split_along(self, faces: list[int]) -> set[int]:
        """Children with a border along these faces that has got vertices which it did not have."""
        if not faces:
            return set()
        ring = {
            tuple(row) for row in _undirected(borders.edges_of(self.faces[faces]).ends).tolist()
        }
        along = np.array([tuple(row) in ring for row in _undirected(self.pieces).tolist()], bool)
        origins = np.unique(self.origin[along])
        counts = np.bincount(self.origin, minlength=len(self.edges))
        owners = self.edges.owner[origins[counts[origins] > 1]]
        return {int(owner) for owner in owners if owner != AREA_ITSELF}

    def _rebuilt(self, child: int, gains: list[int], losses: list[int]) -> BaseGeometry:
        own = np.flatnonzero(self.edges.owner == child)
        whole = np.setdiff1d(own, self.origin)
        parts = [self.edges.ends[whole], self.pieces[np.isin(self.origin, own)]]
        parts.append(borders.edges_of(self.faces[gains]).ends)
        parts.append(borders.edges_of(self.faces[losses]).ends[:, [2, 3, 0, 1]])
        return polygons_from(np.concatenate(parts))


def arrange(
    parent: BaseGeometry,
    shapes: Sequence[BaseGeometry],
    *,
    extra: BaseGeometry | None = None,
    residue: Floats | None = None,
) -> Arrangement:
    """Cut the ground where the division of `parent` does not hold into faces.

    `extra` is a line along which faces are cut as well (a building's outline). `residue` is what
    `borders.prove` left over of this area, when the caller has it.
    """
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    own, outer = borders.edges_of(array), borders.edges_of(np.array([parent], dtype=object))
    edges = Edges(
        np.concatenate([own.ends, outer.ends]),
        np.concatenate([own.owner, np.full(len(outer), AREA_ITSELF)]),
    )
    if residue is None:
        group = np.zeros(len(array), dtype=np.int64)
        residue = borders.prove(np.array([parent], dtype=object), array, group).ends
    near = _near(edges, residue, extra)
    lines = edges.ends[near]
    if extra is not None:
        outline = shapely.get_parts(shapely.boundary(extra) if extra.area else extra)
        ring = np.concatenate([_steps(shapely.get_coordinates(line)) for line in outline])
        lines = np.concatenate([lines, ring])
    pieces, origin = _noded(lines)
    faces = _faces(pieces)
    belongs = origin < len(near)
    holders, inside = _holders(faces, array, parent)
    return Arrangement(
        parent, array, edges, pieces[belongs], near[origin[belongs]], faces, holders, inside
    )


def polygons_from(ends: Floats) -> MultiPolygon:
    """The ground to the left of directed edges, of which opposite ones cancel; may be empty."""
    zeros, ones = np.zeros(len(ends), dtype=np.int64), np.ones(len(ends), dtype=np.int64)
    left = ends[borders.unmatched(ends, zeros, ones)]
    if not len(left):
        return MultiPolygon()
    directed = {tuple(row) for row in left.tolist()}
    faces = _faces(left)
    if not len(faces):
        return MultiPolygon()
    sides = borders.edges_of(faces)
    kept = np.zeros(len(faces), dtype=bool)
    for owner, row in zip(sides.owner.tolist(), sides.ends.tolist(), strict=True):
        if tuple(row) in directed:
            kept[owner] = True
    merged = shapely.coverage_union_all(faces[kept]) if kept.any() else MultiPolygon()
    return MultiPolygon([part for part in shapely.get_parts(merged) if part.geom_type == "Polygon"])


def sizes_m(grounds: Sequence[BaseGeometry], around: BaseGeometry) -> list[tuple[float, float]]:
    """Area in m² and mean width in m (twice the area by the outline) of each EPSG:4326 ground."""
    if not grounds:
        return []
    west, south, east, north = around.bounds
    project = to_metres(metric_crs((west + east) / 2, (south + north) / 2))
    flat = shapely.transform(np.array(grounds, dtype=object), project)
    areas, outlines = shapely.area(flat), shapely.length(flat)
    return [
        (float(area), float(2 * area / outline) if outline else 0.0)
        for area, outline in zip(areas, outlines, strict=True)
    ]


@functools.lru_cache(maxsize=32)
def to_metres(crs: str) -> Callable[[Floats], Floats]:
    """EPSG:4326 coordinates into those of a metric CRS."""
    transformer = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)

    def move(xy: Floats) -> Floats:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return move


def _near(edges: Edges, residue: Floats, extra: BaseGeometry | None) -> Ints:
    """Edges that bound or cross ground that may be faulty."""
    zones = list(_faces(_noded(residue)[0])) if len(residue) else []
    if extra is not None:
        zones.append(extra)
    left = {tuple(row) for row in _undirected(residue).tolist()}
    wanted = {i for i, row in enumerate(_undirected(edges.ends).tolist()) if tuple(row) in left}
    if zones:
        grounds, lines = np.array(zones, dtype=object), _lines(edges.ends)
        shapely.prepare(grounds)
        line, zone = shapely.STRtree(grounds).query(lines)
        wanted |= set(line[shapely.intersects(grounds[zone], lines[line])].tolist())
    return np.array(sorted(wanted), dtype=np.int64)


def _noded(ends: Floats) -> tuple[Floats, Ints]:
    """Edges cut wherever another meets them, and for each piece the index of its edge.

    Vertices closer together than SAME_PLACE become one; a vertex that close to an edge splits it.
    """
    if not len(ends):
        return np.empty((0, 4)), np.empty(0, dtype=np.int64)
    lines, count = _lines(ends), len(ends)
    given = np.vstack([ends[:, :2], ends[:, 2:]])
    crossings = shapely.get_coordinates(shapely.union_all(lines))
    vertices, number = _numbered(np.vstack([given, crossings]) + 0.0)
    points: np.ndarray = np.asarray(shapely.points(vertices), dtype=object)
    tree = shapely.STRtree(points)
    first, second = tree.query(points, predicate="dwithin", distance=SAME_PLACE)
    head = borders.components(first, second, len(vertices))
    start, stop = head[number[:count]], head[number[count : 2 * count]]
    edge, vertex = tree.query(lines, predicate="dwithin", distance=SAME_PLACE)
    vertex = head[vertex]
    inner = (vertex != start[edge]) & (vertex != stop[edge])
    between: dict[int, set[int]] = defaultdict(set)
    for i, j in zip(edge[inner].tolist(), vertex[inner].tolist(), strict=True):
        between[i].add(j)
    plain = start != stop
    plain[list(between)] = False
    pairs = [np.column_stack([start[plain], stop[plain], np.flatnonzero(plain)])]
    for i, stops in sorted(between.items()):
        way = sorted(stops)
        along = (vertices[way] - ends[i, :2]) @ (ends[i, 2:] - ends[i, :2])
        chain = [start[i], *(way[k] for k in np.argsort(along, kind="stable")), stop[i]]
        pairs.append(np.array([(a, b, i) for a, b in itertools.pairwise(chain) if a != b]))
    a, b, origin = np.concatenate([rows.reshape(-1, 3) for rows in pairs]).astype(np.int64).T
    order = np.argsort(origin, kind="stable")
    return np.hstack([vertices[a], vertices[b]])[order], origin[order]


def _faces(ends: Floats) -> Shapes:
    """The smallest polygons between noded edges, in an order that depends on nothing else."""
    if not len(ends):
        return np.empty(0, dtype=object)
    unique = np.unique(_undirected(ends), axis=0)
    found = shapely.get_parts(shapely.polygonize(_lines(unique)))
    return np.asarray(shapely.normalize(found), dtype=object)


def _holders(
    faces: Shapes, shapes: Shapes, parent: BaseGeometry
) -> tuple[list[tuple[int, ...]], Mask]:
    """For each face the children that it lies in, and whether the area covers it."""
    points = shapely.point_on_surface(faces) if len(faces) else np.empty(0, dtype=object)
    lies_in: list[set[int]] = [set() for _ in faces]
    if len(faces):
        shapely.prepare(shapes)
        face, child = shapely.STRtree(shapes).query(points)
        within = shapely.contains_properly(shapes[child], points[face])
        face, child = face[within], child[within]
        for i, j in zip(face.tolist(), child.tolist(), strict=True):
            lies_in[i].add(j)
    shapely.prepare(parent)
    inside = np.asarray(shapely.contains(parent, points), dtype=bool)
    return [tuple(sorted(held)) for held in lies_in], inside


def _lines(ends: Floats) -> Shapes:
    return np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)), dtype=object)


def _steps(xy: Floats) -> Floats:
    return np.hstack([xy[:-1], xy[1:]])


def _undirected(ends: Floats) -> Floats:
    ahead = (ends[:, 0] < ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] <= ends[:, 3]))
    return np.where(ahead[:, None], ends, ends[:, [2, 3, 0, 1]])


def _numbered(xy: Floats) -> tuple[Floats, Ints]:
    """Distinct rows in the order in which they first appear, and each row's number among them."""
    rows, first, inverse = np.unique(xy, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows))
    return np.asarray(rows[order]), rank[inverse.reshape(-1)]
