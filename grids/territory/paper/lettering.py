"""How wide words are on paper, and where names stand so that no two of them collide."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
import shapely.ops
from shapely import affinity
from shapely.geometry.base import BaseGeometry

LINE_HEIGHT = 1.22
_NARROW = frozenset("ijl.,:;|!'()[]· ")
_WIDE = frozenset("mwMW@%—")
DIRECTIONS = 24
REACH_MM = (7, 10, 14, 18, 24, 30, 38, 48, 60, 80)


def text_width_mm(text: str, size_mm: float) -> float:
    """Width of one line in the platform's paper font (Noto Sans CJK); never too small."""
    total = 0.0
    for character in text:
        if unicodedata.east_asian_width(character) in "WFA":
            total += 1.0
        elif character in _NARROW:
            total += 0.34
        elif character in _WIDE:
            total += 0.92
        elif character.isupper():
            total += 0.70
        else:
            total += 0.58
    return total * size_mm


def break_lines(text: str, most: int) -> list[str]:
    """Two or more lines of about equal length, at most `most` characters; words with letters of
    an alphabet stay whole."""
    if len(text) <= most or (text.isascii() and " " not in text):
        return [text]
    if " " in text:
        lines: list[str] = []
        for word in text.split():
            if lines and len(lines[-1]) + 1 + len(word) <= most:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
        return lines
    count = math.ceil(len(text) / most)
    length = math.ceil(len(text) / count)
    return [text[start : start + length] for start in range(0, len(text), length)]


@dataclass(frozen=True)
class Placed:
    """Words with their place: the middle in mm, the angle in degrees clockwise.

    `leader` is the point that a line leads to, where the words had to stand beside their area.
    """

    lines: tuple[str, ...]
    x: float
    y: float
    size_mm: float
    style: str
    angle: float = 0.0
    leader: tuple[float, float] | None = None

    @property
    def box(self) -> BaseGeometry:
        """The ground that the words take."""
        return text_box(self.lines, self.x, self.y, self.size_mm, self.style, self.angle)


def text_box(
    lines: Sequence[str], x: float, y: float, size_mm: float, style: str, angle: float = 0.0
) -> BaseGeometry:
    """The rectangle of some lines around their middle; a chip is as wide as it is high."""
    width = max(text_width_mm(line, size_mm) for line in lines)
    height = size_mm * LINE_HEIGHT * len(lines)
    if style.startswith("chip"):
        width = height = max(width + size_mm * 0.5, size_mm * 1.5)
    box = shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return affinity.rotate(box, angle, origin=(x, y)) if angle else box


@dataclass
class Board:
    """The paper, and what on it is taken already. First come, first served: ask in order."""

    width_mm: float
    height_mm: float
    clearance_mm: float = 0.5
    taken: list[BaseGeometry] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)

    def reserve(self, box: BaseGeometry) -> None:
        """Keep a piece of paper free of words."""
        self.taken.append(box)

    def is_free(self, box: BaseGeometry) -> bool:
        """Whether nothing stands there, and it lies wholly on the paper."""
        west, north, east, south = box.bounds
        if west < 0.5 or north < 0.5 or east > self.width_mm - 0.5 or south > self.height_mm - 0.5:
            return False
        if not self.taken:
            return True
        return not bool(shapely.dwithin(np.array(self.taken), box, self.clearance_mm).any())

    def put(self, candidates: Iterable[Placed]) -> Placed | None:
        """Place the first candidate that is free; None when all collide."""
        for candidate in candidates:
            box = candidate.box
            if not self.is_free(box):
                continue
            if candidate.leader and not self._way_is_free(candidate, candidate.leader):
                continue
            self.taken.append(box)
            self.placed.append(candidate)
            return candidate
        return None

    def _way_is_free(self, candidate: Placed, start: tuple[float, float]) -> bool:
        line = shapely.LineString([start, (candidate.x, candidate.y)])
        return not self.taken or not bool(shapely.intersects(np.array(self.taken), line).any())


def inner_points(area: BaseGeometry, most: int = 40) -> list[tuple[float, float]]:
    """Points inside an area (mm), the roomiest first."""
    parts = [part for part in shapely.get_parts(area) if part.geom_type == "Polygon"]
    if not parts:
        return []
    largest = max(parts, key=lambda part: part.area)
    centre = shapely.get_point(shapely.maximum_inscribed_circle(largest), 0)
    west, north, east, south = largest.bounds
    xs, ys = np.meshgrid(np.linspace(west, east, 15)[1:-1], np.linspace(north, south, 15)[1:-1])
    cloud: Any = shapely.points(np.column_stack([xs.ravel(), ys.ravel()]))
    shapely.prepare(largest)
    inside = cloud[shapely.contains(largest, cloud)]
    room = shapely.distance(inside, shapely.boundary(largest))
    ordered = inside[np.argsort(-room, kind="stable")][:most]
    return [(centre.x, centre.y), *((point.x, point.y) for point in ordered)]


def in_area(
    area: BaseGeometry,
    lines: Sequence[str],
    sizes_mm: Sequence[float],
    style: str,
    *,
    loose: bool = False,
) -> Iterator[Placed]:
    """Candidates inside an area, large letters first; `loose` lets the words cross its border."""
    points = inner_points(area)
    shapely.prepare(area)
    for size in sizes_mm:
        for x, y in points:
            candidate = Placed(tuple(lines), x, y, size, style)
            if loose or shapely.contains_properly(area, candidate.box):
                yield candidate


def beside(
    area: BaseGeometry, lines: Sequence[str], size_mm: float, style: str
) -> Iterator[Placed]:
    """Candidates around an area with a line that leads into it: for what has no room inside."""
    for at_x, at_y in inner_points(area, most=5):
        for reach in REACH_MM:
            for step in range(DIRECTIONS):
                turn = 2 * math.pi * step / DIRECTIONS
                x, y = at_x + reach * math.cos(turn), at_y + reach * math.sin(turn)
                yield Placed(tuple(lines), x, y, size_mm, style, leader=(at_x, at_y))


def along(
    line: BaseGeometry, text: str, size_mm: float, style: str, width_mm: float = 0.0
) -> Iterator[Placed]:
    """Candidates on a road: where a stretch as long as the words is straight enough.

    The words follow the road and are never upside down; on a road that is wide enough (mm) a
    crooked stretch may bend within it.
    """
    need = text_width_mm(text, size_mm) + size_mm
    for part in sorted(shapely.get_parts(line), key=lambda p: -p.length):
        if part.length < need:
            return
        spare = part.length - need
        for share in (0.5, 0.3, 0.7, 0.15, 0.85, 0.0, 1.0):
            start = spare * share
            a, b = part.interpolate(start), part.interpolate(start + need)
            chord = shapely.LineString([a, b])
            stretch = shapely.ops.substring(part, start, start + need)
            if shapely.hausdorff_distance(chord, stretch) > max(size_mm * 0.45, width_mm * 0.3):
                continue
            angle = math.degrees(math.atan2(b.y - a.y, b.x - a.x))
            if angle > 90:
                angle -= 180
            elif angle <= -90:
                angle += 180
            middle = chord.interpolate(0.5, normalized=True)
            yield Placed((text,), middle.x, middle.y, size_mm, style, angle=angle)
