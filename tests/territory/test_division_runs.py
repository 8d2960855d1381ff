"""Runs of division by machine: asked for, worked off, cancelled, given up, repeated, taken over."""

import datetime as dt
import json
from collections.abc import Callable, Iterator

import pytest
import shapely
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from gridmgmt.core.models import AuditEntry
from grids.territory import ports
from grids.territory.choices import EditionStatus, RunStatus, StepVerb
from grids.territory.errors import EditionConflict, NotADraft, OutOfReach, TerritoryError
from grids.territory.models import DivisionRun, Edition
from grids.territory.services import division_runs, division_work
from grids.territory.services.division_areas import chosen, divisible, within_reach
from grids.territory.services.division_shown import comparison, phase
from grids.territory.services.division_work import LATE, Pulse, sweep
from grids.territory.services.drawing import journal, verbs
from grids.territory.services.drawing.journal import DraftMoved
from grids.territory.services.drawing.states import drawn
from grids.territory.tasks import divide
from tests.territory.division_town import HOME, A, B, F, asked, finished, settle
from tests.territory.drawing_town import draft, faults, ground_of, pen
from tests.town import Town

pytestmark = pytest.mark.req("G-03")


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def edition(town: Town) -> Edition:
    settle()
    return draft()


def request(edition: Edition, wishes=None, **values) -> DivisionRun:
    return division_runs.request_run(
        edition, wishes or asked(), actor=None, now=timezone.now(), **values
    )


def outlines(run: DivisionRun) -> list[tuple]:
    rows = run.proposals.order_by("number").values_list(
        "number", "grids__within", "grids__keeps", "grids__households", "grids__geometry"
    )
    return sorted((*row[:4], row[4].wkt) for row in rows)


def test_a_run_stores_proposals_that_cover_the_area_and_count_its_households(
    town: Town, edition: Edition
) -> None:
    run = finished(edition, asked(A, emphases=("even", "compact", "stable")))
    assert (run.progress, run.message) == (1, "")
    assert run.ended_at is not None
    assert [p.label for p in run.proposals.all()] == ["even", "compact", "stable"]
    whole = shapely.from_wkb(bytes(town.boundaries["a"].geometry.wkb))
    for proposal in run.proposals.all():
        shapes = [shapely.from_wkb(bytes(g.geometry.wkb)) for g in proposal.grids.all()]
        assert len(shapes) == proposal.scores["grids"]
        assert shapely.coverage_is_valid(shapes)
        assert shapely.union_all(shapes).symmetric_difference(whole).area < 1e-14
        assert sum(g.households for g in proposal.grids.all()) == 64 * 25
    assert run.ground["households"] == 64 * 25
    assert AuditEntry.objects.filter(action="division_asked").exists()


def test_the_same_seed_gives_the_same_again(edition: Edition) -> None:
    first = finished(edition, asked(A, seed=7))
    division_runs.repeat(first, actor=None, now=timezone.now() + dt.timedelta(days=3))
    division_work.work()
    second = DivisionRun.objects.latest("pk")
    assert second.pk != first.pk
    assert second.parameters == first.parameters, "the year of the cases too"
    assert outlines(second) == outlines(first)


def test_a_draft_has_one_run_at_a_time_and_the_database_holds_it(edition: Edition) -> None:
    run = request(edition)
    with pytest.raises(EditionConflict, match="under way"):
        request(edition)
    with pytest.raises(IntegrityError), transaction.atomic():
        DivisionRun.objects.create(edition=edition, created_at=timezone.now())
    division_runs.cancel(run, actor=None, now=timezone.now())
    run.refresh_from_db()
    assert (run.status, run.ended_at is not None) == (RunStatus.CANCELLED, True)
    assert request(edition).status == RunStatus.WAITING


def test_one_run_works_at_a_time_in_the_whole_deployment(edition: Edition) -> None:
    busy = DivisionRun.objects.create(
        edition=draft("other"),
        created_at=timezone.now(),
        status=RunStatus.RUNNING,
        seen_at=timezone.now(),
    )
    run = request(edition)
    assert division_work.work() == 0
    assert not division_work.run(run.pk)
    assert "another division" in phase(run, timezone.now())
    busy.status = RunStatus.DONE
    busy.save()
    assert divide() == 1
    run.refresh_from_db()
    assert run.status == RunStatus.DONE


