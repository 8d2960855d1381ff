"""From a problem to proposals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely

from grids.territory.division.types import Cancelled, Cell, Problem, Proposal, Wish


def divide(
    problem: Problem,
    wish: Wish,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Proposal]:
    """One proposal for each emphasis of the wish: strips of equal workload."""
    points = shapely.point_on_surface(problem.footprints)
    cells: list[Cell] = []
    for parent in problem.parents:
        if cancelled is not None and cancelled():
            raise Cancelled
        inside = np.flatnonzero(shapely.intersects(parent.geometry, points))
        order = inside[np.argsort(shapely.get_x(points[inside]), kind="stable")]
        load = np.cumsum(problem.workload[order])
        count = max(1, round(float(load[-1]) / wish.target)) if len(load) else 1
        west, south, east, north = parent.geometry.bounds
        cuts = [west - 1.0]
        for number in range(1, count):
            place = int(np.searchsorted(load, load[-1] * number / count))
            cuts.append(float(shapely.get_x(points[order[place]])) + 1e-3 * number)
        cuts.append(east + 1.0)
        for left, right in zip(cuts, cuts[1:], strict=False):
            strip = parent.geometry.intersection(shapely.box(left, south, right, north))
            own = inside[
                (shapely.get_x(points[inside]) >= left) & (shapely.get_x(points[inside]) < right)
            ]
            cells.append(
                Cell(
                    strip,
                    parent.code,
                    int(problem.households[own].sum()),
                    float(problem.workload[own].sum()),
                    tuple(int(i) for i in own),
                )
            )
    if progress is not None:
        progress(1.0)
    return [Proposal(label, tuple(cells), {"grids": float(len(cells))}) for label in wish.emphases]
