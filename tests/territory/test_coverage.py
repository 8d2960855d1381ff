"""The coverage law: gaps, overlaps and what hangs over, each with place, size and repair."""

import json

import numpy as np
import pytest
import shapely
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.core.management import call_command
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import given, settings
from hypothesis import strategies as st

from grids.territory.geometry.coverage import area_m2, check_children, ring_fault
from grids.territory.models import Boundary
from tests.town import START, Town

PARENT = shapely.box(116.30, 40.00, 116.32, 40.02)
M2 = area_m2(PARENT)


def halves(split: float = 116.31) -> dict[str, shapely.Geometry]:
    return {
        "west": shapely.box(116.30, 40.00, split, 40.02),
        "east": shapely.box(split, 40.00, 116.32, 40.02),
    }


def kinds(report) -> list[str]:
    return [finding.kind for finding in report.findings]


def test_areas_are_metres_not_degrees() -> None:
    # 0.02° × 0.02° at 40° north, after Snyder's series: 1706.7 m × 2220.8 m
    assert pytest.approx(1706.7 * 2220.8, rel=0.002) == M2


@pytest.mark.req("G-04")
def test_a_division_that_fits_has_no_finding() -> None:
    assert check_children(PARENT, halves()).findings == []


@pytest.mark.req("G-04")
def test_a_gap_is_found_with_its_place_size_and_the_neighbour_to_give_it_to() -> None:
    children = halves() | {"east": shapely.box(116.312, 40.00, 116.32, 40.02)}
    [gap] = check_children(PARENT, children).findings
    assert (gap.kind, gap.repair) in {("gap", "give:west"), ("gap", "give:east")}
    assert gap.area_m2 == pytest.approx(M2 / 10, rel=0.001)
    assert shapely.box(116.31, 40.0, 116.312, 40.02).covers(shapely.Point(gap.place))


def test_a_hole_nobody_fills_is_a_gap_of_its_ring() -> None:
    hole = shapely.box(116.303, 40.005, 116.304, 40.006)
    children = halves() | {"west": halves()["west"] - hole}
    [gap] = check_children(PARENT, children).findings
    assert (gap.kind, gap.codes, gap.repair) == ("gap", ("west",), "give:west")
    assert gap.area_m2 == pytest.approx(M2 / 400, rel=0.001)


@pytest.mark.req("G-04")
def test_an_overlap_names_both_and_cuts_the_larger() -> None:
    children = halves() | {"east": shapely.box(116.308, 40.00, 116.32, 40.02)}
    [overlap] = check_children(PARENT, children).findings
    assert (overlap.kind, overlap.codes) == ("overlap", ("east", "west"))
    assert overlap.repair == "cut:east"
    assert overlap.area_m2 == pytest.approx(M2 / 10, rel=0.001)


def test_a_grid_inside_another_is_an_overlap() -> None:
    children = halves() | {"park": shapely.box(116.303, 40.005, 116.304, 40.006)}
    [overlap] = check_children(PARENT, children).findings
    assert (overlap.kind, overlap.codes) == ("overlap", ("park", "west"))


@pytest.mark.req("G-04")
def test_what_hangs_over_the_parent_is_found() -> None:
    children = halves() | {"east": shapely.box(116.31, 40.00, 116.321, 40.02)}
    [outside] = check_children(PARENT, children).findings
    assert (outside.kind, outside.codes, outside.repair) == (
        "outside_parent",
        ("east",),
        "clip:east",
    )
    assert outside.area_m2 == pytest.approx(M2 / 20, rel=0.001)


def test_a_ring_that_crosses_itself_is_reported_and_the_rest_still_checked() -> None:
    bow = shapely.Polygon([(116.31, 40.0), (116.32, 40.02), (116.32, 40.0), (116.31, 40.02)])
    assert "Self-intersection" in ring_fault(bow)
    report = check_children(PARENT, {"west": halves()["west"], "bow": bow})
    assert kinds(report) == ["invalid_ring", "gap"]


@pytest.mark.parametrize(
    "shape",
    [
        None,
        shapely.Polygon(),
        shapely.Point(1, 1),
        shapely.Polygon([(0, 0), (float("inf"), 1), (1, 1)]),
    ],
)
def test_what_is_no_polygon_is_a_fault(shape) -> None:
    assert ring_fault(shape)


@pytest.mark.req("G-04")
@pytest.mark.parametrize("wide_m", [1e-5, 0.001, 0.009])
def test_however_thin_a_gap_is_it_is_a_finding_to_be_snapped(wide_m: float) -> None:
    report = check_children(PARENT, halves() | {"east": halves(116.31 + wide_m / 85_000)["east"]})
    [sliver] = report.findings
    assert (sliver.kind, sliver.codes) == ("sliver", ("east", "west"))
    assert sliver.repair in {"snap:east", "snap:west"}
    assert sliver.area_m2 == pytest.approx(wide_m * 2220.8, rel=0.02)


