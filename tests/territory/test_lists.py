"""An office that owns lists, not outlines: buildings and their grids give a whole division."""

import csv
import io

import openpyxl
import pytest
import shapely
from django.core.management import CommandError, call_command
from django.utils import timezone, translation
from hypothesis import given, settings
from hypothesis import strategies as st

from grids.territory.errors import TerritoryError
from grids.territory.geometry.outlines_from_points import outline
from grids.territory.models import Building, Edition, Grid
from grids.territory.services import building_list, coverage, editions, lists_to_outlines
from grids.territory.services.coverage import to_geos
from tests.territory.files import DEMO

PARENT = shapely.box(0, 0, 400, 300)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@st.composite
def neighbourhoods(draw):
    """Houses on a lattice, some of them missing, in up to five grids, and roads between some."""
    places = draw(
        st.lists(
            st.tuples(st.integers(0, 9), st.integers(0, 6)), min_size=1, max_size=30, unique=True
        )
    )
    houses = []
    for column, row in places:
        wide, high = draw(st.integers(4, 30)), draw(st.integers(4, 30))
        x, y = column * 38 + 5.5, row * 41 + 6.25
        houses.append(shapely.box(x, y, x + wide, y + high))
    grids = [draw(st.sampled_from([None, "a", "b", "c", "d"])) for _house in houses]
    if not any(grids):
        grids[0] = "a"
    roads = [
        shapely.LineString([(x, -20), (x + lean, 320)])
        for x, lean in draw(
            st.lists(st.tuples(st.integers(0, 400), st.integers(-60, 60)), max_size=4)
        )
    ]
    roads += [
        shapely.LineString([(-20, y), (420, y + 3)])
        for y in draw(st.lists(st.integers(0, 300), max_size=3))
    ]
    return houses, grids, roads


@pytest.mark.req("G-13")
@given(neighbourhoods())
@settings(max_examples=60, deadline=None)
def test_outlines_cover_the_parent_once_and_hold_their_buildings(case):
    houses, grids, roads = case
    found = outline(PARENT, houses, grids, roads)
    shapes = list(found.areas.values())
    assert all(shape.is_valid for shape in shapes)
    assert shapely.union_all(shapes).symmetric_difference(PARENT).area < 1e-4
    assert abs(sum(shape.area for shape in shapes) - PARENT.area) < 1e-4
    assert set(found.areas) == {grid for grid in grids if grid}
    for house, grid in zip(houses, grids, strict=True):
        if grid is not None:
            assert house.difference(found.areas[grid]).area < 1e-3
        else:  # a building that the list leaves out is not cut either
            assert sum(house.intersection(shape).area > 1e-3 for shape in shapes) == 1
    again = outline(PARENT, houses, grids, roads)
    assert all(again.areas[grid].equals_exact(shape) for grid, shape in found.areas.items())


@pytest.mark.req("G-13")
def test_borders_follow_the_road_and_run_midway_where_there_is_none():
    road = shapely.LineString([(100, -10), (100, 310)])
    houses = [shapely.box(20, 100, 60, 140), shapely.box(160, 100, 180, 140)]
    found = outline(PARENT, houses, ["west", "east"], [road])
    assert found.areas["west"].equals(shapely.box(0, 0, 100, 300))
    free = outline(PARENT, houses, ["west", "east"])
    border = free.areas["west"].intersection(shapely.LineString([(0, 120), (400, 120)]))
    assert border.bounds[2] == pytest.approx(110, abs=3)


@pytest.mark.req("G-13")
def test_a_grid_on_both_sides_of_open_ground_is_joined_and_what_cannot_be_is_named():
    roads = [shapely.LineString([(x, -10), (x, 310)]) for x in (130, 270)]
    ends = [shapely.box(20, 20, 60, 60), shapely.box(320, 20, 360, 60)]
    other = shapely.box(180, 240, 220, 280)
    joined = outline(PARENT, [*ends, other], ["a", "a", "b"], roads)
    assert "b" in joined.areas
    assert other.within(joined.areas["b"])
    wall = shapely.box(135, 0, 265, 300)
    apart = outline(PARENT, [*ends, wall], ["a", "a", "b"], roads)
    assert apart.scattered == ("a",)


