"""Fixtures of the browser tests; what they hand out is described in tests/e2e/frame.py.

def test_something(page, base_url, town):            # four times: zh-hans/en × 360/1920 px
    sign_in(page, town.users["owner"])
    page.goto(f"{base_url}/work/")
    check_page(page)                                 # axe-core, no sideways scrolling
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.frame import LOOKS, Look, Watch

HERE = Path(__file__).parent
PATIENCE_MS = 15_000  # a busy machine is no fault of the page
CHROMIUM = os.environ.get("GRIDMGMT_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    # The network ends at this machine, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# The address under which browsers give a position without a certificate.
os.environ.setdefault("DJANGO_LIVE_TEST_SERVER_ADDRESS", "127.0.0.1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests see committed rows; what the migrations wrote is there for each of them."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.django_db(transaction=True, serialized_rollback=True))


@pytest.fixture(scope="session")
def migrated_rows(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """A database that is kept for the next run gets back what the last flush took."""
    yield
    rows = getattr(connection, "_test_serialized_contents", "")
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
        connection.creation.deserialize_db_from_string(rows or "[]")


@pytest.fixture(scope="session")
def browser(migrated_rows: None) -> Iterator[Browser]:
    """One Chromium for the session. Its driver runs a loop, beside which rows are still written."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def base_url(live_server) -> str:
    """Where the platform answers, without a slash at the end."""
    return live_server.url


@pytest.fixture(params=LOOKS, ids=str)
def look(request: pytest.FixtureRequest) -> Look:
    """A reader: language and width of the window."""
    return request.param


@pytest.fixture
def new_page(live_server, browser: Browser) -> Iterator[Callable[..., Page]]:
    """`new_page(look, **options of the context)`: a page of a person with a browser of their own.

    A request to the outside, an error in a script or of the policy of contents, and an answer
    with status 500 fail the test when it ends.
    """
    opened: list[tuple[BrowserContext, Watch]] = []

    def make(look: Look, **options: object) -> Page:
        context = browser.new_context(
            **{
                "locale": "zh-CN" if look.language == "zh-hans" else "en-US",
                "timezone_id": "Asia/Shanghai",
                "viewport": {"width": look.width, "height": look.height},
                "reduced_motion": "reduce",
                "service_workers": "block",
                **options,
            }
        )
        context.set_default_timeout(PATIENCE_MS)
        opened.append((context, Watch(context)))
        return context.new_page()

    yield make
    for context, _watch in opened:
        context.close()
    faults = [fault for _context, watch in opened for fault in watch.faults]
    assert not faults, faults


@pytest.fixture
def page(new_page: Callable[..., Page], look: Look) -> Page:
    """A page of each look in turn."""
    return new_page(look)
