"""Figures by the boundaries of the day of the report, and by those of today."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse
from shapely import LineString

from data.services.grid_statistics import (
    DIVISION_OF_TODAY,
    PATH_OF_REPORT,
    Question,
    categories,
    grid_statistics,
    series,
)
from data.services.periods import Period
from grids.people.access import access_for
from grids.territory.models import Boundary
from grids.territory.services import editions
from grids.territory.services.drawing.cutting import split
from grids.territory.services.drawing.verbs import Pen, merge
from tests.incidents.cases import NOW, category, incident
from tests.town import Town

pytestmark = [pytest.mark.django_db, pytest.mark.req("G-05"), pytest.mark.req("X-01")]
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


@pytest.fixture
def redrawn(town: Town) -> Town:
    """Cases of March, then a1 is split by its middle and b2 joined to b1, in force at once."""
    west, east = (116.302, 40.01), (116.308, 40.01)
    for lon, lat in (west, west, east):
        incident(town, "a1", category=category("sanitation"), point=_point(lon, lat))
    incident(town, "a2", category=None)
    incident(town, "b2", category=None)
    incident(town, "b2", category=None, point=None)
    draft = editions.draft("redrawn", actor=None, now=NOW)
    line = LineString([(116.305, 39.99), (116.305, 40.03)])
    split(Pen(draft, None, NOW), town.grids["a1"].pk, line)
    merge(Pen(draft, None, NOW), [town.grids["b1"].pk, town.grids["b2"].pk])
    editions.publish(draft, actor=None, now=NOW, accept_findings="test")
    return town


def _point(lon: float, lat: float) -> Any:
    return Point(lon, lat, srid=4326)


def counted(town: Town, division: str, who: str = "analyst", **asked: Any) -> dict[str, int]:
    """Reported cases by code; "" stands for no area, "sum" for the sum."""
    question = Question(MARCH, town.tiers["grid"], division=division, **asked)
    later = NOW + timedelta(days=400)  # surely after the publishing, whose clock is the database's
    answer = grid_statistics(question, access_for(town.users[who], later), now=later)
    assert answer.total is not None
    found = {row.code: row.counts.reported for row in answer.rows}
    return found | {"sum": answer.total.counts.reported}


def test_the_boundaries_of_the_day_keep_what_was(redrawn: Town) -> None:
    found = counted(redrawn, PATH_OF_REPORT)
    assert found["110108999001001"] == 3
    assert found["110108999002002"] == 2
    assert found["sum"] == 6


def test_the_boundaries_of_today_take_each_case_by_its_place(redrawn: Town) -> None:
    found = counted(redrawn, DIVISION_OF_TODAY)
    halves = list(
        Boundary.objects.filter(edition__name="redrawn", grid__code__startswith="110108999001")
        .order_by("grid__code")
        .values_list("grid__code", flat=True)
    )
    assert sorted(found[code] for code in halves) == [1, 2]
    assert found["110108999001002"] == 1  # a2 as it was
    kept = next(code for code in ("110108999002001", "110108999002002") if code in found)
    assert found[kept] == (2 if kept.endswith("002") else 1)
    assert found["sum"] == 6


def test_a_case_without_a_place_stays_with_its_grid_while_that_is_in_force(redrawn: Town) -> None:
    found = counted(redrawn, DIVISION_OF_TODAY)
    in_force = "110108999002002" in found
    assert found.get("", 0) == (0 if in_force else 1)


def test_an_area_and_a_reader_s_reach_hold_by_today_s_division_too(redrawn: Town) -> None:
    area = redrawn.grids["a"].pk
    assert counted(redrawn, DIVISION_OF_TODAY, area_id=area)["sum"] == 4
    assert counted(redrawn, DIVISION_OF_TODAY, who="away_supervisor")["sum"] == 0
    question = Question(MARCH, redrawn.tiers["grid"], area_id=area, division=DIVISION_OF_TODAY)
    later = NOW + timedelta(days=400)
    access = access_for(redrawn.users["analyst"], later)
    assert sum(row[1] for row in series(question, access, now=later, zone="Asia/Shanghai")) == 4
    assert sum(row["count"] for row in categories(question, access, now=later)) == 4


@pytest.mark.parametrize("division", ["", "report", "today"])
def test_page_and_interface_take_the_division(redrawn: Town, client: Any, division: str) -> None:
    client.force_login(redrawn.users["analyst"])
    query = f"?first=2026-03-01&last=2026-03-31&tier=grid&division={division}"
    assert client.get(reverse("data:statistics") + query).status_code == 200
    answer = client.get(reverse("data:api_grids") + query)
    assert answer.status_code == 200
    assert answer.json()["counted_by"] == (division or "report")
    assert client.get(reverse("data:export", args=["csv"]) + query).status_code == 200


def test_an_unknown_division_is_refused(redrawn: Town, client: Any) -> None:
    client.force_login(redrawn.users["analyst"])
    assert client.get(reverse("data:statistics") + "?division=tomorrow").status_code == 400
