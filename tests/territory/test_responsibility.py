"""Any point, any time: exactly one answer, always explained, in one indexed query."""

import datetime as dt
import math
from zoneinfo import ZoneInfo

import pytest
import shapely
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids.territory.choices import Answer, EditionStatus
from grids.territory.errors import InvalidPoint
from grids.territory.models import Boundary, Edition, Grid
from grids.territory.services.responsibility import (
    as_moment,
    responsible_areas,
    responsible_areas_many,
)
from tests.town import AREAS, START, Town

NOW = dt.datetime(2026, 3, 3, 12, tzinfo=dt.UTC)
LEAVES = ("a1", "a2", "b1", "b2", "c", "f1", "f2")


def codes(answer) -> list[str]:
    return [area.code for area in answer.areas]


@pytest.mark.req("G-06")
@pytest.mark.parametrize("name", LEAVES)
def test_a_point_inside_a_leaf_gives_it_with_its_ancestors(town: Town, name: str) -> None:
    answer = responsible_areas(*town.point_in(name), moment=NOW)
    assert answer.answer == Answer.INSIDE
    assert list(answer.path) == town.path(name)
    assert answer.leaf.code == AREAS[name][1]
    assert answer.boundary_ids[-1] == town.boundaries[name].pk
    assert [area.tier_order for area in answer.areas] == sorted(
        area.tier_order for area in answer.areas
    )
    assert answer.others == ()
    assert answer.distance_m == 0


def test_a_border_chooses_the_smallest_code_of_the_deepest_tier_and_keeps_the_others(
    town: Town,
) -> None:
    answer = responsible_areas(116.31, 40.01, moment=NOW)
    assert answer.answer == Answer.BOUNDARY
    assert answer.leaf.code == AREAS["a1"][1]
    assert [area.code for area in answer.others] == [AREAS["a2"][1]]
    # c is a community, b2 a grid: the deeper tier wins though c's code is smaller or not.
    answer = responsible_areas(116.34, 40.01, moment=NOW)
    assert answer.leaf.code == AREAS["b2"][1]
    assert [area.code for area in answer.others] == [AREAS["c"][1]]


def test_a_corner_of_four_streets_is_decided_the_same_way_each_time(town: Town) -> None:
    answers = {tuple(codes(responsible_areas(116.32, 40.0, moment=NOW))) for _ in range(5)}
    assert answers == {("110108998", "110108998001", "110108998001001")}


def test_a_point_just_outside_goes_to_the_nearest_leaf_with_its_distance(town: Town) -> None:
    answer = responsible_areas(116.305, 40.0205, moment=NOW)
    assert answer.answer == Answer.GAP
    assert answer.leaf.code == AREAS["a1"][1]
    assert answer.distance_m == pytest.approx(55.5, abs=0.5)


def test_the_gap_distance_is_a_setting(town: Town, settings) -> None:
    settings.GAP_DISTANCE_M = 50
    answer = responsible_areas(116.305, 40.0205, moment=NOW)
    assert answer.answer == Answer.OUTSIDE
    assert answer.areas == ()
    assert answer.distance_m == pytest.approx(55.5, abs=0.5)


def test_far_from_every_leaf_the_deepest_covering_area_answers(town: Town) -> None:
    Boundary.objects.filter(grid=town.grids["b1"]).update(valid=DateTimeTZRange(START, NOW))
    later = NOW + dt.timedelta(days=1)
    answer = responsible_areas(116.322, 40.01, moment=later)
    assert answer.answer == Answer.PARENT
    assert codes(answer) == ["110108999", "110108999002"]
    assert "110108999002" in answer.reason()
    assert responsible_areas(116.322, 40.01, moment=NOW - dt.timedelta(1)).answer == "inside"


def test_outside_has_no_area_and_names_the_dispatcher(town: Town) -> None:
    answer = responsible_areas(0.0, 0.0, moment=NOW)
    assert answer.answer == Answer.OUTSIDE
    assert answer.leaf is None
    assert answer.path == ()
    assert answer.distance_m > 1_000_000
    with translation.override("en"):
        assert "dispatcher" in answer.reason()


def test_before_the_first_edition_nobody_was_responsible(town: Town) -> None:
    answer = responsible_areas(*town.point_in("a1"), moment=START - dt.timedelta(days=1))
    assert answer.answer == Answer.OUTSIDE
    assert answer.distance_m is None
    assert answer.reason()