def test_without_a_listed_building_there_is_no_outline():
    with pytest.raises(ValueError, match="no building"):
        outline(PARENT, [shapely.box(900, 900, 910, 910)], ["a"])


@pytest.fixture
def street(town):
    """Six houses in community a, with a namesake in community b."""
    made = []
    for number, west in enumerate((116.302, 116.305, 116.308, 116.312, 116.315, 116.318), 1):
        made.append(_house(f"{number}号楼", "安居苑", west, number))
    made.append(_house("1号楼", "乐业苑", 116.325, 7))
    made.append(_house("市民中心", "", 116.326, 8))
    made.append(_house("市民中心", "", 116.336, 9))
    return Building.objects.bulk_create(made)


def _house(name, estate, west, number):
    shape = shapely.box(west, 40.01, west + 0.0007, 40.0106)
    return Building(
        name=name,
        estate=estate,
        households=20,
        source_id=f"way/{number}",
        street="成府路",
        number=str(number),
        footprint=to_geos(shape),
        point=to_geos(shape.centroid),
    )


def write_csv(path, header, rows, encoding="utf-8-sig"):
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([header, *rows])
    return path


def matched(path):
    columns = building_list.guessed_columns(building_list.headers_of(path))
    rows, troubles = building_list.read_list(path, columns)
    return building_list.match(rows), troubles


@pytest.mark.req("G-13")
@pytest.mark.parametrize("word", ["安居苑3号楼", "安居苑3栋", "安居苑 3", "成府路3号", "way/3"])
def test_a_building_is_found_as_people_name_it(street, tmp_path, word):
    path = write_csv(tmp_path / "l.csv", ["楼栋", "网格"], [[word, "一"]])
    found, troubles = matched(path)
    assert not troubles
    assert not found.troubles
    assert found.rows[0][1] == (street[2].pk,)


@pytest.mark.req("G-13")
def test_rows_that_fit_no_building_or_several_are_named_with_candidates(street, tmp_path):
    path = write_csv(
        tmp_path / "l.csv",
        ["小区", "楼栋", "网格编码", "户数"],
        [
            ["安居苑", "1号楼", "110108999001001", 20],
            ["", "市民中心", "110108999001001", 20],
            ["安居苑", "77号楼", "110108999001001", 20],
            ["安居苑", "2号楼", "", 20],
            ["", "", "110108999001001", 20],
            ["安居苑", "3号楼", "110108999001001", "许多"],
            ["安居苑", "1号楼", "110108999001002", 20],
        ],
        "gb18030",
    )
    found, unread = matched(path)
    assert [row.line for row, _ids in found.rows] == [2]
    reasons = {t.line: t.reason for t in (*unread, *found.troubles)}
    assert reasons == {
        3: "Several buildings are called so.",
        4: "No building of the base map is called so.",
        5: "The row names no grid.",
        6: "The row names no building.",
        7: "“许多” is no whole number of households.",
        8: "This building stands in row 2 already, with another grid.",
    }
    several = next(t for t in found.troubles if t.line == 3)
    assert [pk for pk, _name in several.candidates] == [street[7].pk, street[8].pk]


@pytest.mark.req("G-13")
def test_the_grids_of_a_list_divide_their_community_unconfirmed(town, street, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["小区", "楼栋", "网格名称", "社区", "户数"])
    for number in range(1, 7):
        name = f"安居第{(number + 1) // 2}网格"
        book.active.append(["安居苑", f"{number}号楼", name, "区a", 25])
    book.save(tmp_path / "l.xlsx")
    draft = editions.draft("list", actor=None, now=timezone.now())
    found, _troubles = matched(tmp_path / "l.xlsx")
    tier = town.tiers["grid"]
    derived = lists_to_outlines.derive(draft, found, tier=tier)
    lists_to_outlines.import_list(
        draft, derived, tier=tier, actor=None, now=timezone.now(), source="l.xlsx"
    )
    drawn = draft.boundaries.filter(geometry__isnull=False).select_related("grid")
    assert {b.name for b in drawn} == {"安居第1网格", "安居第2网格", "安居第3网格"}
    assert all(b.parent_id == town.grids["a"].pk and not b.confirmed for b in drawn)
    assert all(b.grid.code.startswith("110108999001") and len(b.grid.code) == 15 for b in drawn)
    assert {b.households for b in drawn} == {50}
    # The old grids lost all their buildings to the new ones.
    gone = set(draft.boundaries.filter(geometry=None).values_list("grid_id", flat=True))
    assert gone == {town.grids["a1"].pk, town.grids["a2"].pk}
    report = coverage.examine(timezone.now(), draft)
    assert not [f for f in report.findings if f.kind in {"gap", "overlap", "sliver"}]
    assert draft.steps.get().verb == "import"


