"""The typed readers of the environment: what they take, and how loudly they refuse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from gridmgmt import env

NAME = "GRIDMGMT_TRIED"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`given("5")` sets the variable that the tests read."""
    monkeypatch.delenv(NAME, raising=False)
    return lambda value: monkeypatch.setenv(NAME, value)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda: env.text(NAME), "  word ", "word"),
        (lambda: env.text(NAME, "else"), " ", "else"),
        (lambda: env.flag(NAME, default=False), "On", True),
        (lambda: env.flag(NAME, default=True), "no", False),
        (lambda: env.flag(NAME, default=True), "", True),
        (lambda: env.number(NAME, 3), "12", 12),
        (lambda: env.number(NAME, 3), "", 3),
        (lambda: env.words(NAME, []), "a, b,,c ", ["a", "b", "c"]),
        (lambda: env.words(NAME, ["x"]), "", ["x"]),
        (lambda: env.choice(NAME, {"a", "b"}, "a"), "b", "b"),
        (lambda: env.limit(NAME, "1 day", units={"day"}), "3 day", (3, "day")),
        (lambda: env.rate(NAME, "600/min"), "30/hour", "30/hour"),
        (lambda: env.rate(NAME, "600/min"), "", "600/min"),
        (lambda: env.path(NAME, Path("/x")), "/y/z", Path("/y/z")),
    ],
)
def test_takes_good_values(
    given: Callable[[str], None], read: Callable[[], Any], value: str, expected: object
) -> None:
    given(value)
    assert read() == expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.text(NAME), ""),
        (lambda: env.flag(NAME, default=False), "maybe"),
        (lambda: env.number(NAME, 3), "many"),
        (lambda: env.number(NAME, 3, minimum=2), "1"),
        (lambda: env.choice(NAME, {"a", "b"}, "a"), "c"),
        (lambda: env.limit(NAME, "1 day", units={"day"}), "3 weeks"),
        (lambda: env.limit(NAME, "1 day", units={"day"}), "day"),
        (lambda: env.rate(NAME, "600/min"), "600"),
        (lambda: env.rate(NAME, "600/min"), "many/min"),
        (lambda: env.rate(NAME, "600/min"), "600/year"),
    ],
)
def test_refuses_bad_values_by_name(
    given: Callable[[str], None], read: Callable[[], Any], value: str
) -> None:
    given(value)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        read()
