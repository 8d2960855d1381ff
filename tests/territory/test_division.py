"""Division by machine: a city, courtyards, large buildings, today's grids, and bad input."""

import dataclasses
import time

import numpy as np
import pytest
import shapely

from grids.territory.division import (
    EMPHASES,
    Area,
    Cancelled,
    DivisionError,
    Problem,
    Proposal,
    Wish,
    divide,
)
from grids.territory.division.types import (
    DEDICATED_AREA,
    ENCLOSED,
    FAR_BEYOND_BAND,
    NO_HOUSEHOLDS,
    OVERSIZED_BUILDING,
    WHOLE_AREA,
)
from tests.territory import melbourne

pytestmark = pytest.mark.req("G-03")


def houses(columns: int, rows: int, households: int = 10, step: float = 30.0) -> Problem:
    """A rectangle with columns × rows square houses and a road between every two rows."""
    width, height = columns * step, rows * step
    middle = [(step * (i + 0.5), step * (j + 0.5)) for j in range(rows) for i in range(columns)]
    footprints = np.array([shapely.box(x - 8, y - 8, x + 8, y + 8) for x, y in middle])
    count = len(middle)
    roads = [shapely.LineString([(-5, step * j), (width + 5, step * j)]) for j in range(2, rows, 2)]
    return Problem(
        parents=[Area("A", shapely.box(0, 0, width, height))],
        footprints=footprints,
        households=np.full(count, households),
        workload=np.full(count, float(households)),
        groups=np.full(count, -1),
        barriers=np.array([*roads, None], dtype=object)[:-1],
        barrier_weights=np.ones(len(roads)),
    )


def changed(problem: Problem, **columns: object) -> Problem:
    """The problem with other columns; workload follows households."""
    if "households" in columns and "workload" not in columns:
        columns["workload"] = np.asarray(columns["households"], dtype=np.float64)
    return dataclasses.replace(problem, **columns)


def one(problem: Problem, **wish: object) -> Proposal:
    return divide(problem, Wish(**{"emphases": ("even",), **wish}))[0]


def holds(problem: Problem, proposal: Proposal) -> None:
    """The law: covers each parent, no overlap, each grid one polygon, no building cut or lost."""
    for parent in problem.parents:
        shapes = np.array([c.geometry for c in proposal.cells if c.within == parent.code])
        assert shapely.coverage_is_valid(shapes)
        assert (shapely.get_type_id(shapes) == 3).all()
        assert shapely.is_valid(shapes).all()
        union = shapely.union_all(shapes)
        assert shapely.symmetric_difference(union, parent.geometry).area < 1e-3
    assert proposal.scores["buildings_cut"] == 0
    placed = sorted(index for cell in proposal.cells for index in cell.buildings)
    assert len(placed) == len(set(placed))
    for cell in proposal.cells:
        own = problem.footprints[list(cell.buildings)]
        assert (shapely.area(shapely.difference(own, cell.geometry)) < 0.01).all()
        assert cell.households == problem.households[list(cell.buildings)].sum()


def test_a_city_is_divided_as_asked() -> None:
    problem = melbourne.problem()
    started = time.process_time()
    proposal = one(problem)
    assert time.process_time() - started < 30
    holds(problem, proposal)
    assert sum(cell.households for cell in proposal.cells) == 76_792  # seven lie outside
    counted = [cell for cell in proposal.cells if OVERSIZED_BUILDING not in cell.notes]
    off = np.array([abs(cell.households - 200) / 200 for cell in counted])
    assert np.mean(off <= 0.15) >= 0.95
    for cell, share in zip(counted, off, strict=True):
        assert (share > 0.30) == (FAR_BEYOND_BAND in cell.notes)
        assert (share <= 0.15) or cell.notes
    assert (off > 0.30).sum() <= 5
    assert proposal.scores["compactness"] > 0.5
    assert proposal.scores["along_barriers"] > 0.65


def test_each_emphasis_is_best_at_what_it_stresses() -> None:
    problem = melbourne.problem("Carlton")
    by_label = {p.label: p.scores for p in divide(problem, Wish())}
    assert set(by_label) == set(EMPHASES) - {"stable"}  # nothing of today is there to keep
    assert by_label["even"]["variation"] == min(s["variation"] for s in by_label.values())
    assert by_label["compact"]["compactness"] == max(s["compactness"] for s in by_label.values())
    assert by_label["barriers"]["along_barriers"] == max(
        s["along_barriers"] for s in by_label.values()
    )


def test_even_houses_give_even_grids_along_the_roads() -> None:
    problem = houses(20, 10)
    proposal = one(problem)
    holds(problem, proposal)
    assert [cell.households for cell in proposal.cells] == [200] * 10
    assert proposal.scores["within_band"] == 1
    assert one(problem, emphases=("barriers",)).scores["along_barriers"] > 0.6


