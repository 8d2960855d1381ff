"""Desks in the browser: list, case and phone desk in every look, and all of it by keyboard."""

import pytest
from django.contrib.gis.geos import Polygon
from django.utils import timezone
from playwright.sync_api import expect

from grids.territory.models import Building
from grids.territory.services.places import rebuild_places
from incidents.choices import Channel, State
from incidents.models import Incident
from tests.e2e.frame import LOOKS, check_page, shot, sign_in
from tests.incidents.helpers import category, move, take, to_state

PHONE_ZH, SCREEN_ZH, PHONE_EN, SCREEN_EN = LOOKS


def a_building(name: str, lon: float, lat: float) -> None:
    """A building that the search finds by its name."""
    shape = Polygon.from_bbox((lon, lat, lon + 0.0002, lat + 0.0002))
    Building.objects.create(name=name, footprint=shape, point=shape.point_on_surface)
    rebuild_places(now=timezone.now())


@pytest.mark.req("M-07")
@pytest.mark.req("Z-07")
def test_the_pages_of_desks_pass_in_every_look(page, base_url, look, town):
    now = timezone.now()
    take(town, now=now, urgent=True, description="楼道里闻到燃气味" * 6)
    to_state(town, State.IN_HAND)
    case = to_state(town, State.HANDLED, now=now)
    sign_in(page, town.users["supervisor"])
    page.goto(f"{base_url}/work/?tab=open")
    expect(page.locator("tr[data-href]")).to_have_count(3)
    check_page(page, "work")
    page.goto(f"{base_url}/work/{case.number}/")
    page.locator(".act--more > summary").click()
    check_page(page, "case")
    assert page.locator("html").get_attribute("lang") == look.language
    sign_in(page, town.users["desk"])
    page.goto(f"{base_url}/work/new/")
    check_page(page, "call")


def test_the_list_is_walked_filtered_and_worked_by_keys(new_page, base_url, town):
    for _n in range(3):
        case = to_state(town, State.REPORTED)
    page = new_page(SCREEN_EN)
    sign_in(page, town.users["owner"])
    page.goto(f"{base_url}/work/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tr.is-current")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.type(case.number.lower())
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-href]")).to_have_count(1)
    assert page.url.endswith(f"?tab=mine&q={case.number.lower()}")
    page.keyboard.press("Tab")
    page.locator("body").click(position={"x": 5, "y": 600})
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/work/{case.number}/")
    for state in (State.VERIFIED, State.FILED):
        # The page that follows says the same for both steps, so the step itself is waited for.
        with page.expect_navigation():
            page.keyboard.press("n")
        expect(page.locator(".notice--success")).to_contain_text(case.number)
        case.refresh_from_db()
        assert case.state == state


def test_new_cases_appear_without_a_reload_and_the_focus_stays(new_page, base_url, town):
    first = to_state(town, State.REPORTED)
    page = new_page(SCREEN_ZH)
    sign_in(page, town.users["owner"])
    page.goto(f"{base_url}/work/")
    page.wait_for_function("() => document.querySelector('tr[data-href]')")
    page.keyboard.press("j")
    held = page.evaluate("document.activeElement.getAttribute('href')")
    assert held == f"/work/{first.number}/"
    second = take(town, now=timezone.now(), urgent=True)
    page.evaluate("document.dispatchEvent(new CustomEvent('inbox:changed'))")
    expect(page.locator("tr.is-new")).to_have_count(1)
    expect(page.locator("tr[data-href]").first).to_contain_text(second.number)
    assert page.evaluate("document.activeElement.getAttribute('href')") == held
    # Another change soon after: what was marked as new stays marked.
    take(town, now=timezone.now())
    page.evaluate("document.dispatchEvent(new CustomEvent('inbox:changed'))")
    expect(page.locator("tr.is-new")).to_have_count(2)


def test_verifying_needs_a_category_and_takes_it_typed(new_page, base_url, town):
    category(small_code="817", name="占道经营", name_en="Street trade")
    case = take(town)
    page = new_page(PHONE_ZH)
    sign_in(page, town.users["owner"])
    page.goto(f"{base_url}/work/{case.number}/")
    form = page.locator(f"form[action='/work/{case.number}/act/verify/']")
    form.locator("[name=note]").fill("去看过，属实")
    form.locator("[name=category_id]").fill("没有这样的类别")
    form.locator("button").click()
    expect(page.locator(".errors")).to_be_focused()
    expect(form.locator("[name=note]")).to_have_value("去看过，属实")
    check_page(page, "case-refused")
    form.locator("[name=category_id]").fill("占道")
    form.locator("button").click()
    expect(page.locator(".messages .notice--success")).to_be_visible()
    case.refresh_from_db()
    assert (case.state, case.category.name) == (State.VERIFIED, "占道经营")


@pytest.mark.req("I-07")
def test_who_comes_second_is_told_and_keeps_the_words(new_page, base_url, town):
    case = to_state(town, State.REPORTED)
    page = new_page(SCREEN_EN)
    sign_in(page, town.users["owner"])
    page.goto(f"{base_url}/work/{case.number}/")
    page.locator(".act--more > summary").click()
    form = page.locator(f"form[action='/work/{case.number}/act/not_file/']")
    page.locator(".act > summary", has_text="Do not file").click()
    form.locator("[name=note]").fill("the same as last week")
    move(town, "grid_head", "verify", case)
    form.locator("button").click()
    expect(page.locator(".errors")).to_contain_text("陈静 has just moved the case")
    expect(form.locator("[name=note]")).to_have_value("the same as last week")
    shot(page, "case-moved")
    form.locator("button").click()
    expect(page.locator(".messages .notice--success")).to_be_visible()
    case.refresh_from_db()
    assert case.state == State.NOT_FILED


@pytest.mark.req("I-02")
@pytest.mark.req("G-06")
def test_a_call_is_taken_down_with_the_keyboard_alone(new_page, base_url, town):
    a_building("和平里3号楼", *town.point_in("a1"))
    category(small_code="816", name="路灯", name_en="Street light")
    earlier = take(town, contact_phone="13811112222", description="上次的事")
    page = new_page(SCREEN_ZH)
    sign_in(page, town.users["desk"])
    page.goto(f"{base_url}/work/new/")
    expect(page.locator("#id_contact_phone")).to_be_focused()
    page.wait_for_function("() => document.querySelector('#pick').gmPick")
    page.keyboard.type("138 1111 2222")
    expect(page.locator("#earlier a")).to_have_attribute("href", f"/work/{earlier.number}/")
    page.locator("#id_contact_name").focus()
    page.keyboard.type("段某")
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.id") != "id_description":
        page.keyboard.press("Tab")  # the earlier case is a stop on the way
    page.keyboard.type("门口路灯不亮")
    page.keyboard.press("Tab")
    page.keyboard.type("和平里3号楼")
    expect(page.locator("#address-list [role=option]").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")
    page.locator("#id_category_id").focus()
    page.keyboard.type("路灯")
    check_page(page, "call-filled")
    page.keyboard.press("Control+Enter")
    number = page.locator("#taken-number")
    expect(number).to_be_visible()
    case = Incident.objects.latest("pk")
    expect(number).to_have_text(case.number)
    check_page(page, "call-taken")
    assert (case.channel, case.category.name) == (Channel.PHONE, "路灯")
    assert case.report_grid == town.grids["a1"]
    expect(page.locator("#id_contact_phone")).to_be_focused()
