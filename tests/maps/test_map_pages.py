"""The map page and its feeds: who sees which areas and cases, filters, figures, queries."""

import json
from datetime import timedelta

import pytest
from django.contrib.gis.geos import GEOSGeometry
from django.utils import timezone

from grids.territory.models import Boundary
from incidents.choices import State
from maps.services import cases as cases_service
from tests.incidents import cases
from tests.incidents.helpers import category, take, to_state

ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}
FEEDS = ("/map/areas.geojson", "/map/coverage.geojson", "/map/cases.geojson")


def features(client, path, **query):
    answer = client.get(path, query, **ENGLISH)
    assert answer.status_code == 200
    return answer.json()["features"]


def by_code(client):
    return {f["properties"]["code"]: f["properties"] for f in features(client, FEEDS[0])}


def numbers(client, **query):
    return {f["properties"]["number"] for f in features(client, FEEDS[2], **query)}


@pytest.mark.req("M-01")
def test_areas_carry_people_vacancies_and_load_summed_up_the_tree(town, sign_in):
    take(town, area="a1", now=timezone.now())
    take(town, area="a2", now=timezone.now() - timedelta(days=30))
    take(town, area="f1")
    to_state(town, State.CLOSED)
    found = by_code(sign_in("supervisor"))
    assert len(found) == 8
    a1, a, home = (found[town.grids[name].code] for name in ("a1", "a", "home"))
    assert (a1["open"], a1["red"], a1["households"]) == (1, 0, 200)
    assert (a["open"], a["red"]) == (2, 1)
    assert (home["open"], home["red"], home["divided"]) == (2, 1, True)
    people = {(person["name"], person["role"]) for person in a1["people"]}
    assert people == {("王芳", "Grid manager"), ("张伟", "Grid coordinator")}
    assert a1["vacancies"] == 0
    b2 = found[town.grids["b2"].code]
    assert b2["vacancies"] == len(b2["vacant"]) == 2
    assert "Grid manager" in " ".join(b2["vacant"])
    geometry = features(sign_in("supervisor"), FEEDS[0], tier="grid")[0]["geometry"]
    assert GEOSGeometry(json.dumps(geometry)).valid


def test_derived_outlines_say_so(town, sign_in):
    Boundary.objects.filter(grid=town.grids["a1"]).update(source="derived from buildings")
    Boundary.objects.filter(grid=town.grids["a2"]).update(source="survey of 2024")
    found = by_code(sign_in("supervisor"))
    assert found[town.grids["a1"].code]["derived"] is True
    assert found[town.grids["a2"].code]["derived"] is False


@pytest.mark.req("Z-06")
def test_everyone_sees_their_own_areas_and_cases_only(town, sign_in, client):
    own, other, foreign = (take(town, area=area) for area in ("a1", "b1", "f1"))
    everywhere = {own.number, other.number, foreign.number}
    seen = {
        "owner": ({"a1"}, {own.number}),
        "coordinator": ({"a1"}, {own.number}),
        "grid_head": ({"a", "a1", "a2"}, {own.number}),
        "supervisor": (None, {own.number, other.number}),
        "leader": (None, {own.number, other.number}),
        "dispatcher": (None, {own.number, other.number}),
        "outsider": ({"f1"}, {foreign.number}),
        "administrator": (None, everywhere),
    }
    for who, (areas, expected) in seen.items():
        signed_in = sign_in(who)
        assert signed_in.get("/map/").status_code == 200, who
        assert numbers(signed_in) == expected, who
        if areas is not None:
            assert set(by_code(signed_in)) == {town.grids[name].code for name in areas}, who
    assert len(by_code(sign_in("administrator"))) == 12
    for path in ("/map/", *FEEDS):
        assert client.get(path).status_code == 302, path
        for who in ("stranger", "desk"):
            expected_status = 200 if who == "desk" and path == FEEDS[2] else 403
            assert sign_in(who).get(path).status_code == expected_status, (who, path)


