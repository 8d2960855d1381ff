"""From metres on the ground to millimetres on paper, true to scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

# Round numbers that a reader can reckon with; beyond them powers of ten of the same.
STEPS = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8)
LARGEST = 500


def round_scale(least: float) -> int:
    """The smallest round scale denominator that is not below `least` (at least 1:500)."""
    power = 10 ** math.floor(math.log10(max(least, LARGEST)))
    for step in (*STEPS, 10):
        if step * power >= max(least, LARGEST) - 1e-6:
            whole: int = round(step * power)
            return whole
    raise AssertionError("ten times a power of ten is above everything below the next power")


@dataclass(frozen=True)
class View:
    """A window on the ground at 1:`scale`.

    x grows to the right, y downwards from the upper edge, both in millimetres; the ground is
    given in metres of a metric CRS whose y axis points north.
    """

    width_mm: float
    height_mm: float
    scale: int
    x_m: float
    y_m: float

    @property
    def mm_per_m(self) -> float:
        """Millimetres on paper of one metre on the ground."""
        return 1000 / self.scale

    @property
    def ground(self) -> tuple[float, float, float, float]:
        """What the window shows: west, south, east, north in metres."""
        half_w = self.width_mm / self.mm_per_m / 2
        half_h = self.height_mm / self.mm_per_m / 2
        return (self.x_m - half_w, self.y_m - half_h, self.x_m + half_w, self.y_m + half_h)

    @property
    def paper(self) -> BaseGeometry:
        """The window itself in millimetres."""
        return shapely.box(0, 0, self.width_mm, self.height_mm)

    def to_mm(self, shape: Any) -> Any:
        """A geometry, or an array of them, from metres to millimetres."""
        factor = self.mm_per_m

        def move(xy: np.ndarray) -> np.ndarray:
            x = (xy[:, 0] - self.x_m) * factor + self.width_mm / 2
            y = self.height_mm / 2 - (xy[:, 1] - self.y_m) * factor
            return np.column_stack([x, y])

        return shapely.transform(shape, move)


def fit(shape: BaseGeometry, width_mm: float, height_mm: float, margin_mm: float = 7) -> View:
    """The largest round scale at which `shape` (metres) lies in the window with a margin."""
    west, south, east, north = shape.bounds
    least = 1000 * max(
        (east - west) / max(width_mm - 2 * margin_mm, 1),
        (north - south) / max(height_mm - 2 * margin_mm, 1),
    )
    return View(width_mm, height_mm, round_scale(least), (west + east) / 2, (south + north) / 2)


def bar_length_m(scale: int, target_mm: float = 38) -> int:
    """A round length in metres (1, 2 or 5 times a power of ten) near `target_mm` on paper."""
    wanted = target_mm * scale / 1000
    power = 10 ** math.floor(math.log10(max(wanted, 1)))
    return int(max(step * power for step in (1, 2, 5) if step * power <= max(wanted, 1)))
