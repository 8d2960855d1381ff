"""The division through time: every edition at its moment, and only what a reader may see."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from shapely import LineString

from grids.territory.models import Edition
from grids.territory.services import editions
from grids.territory.services.drawing.cutting import split
from grids.territory.services.drawing.verbs import Pen
from tests.town import Town

pytestmark = [pytest.mark.django_db, pytest.mark.req("G-05"), pytest.mark.req("M-04")]


@pytest.fixture
def split_edition(town: Town) -> Edition:
    """a1 is split by its middle, in force at once."""
    now = timezone.now()
    draft = editions.draft("halves", actor=town.users["administrator"], now=now)
    line = LineString([(116.305, 39.99), (116.305, 40.03)])
    split(Pen(draft, None, now), town.grids["a1"].pk, line)
    return editions.publish(
        draft, actor=town.users["administrator"], now=now, accept_findings="test"
    )


def codes(client, edition: Edition) -> dict[str, bool]:
    answer = client.get(reverse("maps:history_areas", args=[edition.pk]))
    assert answer.status_code == 200
    return {
        feature["properties"]["code"]: feature["properties"]["changed"]
        for feature in answer.json()["features"]
    }


def test_each_edition_shows_the_division_of_its_moment(town: Town, split_edition: Edition, client):
    client.force_login(town.users["administrator"])
    before, after = codes(client, town.edition), codes(client, split_edition)
    assert len(after) == len(before) + 1
    new = next(iter(after.keys() - before.keys()))
    assert {code for code, changed in after.items() if changed} == {new, "110108999001001"}
    assert all(before.values())


def test_the_page_tells_what_each_edition_did(town: Town, split_edition: Edition, client):
    client.force_login(town.users["administrator"])
    answer = client.get(reverse("maps:history"))
    first, second = answer.context["data"]
    assert (second["name"], second["added"], second["changed"]) == ("halves", 1, 1)
    assert [line["origin"] for line in second["lines"]] == ["110108999001001"]
    assert sum(heir["area"] for heir in second["lines"][0]["heirs"]) == pytest.approx(1, abs=1e-3)
    assert answer.context["shown"] == 1
    asked = client.get(reverse("maps:history") + f"?edition={first['id']}")
    assert asked.context["shown"] == 0
    assert client.get(reverse("maps:history") + "?edition=x").context["shown"] == 1


def test_what_is_scheduled_is_marked_and_not_shown_first(town: Town, client):
    now = timezone.now()
    draft = editions.draft("later", actor=None, now=now)
    line = LineString([(116.305, 39.99), (116.305, 40.03)])
    split(Pen(draft, None, now), town.grids["a1"].pk, line)
    editions.publish(
        draft,
        actor=None,
        now=now,
        effective_at=now + timedelta(days=5),
        accept_findings="test",
    )
    client.force_login(town.users["administrator"])
    answer = client.get(reverse("maps:history"))
    assert [row["coming"] for row in answer.context["data"]] == [False, True]
    assert answer.context["shown"] == 0
    assert len(codes(client, draft)) == len(codes(client, town.edition)) + 1


def test_a_reader_sees_the_areas_of_the_own_posts_only(town: Town, split_edition: Edition, client):
    client.force_login(town.users["away_supervisor"])
    assert {code[:9] for code in codes(client, split_edition)} == {"110108998"}


@pytest.mark.parametrize(("who", "status"), [("stranger", 403), ("supervisor", 200)])
def test_it_is_for_those_who_see_the_map(town: Town, client, who: str, status: int):
    client.force_login(town.users[who])
    assert client.get(reverse("maps:history")).status_code == status
    answer = client.get(reverse("maps:history_areas", args=[town.edition.pk]))
    assert answer.status_code == status


def test_a_draft_or_a_number_that_is_none_is_not_found(town: Town, client):
    draft = editions.draft("only drawn", actor=None, now=timezone.now())
    client.force_login(town.users["administrator"])
    for number in (draft.pk, 999_999):
        assert client.get(reverse("maps:history_areas", args=[number])).status_code == 404


def test_questions_do_not_grow_with_editions(
    town: Town, split_edition: Edition, client, django_assert_max_num_queries
):
    client.force_login(town.users["administrator"])
    client.get(reverse("maps:history"))
    with django_assert_max_num_queries(10):
        client.get(reverse("maps:history"))
