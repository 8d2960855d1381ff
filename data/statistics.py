"""The indicators of grid management as pure formulas. No Django.

A rate is a share from 0 to 1, or None when its denominator is empty: then nothing can be said,
and pages show "—", never 0 or 100 %.

>>> share(3, 4)
0.75
>>> share(0, 0) is None
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

EMPTY = "—"
SMALLEST_SHOWN = 3  # smaller counts stay out of public files


def share(part: float, whole: float) -> float | None:
    """part / whole, None for an empty whole."""
    return part / whole if whole else None


def rest(rate: float | None) -> float | None:
    """1 − rate; None stays None."""
    return None if rate is None else 1 - rate


def per_thousand(count: float, households: int | None) -> float | None:
    """Cases for 1,000 households; None where nobody lives."""
    return count * 1000 / households if households else None


def change(now: float | None, before: float | None) -> float | None:
    """Relative change, 0.25 for a quarter more; None when there is nothing to compare with."""
    if now is None or before is None or not before:
        return None
    return (now - before) / before


@dataclass(frozen=True)
class Counts:
    """What was counted for an area and a period: cases *reported* in it, seen at its end or now.

    `due` are filed cases whose handling limit has passed or that are handled; `due_to_close` those
    that are closed or whose limit has passed. `open_overdue` are open past their limit.
    """

    reported: int = 0
    valid: int = 0
    public: int = 0  # found by the public, not by staff
    filed: int = 0
    filed_in_time: int = 0
    voided: int = 0
    not_filed: int = 0
    dispatched: int = 0
    right_first: int = 0  # dispatched and never handed back or reassigned
    due: int = 0
    handled: int = 0
    handled_in_time: int = 0
    due_to_close: int = 0
    closed: int = 0
    closed_in_time: int = 0
    on_the_spot: int = 0
    open: int = 0
    open_overdue: int = 0
    reworked: int = 0
    returned: int = 0
    extended: int = 0
    urgent: int = 0
    urged: int = 0
    satisfied: int = 0
    fair: int = 0
    dissatisfied: int = 0

    @property
    def rated(self) -> int:
        """Cases whose reporter gave an opinion."""
        return self.satisfied + self.fair + self.dissatisfied


COUNT_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Counts))


def handling_rate(c: Counts) -> float | None:
    """handled / due"""
    return share(c.handled, c.due)


def on_time_handling_rate(c: Counts) -> float | None:
    """handled in time / due"""
    return share(c.handled_in_time, c.due)


def closing_rate(c: Counts) -> float | None:
    """closed / due to close"""
    return share(c.closed, c.due_to_close)


def on_time_closing_rate(c: Counts) -> float | None:
    """closed in time / due to close"""
    return share(c.closed_in_time, c.due_to_close)


def on_time_filing_rate(c: Counts) -> float | None:
    """filed in time / filed"""
    return share(c.filed_in_time, c.filed)


def accurate_filing_rate(c: Counts) -> float | None:
    """(filed − voided) / filed"""
    return share(c.filed - c.voided, c.filed)


def accurate_dispatch_rate(c: Counts) -> float | None:
    """right first time / dispatched"""
    return share(c.right_first, c.dispatched)


def valid_report_rate(c: Counts) -> float | None:
    """valid / reported"""
    return share(c.valid, c.reported)


def missed_rate(c: Counts) -> float | None:
    """found by the public / filed"""
    return share(c.public, c.filed)


def rework_rate(c: Counts) -> float | None:
    """rework / due to close"""
    return share(c.reworked, c.due_to_close)


def satisfaction_rate(c: Counts) -> float | None:
    """(satisfied + fairly satisfied) / rated"""
    return share(c.satisfied + c.fair, c.rated)


RATES = {
    "handling_rate": handling_rate,
    "on_time_handling_rate": on_time_handling_rate,
    "closing_rate": closing_rate,
    "on_time_closing_rate": on_time_closing_rate,
    "on_time_filing_rate": on_time_filing_rate,
    "accurate_filing_rate": accurate_filing_rate,
    "accurate_dispatch_rate": accurate_dispatch_rate,
    "valid_report_rate": valid_report_rate,
    "missed_rate": missed_rate,
    "rework_rate": rework_rate,
    "satisfaction_rate": satisfaction_rate,
}


def shown_share(rate: float | None) -> str:
    """0.8734 → "87.3 %"; None → "—"."""
    return EMPTY if rate is None else f"{rate * 100:.1f} %"


def suppressed(table: Sequence[Sequence[int]]) -> list[list[int | None]]:
    """A table of counts (rows: areas, columns: parts) with small ones taken out, for public files.

    Zero stays: it tells about nobody. Where exactly one count of a row or of a column would be
    missing, the next smallest goes too, again and again, because a published sum would give a
    single missing one away.
    """
    hidden = {
        (y, x)
        for y, row in enumerate(table)
        for x, value in enumerate(row)
        if 0 < value < SMALLEST_SHOWN
    }
    width = len(table[0]) if table else 0
    lines = [[(y, x) for x in range(width)] for y in range(len(table))]
    lines += [[(y, x) for y in range(len(table))] for x in range(width)]
    while (more := _next_to_hide(table, lines, hidden)) is not None:
        hidden.add(more)
    return [
        [None if (y, x) in hidden else value for x, value in enumerate(row)]
        for y, row in enumerate(table)
    ]


def _next_to_hide(
    table: Sequence[Sequence[int]],
    lines: Sequence[Sequence[tuple[int, int]]],
    hidden: set[tuple[int, int]],
) -> tuple[int, int] | None:
    for line in lines:
        if sum(cell in hidden for cell in line) == 1:
            others = [cell for cell in line if cell not in hidden and table[cell[0]][cell[1]] > 0]
            if others:
                return min(others, key=lambda cell: (table[cell[0]][cell[1]], cell))
    return None
