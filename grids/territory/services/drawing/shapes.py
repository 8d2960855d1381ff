"""Plane geometry of drawing: cut ground along lines without leaving a gap, fit borders together.

All geometries are Shapely's in EPSG:4326 (degrees). Ground is never cut by subtracting outlines
one by one: all lines are noded together once, and each face of the net goes to one owner, so
that neighbours use the very same vertices.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from grids.territory.geometry.coverage import area_m2

SNAP_DEG = 1e-7  # about 1 cm: vertices nearer than this are one vertex
LENGTHEN_M = 25.0  # a line that ends this near to the border is meant to reach it
NO_GROUND_M2 = 1.0  # a part smaller than this comes from a line along a border, not from a wish
THIN_M = 1.0  # ground left beside a new area that is thinner than this goes along with it
_DEGREE_M = 111_320.0


def multi(geometry: BaseGeometry) -> MultiPolygon:
    """The polygons of a geometry as one MultiPolygon; lines and points are dropped."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return MultiPolygon([part for part in parts if isinstance(part, Polygon) and part.area])


def dissolve(parts: Iterable[BaseGeometry]) -> MultiPolygon:
    """The union of parts as a MultiPolygon."""
    return multi(shapely.union_all(list(parts)))


def faces(lines: Iterable[BaseGeometry]) -> list[Polygon]:
    """The faces of the net that these lines (or outlines) make together."""
    edges = [line.boundary if line.area else line for line in lines]
    net = shapely.get_parts(shapely.polygonize([shapely.union_all(edges)]))
    return [face for face in net if face.area]


def shared_length(first: BaseGeometry, second: BaseGeometry) -> float:
    """Length in degrees of the border that two areas have in common, hairline gaps forgiven."""
    if first.distance(second) > SNAP_DEG:
        return 0.0
    near = shapely.intersection(first.boundary, second.boundary.buffer(SNAP_DEG))
    length = float(near.length)
    return length if length > 8 * SNAP_DEG else 0.0  # less: they meet at a point only


def owner_by_border(face: BaseGeometry, owners: Mapping[int, BaseGeometry]) -> int | None:
    """Which owner shares the longest border with the face; None when none touches it."""
    lengths = {owner: shared_length(face, shape) for owner, shape in owners.items()}
    best = min(lengths, key=lambda owner: (-lengths[owner], owner), default=None)
    return best if best is not None and lengths[best] else None


def divide_faces(
    lines: Iterable[BaseGeometry], owner_of: Callable[[BaseGeometry], Hashable | None]
) -> dict[Hashable, MultiPolygon]:
    """Give each face of the net to the owner of a point inside it; None: to nobody."""
    owned: dict[Hashable, list[BaseGeometry]] = defaultdict(list)
    for face in faces(lines):
        owner = owner_of(face)
        if owner is not None:
            owned[owner].append(face)
    return {owner: dissolve(parts) for owner, parts in owned.items()}


def inside(geometry: BaseGeometry, face: BaseGeometry) -> bool:
    """Whether a face of a net that holds the geometry's outline lies in it."""
    return bool(geometry.contains(face.representative_point()))


def split_by(geometry: BaseGeometry, line: LineString) -> list[Polygon]:
    """The pieces of an area that a line leaves, in no order; parts not reached stay whole."""
    reaching = lengthened(line, geometry)
    pieces: list[Polygon] = []
    for part in shapely.get_parts(geometry):
        cut = [face for face in faces([part, reaching]) if inside(part, face)]
        pieces += cut if len(cut) > 1 else [part]
    return pieces


def lengthened(line: LineString, geometry: BaseGeometry) -> LineString:
    """The line, each end that lies just inside the area carried on until it is outside."""
    points = [tuple(point) for point in shapely.get_coordinates(line)]
    prepared_boundary = geometry.boundary
    reach = LENGTHEN_M / _DEGREE_M
    for end in (0, -1):
        tip = shapely.Point(points[end])
        if not geometry.covers(tip) or prepared_boundary.distance(tip) > reach * 2:
            continue
        before = points[1] if end == 0 else points[-2]
        farther = _carried_on(before, points[end], LENGTHEN_M)
        if end == 0:
            points.insert(0, farther)
        else:
            points.append(farther)
    return LineString(points)


