"""What drawing asks about the ground: which areas, whose dwellings, which neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from django.utils.translation import gettext as _
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from grids.territory.errors import TerritoryError
from grids.territory.geometry.coverage import area_m2
from grids.territory.models import Edition, Grid
from grids.territory.services.drawing import shapes as plane
from grids.territory.services.drawing.states import State, children, drawn
from grids.territory.services.shapes import bounds_of, dwellings_in, whose


def wanted(edition: Edition, grid_ids: Iterable[int]) -> dict[int, State]:
    """The named areas as the draft has them, in that order; refuses what is not in it."""
    ids = list(dict.fromkeys(grid_ids))
    found = drawn(edition, ids)
    missing = [grid for grid in ids if grid not in found]
    if missing:
        codes = Grid.objects.filter(pk__in=missing[:10]).order_by("code")
        raise TerritoryError(
            _("Not in the division that this draft draws: %(codes)s.")
            % {"codes": ", ".join([grid.code for grid in codes]) or ", ".join(map(str, missing))}
        )
    return {grid: found[grid] for grid in ids}


def codes_of(grid_ids: Iterable[int]) -> str:
    """The codes of up to ten grids, for a sentence."""
    rows = Grid.objects.filter(pk__in=list(grid_ids)).order_by("code")
    return ", ".join(rows.values_list("code", flat=True)[:10])


def dwellings_of(shapes: Sequence[BaseGeometry]) -> np.ndarray:
    """Households in the buildings of each shape; a building belongs to one shape only."""
    array = np.array(shapes, dtype=object)
    dwellings = dwellings_in(bounds_of(array))
    owner = whose(dwellings.points, array)
    return np.bincount(
        owner[owner >= 0], weights=dwellings.households[owner >= 0], minlength=len(shapes)
    )


def weights_of(shapes: Sequence[BaseGeometry]) -> np.ndarray:
    """How large shapes are beside each other: by households where buildings stand, else by m²."""
    households = dwellings_of(shapes)
    return households if households.sum() else np.array([area_m2(shape) for shape in shapes])


def by_size(shapes: Sequence[BaseGeometry], weights: np.ndarray) -> list[int]:
    """Positions from the heaviest shape to the lightest; ties by m²."""
    grounds = [area_m2(shape) for shape in shapes]
    return sorted(range(len(shapes)), key=lambda i: (-weights[i], -grounds[i], i))


def portions(total: int | None, weights: Sequence[float]) -> list[int | None]:
    """A count shared out in whole numbers that add up to it; nothing is known of None."""
    if total is None:
        return [None] * len(weights)
    array = np.asarray(weights, dtype=np.float64)
    exact = total * (array / array.sum() if array.sum() else np.full(len(array), 1 / len(array)))
    whole = np.floor(exact).astype(int)
    rest = np.argsort(whole - exact, kind="stable")[: total - int(whole.sum())]
    whole[rest] += 1
    return [int(count) for count in whole]


def total(counts: Iterable[int | None]) -> int | None:
    """The sum of what is known; None when nothing is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def fit_siblings(
    edition: Edition, changes: Mapping[int, State | None], before: Mapping[int, State]
) -> dict[int, State | None]:
    """The changes, with new vertices on a shared border set in both neighbours' outlines.

    Neighbours are areas below the same parent: only they are bound to fit each other.
    """
    fitted = dict(changes)
    shaped = {grid: state for grid, state in changes.items() if state and state.geometry}
    olds = [state.geometry for state in before.values() if state.geometry]
    fresh = plane.fresh_vertices([state.geometry for state in shaped.values()], olds)
    parents = {state.parent_id for state in shaped.values() if state.parent_id is not None}
    if not len(fresh) or not parents:
        return fitted
    siblings = {
        grid: state for grid, state in children(edition, parents).items() if grid not in changes
    }
    theirs = shapely.get_coordinates([state.geometry for state in siblings.values()])
    for grid, state in siblings.items():
        woven = plane.with_vertices(state.geometry, fresh)
        if woven is not state.geometry:
            fitted[grid] = replace(state, geometry=woven)
    for grid, state in shaped.items():
        woven = plane.with_vertices(state.geometry, np.concatenate([fresh, theirs]))
        if woven is not state.geometry:
            fitted[grid] = replace(state, geometry=woven)
    return fitted


class RingFault(TerritoryError):  # noqa: N818 - named for what it is
    """An outline that crosses itself; `lon` and `lat` say where."""

    def __init__(self, grid: int | None, lon: float | None, lat: float | None) -> None:
        where = f" ({lon:.6f}, {lat:.6f})" if lon is not None and lat is not None else ""
        super().__init__(
            _("The outline crosses or touches itself%(where)s; move a corner there.")
            % {"where": where}
        )
        self.grid, self.lon, self.lat = grid, lon, lat


def sound(geometry: BaseGeometry, grid: int | None = None) -> MultiPolygon:
    """The outline as a MultiPolygon; refuses one whose rings are faulty or that holds no ground."""
    if not shapely.is_valid(geometry):
        place = re.search(r"\[(\S+) (\S+)\]", shapely.is_valid_reason(geometry))
        lon, lat = (float(place[1]), float(place[2])) if place else (None, None)
        raise RingFault(grid, lon, lat)
    outline = plane.multi(geometry)
    if outline.is_empty or area_m2(outline) < plane.NO_GROUND_M2:
        raise TerritoryError(_("The outline holds no ground; draw at least three corners apart."))
    return outline


def neighbours_of(edition: Edition, state: State) -> dict[int, State]:
    """Other areas below the same parent that share a border line with this one."""
    if state.parent_id is None:
        return {}
    near = children(edition, [state.parent_id])
    near.pop(state.grid_id, None)
    if not near:
        return {}
    tree = shapely.STRtree([other.geometry for other in near.values()])
    ids = list(near)
    close = tree.query(state.geometry, predicate="dwithin", distance=plane.SNAP_DEG)
    return {
        ids[i]: near[ids[i]]
        for i in sorted(close)
        if plane.shared_length(state.geometry, near[ids[i]].geometry)
    }
