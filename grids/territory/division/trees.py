"""Many regions cut along random spanning trees at once, in arrays.

A spanning tree falls into two connected halves at each of its branches. Drawing a tree in every
region and judging all its branches gives hundreds of connected ways to divide it in one sweep.
This is the recombination of districting research; here all regions share each step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.csgraph

from grids.territory.division.types import Bools, Floats, Ints


@dataclass(frozen=True)
class Forest:
    """One tree per region, hung from its root. Nodes are in the order of their depth.

    `above` is the node's parent as a position in this order (roots: themselves), `depth` counts
    from 0, `levels` are the first positions of each depth (and the end).
    """

    node: Ints
    above: Ints
    depth: Ints
    levels: Ints
    lifts: list[Ints]

    def gathered(self, values: Floats) -> Floats:
        """Sums of the rows of `values` (by position) over each subtree."""
        total = values.copy()
        for level in range(len(self.levels) - 2, 0, -1):
            span = slice(self.levels[level], self.levels[level + 1])
            np.add.at(total, self.above[span], total[span])
        return total

    def raised(self, position: Ints, steps: Ints) -> Ints:
        """The ancestors `steps` above."""
        position = position.copy()
        for bit, lift in enumerate(self.lifts):
            high = (steps >> bit) & 1 == 1
            position[high] = lift[position[high]]
        return position

    def meeting(self, first: Ints, second: Ints) -> Ints:
        """The lowest common ancestors of pairs in one tree."""
        gap = self.depth[first] - self.depth[second]
        first = self.raised(first, np.maximum(gap, 0))
        second = self.raised(second, np.maximum(-gap, 0))
        for lift in reversed(self.lifts):
            above_first, above_second = lift[first], lift[second]
            apart = above_first != above_second
            first = np.where(apart, above_first, first)
            second = np.where(apart, above_second, second)
        return np.where(first == second, first, self.above[first])


def grown(
    size: int, left: Ints, right: Ints, keys: Floats, region: Ints, regions: int, starts: Ints
) -> Forest:
    """The trees with the smallest keys. `region` is each node's region, or −1 for none; edges
    join nodes of one region; `starts` holds a node of each region, which becomes its root."""
    top = size
    rows = np.concatenate((left, np.full(regions, top)))
    columns = np.concatenate((right, starts))
    weights = np.concatenate((keys + 1.0, np.full(regions, 0.5)))
    matrix = scipy.sparse.csr_matrix((weights, (rows, columns)), shape=(size + 1, size + 1))
    tree = scipy.sparse.csgraph.minimum_spanning_tree(matrix)
    order, before = scipy.sparse.csgraph.breadth_first_order(tree, top, directed=False)
    order = order[1:].astype(np.int64)
    place = np.empty(size + 1, dtype=np.int64)
    place[order] = np.arange(len(order))
    above = before[order].astype(np.int64)
    roots = above == top
    above = np.where(roots, np.arange(len(order)), place[np.where(roots, order, above)])
    lifts = [above]
    depth = (~roots).astype(np.int64)
    while True:
        jump = lifts[-1]
        deeper = depth + depth[jump]
        if np.array_equal(deeper, depth):
            break
        depth = deeper
        lifts.append(jump[jump])
    levels = np.searchsorted(depth, np.arange(int(depth.max()) + 2)) if len(depth) else np.zeros(1)
    return Forest(order, above, depth, levels.astype(np.int64), lifts)


def below(forest: Forest, chosen: Ints, tree: Ints) -> Bools:
    """Which positions hang at or under the chosen position of their tree (−1: none chosen)."""
    cut = chosen[tree]
    hung = cut >= 0
    gap = np.where(hung, forest.depth - forest.depth[np.maximum(cut, 0)], -1)
    hung &= gap >= 0
    found = np.zeros(len(tree), dtype=bool)
    some = np.flatnonzero(hung)
    found[some] = forest.raised(some, gap[some]) == cut[some]
    return found
