"""The public page of an area in the browser, its sheets, and home while the map is closed."""

import re

import pytest
from playwright.sync_api import expect

from gridmgmt.core import public_pages
from grids.territory.services.places import rebuild_places
from incidents.models import Incident
from tests.e2e.frame import LOOKS, check_page, sign_in, small_targets
from tests.incidents.helpers import take
from tests.town import START

PHONE_ZH, SCREEN_ZH, PHONE_EN, SCREEN_EN = LOOKS
CODE, COMMUNITY = "110108999001001", "110108999001"
OF_THE_MAP = re.compile(r"/vendor/(leaflet|protomaps)|/css/map\.css|/js/map/|/tiles/|/api/")


@pytest.mark.req("P-01", "S-08", "M-07")
def test_an_area_tells_who_answers_and_leads_on(page, base_url, town, look) -> None:
    case = take(town, area="a1")
    Incident.objects.filter(pk=case.pk).update(released=True, public_description="一盏路灯")
    page.goto(f"{base_url}/grids/{CODE}/")
    expect(page.get_by_text("王芳").first).to_be_visible()
    expect(page.locator("#grid-map .report-pin")).to_have_count(1)
    check_page(page, "grid")
    assert small_targets(page, "main .btn, main .grid-list a, main .grid-crumbs a") == []
    with page.expect_navigation():
        page.locator(".grid-crumbs a").last.click()
    assert page.url.endswith(f"/grids/{COMMUNITY}/")
    with page.expect_navigation():
        page.get_by_role("link", name=look.say("区a2", "Area a2")).first.click()
    with page.expect_navigation():
        page.locator(".grid-ways a").click()
    page.wait_for_function("() => document.querySelector('#pick').gmPick")
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")


@pytest.mark.req("P-01", "P-02", "M-07")
@pytest.mark.parametrize("sheet", ["board", "plan"])
def test_a_sheet_on_the_screen(page, base_url, town, sheet) -> None:
    page.goto(f"{base_url}/grids/{COMMUNITY}/{sheet}/")
    expect(page.locator(".sheet .paper-map")).to_be_visible()
    check_page(page, f"sheet-{sheet}")


@pytest.mark.req("M-07")
@pytest.mark.parametrize("look", [SCREEN_EN], ids=str)
def test_the_browser_prints_the_sheet_alone_on_its_paper(page, base_url, town) -> None:
    page.goto(f"{base_url}/grids/{CODE}/board/")
    page.emulate_media(media="print")
    assert not page.locator("header.header").is_visible()
    assert not page.locator(".sheet-tools").is_visible()
    box = page.locator(".sheet").bounding_box()
    assert round(box["width"] / 96 * 25.4) == 210


@pytest.mark.req("P-05")
@pytest.mark.parametrize("look", [PHONE_ZH, SCREEN_EN], ids=str)
def test_home_and_report_without_a_map(page, base_url, town, look) -> None:
    public_pages.decide(actor=None, now=START, map_mode="staff")
    rebuild_places(now=START)
    page.goto(f"{base_url}/")
    check_page(page, "home-closed")
    assert page.locator(".map").count() == 0
    page.locator(".area-list summary").get_by_text(look.say("区a", "Area a"), exact=True).click()
    with page.expect_navigation():
        page.get_by_role("link", name=look.say("区a1", "Area a1")).click()
    expect(page.locator("h1")).to_have_text(look.say("区a1", "Area a1"))
    page.goto(f"{base_url}/report/")
    check_page(page, "report-closed")
    page.locator("#address").fill("区a1")
    page.locator(".combo__option").first.click()
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")
    page.locator("textarea[name=description]").fill("路灯坏了")
    with page.expect_navigation():
        page.locator(".send button").click()
    case = Incident.objects.get()
    assert case.report_grid == town.grids["a1"]


@pytest.mark.req("P-05")
@pytest.mark.parametrize("look", [PHONE_ZH, SCREEN_EN], ids=str)
def test_the_administrator_closes_the_map(page, base_url, town, look) -> None:
    sign_in(page, town.users["administrator"])
    page.goto(f"{base_url}/settings/public/")
    check_page(page, "public-pages")
    page.locator("input[value=staff]").check()
    with page.expect_navigation():
        page.locator("main form button[type=submit]").click()
    assert not public_pages.current().map_is_public


@pytest.mark.req("P-01", "P-05")
@pytest.mark.parametrize("look", [PHONE_EN], ids=str)
def test_the_first_load_is_small_without_the_map(page, base_url, town, look) -> None:
    sizes = {}
    page.on("response", lambda r: sizes.__setitem__(r.url, len(r.body()) if r.ok else 0))
    page.goto(f"{base_url}/grids/{CODE}/", wait_until="networkidle")
    assert sum(size for url, size in sizes.items() if not OF_THE_MAP.search(url)) < 300 * 1024


@pytest.mark.req("S-06", "M-07")
@pytest.mark.parametrize("look", [PHONE_ZH, SCREEN_EN], ids=str)
def test_the_hand_over_pack_on_the_screen(page, base_url, town, look) -> None:
    take(town, area="a1")
    sign_in(page, town.users["owner"])
    page.goto(f"{base_url}/handover/{town.users['owner'].person.pk}/")
    expect(page.locator(".pack .paper-map")).to_be_visible()
    check_page(page, "handover")
