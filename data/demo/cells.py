"""Cells of ground: road blocks, split between building groups. Metres, one metric CRS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import shapely
from shapely import LineString, MultiPoint, Point, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from data.demo.partition import CellGraph, Edge

GRID_M = 0.001  # the noding precision of everything here
THIN_M = 7.0  # ground narrower than twice this is part of the road, not a block
ALONG_M = 2.0  # a border this near to a road's centre line runs along it


@dataclass(frozen=True)
class Roads:
    """Centre lines of the two classes that may bound a block."""

    main: BaseGeometry
    minor: BaseGeometry


def _lines(geometry: BaseGeometry) -> list[LineString]:
    return [
        g for g in shapely.get_parts(geometry).tolist() if g.geom_type == "LineString" and g.length
    ]


def extend_dead_ends(
    lines: BaseGeometry, border: BaseGeometry, buildings: BaseGeometry, reach_m: float
) -> list[LineString]:
    """Prolong each dead end straight on to the next line or the border, where nothing is built.

    A road that stops short of the next one still separates what lies on its two sides.
    """
    noded = _lines(shapely.line_merge(shapely.unary_union(lines, grid_size=GRID_M)))
    ends: dict[tuple[float, ...], int] = {}
    for line in noded:
        for end in (line.coords[0], line.coords[-1]):
            ends[end] = ends.get(end, 0) + 1
    obstacles = shapely.union_all([*noded, border])
    added: list[LineString] = []
    for line in noded:
        for tip, before in ((line.coords[-1], line.coords[-2]), (line.coords[0], line.coords[1])):
            if ends[tip] > 1:
                continue
            length = math.dist(tip, before) or 1.0
            dx, dy = (tip[0] - before[0]) / length, (tip[1] - before[1]) / length
            start = (tip[0] + dx * 0.05, tip[1] + dy * 0.05)
            ray = LineString([start, (tip[0] + dx * reach_m, tip[1] + dy * reach_m)])
            hit = ray.intersection(obstacles)
            if hit.is_empty:
                continue
            distance = Point(start).distance(hit) + 0.2
            way = LineString([tip, (tip[0] + dx * distance, tip[1] + dy * distance)])
            if not way.intersects(buildings):
                added.append(way)
    return added


def blocks(
    street: Polygon, roads: Roads, groups: list[Polygon], guides: list[LineString]
) -> list[Polygon]:
    """The faces between roads; where a road runs through a building, its wall bounds instead."""
    built = shapely.union_all(groups)
    both = shapely.union_all([roads.main, roads.minor])
    long_ways = extend_dead_ends(roads.main, street.boundary, built, 260.0)
    short_ways = extend_dead_ends(both, street.boundary, built, 70.0)
    work = shapely.union_all([both, *long_ways, *short_ways, *guides]).intersection(street)
    crossed = [g for g in groups if work.intersects(g.buffer(-0.5))]
    work = shapely.unary_union(
        [work.difference(shapely.union_all(crossed)), street.boundary]
        + [g.boundary.intersection(street) for g in crossed],
        grid_size=GRID_M,
    )
    return [
        p
        for p in shapely.get_parts(shapely.polygonize([work])).tolist()
        if p.within(street.buffer(0.01))
    ]


def _split_between(block: Polygon, groups: list[Polygon]) -> list[BaseGeometry]:
    """One piece of the block for each building group: the ground nearest to its walls."""
    points: list[tuple[float, float]] = []
    owner: list[int] = []
    for index, group in enumerate(groups):
        ring = shapely.segmentize(group.exterior, 3.0)
        for xy in shapely.get_coordinates(ring)[:-1].round(2):
            points.append((float(xy[0]), float(xy[1])))
            owner.append(index)
    faces = shapely.get_parts(
        shapely.voronoi_polygons(MultiPoint(points), extend_to=block.envelope.buffer(50))
    )
    tree = STRtree(faces)
    pieces: list[list[BaseGeometry]] = [[] for _ in groups]
    for point, index in zip(points, owner, strict=True):
        face = int(tree.query_nearest(Point(point))[0])
        pieces[index].append(faces[face])
    return [shapely.union_all(p).union(g) for p, g in zip(pieces, groups, strict=True)]


def split_blocks(
    faces: list[Polygon], groups: list[Polygon], lived_in: list[bool], large_m2: float
) -> list[BaseGeometry]:
    """Cells: blocks with dwellings, and very large ones, are split between their buildings."""
    tree = STRtree(faces)
    inside: dict[int, list[int]] = {}
    for number, group in enumerate(groups):
        candidates = tree.query(group)
        if len(candidates):
            best = max(candidates, key=lambda i: (faces[i].intersection(group).area, -i))
            inside.setdefault(int(best), []).append(number)
    cells: list[BaseGeometry] = []
    for index, face in enumerate(faces):
        numbers = inside.get(index, [])
        split = any(lived_in[n] for n in numbers) or face.area > large_m2
        if len(numbers) < 2 or not split:
            cells.append(face)
            continue
        members = [groups[n] for n in numbers]
        everything = shapely.union_all(members)
        cells += [
            piece.intersection(face).difference(everything.difference(own))
            for piece, own in zip(_split_between(face, members), members, strict=True)
        ]
    return cells


def noded_cells(cells: list[BaseGeometry], street: Polygon) -> list[list[Polygon]]:
    """Node all cells against each other and give each face to the cell that it lies in."""
    lines = [shapely.boundary(c) for c in cells] + [street.boundary]
    faces = shapely.get_parts(shapely.polygonize([shapely.unary_union(lines, grid_size=GRID_M)]))
    tree = STRtree(cells)
    owned: list[list[Polygon]] = [[] for _ in cells]
    for face in faces.tolist():
        point = face.representative_point()
        if street.distance(point) > 0:
            continue
        owned[int(tree.query_nearest(point, all_matches=False)[0])].append(face)
    return owned


def cell_polygons(owned: list[list[Polygon]]) -> list[Polygon]:
    """One polygon a cell part: faces of one cell that hang together."""
    out: list[Polygon] = []
    for faces in owned:
        if faces:
            merged = shapely.coverage_union_all(faces)
            out += [p for p in shapely.get_parts(merged).tolist() if p.area > 0]
    return out


def _segments(polygon: Polygon) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    found = []
    for ring in (polygon.exterior, *polygon.interiors):
        xy = [tuple(c) for c in shapely.get_coordinates(ring).round(4).tolist()]
        found += [(min(a, b), max(a, b)) for a, b in pairwise(xy)]
    return found


def adjacency(polygons: list[Polygon]) -> dict[tuple[int, int], list[LineString]]:
    """Which polygons share which segments (they are noded, so shared segments are equal)."""
    first: dict[tuple[tuple[float, float], tuple[float, float]], int] = {}
    shared: dict[tuple[int, int], list[LineString]] = {}
    for index, polygon in enumerate(polygons):
        for segment in _segments(polygon):
            if segment in first and first[segment] != index:
                pair = (min(first[segment], index), max(first[segment], index))
                shared.setdefault(pair, []).append(LineString(segment))
            else:
                first[segment] = index
    return shared


def absorb_thin(polygons: list[Polygon], keep: list[bool]) -> list[Polygon]:
    """Merge slivers and road verges without a building into the neighbour they touch longest."""
    polygons = list(polygons)
    keep = list(keep)
    while True:
        thin = [
            i
            for i, p in enumerate(polygons)
            if not keep[i] and (p.area < 350 or p.buffer(-THIN_M).is_empty)
        ]
        if not thin:
            return polygons
        index = min(thin, key=lambda i: polygons[i].area)
        tree = STRtree(polygons)
        edge = polygons[index].boundary
        near = {
            int(i): polygons[i].boundary.intersection(edge).length
            for i in tree.query(polygons[index])
            if i != index
        }
        near = {i: length for i, length in near.items() if length > 0.05}
        if not near:
            keep[index] = True
            continue
        into = max(near, key=lambda i: (near[i], -i))
        merged = shapely.coverage_union_all([polygons[into], polygons[index]])
        polygons[into] = max(shapely.get_parts(merged).tolist(), key=lambda p: p.area)
        del polygons[index], keep[index]


def cell_graph(polygons: list[Polygon], weight: list[float], roads: Roads) -> CellGraph:
    """The graph of cells: cutting along a road is cheap, growing across one is dear."""
    edges: list[dict[int, Edge]] = [{} for _ in polygons]
    centres = [p.representative_point() for p in polygons]
    main = STRtree(_lines(roads.main))
    minor = STRtree(_lines(roads.minor))
    for (a, b), lines in adjacency(polygons).items():
        length = sum(s.length for s in lines)
        cut = path = 0.0
        for segment in lines:
            kind = _along(segment, main, minor)
            cut += segment.length * {"main": 0.1, "minor": 0.3}.get(kind, 1.6)
            path += segment.length * {"main": 6.0, "minor": 1.8}.get(kind, 1.0)
        step = centres[a].distance(centres[b]) * path / length
        edges[a][b] = edges[b][a] = Edge(length, cut, step)
    return CellGraph([p.area for p in polygons], weight, [p.length for p in polygons], edges)


def _along(segment: LineString, main: STRtree, minor: STRtree) -> str:
    middle = segment.interpolate(0.5, normalized=True)
    if len(main.query(middle, predicate="dwithin", distance=ALONG_M)):
        return "main"
    if len(minor.query(middle, predicate="dwithin", distance=ALONG_M)):
        return "minor"
    return "none"


def share_along_roads(lines: list[LineString], roads: list[LineString], within_m: float) -> float:
    """The share of the lines' length that lies within some metres of a road."""
    tree = STRtree(roads)
    total = sum(s.length for s in lines)
    near = sum(
        s.length
        for s in lines
        if len(tree.query(s.interpolate(0.5, normalized=True), "dwithin", distance=within_m))
    )
    return float(near / total) if total else math.nan