@pytest.mark.req("G-09")
def test_a_building_larger_than_a_grid_becomes_a_dedicated_grid() -> None:
    households = np.full(200, 10)
    households[90] = 231
    problem = changed(houses(20, 10), households=households)
    proposal = one(problem)
    holds(problem, proposal)
    large = [cell for cell in proposal.cells if OVERSIZED_BUILDING in cell.notes]
    assert [(cell.buildings, cell.kind, cell.households) for cell in large] == [
        ((90,), "dedicated", 231)
    ]
    households[90] = 230  # exactly the most that one grid may have
    assert all(not cell.notes for cell in one(changed(problem, households=households)).cells)


@pytest.mark.req("G-09")
def test_a_declared_park_becomes_a_grid_of_its_own() -> None:
    park = shapely.box(240, 120, 360, 210)
    problem = houses(20, 10)
    problem = dataclasses.replace(problem, dedicated=[Area("park", park)])
    proposal = one(problem)
    holds(problem, proposal)
    own = [cell for cell in proposal.cells if DEDICATED_AREA in cell.notes]
    assert [cell.name for cell in own] == ["park"]
    assert own[0].kind == "dedicated"
    assert own[0].geometry.symmetric_difference(park).area < 1


def test_courtyards_stay_whole_and_too_large_ones_are_opened() -> None:
    problem = houses(20, 10)
    groups = np.full(200, -1)
    groups[[45, 46, 47, 65, 66, 67]] = 3
    groups[[110, 111, 130, 131]] = 7
    problem = dataclasses.replace(problem, groups=groups)
    proposal = one(problem)
    holds(problem, proposal)
    grid_of = {i: n for n, cell in enumerate(proposal.cells) for i in cell.buildings}
    for group in (3, 7):
        assert len({grid_of[int(i)] for i in np.flatnonzero(groups == group)}) == 1
    groups = np.where(np.arange(200) % 20 < 5, 1, -1)  # fifty houses, 500 households
    opened = one(dataclasses.replace(problem, groups=groups))
    assert any("courtyard_opened" in cell.notes for cell in opened.cells)
    assert opened.scores["within_band"] == 1


def test_a_barrier_through_a_building_does_not_cut_it() -> None:
    problem = houses(10, 4, households=20)
    across = shapely.LineString([(-5, 47), (305, 43)])
    problem = dataclasses.replace(
        problem, barriers=np.array([across]), barrier_weights=np.array([1.0])
    )
    for proposal in divide(problem, Wish()):
        holds(problem, proposal)


def test_touching_and_overlapping_buildings_are_not_cut() -> None:
    terraces = [
        shapely.box(12 * i, 12 * j, 12 * i + 12, 12 * j + 9) for j in range(8) for i in range(20)
    ]
    terraces.append(shapely.box(30, 5, 41, 20))  # lies over two rows
    count = len(terraces)
    problem = Problem(
        [Area("A", shapely.box(-3, -3, 243, 99))],
        np.array(terraces),
        np.full(count, 8),
        np.full(count, 8.0),
        np.full(count, -1),
        np.empty(0, dtype=object),
        np.empty(0),
    )
    proposal = one(problem)
    holds(problem, proposal)
    assert proposal.scores["within_band"] == 1


def test_grids_of_today_are_kept_where_they_fit() -> None:
    problem = houses(20, 10)
    today = [Area(f"g{i}", shapely.box(60 * i, 0, 60 * i + 60, 300)) for i in range(10)]
    households = np.full(200, 10)
    households[[0, 1, 20, 21]] = 35  # the first has become too large
    problem = dataclasses.replace(changed(problem, households=households), existing=today)
    by_label = {p.label: p for p in divide(problem, Wish())}
    stable = by_label["stable"]
    holds(problem, stable)
    assert stable.scores["households_changed"] < 0.25
    assert stable.scores["households_changed"] < by_label["even"].scores["households_changed"]
    kept = [cell.keeps for cell in stable.cells if cell.keeps]
    assert len(kept) == len(set(kept))
    assert set(kept) == {area.code for area in today}
    untouched = {c.keeps: c.geometry for c in stable.cells}
    same = [a for a in today if untouched[a.code].symmetric_difference(a.geometry).area < 2500]
    assert len(same) >= 7
    unmoved = divide(
        dataclasses.replace(houses(20, 10), existing=today), Wish(emphases=("stable",))
    )
    assert unmoved[0].scores["households_changed"] == 0


def test_an_area_layer_serves_as_well_as_buildings() -> None:
    blocks = [
        shapely.box(50 * i, 50 * j, 50 * i + 50, 50 * j + 50) for j in range(8) for i in range(8)
    ]
    households = np.array([(7 * n) % 41 + 5 for n in range(64)])
    problem = Problem(
        [Area("A", shapely.box(-10, 0, 400, 400))],
        np.array(blocks),
        households,
        households.astype(float),
        np.full(64, -1),
        np.empty(0, dtype=object),
        np.empty(0),
        tiled=True,
    )
    proposal = one(problem)
    holds(problem, proposal)
    assert proposal.scores["within_band"] == 1


