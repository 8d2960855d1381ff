"""A draft tried on the small town's past cases: who would have had what, and what is told."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse
from shapely import LineString

from data.services.borders import disputed, near_borders
from data.services.periods import Period
from data.services.replay import leaves_of, replay
from grids.people.models import PlannedPost
from grids.territory.choices import StepVerb
from grids.territory.models import Boundary, Building, Edition
from grids.territory.services import editions
from grids.territory.services.drawing.cutting import split
from grids.territory.services.drawing.states import laid_over
from grids.territory.services.drawing.verbs import Pen
from incidents.models import CaseClock, HistoryEntry, Incident
from tests.incidents.helpers import NOW, category, take
from tests.town import Town

pytestmark = [pytest.mark.django_db, pytest.mark.req("G-10")]
PERIOD = Period(date(2025, 5, 26), date(2025, 6, 10))
LATER = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.fixture
def draft(town: Town) -> Edition:
    """a1 is split by its middle: the western half keeps the code."""
    made = editions.draft("halves", actor=None, now=LATER)
    line = LineString([(116.305, 39.99), (116.305, 40.03)])
    split(Pen(made, None, LATER), town.grids["a1"].pk, line)
    return made


def cases(town: Town, places: list[tuple[float, float]], **fields) -> list[Incident]:
    return [take(town, lon=lon, lat=lat, **fields) for lon, lat in places]


def test_each_case_goes_to_the_leaf_that_covers_it_on_both_sides(town: Town, draft: Edition):
    kind = category().pk
    cases(town, [(116.302, 40.01)] * 3 + [(116.308, 40.01)] * 2, category_id=kind)
    cases(town, [(116.315, 40.01)], category_id=kind)  # a2: the draft does not touch it
    take(town, lon=None, lat=None, place_words="无人知道")
    found = replay(draft, PERIOD, now=LATER, hours=1)
    by_code = {row.code: row for row in found.rows}
    assert len(found.cases) == 5
    old = by_code["110108999001001"]
    new = next(row for row in found.rows if row.before is None)
    assert (old.before.cases, old.after.cases + new.after.cases) == (5, 5)
    assert {old.after.cases, new.after.cases} == {2, 3}
    assert found.moved == new.after.cases
    assert len(found.rows) == 2
    assert len(replay(draft, PERIOD, now=LATER, hours=1, everything=True).rows) > 2


def test_a_neighbour_that_only_gets_a_corner_is_not_changed(town: Town):
    made = editions.draft("across", actor=None, now=LATER)
    line = LineString([(116.29, 40.01), (116.3101, 40.01)])
    split(Pen(made, None, LATER), town.grids["a1"].pk, line)
    assert made.boundaries.filter(grid=town.grids["a2"]).exists()
    codes = [row.code for row in replay(made, PERIOD, now=LATER, hours=1).rows]
    assert codes == ["110108999001001", "110108999001003"]


def test_without_a_case_nothing_is_said_of_hours_fitted(draft: Edition, sign_in):
    address = reverse("data:try_draft", args=[draft.pk])
    client = sign_in("administrator")
    page = client.get(address, headers={"Accept-Language": "en"}).content.decode()
    assert "so fitted that" not in page
    page = client.get(address, {"hours": "2"}, headers={"Accept-Language": "en"}).content.decode()
    assert "hours of work, as entered" not in page


def test_people_of_today_and_those_planned_count(town: Town, draft: Edition):
    cases(town, [(116.302, 40.01), (116.308, 40.01)], category_id=category().pk)
    new = draft.boundaries.get(replaces=None).grid
    found = {row.grid_id: row for row in replay(draft, PERIOD, now=LATER, hours=0.1).rows}
    assert found[new.pk].after.people == 0
    assert found[new.pk].after.late == found[new.pk].after.cases == 1  # nobody is there
    assert found[town.grids["a1"].pk].before.people == 2  # manager and coordinator
    PlannedPost.objects.create(
        edition=draft, grid=new, person=town.users["b1_manager"].person, role="manager"
    )
    found = {row.grid_id: row for row in replay(draft, PERIOD, now=LATER, hours=0.1).rows}
    assert (found[new.pk].after.people, found[new.pk].after.late) == (1, 0)


def test_households_are_counted_by_the_buildings_of_each_half(town: Town, draft: Edition):
    for lon, households in ((116.302, 40), (116.308, 70)):
        point = Point(lon, 40.01, srid=4326)
        Building.objects.create(footprint=point.buffer(0.00005), point=point, households=households)
    found = replay(draft, PERIOD, now=LATER, hours=1)
    assert sorted(row.after.households for row in found.rows) == [40, 70]
    assert [row.before.households for row in found.rows if row.before] == [110]


def test_void_cases_and_cases_of_other_days_are_left_out(town: Town, draft: Edition):
    kept, void, early = cases(town, [(116.302, 40.01)] * 3, category_id=category().pk)
    Incident.objects.filter(pk=void.pk).update(state="void")
    Incident.objects.filter(pk=early.pk).update(reported_at=NOW - timedelta(days=30))
    assert len(replay(draft, PERIOD, now=LATER, hours=1).cases) == 1
    assert kept.pk


def test_hours_are_fitted_so_that_no_more_are_late_than_really_were(town: Town, draft: Edition):
    cases(town, [(116.302, 40.01)] * 12, category_id=category().pk)
    found = replay(draft, PERIOD, now=LATER)
    assert found.fitted
    assert found.late_before == found.cases.late == 0
    assert replay(draft, PERIOD, now=LATER, hours=found.hours * 3).late_before > 0


def test_only_cases_on_the_ground_looked_at_count_as_really_late(town: Town, draft: Edition):
    inside, beside = cases(town, [(116.302, 40.01), (116.315, 40.01)], category_id=category().pk)
    for case in (inside, beside):
        CaseClock.objects.filter(incident=case).update(kind="handle", in_time=False, ended_at=LATER)
    assert replay(draft, PERIOD, now=LATER).cases.late == 1


def test_a_reader_sees_only_the_areas_of_the_own_posts(town: Town, draft: Edition):
    away = frozenset({town.grids["away"].pk})
    assert replay(draft, PERIOD, now=LATER, hours=1, within=away).rows == []
    home = frozenset({town.grids["home"].pk})
    assert len(replay(draft, PERIOD, now=LATER, hours=1, within=home).rows) == 2


def test_cases_near_a_border_are_counted_by_pair_and_square(town: Town, draft: Edition):
    # 10 m and 60 m beside the new border, and 10 m beside the old one between a1 and a2.
    metre = 1 / 85_300  # degrees of longitude at 40° north
    cases(
        town,
        [
            (116.305 + 10 * metre, 40.01),
            (116.305 - 60 * metre, 40.01),
            (116.31 - 10 * metre, 40.01),
        ],
    )
    found = replay(draft, PERIOD, now=LATER, hours=1, everything=True)
    pairs, squares = near_borders(found.cases, found.after)
    assert sorted(pair.cases for pair in pairs) == [1, 1]
    assert sum(square.count for square in squares) == 2
    pairs, squares = near_borders(found.cases, found.before)
    assert [pair.cases for pair in pairs] == [1]
    ring = np.array(squares[0].ring)
    assert ring[:, 0].min() <= 116.31 - 10 * metre <= ring[:, 0].max()


def test_disputed_places_come_from_cases_handed_on(town: Town, draft: Edition):
    case, _calm = cases(town, [(116.302, 40.01), (116.308, 40.01)])
    for _time in range(2):
        HistoryEntry.objects.create(
            incident=case, at=NOW, action="reassign", from_state="filed", to_state="filed"
        )
    leaves = leaves_of(Boundary.objects.valid_at(LATER))
    (place,) = disputed(PERIOD, leaves, now=LATER)
    assert place.count == 2
    assert len(place.areas) == 1
    assert disputed(Period(date(2025, 1, 1), date(2025, 1, 31)), leaves, now=LATER) == []
    assert leaves_of(laid_over(draft)).ids


@pytest.mark.parametrize(
    "query", ["", "?period=30&shade=cases_per_person&all=1", "?hours=2.5", "?as=csv"]
)
def test_the_page_opens(town: Town, draft: Edition, client, query: str):
    cases(town, [(116.302, 40.01), (116.3049, 40.01)], category_id=category().pk)
    client.force_login(town.users["administrator"])
    answer = client.get(reverse("data:try_draft", args=[draft.pk]) + query)
    assert answer.status_code == 200


@pytest.mark.parametrize("query", ["?hours=0", "?hours=x", "?period=nope", "?shade=nope"])
def test_bad_questions_are_told_and_not_answered(town: Town, draft: Edition, client, query: str):
    client.force_login(town.users["administrator"])
    answer = client.get(reverse("data:try_draft", args=[draft.pk]) + query)
    assert answer.status_code == 400
    assert "error" in answer.content.decode()


def test_a_draft_without_a_change_says_so(town: Town, client):
    empty = editions.draft("empty", actor=None, now=LATER)
    client.force_login(town.users["administrator"])
    answer = client.get(reverse("data:try_draft", args=[empty.pk]))
    assert answer.status_code == 200
    assert "found" in answer.context
    assert answer.context["found"].rows == []


@pytest.mark.parametrize(
    ("who", "status"), [("stranger", 403), ("owner", 403), ("supervisor", 200)]
)
def test_only_those_who_draw_may_try(town: Town, draft: Edition, client, who: str, status: int):
    client.force_login(town.users[who])
    assert client.get(reverse("data:try_draft", args=[draft.pk])).status_code == status


def test_queries_do_not_grow_with_the_cases(
    town: Town, draft: Edition, client, django_assert_max_num_queries
):
    kind = category().pk
    cases(town, [(116.302, 40.01)] * 20, category_id=kind)
    client.force_login(town.users["administrator"])
    client.get(reverse("data:try_draft", args=[draft.pk]))
    with django_assert_max_num_queries(32):
        client.get(reverse("data:try_draft", args=[draft.pk]))


def test_the_verb_is_the_journal_s(draft: Edition):
    assert draft.steps.get().verb == StepVerb.SPLIT
