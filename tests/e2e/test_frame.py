"""The frame itself: it must notice what it is there to notice."""

import pytest
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.frame import LOOKS, Watch, check_page, serious_faults, sign_in


@pytest.mark.req("M-07")
@pytest.mark.req("Z-07")
def test_the_sign_in_page_passes_in_every_look(page, base_url, look, town):
    answer = page.goto(f"{base_url}/login/")
    assert answer.ok
    assert page.locator("html").get_attribute("lang") == look.language
    check_page(page, "login")


def test_a_signed_in_reader_is_known(new_page, base_url, town):
    page = new_page(LOOKS[0])
    sign_in(page, town.users["owner"])
    page.goto(f"{base_url}/inbox/")
    assert "login" not in page.url


def test_outside_requests_script_errors_and_bad_markup_are_noticed(browser, base_url, town):
    context = browser.new_context()
    watch = Watch(context)
    page = context.new_page()
    page.goto(f"{base_url}/login/")
    page.evaluate(
        """() => {
          fetch("http://outside.example/x").catch(() => {});
          const picture = document.createElement("img");
          picture.src = "/favicon.ico";
          document.querySelector("main").append(picture);
          window.setTimeout(() => { throw new Error("broken on purpose"); }, 0);
        }"""
    )
    page.wait_for_timeout(300)
    assert any("image-alt" in fault for fault in serious_faults(page))
    with pytest.raises(PlaywrightError):
        page.goto("http://outside.example/y")
    context.close()
    assert any(fault.startswith("policy") for fault in watch.faults)
    assert "outside request: http://outside.example/y" in watch.faults
    assert any("broken on purpose" in fault for fault in watch.faults)
