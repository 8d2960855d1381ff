"""The index in memory and the database give one answer for every point of a file."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids.territory.services.leaf_index import NOT_PLAIN, LeafIndex
from grids.territory.services.responsibility import responsible_areas_many
from tests.town import Town

pytestmark = [pytest.mark.django_db, pytest.mark.req("G-06")]

# Degrees on and around the town's corners, so that borders and corners are drawn often.
LONS = st.sampled_from([116.29, 116.30, 116.31, 116.32, 116.335, 116.36]) | st.floats(
    116.28, 116.38
)
LATS = st.sampled_from([39.97, 39.98, 40.00, 40.01, 40.02]) | st.floats(39.96, 40.04)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(places=st.lists(st.tuples(LONS, LATS), min_size=1, max_size=30))
def test_a_point_settled_in_memory_gets_the_database_s_answer(
    town: Town, places: list[tuple[float, float]]
) -> None:
    now = timezone.now()
    index = LeafIndex(now)
    numbers = index.numbers(*np.array(places).T)
    for number, answer in zip(numbers, responsible_areas_many(places, moment=now), strict=True):
        if number == NOT_PLAIN:
            assert answer.answer != "inside"
        else:
            assert answer.answer == "inside"
            assert index.paths[number] == {area.tier_code: area.code for area in answer.areas}


def test_points_that_are_no_numbers_are_not_plain(town: Town) -> None:
    numbers = LeafIndex(timezone.now()).numbers(
        np.array([np.nan, 116.305, np.inf]), np.array([40.01, 40.01, 40.01])
    )
    assert numbers.tolist()[0] == NOT_PLAIN
    assert numbers.tolist()[1] != NOT_PLAIN
    assert numbers.tolist()[2] == NOT_PLAIN


def test_rows_keep_their_order_and_their_own_answers_across_chunks(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grids.territory.services.point_files.CHUNK", 3)
    rows = [
        ("1", "116.305", "40.01", "inside"),
        ("2", "", "40.01", "invalid"),
        ("3", "116.31", "40.01", "boundary"),
        ("4", "116.315", "40.01", "inside"),
        ("5", "117", "40.01", "outside"),
        ("6", "40.01", "116.3", "invalid"),
        ("7", "116.35", "40.01", "inside"),
    ]
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        "id,lon,lat\n" + "".join(f"{a},{b},{c}\n" for a, b, c, _answer in rows), encoding="utf-8"
    )
    said, faults = io.StringIO(), io.StringIO()
    call_command("route_points", source, target, stdout=said, stderr=faults)
    with target.open(encoding="utf-8", newline="") as file:
        routed = list(csv.DictReader(file))
    assert [(row["id"], row["answer"]) for row in routed] == [(row[0], row[3]) for row in rows]
    assert routed[0]["grid"] == "110108999001001"
    assert routed[3]["grid"] == "110108999001002"
    assert routed[6]["community"] == "110108999003"
    assert routed[6]["grid"] == ""  # an undivided community is its own leaf
    assert [line.split()[1].rstrip(":") for line in faults.getvalue().splitlines()] == ["2", "6"]
    assert "7" in said.getvalue()
