"""Export in every format and system, and the way back: import(export(x)) is x."""

import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas
import pytest
import shapely
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmgmt.core.crs import BD09, CGCS2000, GCJ02, WGS84, Crs
from grids.territory.geometry.crs_fit import Reading
from grids.territory.services import boundary_export, editions, waiting_files
from grids.territory.services.boundary_export import COLUMNS, ExportArea
from grids.territory.services.boundary_survey import layers_of, survey
from grids.territory.services.coverage import to_geos

pytestmark = pytest.mark.req("G-07")


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@st.composite
def divisions(draw):
    """Neighbouring areas around Beijing, some with holes or several parts, oddly named."""
    count = draw(st.integers(1, 5))
    west, south = draw(st.floats(115, 117)), draw(st.floats(39, 41))
    areas = []
    words = st.text(st.sampled_from("网格一二Abc é-'&<,;"), max_size=12)
    for number in range(count):
        x = west + number * 0.01
        shape = shapely.box(x, south, x + 0.01, south + draw(st.floats(0.004, 0.02)))
        if draw(st.booleans()):
            shape = shape.difference(
                shapely.box(x + 0.002, south + 0.001, x + 0.004, south + 0.002)
            )
        parts = [shape]
        if draw(st.booleans()):
            parts.append(shapely.box(x, south + 0.03, x + 0.005, south + 0.035))
        areas.append(
            ExportArea(
                code=f"11010899900{number}00{number}",
                name=draw(words).strip() or "名",
                name_en=draw(words).strip(),
                tier="grid",
                parent=f"11010899900{number}",
                kind=draw(st.sampled_from(["basic", "dedicated"])),
                households=draw(st.none() | st.integers(0, 9999)),
                population=draw(st.none() | st.integers(0, 99999)),
                valid_from="",
                geometry=shapely.MultiPolygon(parts),
            )
        )
    return areas


def read_back(path: Path, ending: str, crs: Crs):
    folder = path.parent
    if ending == "shp":
        path = waiting_files._unpacked(path, folder)  # as an upload goes
    layer = layers_of(path)[0]
    found = survey(path, layer=layer.name, columns=layer.guessed(), tier="grid")
    assert not found.faults
    if not crs.is_offset and ending != "kml":
        assert found.claimed == crs
    areas, faults = found.read_as(Reading(crs))
    assert not faults
    return areas


@given(
    divisions(),
    st.sampled_from(boundary_export.ENDINGS),
    st.sampled_from([WGS84, CGCS2000, GCJ02, BD09, Crs("EPSG:32650"), Crs("EPSG:4527")]),
    st.sampled_from(boundary_export.ENCODINGS),
)
@settings(max_examples=80, deadline=None)
def test_what_was_exported_comes_back_as_it_was(areas, ending, crs, encoding):
    if ending == "kml" and crs not in {WGS84, CGCS2000}:
        crs = WGS84
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"areas.{'zip' if ending == 'shp' else ending}"
        if encoding == "GB18030" and ending != "shp":
            encoding = "UTF-8"
        boundary_export.write(areas, path, ending=ending, crs=crs, encoding=encoding)
        back = read_back(path, ending, crs)
    assert [area.code for area in back] == [area.code for area in areas]
    for old, new in zip(areas, back, strict=True):
        assert (new.name, new.name_en, new.parent_code, str(new.kind)) == (
            old.name,
            old.name_en,
            old.parent,
            old.kind,
        )
        assert (new.households, new.population) == (old.households, old.population)
        if crs in {WGS84, CGCS2000}:
            # KML is written with 15 digits, everything else with all of them.
            rounding = 1e-12 if ending == "kml" else 0.0
            assert shapely.hausdorff_distance(new.geometry, old.geometry) <= rounding
            assert len(new.geometry.geoms) == len(old.geometry.geoms)
        else:  # within five millimetres
            assert shapely.hausdorff_distance(new.geometry, old.geometry) < 5e-8


