"""Whose is this place, over HTTP: open to everyone, one query, clear errors, nothing private."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridmgmt.core.crs import BD09, from_wgs84
from gridmgmt.core.permissions import Role
from grids.people.models import Absence, Person

URL = "/api/v1/responsibility/"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}

pytestmark = pytest.mark.req("G-06")


def ask(client, lon, lat, **query):
    return client.get(URL, {"lon": lon, "lat": lat} | query, **ENGLISH)


def test_one_query_answers_with_every_tier_and_the_reason(town, client):
    lon, lat = town.point_in("a1")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = ask(client, lon, lat)
    assert len(queries) == 1
    body = answer.json()
    assert body["answer"] == "inside"
    assert [area["code"] for area in body["areas"]] == [
        "110108999",
        "110108999001",
        "110108999001001",
    ]
    assert body["areas"][-1]["tier"] == "grid"
    assert body["areas"][-1]["households"] == 200
    assert "Area a1" in body["reason"]
    assert body["distance_m"] == 0
    assert "people" not in body
    assert answer["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    ("lon", "lat", "word", "depth"),
    [
        (116.31, 40.01, "boundary", 3),
        (116.35, 40.01, "inside", 2),
        (116.305, 40.0205, "gap", 3),
        (0, 0, "outside", 0),
    ],
)
def test_the_fixed_words(town, client, lon, lat, word, depth):
    body = ask(client, lon, lat).json()
    assert (body["answer"], len(body["areas"])) == (word, depth)
    assert body["reason"]
    assert bool(body["others"]) is (word == "boundary")


def test_people_in_post_with_duty_phones_and_nothing_private(town, client):
    lon, lat = town.point_in("a1")
    Person.objects.update(phone="13800001999")
    with CaptureQueriesContext(connection) as queries:
        answer = ask(client, lon, lat, people=1)
    assert len(queries) == 2
    people = answer.json()["people"]
    assert people["manager"] == [
        {
            "name": "王芳",
            "duty_phone": "010-62780000",
            "area": "110108999001001",
            "why": "lead",
        }
    ]
    assert [p["name"] for p in people["supervisor"]] == ["刘洋"]
    assert set(people) == {"coordinator", "manager", "supervisor", "grid_head"}
    for private in ("1999", "username", "owner", "赵主任"):
        assert private not in answer.content.decode()


def test_the_stand_in_is_shown_while_someone_is_away(town, client):
    now = timezone.now()
    Absence.objects.create(
        person=town.users["owner"].person,
        stand_in=town.users["teammate"].person,
        during=(now - timedelta(days=1), now + timedelta(days=1)),
    )
    lon, lat = town.point_in("a1")
    [manager] = ask(client, lon, lat, people="true").json()["people"][Role.MANAGER]
    assert (manager["name"], manager["why"]) == ("李强", "stand_in")


def test_other_coordinate_systems(town, client):
    lon, lat = town.point_in("b1")
    x, y = from_wgs84(lon, lat, BD09)
    assert ask(client, x, y, crs="bd09").json()["areas"][-1]["name"] == "区b1"
    assert ask(client, x, y).json()["areas"][-1]["name"] != "区b1"
    metres = ask(client, 441_000, 4_429_000, crs="EPSG:32650").json()
    assert metres["areas"][0]["name"] == "区home"


def test_a_day_is_its_start_in_the_deployments_zone(town, client):
    lon, lat = town.point_in("a1")
    before = ask(client, lon, lat, on="2025-01-01").json()
    assert before["answer"] == "outside"  # the division began at 08:00 of that day in Shanghai
    assert before["moment"] == "2025-01-01T00:00:00+08:00"
    assert ask(client, lon, lat, on="2025-01-02").json()["answer"] == "inside"
    assert ask(client, lon, lat, at="2025-01-01T08:00:00+08:00").json()["answer"] == "inside"
    assert ask(client, lon, lat, at="2024-12-31T23:59:59Z").json()["answer"] == "outside"
    unescaped = client.get(f"{URL}?lon={lon}&lat={lat}&at=2025-01-01T08:00:00+08:00")
    assert unescaped.json()["answer"] == "inside"


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "lon,lat"),
        ({"lon": "116.3"}, "lon,lat"),
        ({"lon": "", "lat": "40"}, "lon,lat"),
        ({"lon": "here", "lat": "40"}, "lon,lat"),
        ({"lon": "nan", "lat": "40"}, "lon,lat"),
        ({"lon": "inf", "lat": "40"}, "lon,lat"),
        ({"lon": "40", "lat": "116.3"}, "lon,lat"),
        ({"lon": "440000", "lat": "4427000"}, "lon,lat"),
        ({"lon": "nan", "lat": "nan", "crs": "gcj02"}, "lon,lat"),
        ({"lon": "1e300", "lat": "1e300", "crs": "EPSG:32650"}, "lon,lat"),
        ({"lon": "116.3", "lat": "40", "crs": "mars"}, "crs"),
        ({"lon": "116.3", "lat": "40", "on": "yesterday"}, "on"),
        ({"lon": "116.3", "lat": "40", "on": "2026-02-30"}, "on"),
        ({"lon": "116.3", "lat": "40", "at": "soon"}, "at"),
        ({"lon": "116.3", "lat": "40", "at": "2026-13-01T00:00Z"}, "at"),
        ({"lon": "116.3", "lat": "40", "on": "2026-01-01", "at": "2026-01-01T00:00Z"}, "on"),
        ({"lon": "116.3", "lat": "40", "on": "0001-01-01"}, None),
        ({"lon": "116.3", "lat": "40", "on": "9999-12-31"}, None),
    ],
)
def test_bad_input_is_answered_with_what_to_do(db, client, query, field):
    answer = client.get(URL, query, **ENGLISH)
    assert answer.status_code == (400 if field else 200)
    assert answer.json().get("field") == field
    assert answer.json()["detail" if field else "reason"]


def test_limited_by_address_and_read_only(db, client, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"public_read": "2/min"}
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": rates}
    codes = [ask(client, 116.3, 40).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    limited = ask(client, 116.3, 40)
    assert "seconds" in limited.json()["detail"]
    assert int(limited["Retry-After"]) > 0
    assert client.post(URL).status_code == 405
