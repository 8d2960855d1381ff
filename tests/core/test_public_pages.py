"""The public map can be closed until it was reviewed; lists then serve (P-05)."""

import pytest
from django.test import Client

from gridmgmt.core import public_pages
from gridmgmt.core.models import AuditEntry, MapMode
from incidents.models import Incident
from tests.town import START

MAPS = (
    "/tiles/base/14/13491/6201.mvt",
    "/tiles/grids/14/13491/6201.mvt",
    "/api/v1/grids.geojson",
    "/reports.geojson",
    "/api/v1/incidents.geojson",
)
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


def decide(**values: str) -> None:
    public_pages.decide(actor=None, now=START, **values)


@pytest.mark.req("P-05")
@pytest.mark.parametrize("path", MAPS)
def test_maps_are_open_unless_somebody_closes_them(town, path) -> None:
    assert Client().get(path).status_code == 200


@pytest.mark.req("P-05")
@pytest.mark.parametrize("path", MAPS)
@pytest.mark.parametrize("mode", [MapMode.STAFF, MapMode.UNTIL_REVIEWED])
def test_closed_maps_are_refused_to_everybody_but_staff(town, sign_in, path, mode) -> None:
    decide(map_mode=mode, review_number="GS(2024)0650")
    for client in (Client(), sign_in("stranger")):
        answer = client.get(path, **ENGLISH)
        assert answer.status_code == 403
        assert "not open to the public" in answer.json()["detail"]
    staff = sign_in("owner").get(path)
    assert staff.status_code == 200
    if "tiles" in path:
        assert "private" in staff["Cache-Control"]


@pytest.mark.req("P-05")
@pytest.mark.parametrize("path", MAPS)
def test_the_map_opens_by_itself_once_map_and_number_are_entered(town, path) -> None:
    decide(map_mode=MapMode.UNTIL_REVIEWED, base_map="天地图")
    assert Client().get(path).status_code == 403
    decide(review_number="GS(2024)0650")
    assert Client().get(path).status_code == 200


@pytest.mark.req("P-05")
def test_home_and_report_serve_lists_when_the_map_is_closed(town) -> None:
    decide(map_mode=MapMode.STAFF)
    home = Client().get("/", **ENGLISH).content.decode()
    assert "data-home" not in home
    assert "leaflet" not in home
    assert "/grids/110108999001001/" in home
    assert "Area a1" in home
    report = Client().get("/report/?address=Area+a1", **ENGLISH).content.decode()
    assert "leaflet" not in report
    assert "data-pick-plain" in report
    assert 'value="Area a1"' in report
    assert "?address=Area%20b2" in report


@pytest.mark.req("P-05", "P-03")
def test_a_report_with_words_arrives_while_the_map_is_closed(town) -> None:
    decide(map_mode=MapMode.STAFF)
    page = Client().get("/report/", **ENGLISH)
    answer = Client().post(
        "/report/",
        {
            "key": page.context["form"]["key"].value(),
            "description": "路灯坏了",
            "address": "荷清苑3号楼",
        },
    )
    assert answer.status_code == 302, answer.context and answer.context["form"].errors
    assert Incident.objects.get().place_words == "荷清苑3号楼"


@pytest.mark.req("P-05")
def test_the_review_number_stands_beneath_maps(town) -> None:
    decide(review_number="GS(2024)0650")
    for path in ("/", "/report/", "/grids/110108999001001/"):
        assert "GS(2024)0650" in Client().get(path).content.decode(), path


@pytest.mark.req("P-05")
def test_the_administrator_decides_on_a_page_and_the_trail_knows(town, sign_in) -> None:
    for who in ("owner", "supervisor", "stranger"):
        assert sign_in(who).get("/settings/public/").status_code == 403, who
    admin = sign_in("administrator")
    assert admin.get("/settings/public/").status_code == 200
    answer = admin.post(
        "/settings/public/",
        {"map_mode": "staff", "base_map": "", "review_number": "", "supervision_phone": "12345"},
    )
    assert answer.status_code == 302
    assert Client().get("/reports.geojson").status_code == 403
    entry = AuditEntry.objects.get(action="public_pages.changed")
    assert entry.data == {"fields": ["map_mode", "supervision_phone"], "map_mode": "staff"}
    assert admin.post("/settings/public/", {"map_mode": "x"}).status_code == 400
    assert public_pages.current().supervision_phone == "12345"