def test_what_is_thinner_than_a_micrometre_is_rounding_and_summed() -> None:
    report = check_children(PARENT, halves() | {"east": halves(116.31 + 5e-12)["east"]})
    assert report.findings == []
    assert report.rounding == 1
    assert 0 < report.rounding_m2 < 0.001


def test_a_vertex_that_only_one_side_has_is_no_fault() -> None:
    """A border in one edge on one side and in two on the other, met to the accuracy of doubles."""
    third = 40.02 / 3 + 40.00 * 2 / 3
    west = shapely.Polygon(
        [
            (116.30, 40.0),
            (116.311, 40.0),
            (116.3103, 40.0 + 0.7 * 0.02),
            (116.31, 40.02),
            (116.30, 40.02),
        ]
    )
    east = shapely.Polygon([(116.311, 40.0), (116.32, 40.0), (116.32, third), (116.32, 40.02),
                            (116.31, 40.02)])  # fmt: skip
    report = check_children(PARENT, {"west": west, "east": east})
    assert report.findings == []
    assert report.rounding_m2 < 1e-4


def test_an_undivided_area_is_legal() -> None:
    assert check_children(PARENT, {}).findings == []


@st.composite
def tessellations(draw) -> dict[str, shapely.Geometry]:
    """Voronoi cells of random points, clipped to the parent: shared borders match."""
    seeds = draw(
        st.lists(
            st.tuples(st.integers(1, 199), st.integers(1, 199)),
            min_size=3,
            max_size=25,
            unique=True,
        )
    )
    points = shapely.MultiPoint([(116.30 + x * 1e-4, 40.0 + y * 1e-4) for x, y in seeds])
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=PARENT))
    clipped = [cell for cell in shapely.intersection(cells, PARENT) if not cell.is_empty]
    return {f"c{number:02}": cell for number, cell in enumerate(clipped)}


@pytest.mark.req("G-04")
@settings(max_examples=60, deadline=None)
@given(cells=tessellations(), chosen=st.integers(0, 1000), east_m=st.floats(2, 40))
def test_any_tessellation_fits_until_one_cell_is_moved(cells, chosen: int, east_m: float) -> None:
    report = check_children(PARENT, cells)
    assert report.findings == []
    assert report.rounding_m2 < 1e-3
    code = sorted(cells)[chosen % len(cells)]
    moved = shapely.transform(cells[code], lambda xy: xy + np.array([east_m / 85_000, 0]))
    report = check_children(PARENT, cells | {code: moved})
    lost = area_m2(cells[code] - moved)
    by_kind = dict.fromkeys(("gap", "overlap", "outside_parent", "sliver"), 0.0)
    for finding in report.findings:
        by_kind[finding.kind] += finding.area_m2
    won = area_m2(moved - cells[code])
    assert sum(by_kind.values()) == pytest.approx(lost + won, rel=1e-4, abs=0.001)
    thin = pytest.approx(0, abs=by_kind["sliver"] + 0.001 + 1e-4 * (lost + won))
    assert by_kind["gap"] - lost == thin
    assert by_kind["overlap"] + by_kind["outside_parent"] - won == thin
    assert all(code in f.codes for f in report.findings if f.kind == "overlap")


@pytest.mark.req("G-04")
def test_the_command_is_silent_about_a_town_that_fits(town: Town, capsys) -> None:
    call_command("check_coverage")
    assert "0" in capsys.readouterr().out


@pytest.mark.req("G-04")
def test_the_command_lists_findings_as_json_and_fails(town: Town, capsys) -> None:
    a1 = town.boundaries["a1"]
    a1.geometry = MultiPolygon(Polygon.from_bbox((116.30, 40.0, 116.309, 40.02)), srid=4326)
    a1.save()
    with pytest.raises(SystemExit) as stop:
        call_command("check_coverage", "--json")
    assert stop.value.code == 1
    [row] = json.loads(capsys.readouterr().out)
    assert row["kind"] == "gap"
    assert row["tier"] == "grid"
    assert row["area_m2"] > 100_000
    assert 116.309 < row["lon"] < 116.31
    assert "110108999001" in row["repair"]


def test_the_command_reports_an_orphan(town: Town, capsys) -> None:
    Boundary.objects.filter(grid=town.grids["f"]).update(
        valid=DateTimeTZRange(START, START.replace(year=2026, month=1))
    )
    with pytest.raises(SystemExit):
        call_command("check_coverage", "--json")
    rows = json.loads(capsys.readouterr().out)
    assert {tuple(row["codes"]) for row in rows if row["kind"] == "missing_parent"} == {
        ("110108998001001",),
        ("110108998001002",),
    }
