"""One report from end to end, as its reporter and the people of its place see it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .browser import Fault, Visitor

WORDS = "Check of the set-up: two bags of rubbish stand beside the bin."
TILE = "rubbish"
KEY = re.compile(r'<input[^>]*name="key"[^>]*value="(\w+)"')
SENT = re.compile(r"/report/sent/([^/]+)/")


class Cast(Protocol):
    """Gives the visitor of a role; the reporter's role is empty."""

    def visitor(self, role: str) -> Visitor: ...


@dataclass(frozen=True)
class Act:
    """One move by one role and the state it must lead to."""

    role: str
    action: str
    state: str
    fields: Mapping[str, str] = field(default_factory=dict)


ACTS = (
    Act("manager", "verify", "verified"),
    Act("manager", "file", "filed"),
    Act("dispatcher", "dispatch", "dispatched"),
    Act("department_handler", "accept", "in_hand"),
    Act("department_handler", "handle", "handled", {"note": "Cleared by the check."}),
    Act("supervisor", "check", "checked"),
    Act("supervisor", "close", "closed"),
)


class Story:
    """Plays the report over HTTP with the pages' own forms. `steps()` in this order."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.number = ""

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """What is tried, each with its name."""
        acts = [(f"{act.action} ({act.role})", self._player(act)) for act in ACTS]
        return [
            ("report without an account", self.report),
            ("a stranger sees no case page", self.hide_from_strangers),
            ("follow: received", lambda: self.follow("Received")),
            *acts,
            ("follow: done", lambda: self.follow("Done")),
            ("rate without an account", self.rate),
        ]

    def report(self) -> None:
        """Sends the public form for a place of the manager's grid, twice: it stays one case."""
        lon, lat = self._place()
        resident = self.cast.visitor("")
        key = KEY.search(resident.open("/report/").text)
        if key is None:
            raise Fault("the report form has no key")
        fields = {"lon": lon, "lat": lat, "tile": TILE, "description": WORDS, "key": key.group(1)}
        numbers = set()
        for _ in range(2):
            answer = resident.submit("/report/", fields)
            found = SENT.search(answer.url)
            if answer.status != 200 or found is None:
                raise Fault(f"the report is not taken (status {answer.status})")
            numbers.add(found.group(1))
        if len(numbers) != 1:
            raise Fault("the same form sent twice made two cases")
        self.number = numbers.pop()

    def _place(self) -> tuple[str, str]:
        """A point in the grid of the demo's manager: where its newest case lies."""
        answer = self.cast.visitor("manager").open("/api/v1/incidents/?page_size=50")
        for case in answer.json().get("results", []):
            if case["lon"] is not None and case["answer"] == "inside":
                return f"{case['lon']:.7f}", f"{case['lat']:.7f}"
        raise Fault("the manager's grid has no case with a place")

    def hide_from_strangers(self) -> None:
        """Without an account the case page leads to the door."""
        answer = self.cast.visitor("").open(f"/work/{self._known()}/")
        if WORDS in answer.text:
            raise Fault("a stranger reads the case page")

    def follow(self, word: str) -> None:
        """The reporter's page says where the report stands."""
        answer = self.cast.visitor("").open(f"/follow/{self._known()}/")
        if answer.status != 200 or word not in answer.text:
            raise Fault(f"the page does not say {word!r} (status {answer.status})")

    def _player(self, act: Act) -> Callable[[], None]:
        return lambda: self.play(act)

    def play(self, act: Act) -> None:
        """One click on the case page; Fault unless the case then stands where it should."""
        visitor = self.cast.visitor(act.role)
        case = self._case(visitor)
        allowed = [move["action"] for move in case.get("actions", [])]
        if act.action not in allowed:
            raise Fault(f"{case.get('state')}: may only {', '.join(allowed) or 'look'}")
        page = f"/work/{self.number}/"
        fields = {"version": str(case["version"]), **act.fields}
        answer = visitor.submit(f"{page}act/{act.action}/", fields, page=page)
        if answer.status in (400, 409, 500):
            raise Fault(f"refused with status {answer.status}")
        state = self._case(self.cast.visitor("supervisor")).get("state")
        if state != act.state:
            raise Fault(f"the case is {state}, not {act.state}")

    def _case(self, visitor: Visitor) -> dict[str, Any]:
        answer = visitor.open(f"/api/v1/incidents/{self._known()}/")
        if answer.status != 200:
            raise Fault(f"the case cannot be read (status {answer.status})")
        case: dict[str, Any] = answer.json()
        return case

    def rate(self) -> None:
        """The reporter is satisfied."""
        page = f"/follow/{self._known()}/"
        answer = self.cast.visitor("").submit(page, {"do": "rate", "opinion": "satisfied"})
        opinion = self._case(self.cast.visitor("supervisor")).get("opinion")
        if answer.status != 200 or opinion != "satisfied":
            raise Fault(f"the opinion is not kept (status {answer.status})")

    def _known(self) -> str:
        if not self.number:
            raise Fault("there is no report")
        return self.number
