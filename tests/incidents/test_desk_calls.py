"""The phone desk: what a call becomes, what is refused, what the same number reported before."""

import re

import pytest

from incidents.choices import Channel, Grade, State
from incidents.models import Incident
from tests.incidents.helpers import category, take

URL = "/work/new/"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


def call(town, client, area="a1", **fields):
    lon, lat = town.point_in(area)
    values = {
        "description": "楼道灯坏了",
        "lon": lon,
        "lat": lat,
        "channel": "phone",
        "key": "k" * 32,
    }
    return client.post(URL, values | fields, **ENGLISH)


@pytest.mark.req("I-02")
def test_a_call_becomes_a_case_and_its_number_is_read_out(town, sign_in):
    kind = category(small_code="818", name="路灯", name_en="Street light")
    client = sign_in("desk")
    answer = call(
        town,
        client,
        category_id=f"Street light {kind.code}",
        contact_phone="13811112222",
        contact_name="段某",
    )
    case = Incident.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"{URL}?taken={case.number}"
    assert (case.channel, case.category, case.reporter) == (Channel.PHONE, kind, None)
    assert case.report_grid == town.grids["a1"]
    shown = client.get(answer["Location"], **ENGLISH).content.decode()
    assert f'id="taken-number">{case.number}<' in shown
    assert "Grid manager · 王芳" in shown
    assert "13811112222" not in shown


def test_the_same_form_sent_twice_is_one_case(town, sign_in):
    client = sign_in("desk")
    first, second = call(town, client), call(town, client)
    assert first["Location"] == second["Location"]
    other = call(town, client, description="另一件事")
    assert other.status_code == 400
    assert Incident.objects.count() == 1
    key = re.search(r'name="key" value="([0-9a-f]{32})"', other.content.decode()).group(1)
    assert call(town, client, description="另一件事", key=key).status_code == 302


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"description": ""}, "Say in a few words what is the matter."),
        ({"category_id": "没有"}, "No category is called so."),
        ({"lon": "", "lat": ""}, "Say where it is"),
        ({"lon": "nan"}, ""),
        ({"contact_phone": "abc"}, ""),
        ({"channel": "web"}, "web is not one of the available choices"),
        ({"description": "长" * 100_000}, ""),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(town, sign_in, fields, words):
    answer = call(town, sign_in("desk"), contact_name="段某", **fields)
    text = answer.content.decode()
    assert answer.status_code == 400
    assert words in text
    assert 'value="段某"' in text
    assert Incident.objects.count() == 0


def test_words_alone_go_to_the_dispatchers_pool(town, sign_in):
    call(town, sign_in("desk"), lon="", lat="", address="桥头那边")
    case = Incident.objects.get()
    assert case.place_words == "桥头那边"
    assert case.owner_role == "dispatcher"


@pytest.mark.req("I-10")
def test_a_major_emergency_reaches_the_leaders_at_once(town, sign_in):
    call(town, sign_in("desk"), major="on", description="房屋坍塌")
    case = Incident.objects.get()
    assert (case.urgent, case.grade) == (True, Grade.MAJOR)
    assert case.receipts.filter(person=town.users["leader"].person).exists()


def test_earlier_calls_of_the_number_are_shown_and_no_address_carries_it(town, sign_in):
    earlier = take(town, contact_phone="13811112222", description="上次的事")
    take(town, area="f1", contact_phone="13811112222", description="外街的事")
    take(town, contact_phone="13811112222", description="不愿具名", confidential=True)
    client = sign_in("desk")
    answer = client.post(f"{URL}earlier/", {"phone": "138 1111 2222"}, **ENGLISH)
    text = answer.content.decode()
    assert f"/work/{earlier.number}/" in text
    assert "外街的事" not in text
    assert "不愿具名" not in text
    assert client.post(f"{URL}earlier/", {"phone": "13899998888"}).content.strip() == b""
    assert client.post(f"{URL}earlier/", {"phone": ""}).content.strip() == b""
    assert client.get(f"{URL}earlier/").status_code == 405


@pytest.mark.req("Z-06")
def test_only_the_desk_takes_calls(town, sign_in, client):
    assert client.get(URL).status_code == 302
    for who in ("stranger", "owner", "supervisor", "leader", "analyst", "handler"):
        assert sign_in(who).get(URL).status_code == 403, who
        assert sign_in(who).post(f"{URL}earlier/", {"phone": "13811112222"}).status_code == 403
    assert sign_in("desk").get(URL).status_code == 200


def test_a_number_of_another_street_is_not_shown_as_taken(town, sign_in):
    foreign = take(town, area="f1")
    assert sign_in("desk").get(URL, {"taken": foreign.number}).status_code == 404


def test_the_form_costs_few_queries(town, sign_in, django_assert_max_num_queries):
    category(small_code="819")
    client = sign_in("desk")
    client.get(URL)
    with django_assert_max_num_queries(6):  # one of them asks whether the map is open
        page = client.get(URL, **ENGLISH).content.decode()
    assert '<datalist id="categories">' in page
    assert Incident.objects.filter(state=State.REPORTED).count() == 0
