"""Which names a paper map carries, in the order in which they take their places."""

from __future__ import annotations

from collections.abc import Iterator

import shapely
from shapely.geometry.base import BaseGeometry

from grids.territory.paper.content import Area, Picture
from grids.territory.paper.frame import View
from grids.territory.paper.lettering import (
    Board,
    Placed,
    along,
    beside,
    break_lines,
    in_area,
    text_width_mm,
)
from grids.territory.paper.roads import road_class, road_width_mm

AREA_SIZES_MM = {1: (7.0, 6.0, 5.0), 2: (5.2, 4.4, 3.6, 3.0), 3: (4.2, 3.6, 3.0, 2.6)}
CHIP_SIZES = (1.0, 0.85, 0.7, 0.58)  # shares of the wished size
# Areas below so many times the square of their number's size are numbered before names are set.
TIGHT = (45.0, 120.0, float("inf"))
ROAD_SIZE_MM, MAIN_ROAD_SIZE_MM = 2.4, 3.0
BUILDING_SIZES_MM = (2.3, 1.9)
LONGEST_LINE = 8
MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
REPEAT_MM = 150


def place_names(paper: Board, picture: Picture, view: View) -> list[str]:
    """Place everything; returns the required words that found no place."""
    missing = _required(paper, picture, view)
    _roads(paper, picture, view, main=True)
    for area in sorted(picture.areas, key=lambda area: area.level):
        if area.name and not area.required:
            paper.put(_beyond(area, view))
    _roads(paper, picture, view, main=False)
    for thing in picture.ground.water:
        if thing.name:
            shape = _visible(thing.shape, view)
            paper.put(in_area(shape, [thing.name], (2.8, 2.4), "water"))
    if picture.building_names:
        _buildings(paper, picture, view)
    return missing


def _required(paper: Board, picture: Picture, view: View) -> list[str]:
    """Words that must stand somewhere. Where a large name has covered an area whole, all is
    begun again with more of the numbers first: large names find room elsewhere."""
    wanted = [area for area in picture.areas if area.required and (area.chip or area.name)]
    taken, placed = list(paper.taken), list(paper.placed)
    missing: list[str] = []
    for tight in TIGHT:
        paper.taken, paper.placed = list(taken), list(placed)
        missing = [
            area.chip or area.name
            for area in sorted(wanted, key=lambda area: _order(area, view, tight))
            if paper.put(_area_names(area, view)) is None
        ]
        if not missing:
            break
    return missing


def _order(area: Area, view: View, tight: float) -> tuple[float, ...]:
    """Small areas before the names of large ones; then by border, the smallest first."""
    size_mm2 = area.shape.area * view.mm_per_m**2
    first = bool(area.chip) and size_mm2 < tight * area.chip_mm**2
    return (0.0 if first else float(area.level), size_mm2)


def _visible(shape: BaseGeometry, view: View) -> BaseGeometry:
    """The part of a shape that is on the paper, in millimetres."""
    seen: BaseGeometry = shapely.intersection(shapely.make_valid(view.to_mm(shape)), view.paper)
    return seen


def _area_names(area: Area, view: View) -> Iterator[Placed]:
    """Inside in one line or more, else crossing the border, else beside it with a line."""
    shape = _visible(area.shape, view)
    if area.chip:
        sizes_mm = tuple(area.chip_mm * share for share in CHIP_SIZES)
        yield from in_area(shape, [area.chip], sizes_mm, "chip")
        yield from in_area(shape, [area.chip], sizes_mm[-1:], "chip", loose=True)
        yield from beside(shape, [area.chip], sizes_mm[-2], "chip")
        return
    style = f"area{min(area.level, 3)}"
    sizes = AREA_SIZES_MM.get(area.level, AREA_SIZES_MM[3])
    broken = break_lines(area.name, LONGEST_LINE)
    for size in sizes:
        yield from in_area(shape, [area.name], (size,), style)
        if len(broken) > 1:
            yield from in_area(shape, broken, (size,), style)
    yield from in_area(shape, broken, sizes[-1:], style, loose=True)
    yield from beside(shape, broken, sizes[-1], style)


def _beyond(area: Area, view: View) -> Iterator[Placed]:
    """Neighbours are named where there is room."""
    yield from in_area(
        _visible(area.shape, view), break_lines(area.name, LONGEST_LINE), (3.0, 2.6), "beyond"
    )


def _roads(paper: Board, picture: Picture, view: View, *, main: bool) -> None:
    """Stretches of one name are one road; a long one is named again after REPEAT_MM."""
    by_name: dict[str, list[BaseGeometry]] = {}
    widths: dict[str, float] = {}
    for road in picture.ground.roads:
        if road.name and (road_class(road.kind) in MAIN_ROADS) is main:
            by_name.setdefault(road.name, []).append(road.shape)
            widths[road.name] = max(
                widths.get(road.name, 0.0), road_width_mm(road_class(road.kind), view)
            )
    size = MAIN_ROAD_SIZE_MM if main else ROAD_SIZE_MM
    for name, shapes in sorted(by_name.items()):
        merged = shapely.line_merge(shapely.union_all(shapes))
        lines = _visible(merged, view)
        first = paper.put(along(lines, name, size, "road", widths[name]))
        if first is None:
            paper.put(along(lines, name, size * 0.82, "road", widths[name]))
        elif lines.length > REPEAT_MM:
            far = (
                other
                for other in along(lines, name, size, "road", widths[name])
                if (other.x - first.x) ** 2 + (other.y - first.y) ** 2 > (REPEAT_MM * 0.6) ** 2
            )
            paper.put(far)


def _buildings(paper: Board, picture: Picture, view: View) -> None:
    """Large ones first; a name may overlap its building's outline a little, never other words."""
    focus = shapely.buffer(picture.focus, 15)
    named = [
        thing
        for thing in picture.ground.buildings
        if thing.name and shapely.intersects(focus, thing.shape)
    ]
    for thing in sorted(named, key=lambda thing: -thing.shape.area):
        shape = _visible(thing.shape, view)
        if shape.is_empty:
            continue
        west, north, east, south = shape.bounds
        room = max(east - west, 5.0) * 1.35
        centre = shapely.point_on_surface(shape)
        put = None
        for size in BUILDING_SIZES_MM:
            for lines in (
                [thing.name],
                break_lines(thing.name, 6),
                break_lines(thing.name, 4),
            ):
                if max(text_width_mm(line, size) for line in lines) > room:
                    continue
                if len(lines) * size * 1.22 > max(south - north, size * 1.3) * 1.2:
                    continue
                put = paper.put(
                    [
                        Placed(
                            tuple(lines), (west + east) / 2, (north + south) / 2, size, "building"
                        ),
                        Placed(tuple(lines), centre.x, centre.y, size, "building"),
                    ]
                )
                if put:
                    break
            if put:
                break