@pytest.mark.req("G-06")
def test_history_is_asked_by_date_in_the_deployments_zone(town: Town) -> None:
    change = dt.datetime(2026, 3, 3, tzinfo=ZoneInfo("Asia/Shanghai"))
    Boundary.objects.filter(grid=town.grids["c"]).update(valid=DateTimeTZRange(START, change))
    Boundary.objects.create(
        grid=town.grids["c"],
        edition=Edition.objects.create(
            name="later", status=EditionStatus.PUBLISHED, effective_at=change
        ),
        parent=town.grids["away"],
        name="moved",
        geometry=town.boundaries["c"].geometry,
        valid=DateTimeTZRange(change, None),
    )
    point = town.point_in("c")
    assert as_moment(dt.date(2026, 3, 3)) == change
    assert codes(responsible_areas(*point, moment=dt.date(2026, 3, 2)))[0] == "110108999"
    assert codes(responsible_areas(*point, moment=dt.date(2026, 3, 3)))[0] == "110108998"


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (40.0, 116.3, "swapped"),
        (math.nan, 40.0, "finite"),
        (116.3, math.inf, "finite"),
        (500.0, 40.0, "between"),
        (448000.0, 4427000.0, "metres"),
        ("east", 40.0, "numbers"),
        (None, 40.0, "numbers"),
    ],
)
def test_what_is_no_place_is_refused_with_a_hint(town: Town, lon, lat, words: str) -> None:
    with translation.override("en"), pytest.raises(InvalidPoint) as refusal:
        responsible_areas(lon, lat, moment=NOW)
    assert words in refusal.value.text


def test_the_poles_and_the_date_line_have_an_answer(town: Town) -> None:
    for point in ((0, 90), (0, -90), (180, 0), (-180, 0), (180, 90)):
        assert responsible_areas(*point, moment=NOW).answer == Answer.OUTSIDE


def test_the_lookup_is_one_query(town: Town, django_assert_num_queries) -> None:
    for point in ((116.305, 40.01), (116.31, 40.01), (116.305, 40.0205), (0, 0)):
        with django_assert_num_queries(1):
            answer = responsible_areas(*point, moment=NOW)
            assert answer.reason()


def test_many_points_are_one_query_and_answer_as_one_by_one(town: Town) -> None:
    points = [(116.29 + 0.0037 * i, 39.97 + 0.0029 * i) for i in range(20)]
    points += [(116.31, 40.01), (116.305, 40.0205), (0.0, 0.0), (116.32, 40.0)]
    with CaptureQueriesContext(connection) as queries:
        together = list(responsible_areas_many(points, moment=NOW))
    assert len(queries) == 1
    assert together == [responsible_areas(*point, moment=NOW) for point in points]
    in_chunks = list(responsible_areas_many(points, moment=NOW, chunk=7))
    assert in_chunks == together


def test_the_lookup_reads_through_its_indexes(town: Town) -> None:
    many_small_squares(town, 60)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE territory_boundary")
        cursor.execute("ANALYZE territory_grid")
        before = scans(cursor)
        for step in range(12):
            responsible_areas(116.401 + step * 0.001, 40.001, moment=NOW)
            responsible_areas(116.5, 41.0, moment=NOW)
        after = scans(cursor)
    for table in ("territory_boundary", "territory_grid"):
        assert after[table][0] == before[table][0], f"{table} was read from end to end"
    assert after["territory_boundary"][1] > before["territory_boundary"][1]
    assert after["boundary_geometry"][1] > before["boundary_geometry"][1]


def scans(cursor) -> dict[str, tuple[int, int]]:
    """(sequential scans, index scans) of this very transaction."""
    cursor.execute("SELECT relname, seq_scan, idx_scan FROM pg_stat_xact_user_tables")
    found = {name: (sequential, index) for name, sequential, index in cursor.fetchall()}
    cursor.execute("SELECT pg_stat_get_xact_numscans('boundary_geometry'::regclass)")
    return found | {"boundary_geometry": (0, cursor.fetchone()[0])}


