"""The work list: whose cases, filters, one-click moves, pages, and what it asks the database."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from gridmgmt.core.models import AuditEntry
from incidents.choices import Grade, State
from incidents.models import Incident
from incidents.views.work import PAGE_SIZE
from tests.incidents import cases
from tests.incidents.helpers import category, move, take, to_state

URL = "/work/"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}
ROW = re.compile(r'<tr data-href="/work/([^/"]+)/"')


def numbers(client, **query):
    answer = client.get(URL, query, **ENGLISH)
    assert answer.status_code == 200
    return ROW.findall(answer.content.decode())


@pytest.mark.req("I-07")
@pytest.mark.parametrize(
    ("state", "whose"),
    [
        (State.REPORTED, {"owner", "coordinator"}),
        (State.VERIFIED, {"owner", "coordinator"}),
        (State.FILED, {"dispatcher"}),
        (State.DISPATCHED, {"handler"}),
        (State.IN_HAND, {"handler"}),
        (State.HANDLED, {"supervisor"}),
        (State.CHECKED, {"supervisor"}),
        (State.CLOSED, set()),
    ],
)
def test_a_case_waits_for_exactly_those_who_have_the_next_step(town, sign_in, state, whose):
    case = to_state(town, state)
    people = {
        *("owner", "teammate", "coordinator", "dispatcher"),
        *("handler", "supervisor", "leader", "desk", "outsider"),
    }
    assert {who for who in people if case.number in numbers(sign_in(who))} == whose


def test_a_case_without_a_place_waits_in_the_dispatchers_pool(town, sign_in):
    case = take(town, lon=None, lat=None, place_words="电话里没说清")
    assert numbers(sign_in("dispatcher")) == [case.number]
    assert numbers(sign_in("owner"), tab="all") == []


@pytest.mark.req("I-08")
def test_filters_stand_in_the_address_and_unknown_ones_narrow_nothing(town, sign_in):
    now = timezone.now()
    security = category("public_security", small_code="777")
    late = take(town, now=now - timedelta(days=30))
    urgent = take(town, now=now, urgent=True, category_id=security.pk, description="燃气泄漏")
    closed = to_state(town, State.CLOSED)
    client = sign_in("supervisor")
    everyone = {late.number, urgent.number, closed.number}
    assert set(numbers(client, tab="all")) == everyone
    assert numbers(client, tab="open", urgent="on") == [urgent.number]
    assert numbers(client, tab="open", light="red") == [late.number]
    assert numbers(client, tab="all", state="closed") == [closed.number]
    assert numbers(client, tab="all", system="public_security") == [urgent.number]
    assert numbers(client, tab="all", reported="today") == [urgent.number]
    assert numbers(client, tab="all", q=urgent.number.lower()) == [urgent.number]
    assert numbers(client, tab="all", q="燃气") == [urgent.number]
    assert numbers(client, tab="open", sort="oldest")[0] == late.number
    assert numbers(client, tab="open")[0] == urgent.number
    for wrong in (
        {"light": "purple"},
        {"state": "lost"},
        {"system": "<b>"},
        {"sort": "random"},
        {"reported": "1 OR 1"},
        {"q": "\x00"},
        {"q": "x" * 200},
        {"page": "abc"},
        {"page": "-3"},
        {"page": "²"},
    ):
        assert set(numbers(client, tab="all", **wrong)) == everyone, wrong
    assert numbers(client, tab="all", page="9" * 30) == numbers(client, tab="all")
    assert numbers(client, tab="all", page="999999999") == []
    assert numbers(client, tab="nonsense") == numbers(client, tab="mine")


def test_pages_hold_fifty_rows_and_keep_the_filters(town, sign_in):
    cases.multiply(take(town), PAGE_SIZE + 2)
    client = sign_in("supervisor")
    first = client.get(URL, {"tab": "open", "light": "red"}, **ENGLISH).content.decode()
    assert len(ROW.findall(first)) == PAGE_SIZE
    assert "tab=open&amp;light=red&amp;page=2" in first
    assert "data-count>53<" in first
    assert len(numbers(client, tab="open", light="red", page=2)) == 3


@pytest.mark.req("I-07")
def test_one_click_moves_the_case_and_comes_back_to_the_same_list(town, sign_in):
    case = to_state(town, State.REPORTED)
    client = sign_in("owner")
    page = client.get(URL, {"tab": "open"}, **ENGLISH).content.decode()
    assert f"/work/{case.number}/act/verify/" in page
    answer = client.post(
        f"/work/{case.number}/act/verify/",
        {"version": case.version, "next": "/work/?tab=open"},
        **ENGLISH,
    )
    assert (answer.status_code, answer["Location"]) == (302, "/work/?tab=open")
    case.refresh_from_db()
    assert case.state == State.VERIFIED
    shown = client.get("/work/?tab=open", **ENGLISH).content.decode()
    assert f"{case.number}: done: verify." in shown
    assert f"/work/{case.number}/act/file/" in shown


def test_where_to_go_on_never_leaves_the_platform(town, sign_in):
    case = to_state(town, State.REPORTED)
    answer = sign_in("owner").post(
        f"/work/{case.number}/act/verify/",
        {"version": case.version, "next": "https://elsewhere.example/"},
    )
    assert answer["Location"] == f"/work/{case.number}/"


def test_a_case_without_category_is_not_verified_by_one_click(town, sign_in):
    case = take(town)
    page = sign_in("owner").get(URL, **ENGLISH).content.decode()
    assert "Not classified yet" in page
    assert f"/work/{case.number}/act/verify/" not in page
    assert f"/work/{case.number}/#actions" in page


def test_the_list_refreshes_itself_by_the_table_alone(town, sign_in):
    case = to_state(town, State.REPORTED)
    answer = sign_in("owner").get(URL, HTTP_X_REQUESTED_WITH="fetch", **ENGLISH)
    text = answer.content.decode()
    assert case.number in text
    assert "<html" not in text
    assert "X-Requested-With" in answer["Vary"]
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.req("Z-06")
def test_who_may_open_the_list(town, sign_in, client):
    assert client.get(URL).status_code == 302
    for who in ("stranger", "analyst"):
        assert sign_in(who).get(URL).status_code == 403, who
    for who in ("owner", "coordinator", "leader", "desk", "dispatcher", "handler", "supervisor"):
        assert sign_in(who).get(URL).status_code == 200, who
    case = to_state(town, State.REPORTED)
    assert numbers(sign_in("outsider"), tab="all") == []
    assert numbers(sign_in("away_supervisor"), tab="all") == []
    assert numbers(sign_in("teammate"), tab="all") == []
    assert numbers(sign_in("grid_head"), tab="all") == [case.number]


def test_queries_do_not_grow_with_the_rows(town, sign_in, django_assert_max_num_queries):
    cases.multiply(to_state(town, State.IN_HAND), 40)
    client = sign_in("supervisor")
    # session, user, posts; count, rows, names of areas; the inbox's number
    with django_assert_max_num_queries(8):
        assert len(numbers(client, tab="open")) == 41


def test_the_list_reads_indexes_on_a_large_table(town, sign_in):
    """Of the archive's many cases the open ones are few: no tab reads the whole table."""
    old = to_state(town, State.CLOSED)
    cases.multiply(old, 20_000)
    to_state(town, State.REPORTED)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE incidents_incident")
    client = sign_in("owner")
    statements = []

    def note(execute, sql, params, many, context):
        if "incidents_incident" in sql and sql.startswith("SELECT"):
            statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        for query in ({}, {"tab": "open"}, {"tab": "open", "light": "red"}, {"tab": "all"}):
            assert client.get(URL, query).status_code == 200
    assert len(statements) == 7
    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(f"EXPLAIN {sql}", params)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on incidents_incident" not in plan, plan


def test_urging_is_one_click_and_on_record(town, sign_in):
    case = to_state(town, State.IN_HAND)
    client = sign_in("supervisor")
    page = client.get(URL, {"tab": "open"}, **ENGLISH).content.decode()
    assert f"/work/{case.number}/act/remind/" in page
    client.post(f"/work/{case.number}/act/remind/", {"version": case.version})
    case.refresh_from_db()
    assert case.urged_count == 1
    assert AuditEntry.objects.filter(action="incident.remind").exists()
    assert "urged ×1" in client.get(URL, {"tab": "open"}, **ENGLISH).content.decode()


@pytest.mark.req("I-08")
def test_lights_and_marks_are_words_too(town, sign_in):
    now = timezone.now()
    take(town, now=now - timedelta(days=3), grade=Grade.GENERAL)
    case = to_state(town, State.IN_HAND, now=now)
    move(town, "handler", "return", case, note="不属于本科室")
    page = sign_in("dispatcher").get(URL, {"tab": "open"}, **ENGLISH).content.decode()
    assert "days" in page
    assert "over" in page
    assert "handed back ×1" in page
    assert Incident.objects.overdue(timezone.now()).count() == 1
