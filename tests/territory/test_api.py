"""Tiers, grids and outlines over REST, open to everyone within a limit."""

import re

import pytest
from django.contrib.gis.geos import LineString
from django.test import Client

from grids.territory.models import Boundary, Edition, Road
from tests.town import Town


def test_tiers_from_the_top_down(town: Town, client: Client) -> None:
    response = client.get("/api/v1/tiers/", headers={"accept-language": "zh-hans"})
    rows = response.json()
    assert [row["code"] for row in rows] == ["street", "community", "grid"]
    assert rows[0]["label"] == "一级网格(街道)"
    english = client.get("/api/v1/tiers/", headers={"accept-language": "en"}).json()
    assert english[0]["label"] == "Tier 1 grid (street)"


@pytest.mark.req("G-01")
def test_grids_are_filtered_by_tier_parent_code_and_date(town: Town, client: Client) -> None:
    def codes(**query: str) -> list[str]:
        return [row["code"] for row in client.get("/api/v1/grids/", query).json()["results"]]

    assert len(codes()) == 12
    assert codes(tier="street") == ["110108998", "110108999"]
    assert codes(parent="110108999001") == ["110108999001001", "110108999001002"]
    assert codes(code="110108999003") == ["110108999003"]
    assert codes(on="2020-01-01") == []
    assert codes(on="2025-06-01", tier="street") == ["110108998", "110108999"]
    assert client.get("/api/v1/grids/", {"on": "soon"}).status_code == 400


def test_one_grid_with_its_family(town: Town, client: Client) -> None:
    row = client.get("/api/v1/grids/grid/110108999001001/").json()
    assert row["ancestors"] == ["110108999", "110108999001"]
    assert row["children"] == []
    assert row["households"] == 200
    assert client.get("/api/v1/grids/street/110108999/").json()["children"] == [
        "110108999001",
        "110108999002",
        "110108999003",
    ]
    assert client.get("/api/v1/grids/grid/none/").status_code == 404


def test_outlines_carry_what_the_map_needs(town: Town, client: Client) -> None:
    response = client.get("/api/v1/grids.geojson", {"tier": "grid", "zoom": "15"})
    assert response["Content-Type"] == "application/geo+json"
    feature = response.json()["features"][0]
    assert set(feature["properties"]) == {
        "id",
        "code",
        "name",
        "label",
        "tier",
        "tier_label",
        "parent",
        "households",
        "kind",
        "source",
    }
    assert feature["geometry"]["type"] == "MultiPolygon"
    box = client.get("/api/v1/grids.geojson", {"bbox": "116.301,40.001,116.302,40.002"}).json()
    assert {f["properties"]["name"] for f in box["features"]} == {"区home", "区a", "区a1"}


def test_unchanged_outlines_are_not_sent_twice(town: Town, client: Client) -> None:
    first = client.get("/api/v1/grids.geojson", headers={"accept-language": "en"})
    again = {"accept-language": "en", "if-none-match": first["ETag"]}
    assert client.get("/api/v1/grids.geojson", headers=again).status_code == 304
    chinese = again | {"accept-language": "zh-hans"}
    assert client.get("/api/v1/grids.geojson", headers=chinese).status_code == 200


@pytest.mark.parametrize(
    "query", [{"bbox": "1,2"}, {"bbox": "9,0,1,1"}, {"zoom": "99"}, {"zoom": "x"}, {"on": "x"}]
)
def test_odd_parameters_are_refused_in_words(town: Town, client: Client, query) -> None:
    response = client.get("/api/v1/grids.geojson", query)
    assert response.status_code == 400
    assert list(response.json()) == list(query)


@pytest.mark.parametrize("name", ["tier", "parent", "code"])
def test_text_that_no_database_takes_finds_nothing(town: Town, client: Client, name: str) -> None:
    assert client.get("/api/v1/grids/", {name: "a\0"}).json()["count"] == 0
    assert client.get("/api/v1/grids.geojson", {name: "a\0"}).json()["features"] == []
    assert client.get("/api/v1/grids/street/a%00/").status_code == 404


def test_the_public_limit_holds(town: Town, client: Client, settings) -> None:
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"public_read": "2/hour"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    codes = [client.get("/api/v1/tiers/").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_the_list_costs_few_queries(town: Town, client: Client, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        client.get("/api/v1/grids/")
    with django_assert_max_num_queries(3):
        client.get("/api/v1/grids.geojson")


@pytest.mark.parametrize(
    "model",
    ["tier", "grid", "boundary", "edition", "finding", "building", "road", "water", "place"],
)
def test_the_administrator_sees_every_table(town: Town, sign_in, model: str) -> None:
    admin = sign_in("administrator")
    assert admin.get(f"/admin/territory/{model}/").status_code == 200


def test_what_is_published_is_read_only_in_the_administration(town: Town, sign_in) -> None:
    admin = sign_in("administrator")
    boundary = town.boundaries["a1"]
    page = admin.get(f"/admin/territory/boundary/{boundary.pk}/change/")
    assert page.status_code == 200
    answer = admin.post(f"/admin/territory/boundary/{boundary.pk}/change/", {"name": "other"})
    assert answer.status_code == 403
    assert sign_in("stranger").get("/admin/territory/boundary/").status_code == 302


def test_the_map_of_a_form_may_run_its_own_script_only(town: Town, sign_in) -> None:
    road = Road.objects.create(name="清华路", line=LineString((116.3, 40.0), (116.31, 40.0)))
    page = sign_in("administrator").get(f"/admin/territory/road/{road.pk}/change/")
    [nonce] = set(re.findall(r'<script nonce="([^"]+)"', page.content.decode()))
    assert f"script-src 'self' 'nonce-{nonce}'" in page["Content-Security-Policy"]
    assert "nonce" not in sign_in("administrator").get("/admin/")["Content-Security-Policy"]


def test_a_draft_can_be_mended_on_the_map(town: Town, sign_in) -> None:
    edition = Edition.objects.create(name="draft")
    drafted = Boundary.objects.create(
        edition=edition,
        grid=town.grids["a1"],
        parent=town.grids["a"],
        name="old",
        geometry=town.boundaries["a1"].geometry,
    )
    admin = sign_in("administrator")
    address = f"/admin/territory/boundary/{drafted.pk}/change/"
    form = admin.get(address).context["adminform"].form
    data = {name: form.initial.get(name) or "" for name in form.fields}
    data |= {"name": "mended", "geometry": drafted.geometry.geojson}
    assert admin.post(address, data).status_code == 302
    drafted.refresh_from_db()
    assert drafted.name == "mended"