def many_small_squares(town: Town, side: int) -> None:
    """A street of side × side undivided squares of 0.001 degrees, east of the town."""
    grids = Grid.objects.bulk_create(
        [Grid(tier=town.tiers["grid"], code=f"sq{i:05d}") for i in range(side * side)]
    )
    squares = []
    for i, grid in enumerate(grids):
        west, south = 116.4 + 0.001 * (i % side), 40.0 + 0.001 * (i // side)
        ring = Polygon.from_bbox((west, south, west + 0.001, south + 0.001))
        squares.append(
            Boundary(
                grid=grid,
                edition=town.edition,
                name=grid.code,
                geometry=MultiPolygon(ring, srid=4326),
                valid=DateTimeTZRange(START, None),
            )
        )
    Boundary.objects.bulk_create(squares)


def put(town: Town, code: str, shape: shapely.Geometry, parent: str | None = None) -> Grid:
    grid, _created = Grid.objects.get_or_create(tier=town.tiers["grid"], code=code)
    shape = shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
    Boundary.objects.create(
        grid=grid,
        edition=town.edition,
        parent=town.grids[parent] if parent else None,
        name=code,
        geometry=MultiPolygon.from_ewkt(f"SRID=4326;{shape.wkt}"),
        valid=DateTimeTZRange(START, None),
    )
    return grid


def test_a_dedicated_grid_cut_out_of_a_basic_one_answers_in_its_hole(town: Town) -> None:
    outer = shapely.box(117.0, 40.0, 117.02, 40.02)
    hole = shapely.box(117.005, 40.005, 117.01, 40.01)
    put(town, "ring", outer - hole)
    put(town, "park", hole)
    assert codes(responsible_areas(117.007, 40.007, moment=NOW)) == ["park"]
    assert codes(responsible_areas(117.015, 40.007, moment=NOW)) == ["ring"]
    edge = responsible_areas(117.005, 40.007, moment=NOW)
    assert (edge.answer, codes(edge)) == ("boundary", ["park"])


def test_an_empty_hole_is_a_gap_or_outside_never_the_ring(town: Town) -> None:
    outer, hole = shapely.box(117.0, 40, 117.1, 40.1), shapely.box(117.02, 40.02, 117.08, 40.08)
    put(town, "ring", outer - hole)
    assert responsible_areas(117.0201, 40.05, moment=NOW).answer == Answer.GAP
    assert responsible_areas(117.05, 40.05, moment=NOW).answer == Answer.OUTSIDE


def test_both_parts_of_a_multipolygon_belong_to_the_grid(town: Town) -> None:
    parts = [shapely.box(117.0, 40, 117.01, 40.01), shapely.box(117.05, 40, 117.06, 40.01)]
    put(town, "two", shapely.MultiPolygon(parts))
    for lon in (117.005, 117.055):
        assert codes(responsible_areas(lon, 40.005, moment=NOW)) == ["two"]
    assert responsible_areas(117.03, 40.005, moment=NOW).answer == Answer.OUTSIDE


@pytest.mark.req("G-06")
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    lon=st.one_of(
        st.floats(116.28, 116.38),
        st.floats(-180, 180),
        st.sampled_from([116.30, 116.31, 116.32, 116.33, 116.34, 116.36]),
    ),
    lat=st.one_of(
        st.floats(39.97, 40.03), st.floats(-90, 90), st.sampled_from([39.98, 40.0, 40.02])
    ),
    days=st.integers(-400, 4000),
)
def test_every_point_and_time_has_one_answer_that_plane_geometry_confirms(
    town: Town, lon: float, lat: float, days: int
) -> None:
    moment = START + dt.timedelta(days=days)
    answer = responsible_areas(lon, lat, moment=moment)
    assert answer.answer in Answer.values
    assert answer.reason().strip()
    assert answer == responsible_areas(lon, lat, moment=moment)
    point = shapely.Point(lon, lat)
    covering = {AREAS[name][1] for name in LEAVES if shapely.box(*AREAS[name][3:]).covers(point)}
    if moment < START:
        assert answer.answer == Answer.OUTSIDE
    elif len(covering) == 1:
        assert answer.answer == Answer.INSIDE
        assert {answer.leaf.code} == covering
    elif covering:
        assert answer.answer == Answer.BOUNDARY
        assert {answer.leaf.code, *(area.code for area in answer.others)} == covering
    else:
        assert answer.answer in {Answer.GAP, Answer.OUTSIDE}
        assert answer.distance_m > 0
    parents = [None, *(area.grid_id for area in answer.areas)][:-1] if answer.areas else []
    stored = Boundary.objects.in_bulk(answer.boundary_ids)
    assert [stored[pk].parent_id for pk in answer.boundary_ids] == parents


@pytest.mark.parametrize("tiny", [5e-324, 1e-200, -1e-308])
def test_coordinates_too_small_for_the_geodesy_are_zero(town, tiny):
    assert responsible_areas(tiny, tiny, moment=NOW).answer == "outside"