def _carried_on(
    start: tuple[float, ...], tip: tuple[float, ...], metres: float
) -> tuple[float, float]:
    """The point that lies so many metres beyond the tip, in the line's own direction."""
    shrink = math.cos(math.radians(tip[1]))
    east, north = (tip[0] - start[0]) * shrink, tip[1] - start[1]
    step = metres / _DEGREE_M / (math.hypot(east, north) or 1.0)
    return tip[0] + east * step / shrink, tip[1] + north * step


def thin(geometry: BaseGeometry) -> bool:
    """Whether the ground is so narrow or small that nobody can have meant to leave it."""
    ground = area_m2(geometry)
    length_m = geometry.length * _DEGREE_M
    return ground < NO_GROUND_M2 or 2 * ground / length_m < THIN_M


def snapped(geometry: BaseGeometry, reference: Sequence[BaseGeometry]) -> BaseGeometry:
    """The geometry with vertices moved onto vertices of the reference less than 1 cm away."""
    known = shapely.get_coordinates(list(reference))
    if not len(known):
        return geometry
    tree = shapely.STRtree(shapely.points(known))
    own = shapely.get_coordinates(geometry)
    mine, theirs = tree.query_nearest(shapely.points(own), max_distance=SNAP_DEG, all_matches=False)
    moved = own.copy()
    moved[mine] = known[theirs]
    return shapely.set_coordinates(shapely.from_wkb(shapely.to_wkb(geometry)), moved)


def with_vertices(geometry: BaseGeometry, points: np.ndarray) -> BaseGeometry:
    """The geometry with those points (n × 2) set as vertices that lie on its border.

    A point counts as on the border when it is less than 1 cm off; one that is a vertex already
    changes nothing. Returns the same object when nothing was to be inserted.
    """
    if not len(points):
        return geometry
    near = shapely.STRtree(shapely.points(points)).query(
        geometry.boundary, predicate="dwithin", distance=SNAP_DEG
    )
    wanted = np.unique(points[near], axis=0)
    if len(wanted):
        own = shapely.STRtree(shapely.points(shapely.get_coordinates(geometry)))
        taken = own.query(shapely.points(wanted), predicate="dwithin", distance=SNAP_DEG)[0]
        wanted = np.delete(wanted, np.unique(taken), axis=0)
    if not len(wanted):
        return geometry
    parts = [
        Polygon(_woven(part.exterior, wanted), [_woven(hole, wanted) for hole in part.interiors])
        for part in shapely.get_parts(geometry)
    ]
    return MultiPolygon(parts)


def _woven(ring: BaseGeometry, points: np.ndarray) -> np.ndarray:
    """The ring's coordinates with the points inserted into the edges they lie on."""
    ground = shapely.get_coordinates(ring)
    edges = shapely.linestrings(np.stack([ground[:-1], ground[1:]], axis=1))
    tree = shapely.STRtree(edges)
    inserted: dict[int, list[tuple[float, np.ndarray]]] = defaultdict(list)
    for number, point in enumerate(shapely.points(points)):
        edge = int(tree.nearest(point))
        if edges[edge].distance(point) <= SNAP_DEG:
            inserted[edge].append((float(edges[edge].project(point)), points[number]))
    rows: list[np.ndarray] = []
    for edge, vertex in enumerate(ground[:-1]):
        rows.append(vertex)
        rows += [point for _at, point in sorted(inserted[edge], key=lambda item: item[0])]
    return np.array([*rows, ground[-1]])


def fresh_vertices(after: Iterable[BaseGeometry], before: Iterable[BaseGeometry]) -> np.ndarray:
    """Vertices (n × 2) that the new outlines have and the old ones had not."""
    known = {tuple(point) for point in shapely.get_coordinates(list(before)).tolist()}
    new = {tuple(point) for point in shapely.get_coordinates(list(after)).tolist()} - known
    return np.array(sorted(new), dtype=np.float64).reshape(-1, 2)
