"""The whole story in the browser: from the report of a resident to its rating."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from incidents.choices import Opinion, State
from incidents.models import Incident, PublicTile
from tests.e2e.frame import LOOKS, sign_in
from tests.incidents.helpers import category

PHONE_ZH, SCREEN_ZH, PHONE_EN, SCREEN_EN = LOOKS


def step(page, base_url, number, action, **fields):
    """Make one move on the page of the case."""
    page.goto(f"{base_url}/work/{number}/")
    form = page.locator(f"form[action='/work/{number}/act/{action}/']").first
    for name, words in fields.items():
        form.locator(f"[name={name}]").fill(words)
    form.locator("button").click()
    expect(page.locator(".messages .notice--success")).to_be_visible()


@pytest.mark.req("G-06")
@pytest.mark.req("I-06")
@pytest.mark.req("I-07")
@pytest.mark.req("I-11")
def test_a_report_made_at_a_place_comes_back_solved(new_page, base_url, town):
    tile = PublicTile.objects.create(
        code="rubbish", name="垃圾", name_en="Rubbish", icon="rubbish", order=1
    )
    category(small_code="901", name="暴露垃圾", name_en="Rubbish", tile=tile, is_tile_default=True)

    lon, lat = town.point_in("a1")
    here = {"longitude": lon, "latitude": lat, "accuracy": 9}
    resident = new_page(PHONE_ZH, geolocation=here, permissions=["geolocation"])
    resident.goto(f"{base_url}/report/")
    resident.wait_for_function("() => document.querySelector('#pick').gmPick")
    resident.locator("[data-pick-gps]").click()
    expect(resident.locator("[data-pick-lon]")).not_to_have_value("")
    resident.locator("#id_description").fill("小区门口垃圾堆了三天")
    resident.get_by_text("垃圾", exact=True).click()
    resident.locator("form[data-report] [type=submit]").click()
    resident.wait_for_url("**/report/sent/**")
    case = Incident.objects.get()
    number = case.number
    assert case.owner_person == town.users["owner"].person

    manager = new_page(PHONE_ZH)
    sign_in(manager, town.users["owner"])
    manager.goto(f"{base_url}/work/")
    for action, state in (("verify", State.VERIFIED), ("file", State.FILED)):
        with manager.expect_navigation():
            manager.locator(f"form[action='/work/{number}/act/{action}/'] button").click()
        expect(manager.locator(".messages .notice--success")).to_be_visible()
        case.refresh_from_db()
        assert case.state == state

    dispatcher = new_page(SCREEN_EN)
    sign_in(dispatcher, town.users["dispatcher"])
    dispatcher.goto(f"{base_url}/work/")
    dispatcher.locator(f"form[action='/work/{number}/act/dispatch/'] button").click()
    expect(dispatcher.locator(".messages .notice--success")).to_be_visible()

    supervisor = new_page(SCREEN_ZH)
    sign_in(supervisor, town.users["supervisor"])
    supervisor.goto(f"{base_url}/map/")
    supervisor.locator(f"#in-view [data-number='{number}']").click()
    panel = supervisor.locator("#case-panel")
    expect(panel.locator(".kv")).to_contain_text("科室sanitation")
    panel.locator(f"form[action='/work/{number}/act/remind/'] button").first.click()
    expect(panel.locator(".notice--success")).to_be_visible()

    handler = new_page(PHONE_EN)
    sign_in(handler, town.users["handler"])
    handler.goto(f"{base_url}/work/")
    expect(handler.locator("tr[data-href]")).to_contain_text("urged ×1")
    handler.locator(f"form[action='/work/{number}/act/accept/'] button").click()
    expect(handler.locator(".messages .notice--success")).to_be_visible()
    step(handler, base_url, number, "handle", note="下午已清运", public_note="垃圾已清运，感谢反映")

    for action in ("check", "close"):
        step(supervisor, base_url, number, action)
    case.refresh_from_db()
    assert case.state == State.CLOSED
    assert case.closed_at <= timezone.now()

    resident.goto(f"{base_url}/follow/{number}/")
    expect(resident.locator(".progress .is-now")).to_have_text("已办结")
    expect(resident.locator(".result")).to_contain_text("垃圾已清运，感谢反映")
    resident.locator("[data-rating] label").first.click()
    with resident.expect_navigation():
        resident.locator("[data-rating] [type=submit]").click()
    expect(resident.locator("[data-rating] .errors")).to_have_count(0)
    case.refresh_from_db()
    assert case.opinion == Opinion.SATISFIED
    actions = list(case.history.values_list("action", flat=True))
    assert actions == [
        *("report", "verify", "file", "dispatch", "remind"),
        *("accept", "handle", "check", "close", "rate"),
    ]
