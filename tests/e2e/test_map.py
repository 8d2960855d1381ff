"""The map of the street office: drawn without internet, worked from, and refreshed by itself."""

import json

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from incidents.choices import State
from tests.e2e.frame import LOOKS, check_page, shot, sign_in
from tests.incidents.helpers import move, take, to_state

PHONE_ZH, SCREEN_ZH, PHONE_EN, SCREEN_EN = LOOKS
PINS = ".case-pin, .case-cluster"


def open_map(page, base_url, user, query=""):
    sign_in(page, user)
    page.goto(f"{base_url}/map/{query}")
    page.wait_for_function("() => document.querySelectorAll('.grid-label').length > 0")


def open_sheet(page):
    """On a phone the filters wait below."""
    toggle = page.locator("#filters [data-panel-toggle]")
    if toggle.get_attribute("aria-expanded") == "false":
        toggle.click()


@pytest.mark.req("M-01")
@pytest.mark.req("M-07")
def test_the_map_passes_in_every_look_and_a_case_is_urged_from_it(page, base_url, look, town):
    case = to_state(town, State.IN_HAND, now=timezone.now())
    take(town, area="b2", now=timezone.now(), urgent=True)
    open_map(page, base_url, town.users["supervisor"])
    expect(page.locator(PINS).first).to_be_visible()
    check_page(page, "map")
    open_sheet(page)
    page.locator(f"#in-view [data-number='{case.number}']").click()
    panel = page.locator("#case-panel")
    expect(panel.locator(f"[data-case='{case.number}']")).to_be_visible()
    check_page(page, "map-case")
    panel.locator(f"form[action='/work/{case.number}/act/remind/'] button").first.click()
    expect(panel.locator(".notice--success")).to_contain_text(case.number)
    case.refresh_from_db()
    assert case.urged_count == 1
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


@pytest.mark.req("M-01")
@pytest.mark.req("Z-06")
def test_a_case_is_reassigned_from_the_map_and_refusals_keep_the_words(new_page, base_url, town):
    case = to_state(town, State.DISPATCHED)
    page = new_page(SCREEN_EN)
    open_map(page, base_url, town.users["supervisor"])
    page.locator(f"#in-view [data-number='{case.number}']").click()
    panel = page.locator("#case-panel")
    form = panel.locator(f"form[action='/work/{case.number}/act/reassign/']")
    panel.locator(".act > summary", has_text="Reassign").click()
    form.locator("[name=target]").select_option(label="Office of health_care")
    form.locator("[name=note]").fill("theirs, not ours")
    move(town, "supervisor", "remind", case)
    form.locator("button").click()
    expect(panel.locator(".errors")).to_contain_text("刘洋 has just moved the case")
    expect(form.locator("[name=note]")).to_have_value("theirs, not ours")
    form.locator("button").click()
    expect(panel.locator(".kv")).to_contain_text("Office of health_care")
    case.refresh_from_db()
    assert case.owner_department == town.departments["health_care"]


@pytest.mark.req("M-03")
def test_new_cases_appear_without_a_reload(new_page, base_url, town):
    take(town, now=timezone.now())
    page = new_page(SCREEN_ZH)
    open_map(page, base_url, town.users["supervisor"])
    expect(page.locator("#in-view-count")).to_have_text("1")
    second = take(town, area="b1", now=timezone.now(), urgent=True)
    page.evaluate("document.dispatchEvent(new CustomEvent('inbox:changed'))")
    expect(page.locator("#in-view-count")).to_have_text("2")
    expect(page.locator("#in-view button").first).to_have_attribute("data-number", second.number)
    expect(page.locator("#map-news")).not_to_have_text("")


@pytest.mark.req("M-01")
def test_filters_and_layers_stand_in_the_address_and_the_legend_is_true(new_page, base_url, town):
    take(town, now=timezone.now())
    to_state(town, State.CLOSED)
    page = new_page(SCREEN_EN)
    open_map(page, base_url, town.users["supervisor"])
    legend = page.locator(".legend ul")
    for words in ("Tier 1 grid", "Tier 2 grid", "Tier 3 grid", "Area with a vacant post"):
        expect(legend).to_contain_text(words)
    expect(legend).not_to_contain_text("People in post")
    expect(legend).not_to_contain_text("Not divided further")
    page.locator("[data-layer=posts]").check()
    expect(page.locator(".post-pin").first).to_be_visible()
    expect(legend).to_contain_text("People in post")
    page.locator("[data-layer=coverage]").check()
    expect(legend).to_contain_text("Not divided further")
    page.locator("[data-layer=grid]").uncheck()
    expect(legend).not_to_contain_text("Tier 3 grid")
    page.locator("#id_stage").select_option("closed")
    expect(page.locator("#in-view-count")).to_have_text("1")
    expect(legend).not_to_contain_text("On time")
    address = page.url
    assert "stage=closed" in address
    page.goto(address)
    expect(page.locator("#in-view-count")).to_have_text("1")
    expect(page.locator("[data-layer=grid]")).not_to_be_checked()
    expect(page.locator("[data-layer=posts]")).to_be_checked()
    expect(legend).to_contain_text("Not divided further")
    assert page.url == address
    shot(page, "map-layers")


def test_an_area_tells_who_is_there(new_page, base_url, town):
    take(town, now=timezone.now())
    page = new_page(SCREEN_EN)
    open_map(page, base_url, town.users["supervisor"], "?layers=posts,grid")
    page.locator(".post-pin[title^='Area a1']").click()
    card = page.locator("#case-panel .area-card")
    expect(card).to_contain_text("王芳 Grid manager")
    expect(card).to_contain_text("1 open cases")
    expect(card.locator("a[href='tel:010-62780000']").first).to_be_visible()
    page.locator(".post-pin[title^='Area b2']").click()
    expect(card.locator(".notice--warning").first).to_contain_text("has nobody as")


@pytest.mark.req("Z-06")
def test_analysts_see_areas_but_no_cases(new_page, base_url, town):
    take(town)
    page = new_page(PHONE_EN)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    open_map(page, base_url, town.users["analyst"])
    check_page(page)
    expect(page.locator(PINS)).to_have_count(0)
    expect(page.locator("#case-filters")).to_have_count(0)
    assert not [url for url in asked if "cases.geojson" in url]


def test_names_give_way_to_pins(new_page, base_url, town):
    for area in ("a1", "a2", "b1", "b2"):
        take(town, area=area, now=timezone.now())
    page = new_page(SCREEN_ZH)
    open_map(page, base_url, town.users["supervisor"], "?layers=cases,community,posts,grid")
    expect(page.locator(PINS).first).to_be_visible()
    page.wait_for_timeout(700)
    clashes = page.evaluate(
        """() => {
          const box = (node) => node.getBoundingClientRect();
          const seen = [...document.querySelectorAll(".grid-label")].filter(
            (label) => box(label).width && getComputedStyle(label).visibility === "visible");
          const pins = [...document.querySelectorAll(".case-pin, .case-cluster, .post-pin")];
          const across = (a, b) => a.left < b.right && a.right > b.left;
          const meets = (a, b) => across(a, b) && a.top < b.bottom && a.bottom > b.top;
          return seen.flatMap((label, n) => [...pins, ...seen.slice(0, n)]
            .filter((other) => meets(box(label), box(other)))
            .map((other) => `${label.textContent} under ${other.title || other.textContent}`));
        }"""
    )
    assert clashes == [], json.dumps(clashes, ensure_ascii=False)
    assert page.locator(".grid-label:visible").count() > 2
