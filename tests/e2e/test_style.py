"""The parts of pages, played in the browser on the style page."""

import pytest
from PIL import Image

from tests.e2e.frame import LOOKS, check_page

STYLE = "/style/"


@pytest.mark.req("M-07")
@pytest.mark.req("Z-07")
def test_the_style_page_passes_in_every_look(page, base_url, look, town):
    page.goto(f"{base_url}{STYLE}")
    page.wait_for_selector("[data-chart-canvas] svg")
    check_page(page, "style")
    targets = page.eval_on_selector_all(
        ".frame a.nav__link, .frame .tool", "all => all.map(e => e.getBoundingClientRect().height)"
    )
    assert targets
    assert look.width > 360 or min(targets) >= 44


def test_dark_is_as_readable(new_page, base_url, town):
    page = new_page(LOOKS[1], color_scheme="dark")
    page.goto(f"{base_url}{STYLE}")
    check_page(page, "style-dark")


def test_large_type_and_theme_are_remembered(new_page, base_url, town):
    page = new_page(LOOKS[0])
    page.goto(f"{base_url}{STYLE}")
    before = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    page.locator("[data-switch-size]").first.click()
    page.locator("[data-switch-theme]").first.click()
    page.reload()
    root = page.locator("html")
    assert root.get_attribute("data-size") == "large"
    assert root.get_attribute("data-theme") == "dark"
    after = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert after == before * 1.25
    check_page(page, "style-large")


def test_errors_come_first_and_lead_to_their_field(new_page, base_url, town):
    page = new_page(LOOKS[2])
    page.goto(f"{base_url}{STYLE}")
    assert page.evaluate("document.activeElement.className") == "errors"
    page.locator(".errors a").first.click()
    focused = page.locator(":focus")
    assert focused.get_attribute("id") == "wrong_words"
    described = focused.get_attribute("aria-describedby").split()
    assert any(page.locator(f"#{name}").inner_text() for name in described)


def test_photos_are_shrunk_and_strangers_refused(new_page, base_url, tmp_path, town):
    large, wrong = tmp_path / "large.png", tmp_path / "words.jpg"
    Image.effect_noise((3200, 2400), 40).save(large)
    wrong.write_text("no photo")
    page = new_page(LOOKS[2])
    page.goto(f"{base_url}{STYLE}")
    page.set_input_files("input[type=file]", [large, wrong])
    page.wait_for_selector("[data-photos-status][data-tone=error]")
    sent = page.evaluate(
        """async () => {
          const files = [...document.querySelector("input[type=file]").files];
          const picture = await createImageBitmap(files[0]);
          return [files.length, files[0].type, picture.width, picture.height];
        }"""
    )
    assert sent == [1, "image/jpeg", 1600, 1200]
    page.locator(".photos__remove").click()
    assert page.evaluate("document.querySelector('input[type=file]').files.length") == 0


def test_a_place_is_picked_by_position_tap_and_key(new_page, base_url, town):
    place = {"longitude": 116.325, "latitude": 40.002, "accuracy": 12}
    page = new_page(LOOKS[0], permissions=["geolocation"], geolocation=place)
    page.goto(f"{base_url}{STYLE}")
    lon, lat = page.locator("[data-pick-lon]"), page.locator("[data-pick-lat]")
    page.locator("[data-pick-gps]").click()
    page.wait_for_selector(".pick__pin")
    assert (lon.input_value(), lat.input_value()) == ("116.325000", "40.002000")
    page.wait_for_timeout(300)
    box = page.locator(".pick .map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2)
    tapped = float(lon.input_value())
    assert 116.325 < tapped < 116.327
    page.locator(".pick .map").focus()
    page.keyboard.press("Enter")
    assert float(lon.input_value()) == pytest.approx(116.325, abs=1e-5)


def test_without_a_position_the_search_comes_first(new_page, base_url, town):
    page = new_page(LOOKS[2])
    page.goto(f"{base_url}{STYLE}")
    page.locator("[data-pick-gps]").click()
    page.wait_for_selector("[data-pick-status][data-tone=error]")
    assert page.evaluate("document.activeElement.id") == "address"


def test_rows_are_walked_by_keys(new_page, base_url, town):
    page = new_page(LOOKS[3])
    page.goto(f"{base_url}{STYLE}")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    rows = page.locator("table[data-table] tr.is-current")
    assert rows.count() == 1
    assert "QHY-0314" in rows.inner_text()
    page.keyboard.press("Enter")
    assert page.url.endswith("#list")


def test_figures_stand_in_a_table_too(new_page, base_url, town):
    page = new_page(LOOKS[2])
    page.goto(f"{base_url}{STYLE}")
    page.locator("figure summary").click()
    cells = page.locator("[data-chart-rows] td").all_inner_texts()
    assert cells[:4] == ["8", "1", "12", "0"]
