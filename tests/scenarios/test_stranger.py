"""Every address of the product, tried by nobody and by somebody without a post, GET and POST.

The addresses come from the URL resolver itself. What outsiders may reach stands below by name; a
new address that answers them and is not written down here fails.
"""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from gridmgmt.core import public_pages
from gridmgmt.core.models import OutboxEvent
from gridmgmt.notifications.models import Notification
from incidents.models import HistoryEntry, Incident
from tests.incidents.helpers import take, to_state

# Reached by everybody. The values say what the answer is for.
PUBLIC = {
    "home": "the home page",
    "incidents:report": "to report",
    "incidents:sent": "thanks, with the query number that the page's address holds",
    "incidents:follow": "to ask for a number",
    "incidents:follow_case": "to follow by number",
    "incidents:open_reports": "blurred places of open reports",
    "incidents:nearby": "blurred places near a point",
    "incidents:api_incidents": "POST: to report; GET: lists only for those with the right",
    "incidents:api_incidents_map": "outsiders see released cases only, blurred",
    "incidents:api_incident": "by the query number, in plain words only",
    "incidents:api_rating": "to rate by the query number",
    "incidents:api_reopening": "to ask for a second look by the query number",
    "incidents:api_report_kinds": "the picture tiles of the report form",
    "incidents:api_categories": "the published list of kinds",
    "core:login": "the door",
    "core:logout": "harmless for who is not in",
    "core:privacy": "the privacy notice",
    "core:health": "alive or not, for monitoring",
    "core:metrics": "the same as figures: ages and lengths of queues, nothing of persons",
    "core:style": "the components, with invented examples",
    "territory:tiers": "the published tiers",
    "territory:grids": "the published areas",
    "territory:outlines": "the published areas",
    "territory:grid": "one published area",
    "territory:places": "places of the map by words",
    "people_api:responsibility": "who is responsible at a point",
    "tiles:base": "the base map",
    "tiles:grids": "the published areas as tiles",
    "grid_pages:page": "an area: who answers, blurred reports",
    "grid_pages:page_of_tier": "the same by tier and code",
    "grid_pages:board": "the notice board of an area",
    "grid_pages:card": "the contact cards of an area",
    "grid_pages:plan": "the plan of an area",
    "grid_pages:list": "the parts of an area with names and duty phones",
    "grid_pages:board_pdf": "the notice board of an area",
    "grid_pages:card_pdf": "the contact cards of an area",
    "grid_pages:plan_pdf": "the plan of an area",
    "grid_pages:list_pdf": "the parts of an area with names and duty phones",
    "set_language": "the language of the pages",
    "schema": "the description of the interface",
    "api_docs": "the description of the interface, readable",
    "admin:login": "the door of the admin site",
    "admin:logout": "harmless for who is not in",
    "admin:jsi18n": "words of the admin site's scripts",
}
# Reached by whoever has signed in: their own things only.
SIGNED_IN = {
    "core:start": "leads to the first page of one's role",
    "core:account": "the own account",
    "core:sign_out_everywhere": "the own sessions",
    "core:revoke_token": "the own tokens; 404 for those of others",
    "notifications:inbox": "the own messages",
    "notifications:unread": "the own messages",
    "notifications:read_all": "the own messages",
    "notifications:open": "the own messages; 404 for those of others",
}
REFUSALS = (401, 403, 404, 405)


def addresses() -> Iterator[tuple[str, URLPattern, str]]:
    """Each URL pattern as (name with name spaces, pattern, route from the root)."""

    def below(resolver: URLResolver, spaces: tuple[str, ...], route: str) -> Iterator:
        for entry in resolver.url_patterns:
            here = route + str(entry.pattern)
            if isinstance(entry, URLResolver):
                space = (entry.namespace,) if entry.namespace else ()
                yield from below(entry, spaces + space, here)
            else:
                yield ":".join([*spaces, entry.name or f"unnamed {here}"]), entry, here

    yield from below(get_resolver(), (), "/")


def filled(pattern: URLPattern, route: str, values: dict[str, str]) -> str:
    """The address with its converters filled in; regular expressions get the first thing named."""
    address = route
    for name in pattern.pattern.converters:
        address = re.sub(rf"<(\w+:)?{name}>", values.get(name, "1"), address)
    address = re.sub(r"\(\?P<\w+>[^)]*\)", "territory", address)
    return re.sub(r"[\^$\\]", "", address)


