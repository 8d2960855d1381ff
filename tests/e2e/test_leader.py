"""The leader's phone page: figures that open, urgent matters acknowledged, orders with a place."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from incidents.choices import Channel, Grade
from incidents.models import Incident, UrgentReceipt
from tests.e2e.frame import LOOKS, check_page, sign_in, small_targets
from tests.e2e.test_desk import a_building
from tests.incidents.helpers import take

PHONE_ZH, _SCREEN_ZH, PHONE_EN, _SCREEN_EN = LOOKS


@pytest.mark.req("M-07")
@pytest.mark.req("M-01")
def test_the_page_passes_in_every_look_and_figures_open(page, base_url, look, town):
    take(town, now=timezone.now(), grade=Grade.MAJOR, description="房屋坍塌")
    take(town, area="b1", now=timezone.now())
    sign_in(page, town.users["leader"])
    page.goto(f"{base_url}/today/")
    expect(page.locator("a.stat")).to_have_count(5)
    check_page(page, "today")
    assert look.width > 360 or small_targets(page, "main .btn, main a.stat, main textarea") == []
    for index in (1, 3):
        page.goto(f"{base_url}/today/")
        figure = page.locator("a.stat").nth(index)
        value = figure.locator(".stat__value").inner_text()
        figure.click()
        expect(page.locator("tr[data-href]")).to_have_count(int(value))


@pytest.mark.req("I-10")
def test_an_urgent_case_is_acknowledged_and_an_order_given(new_page, base_url, town):
    a_building("和平里3号楼", *town.point_in("b1"))
    case = take(town, now=timezone.now(), grade=Grade.MAJOR)
    page = new_page(PHONE_ZH)
    sign_in(page, town.users["leader"])
    page.goto(f"{base_url}/today/")
    page.locator(f"form[action='/today/receipt/{case.number}/'] button").click()
    expect(page.locator(f"form[action='/today/receipt/{case.number}/']")).to_have_count(0)
    receipt = UrgentReceipt.objects.get(incident=case, person=town.users["leader"].person)
    assert receipt.acknowledged_at is not None

    page.locator("#order-form button").click()
    expect(page.locator(".errors")).to_be_focused()
    check_page(page, "today-refused")
    page.locator("#id_description").fill("今晚之前清理")
    page.locator("#address").press_sequentially("和平里3号楼")
    page.locator("#address-list [role=option]").first.click()
    expect(page.locator("#order-form [name=lon]")).not_to_have_value("")
    page.locator("#order-form button").click()
    expect(page.locator(".messages .notice--success")).to_be_visible()
    order = Incident.objects.get(channel=Channel.LEADER)
    assert order.report_grid == town.grids["b1"]
    assert order.reporter == town.users["leader"]
    expect(page.locator(".messages")).to_contain_text(order.number)


def test_other_words_take_the_point_back(new_page, base_url, town):
    a_building("和平里3号楼", *town.point_in("b1"))
    page = new_page(PHONE_EN)
    sign_in(page, town.users["leader"])
    page.goto(f"{base_url}/today/")
    page.locator("#address").press_sequentially("和平里3号楼")
    page.locator("#address-list [role=option]").first.click()
    expect(page.locator("#order-form [name=lat]")).not_to_have_value("")
    page.locator("#address").press_sequentially("对面的桥")
    expect(page.locator("#order-form [name=lat]")).to_have_value("")
