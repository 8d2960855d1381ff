"""Regions on a graph of cells: growing from seeds and balanced division. Pure computation."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

COMPACT = 4.0  # how dear a ragged outline is, beside unequal households and cut ground


@dataclass(frozen=True)
class Edge:
    """The common border of two cells: its length and its cost when a border runs there.

    The cost is the length times a weight: low along roads, high across open ground.
    """

    length_m: float
    cut_cost: float
    path_cost: float


@dataclass(frozen=True)
class CellGraph:
    """Cells with their areas and weights (households), and who borders on whom."""

    area_m2: list[float]
    weight: list[float]
    perimeter_m: list[float]
    edges: list[dict[int, Edge]]


def components(graph: CellGraph, cells: Iterable[int]) -> list[set[int]]:
    """The connected parts of some cells, in the order of their lowest cell."""
    left = set(cells)
    parts: list[set[int]] = []
    for start in sorted(left):
        if start not in left:
            continue
        part, stack = {start}, [start]
        left.discard(start)
        while stack:
            for other in graph.edges[stack.pop()]:
                if other in left:
                    left.discard(other)
                    part.add(other)
                    stack.append(other)
        parts.append(part)
    return parts


def grow(graph: CellGraph, seeds: Mapping[int, str]) -> dict[int, str]:
    """Give every reachable cell the label of the seed with the cheapest path to it."""
    best: dict[int, str] = {}
    queue = [(0.0, cell, label) for cell, label in sorted(seeds.items())]
    heapq.heapify(queue)
    while queue:
        cost, cell, label = heapq.heappop(queue)
        if cell in best:
            continue
        best[cell] = label
        for other, edge in graph.edges[cell].items():
            if other not in best:
                heapq.heappush(queue, (cost + edge.path_cost, other, label))
    return best


class _Division:
    """A division of some cells into k connected parts that can be improved cell by cell."""

    def __init__(
        self, graph: CellGraph, label: dict[int, int], k: int, target: float, band: float
    ) -> None:
        """Parts 0 to k-1; a target of 0 means that weights do not matter."""
        self.graph, self.label, self.k, self.target, self.band = graph, label, k, target, band
        self.parts: list[set[int]] = [set() for _ in range(k)]
        self.weight, self.area, self.perimeter = [0.0] * k, [0.0] * k, [0.0] * k
        for cell, part in label.items():
            self.parts[part].add(cell)
        for part in range(k):
            self._measure(part)

    def _measure(self, part: int) -> None:
        cells = self.parts[part]
        self.weight[part] = sum(self.graph.weight[c] for c in cells)
        self.area[part] = sum(self.graph.area_m2[c] for c in cells)
        inner = sum(e.length_m for c in cells for o, e in self.graph.edges[c].items() if o in cells)
        self.perimeter[part] = sum(self.graph.perimeter_m[c] for c in cells) - inner

    def part_energy(self, weight: float, area: float, perimeter: float) -> float:
        off = abs(weight - self.target) / self.target if self.target else 0.0
        beyond = max(0.0, off - self.band)
        return (
            3.0 * off**2 + 200.0 * beyond + COMPACT * perimeter**2 / (4 * math.pi * max(area, 1.0))
        )

    def gain(self, cell: int, to: int) -> float:
        """Change of energy when a cell moves to another part (negative is better)."""
        old, graph = self.label[cell], self.graph
        w, a, p = graph.weight[cell], graph.area_m2[cell], graph.perimeter_m[cell]
        shared_old = shared_new = cost = 0.0
        for other, edge in graph.edges[cell].items():
            part = self.label.get(other)
            if part == old:
                shared_old += edge.length_m
                cost += edge.cut_cost
            elif part == to:
                shared_new += edge.length_m
                cost -= edge.cut_cost
        before = self._energy(old) + self._energy(to)
        after = self.part_energy(
            self.weight[old] - w, self.area[old] - a, self.perimeter[old] - p + 2 * shared_old
        ) + self.part_energy(
            self.weight[to] + w, self.area[to] + a, self.perimeter[to] + p - 2 * shared_new
        )
        return after - before + cost / 60.0

    def _energy(self, part: int) -> float:
        return self.part_energy(self.weight[part], self.area[part], self.perimeter[part])

    def may_leave(self, cell: int) -> bool:
        rest = self.parts[self.label[cell]] - {cell}
        return bool(rest) and len(components(self.graph, rest)) == 1

    def move(self, cell: int, to: int) -> None:
        old = self.label[cell]
        self.parts[old].discard(cell)
        self.parts[to].add(cell)
        self.label[cell] = to
        self._measure(old)
        self._measure(to)

    def energy(self) -> float:
        cut = sum(
            e.cut_cost
            for c, part in self.label.items()
            for o, e in self.graph.edges[c].items()
            if o > c and self.label.get(o, part) != part
        )
        return sum(self._energy(p) for p in range(self.k)) + cut / 60.0


def _first_division(
    graph: CellGraph, cells: set[int], k: int, centre: list[tuple[float, float]], rng: random.Random
) -> dict[int, int]:
    """Grow k parts from far-off cells; the lightest part takes its nearest neighbour next."""
    heavy = sorted(c for c in cells if graph.weight[c] > 0) or sorted(cells)
    starts = [rng.choice(heavy)]
    while len(starts) < k:
        rest = [c for c in heavy if c not in starts] or [c for c in cells if c not in starts]
        starts.append(
            max(sorted(rest), key=lambda c: min(math.dist(centre[c], centre[s]) for s in starts))
        )
    label = {c: i for i, c in enumerate(starts)}
    weight = [graph.weight[c] for c in starts]
    while len(label) < len(cells):
        for part in sorted(range(k), key=lambda p: (weight[p], p)):
            border = {
                o
                for c, p in label.items()
                if p == part
                for o in graph.edges[c]
                if o in cells and o not in label
            }
            if border:
                nearest = min(border, key=lambda c: (math.dist(centre[c], centre[starts[part]]), c))
                label[nearest] = part
                weight[part] += graph.weight[nearest]
                break
    return label


def _improve(
    division: _Division, rng: random.Random, steps: int, fixed: frozenset[int] = frozenset()
) -> None:
    """Anneal: move border cells between neighbouring parts; always keep parts connected."""
    cells = sorted(set(division.label) - fixed)
    for step in range(steps):
        temperature = 1.5 * (1 - step / steps) ** 2
        cell = rng.choice(cells)
        own = division.label[cell]
        around = sorted(
            {division.label[o] for o in division.graph.edges[cell] if o in division.label} - {own}
        )
        if not around:
            continue
        to = rng.choice(around)
        gain = division.gain(cell, to)
        accepted = gain < 0 or rng.random() < math.exp(-gain / max(temperature, 1e-6))
        if accepted and division.may_leave(cell):
            division.move(cell, to)


def divide(
    graph: CellGraph,
    cells: set[int],
    k: int,
    centre: list[tuple[float, float]],
    *,
    target: float,
    band: float,
    seed: str,
    restarts: int = 24,
    steps: int = 30_000,
) -> list[set[int]]:
    """Divide connected cells into k connected parts near the target weight, compact, along roads.

    `band` is the share of the target by which a part may be off before it costs dearly.
    The same seed gives the same division.
    """
    if k <= 1:
        return [set(cells)]
    best: _Division | None = None
    for attempt in range(restarts):
        rng = random.Random(f"{seed}-{attempt}")
        label = _first_division(graph, cells, k, centre, rng)
        division = _Division(graph, label, k, target, band)
        _improve(division, rng, steps)
        if best is None or division.energy() < best.energy():
            best = division
    assert best is not None  # noqa: S101 - restarts is at least one
    return best.parts


def smooth(
    graph: CellGraph, parts: Mapping[str, set[int]], fixed: set[int], *, seed: str
) -> dict[str, set[int]]:
    """Straighten the borders between named parts: cells without a seed of their own may move."""
    names = sorted(parts)
    label = {c: i for i, name in enumerate(names) for c in parts[name]}
    division = _Division(graph, label, len(names), 0.0, 0.0)
    _improve(division, random.Random(seed), 60_000, frozenset(fixed))
    return {name: division.parts[i] for i, name in enumerate(names)}


def connected(graph: CellGraph, label: Mapping[int, str]) -> dict[str, set[int]]:
    """Cells by label, each label in one piece: stray pieces go to whom they border longest."""
    label = dict(label)
    while True:
        by_label: dict[str, set[int]] = {}
        for cell, name in sorted(label.items()):
            by_label.setdefault(name, set()).add(cell)
        stray = [
            part
            for _, cells in sorted(by_label.items())
            for part in sorted(
                components(graph, cells), key=lambda p: -sum(graph.area_m2[c] for c in p)
            )[1:]
        ]
        if not stray:
            return by_label
        part = min(stray, key=lambda p: (sum(graph.area_m2[c] for c in p), min(p)))
        border: dict[str, float] = {}
        for cell in sorted(part):
            for other, edge in graph.edges[cell].items():
                if other not in part:
                    border[label[other]] = border.get(label[other], 0.0) + edge.length_m
        name = max(sorted(border), key=border.__getitem__)
        for cell in part:
            label[cell] = name


def keep_connected(graph: CellGraph, whole: set[int], part: set[int]) -> set[int]:
    """As much of `part` as can leave `whole` without breaking what stays into pieces.

    What stays is joined through the fewest cells: those on the way between its pieces.
    """
    part = set(part)
    while True:
        pieces = components(graph, whole - part)
        if len(pieces) <= 1:
            return part
        seen = set(pieces[0])
        queue: list[tuple[int, int, list[int]]] = [(0, c, []) for c in sorted(pieces[0])]
        heapq.heapify(queue)
        way: list[int] = []
        while queue:
            steps, cell, path = heapq.heappop(queue)
            if cell not in part and cell not in pieces[0]:
                way = path
                break
            for other in sorted(graph.edges[cell]):
                if other in whole and other not in seen:
                    seen.add(other)
                    extra = [other] if other in part else []
                    heapq.heappush(queue, (steps + len(extra), other, path + extra))
        if not way:
            return set()
        part -= set(way)


def weighed_by_area(graph: CellGraph) -> CellGraph:
    """The same cells, weighed by their ground instead of their households."""
    return CellGraph(graph.area_m2, list(graph.area_m2), graph.perimeter_m, graph.edges)