def test_a_working_run_hears_of_cancelling_within_a_second_and_stores_nothing(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = request(edition)
    monkeypatch.setattr(division_work, "BEAT_S", 0.0)
    told = []
    beat = Pulse.beat

    def cancel_then_beat(pulse: Pulse) -> None:
        if not told:
            told.append(1)
            division_runs.cancel(run, actor=None, now=timezone.now())
        beat(pulse)

    monkeypatch.setattr(Pulse, "beat", cancel_then_beat)
    division_work.work()
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED
    assert run.proposals.count() == 0
    assert division_work.BEAT_S < 1


def test_a_run_of_a_dead_worker_begins_again_then_fails_with_words(edition: Edition) -> None:
    run, now = request(edition), timezone.now()
    DivisionRun.objects.filter(pk=run.pk).update(
        status=RunStatus.RUNNING, attempts=1, seen_at=now - LATE / 2
    )
    assert sweep(now=now) == 0, "it lives"
    assert sweep(now=now + LATE) == 1
    run.refresh_from_db()
    assert run.status == RunStatus.WAITING
    DivisionRun.objects.filter(pk=run.pk).update(
        status=RunStatus.RUNNING, attempts=2, seen_at=now - 2 * LATE
    )
    assert sweep(now=now) == 1
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "memory" in run.message


def test_a_worker_that_was_given_up_writes_nothing_any_more(edition: Edition) -> None:
    run = request(edition)
    DivisionRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, attempts=1)
    run.refresh_from_db()
    old = Pulse(run)
    DivisionRun.objects.filter(pk=run.pk).update(attempts=2)
    old.beat()
    assert old.stopped
    old.end(RunStatus.FAILED, "too late")
    run.refresh_from_db()
    assert (run.status, run.message) == (RunStatus.RUNNING, "")


def test_no_buildings_fail_in_words_in_the_asker_s_language(town: Town) -> None:
    with translation.override("zh-hans"):
        run = request(draft())
    division_work.work()
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    with translation.override("zh-hans"):
        assert A in run.message
    assert "Load the buildings" not in run.message


def test_a_draft_closed_meanwhile_fails_the_run_in_words(edition: Edition) -> None:
    run = request(edition)
    Edition.objects.filter(pk=edition.pk).update(status=EditionStatus.WITHDRAWN)
    division_work.work()
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "not a draft" in run.message
    with pytest.raises(NotADraft):
        request(edition)


def test_a_fault_of_the_program_is_told_and_logged(
    edition: Edition, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_args: object, **_values: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(division_work, "problem_for", broken)
    run = request(edition)
    division_work.work()
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "fault of the program" in run.message
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    "wishes",
    [
        {"areas": ()},
        {"areas": ("9" * 12,)},
        {"areas": ("110108999001001",)},
        {"target": 0},
        {"target": -5},
        {"target": float("nan")},
        {"target": 10**9},
        {"target": "many"},
        {"band": 0},
        {"band": 1},
        {"households": -1},
        {"households": 0},
        {"stability": float("inf")},
        {"emphases": ()},
        {"emphases": ("round",)},
        {"seed": -1},
        {"seed": 1.5},
        {"seed": 2**40},
    ],
    ids=str,
)
def test_wishes_that_no_division_can_follow_are_refused(edition: Edition, wishes: dict) -> None:
    areas = wishes.pop("areas", (A,))
    plain = asked(A, **wishes)
    with pytest.raises(TerritoryError):
        request(edition, type(plain)(**{**plain.as_json(), "areas": areas}))
    assert DivisionRun.objects.count() == 0


def test_a_huge_target_leaves_the_area_whole(edition: Edition) -> None:
    run = finished(edition, asked(A, target=1_000_000))
    assert [g.households for g in run.proposals.get().grids.all()] == [64 * 25]


