"""Two divisions of New York, its requests routed, and the city's own answer beside ours."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from grids.territory.models import Boundary, Finding
from tests.scenarios import new_york

pytestmark = pytest.mark.django_db


def build(division) -> None:
    """Import the layers into one edition; the last import publishes it."""
    for number, (layer, tier, columns) in enumerate(division, start=1):
        last = ["--publish"] if number == len(division) else []
        call_command(
            "import_boundaries",
            new_york.AREAS,
            "--layer",
            layer,
            "--tier",
            tier,
            *columns,
            "--edition",
            "new-york",
            *last,
            stdout=io.StringIO(),
        )


def route(tmp_path: Path) -> list[dict[str, str]]:
    source = new_york.unpack_requests(tmp_path / "requests.csv")
    call_command("route_points", source, tmp_path / "routed.csv", stdout=io.StringIO())
    return new_york.read_rows(tmp_path / "routed.csv")


@pytest.mark.req("G-01")
@pytest.mark.req("G-02")
@pytest.mark.req("G-06")
def test_three_tiers_route_to_the_published_borough(tmp_path: Path) -> None:
    build(new_york.TRACTS)
    assert Boundary.objects.filter(valid__isnull=False).count() == 5 + 195 + 2165
    overlaps = Finding.objects.filter(kind="overlap")
    assert [round(finding.area_m2, 1) for finding in overlaps] == [2.8]
    rows = route(tmp_path)
    assert len(rows) == 4907
    comparison = new_york.compare_boroughs(rows)
    assert comparison.readable == 4907
    assert comparison.share >= new_york.BOROUGH_TARGET
    for row in rows:
        if row["grid"]:
            assert row["grid"].startswith(row["street"])


@pytest.mark.req("G-06")
def test_community_districts_route_to_the_published_board(tmp_path: Path) -> None:
    build(new_york.BOARDS)
    gaps = Finding.objects.filter(kind="gap")
    assert sum(finding.area_m2 for finding in gaps) == pytest.approx(2.3e6, rel=0.05)
    comparison = new_york.compare_boards(route(tmp_path))
    assert comparison.readable == 4905
    assert comparison.share >= new_york.BOARD_TARGET
    near = [item for item in comparison.disagreements if item.border_m < 60]
    assert len(near) >= 0.8 * len(comparison.disagreements)