@pytest.mark.django_db
@pytest.mark.parametrize("ending", boundary_export.ENDINGS)
def test_the_division_in_force_is_downloaded(sign_in, town, ending, tmp_path):
    url = reverse("division:export_current", args=[ending])
    answer = sign_in("supervisor").get(url, {"tier": "grid"})
    assert answer.status_code == 200
    assert answer["Content-Type"] == boundary_export.CONTENT_TYPES[ending]
    suffix = "zip" if ending == "shp" else ending
    assert answer["Content-Disposition"].endswith(f'-wgs84.{suffix}"')
    path = tmp_path / f"areas.{suffix}"
    path.write_bytes(answer.content)
    frame = geopandas.read_file(path)
    assert len(frame) == 6
    assert set(COLUMNS) <= {str(c).lower() for c in frame.columns}


@pytest.mark.django_db
def test_a_geopackage_holds_a_layer_a_tier_and_a_zip_a_shapefile_a_tier(sign_in, town, tmp_path):
    client = sign_in("administrator")
    path = tmp_path / "a.gpkg"
    path.write_bytes(client.get(reverse("division:export_current", args=["gpkg"])).content)
    assert {layer.name: layer.count for layer in layers_of(path)} == {
        "street": 2,
        "community": 4,
        "grid": 6,
    }
    answer = client.get(reverse("division:export_current", args=["shp"]), {"encoding": "GB18030"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert {"street.shp", "community.shp", "grid.shp", "grid.cpg"} <= set(packed.namelist())
        assert packed.read("grid.cpg") == b"GB18030"


@pytest.mark.django_db
def test_a_draft_is_exported_laid_over_what_is_in_force(sign_in, town, tmp_path):
    draft = editions.draft("x", actor=None, now=timezone.now())
    editions.remove(draft, town.grids["b2"])
    editions.put(
        draft,
        town.grids["b1"],
        geometry=to_geos(shapely.box(116.32, 40.0, 116.34, 40.02)),
        name="大格",
        parent=town.grids["b"],
    )
    url = reverse("division:export", args=[draft.pk, "geojson"])
    path = tmp_path / "d.geojson"
    path.write_bytes(sign_in("supervisor").get(url, {"tier": "grid"}).content)
    frame = geopandas.read_file(path).set_index("code")
    assert len(frame) == 5
    assert frame.loc["110108999002001", "name"] == "大格"
    assert not frame.loc["110108999002001", "valid_from"]
    assert frame.loc["110108999001001", "valid_from"].startswith("2025-01-01")


@pytest.mark.django_db
def test_bad_requests_are_answered_in_words(sign_in, town):
    client = sign_in("supervisor")
    url = reverse("division:export_current", args=["geojson"])
    english = {"HTTP_ACCEPT_LANGUAGE": "en"}
    for query, words in (
        ({"on": "yesterday"}, "is no date"),
        ({"on": "1999-01-01"}, "no area to export"),
        ({"crs": "moon"}, "no coordinate system"),
        ({"tier": "galaxy"}, "There is no tier"),
    ):
        answer = client.get(url, query, **english)
        assert answer.status_code == 400
        assert words in answer.content.decode()
    kml = client.get(reverse("division:export_current", args=["kml"]), {"crs": "gcj02"}, **english)
    assert "KML is WGS84" in kml.content.decode()
    assert client.get("/division/export.docx").status_code == 404
    assert sign_in("stranger").get(url).status_code == 403


@pytest.mark.django_db
def test_the_command_writes_and_refuses_as_the_page_does(town, tmp_path):
    out = io.StringIO()
    call_command("export_boundaries", tmp_path / "a.zip", "--crs", "bd09", stdout=out)
    assert "12 areas" in out.getvalue()
    assert (tmp_path / "a.zip").exists()
    for file, arguments, words in (
        ("a.kml", ["--crs", "EPSG:32650"], "KML is WGS84"),
        ("a.shp", [], "ends in .zip"),
        ("a.dwg", [], "There is no format"),
        ("a.gpkg", ["--edition", "nobody"], "There is no edition"),
        ("a.gpkg", ["--encoding", "latin1"], "UTF-8 or GB18030"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("export_boundaries", tmp_path / file, *arguments, stdout=io.StringIO())
        assert not (tmp_path / file).exists()
