"""The division of one moment held in memory, for files with more points than a query should carry.

It settles the plain case only: a point that exactly one leaf covers. All others (borders, gaps,
outside) are for `responsible_areas_many`, so that there is one place where their rules stand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from django.contrib.gis.db.models.functions import AsWKB

from grids.territory.models import Boundary
from grids.territory.services.responsibility import Responsibility, responsible_areas_many

NOT_PLAIN = -1


class LeafIndex:
    """Leaves in force at `moment` (aware), by number from 0.

    `paths[number]` holds the codes of the leaf and its ancestors by tier code.
    """

    def __init__(self, moment: dt.datetime) -> None:
        rows = list(
            Boundary.objects.leaves_at(moment)
            .order_by("pk")
            .values_list("grid_id", AsWKB("geometry"))
        )
        self._shapes = shapely.from_wkb(np.array([bytes(wkb) for _grid, wkb in rows], dtype=object))
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        areas = {
            grid: (parent, tier, code)
            for grid, parent, tier, code in Boundary.objects.valid_at(moment).values_list(
                "grid_id", "parent_id", "grid__tier__code", "grid__code"
            )
        }
        self.paths = [_path(grid, areas) for grid, _wkb in rows]

    def numbers(
        self, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.int64]:
        """The leaf's number for each point (EPSG:4326); NOT_PLAIN where none or several cover it.

        Points that are not finite get NOT_PLAIN too.
        """
        found = np.full(len(lon), NOT_PLAIN, dtype=np.int64)
        point, leaf = self._tree.query(shapely.points(lon, lat))
        covers = shapely.intersects_xy(self._shapes[leaf], lon[point], lat[point])
        point, leaf = point[covers], leaf[covers]
        found[point] = leaf
        found[np.bincount(point, minlength=len(lon)) > 1] = NOT_PLAIN
        return found


def _path(grid: int | None, areas: dict[int, tuple[int | None, str, str]]) -> dict[str, str]:
    codes: dict[str, str] = {}
    while grid in areas:
        grid, tier, code = areas[grid]
        codes[tier] = code
    return codes


class Places:
    """Answers for many points of one moment; points of one leaf share theirs."""

    def __init__(self, moment: dt.datetime) -> None:
        self._moment = moment
        self._index = LeafIndex(moment)
        self._inside: dict[int, Responsibility] = {}

    def of(self, points: Sequence[tuple[float, float]]) -> list[Responsibility]:
        """The answers in the order of the (lon, lat) pairs, as the database gives them."""
        if not points:
            return []
        lon, lat = np.array(points, dtype=np.float64).T
        numbers = self._index.numbers(lon, lat).tolist()
        # The first point of a leaf asks for all that follow it; odd points ask for themselves.
        asks: dict[int, int] = {}
        for position, number in enumerate(numbers):
            if number == NOT_PLAIN:
                asks[position] = position
            elif number not in self._inside:
                asks.setdefault(-number - 1, position)
        positions = sorted(asks.values())
        answers = dict(
            zip(
                positions,
                responsible_areas_many([points[i] for i in positions], moment=self._moment),
                strict=True,
            )
        )
        for position in positions:
            if numbers[position] != NOT_PLAIN:
                self._inside[numbers[position]] = answers[position]
        return [
            answers[position] if number == NOT_PLAIN else self._inside[number]
            for position, number in enumerate(numbers)
        ]
