"""The pages of division by machine: wishes, progress, comparison, taking over, and who may."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from gridmgmt.core import health, memory
from grids.territory.choices import EditionStatus, RunStatus
from grids.territory.models import DivisionRun, Edition
from grids.territory.services import division_runs, division_work
from grids.territory.services.drawing import journal, verbs
from tests.territory.division_town import HOME, A, B, F, asked, finished, settle
from tests.territory.drawing_town import draft, pen
from tests.town import Town

pytestmark = pytest.mark.req("G-03")
WISHES = {
    "areas": [A],
    "target": "200",
    "band": "15",
    "households": "1",
    "cases": "0",
    "strength": "0",
    "stability": "0",
    "emphases": ["even"],
    "seed": "0",
}


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def edition(town: Town) -> Edition:
    settle()
    return draft()


@pytest.fixture
def see(edition: Edition, sign_in: Callable[[str], Client]) -> Callable:
    """`see("5/", who="supervisor")` gets a page below /propose/; with `data` it posts."""

    def visit(path: str = "", data: dict | None = None, who: str = "supervisor"):
        address = f"/division/{edition.pk}/propose/{path}"
        headers = {"Accept-Language": "en"}
        if data is None:
            return sign_in(who).get(address, headers=headers)
        return sign_in(who).post(address, data, headers=headers)

    return visit


def test_the_form_offers_what_the_reader_may_divide_with_the_tier_s_target(see: Callable) -> None:
    text = see().content.decode()
    for code in (HOME, A, B):
        assert f'value="{code}"' in text
    assert F not in text
    assert 'name="target" value="200"' in text
    assert "400 households" in text
    assert "not divided yet" in text
    assert F in see(who="away_supervisor").content.decode()


def test_a_run_from_the_form_to_the_draft(edition: Edition, see: Callable) -> None:
    answer = see("", WISHES | {"emphases": ["even", "compact"], "seed": "4", "band": "20"})
    run = DivisionRun.objects.get()
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/division/{edition.pk}/propose/{run.pk}/"
    assert run.parameters["band"] == 0.2
    waiting = see(f"{run.pk}/").content.decode()
    assert "Cancel the run" in waiting
    assert "<progress" in waiting
    division_work.work()
    page = see(f"{run.pk}/").content.decode()
    assert "<progress" not in page
    assert page.count('data-outlines="') == 2
    for words in ("Even workload", "Compact grids", "Comparison", "Within the band", "Variation"):
        assert words in page
    large = see(f"{run.pk}/?proposal=2").content.decode()
    assert "2 · Compact grids</h2>" in large
    assert see(f"{run.pk}/?proposal=no").status_code == 200
    taken = see(f"{run.pk}/2/take/", {"expect": "0"})
    assert taken.headers["Location"] == f"/division/{edition.pk}/"
    assert journal.newest(edition) == 1
    moved = see(f"{run.pk}/").content.decode()
    assert "changed since this run" in moved
    assert 'name="expect" value="1"' in moved


def test_the_best_value_is_marked_by_a_word(edition: Edition, see: Callable) -> None:
    run = finished(edition, asked(A, emphases=("even", "compact")))
    for proposal, value in zip(run.proposals.all(), (0.1, 0.2), strict=True):
        proposal.scores["variation"] = value
        proposal.save()
    page = see(f"{run.pk}/").content.decode()
    assert '<span class="best">best</span> 0.100' in page
    assert '<span class="best">best</span> 0.200' not in page


def test_a_draft_that_moved_refuses_with_a_sentence(
    town: Town, edition: Edition, sign_in: Callable[[str], Client]
) -> None:
    run = finished(edition)
    verbs.rename(pen(edition), town.grids["b1"].pk, name="新名")
    address = f"/division/{edition.pk}/propose/{run.pk}/"
    headers = {"Accept-Language": "en"}
    answer = sign_in("supervisor").post(
        f"{address}1/take/", {"expect": "0"}, headers=headers, follow=True
    )
    assert answer.redirect_chain[0][0].startswith(address)
    assert "Somebody else has drawn" in answer.content.decode()
    assert journal.newest(edition) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"areas": []}, "Choose at least one area"),
        ({"areas": [F]}, "Select a valid choice"),
        ({"areas": ["1"]}, "Select a valid choice"),
        ({"target": "0"}, "greater than or equal to 1"),
        ({"target": "1e9"}, "less than or equal to"),
        ({"target": "nan"}, "Enter a number"),
        ({"band": "-3"}, "greater than or equal to 1"),
        ({"households": "-1"}, "greater than or equal to 0"),
        ({"households": "0"}, "one must be above zero"),
        ({"emphases": []}, "Choose at least one proposal"),
        ({"seed": "x"}, "whole number"),
    ],
    ids=str,
)
def test_wrong_wishes_are_told_beside_the_field(see: Callable, wrong: dict, sentence: str) -> None:
    answer = see("", WISHES | wrong)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert DivisionRun.objects.count() == 0


def test_a_second_run_waits_for_the_first(edition: Edition, see: Callable) -> None:
    see("", WISHES)
    run = DivisionRun.objects.get()
    answer = see("", WISHES)
    assert (answer.status_code, "under way" in answer.content.decode()) == (409, True)
    assert see(f"{run.pk}/cancel/", {}).status_code == 302
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    assert "was cancelled" in see(f"{run.pk}/").content.decode()
    again = see(f"{run.pk}/again/", {})
    fresh = DivisionRun.objects.exclude(pk=run.pk).get()
    assert again.headers["Location"] == f"/division/{edition.pk}/propose/{fresh.pk}/"
    assert fresh.parameters == run.parameters


def test_a_failed_run_says_why_and_its_wishes_can_be_changed(
    town: Town, sign_in: Callable[[str], Client]
) -> None:
    edition = draft()
    run = division_runs.request_run(edition, asked(B, target=123.0), actor=None, now=timezone.now())
    division_work.work()
    client = sign_in("supervisor")
    page = client.get(f"/division/{edition.pk}/propose/{run.pk}/").content.decode()
    assert "No building with households" in page
    form = client.get(f"/division/{edition.pk}/propose/?run={run.pk}").content.decode()
    assert 'name="target" value="123"' in form


def test_without_a_worker_the_page_says_so(edition: Edition, see: Callable) -> None:
    run = division_runs.request_run(edition, asked(A), actor=None, now=timezone.now())
    assert "Waiting for a worker." in see(f"{run.pk}/").content.decode()
    DivisionRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    memory.connection().delete(memory.key("heartbeat", "worker"))
    assert "no worker answers at the moment" in see(f"{run.pk}/").content.decode()
    health.beat_once("worker", timezone.now())
    assert "Waiting for a worker." in see(f"{run.pk}/").content.decode()


def test_parts_that_are_missing_are_said(edition: Edition, see: Callable) -> None:
    run = finished(edition, asked(A, strength=1))
    assert "no node strength here" in see(f"{run.pk}/").content.decode()


def test_another_edition_than_a_draft_is_refused(edition: Edition, see: Callable) -> None:
    run = finished(edition)
    Edition.objects.filter(pk=edition.pk).update(status=EditionStatus.WITHDRAWN)
    assert see().status_code == 409
    assert see(f"{run.pk}/").status_code == 409
    assert see(f"{run.pk}/1/take/", {"expect": "0"}).status_code == 409
    assert journal.newest(edition) == 0


def test_strangers_and_others_ground(edition: Edition, see: Callable) -> None:
    run = finished(edition)
    posts = ("", f"{run.pk}/cancel/", f"{run.pk}/again/", f"{run.pk}/1/take/")
    for who in ("stranger", "owner", "analyst"):
        assert see(who=who).status_code == 403
        assert see(f"{run.pk}/", who=who).status_code == 403
        assert [see(path, {}, who=who).status_code for path in posts] == [403] * 4
    assert see(f"{run.pk}/", who="away_supervisor").status_code == 403
    assert [see(p, {}, who="away_supervisor").status_code for p in posts[1:]] == [403] * 3
    assert see(who="away_supervisor").context["runs"] == []
    assert see("999/").status_code == 404
    assert see(f"{run.pk}/9/take/", {}).status_code == 404
    assert journal.newest(edition) == 0


def test_pages_cost_few_queries_however_many_areas_and_grids(
    edition: Edition, sign_in: Callable[[str], Client]
) -> None:
    run = finished(edition, asked(A, emphases=("even", "compact", "stable")))
    client = sign_in("supervisor")
    base = f"/division/{edition.pk}/propose/"
    client.get(base)
    for address, most in ((base, 14), (f"{base}{run.pk}/", 18)):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= most, [query["sql"][:90] for query in queries]
