"""What a paper map is drawn from. Shapes are in metres of one metric CRS, y pointing north."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import shapely
from shapely.geometry.base import BaseGeometry

# Pale enough that streets and letters stay readable on them; in the order they are used.
TINTS = (
    "#cfe2f1",
    "#dcebcd",
    "#fbe7c3",
    "#ead9ef",
    "#f8d9d2",
    "#d0ebe7",
    "#eee9bf",
    "#dcdff3",
    "#f3dde8",
    "#dfe3dc",
)


@dataclass(frozen=True)
class Thing:
    """A building or a sheet of water."""

    shape: BaseGeometry
    name: str = ""


@dataclass(frozen=True)
class Street:
    """A stretch of road; `kind` is OpenStreetMap's highway value."""

    shape: BaseGeometry
    name: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Ground:
    """What stands on the ground around the area."""

    buildings: Sequence[Thing] = ()
    roads: Sequence[Street] = ()
    water: Sequence[Thing] = ()


@dataclass(frozen=True)
class Area:
    """One area to be outlined. `level`: 1 the widest border, 3 the finest, 4 pale.

    `chip` is a short number in a circle (`chip_mm` its letters), `name` words; both empty: an
    outline without words.
    `tint` is an index of TINTS; None: not filled. `required`: its words must stand somewhere.
    """

    shape: BaseGeometry
    name: str = ""
    chip: str = ""
    chip_mm: float = 4.0
    level: int = 3
    tint: int | None = None
    required: bool = True


@dataclass(frozen=True)
class Words:
    """Words on the map itself, in the reader's language."""

    north: str = "N"
    metres: str = "m"
    kilometres: str = "km"


@dataclass(frozen=True)
class Picture:
    """All that one map shows: `focus` is what it is about; the rest is veiled."""

    focus: BaseGeometry
    areas: Sequence[Area] = ()
    ground: Ground = field(default_factory=Ground)
    building_names: bool = False
    words: Words = field(default_factory=Words)


def colours(shapes: Sequence[BaseGeometry], count: int = 6) -> list[int]:
    """A tint for each area so that neighbours differ wherever `count` tints allow it.

    Largest number of neighbours first; the least used of the free tints is taken, so that all
    of them appear. The same shapes give the same tints.
    """
    tree = shapely.STRtree(shapes)
    left, right = tree.query(shapes, predicate="dwithin", distance=1.0)
    beside: list[set[int]] = [set() for _shape in shapes]
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        if a != b:
            beside[a].add(b)
    chosen: dict[int, int] = {}
    used = [0] * count
    for index in sorted(range(len(shapes)), key=lambda i: (-len(beside[i]), i)):
        taken = {chosen[other] for other in beside[index] if other in chosen}
        free = [tint for tint in range(count) if tint not in taken] or list(range(count))
        tint = min(free, key=lambda t: (used[t], t))
        chosen[index] = tint
        used[tint] += 1
    return [chosen[index] for index in range(len(shapes))]
