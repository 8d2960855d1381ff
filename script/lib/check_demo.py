"""What `script/demo --check` does: every main page as its role, and one report from end to end."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from .browser import DOOR_MARK, STAFF_PAGE, Fault, Visitor
from .check_story import Story
from .common import say

HEALTHY_WITHIN_S = 90
Accounts = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Page:
    """A page that must open. role: whose demo account visits it; empty means nobody's.

    mark: a word that its body must hold, so that an error page with status 200 is seen.
    """

    path: str
    role: str = ""
    mark: str = ""


PAGES = (
    Page("/", mark="<main"),
    Page("/report/", mark="<form"),
    Page("/follow/", mark="<form"),
    Page(STAFF_PAGE, mark=DOOR_MARK),
    Page("/privacy/", mark="<main"),
    Page("/style/", mark="<main"),
    Page("/api/schema/", mark="openapi"),
    Page("/api/docs/", mark="swagger"),
    Page("/work/", "manager", "<main"),
    Page("/work/", "dispatcher", "<main"),
    Page("/work/", "department_handler", "<main"),
    Page("/work/new/", "desk_operator", "<form"),
    Page("/field/", "coordinator", "<main"),
    Page("/field/list/", "coordinator", "<main"),
    Page("/field/map/", "coordinator", "<main"),
    Page("/map/", "supervisor", "<main"),
    Page("/map/", "grid_head", "<main"),
    Page("/today/", "leader", "<main"),
    Page("/statistics/", "analyst", "<main"),
    Page("/map/history/", "supervisor", "<main"),
    Page("/division/", "administrator", "<main"),
    Page("/division/", "supervisor", "<main"),
    Page("/roster/", "supervisor", "<main"),
    Page("/roster/vacancies/", "administrator", "<main"),
    Page("/grids/110108014/", mark="<main"),
    Page("/grids/110108014001/board/", mark="<main"),
    Page("/settings/public/", "administrator", "<form"),
    Page("/inbox/", "manager", "<main"),
    Page("/admin/", "administrator", 'id="content'),
    Page("/health/page/", "administrator", "<main"),
    Page("/account/", "manager", "<main"),
)


class Check:
    """Visits the platform at `base_url` with one visitor for each role and counts what fails."""

    def __init__(self, base_url: str, accounts: Accounts) -> None:
        self.base_url = base_url
        self.accounts = accounts
        self.visitors: dict[str, Visitor] = {}
        self.faults: list[str] = []

    def visitor(self, role: str) -> Visitor:
        """The logged-in visitor of a role; the anonymous one for an empty role."""
        if role not in self.visitors:
            visitor = Visitor(self.base_url)
            if role:
                if role not in self.accounts:
                    raise Fault(f"there is no demo account for the role {role}")
                account = self.accounts[role]
                visitor.log_in(account["username"], account["password"])
            self.visitors[role] = visitor
        return self.visitors[role]

    def attempt(self, what: str, action: Callable[[], object]) -> bool:
        """Runs one part, says how it went, and goes on."""
        try:
            action()
        except Fault as fault:
            self.faults.append(what)
            say(f"  ✗ {what}: {fault}")
            return False
        say(f"  ✓ {what}")
        return True

    def open_page(self, page: Page) -> None:
        """Raises Fault unless the page opens as it should."""
        answer = self.visitor(page.role).open(page.path)
        if answer.status != 200:
            raise Fault(f"status {answer.status}")
        if page.role and DOOR_MARK in answer.text:
            raise Fault("asks to log in again")
        if page.mark and page.mark not in answer.text:
            raise Fault(f"does not show {page.mark!r}")

    def open_draft(self) -> None:
        """The demonstration's draft with its pages, found by the list of drafts."""
        listed = self.visitor("administrator").open("/division/").text
        found = re.search(r'href="(/division/\d+/)"', listed)
        if found is None:
            raise Fault("the list names no draft")
        for part in ("", "try/", "publish/", "propose/", "import/", "list/"):
            self.open_page(Page(found[1] + part, "administrator", "<main"))

    def wait_until_healthy(self) -> None:
        """Worker and scheduler report soon after the start; raises Fault when they do not."""
        end = time.monotonic() + HEALTHY_WITHIN_S
        while (answer := self.visitor("").open("/health/")).status != 200:
            if time.monotonic() > end:
                parts = answer.json().get("checks", {})
                ill = [name for name, part in parts.items() if not part["ok"]]
                raise Fault(f"not well: {', '.join(ill) or answer.status}")
            time.sleep(1)


def run(base_url: str, accounts: Accounts) -> int:
    """Tries the pages and the report; 0 when all went well, else 1."""
    check = Check(base_url, accounts)
    say(f"Checking {base_url}")
    for page in PAGES:
        name = f"{page.path} ({page.role})" if page.role else page.path

        def visit(page: Page = page) -> None:
            check.open_page(page)

        check.attempt(name, visit)
    check.attempt("the draft: map, trial, publishing, proposals, import, list", check.open_draft)
    for name, step in Story(check).steps():
        check.attempt(name, step)
    check.attempt("/health/: database, queue, worker, scheduler, events", check.wait_until_healthy)
    if check.faults:
        say(f"Check failed ({len(check.faults)}): {', '.join(check.faults)}")
        return 1
    say("Check passed.")
    return 0
