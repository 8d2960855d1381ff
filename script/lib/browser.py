"""A small visitor of web pages for the check of a running platform: cookies, forms, JSON."""

import html
import http.cookiejar
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 60
STAFF_PAGE = "/inbox/"  # leads whoever is not signed in to the door
DOOR_MARK = 'type="password"'
TOKEN = re.compile(r'name="csrfmiddlewaretoken"\s+value="([^"]+)"')


class Fault(Exception):  # noqa: N818 - what a check found, not a programming error
    """What is wrong with a page, in one line."""


@dataclass(frozen=True)
class Answer:
    """A response, whatever its status; `url` is the last one after redirects."""

    status: int
    url: str
    body: bytes
    kind: str

    @property
    def text(self) -> str:
        return html.unescape(self.body.decode("utf-8", errors="replace"))

    def json(self) -> Any:
        """The body as JSON."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Fault(f"{self.url} is not JSON: {self.body[:80]!r}") from error


class Visitor:
    """One person with a browser of their own."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.cookies = http.cookiejar.CookieJar()
        trust = ssl.create_default_context()
        # The demo's certificate may be its own, and the address is this machine.
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=trust),
            urllib.request.HTTPCookieProcessor(self.cookies),
        )

    def open(
        self, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Requests a page; a status of an error is an answer too."""
        url = urllib.parse.urljoin(self.base_url, path)
        # The scheme is that of the platform's own address, so no file is opened.
        request = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310
        request.add_header("Accept-Language", "en")
        request.add_header("Referer", url)
        try:
            with self.opener.open(request, timeout=TIMEOUT_S) as response:
                content = response.read()
                kind = response.headers.get_content_type()
                return Answer(response.status, response.geturl(), content, kind)
        except urllib.error.HTTPError as error:
            with error:
                kind = error.headers.get_content_type()
                return Answer(error.code, error.geturl(), error.read(), kind)
        except OSError as error:
            raise Fault(f"{path} gives no answer: {error}") from error

    def submit(self, path: str, fields: Mapping[str, str], page: str | None = None) -> Answer:
        """Posts a form with the token of its page (`page`, else `path` itself)."""
        found = TOKEN.search(self.open(page or path).text)
        token = found.group(1) if found else self.cookie("csrftoken")
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        return self.open(path, body, {"X-CSRFToken": token})

    def cookie(self, name: str) -> str:
        """The value of a cookie, empty when there is none."""
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == name), "")

    def log_in(self, username: str, password: str) -> None:
        """Logs in by the form, as a person does."""
        door = self.open(STAFF_PAGE).url
        answer = self.submit(door, {"username": username, "password": password})
        # The page behind the door is another check's matter.
        if answer.status >= 500 or not self.cookie("sessionid"):
            raise Fault(f"{username} cannot log in (status {answer.status})")
