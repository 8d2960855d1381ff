"""Editions over REST: drafted, compared, published, withdrawn and rebased by those who may."""

import datetime as dt
import json

import pytest
from django.utils import timezone

from grids.territory.errors import NotADraft
from grids.territory.models import Boundary, Edition
from grids.territory.services import editions
from tests.territory.redraws import box, draft, gap_in_a1, publish, put, split_a1

BASE = "/api/v1/editions/"


def post(client, path: str, body: dict | None = None):
    return client.post(BASE + path, json.dumps(body or {}), content_type="application/json")


@pytest.mark.req("G-05")
def test_a_draft_is_opened_compared_published_and_read_back(town, sign_in) -> None:
    client = sign_in("administrator")
    made = post(client, "", {"name": "spring", "note": "new estate"})
    assert made.status_code == 201, made.content
    edition = Edition.objects.get(name="spring")
    assert made.json()["id"] == edition.pk
    assert (made.json()["status"], made.json()["changes"]) == ("draft", 0)
    heir = split_a1(town, edition)
    shown = client.get(f"{BASE}{edition.pk}/").json()
    assert (shown["changes"], shown["base"], shown["step"]) == (2, "town", 0)
    assert shown["difference"]["added"] == shown["difference"]["moved"] == 1
    found = client.get(f"{BASE}{edition.pk}/difference/").json()
    [added], [moved] = found["added"], found["moved"]
    assert (added["code"], added["before_m2"]) == (heir.code, 0)
    assert added["after_m2"] == added["gained_m2"] == pytest.approx(moved["lost_m2"], rel=1e-6)
    assert moved["before_m2"] == pytest.approx(moved["after_m2"] + moved["lost_m2"], abs=0.3)
    outlines = client.get(f"{BASE}{edition.pk}/difference.geojson")
    assert outlines["Content-Type"] == "application/geo+json"
    sides = [
        (feature["properties"]["change"], feature["properties"]["side"])
        for feature in outlines.json()["features"]
    ]
    assert sorted(sides) == [("added", "after"), ("moved", "after"), ("moved", "before")]
    only = client.get(f"{BASE}{edition.pk}/difference.geojson?change=added").json()
    assert len(only["features"]) == 1
    done = post(client, f"{edition.pk}/publish/")
    assert done.status_code == 200, done.content
    assert (done.json()["status"], done.json()["published_by"]) == ("published", "管理员")
    again = post(client, f"{edition.pk}/publish/")
    assert again.status_code == 409
    assert "管理员" in again.json()["detail"]


@pytest.mark.req("G-04")
def test_findings_refuse_until_a_reason_is_given(town, sign_in) -> None:
    client = sign_in("administrator")
    edition = draft("gap")
    gap_in_a1(town, edition)
    refused = post(client, f"{edition.pk}/publish/", {"accept_reason": "  "})
    assert refused.status_code == 422
    [finding] = refused.json()["findings"]
    assert (finding["kind"], finding["degree"]) == ("gap", "law")
    assert Edition.objects.get(pk=edition.pk).status == "draft"
    done = post(client, f"{edition.pk}/publish/", {"accept_reason": "a river"})
    assert done.status_code == 200
    stored = edition.findings.get(kind="gap")
    assert (stored.accepted_reason, stored.accepted_by) == ("a river", town.users["administrator"])


