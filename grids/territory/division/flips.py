"""Single atoms moved over a border: takes the raggedness out of what tree cuts have left."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from grids.territory.division.search import Division, Measure
from grids.territory.division.types import Floats, Ints

Sums = tuple[float, float, float, float]  # load, area, outline, cost


class Smoother:
    """Moves atoms one at a time as long as that makes the two parts better together.

    `today` and `keep` (the grid of today of each atom, and the one that each part continues) make
    it dear to take people out of their grid, by `stability`.
    """

    def __init__(
        self,
        division: Division,
        today: Ints | None = None,
        keep: Ints | None = None,
        stability: float = 0.0,
    ) -> None:
        graph = division.graph
        self.division = division
        self.measure = division.measure
        self.part: list[int] = division.part.tolist()
        self.atom: list[Sums] = [tuple(row) for row in division.atom.tolist()]
        self.sums: list[Sums] = [tuple(row) for row in division.sums().tolist()]
        self.bad = [badness(self.measure, one) for one in self.sums]
        self.members: list[set[int]] = [set() for _ in range(division.count)]
        for atom, part in enumerate(self.part):
            self.members[part].add(atom)
        self.near: list[list[tuple[int, float, float]]] = [[] for _ in range(graph.size)]
        for left, right, length, cost in zip(
            graph.left.tolist(),
            graph.right.tolist(),
            graph.length_m.tolist(),
            division.cost.tolist(),
            strict=True,
        ):
            self.near[left].append((right, length, cost))
            self.near[right].append((left, length, cost))
        self.today: list[int] | None = None if today is None else today.tolist()
        self.keep: list[int] | None = None if keep is None else keep.tolist()
        self.stability = stability

    def run(self, passes: int, check: Callable[[], None]) -> None:
        """Go over all atoms at borders, in random order, until nothing moves."""
        for _turn in range(passes):
            moved = 0
            for number, atom in enumerate(self._rim()):
                if number % 256 == 0:
                    check()
                moved += self._moved(atom)
            if not moved:
                break
        self.division.part = np.array(self.part, dtype=np.int64)

    def _rim(self) -> list[int]:
        graph = self.division.graph
        part = np.array(self.part)
        apart = part[graph.left] != part[graph.right]
        rim = np.unique(np.concatenate((graph.left[apart], graph.right[apart])))
        order: list[int] = self.division.chance.permutation(rim).tolist()
        return order

    def _moved(self, atom: int) -> bool:
        """Move the atom to the neighbouring part where it does most good, if anywhere."""
        own = self.part[atom]
        if len(self.members[own]) < 2:
            return False
        shared: dict[int, list[float]] = {}
        for other, length, cost in self.near[atom]:
            touch = shared.setdefault(self.part[other], [0.0, 0.0])
            touch[0] += length
            touch[1] += cost
        mine = shared.pop(own, [0.0, 0.0])
        less = taken(self.sums[own], self.atom[atom], mine)
        less_bad = badness(self.measure, less)
        best = (-1e-9, -1)
        for part, touch in shared.items():
            more = given(self.sums[part], self.atom[atom], touch)
            change = less_bad + badness(self.measure, more) - self.bad[own] - self.bad[part]
            change += self._estranged(atom, own, part)
            if (change, part) < best:
                best = (change, part)
        if best[1] < 0 or not self._may_leave(atom, own):
            return False
        part = best[1]
        self.sums[own], self.bad[own] = less, less_bad
        self.sums[part] = given(self.sums[part], self.atom[atom], shared[part])
        self.bad[part] = badness(self.measure, self.sums[part])
        self.members[own].discard(atom)
        self.members[part].add(atom)
        self.part[atom] = part
        return True

    def _estranged(self, atom: int, own: int, part: int) -> float:
        """What it costs that people leave their grid of today (or gains when they come back)."""
        if self.today is None or self.keep is None or self.today[atom] < 0:
            return 0.0
        home = self.today[atom]
        leaves = int(self.keep[part] != home) - int(self.keep[own] != home)
        return self.stability * 10.0 * leaves * self.atom[atom][0] / self.measure.target

    def _may_leave(self, atom: int, part: int) -> bool:
        """Whether the part stays connected without the atom."""
        goals = {other for other, _length, _cost in self.near[atom] if self.part[other] == part}
        if not goals:
            return False
        start = min(goals)
        goals.discard(start)
        seen, waiting = {atom, start}, [start]
        while waiting and goals:
            for other, _length, _cost in self.near[waiting.pop()]:
                if other not in seen and self.part[other] == part:
                    seen.add(other)
                    goals.discard(other)
                    waiting.append(other)
        return not goals


def taken(sums: Sums, atom: Sums, touch: list[float]) -> Sums:
    """A part's sums without one of its atoms, which shares `touch` (length, cost) with it."""
    return (
        sums[0] - atom[0],
        sums[1] - atom[1],
        sums[2] - atom[2] + 2 * touch[0],
        sums[3] - atom[3] + 2 * touch[1],
    )


def given(sums: Sums, atom: Sums, touch: list[float]) -> Sums:
    """A part's sums with one more atom."""
    return (
        sums[0] + atom[0],
        sums[1] + atom[1],
        sums[2] + atom[2] - 2 * touch[0],
        sums[3] + atom[3] - 2 * touch[1],
    )


def badness(measure: Measure, sums: Sums) -> float:
    """Measure.badness of one part; plain numbers, because it is asked a million times."""
    load, area, outline, cost = sums
    target, band = measure.target, measure.band
    beyond = max(abs(load - target) / target - band, 0.0)
    far = max(abs(load - target) / target - 2 * band, 0.0)
    near = abs(load - measure.centre) / target
    round_ = min(outline * outline / (4 * math.pi * max(area, 1.0)), 60.0)
    return (
        measure.even * 6.0 * near * near
        + 60.0 * beyond
        + (6.0 if beyond > 0 else 0.0)
        + 200.0 * far
        + measure.compact * 0.12 * round_
        + measure.border * 0.5 * cost / measure.typical_m
    )


def continued(part: Ints, count: int, today: Ints, load: Floats) -> Ints:
    """The grid of today that each part continues: greatest overlap first, each once; −1: none."""
    keep = np.full(count, -1, dtype=np.int64)
    known = np.flatnonzero(today >= 0)
    if not len(known):
        return keep
    span = int(today.max()) + 1
    overlap = np.bincount(part[known] * span + today[known], load[known] + 1e-6)
    taken_: set[int] = set()
    for pair in np.argsort(-overlap, kind="stable").tolist():
        if overlap[pair] <= 0:
            break
        one, grid = divmod(pair, span)
        if keep[one] < 0 and grid not in taken_:
            keep[one] = grid
            taken_.add(grid)
    return keep
