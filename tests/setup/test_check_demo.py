"""The check of a running platform sees what a person would call broken."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from django.urls import Resolver404, resolve

from gridmgmt.core.permissions import Role
from script.lib.browser import Fault, Visitor
from script.lib.check_demo import PAGES, Check, Page

ACCOUNTS = {
    "manager": {"username": "right", "password": "password"},
    "leader": {"username": "wrong", "password": "password"},
}
FORM = b'<form><input name="csrfmiddlewaretoken" value="token"><input type="password"></form>'


class Handler(BaseHTTPRequestHandler):
    """A product of four pages: one good, one for staff, one that is lost, one that is broken."""

    def do_GET(self) -> None:
        """Opens a page."""
        knows = "sessionid=known" in self.headers.get("Cookie", "")
        if self.path in {"/staff/", "/inbox/"} and not knows:
            self.send_response(302)
            self.send_header("Location", "/login/?next=/staff/")
            self.end_headers()
            return
        bodies = {"/": b"<main>", "/staff/": b"<main>", "/broken/": b"sorry"}
        body = FORM if self.path.startswith("/login/") else bodies.get(self.path)
        self._send(200 if body else 404, body or b"lost")

    def do_POST(self) -> None:
        """Logs in whoever is called `right` and sends the token of the form."""
        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        is_right = fields["username"] == ["right"] and fields["csrfmiddlewaretoken"] == ["token"]
        self._send(200, b"in" if is_right else b"out", "sessionid=known" if is_right else "")

    def _send(self, status: int, body: bytes, cookie: str = "") -> None:
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", f"{cookie}; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def check() -> Iterator[Check]:
    """A check of the small product above."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Check(f"http://127.0.0.1:{server.server_port}", ACCOUNTS)
        server.shutdown()


def test_good_pages_pass(check: Check) -> None:
    check.open_page(Page("/", mark="<main"))
    check.open_page(Page("/staff/", "manager", "<main"))


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Page("/lost/"), "status 404"),
        (Page("/broken/", mark="<main"), "does not show '<main'"),
        (Page("/staff/", "leader"), "wrong cannot log in"),
        (Page("/staff/", "analyst"), "no demo account for the role analyst"),
    ],
    ids=["lost", "broken", "wrong password", "no account"],
)
def test_bad_pages_are_faults(check: Check, page: Page, reason: str) -> None:
    with pytest.raises(Fault, match=reason):
        check.open_page(page)


def test_a_page_that_asks_to_log_in_again_is_a_fault(check: Check) -> None:
    check.visitors["manager"] = Visitor(check.base_url)
    with pytest.raises(Fault, match="asks to log in again"):
        check.open_page(Page("/staff/", "manager"))


def test_every_fault_is_counted_and_the_check_goes_on(
    check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not check.attempt("lost", lambda: check.open_page(Page("/lost/")))
    assert check.attempt("home", lambda: check.open_page(Page("/")))
    assert check.faults == ["lost"]
    assert capsys.readouterr().out == "  ✗ lost: status 404\n  ✓ home\n"


def test_no_server_is_a_fault_and_no_crash() -> None:
    with pytest.raises(Fault, match="gives no answer"):
        Visitor("http://127.0.0.1:9").open("/")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.path} {page.role}".strip())
def test_the_table_names_addresses_and_roles_that_exist(page: Page) -> None:
    try:
        resolve(page.path)
    except Resolver404:
        pytest.fail(f"no page lives at {page.path}")
    assert page.role in {"", *Role.values}
