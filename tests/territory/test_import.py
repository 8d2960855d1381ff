"""Boundary files: every format, every fault refused in words, nothing half-written."""

import csv
import io
import json
from pathlib import Path

import geopandas
import pandas as pd
import pytest
import shapely
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from gridmgmt.core.crs import BD09, GCJ02, from_wgs84
from grids.territory.models import Boundary, Edition, Finding, Grid
from grids.territory.services.responsibility import responsible_areas

STREET = shapely.box(116.30, 40.00, 116.32, 40.02)
WEST, EAST = shapely.box(116.30, 40.00, 116.31, 40.02), shapely.box(116.31, 40.00, 116.32, 40.02)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def write(path: Path, rows: list[dict], crs: str | None = "EPSG:4326", **options) -> Path:
    frame = geopandas.GeoDataFrame(rows, geometry="geometry", crs=crs)
    if options.get("driver") == "KML":
        frame = frame.rename(columns={"code": "Description", "name": "Name"})
    frame.to_file(path, engine="pyogrio", **options)
    return path


def streets(path: Path, **options) -> Path:
    rows = [{"code": "110108014", "name": "清华园街道", "geometry": STREET}]
    return write(path, rows, **options)


def communities(path: Path, **columns) -> Path:
    rows = [
        {"code": "110108014001", "name": "西", "up": "110108014", "n": 700, "geometry": WEST},
        {"code": "110108014002", "name": "东", "up": "110108014", "n": 800, "geometry": EAST},
    ]
    for column, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[column] = value
    return write(path, rows)


def run(
    path: Path, tier: str = "street", *more: str, code: str = "code", name: str = "name"
) -> str:
    out = io.StringIO()
    call_command(
        "import_boundaries", path, "--tier", tier, "--code", code, "--name", name, *more, stdout=out
    )
    return out.getvalue()


def refused(path: Path, *arguments: str, **columns: str) -> str:
    before = Boundary.objects.count(), Grid.objects.count(), Edition.objects.count()
    with pytest.raises(CommandError) as refusal:
        run(path, *arguments, **columns)
    assert (Boundary.objects.count(), Grid.objects.count(), Edition.objects.count()) == before
    return str(refusal.value)


@pytest.mark.req("G-01")
@pytest.mark.parametrize(
    ("file", "driver"),
    [
        ("s.gpkg", "GPKG"),
        ("s.shp", "ESRI Shapefile"),
        ("s.geojson", "GeoJSON"),
        ("s.kml", "KML"),
    ],
)
def test_the_four_formats_give_the_same_area(tmp_path: Path, file: str, driver: str) -> None:
    path = streets(tmp_path / file, driver=driver)
    columns = {"code": "Description", "name": "Name"} if driver == "KML" else {}
    run(path, "street", "--publish", **columns)
    answer = responsible_areas(116.305, 40.01, moment=timezone.now())
    assert answer.leaf.code == "110108014"
    assert answer.leaf.name == "清华园街道"


def test_several_imports_go_into_one_edition_and_the_last_publishes(tmp_path: Path) -> None:
    run(streets(tmp_path / "s.gpkg"), "street", "--edition", "first")
    assert not Boundary.objects.filter(valid__isnull=False).exists()
    run(communities(tmp_path / "c.gpkg"), "community", "--edition", "first", "--households", "n")
    assert Edition.objects.get().status == "draft"
    out = io.StringIO()
    call_command("publish_edition", "first", stdout=out)
    answer = responsible_areas(116.305, 40.01, moment=timezone.now())
    assert [area.code for area in answer.areas] == ["110108014", "110108014001"]
    assert answer.leaf.households == 700
    assert "first" in out.getvalue()


@pytest.mark.req("G-02")
def test_the_parent_comes_from_the_column_the_prefix_or_containment(tmp_path: Path) -> None:
    run(streets(tmp_path / "s.gpkg"), "street", "--publish")
    run(communities(tmp_path / "a.gpkg"), "community", "--parent", "up", "--publish")
    run(
        write(tmp_path / "p.gpkg", [{"code": "110108014001001", "name": "x", "geometry": WEST}]),
        "grid",
        "--publish",
    )
    run(
        write(tmp_path / "k.gpkg", [{"code": "SI22", "name": "foreign", "geometry": EAST}]),
        "grid",
        "--publish",
    )
    parents = dict(Boundary.objects.values_list("grid__code", "parent__code"))
    assert parents["110108014001"] == "110108014"
    assert parents["110108014001001"] == "110108014001"
    assert parents["SI22"] == "110108014002"


