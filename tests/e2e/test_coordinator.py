"""A coordinator on the round: quick report with one thumb, no signal in the basement, own grid."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from incidents.choices import State
from incidents.models import Incident
from tests.e2e.frame import LOOKS, check_page, sign_in, small_targets
from tests.e2e.test_resident import photo, position
from tests.incidents.helpers import category, take

MADE_FOR_THUMBS = (
    "main .btn, main input:not([type=hidden]):not([type=checkbox]), main textarea, main .tile, "
    "main summary, .tabs a, .case-card, main .check"
)
PHONE_ZH, _SCREEN_ZH, PHONE_EN, _SCREEN_EN = LOOKS


@pytest.fixture
def field_page(new_page, base_url, town):
    """The quick form, opened by the coordinator of a1 who stands in the grid."""

    def opened(look=PHONE_EN, **options):
        page = new_page(look, **(position(town) | options))
        sign_in(page, town.users["coordinator"])
        page.goto(f"{base_url}/field/")
        return page

    return opened


@pytest.mark.req("I-06")
@pytest.mark.req("Z-07")
def test_a_coordinator_reports_and_finds_it_in_the_list_and_on_the_map(
    field_page, base_url, town, look
):
    category(name="暴露垃圾", name_en="Exposed rubbish")
    category(name="占道经营", name_en="Street trading", small_code="902")
    page = field_page(look)
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")  # by itself
    expect(page.locator(".field-head")).to_contain_text(look.say("区a1", "Area a1"))
    page.locator("input[type=file]").set_input_files([photo()])
    expect(page.locator(".photos img")).to_have_count(1)
    page.locator("#id_description").fill("楼后堆着垃圾")
    page.locator(".kinds summary").click()
    page.locator("#kinds-search").fill(look.say("垃圾", "rubbish"))
    expect(page.locator("#id_category option")).to_have_count(2)  # and none
    page.locator("#id_category").select_option(label=look.say("暴露垃圾", "Exposed rubbish"))
    check_page(page, "field")
    page.locator("[data-field-form] [type=submit]").click()
    page.wait_for_url("**/field/?sent=*")
    incident = Incident.objects.get()
    expect(page.locator(".messages")).to_contain_text(incident.number)
    assert incident.category.name == "暴露垃圾"
    assert incident.report_grid == town.grids["a1"]
    assert incident.attachments.count() == 1
    expect(page.locator("#id_description")).to_have_value("")

    page.get_by_role("link", name=look.say("我的清单", "My list")).click()
    card = page.locator(".case-card")
    expect(card).to_have_count(1)
    expect(card).to_contain_text("楼后堆着垃圾")
    expect(card.locator(".light")).to_be_visible()
    check_page(page, "field-list")
    page.goto(f"{base_url}/field/map/")
    expect(page.locator(".case-pin")).to_have_count(1)
    expect(page.locator(".legend")).to_contain_text(look.say("网格", "grid"))
    check_page(page, "field-map")


@pytest.mark.req("I-06")
@pytest.mark.parametrize("look", [PHONE_ZH, PHONE_EN], ids=str)
def test_what_was_solved_on_the_spot_is_closed(field_page, town, look):
    page = field_page(look)
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")
    page.locator("#id_description").fill("小广告")
    expect(page.locator("#id_result")).to_be_hidden()
    page.locator("#id_on_the_spot").check()
    page.locator("[data-field-form] [type=submit]").click()
    summary = page.locator("[data-field-errors]")
    expect(summary).to_be_focused()
    check_page(page, "field-errors")
    summary.locator("a").click()
    expect(page.locator("#id_result")).to_be_focused()
    page.locator("#id_result").fill("已撕掉")
    page.locator("[data-field-form] [type=submit]").click()
    page.wait_for_url("**/field/?sent=*")
    incident = Incident.objects.get()
    assert incident.state == State.CLOSED
    assert incident.result_public == "已撕掉"


@pytest.mark.req("Z-04")
def test_without_a_signal_the_report_waits_and_then_goes_out_by_itself(field_page, base_url):
    page = field_page()
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")
    page.locator("#id_description").fill("In the basement")
    page.locator("input[type=file]").set_input_files([photo()])
    expect(page.locator(".photos img")).to_have_count(1)
    page.context.set_offline(True)
    page.locator("[data-field-form] [type=submit]").click()
    expect(page.locator("[data-waiting]")).to_be_visible()
    check_page(page, "field-waiting")
    assert not Incident.objects.exists()
    page.context.set_offline(False)
    page.wait_for_url("**/field/?sent=*")
    incident = Incident.objects.get()
    assert incident.description == "In the basement"
    assert incident.attachments.count() == 1
    page.goto(f"{base_url}/field/")
    expect(page.locator("[data-waiting]")).to_be_hidden()


@pytest.mark.req("Z-04")
def test_an_answer_that_was_lost_makes_no_second_case(field_page, base_url):
    page = field_page()
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")
    page.locator("#id_description").fill("Loose cover")

    def lose_the_answer(route):
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route(f"{base_url}/field/", lose_the_answer)
    page.locator("[data-field-form] [type=submit]").click()
    expect(page.locator("[data-waiting]")).to_be_visible()
    assert Incident.objects.count() == 1
    page.unroute(f"{base_url}/field/")
    page.clock.install()
    page.reload()  # the phone was switched off and on again
    expect(page.locator("#id_description")).to_have_value("Loose cover")
    expect(page.locator("[data-waiting]")).to_be_visible()
    page.clock.fast_forward(30_000)  # nobody taps: it goes out by itself
    page.wait_for_url("**/field/?sent=*")
    assert Incident.objects.count() == 1


def test_drafts_survive_a_reload(field_page):
    page = field_page()
    page.locator("#id_description").fill("Half a sentence")
    page.locator("input[type=file]").set_input_files([photo()])
    expect(page.locator(".photos img")).to_have_count(1)
    page.locator("#id_on_the_spot").check()
    page.locator("#id_result").fill("Half done")
    page.reload()
    expect(page.locator("#id_description")).to_have_value("Half a sentence")
    expect(page.locator("#id_result")).to_have_value("Half done")
    expect(page.locator("#id_result")).to_be_visible()
    expect(page.locator(".photos img")).to_have_count(1)


@pytest.mark.req("Z-06")
def test_a_session_that_has_ended_keeps_the_draft(field_page, base_url, town):
    page = field_page()
    page.locator("#id_description").fill("Signed out meanwhile")
    page.context.clear_cookies()
    page.locator("[data-field-form] [type=submit]").click()
    expect(page.locator(".toasts")).to_contain_text("refused")
    assert not Incident.objects.exists()
    sign_in(page, town.users["coordinator"])
    page.goto(f"{base_url}/field/")
    expect(page.locator("#id_description")).to_have_value("Signed out meanwhile")


def test_everything_is_as_large_as_a_thumb(field_page, town):
    take(town, now=timezone.now(), category_id=category().pk)
    page = field_page(PHONE_ZH)
    for address in ("/field/", "/field/list/"):
        page.goto(page.url.split("/field/")[0] + address)
        assert small_targets(page, MADE_FOR_THUMBS) == [], address
