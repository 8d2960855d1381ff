"""The coordinator's pages: who may open them, what the quick form takes, what the list shows."""

import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from grids.people.models import Post
from incidents.choices import Channel, State
from incidents.models import Incident
from tests.incidents.helpers import category, take
from tests.incidents.test_photos import picture
from tests.town import STAFF

PAGES = ("/field/", "/field/list/", "/field/map/", "/field/cases.geojson")
# Who closes on the spot: the rest has no use for these pages.
WELCOME = {
    "owner",
    "teammate",
    "b1_manager",
    "coordinator",
    "outsider",
    "administrator",
    "grid_head",
}
JSON = {"HTTP_ACCEPT": "application/json"}


def body(town, **fields):
    lon, lat = town.point_in("a1")
    return {"description": "井盖松动", "lon": lon, "lat": lat, "key": "f" * 32} | fields


@pytest.mark.req("Z-01")
@pytest.mark.parametrize("page", PAGES)
def test_only_those_who_work_on_a_grid_come_in(town, sign_in, page):
    anonymous = Client().get(page)
    assert anonymous.status_code == 302
    assert anonymous.url.startswith("/login/")
    for username in [*STAFF, "handler", "stranger"]:
        expected = 200 if username in WELCOME else 403
        assert sign_in(username).get(page).status_code == expected, username


@pytest.mark.req("Z-01")
@pytest.mark.parametrize("username", ["stranger", "analyst", "handler", "leader"])
def test_nobody_else_reports_here(town, sign_in, username):
    assert sign_in(username).post("/field/", body(town)).status_code == 403
    assert Client().post("/field/", body(town)).status_code == 302
    assert not Incident.objects.exists()


@pytest.mark.req("I-06")
def test_a_quick_report_goes_its_way_with_its_author(town, sign_in):
    kind = category()
    coordinator = sign_in("coordinator")
    photo = SimpleUploadedFile("x.jpg", picture(), "image/jpeg")
    answer = coordinator.post("/field/", body(town, category=kind.pk, photos=[photo]))
    incident = Incident.objects.get()
    assert answer.status_code == 302
    assert incident.number in answer.url
    assert incident.channel == Channel.PATROL
    assert incident.reporter == town.users["coordinator"]
    assert incident.category == kind
    assert incident.attachments.count() == 1
    assert incident.number in html.unescape(coordinator.get(answer.url).content.decode())


@pytest.mark.req("I-06")
def test_what_was_solved_on_the_spot_is_closed_with_what_was_done(town, sign_in):
    coordinator = sign_in("coordinator")
    refused = coordinator.post("/field/", body(town, on_the_spot="on"), **JSON)
    assert refused.status_code == 400
    assert "result" in refused.json()["errors"]
    assert not Incident.objects.exists()
    taken = coordinator.post("/field/", body(town, on_the_spot="on", result="已盖好"), **JSON)
    assert taken.status_code == 201
    incident = Incident.objects.get()
    assert taken.json() == {"number": incident.number, "next": f"/field/?sent={incident.number}"}
    assert incident.state == State.CLOSED
    assert incident.on_the_spot
    assert incident.result_public == "已盖好"


@pytest.mark.req("Z-04")
def test_a_lost_answer_and_a_second_try_make_one_case(town, sign_in):
    coordinator = sign_in("coordinator")
    first = coordinator.post("/field/", body(town), **JSON).json()
    assert coordinator.post("/field/", body(town), **JSON).json() == first
    assert Incident.objects.count() == 1
    other = coordinator.post("/field/", body(town, description="另一件"), **JSON)
    assert other.status_code == 400
    assert other.json()["key"] != "f" * 32
    again = coordinator.post(
        "/field/", body(town, description="另一件", key=other.json()["key"]), **JSON
    )
    assert again.status_code == 201


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"description": ""}, "description"),
        ({"description": "长" * 100_000}, "description"),
        ({"lon": "nan"}, "address"),
        ({"lon": "", "lat": ""}, "address"),
        ({"category": "999999"}, "category"),
        ({"tile": "dragon"}, "tile"),
    ],
)
def test_faults_are_told_by_field_and_nothing_is_written(town, sign_in, fields, field):
    coordinator = sign_in("coordinator")
    told = coordinator.post("/field/", body(town, **fields), **JSON).json()["errors"]
    assert list(told) == [field]
    assert told[field][0]["message"]
    page = coordinator.post("/field/", body(town, **fields))
    assert page.status_code == 400
    assert 'class="field__error"' in page.content.decode()
    assert not Incident.objects.exists()


def test_on_foreign_ground_nothing_is_closed_on_the_spot(town, sign_in):
    lon, lat = town.point_in("f1")
    answer = sign_in("coordinator").post(
        "/field/", body(town, lon=lon, lat=lat, on_the_spot="on", result="x"), **JSON
    )
    assert answer.status_code == 400
    assert not Incident.objects.exists()


@pytest.mark.req("Z-01")
def test_the_list_and_the_map_show_the_own_grid_only(town, sign_in):
    own = take(town, area="a1", description="自己网格的事", category_id=category().pk)
    other = take(town, area="a2", description="隔壁网格的事")
    coordinator = sign_in("coordinator")
    page = html.unescape(coordinator.get("/field/list/").content.decode())
    assert own.number in page
    assert "自己网格的事" in page
    assert other.number not in page
    assert "light--" in page
    drawn = coordinator.get("/field/cases.geojson").json()["features"]
    assert [feature["properties"]["number"] for feature in drawn] == [own.number]
    assert drawn[0]["geometry"]["coordinates"] == [own.point.x, own.point.y]


def test_an_empty_list_says_what_to_do(town, sign_in):
    page = sign_in("coordinator").get("/field/list/").content.decode()
    assert 'href="/field/"' in page
    assert 'class="empty"' in page


def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    town, sign_in, django_assert_max_num_queries
):
    kind = category()
    coordinator = sign_in("coordinator")
    for n in range(8):
        take(town, description=f"第{n}件", category_id=kind.pk)
    with django_assert_max_num_queries(10):
        assert coordinator.get("/field/list/").content.decode().count("case-card__text") == 8


def test_whoever_has_lost_the_post_no_longer_comes_in(town, sign_in):
    coordinator = sign_in("coordinator")
    Post.objects.filter(person=town.users["coordinator"].person).delete()
    assert coordinator.get("/field/").status_code == 403