@pytest.mark.parametrize("crs", [GCJ02, BD09])
def test_offset_coordinates_are_moved_and_the_source_is_kept(tmp_path: Path, crs) -> None:
    shifted = shapely.transform(
        STREET, lambda xy: [from_wgs84(float(x), float(y), crs) for x, y in xy]
    )
    rows = [{"code": "110108014", "name": "x", "geometry": shifted}]
    run(write(tmp_path / "g.gpkg", rows), "street", "--crs", crs.name, "--publish")
    stored = Boundary.objects.get()
    assert stored.source_crs == crs.name
    assert stored.geometry.extent == pytest.approx((116.30, 40.0, 116.32, 40.02), abs=1e-7)


def test_metres_are_read_with_the_files_own_crs(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(
        {"code": ["110108014"], "name": ["x"]}, geometry=[STREET], crs=4326
    )
    frame.to_crs(32650).to_file(tmp_path / "utm.gpkg")
    run(tmp_path / "utm.gpkg", "street", "--publish")
    stored = Boundary.objects.get()
    assert stored.source_crs == "EPSG:32650"
    assert stored.geometry.extent == pytest.approx((116.30, 40.0, 116.32, 40.02), abs=1e-7)


def test_padded_codes_are_cut_to_the_tier(tmp_path: Path) -> None:
    rows = [{"code": "110108014000", "name": "x", "geometry": STREET}]
    assert "9" in run(write(tmp_path / "p.gpkg", rows), "street")
    assert Grid.objects.get().code == "110108014"


def test_a_second_import_of_the_same_file_changes_nothing(tmp_path: Path) -> None:
    path = streets(tmp_path / "s.gpkg")
    run(path, "street", "--publish")
    before = Boundary.objects.values_list("pk", "valid").get()
    assert "1 unchanged" in run(path, "street", "--publish")
    assert Boundary.objects.values_list("pk", "valid").get() == before


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    assert "Dry run" in run(streets(tmp_path / "s.gpkg"), "street", "--publish", "--dry-run")
    assert not Grid.objects.exists()
    assert not Edition.objects.exists()


@pytest.mark.req("G-04")
def test_geometry_findings_are_stored_and_printed_and_strict_refuses(tmp_path: Path) -> None:
    run(streets(tmp_path / "s.gpkg"), "street", "--publish")
    rows = [{"code": "110108014001", "name": "w", "geometry": WEST}]
    path = write(tmp_path / "half.gpkg", rows)
    refused(path, "community", "--strict")
    printed = run(path, "community", "--publish")
    finding = Finding.objects.get()
    assert finding.kind == "gap"
    assert f"{finding.area_m2:.2f} m²" in printed
    assert finding.accepted_reason
    assert finding.repair_text


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_file_without_crs(tmp_path: Path) -> None:
    path = streets(tmp_path / "none.shp", crs=None)
    assert "--crs" in refused(path, "street")
    run(path, "street", "--crs", "cgcs2000")


def test_an_unknown_crs(tmp_path: Path) -> None:
    assert "mars" in refused(streets(tmp_path / "s.gpkg"), "street", "--crs", "mars")


def test_an_invalid_ring(tmp_path: Path) -> None:
    bow = shapely.Polygon([(116.3, 40), (116.32, 40.02), (116.32, 40), (116.3, 40.02)])
    path = write(tmp_path / "bow.gpkg", [{"code": "7", "name": "x", "geometry": bow}])
    assert "7 (Self-intersection" in refused(path, "street")


def test_an_unclosed_ring_and_a_point(tmp_path: Path) -> None:
    ring = [[[116.3, 40], [116.32, 40.02], [116.32, 40]]]
    for number, geometry in enumerate(
        (
            {"type": "Polygon", "coordinates": ring},
            {"type": "Point", "coordinates": [116.3, 40]},
            None,
        )
    ):
        feature = {
            "type": "Feature",
            "properties": {"code": "c9", "name": "x"},
            "geometry": geometry,
        }
        path = tmp_path / f"{number}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        assert "c9" in refused(path, "street")


def test_doubled_codes(tmp_path: Path) -> None:
    path = communities(tmp_path / "c.gpkg", code=["1", "1"])
    assert "more than once: 1" in refused(path, "street")


def test_no_such_column_names_the_columns_there_are(tmp_path: Path) -> None:
    message = refused(streets(tmp_path / "s.gpkg"), "street", code="kode")
    assert "kode" in message
    assert "code, name" in message


def test_an_empty_layer(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame({"code": [], "name": []}, geometry=[], crs=4326)
    frame.to_file(tmp_path / "empty.gpkg")
    assert "empty" in refused(tmp_path / "empty.gpkg", "street")


def test_a_missing_parent(tmp_path: Path) -> None:
    path = communities(tmp_path / "c.gpkg", up=["110108014", "999"])
    assert "Import that tier first" in refused(path, "community", "--parent", "up")
    run(streets(tmp_path / "s.gpkg"), "street", "--publish")
    assert "110108014002 → 999" in refused(path, "community", "--parent", "up")


def test_swapped_axes(tmp_path: Path) -> None:
    swapped = shapely.transform(STREET, lambda xy: xy[:, ::-1])
    path = write(tmp_path / "swap.gpkg", [{"code": "1", "name": "x", "geometry": swapped}])
    assert "swapped" in refused(path, "street")


def test_metres_that_claim_to_be_degrees(tmp_path: Path) -> None:
    square = shapely.box(448000, 4427000, 449000, 4428000)
    path = write(tmp_path / "m.gpkg", [{"code": "1", "name": "x", "geometry": square}])
    assert "EPSG" in refused(path, "street")


def test_an_unknown_tier_layer_or_file(tmp_path: Path) -> None:
    path = streets(tmp_path / "s.gpkg", layer="one")
    assert "street, community, grid" in refused(path, "village")
    assert "one" in refused(path, "street", "--layer", "two")
    streets(path, layer="three")
    assert "one, three" in refused(path, "street")
    assert "no file" in refused(tmp_path / "nothing.gpkg", "street")
    (tmp_path / "text.gpkg").write_text("no map")
    assert "cannot be read" in refused(tmp_path / "text.gpkg", "street")


def test_codes_that_a_spreadsheet_damaged(tmp_path: Path) -> None:
    path = communities(tmp_path / "c.gpkg", code=["1.10108E+14", "2"])
    assert "1.10108E+14" in refused(path, "street")


def test_a_row_without_code_and_a_household_count_that_is_none(tmp_path: Path) -> None:
    assert "Rows without a code" in refused(
        communities(tmp_path / "c.gpkg", code=["1", None]), "street"
    )
    path = communities(tmp_path / "d.gpkg", n=["many", "2"])
    assert "many" in refused(path, "street", "--households", "n")


@pytest.mark.req("G-02")
def test_the_code_of_an_abolished_area_is_never_used_again(tmp_path: Path) -> None:
    run(communities(tmp_path / "c.gpkg"), "street", "--publish")
    gone = Boundary.objects.get(grid__code="110108014002")
    gone.valid = type(gone.valid)(gone.valid.lower, timezone.now())
    gone.save()
    assert "never used again" in refused(communities(tmp_path / "again.gpkg"), "street")


@pytest.mark.req("G-02")
def test_a_national_code_must_fit_its_tier_and_parent(tmp_path: Path) -> None:
    run(streets(tmp_path / "s.gpkg"), "street", "--publish")
    path = communities(tmp_path / "c.gpkg", code=["110108014001", "110108999002"])
    run(path, "community", "--parent", "up", "--edition", "odd")
    finding = Finding.objects.get()
    assert (finding.kind, finding.codes) == ("code_mismatch", ["110108999002"])


def test_a_published_edition_takes_no_further_import(tmp_path: Path) -> None:
    run(streets(tmp_path / "s.gpkg"), "street", "--edition", "done", "--publish")
    assert "done" in refused(communities(tmp_path / "c.gpkg"), "community", "--edition", "done")


def test_publishing_an_unknown_edition_names_the_drafts(tmp_path: Path) -> None:
    run(streets(tmp_path / "s.gpkg"), "street", "--edition", "waiting")
    with pytest.raises(CommandError, match="waiting"):
        call_command("publish_edition", "nobody")


# -- route_points ------------------------------------------------------------------------------


def table(path: Path, rows: list[dict], encoding: str = "utf-8") -> Path:
    pd.DataFrame(rows).to_csv(path, index=False, encoding=encoding)
    return path


def routed(source: Path, *options: str) -> list[dict[str, str]]:
    target = source.with_suffix(".out.csv")
    call_command("route_points", source, target, *options, stdout=io.StringIO())
    with target.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.fixture
def division(tmp_path: Path) -> None:
    run(streets(tmp_path / "s.gpkg"), "street", "--edition", "e")
    run(communities(tmp_path / "c.gpkg"), "community", "--edition", "e", "--publish")


def test_each_row_keeps_its_columns_and_gets_one_for_each_tier(division, tmp_path: Path) -> None:
    rows = routed(
        table(
            tmp_path / "p.csv",
            [
                {"id": "1", "lon": 116.305, "lat": 40.01, "street": "kept"},
                {"id": "2", "lon": 116.31, "lat": 40.01, "street": ""},
                {"id": "3", "lon": 116.305, "lat": 40.0203, "street": ""},
                {"id": "4", "lon": 0, "lat": 0, "street": ""},
                {"id": "5", "lon": "x", "lat": 40.01, "street": ""},
                {"id": "6", "lon": 40.01, "lat": 116.305, "street": ""},
                {"id": "7", "lon": "", "lat": 40.01, "street": ""},
            ],
        )
    )
    assert list(rows[0]) == [
        "id",
        "lon",
        "lat",
        "street",
        "grid_street",
        "community",
        "grid",
        "answer",
        "distance_m",
    ]
    assert rows[0]["street"] == "kept"
    assert rows[0]["grid_street"] == "110108014"
    assert rows[0]["community"] == "110108014001"
    assert rows[0]["grid"] == ""
    answers = [row["answer"] for row in rows]
    assert answers == ["inside", "boundary", "gap", "outside", "invalid", "invalid", "invalid"]
    assert 30 < float(rows[2]["distance_m"]) < 36


def test_columns_of_one_name_and_short_rows_keep_their_cells(division, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("note,lon,lat,note\nfirst,116.305,40.01,second\n\nx,116.305,40.01\n")
    target = tmp_path / "out.csv"
    call_command("route_points", path, target, stdout=io.StringIO())
    with target.open(encoding="utf-8", newline="") as text:
        header, *rows = csv.reader(text)
    assert header[:4] == ["note", "lon", "lat", "note"]
    assert [row[:4] for row in rows] == [
        ["first", "116.305", "40.01", "second"],
        ["x", "116.305", "40.01", ""],
    ]
    assert {row[header.index("answer")] for row in rows} == {"inside"}


def test_other_columns_crs_and_encodings(division, tmp_path: Path) -> None:
    lon, lat = from_wgs84(116.3001, 40.01, GCJ02)
    path = table(tmp_path / "p.csv", [{"经度": lon, "纬度": lat, "地址": "荷清苑"}], "gb18030")
    assert routed(path, "--crs", "gcj02")[0]["community"] == "110108014001"
    assert routed(path)[0]["地址"] == "荷清苑"
    path = table(tmp_path / "q.csv", [{"east": 440500.0, "north": 4429000.0}])
    row = routed(path, "--lon", "east", "--lat", "north", "--crs", "EPSG:32650")[0]
    assert row["answer"] == "inside"


def test_a_date_before_the_division_is_refused(division, tmp_path: Path) -> None:
    path = table(tmp_path / "p.csv", [{"lon": 116.305, "lat": 40.01}])
    with pytest.raises(CommandError, match="No area is in force"):
        routed(path, "--on", "2020-01-01")
    with pytest.raises(CommandError, match="no date"):
        routed(path, "--on", "yesterday")
    assert not path.with_suffix(".out.csv").exists()
    assert [file.name for file in tmp_path.glob(".*")] == []


def test_unknown_columns_are_refused_with_those_there_are(division, tmp_path: Path) -> None:
    path = table(tmp_path / "p.csv", [{"a": 1, "b": 2}])
    with pytest.raises(CommandError, match="a, b"):
        routed(path)
    with pytest.raises(CommandError, match="a, b"):
        routed(path, "--lon", "c", "--lat", "b")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(CommandError, match="header"):
        routed(tmp_path / "empty.csv")


def test_a_quotation_mark_without_its_partner_is_named_by_line(division, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text('lon,lat,note\n116.305,40.01,"' + "x" * 140_000)
    with pytest.raises(CommandError, match="Line 2 cannot be read"):
        routed(path)
    assert {file.name for file in tmp_path.iterdir()} == {"s.gpkg", "c.gpkg", "p.csv"}


def test_many_rows_stream_in_chunks(division, tmp_path: Path) -> None:
    rows = [{"lon": 116.3 + i * 1e-5, "lat": 40.01} for i in range(2300)]
    found = routed(table(tmp_path / "p.csv", rows))
    assert len(found) == 2300
    assert {row["grid_street" if "grid_street" in row else "street"] for row in found[:1900]} == {
        "110108014"
    }
    assert [row["answer"] for row in found].count("outside") > 0
