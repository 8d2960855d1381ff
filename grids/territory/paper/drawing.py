"""The map as SVG: ground, tints, outlines, names, scale bar and north arrow, in millimetres."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from grids.territory.paper.content import TINTS, Area, Ground, Picture
from grids.territory.paper.frame import View, bar_length_m
from grids.territory.paper.lettering import LINE_HEIGHT, Board, Placed, text_width_mm
from grids.territory.paper.names import place_names
from grids.territory.paper.roads import PATHS, ROADS, road_class, road_width_mm

LAND, BUILDING, BUILDING_LINE = "#f4f3ee", "#d9d3c6", "#b9b1a0"
WATER, WATER_LINE = "#c4dbe7", "#8fb6ca"
ROAD, MAJOR, CASING, MAJOR_CASING, PATH = "#ffffff", "#fdeec4", "#c9c3b5", "#cfb877", "#b8b0a0"
INK, HALO = "#22312f", "#ffffff"
BORDERS = {
    1: ("#14557b", 1.1, ""),
    2: ("#6b3f83", 0.65, ""),
    3: ("#4a5856", 0.3, ""),
    4: ("#9aa5a3", 0.25, ""),
}
# Colour, weight and halo (share of the size) of each kind of words.
STYLES = {
    "area1": ("#0c3f5e", 700, 0.34),
    "area2": ("#55306a", 700, 0.34),
    "area3": ("#22312f", 700, 0.32),
    "chip": ("#22312f", 700, 0.0),
    "beyond": ("#6a7775", 400, 0.3),
    "road": ("#4d4a40", 400, 0.3),
    "building": ("#57503f", 400, 0.26),
    "water": ("#2f6178", 400, 0.26),
}


@dataclass(frozen=True)
class Drawing:
    """The picture; what of water, buildings, roads and paths it shows, for a true legend; and the
    words that found no place although they had to (none, normally)."""

    svg: str
    scale: int
    placed: tuple[Placed, ...]
    shows: frozenset[str]
    missing: tuple[str, ...]


def draw(picture: Picture, view: View, *, title: str = "") -> Drawing:
    """Draw the map. `title` is read out to those who do not see it."""
    paper = Board(view.width_mm, view.height_mm)
    furniture = _scale_bar(view, picture) + _north_arrow(view, picture.words.north)
    bar_mm = bar_length_m(view.scale) * view.mm_per_m
    paper.reserve(shapely.box(0, view.height_mm - 10, bar_mm + 30, view.height_mm))
    paper.reserve(shapely.box(view.width_mm - 14, 0, view.width_mm, 19))
    missing = place_names(paper, picture, view)
    focus = view.to_mm(picture.focus)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="paper-map" role="img" '
        f'width="{view.width_mm:g}mm" height="{view.height_mm:g}mm" '
        f'viewBox="0 0 {view.width_mm:g} {view.height_mm:g}">',
        f"<title>{escape(title)}</title>" if title else "",
        f'<rect width="{view.width_mm:g}" height="{view.height_mm:g}" fill="{LAND}"/>',
        *_water(picture.ground, view),
        *_tints(picture.areas, view),
        *_roads(picture.ground, view),
        *_buildings(picture.ground, view),
        _veil(focus, view),
        *_borders(picture.areas, view),
        *(_leader(name) for name in paper.placed if name.leader),
        *(_words(name) for name in paper.placed),
        furniture,
        "</svg>",
    ]
    shows = _shows(picture.ground, view)
    return Drawing("".join(parts), view.scale, tuple(paper.placed), shows, tuple(missing))


def _shows(ground: Ground, view: View) -> frozenset[str]:
    """Kinds of ground that lie in the window."""
    window = shapely.box(*view.ground)
    by_kind: dict[str, list[BaseGeometry]] = {
        "water": [thing.shape for thing in ground.water],
        "buildings": [thing.shape for thing in ground.buildings],
        "roads": [road.shape for road in ground.roads if road_class(road.kind) in ROADS],
        "paths": [road.shape for road in ground.roads if road_class(road.kind) in PATHS],
    }
    return frozenset(
        kind
        for kind, shapes in by_kind.items()
        if shapes and bool(shapely.intersects(np.array(shapes, dtype=object), window).any())
    )


def path_of(shapes: Iterable[BaseGeometry]) -> str:
    """The d attribute of many lines and polygons, in hundredths of a millimetre."""
    pieces: list[str] = []
    for shape in shapes:
        for part in shapely.get_parts(shape):
            if part.is_empty:
                continue
            if part.geom_type == "Polygon":
                pieces += (_ring(ring.coords) + "z" for ring in [part.exterior, *part.interiors])
            elif part.geom_type == "LineString":
                pieces.append(_ring(part.coords))
    return "".join(pieces)


def _ring(coordinates: Sequence[tuple[float, ...]]) -> str:
    points = [f"{x:.2f} {y:.2f}" for x, y, *_rest in coordinates]
    return f"M{points[0]}L{' '.join(points[1:])}"


def _on_paper(shapes: Iterable[BaseGeometry], view: View) -> list[BaseGeometry]:
    """In millimetres, cut at the frame, without detail that no printer shows."""
    found = np.array(list(shapes), dtype=object)
    if not len(found):
        return []
    west, south, east, north = view.ground
    edge_m = 4 / view.mm_per_m
    near = found[shapely.intersects(found, shapely.box(west, south, east, north))]
    cut = shapely.clip_by_rect(near, west - edge_m, south - edge_m, east + edge_m, north + edge_m)
    return list(shapely.simplify(view.to_mm(cut), 0.03))


def _shape(d: str, **attributes: object) -> str:
    if not d:
        return ""
    given = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<path d="{d}"{given}/>'


def _water(ground: Ground, view: View) -> list[str]:
    d = path_of(_on_paper((thing.shape for thing in ground.water), view))
    return [_shape(d, fill=WATER, stroke=WATER_LINE, stroke_width=0.15)]


def _buildings(ground: Ground, view: View) -> list[str]:
    d = path_of(_on_paper((thing.shape for thing in ground.buildings), view))
    return [_shape(d, fill=BUILDING, stroke=BUILDING_LINE, stroke_width=0.1)]


def _roads(ground: Ground, view: View) -> list[str]:
    by_class: dict[str, list[BaseGeometry]] = {}
    for road in ground.roads:
        by_class.setdefault(road_class(road.kind), []).append(road.shape)
    paths = [shape for name in sorted(PATHS & by_class.keys()) for shape in by_class[name]]
    round_ends = {"fill": "none", "stroke_linecap": "round", "stroke_linejoin": "round"}
    parts = [
        _shape(
            path_of(_on_paper(paths, view)),
            stroke=PATH,
            stroke_width=0.22,
            stroke_dasharray="0.9 0.6",
            fill="none",
        )
    ]
    order = [name for name in reversed(ROADS) if name in by_class]
    lines = {name: path_of(_on_paper(by_class[name], view)) for name in order}
    for casing in (True, False):
        for name in order:
            major = ROADS[name][2]
            width = road_width_mm(name, view)
            if casing:
                colour, width = (MAJOR_CASING if major else CASING), width + 0.3
            else:
                colour = MAJOR if major else ROAD
            parts.append(
                _shape(lines[name], stroke=colour, stroke_width=round(width, 2), **round_ends)
            )
    return parts


def _tints(areas: Sequence[Area], view: View) -> list[str]:
    parts = []
    for area in areas:
        if area.tint is not None:
            d = path_of(_on_paper([area.shape], view))
            parts.append(_shape(d, fill=TINTS[area.tint % len(TINTS)], fill_rule="evenodd"))
    return parts


def _veil(focus: BaseGeometry, view: View) -> str:
    """What lies outside is there for orientation only."""
    outside = shapely.difference(view.paper, focus)
    return _shape(path_of([outside]), fill="#ffffff", fill_opacity=0.62, fill_rule="evenodd")


def _borders(areas: Sequence[Area], view: View) -> list[str]:
    """The finest first, so that the widest lie on top; a pale seam sets each off the map."""
    parts = []
    for level in sorted({area.level for area in areas}, reverse=True):
        colour, width, dash = BORDERS.get(level, BORDERS[3])
        d = path_of(_on_paper((area.shape for area in areas if area.level == level), view))
        common = {"fill": "none", "stroke_linejoin": "round"}
        if level < 3:
            parts.append(
                _shape(d, stroke="#ffffff", stroke_width=width + 0.9, stroke_opacity=0.7, **common)
            )
        dashes = {"stroke_dasharray": dash} if dash else {}
        parts.append(_shape(d, stroke=colour, stroke_width=width, **dashes, **common))
    return parts


def _leader(name: Placed) -> str:
    x, y = name.leader or (name.x, name.y)
    line = f'x1="{x:.2f}" y1="{y:.2f}" x2="{name.x:.2f}" y2="{name.y:.2f}"'
    return (
        f'<line {line} stroke="#ffffff" stroke-width="0.7" stroke-opacity="0.8"/>'
        f'<line {line} stroke="{INK}" stroke-width="0.2"/>'
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.45" fill="{INK}"/>'
    )


def _words(name: Placed) -> str:
    colour, weight, halo = STYLES[name.style]
    turn = f' transform="rotate({name.angle:.1f} {name.x:.2f} {name.y:.2f})"' if name.angle else ""
    parts = []
    if name.style == "chip":
        west, north, east, _south = name.box.bounds
        radius = (east - west) / 2
        parts.append(
            f'<circle cx="{name.x:.2f}" cy="{north + radius:.2f}" r="{radius - 0.1:.2f}" '
            f'fill="#ffffff" stroke="{INK}" stroke-width="0.2"/>'
        )
    common = (
        f'text-anchor="middle" font-size="{name.size_mm:g}" font-weight="{weight}"'
        f' font-family="{FONTS}"{turn}'
    )
    step = name.size_mm * LINE_HEIGHT
    first = name.y - step * (len(name.lines) - 1) / 2 + name.size_mm * 0.36
    for index, line in enumerate(name.lines):
        at = f'x="{name.x:.2f}" y="{first + step * index:.2f}"'
        if halo:
            parts.append(
                f'<text {at} {common} fill="{HALO}" stroke="{HALO}" aria-hidden="true" '
                f'stroke-width="{name.size_mm * halo:.2f}" stroke-linejoin="round">'
                f"{escape(line)}</text>"
            )
        parts.append(f'<text {at} {common} fill="{colour}">{escape(line)}</text>')
    return "".join(parts)


FONTS = "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, WenQuanYi Micro Hei, sans-serif"


def _scale_bar(view: View, picture: Picture) -> str:
    """Four fields, black and white, with the length and 1:n; a ruler can be laid on it."""
    length_mm = bar_length_m(view.scale) * view.mm_per_m
    x, y = 5.0, view.height_mm - 7.6
    parts = [
        f'<rect x="1.5" y="{y - 1.6:.2f}" width="{length_mm + 28:.2f}" height="7.7" '
        f'rx="1" fill="#ffffff" fill-opacity="0.9"/>'
    ]
    for index in range(4):
        fill = INK if index % 2 == 0 else "#ffffff"
        parts.append(
            f'<rect x="{x + index * length_mm / 4:.2f}" y="{y:.2f}" width="{length_mm / 4:.2f}" '
            f'height="1.2" fill="{fill}" stroke="{INK}" stroke-width="0.15"/>'
        )
    text = f'font-family="{FONTS}" fill="{INK}"'
    parts += [
        f'<text x="{x:.2f}" y="{y + 4.6:.2f}" font-size="2.6" text-anchor="middle" {text}>0</text>',
        f'<text x="{x + length_mm:.2f}" y="{y + 4.6:.2f}" font-size="2.6" text-anchor="middle" '
        f"{text}>{escape(_length(view, picture))}</text>",
        f'<text x="{x + length_mm + 4:.2f}" y="{y + 2.2:.2f}" font-size="3.1" font-weight="700" '
        f"{text}>1:{view.scale}</text>",
    ]
    return "".join(parts)


def _length(view: View, picture: Picture) -> str:
    length_m, words = bar_length_m(view.scale), picture.words
    if length_m >= 1000:
        return f"{length_m / 1000:g} {words.kilometres}"
    return f"{length_m} {words.metres}"


def _north_arrow(view: View, north: str) -> str:
    x, y = view.width_mm - 7.5, 3.0
    width = text_width_mm(north, 3)
    return (
        f'<circle cx="{x:.2f}" cy="{y + 7:.2f}" r="6.6" fill="#ffffff" fill-opacity="0.85"/>'
        f'<path d="M{x:.2f} {y + 3.8:.2f}L{x + 2.6:.2f} {y + 12:.2f}L{x:.2f} {y + 10.2:.2f}z" '
        f'fill="{INK}"/><path d="M{x:.2f} {y + 3.8:.2f}L{x - 2.6:.2f} {y + 12:.2f}L{x:.2f} '
        f'{y + 10.2:.2f}z" fill="#ffffff" stroke="{INK}" stroke-width="0.25"/>'
        f'<text x="{x - width / 2:.2f}" y="{y + 3.2:.2f}" font-size="3" font-weight="700" '
        f'font-family="{FONTS}" fill="{INK}">{escape(north)}</text>'
    )