@pytest.mark.req("G-05")
def test_a_conflict_is_told_and_rebased(town, sign_in) -> None:
    client = sign_in("administrator")
    mine, theirs = draft("mine"), draft("theirs")
    split_a1(town, mine)
    put(theirs, town, "a1", name="renamed")
    publish(theirs, actor=town.users["administrator"])
    refused = post(client, f"{mine.pk}/publish/")
    assert refused.status_code == 409
    [clash] = refused.json()["conflicts"]
    assert clash["code"] == town.grids["a1"].code
    assert clash["by"]["edition"] == "theirs"
    assert clash["by"]["published_by"] == "管理员"
    assert (clash["changed_by_them"], clash["changed_by_me"]) == (["name"], ["geometry"])
    assert clash["fits"] is True
    assert clash["theirs"]["name"] == "renamed"
    assert client.get(f"{BASE}{mine.pk}/rebase/").json()["conflicts"] == [clash]
    a1 = str(town.grids["a1"].pk)
    for nonsense, answer in (
        ({"keep": {a1: "yours"}}, 400),
        ({"keep": {"a1": "mine"}}, 400),
        ({"keep": {str(town.grids["b1"].pk): "mine"}}, 400),
        ({}, 400),
    ):
        assert post(client, f"{mine.pk}/rebase/", nonsense).status_code == answer
    unseen = post(client, f"{mine.pk}/rebase/", {"keep": {a1: "mine"}, "seen": {a1: None}})
    assert len(unseen.json()["conflicts"]) == 1
    seen = {a1: clash["theirs"]["boundary"]}
    settled = post(client, f"{mine.pk}/rebase/", {"keep": {a1: "mine"}, "seen": seen})
    assert (settled.status_code, settled.json()["conflicts"]) == (200, [])
    assert post(client, f"{mine.pk}/publish/").status_code == 200
    newest = Boundary.objects.get(grid=town.grids["a1"], valid__upper_inf=True)
    assert newest.name == "renamed"
    assert newest.geometry.extent[3] == pytest.approx(40.014)


@pytest.mark.req("G-05")
def test_a_scheduled_edition_is_listed_and_called_back(town, sign_in) -> None:
    client = sign_in("administrator")
    edition = draft("later")
    split_a1(town, edition)
    moment = timezone.now() + dt.timedelta(days=3)
    done = post(client, f"{edition.pk}/publish/", {"effective_at": moment.isoformat()})
    assert done.json()["scheduled"] is True
    listed = client.get(BASE, {"status": "published"}).json()["results"]
    assert [row["name"] for row in listed] == ["later", "town"]
    called_back = post(client, f"{edition.pk}/withdraw/")
    assert called_back.json()["status"] == "withdrawn"
    assert post(client, f"{edition.pk}/withdraw/").status_code == 409
    past = draft("past")
    put(past, town, "a1", name="x")
    refused = post(client, f"{past.pk}/publish/", {"effective_at": "2025-06-01T00:00:00Z"})
    assert refused.status_code == 400


@pytest.mark.req("S-01")
def test_who_may_do_what_and_where(town, sign_in) -> None:
    edition = draft("rights")
    put(edition, town, "a1", name="x")
    own, other = sign_in("supervisor"), sign_in("away_supervisor")
    assert own.get(f"{BASE}{edition.pk}/").status_code == 200
    assert post(own, "", {"name": "by the supervisor"}).status_code == 201
    assert post(own, f"{edition.pk}/publish/").status_code == 403
    refused = post(other, f"{edition.pk}/withdraw/")
    assert refused.status_code == 403
    assert town.grids["a1"].code in refused.json()["detail"]
    for client in (sign_in("owner"), sign_in("stranger")):
        assert client.get(BASE).status_code == 403
        assert client.get(f"{BASE}{edition.pk}/difference.geojson").status_code == 403
        assert post(client, "", {"name": "y"}).status_code == 403
        assert post(client, f"{edition.pk}/withdraw/").status_code == 403
    assert post(own, f"{edition.pk}/withdraw/").status_code == 200
    # Published ones are called back by who may publish, not by who may draw.
    late = draft("late")
    put(late, town, "a1", name="z")
    publish(late, effective_at=timezone.now() + dt.timedelta(days=1))
    assert post(own, f"{late.pk}/withdraw/").status_code == 403


