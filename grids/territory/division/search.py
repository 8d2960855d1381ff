"""The search for a good division of one connected graph of atoms into grids.

Parts are always connected. First the whole is cut in two again and again along the best branch of
random spanning trees; then neighbouring parts are joined and cut anew, all over the map at once,
as long as that makes them better by the one measure of `Measure.badness`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grids.territory.division.graph import Graph
from grids.territory.division.trees import below, grown
from grids.territory.division.types import Bools, Floats, Ints

# Columns of what is summed over a part.
LOAD, AREA, OUTLINE, COST = range(4)


@dataclass(frozen=True)
class Measure:
    """How good a part is: near the target, compact, with borders where they should be.

    `cost` is per edge of the graph, in metres of open border; `typical_m` is the outline of an
    ordinary part and makes it a number of the size of one.
    """

    target: float
    centre: float
    band: float
    typical_m: float
    even: float
    compact: float
    border: float

    def badness(self, sums: Floats) -> Floats:
        """Of parts with these sums (last axis: LOAD, AREA, OUTLINE, COST)."""
        round_ = sums[..., OUTLINE] ** 2 / (4 * np.pi * np.maximum(sums[..., AREA], 1.0))
        return (
            self.uneven(sums[..., LOAD])
            + self.compact * 0.12 * np.minimum(round_, 60.0)
            + self.border * 0.5 * sums[..., COST] / self.typical_m
        )

    def uneven(self, load: Floats) -> Floats:
        """The share of badness that comes from the load."""
        off = np.abs(load - self.target) / self.target
        near = np.abs(load - self.centre) / self.target
        beyond = np.maximum(off - self.band, 0.0)
        far = np.maximum(off - 2 * self.band, 0.0)
        return self.even * 6.0 * near**2 + 60.0 * beyond + 6.0 * (beyond > 0) + 200.0 * far

    def fits(self, load: Floats) -> Bools:
        return np.abs(load - self.target) <= self.band * self.target + 1e-9


class Division:
    """A division in progress: the part of each atom, and the sums of each part."""

    def __init__(
        self, graph: Graph, cost: Floats, measure: Measure, chance: np.random.Generator
    ) -> None:
        self.graph, self.cost, self.measure, self.chance = graph, cost, measure, chance
        self.part = np.zeros(graph.size, dtype=np.int64)
        self.count = 1
        size = graph.size
        borders = np.bincount(graph.left, weights=cost, minlength=size)
        borders += np.bincount(graph.right, weights=cost, minlength=size)
        self.atom = np.column_stack((graph.load, graph.area_m2, graph.perimeter_m, borders))
        # A share of 0 to 1: how much of the edge lies along a barrier.
        self.barred = graph.along_m / np.maximum(graph.length_m, 1e-9)

    def sums(self) -> Floats:
        """Per part: LOAD, AREA, OUTLINE, COST."""
        sums = np.zeros((self.count, 4))
        np.add.at(sums, self.part, self.atom)
        graph = self.graph
        within = self.part[graph.left] == self.part[graph.right]
        home = self.part[graph.left[within]]
        sums[:, OUTLINE] -= 2 * np.bincount(home, graph.length_m[within], self.count)
        sums[:, COST] -= 2 * np.bincount(home, self.cost[within], self.count)
        return sums

    def start(self, wanted: Ints, check: Callable[[], None], tries: int) -> None:
        """Cut the present parts until part p has become wanted[p] parts."""
        wanted = wanted.copy()
        while (wanted > 1).any():
            region = np.where(wanted > 1, np.arange(self.count), -1)
            dense = np.cumsum(region >= 0) - 1
            dense[region < 0] = -1
            best = np.full(int(dense.max()) + 1, np.inf)
            take = np.zeros(len(best), dtype=np.int64)
            halves = np.zeros(self.graph.size, dtype=bool)
            many = wanted[region >= 0]
            for _try in range(tries):
                check()
                score, share, side = self._cut(dense[self.part], many)
                better = score < best - 1e-12
                best[better], take[better] = score[better], share[better]
                mine = dense[self.part]
                fresh = (mine >= 0) & better[np.maximum(mine, 0)]
                halves[fresh] = side[fresh]
            self._split(halves, dense, take, wanted, np.isfinite(best))
            wanted = self._wanted

    def _split(self, halves: Bools, dense: Ints, take: Ints, wanted: Ints, possible: Bools) -> None:
        grown_wanted = list(wanted)
        for part in np.flatnonzero(dense >= 0):
            number = dense[part]
            if not possible[number]:
                grown_wanted[part] = 1
                continue
            own = (self.part == part) & halves
            self.part[own] = self.count
            self.count += 1
            grown_wanted.append(take[number])
            grown_wanted[part] -= take[number]
        self._wanted = np.array(grown_wanted, dtype=np.int64)

    def _cut(self, region: Ints, many: Ints) -> tuple[Floats, Ints, Bools]:
        """Draw a tree in each region and find its best branch.

        `region` is per atom (−1: none), `many` how many parts the region is for. Returns per
        region the badness of the best cut (inf: none), how many parts the side below it is for,
        and per atom whether it lies on that side.
        """
        graph, chance = self.graph, self.chance
        regions = len(many)
        within = (region[graph.left] == region[graph.right]) & (region[graph.left] >= 0)
        edges = np.flatnonzero(within)
        left, right = graph.left[edges], graph.right[edges]
        # Branches should run inside blocks, so that the cut between them falls on a barrier.
        bias = chance.choice([0.0, 0.3, 0.8, 1.6], size=regions)
        keys = chance.random(len(edges)) + bias[region[left]] * self.barred[edges]
        members = np.flatnonzero(region >= 0)
        mixed = members[chance.permutation(len(members))]
        starts = np.empty(regions, dtype=np.int64)
        starts[region[mixed]] = mixed
        forest = grown(graph.size, left, right, keys, region, regions, starts)
        node, tree = forest.node, region[forest.node]
        place = np.empty(graph.size, dtype=np.int64)
        place[node] = np.arange(len(node))
        first, second = place[left], place[right]
        meet = forest.meeting(first, second)
        # Six columns: the atom's own four, and twice the length and cost inside the subtree.
        values = np.zeros((len(node), 8))
        values[:, :4] = self.atom[node]
        length, cost = graph.length_m[edges], self.cost[edges]
        size = len(node)
        values[:, 4] = 2 * np.bincount(meet, length, size)
        values[:, 5] = 2 * np.bincount(meet, cost, size)
        ends = np.concatenate((first, second))
        values[:, 6] = np.bincount(ends, np.concatenate((length, length)), size)
        values[:, 7] = np.bincount(ends, np.concatenate((cost, cost)), size)
        total = forest.gathered(values)
        roots = np.flatnonzero(forest.depth == 0)
        whole = np.empty((regions, 8))
        whole[tree[roots]] = total[roots]
        side = total[:, :4].copy()
        side[:, OUTLINE] -= total[:, 4]
        side[:, COST] -= total[:, 5]
        cut = total[:, 6:8] - total[:, 4:6]
        of = whole[tree]
        rest = of[:, :4] - total[:, :4]
        rest[:, OUTLINE] -= of[:, 4] - total[:, 4] - 2 * cut[:, 0]
        rest[:, COST] -= of[:, 5] - total[:, 5] - 2 * cut[:, 1]
        score, share = self._judged(side, rest, many[tree])
        score[roots] = np.inf
        order = np.lexsort((score, tree))
        lead = order[np.diff(tree[order], prepend=-1) != 0]
        chosen = np.full(regions, -1, dtype=np.int64)
        best = np.full(regions, np.inf)
        best[tree[lead]] = score[lead]
        chosen[tree[lead]] = np.where(np.isfinite(score[lead]), lead, -1)
        taken = np.where(chosen >= 0, share[np.maximum(chosen, 0)], 0)
        hung = np.zeros(graph.size, dtype=bool)
        hung[node] = below(forest, chosen, tree)
        return best, taken, hung

    def _judged(self, side: Floats, rest: Floats, many: Ints) -> tuple[Floats, Ints]:
        """The badness of cutting into `side` and `rest`, and for how many parts the side is."""
        load = side[:, LOAD] + rest[:, LOAD]
        share = np.rint(many * side[:, LOAD] / np.maximum(load, 1e-9)).astype(np.int64)
        share = np.clip(share, 1, many - 1)
        other = many - share
        score = self._part(side, share) + self._part(rest, other)
        # A side for many parts should be about half, or the cutting takes long.
        lopsided = np.maximum(np.maximum(share, other) / many - 0.67, 0.0)
        score += np.where(many > 4, 20.0 * lopsided, 0.0)
        return score, share

    def _part(self, sums: Floats, many: Ints) -> Floats:
        """The badness of ground that is to become `many` parts."""
        one = self.measure.badness(sums)
        if (many == 1).all():
            return one
        load = sums[:, LOAD] / many
        round_ = sums[:, OUTLINE] ** 2 / (4 * np.pi * np.maximum(sums[:, AREA], 1.0))
        several = (
            self.measure.uneven(load) * many
            + 3.0 * np.abs(load - self.measure.centre) / self.measure.target * many
            + self.measure.compact * 0.12 * np.minimum(round_, 60.0)
            + self.measure.border * 0.5 * sums[:, COST] / self.measure.typical_m
        )
        return np.where(many == 1, one, several)

    def recombine(self, groups: list[list[int]], many: Ints) -> int:
        """Join each group of neighbouring parts and cut it into `many` anew; keep what is better.

        The groups do not share parts. Returns how many became better.
        """
        if not groups:
            return 0
        member = np.full(self.count, -1, dtype=np.int64)
        for number, parts in enumerate(groups):
            member[parts] = number
        before_part, before_count = self.part.copy(), self.count
        badness = self.measure.badness(self.sums())
        old = np.bincount(member[member >= 0], badness[member >= 0], len(groups))
        base = member[self.part]
        region, wanted = base.copy(), many.copy()
        owner = np.arange(len(groups))  # the group of each region
        while (wanted > 1).any():
            active = np.flatnonzero(wanted > 1)
            dense = np.full(len(wanted) + 1, -1, dtype=np.int64)
            dense[active] = np.arange(len(active))
            score, share, hung = self._cut(dense[region], wanted[active])
            failed = active[~np.isfinite(score)]
            wanted = wanted.copy()
            wanted[active] -= share
            wanted[failed] = 1
            fresh = len(wanted) + np.arange(len(active))
            moved = hung & (region >= 0)
            region[moved] = fresh[dense[region[moved]]]
            wanted = np.concatenate((wanted, np.maximum(share, 1)))
            owner = np.concatenate((owner, owner[active]))
        # Regions become parts: trial numbers after the present ones.
        inside = region >= 0
        self.part = np.where(inside, before_count + region, self.part)
        self.count = before_count + len(wanted)
        present = np.bincount(self.part, minlength=self.count) > 0
        badness = np.where(present, self.measure.badness(self.sums()), 0.0)
        new = np.bincount(owner, badness[before_count:], len(groups))
        better = new < old - 1e-9
        back = inside & ~better[np.maximum(base, 0)]
        self.part[back] = before_part[back]
        self._renumber()
        return int(better.sum())

    def _renumber(self) -> None:
        _values, numbers = np.unique(self.part, return_inverse=True)
        self.part = numbers.reshape(-1).astype(np.int64)
        self.count = int(self.part.max()) + 1

    def neighbours(self) -> tuple[Ints, Ints]:
        """Pairs of parts that touch, each once."""
        first, second = self.part[self.graph.left], self.part[self.graph.right]
        apart = first != second
        pairs = np.unique(
            np.minimum(first, second)[apart] * self.count + np.maximum(first, second)[apart]
        )
        return pairs // self.count, pairs % self.count
