"""Figures by area: right counts, within what a user may see, few queries, indexed plans."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from data.querysets import _AREA, _BY_SYSTEM, _COUNTS, _FIGURES, Scope
from data.services.grid_statistics import (
    AreaRow,
    Question,
    categories,
    grid_statistics,
    series,
    visible_areas,
)
from data.services.periods import Period, last_days, month_of
from grids.people.access import access_for
from incidents.choices import Channel, Opinion
from incidents.models import Incident
from tests.incidents.cases import NOW, category, incident, multiply
from tests.incidents.helpers import move, take
from tests.town import Town

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def figures(town: Town, who: str = "analyst", tier: str = "grid", **asked: Any) -> dict:
    """Rows by code; "" is the row of no area, "sum" the sum."""
    question = Question(period=MARCH, tier=town.tiers[tier], **asked)
    answer = grid_statistics(question, access_for(town.users[who], NOW), now=NOW)
    assert answer.total is not None
    return {row.code: row for row in answer.rows} | {"sum": answer.total}


def of(rows: dict[str, AreaRow], town: Town, area: str) -> AreaRow:
    return rows[town.grids[area].code]


@pytest.mark.req("X-01")
def test_cases_count_where_they_were_reported(town: Town) -> None:
    sanitation, care = category("sanitation"), category("health_care")
    incident(town, "a1", category=sanitation)
    incident(town, "a1", category=care, urgent=True)
    incident(town, "a2", category=None)
    incident(town, "c", category=care)
    earlier = NOW - timedelta(days=31)
    incident(town, "a1", reported_at=earlier)
    rows = figures(town)
    assert of(rows, town, "a1").counts.reported == 2
    assert of(rows, town, "a1").counts.urgent == 1
    assert of(rows, town, "a1").by_system["health_care"] == 1
    assert of(rows, town, "a2").by_system["no_system"] == 1
    assert of(rows, town, "b1").counts.reported == 0
    assert of(rows, town, "a1").per_thousand == 10
    assert rows[""].counts.reported == 1  # c is undivided: in no grid, yet counted
    assert rows["sum"].counts.reported == 4
    assert rows["sum"].before is not None
    assert rows["sum"].before.reported == 1
    assert rows["sum"].change == 3
    communities = figures(town, tier="community")
    assert of(communities, town, "a").counts.reported == 3
    assert of(communities, town, "c").counts.reported == 1
    assert "" not in communities


def test_a_moved_case_counts_for_the_area_of_its_report(town: Town) -> None:
    case = incident(town, "a1")
    case.owner_path, case.owner_grid = town.path("b1"), town.grids["b1"]
    case.save()
    rows = figures(town)
    assert of(rows, town, "a1").counts.reported == 1
    assert of(rows, town, "b1").counts.reported == 0


def test_the_whole_way_gives_every_count(town: Town) -> None:
    kind = category("sanitation")
    start = NOW
    case = take(town, now=start, category_id=kind.pk)
    done = move(town, "owner", "verify", case, note="真的")
    done = move(town, "owner", "file", done)
    if done.state == "filed":
        done = move(town, "dispatcher", "dispatch", done)
    done = move(town, "handler", "accept", done)
    done = move(town, "handler", "handle", done, note="好了")
    done = move(town, "supervisor", "rework", done, note="再来")
    done = move(town, "handler", "handle", done, note="好了")
    done = move(town, "supervisor", "check", done)
    done = move(town, "supervisor", "close", done)
    Incident.objects.filter(pk=done.pk).update(opinion=Opinion.FAIR)
    take(town, now=start, channel=Channel.PATROL, actor="coordinator")
    row = of(figures_at(town, start + timedelta(days=2)), town, "a1")
    counts = row.counts
    assert (counts.reported, counts.filed, counts.handled, counts.closed) == (2, 1, 1, 1)
    assert (counts.public, counts.reworked, counts.fair, counts.open) == (1, 1, 1, 1)
    assert (counts.handled_in_time, counts.closed_in_time, counts.filed_in_time) == (1, 1, 1)
    assert (counts.dispatched, counts.right_first, counts.due_to_close) == (1, 1, 1)
    assert counts.open_overdue == 1  # the second one waits for its verification
    assert row.rate("closing_rate") == 1
    assert row.rate("rework_rate") == 1
    assert row.rate("satisfaction_rate") == 1
    assert row.median_hours == pytest.approx(_hours(done), abs=0.01)


def figures_at(town: Town, now: Any) -> dict[str, AreaRow]:
    question = Question(period=MARCH, tier=town.tiers["grid"])
    answer = grid_statistics(question, access_for(town.users["analyst"], now), now=now)
    return {row.code: row for row in answer.rows}


def _hours(case: Incident) -> float:
    assert case.closed_at is not None
    return (case.closed_at - case.reported_at).total_seconds() / 3600


def test_a_late_case_is_closed_but_not_in_time(town: Town) -> None:
    kind = category("sanitation")  # four work hours
    case = take(town, now=NOW, category_id=kind.pk)
    done = move(town, "owner", "verify", case)
    done = move(town, "owner", "file", done)
    if done.state == "filed":
        done = move(town, "dispatcher", "dispatch", done)
    done = move(town, "handler", "accept", done)
    row = of(figures_at(town, NOW + timedelta(days=4)), town, "a1")
    assert (row.counts.due, row.counts.handled, row.counts.open_overdue) == (1, 0, 1)
    assert row.rate("handling_rate") == 0
    done = move(town, "handler", "handle", done, note="好了", now=NOW + timedelta(days=5))
    done = move(town, "supervisor", "check", done)
    move(town, "supervisor", "close", done)
    row = of(figures_at(town, NOW + timedelta(days=6)), town, "a1")
    assert (row.counts.closed, row.counts.closed_in_time, row.counts.handled_in_time) == (1, 0, 0)


def test_periods_are_local_days(town: Town) -> None:
    last_minute = MARCH.end - timedelta(minutes=1)
    incident(town, "a1", reported_at=last_minute)
    incident(town, "a1", reported_at=MARCH.end)
    incident(town, "a1", reported_at=MARCH.start)
    incident(town, "a1", reported_at=MARCH.start - timedelta(seconds=1))
    assert figures(town)["sum"].counts.reported == 2
    assert MARCH.before() == Period(date(2026, 1, 29), date(2026, 2, 28))
    assert last_days(7, NOW) == Period(date(2026, 2, 28), date(2026, 3, 6))
    assert month_of(NOW) == Period(date(2026, 3, 1), date(2026, 3, 6))
    assert month_of(NOW, back=1) == Period(date(2026, 2, 1), date(2026, 2, 28))
    assert month_of(NOW, back=3) == Period(date(2025, 12, 1), date(2025, 12, 31))


def test_filters_by_system_and_area(town: Town) -> None:
    incident(town, "a1", category=category("sanitation"))
    incident(town, "b1", category=category("health_care"))
    incident(town, "b1", category=None)
    assert figures(town, system="health_care")["sum"].counts.reported == 1
    assert figures(town, system="none")["sum"].counts.reported == 1
    below_b = figures(town, area_id=town.grids["b"].pk)
    assert below_b["sum"].counts.reported == 2
    assert set(below_b) == {town.grids["b1"].code, town.grids["b2"].code, "sum"}


@pytest.mark.req("Z-01")
def test_nobody_sees_figures_of_other_streets(town: Town) -> None:
    incident(town, "a1")
    incident(town, "f1")
    assert figures(town, "analyst")["sum"].counts.reported == 1
    assert figures(town, "away_supervisor")["sum"].counts.reported == 1
    assert figures(town, "administrator")["sum"].counts.reported == 2
    head = figures(town, "grid_head")
    assert set(head) == {town.grids["a1"].code, town.grids["a2"].code, "sum"}
    access = access_for(town.users["away_supervisor"], NOW)
    away = {town.grids[name].pk for name in ("away", "f", "f1", "f2")}
    assert visible_areas(access, now=NOW) == away
    assert visible_areas(access_for(town.users["stranger"], NOW), now=NOW) == set()


def test_abolished_areas_keep_their_cases(town: Town) -> None:
    incident(town, "a1")
    boundary = town.boundaries["a1"]
    from_then = type(boundary.valid)(boundary.valid.lower, NOW + timedelta(days=2))
    type(boundary).objects.filter(pk=boundary.pk).update(valid=from_then)
    question = Question(period=MARCH, tier=town.tiers["grid"])
    later = NOW + timedelta(days=5)
    access = access_for(town.users["analyst"], later)
    answer = grid_statistics(question, access, now=later)
    assert [r.counts.reported for r in answer.rows if r.code == town.grids["a1"].code] == [1]


def test_series_and_categories(town: Town) -> None:
    kind = category("sanitation")
    incident(town, "a1", category=kind)
    incident(town, "a1", category=kind, reported_at=NOW + timedelta(days=1))
    incident(town, "a1")
    access = access_for(town.users["analyst"], NOW)
    question = Question(period=MARCH, tier=town.tiers["grid"])
    days = series(question, access, now=NOW, zone="Asia/Shanghai")
    assert days == [(date(2026, 3, 6), 2, 0), (date(2026, 3, 7), 1, 0)]
    kinds = categories(question, access, now=NOW)
    assert [(k["id"], k["count"]) for k in kinds] == [(kind.pk, 2), (None, 1)]


@pytest.mark.req("M-01")
def test_query_counts_do_not_grow_with_areas_or_cases(town: Town, sign_in) -> None:
    client = sign_in("analyst")
    url = reverse("data:statistics") + "?first=2026-03-01&last=2026-03-31&tier=grid"
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as before:
        assert client.get(url).status_code == 200
    multiply(incident(town, "a1", category=category()), 500)
    with CaptureQueriesContext(connection) as after:
        assert client.get(url).status_code == 200
    assert len(after) == len(before)
    assert len(after) <= 14


def test_plans_use_the_indexes(town: Town) -> None:
    multiply(incident(town, "a1", reported_at=NOW - timedelta(days=900)), 30_000)
    incident(town, "a1")
    with connection.cursor() as cursor:
        for table in ("incidents_incident", "incidents_caseclock", "incidents_historyentry"):
            cursor.execute(f"ANALYZE {table}")
        scope = Scope(
            tier_id=town.tiers["grid"].pk,
            start=MARCH.start,
            end=MARCH.end,
            as_of=NOW,
            below=[town.grids["home"].pk],
        )
        sql = _FIGURES.format(
            counts=_COUNTS, by_system=_BY_SYSTEM, area=_AREA, condition=scope.condition()
        )
        cursor.execute(f"EXPLAIN {sql}", scope.parameters())
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert not re.search(r"Seq Scan on incidents_incident", plan), plan
    assert "incident_newest" in plan or "incident_report_path" in plan
