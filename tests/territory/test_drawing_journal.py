"""Steps of a draft: written once, undone exactly, redone the same, told to whoever drew besides."""

import dataclasses
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import shapely
from django.db import connection
from django.utils import timezone, translation
from shapely.geometry import MultiPolygon

from gridmgmt.core.models import AuditEntry
from grids.territory.choices import EditionStatus, StepVerb
from grids.territory.errors import TerritoryError
from grids.territory.models import Boundary, DraftStep, Edition, Grid
from grids.territory.services import editions, rebasing
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.journal import DraftMoved, State
from tests.territory.redraws import publish, put
from tests.town import Town


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def draft(name: str = "redraw") -> Edition:
    return editions.draft(name, actor=None, now=timezone.now())


def step(edition: Edition, changes: dict[int, State | None], **options: Any) -> DraftStep:
    options.setdefault("verb", StepVerb.RESHAPE)
    return journal.perform(edition, changes=changes, actor=None, now=timezone.now(), **options)


def undo(edition: Edition, **options: Any) -> DraftStep:
    return journal.undo(edition, actor=None, now=timezone.now(), **options)


def redo(edition: Edition, **options: Any) -> DraftStep:
    return journal.redo(edition, actor=None, now=timezone.now(), **options)


def renamed(town: Town, edition: Edition, area: str, name: str) -> dict[int, State | None]:
    grid = town.grids[area].pk
    return {grid: dataclasses.replace(journal.drawn(edition, [grid])[grid], name=name)}


def rows(edition: Edition) -> list[tuple[Any, ...]]:
    """All that the draft holds, exactly."""
    found = edition.boundaries.order_by("grid_id").values_list(
        "grid_id", "name", "parent_id", "replaces_id", "kind", "households", "geometry", "confirmed"
    )
    return [(*row[:6], row[6] and row[6].hexewkb, row[7]) for row in found]


@pytest.mark.req("G-07")
def test_a_step_is_undone_exactly_and_redone_the_same(town: Town) -> None:
    edition = draft()
    a1, a2 = town.grids["a1"].pk, town.grids["a2"].pk
    state = journal.drawn(edition, [a1])[a1]
    smaller = MultiPolygon([shapely.box(116.30, 40.00, 116.305, 40.02)])
    gone = State(a2, None, name="区a2", parent_id=town.grids["a"].pk)
    first = step(edition, {a1: dataclasses.replace(state, geometry=smaller), a2: gone})
    held = rows(edition)
    assert first.number == 1
    assert first.codes == ["110108999001001", "110108999001002"]
    assert [row[0] for row in held] == [a1, a2]
    assert held[0][3] == town.boundaries["a1"].pk
    assert held[1][6] is None
    assert a2 not in journal.drawn(edition)
    assert journal.drawn(edition, [a1])[a1].geometry.equals(smaller)
    assert undo(edition).number == 1
    assert rows(edition) == []
    assert journal.drawn(edition, [a1])[a1] == state
    assert redo(edition).number == 1
    assert rows(edition) == held
    actions = AuditEntry.objects.filter(object_id=str(edition.pk)).order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "edition_drafted",
        "draft_step",
        "draft_undo",
        "draft_redo",
    ]


def test_what_equals_the_division_in_force_is_no_change(town: Town) -> None:
    edition = draft()
    step(edition, renamed(town, edition, "a1", "新名"))
    assert edition.boundaries.count() == 1
    step(edition, renamed(town, edition, "a1", "区a1"))
    assert edition.boundaries.count() == 0
    with pytest.raises(TerritoryError, match="change nothing"):
        step(edition, renamed(town, edition, "a1", "区a1"))


def test_a_new_area_that_is_removed_again_leaves_no_trace(town: Town) -> None:
    edition = draft()
    grid = Grid.objects.create(tier=town.tiers["grid"], code="110108999003001")
    ground = MultiPolygon([shapely.box(116.34, 40.00, 116.36, 40.02)])
    step(edition, {grid.pk: State(grid.pk, ground, "新", parent_id=town.grids["c"].pk)})
    step(edition, {grid.pk: State(grid.pk, None, "新", parent_id=town.grids["c"].pk)})
    assert edition.boundaries.count() == 0
    undo(edition)
    assert edition.boundaries.get().name == "新"


def test_a_new_step_outdates_what_was_undone_and_numbers_only_grow(town: Town) -> None:
    edition = draft()
    step(edition, renamed(town, edition, "a1", "一"))
    step(edition, renamed(town, edition, "a1", "二"))
    undo(edition)
    assert journal.newest(edition) == 1
    third = step(edition, renamed(town, edition, "a1", "三"))
    assert third.number == 3
    assert list(edition.steps.values_list("number", "undone")) == [(1, False), (3, False)]
    with pytest.raises(TerritoryError, match="no step to redo"):
        redo(edition)
    undo(edition)
    undo(edition)
    with pytest.raises(TerritoryError, match="no step to undo"):
        undo(edition)


