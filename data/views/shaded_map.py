"""A map of areas shaded by one figure, as plain SVG: it needs no script, prints, and works offline.

Degrees are stretched by the cosine of the latitude, so that areas look as on the ground. Five
shades hold about as many areas each; the legend tells the range that each of them really has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import shapely
from django.utils.translation import gettext as _

from data.exports.columns import Column
from data.services.grid_statistics import AreaRow, GridStatistics
from grids.territory.models import Boundary

WIDTH, MOST_HEIGHT = 640.0, 560.0
SHADES = 5
MOST_AREAS = 600
PIXEL_TOLERANCE = 0.6  # corners that nobody sees are left out


def shaded_map(
    figures: GridStatistics, column: Column, shown: Any, urls: dict[int, str]
) -> dict[str, Any] | None:
    """What the template draws; None without outlines or with too many of them.

    `shown(value)` gives a value's text, `urls` where an area opens.
    """
    rows = {row.grid_id: row for row in figures.rows if row.grid_id is not None}
    if not rows or len(rows) > MOST_AREAS:
        return None
    boundaries = Boundary.objects.valid_at(figures.division_at).filter(grid_id__in=list(rows))
    outlines = {
        grid_id: shapely.from_wkb(bytes(outline.wkb))
        for grid_id, outline in boundaries.values_list("grid_id", "geometry")
        if outline is not None
    }
    if not outlines:
        return None
    shades = _shades([(grid, column.value(rows[grid])) for grid in outlines])
    frame = _Frame(list(outlines.values()))
    return {
        "title": _("Map: %(figure)s") % {"figure": column.heading},
        "width": round(frame.width),
        "height": round(frame.height),
        "areas": [
            {
                "path": frame.path(outline),
                "shade": shades.get(grid, -1) + 1,
                "title": f"{rows[grid].label}: {shown(column.value(rows[grid]))}",
                "url": urls.get(grid, ""),
            }
            for grid, outline in outlines.items()
        ],
        "legend": _legend(rows, column, shades, shown),
    }


def _shades(values: Sequence[tuple[int, float | None]]) -> dict[int, int]:
    """Area → shade 0…4; equal values share a shade; areas without a value have none."""
    known = sorted((value, grid) for grid, value in values if value is not None)
    distinct = sorted({value for value, _grid in known})
    if len(distinct) <= SHADES:
        step = (SHADES - 1) / max(1, len(distinct) - 1)
        return {grid: round(distinct.index(value) * step) for value, grid in known}
    first: dict[float, int] = {}
    for place, (value, _grid) in enumerate(known):
        first.setdefault(value, place * SHADES // len(known))
    return {grid: first[value] for value, grid in known}


def _legend(
    rows: dict[int, AreaRow], column: Column, shades: dict[int, int], shown: Any
) -> list[dict[str, Any]]:
    items = []
    for shade in range(SHADES):
        values = [column.value(rows[grid]) for grid, own in shades.items() if own == shade]
        if values:
            low, high = shown(min(values)), shown(max(values))
            text = low if low == high else f"{low} – {high}"
            items.append({"shade": shade + 1, "text": text, "count": len(values)})
    without = sum(1 for row in rows.values() if column.value(row) is None)
    if without:
        items.append({"shade": 0, "text": _("no figure"), "count": without})
    return items


class _Frame:
    """From degrees to the picture's units, north up."""

    def __init__(self, outlines: list[Any]) -> None:
        self.west, south, east, self.north = shapely.total_bounds(outlines)
        self.stretch = math.cos(math.radians((south + self.north) / 2))
        across = max((east - self.west) * self.stretch, 1e-9)
        down = max(self.north - south, 1e-9)
        self.scale = min(WIDTH / across, MOST_HEIGHT / down)
        self.width, self.height = across * self.scale, down * self.scale

    def path(self, outline: Any) -> str:
        """The outline as the `d` of an SVG path; holes come out by the even-odd rule."""
        plain = shapely.simplify(outline, PIXEL_TOLERANCE / self.scale)
        return "".join(
            self._ring(ring)
            for part in shapely.get_parts(plain)
            for ring in (part.exterior, *part.interiors)
        )

    def _ring(self, ring: Any) -> str:
        points = [
            f"{(x - self.west) * self.stretch * self.scale:.1f} {(self.north - y) * self.scale:.1f}"
            for x, y in shapely.get_coordinates(ring)[:-1].tolist()
        ]
        return f"M{'L'.join(points)}Z"
