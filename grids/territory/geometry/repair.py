"""Repairs of a division: faulty ground changes hands, and nothing else moves.

A gap goes to the neighbour with the longest border along it, an overlap is cut out of the larger
area, what lies outside the parent is clipped. Whole pieces of existing borders are exchanged, so
neighbours run through the same vertices afterwards. When an area itself has changed, the division
below it follows: only the ground that changed hands is mended there.

Shapes are Shapely's in EPSG:4326 (degrees), areas are named by their grid's id.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from grids.territory.geometry import borders
from grids.territory.geometry.arrangement import (
    GAP,
    OUTSIDE,
    OVERLAP,
    Arrangement,
    Fault,
    arrange,
    polygons_from,
)
from grids.territory.geometry.coverage import heir, mend, ring_fault

# A repair may leave this much more faulty ground than it found: the rounding of new vertices.
LEAST_M2 = 1e-3

Wanted = Callable[[Fault], bool]


class NoRepair(ValueError):  # noqa: N818 - says what it is
    """Why no repair can be made; `reason` is one of the words below, `grid` whom it concerns."""

    def __init__(self, reason: str, grid: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.grid = grid


GONE = "gone"  # there is no such fault any more
NO_GROUND = "no_ground"  # the grid would lose all its ground
NEW_FAULTS = "new_faults"  # the repair would make faults that were not there
TANGLED = "tangled"  # the outline cannot be made valid


class Division(Protocol):
    """What a repair asks of a division; the answers are as before the repair."""

    def shape(self, grid: int) -> BaseGeometry | None:
        """The outline of a grid."""

    def children(self, grid: int) -> list[int]:
        """The grids directly below, none for an undivided one."""

    def code(self, grid: int) -> str:
        """The code, by which ties are decided."""

    def depth(self, grid: int) -> int:
        """The order of the tier: grows downwards."""


@dataclass
class Repair:
    """A repair being worked out: new outlines by grid, and the ground that changed hands."""

    division: Division
    shapes: dict[int, BaseGeometry] = field(default_factory=dict)
    moved: dict[int, list[BaseGeometry]] = field(default_factory=lambda: defaultdict(list))
    faults: int = 0

    def shape(self, grid: int) -> BaseGeometry | None:
        """The outline as repaired so far."""
        return self.shapes.get(grid) or self.division.shape(grid)

    def areas(self, wanted: Mapping[int, Wanted]) -> None:
        """Mend the wanted faults of these divided areas, from the top tier down to the last grid.

        Raises NoRepair when one of them cannot be mended; then nothing may be taken over.
        """
        queue = [(self.division.depth(area), area) for area in wanted]
        heapq.heapify(queue)
        done: set[int] = set()
        while queue:
            _depth, area = heapq.heappop(queue)
            if area in done:
                continue
            done.add(area)
            for child in self._area(area, wanted.get(area)):
                if self.division.children(child):
                    heapq.heappush(queue, (self.division.depth(child), child))

    def below(self, changed: Iterable[int]) -> None:
        """Let the divisions below grids that have changed already follow."""
        self.areas({grid: _none for grid in changed if self.division.children(grid)})

    def ring(self, grid: int, area: int | None) -> None:
        """Untangle an outline, then take from it what belongs to others or lies outside."""
        mended = mend(self.division.shape(grid))
        if mended is None:
            raise NoRepair(TANGLED, grid)
        before = 0.0 if area is None else _faulty_m2(self._arranged(area)[0])
        self.shapes[grid] = mended
        if area is None:
            return
        arrangement, members = self._arranged(area)
        child = members.index(grid)
        taken = [
            (face, child)
            for fault in arrangement.faults()
            if child in fault.holders and not fault.is_rounding
            for face in fault.faces
        ]
        for number, shape in arrangement.exchange([], set(taken)).items():
            self._take(members[number], shape)
        if _faulty_m2(self._arranged(area)[0]) > before + LEAST_M2:
            raise NoRepair(NEW_FAULTS, grid)

    def fill(self, grid: int, hole: BaseGeometry) -> None:
        """Fill one hole of an outline."""
        own = self.shape(grid)
        assert_sound(own, grid)
        rings = [
            Polygon(ring)
            for part in shapely.get_parts(own)
            for ring in part.interiors
            if Polygon(ring).equals(hole)
        ]
        if not rings:
            raise NoRepair(GONE, grid)
        edges = borders.edges_of(np.array([own, *rings], dtype=object))
        self._take(grid, polygons_from(edges.ends))
        self.moved[grid] += rings
        self.below([grid])

    def hand_over(self, area: int, ground: BaseGeometry, to: int) -> None:
        """Give `ground` (a building, a part) to one child of `area`, whoever of them holds it."""
        arrangement, members = self._arranged(area, extra=ground)
        heir_number = members.index(to)
        shapely.prepare(ground)
        points = shapely.point_on_surface(arrangement.faces)
        within = np.flatnonzero(shapely.contains(ground, points)).tolist()
        taken = [
            (face, holder)
            for face in within
            for holder in arrangement.holders[face]
            if holder != heir_number and arrangement.inside[face]
        ]
        given = [
            (face, heir_number)
            for face in within
            if arrangement.inside[face] and heir_number not in arrangement.holders[face]
        ]
        if not given:
            raise NoRepair(GONE, to)
        self._exchange(area, arrangement, members, given, taken, allowed_m2=0.0)
        self.below(members[number] for number in {child for _face, child in [*given, *taken]})

    def _area(self, area: int, wanted: Wanted | None) -> list[int]:
        """Mend one area; returns the children whose ground has changed."""
        arrangement, members = self._arranged(area)
        faults = [fault for fault in arrangement.faults() if not fault.is_rounding]
        follows = self._following(area)
        chosen = [f for f in faults if (wanted is not None and wanted(f)) or follows(f)]
        if not chosen:
            return []
        codes = [self.division.code(grid) for grid in members]
        given: list[tuple[int, int]] = []
        taken: list[tuple[int, int]] = []
        for fault in chosen:
            target, _touching = heir(arrangement, fault, codes)
            if fault.nature == GAP:
                given += [(face, target) for face in fault.faces]
            elif fault.nature == OUTSIDE:
                taken += [(face, target) for face in fault.faces]
            elif fault.nature == OVERLAP:
                keeps = min(
                    (child for child in fault.holders if child != target),
                    key=lambda child: (
                        float(shapely.area(arrangement.shapes[child])),
                        codes[child],
                    ),
                )
                losers = [child for child in fault.holders if child != keeps]
                taken += [(face, child) for face in fault.faces for child in losers]
        left = sum(fault.area_m2 for fault in faults if fault not in chosen)
        self._exchange(area, arrangement, members, given, taken, allowed_m2=left)
        self.faults += len(chosen)
        return sorted({members[child] for _face, child in [*given, *taken]})

    def _following(self, area: int) -> Wanted:
        """Whether a fault lies on ground that changed hands above."""
        grounds = self.moved.get(area)
        if not grounds:
            return _none
        tree = shapely.STRtree(grounds)

        def lies_there(fault: Fault) -> bool:
            return bool(len(tree.query(fault.ground.representative_point(), "intersects")))

        return lies_there

    def _exchange(
        self,
        area: int,
        arrangement: Arrangement,
        members: list[int],
        given: list[tuple[int, int]],
        taken: list[tuple[int, int]],
        *,
        allowed_m2: float,
    ) -> None:
        for number, shape in arrangement.exchange(given, set(taken)).items():
            self._take(members[number], shape)
        for face, number in [*given, *taken]:
            self.moved[members[number]].append(arrangement.faces[face])
        if _faulty_m2(self._arranged(area)[0]) > allowed_m2 + LEAST_M2:
            raise NoRepair(NEW_FAULTS, area)

    def _arranged(
        self, area: int, extra: BaseGeometry | None = None
    ) -> tuple[Arrangement, list[int]]:
        """The area's division as repaired so far; children with invalid rings are left out."""
        parent = assert_sound(self.shape(area), area)
        members = sorted(self.division.children(area), key=self.division.code)
        outlines = [(grid, self.shape(grid)) for grid in members]
        sound = [(grid, shape) for grid, shape in outlines if shape and not ring_fault(shape)]
        arrangement = arrange(parent, [shape for _grid, shape in sound], extra=extra)
        return arrangement, [grid for grid, _shape in sound]

    def _take(self, grid: int, shape: BaseGeometry) -> None:
        if shape.is_empty:
            raise NoRepair(NO_GROUND, grid)
        if not shape.is_valid:
            raise NoRepair(NEW_FAULTS, grid)
        parts = shapely.get_parts(shape)
        self.shapes[grid] = MultiPolygon(list(parts))


def assert_sound(shape: BaseGeometry | None, grid: int) -> BaseGeometry:
    """The outline; NoRepair where it is no polygon, for then it must be mended first."""
    if shape is None or ring_fault(shape):
        raise NoRepair(TANGLED, grid)
    return shape


def on_ground(geometry: BaseGeometry) -> Wanted:
    """Faults that lie on this ground, or that a point or line of it lies on."""
    shapely.prepare(geometry)
    flat = geometry.area > 0

    def wanted(fault: Fault) -> bool:
        if flat:
            return bool(shapely.intersects(geometry, fault.ground.representative_point()))
        return bool(shapely.intersects(fault.ground, geometry))

    return wanted


def _none(_fault: Fault) -> bool:
    return False


def _faulty_m2(arrangement: Arrangement) -> float:
    return sum(fault.area_m2 for fault in arrangement.faults() if not fault.is_rounding)
