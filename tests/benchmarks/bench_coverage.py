"""How long the proof of a division takes, whole and after one edit, beside bare shapely."""

from __future__ import annotations

import time

import numpy as np
import shapely
from django.utils import timezone

from grids.territory.geometry.coverage import check_areas
from grids.territory.models import Edition
from grids.territory.services import coverage, editions
from grids.territory.services.drawing.states import laid_over, states_of
from tests.benchmarks import division
from tests.benchmarks.frame import Figure, best, database, in_turns

SIZE = (100, 100)
EDITS = 20
FAULTY_EACH = 20  # of the second figure: every so many-th grid has one vertex out of place


def run() -> list[Figure]:
    ground = division.cells(*SIZE)
    exact, faulty = _areas(ground), _areas(_spoiled(ground))
    assert not any(report.findings for report in check_areas(*exact))
    found = sum(len(report.findings) for report in check_areas(*faulty))
    assert found >= len(ground) // FAULTY_EACH
    with database("gridmgmt_bench_coverage"):
        division.load(*SIZE)
        whole, read, again = _in_database()
    return [
        _against_shapely("check of an edition of 10,000 grids", exact, "all hold", holds=True),
        _against_shapely(
            "the same with a vertex out of place in every 20th grid",
            faulty,
            f"{found} findings",
            holds=False,
        ),
        Figure(
            "re-check of a draft after one edit in 10,000 grids",
            again,
            max(0.02 * whole, 0.050),
            "s",
            1,
            True,
            f"50 ms, or 2 % of the whole check of {whole:.2f} s where that is more",
            f"read from the database and findings stored; the fastest three of {EDITS} edits; the "
            f"whole check reads for {read:.2f} s",
        ),
    ]


def _against_shapely(name: str, areas: tuple[list, list], note: str, *, holds: bool) -> Figure:
    """Ours and bare shapely. Its quick union is defined for faultless coverages only, so with
    faults the plain one is the yardstick."""
    parents, children = areas
    groups = [np.array(list(members.values()), dtype=object) for members in children]
    union = shapely.coverage_union_all if holds else shapely.union_all

    def bare(_call: int) -> None:
        for parent, group in zip(parents, groups, strict=True):
            shapely.coverage_invalid_edges(group)
            shapely.difference(parent, union(group))

    def ours(_call: int) -> None:
        check_areas(parents, children)

    own, yardstick = (best(rounds) for rounds in in_turns([ours, bare], rounds=5, calls=1))
    return Figure(
        name,
        own,
        yardstick,
        "s",
        1,
        True,
        "bare shapely on the same arrays: coverage_invalid_edges and parent − "
        f"{union.__name__}(children) per parent",
        f"{note}; ours tells place, codes and repair too",
    )


def _areas(ground: dict) -> tuple[list, list]:
    """Parents, and each one's children by code: communities of streets, grids of communities."""
    whole = division.cells(*SIZE)
    streets = _grouped(whole, division.STREET)
    communities = _grouped(whole, division.COMMUNITY)
    parents, children = [], []
    for size, upper, lower in (
        (division.STREET, streets, communities),
        (division.COMMUNITY, communities, ground),
    ):
        members: dict = {key: {} for key in upper}
        for (i, j), shape in lower.items():
            members[_corner(i, j, size)][f"{i:04}{j:04}"] = shape
        parents += list(upper.values())
        children += list(members.values())
    return parents, children


def _corner(i: int, j: int, size: tuple[int, int]) -> tuple[int, int]:
    return i // size[0] * size[0], j // size[1] * size[1]


def _grouped(ground: dict, size: tuple[int, int]) -> dict:
    groups: dict = {}
    for (i, j), shape in ground.items():
        groups.setdefault(_corner(i, j, size), []).append(shape)
    return {key: shapely.coverage_union_all(shapes) for key, shapes in groups.items()}


def _spoiled(ground: dict) -> dict:
    """The grids, some of them with one vertex of their border half a metre out of place."""
    spoiled = dict(ground)
    for key in list(ground)[::FAULTY_EACH]:
        xy = shapely.get_coordinates(ground[key])
        xy[5] += (5e-6, 3e-6)
        spoiled[key] = shapely.Polygon(xy)
    return spoiled


def _in_database() -> tuple[float, float, float]:
    """Seconds of a whole check, of its reading alone, and of a re-check after an edit."""
    now = timezone.now()
    start = time.perf_counter()
    assert coverage.examine(now, whole=True).findings == []
    whole = time.perf_counter() - start
    start = time.perf_counter()
    coverage.geometries(node.boundary_id for node in coverage.division(now).values())
    read = time.perf_counter() - start
    edition = editions.draft("edits", actor=None, now=now)
    return whole, read, best([_edit(edition, number) for number in range(EDITS)])


def _edit(edition: Edition, number: int) -> float:
    """One vertex moved in one grid of the draft: seconds until its findings are stored."""
    code = f"g{number * 5 % SIZE[0]:04}{number * 7 % SIZE[1]:04}"
    [state] = states_of(laid_over(edition).filter(grid__code=code)).values()
    xy = shapely.get_coordinates(state.geometry)
    xy[5] += (5e-6, 3e-6)
    edition.boundaries.create(
        grid_id=state.grid_id,
        geometry=coverage.to_geos(shapely.MultiPolygon([shapely.Polygon(xy)])),
        **state.columns(),
    )
    start = time.perf_counter()
    coverage.recheck(edition, [state.grid_id], now=timezone.now())
    return time.perf_counter() - start
