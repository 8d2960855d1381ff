"""What a division is asked, and what it answers. No Django, no files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Shapes = npt.NDArray[Any]  # of Shapely geometries

# The emphases that can be asked for; each gives one proposal.
EVEN, COMPACT, BARRIERS, STABLE = "even", "compact", "barriers", "stable"
EMPHASES = (EVEN, COMPACT, BARRIERS, STABLE)

# Words of Cell.notes; services/division_ground.py makes sentences of them.
OVERSIZED_BUILDING = "oversized_building"  # one building with more than target × (1 + band)
DEDICATED_AREA = "dedicated_area"  # declared: a park, an institution
BEYOND_BAND = "beyond_band"  # no regrouping with the neighbours tried brought it into the band
ENCLOSED = "enclosed"  # beside nothing but dedicated grids and the border: nothing to share with
FAR_BEYOND_BAND = "far_beyond_band"  # off by more than twice the band
WHOLE_AREA = "whole_area"  # the area (or island) is too small to be divided
NO_HOUSEHOLDS = "no_households"  # ground on which nobody lives
COURTYARD_OPENED = "courtyard_opened"  # part of a courtyard that is too large for one grid


class DivisionError(ValueError):
    """The problem cannot be divided. `reason` is a fixed word, `detail` what it is about."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


class Cancelled(Exception):  # noqa: N818 - nothing went wrong
    """The caller's `cancelled` said so."""


@dataclass(frozen=True)
class Area:
    """An area with its code: a parent to divide, a grid of today, or ground to set apart."""

    code: str
    geometry: BaseGeometry


@dataclass(frozen=True)
class Problem:
    """The ground to divide, in metres of one plane (see services/division_ground.Plane).

    `parents` are divided each by itself. Per building (arrays of one length): `footprints`
    (polygons, or points where only the place is known), `households` (≥ 0), `workload` (≥ 0, in
    households: what is kept even), `groups` (the number of the courtyard or estate that stays
    whole, −1 for none). `barriers` are lines with `barrier_weights` from 0 to 1 (1: no border is
    better). `existing` are the grids of today; `dedicated` is ground that becomes a grid of its
    own. With `tiled`, the footprints are blocks of an area layer that may touch each other.
    """

    parents: Sequence[Area]
    footprints: Shapes
    households: Ints
    workload: Floats
    groups: Ints
    barriers: Shapes
    barrier_weights: Floats
    existing: Sequence[Area] = ()
    dedicated: Sequence[Area] = ()
    tiled: bool = False


@dataclass(frozen=True)
class Wish:
    """What is wanted: `target` households a grid, ± `band` (a share), and what weighs how much.

    `stability` is the weight of keeping the grids of today (0: they do not matter). `evenness`,
    `compactness` and `along_barriers` scale the terms of the search. The same problem, wish and
    seed give the same proposals.
    """

    target: float = 200.0
    band: float = 0.15
    seed: int = 0
    stability: float = 0.0
    evenness: float = 1.0
    compactness: float = 1.0
    along_barriers: float = 1.0
    emphases: tuple[str, ...] = EMPHASES
    effort: float = 1.0  # how long to search; 1 suits a city

    @property
    def most(self) -> float:
        """More than this in one building makes a grid of its own."""
        return self.target * (1 + self.band)


@dataclass(frozen=True)
class Cell:
    """One proposed grid. `buildings` are indices into the problem's arrays."""

    geometry: BaseGeometry
    within: str
    households: int
    workload: float
    buildings: tuple[int, ...]
    keeps: str = ""  # the code of the grid of today that it continues; empty: a new grid
    kind: str = "basic"  # or "dedicated"
    name: str = ""  # of a dedicated area
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """One division of all parents. `label` is its emphasis.

    Scores: grids, within_band (share of grids with households within the band, without those of
    one oversized building and dedicated areas), far_beyond (grids off by more than twice the
    band), variation (coefficient of variation), compactness (mean Polsby–Popper),
    compactness_weighted (by households), along_barriers (share of inner border), buildings_cut,
    households_changed (share whose grid changes against today; 0 when there is none today).
    """

    label: str
    cells: tuple[Cell, ...]
    scores: dict[str, float] = field(default_factory=dict)
