"""The leader's page: five figures that agree with their lists, urgent cases, and orders."""

import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from gridmgmt.core.models import AuditEntry
from incidents.choices import Channel, Grade, State
from incidents.models import Incident, UrgentReceipt
from tests.incidents.helpers import category, move, take, to_state
from tests.incidents.test_desk_work import ROW

URL = "/today/"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}
FIGURE = re.compile(
    r'<a class="stat[^"]*" href="([^"]+)"><span class="stat__label">([^<]+)</span>'
    r'<span class="stat__value">([^<\s]+)'
)


def figures(client):
    page = client.get(URL, **ENGLISH).content.decode()
    return {label: (html.unescape(url), value) for url, label, value in FIGURE.findall(page)}


@pytest.mark.req("M-01")
def test_each_figure_opens_to_exactly_the_cases_that_it_counts(town, sign_in):
    now = timezone.now()
    old = take(town, now=now - timedelta(days=40))
    for area in ("a1", "a2", "b1", "f1"):
        take(town, area=area, now=now)
    take(town, now=now, urgent=True, area="b2")
    to_state(town, State.CLOSED, now=now)
    move(town, "owner", "not_file", take(town, now=now - timedelta(days=2)), note="重复")
    client = sign_in("leader")
    found = figures(client)
    assert {label: value for label, (_url, value) in found.items()} == {
        "Reported today": "5",
        "Urgent now": "1",
        "Overdue": "1",
        "Open cases": "5",
        "Oldest open case": "40",
    }
    for label, (url, value) in found.items():
        rows = ROW.findall(client.get(url, **ENGLISH).content.decode())
        if label == "Oldest open case":
            assert rows[0] == old.number
        else:
            assert len(rows) == int(value), label


def test_without_cases_the_figures_are_zero(town, sign_in):
    values = [value for _url, value in figures(sign_in("leader")).values()]
    assert values == ["0", "0", "0", "0", "—"]


@pytest.mark.req("I-10")
def test_an_urgent_case_is_seen_and_acknowledged_once(town, sign_in):
    case = take(town, now=timezone.now(), grade=Grade.MAJOR)
    receipt = UrgentReceipt.objects.get(incident=case, person=town.users["leader"].person)
    assert receipt.seen_at is None
    client = sign_in("leader")
    page = client.get(URL, **ENGLISH).content.decode()
    assert case.number in page
    assert "Acknowledge" in page
    receipt.refresh_from_db()
    assert receipt.seen_at is not None
    for _twice in range(2):
        assert client.post(f"{URL}receipt/{case.number}/").status_code == 302
    receipt.refresh_from_db()
    assert receipt.acknowledged_at is not None
    assert AuditEntry.objects.filter(action="incident.acknowledged").count() == 1
    assert "Acknowledged" in client.get(URL, **ENGLISH).content.decode()


def test_what_was_not_sent_is_not_acknowledged(town, sign_in):
    plain = take(town)
    foreign = take(town, area="f1", grade=Grade.MAJOR)
    client = sign_in("leader")
    for number in (plain.number, foreign.number, "QH-0000"):
        assert client.post(f"{URL}receipt/{number}/").status_code == 404


@pytest.mark.req("I-10")
def test_an_order_is_filed_directly_and_goes_to_whoever_handles_it(town, sign_in):
    category(small_code="900")
    lon, lat = town.point_in("b1")
    client = sign_in("leader")
    data = {"description": "清理河道", "lon": lon, "lat": lat, "key": "o" * 32}
    answer = client.post(URL, data, follow=True, **ENGLISH)
    case = Incident.objects.get()
    assert case.channel == Channel.LEADER
    assert case.state not in {State.REPORTED, State.VERIFIED}
    assert case.report_grid == town.grids["b1"]
    assert case.number in answer.content.decode()
    client.post(URL, data)
    assert Incident.objects.count() == 1


def test_another_order_from_the_same_page_goes_out_when_it_is_sent_once_more(town, sign_in):
    client = sign_in("leader")
    lon, lat = town.point_in("a1")
    order = {"description": "清理", "lon": lon, "lat": lat, "key": "k" * 32}
    assert client.post(URL, order, **ENGLISH).status_code == 302
    other = client.post(URL, order | {"description": "另一件"}, **ENGLISH)
    assert other.status_code == 400
    assert "send it once more" in other.content.decode()
    key = re.search(r'name="key" value="([0-9a-f]{32})"', other.content.decode()).group(1)
    again = client.post(URL, order | {"description": "另一件", "key": key}, **ENGLISH)
    assert again.status_code == 302
    assert Incident.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"description": ""}, "Say in a few words what shall be done."),
        ({"description": "清理", "lon": "x", "lat": "y"}, ""),
    ],
)
def test_an_order_that_says_too_little_is_asked_back(town, sign_in, fields, words):
    answer = sign_in("leader").post(URL, {"address": "桥头", **fields}, **ENGLISH)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert 'value="桥头"' in answer.content.decode()
    assert Incident.objects.count() == 0


@pytest.mark.req("Z-06")
def test_only_leaders_order(town, sign_in, client):
    assert client.get(URL).status_code == 302
    for who in ("stranger", "owner", "supervisor", "dispatcher", "desk", "analyst", "handler"):
        assert sign_in(who).get(URL).status_code == 403, who
        assert sign_in(who).post(URL, {"description": "x"}).status_code == 403, who
    assert sign_in("leader").get(URL).status_code == 200


def test_the_page_costs_few_queries(town, sign_in, django_assert_max_num_queries):
    for _n in range(5):
        take(town, now=timezone.now(), grade=Grade.MAJOR)
    client = sign_in("leader")
    client.get(URL)
    with django_assert_max_num_queries(10):
        client.get(URL)