@pytest.fixture
def values(town) -> dict[str, str]:
    """What the converters of the addresses stand for: things that exist."""
    place = {"lon": 116.304173, "lat": 40.008317}
    case = to_state(town, "filed", contact_phone="13812345678", **place)
    take(town, area="a2")
    return {
        "number": case.number,
        "pk": "1",
        "action": "dispatch",
        "ending": "csv",
        "tier": "grid",
        "code": "110108999001001",
        "z": "14",
        "x": "13491",
        "y": "6201",
        "size": "small",
        "object_id": "1",
        "app_label": "territory",
        "content_type_id": "1",
    }


def _state() -> tuple:
    return (
        list(Incident.objects.order_by("pk").values_list("pk", "state", "version")),
        HistoryEntry.objects.count(),
        Notification.objects.count(),
        OutboxEvent.objects.count(),
    )


def test_the_lists_above_name_addresses_that_exist() -> None:
    names = {name for name, _pattern, _route in addresses()}
    assert {*PUBLIC, *SIGNED_IN} <= names
    assert len(names) > 50


@pytest.mark.req("Z-01")
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_reaches_what_is_not_public(town, values, method) -> None:
    before = _state()
    wrong = []
    for name, pattern, route in addresses():
        if name in PUBLIC:
            continue
        address = filled(pattern, route, values)
        answer = getattr(Client(), method)(address)
        to_login = answer.status_code == 302 and "/login/" in answer.headers["Location"]
        if not (to_login or answer.status_code in REFUSALS):
            wrong.append((name, address, answer.status_code))
    assert wrong == []
    assert _state() == before


@pytest.mark.req("Z-01")
@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_without_a_post_reaches_only_what_is_public_or_their_own(
    town, values, sign_in, method
) -> None:
    before = _state()
    wrong = []
    for name, pattern, route in addresses():
        if name in PUBLIC or name in SIGNED_IN:
            continue
        address = filled(pattern, route, values)
        answer = getattr(sign_in("stranger"), method)(address)
        # The admin site leads to a door, and tells there that the account is not enough.
        to_admin_door = answer.status_code == 302 and "/login/" in answer.headers["Location"]
        if not (to_admin_door or answer.status_code in REFUSALS):
            wrong.append((name, address, answer.status_code))
    assert wrong == []
    assert _state() == before


@pytest.mark.req("Z-01", "P-03")
@pytest.mark.parametrize("who", [None, "stranger"])
def test_public_addresses_answer_and_tell_nothing_personal(town, values, sign_in, who) -> None:
    client = sign_in(who) if who else Client()
    case = Incident.objects.get(number=values["number"])
    lon, lat = case.point.coords
    for name, pattern, route in addresses():
        if name not in PUBLIC:
            continue
        address = filled(pattern, route, values)
        query = {"lon": f"{lon + 0.0007:.6f}", "lat": f"{lat:.6f}", "q": "路", "tier": "grid"}
        answer = client.get(address, query)
        # Without a worker the product says openly that it is not well.
        assert answer.status_code < 500 or name == "core:health", (name, answer.status_code)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = body.decode("utf-8", "replace")
        assert "13812345678" not in text, name
        assert case.description not in text, name
        assert not (f"{lon:.4f}" in text and f"{lat:.4f}" in text), name


@pytest.mark.req("P-05")
def test_no_public_address_tells_where_anything_lies_while_the_map_is_closed(
    town, values, sign_in
) -> None:
    """Only what was asked for comes back: the search for a place that a report needs."""
    case = Incident.objects.get(number=values["number"])
    released = {"released": True, "public_point": case.point, "public_description": "lamp"}
    Incident.objects.filter(pk=case.pk).update(**released)
    public_pages.decide(actor=None, now=timezone.now(), map_mode="staff")
    lon, lat = case.point.coords
    queries = (
        {"tier": "grid", "code": values["code"]},
        {"lon": f"{lon + 0.0007:.6f}", "lat": f"{lat:.6f}", "crs": "wgs84"},
        {"bbox": "116,39,117,41"},
    )
    told = []
    for name, pattern, route in addresses():
        if name not in PUBLIC or name == "territory:places":
            continue
        for query in queries:
            answer = Client().get(filled(pattern, route, values), query)
            if answer.status_code != 200:
                continue
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            text = body.decode("utf-8", "replace")
            for value in query.values():
                text = text.replace(value, "")
            if re.search(r"116\.3\d|40\.0[0-2]|\"coordinates\"|data-bounds", text):
                told.append((name, query))
    assert told == []
    staff = sign_in("owner").get(f"/api/v1/grids/grid/{values['code']}/").json()
    assert staff["extent"] == [116.3, 40.0, 116.31, 40.02]
