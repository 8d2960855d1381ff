"""The law of coverage holds at every moment to come, whatever is scheduled and called back."""

import datetime as dt

import pytest
from django.utils import timezone, translation

from gridmgmt.core.models import OutboxEvent
from grids.territory.errors import EditionConflict, FindingsRefused, NotADraft, TerritoryError
from grids.territory.models import Edition, Grid, Lineage
from grids.territory.services import coverage, edition_checks, editions, rebasing
from tests.territory.redraws import box, draft, gap_in_a1, publish, put, split_a1
from tests.town import START

DAY = dt.timedelta(days=1)


def widen_c(town, edition: Edition) -> None:
    """The undivided community c takes a strip of b, and b2 follows its parent's new border."""
    put(edition, town, "b", geometry=box(116.32, 40.00, 116.335, 40.02))
    put(edition, town, "b2", geometry=box(116.33, 40.00, 116.335, 40.02))
    put(edition, town, "c", geometry=box(116.335, 40.00, 116.36, 40.02))


def divide_c(town, edition: Edition, west: float) -> None:
    """Two grids cover c from `west` on."""
    for number, (left, right) in enumerate(((west, 116.35), (116.35, 116.36)), start=1):
        grid = town.tiers["grid"].grids.create(code=f"11010899900300{number}")
        editions.put(
            edition,
            grid,
            geometry=box(left, 40.00, right, 40.02),
            name=f"c{number}",
            parent=town.grids["c"],
        )


@pytest.mark.req("G-04")
@pytest.mark.req("G-05")
def test_a_gap_that_arises_only_with_what_is_scheduled_is_refused(town) -> None:
    scheduled = draft("c grows tomorrow")
    widen_c(town, scheduled)
    publish(scheduled, effective_at=timezone.now() + DAY)
    today = draft("c is divided today")
    divide_c(town, today, 116.34)  # covers c as it is today, not as it will be tomorrow
    found = edition_checks.assess(today, timezone.now())
    assert [finding for finding in found.findings if finding.kind == "gap"] == []
    [(edition, fresh)] = found.later
    assert edition == scheduled
    [gap] = [finding for finding in fresh if finding.kind == "gap"]
    assert gap.place[0] == pytest.approx(116.3375, abs=0.0026)
    with translation.override("en"), pytest.raises(FindingsRefused, match="c grows tomorrow"):
        publish(today)
    assert Edition.objects.get(pk=today.pk).status == "draft"
    # After that moment the very same draft is measured by the wider c alone.
    assert (
        publish(today, accept_findings="until the day after").findings.filter(kind="gap").exists()
    )


@pytest.mark.req("G-04")
def test_a_parent_that_is_to_end_takes_no_children(town) -> None:
    scheduled = draft("c ends tomorrow")
    editions.remove(scheduled, town.grids["c"])
    put(scheduled, town, "b", geometry=box(116.32, 40.00, 116.36, 40.02))
    put(scheduled, town, "b2", geometry=box(116.33, 40.00, 116.36, 40.02))
    publish(scheduled, effective_at=timezone.now() + DAY)
    today = draft("c is divided today")
    divide_c(town, today, 116.34)
    with pytest.raises(FindingsRefused) as refusal:
        publish(today, accept_findings="whatever")
    assert "missing_parent" in {finding.kind for finding in refusal.value.findings}


@pytest.mark.req("G-04")
def test_calling_back_what_a_later_edition_needs_is_refused(town) -> None:
    first, second = draft("c grows"), draft("the wider c is divided")
    widen_c(town, first)
    publish(first, effective_at=timezone.now() + DAY)
    divide_c(town, second, 116.335)
    publish(second, effective_at=timezone.now() + 2 * DAY)  # no grid of the first among them
    with pytest.raises(EditionConflict, match="the wider c is divided"):
        editions.withdraw(first, actor=None, now=timezone.now())
    assert Edition.objects.get(pk=first.pk).status == "published"
    assert town.grids["c"].boundaries.filter(valid__upper_inf=True).get().edition == first
    for edition in (second, first):
        editions.withdraw(edition, actor=None, now=timezone.now())
    assert town.grids["c"].boundaries.filter(valid__upper_inf=True).get().edition == town.edition


def test_a_withdrawn_edition_leaves_no_lineage_and_no_event(town) -> None:
    edition = draft("later")
    split_a1(town, edition)
    publish(edition, effective_at=timezone.now() + DAY)
    waiting = OutboxEvent.objects.filter(name="edition_took_effect")
    assert Lineage.objects.count() == 2
    assert waiting.count() == 1
    editions.withdraw(edition, actor=None, now=timezone.now())
    assert not Lineage.objects.exists()
    assert not waiting.exists()
    with pytest.raises(NotADraft):
        editions.withdraw(edition, actor=None, now=timezone.now())


