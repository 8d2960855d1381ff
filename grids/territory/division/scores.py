"""The scores of a proposal: what an officer compares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from grids.territory.division.types import (
    DEDICATED_AREA,
    OVERSIZED_BUILDING,
    Cell,
    Floats,
    Problem,
    Wish,
)

CUT_M2 = 0.01  # a building that sticks out of its grid by more than this is cut


def score(
    problem: Problem,
    wish: Wish,
    cells: Sequence[Cell],
    inner_m: float,
    along_m: float,
) -> dict[str, float]:
    """See Proposal. `inner_m` is the length of all borders between grids of one parent, `along_m`
    how much of it runs along barriers."""
    counted = [
        cell
        for cell in cells
        if OVERSIZED_BUILDING not in cell.notes and DEDICATED_AREA not in cell.notes
    ]
    load = np.array([cell.workload for cell in counted])
    people = np.array([cell.households for cell in counted], dtype=np.float64)
    round_ = roundness([cell.geometry for cell in cells])
    weight = np.array([cell.households for cell in cells], dtype=np.float64)
    off = np.abs(load - wish.target) / wish.target
    return {
        "grids": float(len(cells)),
        "within_band": float(np.mean(off <= wish.band + 1e-9)) if len(load) else 1.0,
        "far_beyond": float(np.sum(off > 2 * wish.band + 1e-9)),
        "variation": _variation(load),
        "variation_households": _variation(people),
        "compactness": float(round_.mean()) if len(round_) else 0.0,
        "compactness_weighted": (
            float(np.average(round_, weights=weight)) if weight.sum() > 0 else 0.0
        ),
        "along_barriers": along_m / inner_m if inner_m > 0 else 1.0,
        "buildings_cut": float(cut(problem, cells)),
        "households_changed": changed(problem, cells),
    }


def roundness(shapes: Sequence[object]) -> Floats:
    """Polsby–Popper: 4π·area / outline², 1 for a disc."""
    outline = shapely.length(np.array(shapes, dtype=object))
    area = shapely.area(np.array(shapes, dtype=object))
    return np.asarray(4 * np.pi * area / np.maximum(outline, 1e-9) ** 2)


def _variation(values: Floats) -> float:
    return float(values.std() / values.mean()) if len(values) and values.mean() > 0 else 0.0


def cut(problem: Problem, cells: Sequence[Cell]) -> int:
    """Buildings that a border between grids runs through."""
    count = 0
    for cell in cells:
        own = problem.footprints[list(cell.buildings)]
        own = own[shapely.area(own) > 0] if len(own) else own
        if not len(own):
            continue
        shapely.prepare(cell.geometry)
        for building in own[~shapely.covers(cell.geometry, own)]:
            others = [
                other.geometry
                for other in cells
                if other is not cell and other.geometry.intersects(building)
            ]
            if any(other.intersection(building).area > CUT_M2 for other in others):
                count += 1
    return count


def changed(problem: Problem, cells: Sequence[Cell]) -> float:
    """The share of households (of grids of today) that come into another grid."""
    if not problem.existing:
        return 0.0
    codes = [area.code for area in problem.existing]
    home = homes(problem)
    known = moved = 0
    for cell in cells:
        for building in cell.buildings:
            if home[building] >= 0:
                people = int(problem.households[building])
                known += people
                moved += people * (codes[home[building]] != cell.keeps)
    return moved / known if known else 0.0


def homes(problem: Problem) -> np.ndarray:
    """The grid of today of each building (−1: none), as an index into Problem.existing."""
    found = np.full(len(problem.footprints), -1, dtype=np.int64)
    if problem.existing and len(found):
        tree = shapely.STRtree([area.geometry for area in problem.existing])
        placed = np.flatnonzero(np.isfinite(shapely.bounds(problem.footprints)).all(axis=1))
        points = shapely.point_on_surface(problem.footprints[placed])
        which, where = tree.query(points, predicate="intersects")
        found[placed[which[::-1]]] = where[::-1]
    return found
