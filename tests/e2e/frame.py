"""What browser tests share: readers, the watch over their network, signing in, axe-core."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, Request, Response

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
OWN_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Look:
    """Who looks: language of the browser, and its window in pixels."""

    language: str
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.language}-{self.width}"

    @property
    def chinese(self) -> bool:
        return self.language == "zh-hans"

    def say(self, chinese: str, english: str) -> str:
        """The words of this reader."""
        return chinese if self.chinese else english


PHONE = (360, 740)
SCREEN = (1920, 1080)
LOOKS = [Look(language, *size) for language in ("zh-hans", "en") for size in (PHONE, SCREEN)]


@dataclass
class Watch:
    """Notes what must not happen in a context: outside requests, script errors, status 500."""

    context: BrowserContext
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("request", self._request)
        self.context.on("response", self._response)
        self.context.on("weberror", lambda error: self._note(f"script: {error.error}"))
        self.context.on("console", self._console)

    def _note(self, fault: str) -> None:
        self.faults.append(fault[:400])

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname != OWN_HOST:
            self._note(f"outside request: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self._note(f"status {response.status}: {response.url}")

    def _console(self, message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self._note(f"policy: {message.text}")


def sign_in(page: Page, user: Any) -> None:
    """Sign the user in to the browser of this page, without the detour by the form."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies(
        [{"name": cookie.key, "value": cookie.value, "domain": OWN_HOST, "path": "/"}]
    )


def serious_faults(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page as it stands, one line a fault."""
    # Evaluated by the debugger, so that the policy of contents stays in force for the page.
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "rules => window.axe.run(document, {runOnly: {type: 'tag', values: rules}, "
        "resultTypes: ['violations']})",
        AXE_RULES,
    )
    return [
        f"{fault['id']}: {fault['help']}: {node['target']} {node['html'][:160]}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


def sideways_px(page: Page) -> int:
    """How far the page can be scrolled sideways."""
    return page.evaluate(
        "() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    )


def small_targets(page: Page, selector: str, least_px: float = 43.5) -> list[str]:
    """What is lower than a thumb needs (44 px, rounding aside), with its height."""
    return page.evaluate(
        """([selector, least]) => [...document.querySelectorAll(selector)]
          .filter((node) => node.offsetParent && !node.closest(".legend, .leaflet-control"))
          .map((node) => [node.className || node.name, node.getBoundingClientRect().height])
          .filter(([, height]) => height < least)
          .map(([name, height]) => `${name} ${Math.round(height)}`)""",
        [selector, least_px],
    )


def check_page(page: Page, name: str = "") -> None:
    """Nothing serious for those who see or move differently, nothing cut off at the side.

    With `GRIDMGMT_SHOTS` set to a directory and a name given, a picture is left there.
    """
    if name:
        shot(page, name)
    # names on a map are hidden while it zooms
    page.wait_for_function("!document.querySelector('.leaflet-zoom-anim')")
    assert serious_faults(page) == []
    assert sideways_px(page) <= 0, f"scrolls sideways by {sideways_px(page)} px"
    assert page.locator("h1").count() == 1, "a page has one title"


def shot(page: Page, name: str) -> None:
    """A picture of the whole page, where pictures are wanted."""
    folder = os.environ.get("GRIDMGMT_SHOTS")
    if folder:
        width = page.viewport_size["width"] if page.viewport_size else 0
        language = page.locator("html").get_attribute("lang")
        path = Path(folder) / f"{name}-{language}-{width}.png"
        page.screenshot(path=path, full_page=True)
