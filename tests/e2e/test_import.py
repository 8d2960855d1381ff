"""Upload in the browser: the guess is shown on the map, "Import" writes, the draft has it."""

import json

import numpy as np
import pytest
import shapely
from django.utils import timezone
from playwright.sync_api import expect

from gridmgmt.core.crs import GCJ02, from_wgs84
from grids.territory.models import Boundary, Building, Edition, WaitingFile
from grids.territory.services import editions
from grids.territory.services.coverage import to_geos
from tests.e2e.frame import check_page, sign_in


def offset_file(town, path):
    """The town's grids in GCJ-02, in a file that says WGS84; a1 under a new name."""

    def move(coordinates: np.ndarray) -> np.ndarray:
        return np.column_stack(from_wgs84(coordinates[:, 0], coordinates[:, 1], GCJ02))

    features = []
    for name in ("a1", "a2", "b1", "b2", "f1", "f2"):
        boundary = town.boundaries[name]
        shape = shapely.transform(shapely.from_wkb(bytes(boundary.geometry.wkb)), move)
        features.append(
            {
                "type": "Feature",
                "geometry": shape.__geo_interface__,
                "properties": {
                    "网格编码": boundary.grid.code,
                    "网格名称": "新一网格" if name == "a1" else boundary.name,
                    "户数": 210,
                },
            }
        )
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.req("G-07")
@pytest.mark.req("G-08")
def test_a_lying_file_is_seen_on_the_map_and_imported_where_it_belongs(
    page, base_url, look, town, tmp_path
):
    draft = editions.draft("新划分", actor=None, now=timezone.now())
    file = offset_file(town, tmp_path / "grids.geojson")
    sign_in(page, town.users["administrator"])
    page.goto(f"{base_url}/division/{draft.pk}/import/")
    check_page(page, "import-upload")
    page.set_input_files("input[type=file]", file)
    with page.expect_navigation():
        page.click("main form.card button[type=submit]")
    expect(page.locator("input[type=radio][value=gcj02]")).to_be_checked()
    expect(page.locator(".notice--error")).to_contain_text("WGS84")
    expect(page.locator(".notice--error")).to_contain_text("GCJ-02")
    outlines = page.locator("#import-map path.leaflet-interactive")
    expect(outlines).to_have_count(6)
    check_page(page, "import-preview")
    there = outlines.first.get_attribute("d")
    with page.expect_response(lambda answer: "areas.geojson" in answer.url):
        page.check("input[type=radio][value=wgs84]")
    page.wait_for_function(
        "old => document.querySelector('#import-map path.leaflet-interactive')"
        ".getAttribute('d') != old",
        arg=there,
    )
    assert not draft.boundaries.exists()
    with page.expect_response(lambda answer: "areas.geojson" in answer.url):
        page.check("input[type=radio][value=gcj02]")
    with page.expect_navigation():
        page.click("#import-go button")
    assert page.url == f"{base_url}/division/{draft.pk}/"
    drawn = draft.boundaries.get(grid=town.grids["a1"])
    assert drawn.name == "新一网格"
    assert drawn.source_crs == "gcj02"
    before = Boundary.objects.get(pk=town.boundaries["a1"].pk).geometry
    now, then = (shapely.from_wkb(bytes(shape.wkb)) for shape in (drawn.geometry, before))
    assert now.hausdorff_distance(then) < 1e-7
    assert draft.steps.get().verb == "import"
    assert not WaitingFile.objects.exists()


def houses(town):
    """Nine houses in community a, west to east."""
    made = []
    for number in range(9):
        west = 116.3015 + number * 0.002
        shape = shapely.box(west, 40.009, west + 0.0008, 40.0095)
        made.append(
            Building(
                name=f"{number + 1}号楼",
                estate="安居苑",
                households=30,
                source_id=f"h{number + 1}",
                footprint=to_geos(shape),
                point=to_geos(shape.centroid),
            )
        )
    return Building.objects.bulk_create(made)


@pytest.mark.req("G-13")
def test_a_list_of_buildings_becomes_unconfirmed_outlines(page, base_url, look, town, tmp_path):
    houses(town)
    draft = editions.draft("按楼栋", actor=None, now=timezone.now())
    rows = ["小区,楼栋,网格编码,网格名称,户数"]
    for number in range(1, 10):
        grid = (number - 1) // 3 + 1
        rows.append(f"安居苑,{number}栋,11010899900100{grid},安居第{grid}网格,30")
    rows.append("安居苑,99栋,110108999001001,安居第1网格,30")
    path = tmp_path / "楼栋清单.csv"
    path.write_text("\n".join(rows), encoding="gb18030")
    sign_in(page, town.users["supervisor"])
    page.goto(f"{base_url}/division/{draft.pk}/list/")
    check_page(page, "list-upload")
    page.set_input_files("input[type=file]", path)
    with page.expect_navigation():
        page.click("main form.card button[type=submit]")
    expect(page.locator("#troubles")).to_be_visible()
    expect(page.locator("#list-map path.leaflet-interactive")).to_have_count(3)
    check_page(page, "list-preview")
    with page.expect_navigation():
        page.click("form.actions button[type=submit]")
    assert page.url == f"{base_url}/division/{draft.pk}/"
    drawn = Edition.objects.get(pk=draft.pk).boundaries.order_by("grid__code")
    assert [boundary.name for boundary in drawn] == [f"安居第{n}网格" for n in (1, 2, 3)]
    assert not any(boundary.confirmed for boundary in drawn)
    assert [boundary.households for boundary in drawn] == [90, 90, 90]
