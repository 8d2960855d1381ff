"""A resident with a phone and one with a screen: report, follow, rate; and all that goes wrong."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from grids.territory.services.places import rebuild_places
from incidents.choices import State
from incidents.models import Attachment, Category, Incident, PublicTile
from tests.e2e.frame import LOOKS, Look, check_page, serious_faults, shot, small_targets
from tests.incidents.helpers import WAY, category, move, take

PHONE_ZH, SCREEN_ZH, PHONE_EN, SCREEN_EN = LOOKS
MADE_FOR_THUMBS = (
    "main .btn, main input:not([type=hidden]):not([type=radio]), main textarea, main .tile, "
    "main summary, nav a, .tool"
)
# What belongs to the map and its data; the rest of the first load has a limit.
OF_THE_MAP = re.compile(r"/vendor/(leaflet|protomaps)|/css/map\.css|/js/map/|/tiles/|/api/")
FIRST_LOAD_BYTES = 300 * 1024


def position(town, area="a1"):
    lon, lat = town.point_in(area)
    return {
        "geolocation": {"longitude": lon, "latitude": lat, "accuracy": 12},
        "permissions": ["geolocation"],
    }


def use_position(page):
    """Tap "use my position" and wait for the pin."""
    page.wait_for_function("() => document.querySelector('#pick').gmPick")
    page.locator("[data-pick-gps]").click()
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")


def photo(color="red", size=(3200, 2400)) -> dict:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Secret camera"
    Image.new("RGB", size, color).save(buffer, "JPEG", exif=exif)
    return {"name": f"{color}.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


@pytest.fixture
def tiles(town):
    light = PublicTile.objects.create(
        code="light", name="路灯照明", name_en="Lights", icon="light", order=1
    )
    PublicTile.objects.create(code="other", name="其他", name_en="Other", icon="other", order=2)
    category(
        small_code="903", tile=light, is_tile_default=True, name="路灯", name_en="Street light"
    )


@pytest.mark.req("I-02")
@pytest.mark.req("Z-07")
def test_a_resident_reports_follows_and_rates(new_page, base_url, town, tiles, look):
    page = new_page(look, **position(town))
    page.goto(base_url)
    expect(page.locator("#home-map canvas, #home-map .leaflet-tile").first).to_be_attached()
    check_page(page, "home")
    page.locator("#home-panel").get_by_role("link", name=look.say("报事", "Report")).click()

    use_position(page)
    page.locator("#id_description").fill("3号楼前的路灯不亮")
    page.get_by_text(look.say("路灯照明", "Lights"), exact=True).click()
    page.locator("input[type=file]").set_input_files([photo("red"), photo("blue")])
    expect(page.locator(".photos img")).to_have_count(2)
    page.locator(".photos__remove").first.click()
    expect(page.locator(".photos img")).to_have_count(1)
    page.locator("#id_contact_phone").fill("138 0000 1999")
    check_page(page, "report")
    draft = page.evaluate("localStorage.getItem('gm.draft.report')")
    assert "3号楼前的路灯不亮" in draft
    assert "1999" not in draft  # the number is not left lying on the phone
    page.locator("form[data-report] [type=submit]").click()

    page.wait_for_url("**/report/sent/**")
    incident = Incident.objects.get()
    expect(page.locator("#number")).to_have_text(incident.number)
    expect(page.locator(".after")).to_contain_text(look.say("区a1", "Area a1"))
    check_page(page, "sent")
    assert incident.category.name == "路灯"
    assert incident.contact_phone == "13800001999"
    kept = Attachment.objects.get()
    assert max(kept.width, kept.height) == 1600  # shrunk on the phone
    with default_storage.open(kept.file.name) as file:
        assert b"Secret camera" not in file.read()

    page.goto(f"{base_url}/follow/")
    check_page(page, "follow")
    page.locator("[data-mine-list] a").click()
    expect(page.locator(".progress .is-now")).to_have_text(look.say("已受理", "Received"))
    check_page(page, "case-received")

    handle_by_the_office(town, incident)
    page.reload()
    expect(page.locator(".progress .is-now")).to_have_text(look.say("已办结", "Done"))
    expect(page.locator(".result")).to_contain_text("垃圾已清运")
    expect(page.locator("[data-reason]")).to_be_hidden()
    page.locator("label", has_text=look.say("不满意", "Not satisfied")).last.click()
    expect(page.locator("[data-reason]")).to_be_visible()
    check_page(page, "case-done")
    page.locator("[data-rating] [type=submit]").click()
    expect(page.locator(".errors")).to_be_focused()
    page.locator("[data-rating] textarea").fill("还是不亮")
    page.locator("[data-rating] [type=submit]").click()
    again = page.locator("input[value=reopen] ~ .field textarea")
    again.fill("请再看看")
    check_page(page, "case-rated")
    page.locator("form:has(input[value=reopen]) [type=submit]").click()
    expect(page.locator(".progress .is-now")).to_have_text(look.say("办理中", "Being handled"))
    assert not re.search("立案|派遣|挂账|作废", page.locator("body").inner_text())


def handle_by_the_office(town, incident):
    """What the staff does meanwhile, so that the resident finds it closed."""
    Incident.objects.filter(pk=incident.pk).update(
        updated_at=timezone.now() - timedelta(minutes=30)
    )
    for state, who, action, data in WAY:
        incident.refresh_from_db()
        if incident.state == state:
            move(town, who, action, incident, **data)
    incident.refresh_from_db()
    assert incident.state == State.CLOSED


@pytest.mark.req("Z-04")
def test_a_double_tap_makes_one_case(new_page, base_url, town):
    page = new_page(PHONE_ZH, **position(town))
    page.goto(f"{base_url}/report/")
    use_position(page)
    page.locator("#id_description").fill("井盖松动")
    page.locator("form[data-report] [type=submit]").dblclick()
    page.wait_for_url("**/report/sent/**")
    assert Incident.objects.count() == 1


@pytest.mark.req("I-02")
@pytest.mark.parametrize("look", [PHONE_ZH, PHONE_EN], ids=str)
def test_a_refused_position_leads_to_the_search(new_page, base_url, town, look):
    rebuild_places(now=timezone.now())
    page = new_page(look)
    page.goto(f"{base_url}/report/")
    page.wait_for_function("() => document.querySelector('#pick').gmPick")
    page.locator("[data-pick-gps]").click()
    status = page.locator("[data-pick-status]")
    expect(status).to_contain_text(look.say("地址", "Search the address"))
    expect(page.locator("#address")).to_be_focused()
    page.locator("#address").press_sequentially("区a1", delay=20)
    option = page.locator(".combo__option").first
    expect(option).to_be_visible()
    assert serious_faults(page) == []
    page.locator("#address").press("ArrowDown")
    page.locator("#address").press("Enter")
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")
    page.locator("#id_description").fill("垃圾满溢")
    page.locator("form[data-report] [type=submit]").click()
    page.wait_for_url("**/report/sent/**")
    assert Incident.objects.get().report_grid == town.grids["a1"]


@pytest.mark.req("I-02")
@pytest.mark.parametrize("look", [PHONE_ZH, PHONE_EN], ids=str)
def test_without_encryption_the_page_says_why_there_is_no_position(new_page, base_url, town, look):
    page = new_page(look)
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
    page.goto(f"{base_url}/report/")
    expect(page.locator("[data-pick-status]")).to_contain_text("https")
    expect(page.locator("[data-pick-gps]")).to_be_hidden()
    expect(page.locator("#address")).to_be_visible()


@pytest.mark.req("I-02")
def test_the_keyboard_alone_sets_the_place(new_page, base_url, town):
    page = new_page(SCREEN_EN)
    page.goto(f"{base_url}/report/")
    page.wait_for_function("() => document.querySelector('#pick').gmPick")
    page.locator("#pick .map").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")


@pytest.mark.req("I-02")
def test_what_was_begun_survives_a_reload_and_is_gone_once_sent(new_page, base_url, town, tiles):
    page = new_page(PHONE_EN, **position(town))
    page.goto(f"{base_url}/report/")
    page.locator("#id_description").fill("Half a sentence")
    page.get_by_text("Lights", exact=True).click()
    page.locator("input[type=file]").set_input_files([photo()])
    expect(page.locator(".photos img")).to_have_count(1)
    use_position(page)
    key = page.locator("input[name=key]").input_value()
    page.reload()
    expect(page.locator("#id_description")).to_have_value("Half a sentence")
    expect(page.locator("input[value=light]")).to_be_checked()
    expect(page.locator(".photos img")).to_have_count(1)
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")
    assert page.locator("input[name=key]").input_value() == key
    page.locator("form[data-report] [type=submit]").click()
    page.wait_for_url("**/report/sent/**")
    assert Attachment.objects.count() == 1
    page.goto(f"{base_url}/report/")
    expect(page.locator("#id_description")).to_have_value("")
    expect(page.locator(".photos img")).to_have_count(0)
    assert page.locator("input[name=key]").input_value() != key


@pytest.mark.req("Z-04")
def test_without_a_connection_nothing_is_sent_and_nothing_is_lost(new_page, base_url, town):
    page = new_page(PHONE_EN, **position(town))
    page.goto(f"{base_url}/report/")
    use_position(page)
    page.locator("#id_description").fill("No signal here")
    page.context.set_offline(True)
    page.locator("form[data-report] [type=submit]").click()
    expect(page.locator(".toasts")).to_contain_text("no connection")
    expect(page.locator("#id_description")).to_have_value("No signal here")
    page.context.set_offline(False)
    page.locator("form[data-report] [type=submit]").click()
    page.wait_for_url("**/report/sent/**")
    assert Incident.objects.count() == 1


@pytest.mark.req("I-02")
def test_open_reports_near_the_place_are_shown_before_sending(new_page, base_url, town, tiles):
    light = Category.objects.get(small_code="903")
    near = take(town, description="路灯坏了", category_id=light.pk)
    Incident.objects.filter(pk=near.pk).update(released=True, public_description="路灯坏了两天")
    page = new_page(PHONE_EN, **position(town))
    page.goto(f"{base_url}/report/")
    expect(page.locator("[data-nearby]")).to_be_hidden()
    use_position(page)
    expect(page.locator("[data-nearby]")).to_contain_text("路灯坏了两天")
    expect(page.locator("[data-nearby] .near__kind")).to_have_text("Lights1")
    assert near.number not in page.content()
    check_page(page, "report-nearby")


@pytest.mark.req("I-02")
def test_an_old_phone_without_scripts_reports_follows_and_rates(new_page, base_url, town, tiles):
    page = new_page(PHONE_EN, java_script_enabled=False)
    page.goto(base_url)
    expect(page.get_by_role("link", name="Report").first).to_be_visible()
    page.goto(f"{base_url}/report/")
    page.locator("#address").fill("区a1")
    page.locator("#id_description").fill("Light is out")
    page.locator("input[type=file]").set_input_files([photo(size=(400, 300))])
    page.get_by_text("Lights", exact=True).click()
    page.locator("form[data-report] [type=submit]").click()
    incident = Incident.objects.get()
    expect(page.locator("#number")).to_have_text(incident.number)
    assert incident.attachments.count() == 1
    Incident.objects.filter(pk=incident.pk).update(
        state=State.CLOSED, closed_at=timezone.now(), result_public="Repaired"
    )
    page.goto(f"{base_url}/follow/")
    page.locator("#id_number").fill(incident.number.lower())
    page.locator("form.follow-form [type=submit]").click()
    expect(page.locator(".result")).to_contain_text("Repaired")
    page.locator("input[value=satisfied]").check()
    with page.expect_navigation():
        page.locator("[data-rating] [type=submit]").click()
    expect(page.locator("main")).to_contain_text("Satisfied")
    incident.refresh_from_db()
    assert incident.opinion == "satisfied"


@pytest.mark.req("Z-06")
@pytest.mark.parametrize("look", [PHONE_ZH, SCREEN_EN], ids=str)
def test_bad_input_is_told_beside_the_field_and_on_top(new_page, base_url, town, look):
    page = new_page(look, **position(town))
    page.goto(f"{base_url}/report/")
    page.locator("form[data-report] [type=submit]").click()
    summary = page.locator(".errors")
    expect(summary).to_be_focused()
    expect(summary.locator("li")).to_have_count(2)
    check_page(page, "report-errors")
    summary.locator("a").last.click()
    expect(page.locator("#id_description")).to_be_focused()
    summary.locator("a").first.click()
    expect(page.locator("#address")).to_be_focused()

    use_position(page)
    page.locator("#id_description").fill("长" * 100_000)
    expect(page.locator("[data-count]")).to_contain_text("95000")
    page.locator("form[data-report] [type=submit]").click()
    expect(page.locator(".field__error").first).to_contain_text("5000")
    assert len(page.locator("#id_description").input_value()) == 100_000
    expect(page.locator("[data-pick-lon]")).not_to_have_value("")

    none = {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    page.locator("input[type=file]").set_input_files([none])
    expect(page.locator("[data-photos-status]")).to_have_attribute("data-tone", "error")
    expect(page.locator("[data-photos-status]")).to_contain_text("JPEG")
    page.locator("#id_description").fill("路灯不亮")
    page.locator("form[data-report] [type=submit]").click()
    page.wait_for_url("**/report/sent/**")
    assert Incident.objects.get().attachments.count() == 0


@pytest.mark.req("I-02")
@pytest.mark.parametrize("look", [PHONE_ZH, SCREEN_EN], ids=str)
def test_a_wrong_number_is_told_apart_from_a_slip(new_page, base_url, town, look):
    page = new_page(look)
    page.goto(f"{base_url}/follow/")
    page.locator("#id_number").fill("QH-1234")
    page.locator("form.follow-form [type=submit]").click()
    expect(page.locator(".errors")).to_be_focused()
    expect(page.locator("#id_number")).to_have_value("QH-1234")
    check_page(page, "follow-wrong")


@pytest.mark.req("I-02")
def test_the_first_load_of_the_form_is_light(new_page, base_url, town, tiles):
    page = new_page(PHONE_ZH)
    sizes: dict[str, int] = {}

    def note(response):
        if not OF_THE_MAP.search(response.url) and response.url.startswith(base_url):
            sizes[response.url] = len(response.body())

    page.on("response", note)
    page.goto(f"{base_url}/report/", wait_until="networkidle")
    total = sum(sizes.values())
    assert any("report.js" in url for url in sizes)
    assert total <= FIRST_LOAD_BYTES, (total, sizes)
    print(f"first load without the map, uncompressed: {total / 1024:.0f} KB")  # noqa: T201


@pytest.mark.req("I-05")
@pytest.mark.parametrize("look", [PHONE_ZH, SCREEN_EN], ids=str)
def test_the_map_tells_whose_a_place_is_and_brings_it_into_the_form(
    new_page, base_url, town, look: Look
):
    page = new_page(look)
    page.goto(base_url)
    page.wait_for_function("() => document.querySelector('#home-map').gmMap")
    lon, lat = town.point_in("a2")
    page.evaluate(
        "([lon, lat]) => { const map = document.querySelector('#home-map').gmMap;"
        " map.setView([lat, lon], 16, {animate: false});"
        " map.fire('click', {latlng: window.L.latLng(lat, lon)}); }",
        [lon, lat],
    )
    here = page.locator("[data-here]")
    expect(here).to_contain_text(look.say("区a2", "Area a2"))
    expect(here).to_contain_text("李强")
    expect(here.locator("a[href^='tel:']").first).to_be_visible()
    check_page(page, "home-here")
    here.get_by_role("link", name=look.say("在这里报事", "Report something here")).click()
    expect(page.locator("[data-pick-lon]")).to_have_value(f"{lon:.6f}")


@pytest.mark.req("P-03")
@pytest.mark.req("Z-07")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_beside_the_map_shows_the_same(new_page, base_url, town, tiles, scheme):
    case = take(town, category_id=category(name_en="Noise").pk)
    Incident.objects.filter(pk=case.pk).update(released=True, public_description="夜里装修")
    page = new_page(SCREEN_EN, color_scheme=scheme)
    page.goto(base_url)
    expect(page.locator(".report-pin")).to_have_count(1)
    page.locator("[data-list] summary").click()
    expect(page.locator(".home-list")).to_contain_text("夜里装修")
    check_page(page, f"home-list-{scheme}")
    page.locator(".report-pin").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".leaflet-popup")).to_contain_text("夜里装修")


def test_what_is_tapped_is_as_large_as_a_thumb(new_page, base_url, town, tiles):
    page = new_page(PHONE_ZH)
    for address in ("/", "/report/", "/follow/"):
        page.goto(base_url + address)
        assert small_targets(page, MADE_FOR_THUMBS) == [], address
    shot(page, "follow-empty")
