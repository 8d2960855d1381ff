"""Polygons of parts, dissolved from faces so that neighbours share every vertex."""

from __future__ import annotations

import numpy as np
import shapely

from grids.territory.division.types import Ints, Shapes

STRAIGHT_M = 0.001  # a vertex this near to the line between its neighbours says nothing


def dissolved(faces: Shapes, part: Ints) -> Shapes:
    """One polygon per part (`part` is per face, numbered from 0)."""
    order = np.argsort(part, kind="stable")
    starts = np.flatnonzero(np.diff(part[order], prepend=-1))
    shapes = np.empty(len(starts), dtype=object)
    for number, (start, end) in enumerate(
        zip(starts, np.append(starts[1:], len(part)), strict=True)
    ):
        shapes[number] = shapely.coverage_union_all(faces[order[start:end]])
    broken = ~shapely.is_valid(shapes)
    for number in np.flatnonzero(broken).tolist():
        shapes[number] = shapely.union_all(faces[part == number])
    thin = shapely.coverage_simplify(shapes, STRAIGHT_M, simplify_boundary=False)
    return thin if shapely.is_valid(thin).all() else shapes
