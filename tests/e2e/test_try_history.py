"""Trying a draft and the slider over editions, in both languages on both widths."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from grids.territory.services import editions
from grids.territory.services.drawing import cutting
from tests.e2e.frame import check_page, shot, sign_in
from tests.territory.drawing_town import draft, line, pen


@pytest.mark.req("G-10")
def test_a_draft_is_tried_on_past_cases(page, base_url, look, town):
    edition = draft("try")
    cutting.split(pen(edition), town.grids["a1"].pk, line((116.29, 40.01), (116.311, 40.01)))
    sign_in(page, town.users["supervisor"])
    page.goto(f"{base_url}/division/{edition.pk}/try/")
    check_page(page, "try")
    expect(page.locator("main")).to_contain_text("110108999001003")
    expect(page.locator("main canvas").first).to_be_visible()
    with page.expect_navigation():
        page.select_option("select[name=shade]", "households")
    expect(page.locator("select[name=shade]")).to_have_value("households")
    check_page(page, "try-households")
    shot(page, "try")


@pytest.mark.req("G-05")
def test_the_slider_goes_back_to_the_division_before(page, base_url, look, town):
    edition = draft("second")
    cutting.split(pen(edition), town.grids["a1"].pk, line((116.29, 40.01), (116.311, 40.01)))
    editions.publish(edition, actor=town.users["administrator"], now=timezone.now())
    sign_in(page, town.users["administrator"])
    with page.expect_response(lambda answer: f"/map/history/{edition.pk}" in answer.url):
        page.goto(f"{base_url}/map/history/")
    check_page(page, "history")
    slider = page.locator("input[type=range]")
    expect(slider).to_have_value("1")
    with page.expect_response(lambda answer: f"/map/history/{town.edition.pk}" in answer.url):
        slider.focus()
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_value("0")
    check_page(page, "history-before")
    shot(page, "history")
