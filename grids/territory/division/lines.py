"""Barriers made ready: lines that stop short of each other are drawn on until they meet.

Street centre lines often end before the crossing; without this, whole quarters would be one block.
"""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from grids.territory.division.types import Floats, Shapes

REACH_M = 25.0
MEETS_M = 0.01


def drawn_on(
    lines: Shapes, weights: Floats, parent: BaseGeometry, reach_m: float = REACH_M
) -> tuple[Shapes, Floats]:
    """The lines, and their loose ends drawn straight on to the first line within `reach_m`."""
    lines, weights = _simple(lines, weights)
    if not len(lines):
        return lines, weights
    targets: Shapes = np.array([*lines, shapely.boundary(parent)], dtype=object)
    tree = shapely.STRtree(targets)
    points, owner = shapely.get_coordinates(lines, return_index=True)
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    last = np.append(first[1:], len(owner)) - 1
    tips = np.concatenate((points[first], points[last]))
    before = np.concatenate((points[first + 1], points[last - 1]))
    line = np.tile(np.arange(len(lines)), 2)
    which, where = tree.query(shapely.points(tips), predicate="dwithin", distance=MEETS_M)
    loose = np.ones(len(tips), dtype=bool)
    loose[which[where != line[which]]] = False
    loose &= shapely.intersects(parent, shapely.points(tips))
    tips, before, line = tips[loose], before[loose], line[loose]
    step = tips - before
    step /= np.maximum(np.hypot(*step.T), 1e-9)[:, None]
    rays: Shapes = np.asarray(shapely.linestrings(np.stack((tips, tips + step * reach_m), axis=1)))
    which, where = tree.query(rays, predicate="intersects")
    other = where != line[which]
    which, where = which[other], where[other]
    starts: Shapes = np.asarray(shapely.points(tips))
    away = shapely.distance(starts[which], shapely.intersection(rays[which], targets[where]))
    nearest = np.full(len(tips), np.inf)
    np.minimum.at(nearest, which, away)
    hit = np.flatnonzero(np.isfinite(nearest))
    ends = tips[hit] + step[hit] * (nearest[hit] + MEETS_M)[:, None]
    added: Shapes = np.asarray(shapely.linestrings(np.stack((tips[hit], ends), axis=1)))
    return np.append(lines, added), np.append(weights, weights[line[hit]])


def _simple(lines: Shapes, weights: Floats) -> tuple[Shapes, Floats]:
    """Every line string by itself, none of them empty; rings of polygons count as lines."""
    if not len(lines):
        return np.empty(0, dtype=object), np.empty(0)
    areas = shapely.get_dimensions(lines) == 2
    lines = lines.copy()
    lines[areas] = shapely.boundary(lines[areas])
    parts, index = shapely.get_parts(lines, return_index=True)
    good = (shapely.get_type_id(parts) == 1) | (shapely.get_type_id(parts) == 2)
    good &= shapely.length(parts) > MEETS_M
    parts, index = parts[good], index[good]
    return parts, weights[index]