@pytest.mark.req("S-01")
def test_what_is_only_scheduled_has_its_street_too(town, sign_in) -> None:
    coming = draft("coming")
    heir = split_a1(town, coming)
    publish(coming, effective_at=timezone.now() + dt.timedelta(days=2))
    edition = draft("after that")
    editions.remove(edition, heir)
    refused = post(sign_in("away_supervisor"), f"{edition.pk}/withdraw/")
    assert refused.status_code == 403
    assert heir.code in refused.json()["detail"]
    assert post(sign_in("supervisor"), f"{edition.pk}/withdraw/").status_code == 200


@pytest.mark.req("S-01")
def test_who_may_only_draw_does_not_call_back_what_was_published_meanwhile(town) -> None:
    edition = draft("quick")
    put(edition, town, "a1", name="x")
    publish(edition, effective_at=timezone.now() + dt.timedelta(days=2))
    with pytest.raises(NotADraft):
        editions.withdraw(edition, actor=None, now=timezone.now(), only_draft=True)
    edition.refresh_from_db()
    assert edition.status == "published"


def test_bad_input_is_answered_in_words(town, sign_in) -> None:
    client = sign_in("administrator")
    for body in ({}, {"name": ""}, {"name": " "}, {"name": "x" * 101}, {"name": "a\0b"}):
        assert post(client, "", body).status_code == 400, body
    assert post(client, "", {"name": "town"}).status_code == 400
    assert client.get(BASE, {"status": "x"}).status_code == 400
    assert client.get(BASE, {"name": "no such"}).json()["results"] == []
    assert client.get(f"{BASE}{town.edition.pk}/difference.geojson?change=x").status_code == 400
    for pk in (10**9, 10**30):
        assert client.get(f"{BASE}{pk}/").status_code == 404
        assert post(client, f"{pk}/publish/").status_code == 404
    edition = draft("empty")
    refused = post(client, f"{edition.pk}/publish/")
    assert refused.status_code == 400
    assert "empty" in refused.json()["detail"]
    split_a1(town, edition)
    for body in ({"effective_at": "tomorrow"}, {"expect": "x"}):
        assert post(client, f"{edition.pk}/publish/", body).status_code == 400, body
    stale = post(client, f"{edition.pk}/publish/", {"expect": 4})
    assert (stale.status_code, stale.json()["conflicts"]) == (409, [])


def test_the_list_asks_the_same_number_of_questions_for_many(
    town, sign_in, django_assert_num_queries
) -> None:
    client = sign_in("administrator")
    for number in range(3):
        put(draft(f"draft {number}"), town, "a1", name=f"name {number}")
    client.get(BASE)  # figures of the differences are kept
    with django_assert_num_queries(7):
        assert client.get(BASE).json()["count"] == 4
    for number in range(3, 9):
        put(draft(f"draft {number}"), town, "a2", name=f"name {number}")
    client.get(BASE)
    with django_assert_num_queries(7):
        assert client.get(BASE).json()["count"] == 10


def test_kept_figures_follow_every_change(town, sign_in) -> None:
    client = sign_in("administrator")
    edition = draft("kept")
    put(edition, town, "a1", name="x")
    first = client.get(f"{BASE}{edition.pk}/").json()["difference"]
    assert (first["renamed"], first["moved"]) == (1, 0)
    editions.put(
        edition,
        town.grids["a1"],
        geometry=box(116.30, 40.00, 116.31, 40.01),
        name="x",
        parent=town.grids["a"],
        households=200,
    )
    second = client.get(f"{BASE}{edition.pk}/").json()
    assert second["difference"]["moved"] == 1
    assert second["households_affected"] == 100  # half of the ground of 200 households


@pytest.mark.req("S-01")
def test_a_grid_taken_from_another_street_is_that_street_s_too(town, sign_in) -> None:
    edition = draft("taken")
    put(edition, town, "f1", parent=town.grids["a"])
    assert post(sign_in("supervisor"), f"{edition.pk}/withdraw/").status_code == 403
    assert post(sign_in("away_supervisor"), f"{edition.pk}/withdraw/").status_code == 403
    assert post(sign_in("administrator"), f"{edition.pk}/withdraw/").status_code == 200
