"""The kinds of messages and their sentences. Rooms above register theirs in `AppConfig.ready`:

    kinds.register("case.assigned", gettext_noop("Case %(number)s is yours"))

A parameter may be a text, a number, or `{"zh-hans": …, "en": …}`: then the reader's language is
taken.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, gettext, gettext_noop

DEFAULT_LANGUAGE = "zh-hans"


@dataclass(frozen=True)
class Kind:
    """`title` and `body` are message ids with named placeholders (`%(number)s`)."""

    code: str
    title: str
    body: str = ""
    icon: str = "bell"


@dataclass(frozen=True)
class Words:
    """A message as it is read."""

    title: str
    body: str
    icon: str


class _Filled(dict):
    """Shows a dash where an older message lacks a value that the sentence has meanwhile."""

    def __missing__(self, key: str) -> str:
        return "—"


_UNKNOWN = Kind("", gettext_noop("News from the grid platform"))
_kinds: dict[str, Kind] = {}


def register(code: str, title: str, body: str = "", icon: str = "bell") -> None:
    """Make a kind known. Registering it again replaces its sentences."""
    _kinds[code] = Kind(code, title, body, icon)


def registered() -> dict[str, Kind]:
    """All kinds by code."""
    return dict(_kinds)


def render(code: str, params: dict[str, Any]) -> Words:
    """The words of a message in the active language; an unknown kind still says something."""
    kind = _kinds.get(code, _UNKNOWN)
    values = _Filled({name: _localised(value) for name, value in params.items()})
    return Words(
        title=gettext(kind.title) % values,
        body=gettext(kind.body) % values if kind.body else "",
        icon=kind.icon,
    )


def _localised(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    language = get_language() or DEFAULT_LANGUAGE
    return value.get(language) or value.get(DEFAULT_LANGUAGE) or next(iter(value.values()), "")