def test_analysts_see_areas_but_no_case(town, sign_in):
    take(town)
    client = sign_in("analyst")
    page = client.get("/map/", **ENGLISH).content.decode()
    assert "data-cases=" not in page
    assert "case-filters" not in page
    assert client.get(FEEDS[2]).status_code == 403
    assert {(area["open"], area["red"]) for area in by_code(client).values()} == {(0, 0)}


@pytest.mark.req("M-01")
def test_cases_by_status_kind_light_and_day(town, sign_in):
    now = timezone.now()
    component = category(small_code="701", kind="component", system="community_service")
    old = take(town, now=now - timedelta(days=60))
    lamp = take(town, now=now, category_id=component.pk, urgent=True)
    closed = to_state(town, State.CLOSED)
    client = sign_in("supervisor")
    assert numbers(client) == {old.number, lamp.number}
    assert numbers(client, stage="all") == {old.number, lamp.number, closed.number}
    assert numbers(client, stage="closed") == {closed.number}
    assert numbers(client, kind="component") == {lamp.number}
    assert numbers(client, system="community_service") == {lamp.number}
    assert numbers(client, light="red") == {old.number}
    assert numbers(client, urgent="on") == {lamp.number}
    assert numbers(client, days="7") == {lamp.number}
    for wrong in ({"stage": "x"}, {"light": "x"}, {"days": "-1"}, {"kind": "\x00"}):
        assert numbers(client, **wrong) == {old.number, lamp.number}, wrong
    feature = next(f for f in features(client, FEEDS[2]) if f["properties"]["urgent"])
    assert feature["properties"]["panel_url"] == f"/work/{lamp.number}/panel/"
    assert feature["geometry"]["coordinates"] == pytest.approx(list(town.point_in("a1")), abs=1e-5)
    assert "contact" not in str(feature)


def test_too_many_cases_are_cut_and_said(town, sign_in, monkeypatch):
    monkeypatch.setattr(cases_service, "MOST_CASES", 3)
    cases.multiply(take(town), 5)
    answer = sign_in("supervisor").get(FEEDS[2]).json()
    assert len(answer["features"]) == 3
    assert answer["truncated"] is True


@pytest.mark.req("S-02")
def test_coverage_shows_ground_that_is_not_divided(town, sign_in):
    found = features(sign_in("supervisor"), FEEDS[1])
    kinds = {(f["properties"]["kind"], tuple(f["properties"]["codes"])) for f in found}
    assert kinds == {("undivided", (town.grids["c"].code,))}


def test_the_address_tells_layers_filters_and_place(town, sign_in):
    client = sign_in("supervisor")
    page = client.get(
        "/map/", {"layers": "grid,posts", "at": "40.01,116.31,17", "stage": "closed"}, **ENGLISH
    ).content.decode()
    assert 'data-center="40.01000,116.31000" data-zoom="17"' in page
    assert 'data-layer="posts" checked' in page
    assert 'data-layer="cases">' in page
    assert '<option value="closed" selected>' in page
    plain = client.get("/map/", **ENGLISH).content.decode()
    assert 'data-layer="cases" checked' in plain
    for at in ("", "x", "1,2", "91,0,3", "0,0,99", "nan,nan,nan", "1,2,3,4"):
        assert "data-center" not in client.get("/map/", {"at": at}).content.decode(), at
    odd = client.get("/map/", {"layers": "<script>,grid", "stage": "<b>"}, **ENGLISH)
    assert "<script>," not in odd.content.decode()


def test_queries_do_not_grow(town, sign_in, django_assert_max_num_queries):
    cases.multiply(take(town), 50)
    client = sign_in("supervisor")
    client.get("/map/")
    with django_assert_max_num_queries(7):
        client.get("/map/")
    with django_assert_max_num_queries(12):
        client.get(FEEDS[0])
    with django_assert_max_num_queries(4):
        assert len(numbers(client)) == 51
    with django_assert_max_num_queries(10):
        client.get(FEEDS[1])
