"""One division of one parent under one emphasis: the part of each atom."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from grids.territory.division.flips import Smoother, continued
from grids.territory.division.graph import Graph
from grids.territory.division.ground import FREE, Ground
from grids.territory.division.search import LOAD, Division, Measure
from grids.territory.division.sites import roots
from grids.territory.division.types import (
    BARRIERS,
    COMPACT,
    EVEN,
    STABLE,
    Floats,
    Ints,
    Wish,
)

OPEN_COURTYARD = 2.0  # how much dearer a border is inside a courtyard that had to be opened
ALONG = 0.9  # a border along the best barrier costs 1 − this of an open one
WEIGHTS = {  # even, compact, along barriers
    EVEN: (2.5, 1.0, 0.9),
    COMPACT: (0.6, 2.5, 0.6),
    BARRIERS: (0.6, 0.6, 3.0),
    STABLE: (1.0, 1.0, 1.0),
}


@dataclass(frozen=True)
class Plan:
    """How long to search: trees for each first cut, sweeps over the map, sweeps at bad places;
    after how many sweeps in vain it stops, and after how many it smooths."""

    tries: int
    sweeps: int
    focus: int
    patience: int
    smooth: int


def parts_of(
    ground: Ground,
    wish: Wish,
    emphasis: str,
    seed: tuple[int, ...],
    check: Callable[[float], None],
) -> Ints:
    """The part of each atom. Fixed atoms are parts of their own, together with empty ground that
    they cut off. `check` hears the progress (0 to 1) and may raise."""
    graph = ground.graph
    part = np.full(graph.size, -1, dtype=np.int64)
    free = ground.fixed == FREE
    part[~free] = _fixed_parts(ground, free)
    piece = _pieces(graph, free)
    count = int(part.max()) + 1
    for number in range(int(piece.max()) + 1 if free.any() else 0):
        members = np.flatnonzero(piece == number)
        if graph.load[members].sum() <= 0 and _give_away(graph, members, part):
            continue
        chance = np.random.default_rng([*seed, number])
        own = _searched(ground, members, wish, emphasis, chance, check)
        part[members] = count + own
        count += int(own.max()) + 1
    return np.unique(part, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _fixed_parts(ground: Ground, free: Ints) -> Ints:
    """Each oversized building by itself; the pieces of one declared area together if they touch."""
    graph = ground.graph
    both = (ground.apart[graph.left] >= 0) & (ground.apart[graph.left] == ground.apart[graph.right])
    return roots(graph.size, graph.left[both], graph.right[both])[~free]


def _pieces(graph: Graph, free: Ints) -> Ints:
    """Connected pieces of the free atoms, numbered from 0; −1 for fixed ones."""
    open_ = free[graph.left] & free[graph.right]
    piece = roots(graph.size, graph.left[open_], graph.right[open_])
    piece[~free] = -1
    if free.any():
        piece[free] = np.unique(piece[free], return_inverse=True)[1]
    return piece


def _give_away(graph: Graph, members: Ints, part: Ints) -> bool:
    """Give empty ground that fixed parts cut off to the one with the longest border."""
    own = np.zeros(graph.size, dtype=bool)
    own[members] = True
    out = own[graph.left] != own[graph.right]
    if not out.any():
        return False
    other = np.where(own[graph.left[out]], graph.right[out], graph.left[out])
    pull = np.bincount(part[other], graph.length_m[out])
    part[members] = int(pull.argmax())
    return True


def best_count(load: float, target: float) -> int:
    """How many grids come nearest to the target; at least one."""
    low = max(1, int(load // target))
    return min((low, low + 1), key=lambda count: (abs(load / count - target), count))


def _searched(
    ground: Ground,
    members: Ints,
    wish: Wish,
    emphasis: str,
    chance: np.random.Generator,
    check: Callable[[float], None],
) -> Ints:
    graph = _subgraph(ground.graph, members)
    total = float(graph.load.sum())
    count = best_count(total, wish.target)
    stability = max(wish.stability, 1.0) if emphasis == STABLE else wish.stability
    today = ground.today[members]
    division = Division(
        graph,
        _costs(graph, ground.opened[members], today, stability),
        _measure(graph, wish, emphasis, total, count),
        chance,
    )
    plan = _plan(wish, count)
    known = (today, stability) if stability > 0 and bool((today >= 0).any()) else None
    _run(division, plan, wish, known, emphasis, check)
    return division.part


def _run(
    division: Division,
    plan: Plan,
    wish: Wish,
    known: tuple[Ints, float] | None,
    emphasis: str,
    check: Callable[[float], None],
) -> None:
    """One search from the start: first cuts (or the grids of today), sweeps, smoothing."""
    graph = division.graph
    division.part, division.count = np.zeros(graph.size, dtype=np.int64), 1
    if known is not None:
        _start_from_today(division, graph, known[0], wish)
    else:
        count = best_count(float(graph.load.sum()), wish.target)
        division.start(np.array([count]), lambda: check(0.0), plan.tries)
    if known is None or emphasis != STABLE:
        _improve(division, plan, known, check)
    for sweep in range(plan.focus):
        check(0.7 + 0.2 * sweep / plan.focus)
        if not _sweep(division, 2 + sweep % 5, focus=True):
            break
    _smooth(division, known, 4, lambda: check(0.9))


def _improve(
    division: Division,
    plan: Plan,
    known: tuple[Ints, float] | None,
    check: Callable[[float], None],
) -> None:
    """Sweeps over the whole map, smoothed now and then, until they find nothing any more."""
    idle = 0
    for sweep in range(plan.sweeps):
        check(0.7 * sweep / plan.sweeps)
        idle = 0 if _sweep(division, 3 if sweep % 4 == 0 else 2, focus=False) else idle + 1
        if idle >= plan.patience:
            break
        if sweep % plan.smooth == plan.smooth - 1:
            share = 0.7 * sweep / plan.sweeps
            _smooth(division, known, 2, functools.partial(check, share))


def _smooth(
    division: Division,
    known: tuple[Ints, float] | None,
    passes: int,
    check: Callable[[], None],
) -> None:
    if division.count < 2:
        return
    if known is None:
        Smoother(division).run(passes, check)
        return
    today, stability = known
    keep = continued(division.part, division.count, today, division.graph.load)
    Smoother(division, today, keep, stability).run(passes, check)


def _plan(wish: Wish, count: int) -> Plan:
    """Small areas are cheap to search well."""
    if count <= 1:
        return Plan(1, 0, 0, 1, 1)
    if count <= 20:
        tries, sweeps, focus, patience = 12, 120, 300, 16
    elif count <= 60:
        tries, sweeps, focus, patience = 12, 160, 300, 24
    else:
        tries, sweeps, focus, patience = 8, 120, 200, 24
    effort = wish.effort
    return Plan(
        max(2, round(tries * effort)),
        round(sweeps * effort),
        round(focus * effort),
        patience,
        40,
    )


def _subgraph(graph: Graph, members: Ints) -> Graph:
    place = np.full(graph.size, -1, dtype=np.int64)
    place[members] = np.arange(len(members))
    left, right = place[graph.left], place[graph.right]
    both = (left >= 0) & (right >= 0)
    return Graph(
        graph.load[members],
        graph.households[members],
        graph.area_m2[members],
        graph.perimeter_m[members],
        left[both],
        right[both],
        graph.length_m[both],
        graph.along_m[both],
        graph.barred_m[both],
    )


def _costs(graph: Graph, opened: Ints, today: Ints, stability: float) -> Floats:
    """What a border costs along each edge: its open length, less on barriers, and less still on
    a border of today."""
    cost = graph.length_m - ALONG * graph.along_m
    inside = (opened[graph.left] > 0) & (opened[graph.right] > 0)
    cost = cost + OPEN_COURTYARD * graph.length_m * inside
    if stability > 0:
        known = (today[graph.left] >= 0) & (today[graph.right] >= 0)
        same = known & (today[graph.left] == today[graph.right])
        cost = cost + stability * graph.length_m * same
        cost = np.where(known & ~same, cost / (1.0 + 4.0 * stability), cost)
    return cost


def _measure(graph: Graph, wish: Wish, emphasis: str, total: float, count: int) -> Measure:
    even, compact, border = WEIGHTS.get(emphasis, WEIGHTS[STABLE])
    lived_in = float(graph.area_m2[graph.load > 0].sum()) or float(graph.area_m2.sum())
    return Measure(
        wish.target,
        total / count,
        wish.band,
        4.0 * float(np.sqrt(max(lived_in, 1.0) / count)),
        even * wish.evenness,
        compact * wish.compactness,
        border * wish.along_barriers,
    )


def _start_from_today(division: Division, graph: Graph, today: Ints, wish: Wish) -> None:
    """The grids of today as they are, cut where they are far too large."""
    same = today[graph.left] == today[graph.right]
    division.part = roots(graph.size, graph.left[same], graph.right[same])
    division.count = int(division.part.max()) + 1
    load = division.sums()[:, LOAD]
    wanted = np.array([best_count(float(one), wish.target) for one in load])
    division.start(wanted, lambda: None, 8)


def _sweep(division: Division, size: int, *, focus: bool) -> bool:
    """Recombine groups of up to `size` neighbouring parts; with `focus` only around parts out of
    the band. Whether it made anything better; with `focus`, whether there was anything to do."""
    if division.count < 2:
        return False
    chance, measure = division.chance, division.measure
    load = division.sums()[:, LOAD]
    bad = ~measure.fits(load)
    if focus and not bad.any():
        return False
    near: list[list[int]] = [[] for _ in range(division.count)]
    for first, second in zip(*(side.tolist() for side in division.neighbours()), strict=True):
        near[first].append(second)
        near[second].append(first)
    rank = chance.random(division.count) - 10.0 * bad
    used = [False] * division.count
    groups: list[list[int]] = []
    many: list[int] = []
    for start in np.argsort(rank, kind="stable").tolist():
        if focus and not bad[start]:
            break
        if used[start]:
            continue
        group = _gathered(start, size, near, used, chance)
        if len(group) > 1:
            groups.append(group)
            many.append(_count_for(float(load[group].sum()), len(group), division, focus))
    better = division.recombine(groups, np.array(many, dtype=np.int64))
    return focus or better > 0


def _gathered(
    start: int, size: int, near: list[list[int]], used: list[bool], chance: np.random.Generator
) -> list[int]:
    """A connected group of parts that no other group uses, grown at random."""
    group = [start]
    used[start] = True
    while len(group) < size:
        rim = sorted({other for part in group for other in near[part] if not used[other]})
        if not rim:
            break
        choice = rim[int(chance.integers(len(rim)))]
        group.append(choice)
        used[choice] = True
    return group


def _count_for(load: float, present: int, division: Division, focus: bool) -> int:
    """Into how many parts a group is cut: as many as before, unless that cannot fit."""
    measure = division.measure
    best = best_count(load, measure.target)
    if best == present:
        return present
    fits = bool(measure.fits(np.array(load / present)))
    if fits and not (focus and division.chance.random() < 0.3):
        return present
    return best