def test_workload_and_not_households_is_kept_even() -> None:
    problem = houses(20, 10)
    workload = np.where(np.arange(200) % 20 < 10, 16.0, 4.0)
    proposal = one(dataclasses.replace(problem, workload=workload))
    assert max(abs(cell.workload - 200) for cell in proposal.cells) <= 30
    assert proposal.scores["variation_households"] > 0.3 > proposal.scores["variation"]


def test_an_area_without_buildings_is_one_grid() -> None:
    problem = dataclasses.replace(houses(4, 4), parents=[Area("A", shapely.box(900, 0, 999, 99))])
    proposal = one(problem)
    assert [(c.households, c.buildings, set(c.notes)) for c in proposal.cells] == [
        (0, (), {NO_HOUSEHOLDS, WHOLE_AREA, FAR_BEYOND_BAND})
    ]


def test_a_target_above_the_whole_gives_one_grid() -> None:
    problem = houses(4, 4)
    proposal = one(problem, target=1000)
    assert len(proposal.cells) == 1
    assert WHOLE_AREA in proposal.cells[0].notes
    holds(problem, proposal)


def test_islands_are_divided_each_by_itself() -> None:
    problem = houses(20, 10)
    gap = shapely.box(330, -1, 340, 400)
    parent = shapely.box(0, 0, 600, 300).difference(gap)
    rock = shapely.box(700, 0, 710, 10)
    parent = shapely.MultiPolygon([*parent.geoms, rock])
    whole = shapely.intersection(problem.footprints, parent)
    problem = dataclasses.replace(problem, parents=[Area("A", parent)], footprints=whole)
    proposal = one(problem)
    holds(problem, proposal)
    assert [c.households for c in proposal.cells if c.geometry.bounds[0] > 650] == [0]


def test_barriers_that_cut_the_area_in_islands_do_not_stop_the_division() -> None:
    problem = houses(20, 10)
    lines = [shapely.LineString([(30 * i, -5), (30 * i, 305)]) for i in range(1, 20)]
    lines += [shapely.LineString([(-5, 30 * j), (605, 30 * j)]) for j in range(1, 10)]
    problem = dataclasses.replace(
        problem, barriers=np.array(lines), barrier_weights=np.ones(len(lines))
    )
    proposal = one(problem)
    holds(problem, proposal)
    assert proposal.scores["within_band"] == 1


def test_a_pocket_between_large_buildings_says_why_it_is_small() -> None:
    households = np.full(9, 400)
    households[0] = 30
    problem = changed(houses(3, 3), households=households)
    proposal = one(problem)
    holds(problem, proposal)
    small = next(cell for cell in proposal.cells if cell.households == 30)
    assert ENCLOSED in small.notes


def test_band_zero_is_as_even_as_it_gets() -> None:
    assert [c.households for c in one(houses(20, 10), band=0.0).cells] == [200] * 10


@pytest.mark.parametrize(
    ("wish", "columns", "reason"),
    [
        ({"target": 0}, {}, "target_not_positive"),
        ({"target": float("nan")}, {}, "target_not_positive"),
        ({"band": -0.1}, {}, "band_out_of_range"),
        ({"band": 1.0}, {}, "band_out_of_range"),
        ({"emphases": ("pretty",)}, {}, "unknown_emphasis"),
        ({}, {"households": np.full(16, -1)}, "negative_households"),
        ({}, {"workload": np.full(16, np.nan)}, "workload_not_a_number"),
        ({}, {"groups": np.full(3, -1)}, "columns_differ"),
        ({}, {"parents": []}, "no_parent"),
        ({}, {"parents": [Area("A", shapely.Polygon())]}, "parent_invalid"),
    ],
)
def test_bad_input_is_refused_by_a_word(wish: dict, columns: dict, reason: str) -> None:
    with pytest.raises(DivisionError) as refused:
        divide(dataclasses.replace(houses(4, 4), **columns), Wish(**wish))
    assert refused.value.reason == reason


def test_progress_rises_and_cancelling_is_heard_at_once() -> None:
    problem = melbourne.problem()
    shares: list[float] = []
    asked = [0.0]

    def cancelled() -> bool:
        asked.append(time.thread_time())
        return bool(shares) and shares[-1] > 0.3

    with pytest.raises(Cancelled):
        divide(problem, Wish(), progress=shares.append, cancelled=cancelled)
    assert shares == sorted(shares)
    assert 0.3 < shares[-1] < 0.4
    # The longest time that it does not listen, in seconds of the processor.
    assert max(np.diff(asked[1:])) < 1.0


def test_progress_ends_at_one() -> None:
    shares: list[float] = []
    divide(houses(6, 6), Wish(), progress=shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