@pytest.mark.req("G-04")
def test_advice_never_refuses_and_is_accepted_by_nobody(town) -> None:
    town.tiers["grid"].household_max = 150
    town.tiers["grid"].save()
    edition = draft("advice")
    put(edition, town, "a1", name="renamed")
    publish(edition)
    stored = edition.findings.get(kind="over_band", codes=["110108999001001"])
    assert (stored.accepted_by, stored.accepted_reason) == (None, "")
    other = draft("advice and gap")
    put(other, town, "a2", geometry=box(116.31, 40.00, 116.32, 40.019))
    publish(other, accept_findings="river", actor=town.users["administrator"])
    accepted = dict(other.findings.values_list("kind", "accepted_reason"))
    assert (accepted["over_band"], accepted["gap"]) == ("", "river")


def test_a_blank_reason_accepts_nothing(town) -> None:
    edition = draft("blank")
    gap_in_a1(town, edition)
    for reason in (None, "", "   "):
        with pytest.raises(FindingsRefused):
            publish(edition, accept_findings=reason)


def test_names_of_drafts_are_given_once_and_hold_something(town) -> None:
    for name in ("", "   ", "town", "x" * 101, "a\0b"):
        with pytest.raises(TerritoryError):
            draft(name)
    assert draft("  spring ").name == "spring"


def test_who_publishes_after_somebody_else_is_told_by_whom_and_when(town) -> None:
    edition = draft("once")
    put(edition, town, "a1", name="x")
    publish(edition, actor=town.users["supervisor"])
    with pytest.raises(NotADraft, match="刘洋"):
        publish(edition)


@pytest.mark.req("G-05", "G-08")
def test_two_editions_of_one_grid_never_begin_at_the_same_moment(town) -> None:
    """The earlier one would have held for no time at all, as if it had never been."""
    moment = timezone.now() + dt.timedelta(days=3)
    first = draft("first")
    put(first, town, "a1", name="first")
    publish(first, effective_at=moment)
    second = draft("second")
    put(second, town, "a1", name="second")
    with pytest.raises(EditionConflict, match=town.grids["a1"].code):
        publish(second, effective_at=moment)
    assert publish(second, effective_at=moment + dt.timedelta(seconds=1)).status == "published"


@pytest.mark.req("G-08")
def test_a_past_moment_needs_a_parent_that_stood_already(town) -> None:
    """c is undivided, so its first grid is new; but c itself began with the town."""
    past = draft("too early")
    grid = Grid.objects.create(tier=town.tiers["grid"], code="110108999003001")
    whole = town.boundaries["c"].geometry
    editions.put(past, grid, geometry=whole, name="c1", parent=town.grids["c"])
    with pytest.raises(TerritoryError) as refusal:
        publish(past, effective_at=START - dt.timedelta(days=1), accept_findings="archive")
    assert not isinstance(refusal.value, FindingsRefused)  # it says why, not only that it is so
    early = START + dt.timedelta(days=1)
    assert publish(past, effective_at=early).effective_at == early


@pytest.mark.req("G-05", "G-06")
def test_a_grid_that_ends_without_an_heir_leaves_a_gap_in_its_parent(town) -> None:
    edition = draft("hole")
    editions.remove(edition, town.grids["a1"])
    with pytest.raises(FindingsRefused) as refusal:
        publish(edition)
    assert {finding.kind for finding in refusal.value.findings} >= {"gap"}


@pytest.mark.req("G-05")
def test_mine_takes_over_their_outline_with_its_origin_and_is_checked_anew(town) -> None:
    mine = draft("mine")
    put(mine, town, "a1", name="mine")
    coverage.recheck(mine, [town.grids["a1"].pk], now=timezone.now())
    theirs = draft("theirs")
    gap_in_a1(town, theirs)
    theirs.boundaries.update(source="surveyed", source_crs="EPSG:4490", confirmed=False)
    publish(theirs, accept_findings="to be surveyed")
    assert not mine.findings.filter(kind="gap").exists()
    grid = town.grids["a1"].pk
    assert rebasing.rebase(mine, keep={grid: "mine"}, actor=None, now=timezone.now()) == []
    held = mine.boundaries.get(grid_id=grid)
    assert held.name == "mine"
    assert held.geometry.extent[3] == pytest.approx(40.019)
    assert (held.source, held.source_crs, held.confirmed) == ("surveyed", "EPSG:4490", False)
    assert mine.findings.filter(kind="gap").exists()
