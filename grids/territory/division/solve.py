"""From a problem to proposals."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import shapely

from grids.territory.division import types
from grids.territory.division.emphasis import parts_of
from grids.territory.division.ground import APART, OVERSIZED, Ground, ground_of
from grids.territory.division.outlines import dissolved
from grids.territory.division.scores import homes, score
from grids.territory.division.types import (
    STABLE,
    Cancelled,
    Cell,
    DivisionError,
    Ints,
    Problem,
    Proposal,
    Wish,
)

GROUND_SHARE = 0.25  # of the progress


def divide(
    problem: Problem,
    wish: Wish,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Proposal]:
    """One proposal for each emphasis of the wish (`stable` only where there are grids today).

    `progress` hears a share from 0 to 1, rising; `cancelled` is asked every few milliseconds, and
    Cancelled is raised when it says yes. Raises DivisionError for what cannot be divided. The same
    problem, wish and seed give the same proposals in every process.
    """
    _refuse(problem, wish)

    def check(share: float) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled
        if progress is not None:
            progress(min(1.0, share))

    emphases = [e for e in wish.emphases if e != STABLE or problem.existing] or [types.EVEN]
    grounds = []
    home = _parents_of(problem)
    weight = np.maximum(np.bincount(home[home >= 0], minlength=len(problem.parents)), 1.0)
    ahead = np.concatenate(([0.0], np.cumsum(weight) / weight.sum()))
    for number, parent in enumerate(problem.parents):
        done = GROUND_SHARE * ahead[number]
        own = np.flatnonzero(home == number)
        grounds.append(ground_of(problem, parent, own, wish, functools.partial(check, done)))
    proposals = []
    today = homes(problem)
    for turn, emphasis in enumerate(emphases):
        cells: list[Cell] = []
        inner = along = 0.0
        for number, ground in enumerate(grounds):

            def within(share: float, turn: int = turn, number: int = number) -> None:
                parents = ahead[number] + share * (ahead[number + 1] - ahead[number])
                check(GROUND_SHARE + (1 - GROUND_SHARE) * (turn + parents) / len(emphases))

            seed = (abs(wish.seed), types.EMPHASES.index(emphasis), number)
            part = parts_of(ground, wish, emphasis, seed, within)
            cells += _cells(problem, ground, part, wish, today)
            length, barred = _borders(ground, part)
            inner, along = inner + length, along + barred
        scores = score(problem, wish, cells, inner, along)
        proposals.append(Proposal(emphasis, tuple(cells), scores))
    check(1.0)
    return proposals


def _refuse(problem: Problem, wish: Wish) -> None:
    """What no search can mend."""
    count = len(problem.footprints)
    columns = {len(problem.households), len(problem.workload), len(problem.groups)}
    unknown = [emphasis for emphasis in wish.emphases if emphasis not in types.EMPHASES]
    faults = {
        "no_parent": not problem.parents,
        "target_not_positive": not (wish.target > 0 and np.isfinite(wish.target)),
        "band_out_of_range": not (0 <= wish.band < 1),
        "columns_differ": columns != {count}
        or len(problem.barriers) != len(problem.barrier_weights),
        "negative_households": bool((problem.households < 0).any()),
        "workload_not_a_number": not (
            np.isfinite(problem.workload).all() and (problem.workload >= 0).all()
        ),
        "unknown_emphasis": bool(unknown),
    }
    for reason, present in faults.items():
        if present:
            raise DivisionError(reason, ", ".join(unknown))
    for parent in problem.parents:
        ground = parent.geometry
        if ground.is_empty or not ground.is_valid or ground.area <= 0:
            raise DivisionError("parent_invalid", parent.code)


def _parents_of(problem: Problem) -> Ints:
    """The parent that each building stands in by its point (−1: none); the first of several."""
    home = np.full(len(problem.footprints), -1, dtype=np.int64)
    if len(home):
        placed = np.flatnonzero(np.isfinite(shapely.bounds(problem.footprints)).all(axis=1))
        points = shapely.point_on_surface(problem.footprints[placed])
        tree = shapely.STRtree([parent.geometry for parent in problem.parents])
        which, where = tree.query(points, predicate="intersects")
        which = placed[which]
        order = np.lexsort((where, which))[::-1]
        home[which[order]] = where[order]
    return home


def _borders(ground: Ground, part: Ints) -> tuple[float, float]:
    graph = ground.graph
    apart = part[graph.left] != part[graph.right]
    return float(graph.length_m[apart].sum()), float(graph.barred_m[apart].sum())


def _cells(problem: Problem, ground: Ground, part: Ints, wish: Wish, today: Ints) -> list[Cell]:
    """The parts as proposed grids, from west to east and north to south."""
    count = int(part.max()) + 1
    shapes = dissolved(ground.faces.shapes, part[ground.atom])
    of_building = part[ground.atom_of]
    members = [ground.buildings[of_building == number] for number in range(count)]
    keeps = _kept(problem, ground, part, members, today)
    cells = []
    for number in range(count):
        atoms = np.flatnonzero(part == number)
        apart = ground.apart[atoms].max()
        dedicated = (ground.fixed[atoms] != 0).any()
        own = members[number]
        cells.append(
            Cell(
                shapes[number],
                ground.parent.code,
                int(problem.households[own].sum()),
                float(problem.workload[own].sum()),
                tuple(own.tolist()),
                keeps[number],
                "dedicated" if dedicated else "basic",
                problem.dedicated[apart].code if apart >= 0 else "",
                _notes(ground, part, atoms, count, float(problem.workload[own].sum()), wish),
            )
        )
    corners = shapely.bounds(shapes)
    order = np.lexsort((-corners[:, 3], corners[:, 0]))
    return [cells[number] for number in order]


def _notes(
    ground: Ground, part: Ints, atoms: Ints, count: int, load: float, wish: Wish
) -> tuple[str, ...]:
    fixed = ground.fixed[atoms].max()
    if fixed == APART:
        return (types.DEDICATED_AREA,)
    if fixed == OVERSIZED:
        return (types.OVERSIZED_BUILDING,)
    notes = []
    off = abs(load - wish.target) / wish.target
    if load == 0:
        notes.append(types.NO_HOUSEHOLDS)
    if off > wish.band + 1e-9:
        notes.append(_reason(ground, part, atoms, count))
        if off > 2 * wish.band + 1e-9:
            notes.append(types.FAR_BEYOND_BAND)
    if ground.opened[atoms].any():
        notes.append(types.COURTYARD_OPENED)
    return tuple(notes)


def _reason(ground: Ground, part: Ints, atoms: Ints, count: int) -> str:
    """Why a part could not be brought into the band."""
    if count == 1:
        return types.WHOLE_AREA
    graph = ground.graph
    own = np.zeros(graph.size, dtype=bool)
    own[atoms] = True
    rim = own[graph.left] != own[graph.right]
    around = np.where(own[graph.left[rim]], graph.right[rim], graph.left[rim])
    if not len(around):
        return types.WHOLE_AREA
    if (ground.fixed[around] != 0).all():
        return types.ENCLOSED
    return types.BEYOND_BAND


def _kept(
    problem: Problem, ground: Ground, part: Ints, members: list[Ints], today: Ints
) -> list[str]:
    """The code that each part keeps: greatest overlap of households first, then of ground."""
    keeps = [""] * len(members)
    if not problem.existing:
        return keeps
    claims: dict[tuple[int, int], list[float]] = {}
    for number, own in enumerate(members):
        for building in own.tolist():
            if today[building] >= 0:
                claim = claims.setdefault((number, int(today[building])), [0.0, 0.0])
                claim[0] += float(problem.households[building])
    graph = ground.graph
    for atom in np.flatnonzero(ground.today >= 0).tolist():
        claim = claims.setdefault((int(part[atom]), int(ground.today[atom])), [0.0, 0.0])
        claim[1] += float(graph.area_m2[atom])
    order = sorted(claims, key=lambda pair: (-claims[pair][0], -claims[pair][1], pair))
    rightful = _rightful(problem, ground, part, claims)
    taken: set[int] = set()
    for number, grid in order:
        if not keeps[number] and grid not in taken and (number, grid) in rightful:
            keeps[number] = problem.existing[grid].code
            taken.add(grid)
    return keeps


def _rightful(
    problem: Problem, ground: Ground, part: Ints, claims: dict[tuple[int, int], list[float]]
) -> set[tuple[int, int]]:
    """Which parts may continue which grids: a declared area itself, a basic grid another basic
    one, an oversized building only a grid in which hardly anybody else lives."""
    apart = {area.code for area in problem.dedicated}
    fixed = np.zeros(int(part.max()) + 1, dtype=np.int64)
    np.maximum.at(fixed, part, ground.fixed)
    whole: dict[int, float] = {}
    for (_number, grid), claim in claims.items():
        whole[grid] = whole.get(grid, 0.0) + claim[0]
    return {
        (number, grid)
        for (number, grid), claim in claims.items()
        if (problem.existing[grid].code in apart) == (fixed[number] == APART)
        and (fixed[number] != OVERSIZED or claim[0] > 0.9 * whole[grid])
    }
