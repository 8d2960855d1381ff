"""A draft for the demonstration: somebody is about to redraw two communities."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from shapely import LineString

from data.demo_loader.ground import Division
from grids.territory.errors import TerritoryError
from grids.territory.models import Boundary, Edition
from grids.territory.services import editions
from grids.territory.services.drawing.cutting import split
from grids.territory.services.drawing.verbs import Pen, merge

NAME = "示例草案"
NOTE = "演示：拆分户数最多的网格，合并两个户数最少的相邻网格。"
ROOM_DEGREES = 0.001


def draw_draft(division: Division, *, actor: Any, now: datetime) -> Edition:
    """The busiest grid is split by its middle, the two smallest neighbours elsewhere are merged."""
    draft = editions.draft(NAME, actor=actor, now=now, note=NOTE)
    busiest = max(division.leaves, key=lambda leaf: (leaf.households or 0, leaf.grid.code))
    split(Pen(draft, actor, now), busiest.grid_id, _middle(busiest))
    for pair in _small_pairs(division.leaves, busiest.parent_id):
        try:
            merge(Pen(draft, actor, now), pair)
        except TerritoryError:
            continue  # these two only have a corner in common
        break
    return draft


def _middle(leaf: Boundary) -> LineString:
    west, south, east, north = leaf.geometry.extent
    middle = (west + east) / 2
    return LineString([(middle, south - ROOM_DEGREES), (middle, north + ROOM_DEGREES)])


def _small_pairs(leaves: list[Boundary], not_in: int | None) -> list[list[int]]:
    """Pairs of neighbours below one parent, those with the fewest households first."""
    by_parent: dict[int | None, list[Boundary]] = defaultdict(list)
    for leaf in leaves:
        if leaf.parent_id != not_in:
            by_parent[leaf.parent_id].append(leaf)
    pairs = [
        (sum(leaf.households or 0 for leaf in (one, other)), one.grid.code, other.grid.code, pair)
        for members in by_parent.values()
        for one in members
        for other in members
        if one.grid.code < other.grid.code
        and one.geometry.touches(other.geometry)
        and (pair := [one.grid_id, other.grid_id])
    ]
    return [pair for *_order, pair in sorted(pairs)]