@pytest.mark.req("G-13")
def test_a_list_that_gives_nothing_is_refused_whole(town, street, tmp_path):
    path = write_csv(tmp_path / "l.csv", ["楼栋", "网格"], [["天涯楼", "一"]])
    grids = Grid.objects.count()
    with pytest.raises(CommandError, match="No row of the list has found its building"):
        call_command("import_building_list", path, "--edition", "x", stdout=io.StringIO())
    assert Grid.objects.count() == grids
    assert not Edition.objects.filter(name="x").exists()
    path = write_csv(tmp_path / "l.csv", ["颜色", "网格"], [["红", "一"]])
    with pytest.raises(CommandError, match="Choose the column with the buildings"):
        call_command("import_building_list", path, "--edition", "x", stdout=io.StringIO())


@pytest.mark.req("G-13")
@pytest.mark.req("G-07")
def test_the_demonstrations_own_list_gives_its_grids_back(db, tmp_path):
    for tier in ("street", "community", "grid"):
        arguments = ["--tier", tier, "--code", "code", "--name", "name", "--layer", tier]
        if tier != "street":
            arguments += ["--parent", "parent"]
        call_command("import_boundaries", DEMO, *arguments, "--publish", stdout=io.StringIO())
    call_command("import_ground", DEMO, stdout=io.StringIO())
    listed = Building.objects.filter(grid__tier__code="grid").select_related("grid")
    path = write_csv(
        tmp_path / "l.csv",
        ["楼栋编号", "网格编码"],
        [[b.source_id, f'="{b.grid.code}"'] for b in listed],
    )
    out = io.StringIO()
    call_command("import_building_list", path, "--edition", "list", stdout=out)
    draft = Edition.objects.get(name="list")
    shapes = {
        b.grid_id: shapely.from_wkb(bytes(b.geometry.wkb))
        for b in draft.boundaries.filter(geometry__isnull=False)
    }
    held = [
        shapes[b.grid_id].covers(shapely.Point(b.point.x, b.point.y))
        for b in listed
        if b.grid_id in shapes
    ]
    assert len(held) == len(listed)
    assert all(held)
    assert "626 of 626 rows" in out.getvalue()
    report = coverage.examine(timezone.now(), draft)
    law = {"gap", "overlap", "sliver", "outside_parent", "invalid_ring", "building_uncovered"}
    assert [f for f in report.findings if f.kind in law] == []


def test_a_published_edition_takes_no_list(town, street, tmp_path):
    path = write_csv(tmp_path / "l.csv", ["楼栋", "网格"], [["安居苑1号楼", "一"]])
    with pytest.raises(CommandError, match="choose another name"):
        call_command("import_building_list", path, "--edition", "town", stdout=io.StringIO())
    found, _troubles = matched(path)
    derived = lists_to_outlines.derive(town.edition, found, tier=town.tiers["grid"])
    with pytest.raises(TerritoryError, match="no draft any more"):
        lists_to_outlines.import_list(
            town.edition, derived, tier=town.tiers["grid"], actor=None, now=timezone.now()
        )


@pytest.mark.req("G-13")
def test_a_column_headed_grid_may_hold_codes(tmp_path):
    rows = [["3号楼", "110108999001001"], ["4号楼", "第2网格"], ["5号楼", "2"]]
    path = write_csv(tmp_path / "l.csv", ["楼栋", "网格"], rows)
    read, _troubles = building_list.read_list(
        path, building_list.guessed_columns(building_list.headers_of(path))
    )
    assert [(row.grid_code, row.grid_name) for row in read] == [
        ("110108999001001", ""),
        ("", "第2网格"),
        ("", "2"),
    ]
