"""Typed readers of the process environment. A missing or malformed value stops the start, loudly.

Every reader names the variable in its error, so that an operator sees which line to mend.
"""

import os
import re
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str | None = None) -> str:
    """The value as it stands. Without a default an absent or empty value is refused."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"{name} is not set.")
    return default


def flag(name: str, default: bool) -> bool:
    """yes/no, true/false, on/off, 1/0."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {value!r}.")


def number(name: str, default: int, *, minimum: int = 0) -> int:
    """A whole number, not below `minimum`."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        result = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if result < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {result}.")
    return result


def limit(name: str, default: str, *, units: set[str]) -> tuple[int, str]:
    """A length of time such as `4 work_hour`: a whole number from 1 and one of `units`."""
    value = os.environ.get(name, "").strip() or default
    amount, _blank, unit = value.partition(" ")
    if not amount.isascii() or not amount.isdigit() or int(amount) < 1 or unit not in units:
        raise ImproperlyConfigured(
            f"{name} must be a number and one of {', '.join(sorted(units))}, "
            f"such as {default!r}, not {value!r}."
        )
    return int(amount), unit


def rate(name: str, default: str) -> str:
    """How often within how long, such as `600/min`: a whole number and sec, min, hour or day."""
    value = os.environ.get(name, "").strip() or default
    if not re.fullmatch(r"[0-9]+/(s|sec|second|m|min|minute|h|hour|d|day)", value):
        raise ImproperlyConfigured(
            f"{name} must be a number and sec, min, hour or day, such as {default!r}, "
            f"not {value!r}."
        )
    return value


def words(name: str, default: list[str]) -> list[str]:
    """A comma-separated list; empty parts are dropped."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    return [part.strip() for part in value.split(",") if part.strip()]


def names(name: str) -> dict[str, tuple[str, str]]:
    """Names of codes, such as `manager=网格长/Grid keeper,coordinator=网格员`.

    The second name, after the slash, is the English one and may be left out (then it is empty).
    """
    found = {}
    for part in words(name, []):
        code, sign, text_ = (piece.strip() for piece in part.partition("="))
        own, _slash, english = (piece.strip() for piece in text_.partition("/"))
        if not sign or not code or not own or code in found:
            raise ImproperlyConfigured(
                f"{name} must read like manager=NAME/English name,coordinator=NAME, not {part!r}."
            )
        found[code] = (own, english)
    return found


def choice(name: str, allowed: set[str], default: str) -> str:
    """One of `allowed`."""
    value = os.environ.get(name, "").strip() or default
    if value not in allowed:
        raise ImproperlyConfigured(
            f"{name} must be one of {', '.join(sorted(allowed))}, not {value!r}."
        )
    return value


def path(name: str, default: Path) -> Path:
    """A file-system path; `~` is opened."""
    value = os.environ.get(name, "").strip()
    return Path(value).expanduser() if value else default
