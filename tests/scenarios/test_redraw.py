"""Open cases follow the division, with a line in their history; closed ones never change."""

import datetime as dt

import pytest
from django.utils import timezone

from gridmgmt.core import outbox
from gridmgmt.core.permissions import Role
from grids.people.models import Post
from grids.territory.services import editions
from incidents.choices import Action, State
from incidents.models import Incident
from tests.incidents.helpers import to_state
from tests.territory.redraws import box, draft, publish, put, split_a1
from tests.town import ALWAYS

NORTH_OF_A1 = {"lon": 116.304173, "lat": 40.018317}
SOUTH_OF_A1 = {"lon": 116.304173, "lat": 40.004317}


def lines(case: Incident) -> list[str]:
    return list(case.history.order_by("pk").values_list("action", flat=True))


def settle(*, now: dt.datetime | None = None) -> None:
    while outbox.deliver(now=now):
        pass


@pytest.mark.req("G-05")
def test_a_split_moves_open_cases_of_the_new_grid_and_no_others(town) -> None:
    moved, stays, closed = (
        to_state(town, State.VERIFIED, **NORTH_OF_A1),
        to_state(town, State.VERIFIED, **SOUTH_OF_A1),
        to_state(town, State.CLOSED, **NORTH_OF_A1),
    )
    settle()
    before = {case.pk: (list(case.report_path), list(case.owner_path)) for case in (closed, moved)}
    known = lines(closed)
    edition = draft()
    heir = split_a1(town, edition)
    Post.objects.create(
        person=town.users["teammate"].person, role=Role.MANAGER, grid=heir, valid=ALWAYS
    )
    publish(edition)
    settle()
    for case in (moved, stays, closed):
        case.refresh_from_db()
    assert moved.owner_path == [*town.path("a"), heir.pk]
    assert moved.report_path == before[moved.pk][0]  # the grid of the day of the report
    assert lines(moved).count(Action.REROUTE) == 1
    assert stays.owner_path == town.path("a1")
    assert Action.REROUTE not in lines(stays)
    assert (list(closed.report_path), list(closed.owner_path)) == before[closed.pk]
    assert lines(closed) == known
    settle()  # a second look changes nothing
    assert lines(moved).count(Action.REROUTE) == 1


@pytest.mark.req("G-05")
def test_a_merge_gives_the_cases_of_an_abolished_grid_to_its_heir(town) -> None:
    case = to_state(town, State.VERIFIED, **SOUTH_OF_A1)
    closed = to_state(town, State.CLOSED, **SOUTH_OF_A1)
    settle()
    of_its_day = list(closed.owner_path)
    edition = draft()
    editions.remove(edition, town.grids["a1"])
    put(edition, town, "a2", geometry=box(116.30, 40.00, 116.32, 40.02))
    publish(edition)
    settle()
    case.refresh_from_db()
    closed.refresh_from_db()
    assert case.owner_path == town.path("a2")
    assert lines(case)[-1] == Action.REROUTE
    assert case.report_path == town.path("a1")
    assert (closed.owner_path, closed.state) == (of_its_day, State.CLOSED)


@pytest.mark.req("G-05")
def test_an_edition_of_the_future_moves_cases_when_its_moment_comes(town) -> None:
    case = to_state(town, State.VERIFIED, **NORTH_OF_A1)
    settle()
    edition = draft()
    split_a1(town, edition)
    tomorrow = timezone.now() + dt.timedelta(days=1)
    publish(edition, effective_at=tomorrow)
    settle()
    case.refresh_from_db()
    assert Action.REROUTE not in lines(case)
    assert case.owner_path == town.path("a1")
    waiting = outbox.OutboxEvent.objects.get(name="edition_took_effect")
    assert (waiting.due_at, waiting.delivered_at) == (tomorrow, None)
    # Called back: nothing is left that could move the case tomorrow.
    editions.withdraw(edition, actor=None, now=timezone.now())
    settle(now=tomorrow + dt.timedelta(minutes=1))
    case.refresh_from_db()
    assert Action.REROUTE not in lines(case)


@pytest.mark.req("G-05")
def test_the_moment_of_a_scheduled_edition_moves_the_cases(town) -> None:
    case = to_state(town, State.VERIFIED, **NORTH_OF_A1)
    settle()
    edition = draft()
    split_a1(town, edition)
    soon = timezone.now() + dt.timedelta(seconds=2)
    publish(edition, effective_at=soon)
    settle()
    case.refresh_from_db()
    assert case.owner_path == town.path("a1")
    while timezone.now() <= soon:
        pass
    settle()
    case.refresh_from_db()
    assert case.owner_path == town.path("a")  # nobody is in post for the new grid yet
    assert lines(case).count(Action.REROUTE) == 1
