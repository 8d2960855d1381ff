"""Two divisions of New York, its requests routed, and the city's own answer beside ours."""

import datetime as dt
import io
import json
from pathlib import Path

import pytest
import shapely
from django.core.management import call_command
from django.utils import timezone, translation

from grids.territory.geometry.coverage import area_m2
from grids.territory.models import Boundary, Edition, Finding
from grids.territory.services import coverage
from grids.territory.services.responsibility import responsible_areas_many
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


@pytest.mark.req("G-04")
@pytest.mark.req("G-05")
def test_its_slivers_are_listed_and_repaired_to_zero(tmp_path: Path, capsys) -> None:
    """The repaired edition routes as before, except inside the repaired slivers."""
    build(new_york.TRACTS)
    with pytest.raises(SystemExit):
        call_command("check_coverage", "--json")
    listed = json.loads(capsys.readouterr().out)
    found = sorted((row["kind"], row["tier"], round(row["area_m2"], 1)) for row in listed)
    assert found == [
        ("gap", "community", 1.7),
        ("gap", "grid", 1.3),
        ("overlap", "grid", 2.8),
    ]
    rows, outlines = route(tmp_path), in_force()
    with translation.override("en"):
        call_command("repair_coverage", "repaired")
    assert "3 repaired, 0 left; 4 outlines changed" in capsys.readouterr().out
    call_command("publish_edition", "repaired", "--strict", stdout=io.StringIO())
    call_command("check_coverage", stdout=io.StringIO())
    assert route(tmp_path) == rows
    # Nothing moved but the slivers: also points close to them are routed as before.
    slivers = shapely.union_all(
        [
            shapely.from_wkb(bytes(row.geometry.wkb))
            for row in Finding.objects.filter(edition__name="new-york", kind__in=["gap", "overlap"])
        ]
    )
    changed = 0
    for grid, shape in in_force().items():
        if not shape.equals_exact(outlines[grid]):
            changed += 1
            moved = shapely.symmetric_difference(shape, outlines[grid])
            assert area_m2(moved - slivers.buffer(1e-9)) < 1e-3
    assert changed == 4
    near = [
        (x, y)
        for ring in shapely.get_parts(slivers.buffer(1e-6).boundary)
        for x, y in shapely.get_coordinates(ring)
    ]
    repaired = Edition.objects.get(name="repaired")
    before = repaired.effective_at - dt.timedelta(microseconds=1)
    then = [answer.leaf.code for answer in responsible_areas_many(near, moment=before)]
    now = [answer.leaf.code for answer in responsible_areas_many(near, moment=timezone.now())]
    assert len(near) > 50
    assert then == now


def in_force() -> dict[int, shapely.Geometry]:
    """Outlines by grid id."""
    rows = Boundary.objects.filter(valid__upper_inf=True)
    shapes = coverage.geometries(rows.values_list("pk", flat=True))
    return {grid: shapes[pk] for pk, grid in rows.values_list("pk", "grid_id")}


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
