"""Import by upload: seen before it is written, refused in words, and undone as one step."""

import datetime as dt
import json
import re
from pathlib import Path

import geopandas
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from grids.territory.models import Boundary, Grid, WaitingFile
from grids.territory.services import editions, waiting_files
from grids.territory.services.drawing import journal
from tests.territory.files import packed, shapefile, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.req("G-08"), pytest.mark.req("G-07")]
EN = {"HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.fixture
def draft(town):
    return editions.draft("import", actor=None, now=timezone.now())


@pytest.fixture
def client(sign_in):
    return sign_in("administrator")


def halves(**columns) -> geopandas.GeoDataFrame:
    """Community c (undivided) in two new grids."""
    table = {
        "网格编码": ["110108999003001", "110108999003002"],
        "网格名称": ["西格", "东格"],
        "户数": [180, 190],
        **columns,
    }
    shapes = [shapely.box(116.34, 40, 116.35, 40.02), shapely.box(116.35, 40, 116.36, 40.02)]
    return geopandas.GeoDataFrame(table, geometry=shapes, crs="EPSG:4326")


def file_of(frame: geopandas.GeoDataFrame, path: Path, **options) -> SimpleUploadedFile:
    frame.to_file(path, engine="pyogrio", **options)
    return uploaded(path)


def send(client, draft, upload):
    return client.post(reverse("division:import", args=[draft.pk]), {"file": upload}, **EN)


def page_of(client, draft, upload) -> str:
    answer = send(client, draft, upload)
    assert answer.status_code == 302, answer.content.decode()
    return answer.url


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.mark.parametrize("kind", ["gpkg", "geojson", "kml", "shp"])
def test_every_format_is_shown_then_imported_as_one_step(client, draft, town, tmp_path, kind):
    frame = halves()
    if kind == "shp":
        upload = shapefile(frame, tmp_path / "shp", encoding="GB18030")
    elif kind == "kml":
        upload = file_of(frame, tmp_path / "a.kml", driver="LIBKML")
    else:
        upload = file_of(frame, tmp_path / f"a.{kind}")
    url = page_of(client, draft, upload)
    shown = client.get(url, **EN)
    assert shown.status_code == 200
    assert "西格" in text(shown)
    assert "110108999003" in text(shown)
    assert not draft.boundaries.exists()
    assert not Grid.objects.filter(code="110108999003001").exists()
    done = client.post(url, **EN)
    assert done.status_code == 302, text(done)
    drawn = {b.grid.code: b for b in draft.boundaries.select_related("grid")}
    assert drawn["110108999003001"].name == "西格"
    assert drawn["110108999003002"].households == 190
    assert drawn["110108999003001"].parent_id == town.grids["c"].pk
    assert not WaitingFile.objects.exists()
    journal.undo(draft, actor=None, now=timezone.now())
    assert not draft.boundaries.exists()


def test_bad_rows_are_named_with_line_and_reason_and_nothing_is_written(client, draft, tmp_path):
    bow = shapely.Polygon([(116.34, 40), (116.35, 40.02), (116.35, 40), (116.34, 40.02)])
    good = shapely.box(116.355, 40, 116.36, 40.02)
    frame = geopandas.GeoDataFrame(
        {
            "code": ["110108999003001", "", "110108999003003", "110108999003003", "1.1E+14"],
            "name": list("abcde"),
            "households": ["12", "12", "12", "12", "12"],
        },
        geometry=[bow, good, good, good, good],
        crs="EPSG:4326",
    )
    frame.loc[5] = ["110108999003009", "f", "viele", good]
    frame.loc[6] = ["110108999003010", "g", "7", good]
    url = page_of(client, draft, file_of(frame, tmp_path / "a.gpkg"))
    shown = client.get(url, **EN).context
    assert [(fault.row, fault.code) for fault in shown["faults"]] == [
        (1, "110108999003001"),
        (2, ""),
        (3, "110108999003003"),
        (4, "110108999003003"),
        (5, "1.1E+14"),
        (6, "110108999003009"),
    ]
    reasons = " ".join(fault.reason for fault in shown["faults"])
    for word in ("invalid", "no code", "2 times", "spreadsheet", "viele"):
        assert word in reasons
    refused = client.post(url, **EN)
    assert refused.status_code == 400
    assert not draft.boundaries.exists()
    assert not Grid.objects.filter(code="110108999003010").exists()


def test_an_area_without_a_parent_is_refused_before_anything_is_written(client, draft, tmp_path):
    frame = halves(parent=["110108999003", "990000000000"])
    url = page_of(client, draft, file_of(frame, tmp_path / "a.gpkg"))
    shown = client.get(url, **EN)
    assert "No parent was found for 1 areas" in text(shown)
    assert client.post(url, **EN).status_code == 400
    assert not draft.boundaries.exists()


def test_import_into_a_published_edition_is_refused(client, town, tmp_path):
    answer = send(client, town.edition, file_of(halves(), tmp_path / "a.gpkg"))
    assert answer.status_code == 409
    assert "not a draft" in text(answer)
    assert not WaitingFile.objects.exists()


def test_a_draft_published_meanwhile_takes_nothing(client, draft, town, tmp_path):
    url = page_of(client, draft, file_of(halves(), tmp_path / "a.gpkg"))
    editions.withdraw(draft, actor=None, now=timezone.now())
    assert client.post(url, **EN).status_code == 409
    assert Boundary.objects.filter(edition=draft).count() == 0


def test_the_file_is_its_owners_alone_and_expires(client, sign_in, draft, tmp_path):
    url = page_of(client, draft, file_of(halves(), tmp_path / "a.gpkg"))
    assert sign_in("supervisor").get(url, **EN).status_code == 404
    assert sign_in("stranger").get(url, **EN).status_code == 403
    WaitingFile.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert client.get(url, **EN).status_code == 404
    waiting = WaitingFile.objects.get()
    folder = waiting_files.path_of(waiting).parent
    assert waiting_files.sweep(now=timezone.now()) == 1
    assert not folder.exists()


def test_discarding_leaves_neither_row_nor_file(client, draft, settings, tmp_path):
    url = page_of(client, draft, file_of(halves(), tmp_path / "a.gpkg"))
    client.post(f"{url}discard/", **EN)
    assert not WaitingFile.objects.exists()
    assert not list((Path(settings.MEDIA_ROOT) / "waiting").iterdir())


def test_who_may_draw_elsewhere_only_cannot_import_here(sign_in, draft, tmp_path):
    away = sign_in("away_supervisor")
    url = page_of(away, draft, file_of(halves(), tmp_path / "a.gpkg"))
    answer = away.post(url, **EN)
    assert answer.status_code == 400
    assert "Outside of the area that your posts cover" in text(answer)
    assert not draft.boundaries.exists()
    home = sign_in("supervisor")
    url = page_of(home, draft, file_of(halves(), tmp_path / "b.gpkg"))
    assert home.post(url, **EN).status_code == 302


def test_areas_that_the_file_lacks_are_abolished_only_when_asked(client, draft, town, tmp_path):
    whole = shapely.from_wkb(bytes(town.boundaries["a"].geometry.wkb))
    frame = geopandas.GeoDataFrame(
        {"code": ["110108999001009"], "name": ["全部"], "parent": ["110108999001"]},
        geometry=[whole],
        crs="EPSG:4326",
    )
    url = page_of(client, draft, file_of(frame, tmp_path / "a.gpkg"))
    shown = client.get(url, {"replace": "on"}, **EN)
    assert shown.context["counts"]["abolished"] == 2
    assert client.post(url, {"replace": "on"}, **EN).status_code == 302
    gone = set(draft.boundaries.filter(geometry=None).values_list("grid_id", flat=True))
    assert gone == {town.grids["a1"].pk, town.grids["a2"].pk}


def test_the_map_is_given_the_outlines_under_the_chosen_reading(client, draft, tmp_path):
    url = page_of(client, draft, file_of(halves(), tmp_path / "a.gpkg"))
    west = {}
    for reading in ("wgs84", "gcj02"):
        answer = client.get(f"{url}areas.geojson", {"reading": reading})
        shapes = [json.dumps(f["geometry"]) for f in json.loads(answer.content)["features"]]
        west[reading] = shapely.total_bounds(shapely.from_geojson(shapes))[0]
    assert west["wgs84"] == pytest.approx(116.34)
    assert 0.004 < west["wgs84"] - west["gcj02"] < 0.008


def refused_upload(client, draft, upload) -> str:
    answer = send(client, draft, upload)
    assert answer.status_code == 400
    assert not WaitingFile.objects.exists()
    return text(answer)


def test_what_is_no_map_file_is_refused_with_what_to_do(client, draft):
    make = SimpleUploadedFile
    cases = {
        "cannot be read here": make("a.exe", b"MZ"),
        "The file is empty": make("a.gpkg", b" "[:0] + b""),
        "not what its ending says": make("a.gpkg", b"not a database"),
        "its ending says": make("a.kml", b"<OGRVRTDataSource></OGRVRTDataSource>"),
        "what its ending": make("a.geojson", b"[1, 2, 3]"),
        "cannot be unpacked": make("a.zip", b"PK nothing"),
    }
    for words, upload in cases.items():
        found = refused_upload(client, draft, upload)
        assert words in found or "empty" in found, words


def test_markup_that_reaches_out_is_refused(client, draft):
    bomb = b'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaa">]><kml>&a;</kml>'
    assert "ending says" in refused_upload(client, draft, SimpleUploadedFile("a.kml", bomb))
    link = b"<kml><NetworkLink><Link><href>http://127.0.0.1/</href></Link></NetworkLink></kml>"
    assert "ending says" in refused_upload(client, draft, SimpleUploadedFile("a.kml", link))


def test_archives_that_lead_out_or_swell_are_refused(client, draft, settings):
    outside = packed({"../../evil.shp": b"x"})
    assert "leads out of it" in refused_upload(client, draft, outside)
    half = packed({"a.shp": b"\0\0\x27\x0a"})
    assert "without its .shx, .dbf" in refused_upload(client, draft, half)
    assert "It holds: —" in refused_upload(client, draft, packed({"readme.txt": b"x"}))
    settings.UPLOAD_MAX_BYTES = 100_000
    bomb = packed({"a.shp": bytes(2_000_000), "a.shx": b"", "a.dbf": b""})
    assert bomb.size < 100_000
    assert "Unpacked, the archive is larger" in refused_upload(client, draft, bomb)
    assert "larger than 0 MB" in refused_upload(
        client, draft, SimpleUploadedFile("a.gpkg", bytes(200_000))
    )


def test_another_layer_brings_its_own_columns(client, draft, tmp_path):
    path = tmp_path / "a.gpkg"
    halves().to_file(path, layer="grid", engine="pyogrio")
    frame = halves().rename(columns={"网格编码": "gid", "网格名称": "title"})
    frame.to_file(path, layer="other", engine="pyogrio")
    url = page_of(client, draft, uploaded(path))
    first = client.get(url, **EN).context["form"]
    assert first["column_code"].value() == "网格编码"
    again = client.get(
        url, {"layer": "other", "said_layer": "grid", "column_code": "网格编码"}, **EN
    ).context["form"]
    assert again["column_code"].value() == "gid"
    assert again["column_name"].value() == "title"