def test_the_code_of_an_outdated_step_is_free_again(town: Town) -> None:
    edition = draft()
    ground = MultiPolygon([shapely.box(116.34, 40.00, 116.36, 40.02)])
    codes = ["110108999003001", "110108999003002"]
    first, second = (Grid.objects.create(tier=town.tiers["grid"], code=code) for code in codes)
    step(edition, {first.pk: State(first.pk, ground, "一", parent_id=town.grids["c"].pk)})
    step(edition, {second.pk: State(second.pk, ground, "二", parent_id=town.grids["c"].pk)})
    undo(edition)
    step(edition, renamed(town, edition, "a1", "新名"))
    assert not Grid.objects.filter(pk=second.pk).exists()
    assert Grid.objects.filter(pk=first.pk).exists()


def test_who_has_not_seen_the_newest_step_is_told(town: Town) -> None:
    edition = draft()
    step(edition, renamed(town, edition, "a1", "一"), expect=0)
    step(edition, renamed(town, edition, "a2", "二"), expect=1)
    for act in (
        lambda: step(edition, renamed(town, edition, "b1", "三"), expect=1),
        lambda: undo(edition, expect=1),
        lambda: redo(edition, expect=1),
    ):
        with pytest.raises(DraftMoved) as raised:
            act()
        assert raised.value.current == 2
        assert [(s.number, s.codes) for s in raised.value.steps] == [(2, ["110108999001002"])]
    undo(edition, expect=2)
    with pytest.raises(DraftMoved) as raised:
        step(edition, renamed(town, edition, "b1", "三"), expect=2)
    assert raised.value.current == 1
    assert [s.undone for s in raised.value.steps] == [True]
    assert edition.boundaries.count() == 1


def test_the_version_that_a_change_started_from_survives_undo(town: Town) -> None:
    """Otherwise undoing a reset would hide that somebody else has published meanwhile."""
    edition = draft()
    a1 = town.grids["a1"].pk
    step(edition, renamed(town, edition, "a1", "一"))
    other = draft("other")
    step(other, renamed(town, other, "a1", "别"))
    step(edition, {a1: None}, verb=StepVerb.RESET)
    editions.publish(other, actor=None, now=timezone.now(), accept_findings="tried")
    undo(edition)
    assert edition.boundaries.get().replaces_id == town.boundaries["a1"].pk
    with pytest.raises(editions.EditionConflict):
        editions.publish(edition, actor=None, now=timezone.now(), accept_findings="tried")


def test_what_is_no_draft_takes_no_step(town: Town) -> None:
    edition = draft()
    changes = renamed(town, edition, "a1", "一")
    step(edition, changes)
    Edition.objects.filter(pk=edition.pk).update(status=EditionStatus.WITHDRAWN)
    for act in (
        lambda: step(edition, renamed(town, edition, "a2", "二")),
        lambda: undo(edition),
        lambda: redo(edition),
    ):
        with pytest.raises(TerritoryError, match="not a draft"):
            act()
    assert edition.steps.count() == 1
    assert edition.boundaries.count() == 1


@pytest.mark.req("G-05")
def test_two_drafts_do_not_see_each_other(town: Town) -> None:
    one, two = draft("one"), draft("two")
    step(one, renamed(town, one, "a1", "一"))
    step(two, renamed(town, two, "a1", "二"))
    a1 = town.grids["a1"].pk
    assert journal.drawn(one, [a1])[a1].name == "一"
    assert journal.drawn(two, [a1])[a1].name == "二"
    undo(one)
    assert journal.drawn(two, [a1])[a1].name == "二"


@pytest.mark.django_db(transaction=True)
def test_of_two_who_draw_at_once_one_is_told(town: Town) -> None:
    edition = draft()
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def work(area: str) -> None:
        try:
            changes = renamed(town, edition, area, "新名")
            barrier.wait(10)
            step(edition, changes, expect=0)
            outcomes.append("done")
        except DraftMoved:
            outcomes.append("moved")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(area,)) for area in ("a1", "a2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done", "moved"]
    assert Boundary.objects.filter(edition=edition).count() == 1


@pytest.mark.req("G-05", "G-07")
def test_undoing_past_a_rebase_clashes_again_and_takes_nothing_back_from_others(town: Town) -> None:
    mine, grid = draft("mine"), town.grids["a1"].pk
    step(mine, renamed(town, mine, "a1", "one"), verb=StepVerb.RENAME)
    step(mine, renamed(town, mine, "a1", "two"), verb=StepVerb.RENAME)
    theirs = draft("theirs")
    put(theirs, town, "a1", households=333)
    publish(theirs)
    now = timezone.now()
    assert rebasing.rebase(mine, keep={grid: "mine"}, actor=None, now=now) == []
    assert mine.boundaries.get(grid_id=grid).households == 333
    undo(mine)
    # The state from before knows nothing of theirs: it is shown as a clash, never published.
    [clash] = rebasing.conflicts(mine)
    assert clash.by == theirs
    assert rebasing.rebase(mine, keep={grid: "mine"}, actor=None, now=now) == []
    held = mine.boundaries.get(grid_id=grid)
    assert (held.name, held.households) == ("one", 333)
