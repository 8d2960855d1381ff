"""Cells of a list as values: codes, moments, texts. What Excel has damaged is refused, not mended.

Excel turns long codes into numbers: 110108014001001 becomes 1.10108E+14, 012 becomes 12, and a
detour over another program leaves "12345.0". The digits are lost then, so guessing would send a
case to the wrong place or take it in twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django.utils.translation import gettext as _

from gridmgmt.core.tables.errors import CellError

_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+")
_TRAILING_ZERO = re.compile(r"\d+\.0+")
_FORMULA_TEXT = re.compile(r'="([^"]*)"')
EXACT_DIGITS = 15  # a number in Excel holds no more
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's day 0, without a zone


def text_of(value: Any) -> str:
    """A cell as text; an Excel formula that only keeps a text (="012") gives the text."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if (kept := _FORMULA_TEXT.fullmatch(text)) is not None:
        return kept[1].strip()
    return text.removeprefix("'").strip() if text.startswith("'") else text


def code_of(value: Any) -> str:
    """A code or number that names something. Raises CellError when Excel has damaged it."""
    if isinstance(value, bool):
        raise CellError(_("A code was expected, not a yes or no."))
    if isinstance(value, (int, float)) and abs(value) >= 10**EXACT_DIGITS:
        raise CellError(
            _(
                "Excel holds this code as a number of more than 15 digits and has changed its last "
                "ones. Format the column as text in the source, export again, then import."
            )
        )
    if isinstance(value, float) and not value.is_integer():
        raise CellError(_("The code %(code)s has become a decimal number.") % {"code": value})
    text = text_of(value)
    if _SCIENTIFIC.fullmatch(text) and _looks_cut(text):
        raise CellError(
            _(
                "Excel has shortened this code to %(code)s; its digits are lost. Format the column "
                "as text in the source, export again, then import."
            )
            % {"code": text}
        )
    if _TRAILING_ZERO.fullmatch(text):
        raise CellError(
            _(
                "The code %(code)s was turned into a decimal number on its way. Format the column "
                "as text in the source, export again, then import."
            )
            % {"code": text}
        )
    if text and not text.strip("#"):
        raise CellError(
            _("The column was too narrow when it was exported: it holds only %(text)s.")
            % {"text": text}
        )
    return text


def _looks_cut(text: str) -> bool:
    """1.10108E+14 and 1E+14 are numbers; an E between digits alone (12E3) may be a code."""
    mantissa, _sign, exponent = re.split("([eE])", text)
    return "." in mantissa or exponent.startswith(("+", "-"))


def usual_length(codes: Iterable[str]) -> int | None:
    """The length that nearly all digit codes of a column share, if there is one."""
    lengths = Counter(len(code) for code in codes if code.isascii() and code.isdigit())
    if not lengths:
        return None
    length, count = lengths.most_common(1)[0]
    return length if count >= 3 and count >= 0.8 * lengths.total() else None


def refuse_lost_zeros(code: str, length: int | None) -> None:
    """Raise CellError when a digit code is shorter than all others: Excel drops leading zeros."""
    if length and code.isascii() and code.isdigit() and len(code) < length:
        raise CellError(
            _(
                "The code %(code)s has %(has)s digits, all others %(length)s: Excel drops zeros at "
                "the front. Format the column as text in the source, export again, then import."
            )
            % {"code": code, "has": len(code), "length": length}
        )


_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})[:时点](\d{1,2})?分?(?::?(\d{1,2})(?:\.\d+)?秒?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\s*(\d{2})(\d{2})(\d{2})?)?")


def moment_of(value: Any, zone: tzinfo, *, end_of_day: bool = False) -> datetime | None:
    """A cell as an aware moment, None when empty. Without a zone it is the deployment's.

    A date alone means the start of that day, for a deadline its end. Raises CellError for what
    is no date, day and month in unclear order included.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return _whole_day(value, zone, end_of_day)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 20_000 < value < 80_000:
        return (EXCEL_EPOCH + timedelta(days=float(value))).replace(tzinfo=zone)
    text = text_of(value)
    found = _MOMENT.fullmatch(text)
    parts = found or _COMPACT.fullmatch(text)
    if parts is None:
        raise CellError(
            _("“%(text)s” is no date that can be read safely. Write it as 2026-11-22 14:30.")
            % {"text": text[:40]}
        )
    try:
        return _from_parts(parts, zone, end_of_day)
    except ValueError:
        raise CellError(_("There is no such date: “%(text)s”.") % {"text": text[:40]}) from None


def _from_parts(parts: re.Match[str], zone: tzinfo, end_of_day: bool) -> datetime:
    year, month, day, hour, minute, second = (int(p) if p else None for p in parts.groups()[:6])
    if hour is None:
        return _whole_day(date(year or 0, month or 0, day or 0), zone, end_of_day)
    offset = parts.groups()[6] if len(parts.groups()) > 6 else None
    moment = datetime(year or 0, month or 0, day or 0, hour, minute or 0, second or 0, tzinfo=zone)
    if offset:
        clock = f"{moment:%Y-%m-%dT%H:%M:%S}{'+00:00' if offset == 'Z' else offset}"
        return datetime.fromisoformat(clock)
    return moment


def _whole_day(day: date, zone: tzinfo, end_of_day: bool) -> datetime:
    return datetime.combine(day, time(23, 59) if end_of_day else time(), zone)