def test_parts_that_are_not_there_count_zero_and_the_run_says_so(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_sources", {})
    mixed = finished(edition, asked(A, cases=1, strength=2))
    assert (mixed.ground["cases"], mixed.ground["strength"]) == (0, 0)
    plain = finished(edition, asked(A))
    assert "cases" not in plain.ground
    assert outlines(mixed) == outlines(plain)


def test_a_street_stands_for_its_communities(town: Town, edition: Edition) -> None:
    areas = {area.code: area for area in divisible(edition)}
    assert [areas[code].divides_itself for code in (HOME, A, B)] == [False, True, True]
    assert len(areas[HOME].parts) == 3
    assert areas[A].grids == 2
    assert areas[A].households == 400
    settle(116.32, 116.36)
    run = finished(edition, asked(HOME, A, B))
    assert run.parameters["areas"] == [HOME], "what is said twice is kept once"
    within = set(run.proposals.get().grids.values_list("within", flat=True))
    assert within == {A, B, "110108999003"}


def test_taking_over_is_one_step_that_can_be_undone(town: Town, edition: Edition) -> None:
    run = finished(edition)
    before = drawn(edition)
    proposal = run.proposals.get()
    step = division_runs.take_over(proposal, edition=edition, actor=None, now=timezone.now())
    assert (step.number, step.verb) == (1, StepVerb.PROPOSE)
    assert faults(edition) == []
    whole = shapely.from_wkb(bytes(town.boundaries["a"].geometry.wkb)).area
    assert ground_of(edition, town.grids["a"].pk) == pytest.approx(whole, rel=1e-9)
    mine = [s for s in drawn(edition).values() if s.parent_id == town.grids["a"].pk]
    assert len(mine) == proposal.scores["grids"]
    assert sum(state.households for state in mine) == 64 * 25
    journal.undo(edition, actor=None, now=timezone.now())
    assert drawn(edition) == before
    assert AuditEntry.objects.filter(action="division_taken").exists()


def test_a_draft_that_moved_on_refuses_until_the_newest_step_is_named(
    town: Town, edition: Edition
) -> None:
    proposal = finished(edition).proposals.get()
    step = verbs.rename(pen(edition), town.grids["b1"].pk, name="新名")
    take = {"edition": edition, "actor": None, "now": timezone.now()}
    with pytest.raises(DraftMoved):
        division_runs.take_over(proposal, **take)
    with pytest.raises(DraftMoved):
        division_runs.take_over(proposal, expect=0, **take)
    taken = division_runs.take_over(proposal, expect=step.number, **take)
    assert taken.number == step.number + 1


def test_an_area_redrawn_since_the_run_refuses_its_proposals(town: Town, edition: Edition) -> None:
    proposal = finished(edition).proposals.get()
    a = drawn(edition, [town.grids["a"].pk])[town.grids["a"].pk]
    parts = shapely.get_parts(a.geometry)
    moved = shapely.MultiPolygon([shapely.buffer(parts[0], -0.0001)])
    state = type(a)(**{name: getattr(a, name) for name in a.__slots__} | {"geometry": moved})
    step = journal.perform(
        edition,
        verb=StepVerb.RESHAPE,
        changes={a.grid_id: state},
        actor=None,
        now=timezone.now(),
    )
    with pytest.raises(EditionConflict, match="Run the division anew"):
        division_runs.take_over(
            proposal, edition=edition, actor=None, now=timezone.now(), expect=step.number
        )
    assert journal.newest(edition) == step.number


def test_only_what_one_may_draw_can_be_divided(
    town: Town, edition: Edition, sign_in: Callable[[str], Client]
) -> None:
    access = sign_in("supervisor").get("/division/").wsgi_request.access
    areas = divisible(edition)
    mine = {area.code for area in within_reach(areas, access)}
    assert {HOME, A, B} <= mine
    assert F not in mine
    with pytest.raises(OutOfReach, match=F):
        chosen(areas, [A, F], access)


def test_old_runs_are_forgotten(edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(division_runs, "MOST_KEPT", 2)
    for _turn in range(4):
        run = request(edition)
        division_runs.cancel(run, actor=None, now=timezone.now())
    assert edition.division_runs.count() == 3


def test_the_best_of_each_row_is_marked_and_nothing_where_all_are_alike(edition: Edition) -> None:
    run = finished(edition, asked(A, emphases=("even", "compact")))
    first, second = run.proposals.all()
    first.scores |= {"variation": 0.1, "compactness": 0.5, "buildings_cut": 0}
    second.scores |= {"variation": 0.2, "compactness": 0.6, "buildings_cut": 0}
    rows = {row.label: row.cells for row in comparison([first, second], {})}
    assert rows["Variation"] == [("0.100", True), ("0.200", False)]
    assert rows["Compactness"] == [("0.500", False), ("0.600", True)]
    assert rows["Buildings cut"] == [("0", False), ("0", False)]


class TestRest:
    """The same over REST."""

    @pytest.fixture
    def call(self, edition: Edition, sign_in: Callable[[str], Client]) -> Callable:
        base = f"/api/v1/editions/{edition.pk}/division-runs/"

        def send(path: str = "", body: object = None, who: str = "supervisor") -> tuple:
            client, headers = sign_in(who), {"Accept-Language": "en"}
            if body is None:
                answer = client.get(base + path, headers=headers)
            else:
                raw = json.dumps(body)
                answer = client.post(
                    base + path, raw, content_type="application/json", headers=headers
                )
            return answer.status_code, json.loads(answer.content)

        return send

    def test_ask_watch_compare_take(self, edition: Edition, call: Callable) -> None:
        status, run = call("", {"areas": [A], "emphases": ["even", "stable"], "seed": 3})
        assert (status, run["status"], run["progress"]) == (201, "waiting", 0)
        assert (run["parameters"]["target"], run["parameters"]["seed"]) == (200, 3)
        division_work.work()
        status, done = call(f"{run['id']}/")
        assert (status, done["status"], done["progress"]) == (200, "done", 1)
        assert [p["label"] for p in done["proposals"]] == ["even", "stable"]
        assert call()[1]["results"][0]["id"] == run["id"]
        status, areas = call(f"{run['id']}/proposals/2.geojson")
        sides = [f["properties"]["side"] for f in areas["features"]]
        assert (status, sides.count("today")) == (200, 2)
        assert sides.count("proposed") == done["proposals"][1]["scores"]["grids"]
        first = areas["features"][0]["properties"]
        assert first["standing"] in {"within", "over", "under", "apart"}
        assert first["change"] in {"same", "altered", "new"}
        few = call(f"{run['id']}/proposals/2.geojson?detail=overview")[1]
        assert {f["properties"]["side"] for f in few["features"]} == {"proposed"}
        status, taken = call(f"{run['id']}/proposals/2/take/", {"expect": 0})
        assert (status, taken["step"]["verb"], taken["newest"]) == (200, "propose", 1)
        status, refused = call(f"{run['id']}/proposals/1/take/", {})
        assert (status, refused["newest"]) == (409, 1)

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({}, 400),
            ({"areas": A}, 400),
            ({"areas": ["\0"]}, 400),
            ({"areas": ["404"]}, 400),
            ({"areas": [F]}, 403),
            ({"areas": [A], "target": 0}, 400),
            ({"areas": [A], "target": "1"}, 400),
            ({"areas": [A], "target": None}, 400),
            ({"areas": [A], "mix": {"cases": -1}}, 400),
            ({"areas": [A], "mix": {"trees": 1}}, 400),
            ({"areas": [A], "mix": 3}, 400),
            ({"areas": [A], "seed": True}, 400),
            ([], 400),
        ],
        ids=str,
    )
    def test_bad_bodies(self, call: Callable, body: object, status: int) -> None:
        answered, text = call("", body)
        assert (answered, bool(text["detail"])) == (status, True), text
        assert DivisionRun.objects.count() == 0

    def test_cancel_and_ask_twice(self, call: Callable) -> None:
        run = call("", {"areas": [A]})[1]
        assert call("", {"areas": [A]})[0] == 409
        status, cancelled = call(f"{run['id']}/cancel/", {})
        assert (status, cancelled["status"]) == (200, "cancelled")
        assert call(f"{run['id']}/proposals/1.geojson")[0] == 404
        assert call(f"{run['id']}/proposals/1/take/", {})[0] == 404

    def test_runs_of_others_ground_are_out_of_reach(self, edition: Edition, call: Callable) -> None:
        run = finished(edition)
        assert call(who="away_supervisor")[1]["results"] == []
        for path, body in (("", None), ("cancel/", {}), ("proposals/1/take/", {})):
            assert call(f"{run.pk}/{path}", body, who="away_supervisor")[0] == 403
            assert call(f"{run.pk}/{path}", body, who="owner")[0] == 403
        assert call("999/")[0] == 404

    def test_watching_costs_few_queries(
        self, edition: Edition, sign_in: Callable[[str], Client]
    ) -> None:
        run = finished(edition)
        client = sign_in("administrator")
        address = f"/api/v1/editions/{edition.pk}/division-runs/{run.pk}/"
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(address)
        assert len(queries) <= 8, [query["sql"][:80] for query in queries]
