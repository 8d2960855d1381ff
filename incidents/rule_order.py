"""Which of several routing rules wins, and which two can never be told apart.

Every rule has a *weight*: one figure per dimension, larger where its condition is narrower. Among
the rules that apply, the largest weight wins, dimension by dimension in the order of the setting
`ROUTING_ORDER`. Two rules of equal weight that can both apply to one case are refused on saving,
so there is always one winner, whatever the order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Protocol

DIMENSIONS = ("place", "category", "grade", "answer", "channel", "time")
_DAY_MINUTES = 24 * 60


class _Tier(Protocol):
    order: int


class _Grid(Protocol):
    tier: _Tier


class _Category(Protocol):
    kind: str
    big_code: str
    system: str


class Rule(Protocol):
    """What is needed of a rule here; `models.RoutingRule` is one."""

    grid_id: int | None
    grid: _Grid | None
    category_id: int | None
    category: _Category | None
    big_code: str
    category_kind: str
    system: str
    grade: str
    answer: str
    channel: str
    time_from: time | None
    time_to: time | None


def weight(rule: Rule) -> dict[str, int]:
    """The rule's figure in each dimension; 0 where it has no condition.

    Place: the tier's order, so that a grid beats its street. Category: small class, then big
    class, then kind or system; each further condition of that sort adds one.
    """
    return {
        "place": rule.grid.tier.order if rule.grid is not None else 0,
        "category": _category_depth(rule),
        "grade": int(bool(rule.grade)),
        "answer": int(bool(rule.answer)),
        "channel": int(bool(rule.channel)),
        "time": int(rule.time_from is not None),
    }


def ordered(rule: Rule, order: Sequence[str]) -> tuple[int, ...]:
    """The weight as a tuple in the order of the setting; larger wins."""
    figures = weight(rule)
    return tuple(figures[dimension] for dimension in order)


def tie(one: Rule, other: Rule) -> bool:
    """Whether no order could tell the two apart, and one case could meet both."""
    return weight(one) == weight(other) and _can_meet(one, other)


def in_window(moment: time, start: time | None, end: time | None) -> bool:
    """Whether a time of day lies in [start, end); a window may pass midnight."""
    if start is None or end is None:
        return True
    if start < end:
        return start <= moment < end
    return moment >= start or moment < end


def _category_depth(rule: Rule) -> int:
    if rule.category_id is not None:
        return 100
    broad = int(bool(rule.category_kind)) + int(bool(rule.system))
    return 10 * int(bool(rule.big_code)) + broad


def _can_meet(one: Rule, other: Rule) -> bool:
    pairs = [
        # A case's path holds one area of a tier: different areas of one tier never meet.
        (one.grid_id or "", other.grid_id or ""),
        (one.category_id or "", other.category_id or ""),
        (one.grade, other.grade),
        (one.answer, other.answer),
        (one.channel, other.channel),
        *zip(_classes(one), _classes(other), strict=True),
    ]
    if any(left != right for left, right in pairs if left and right):
        return False
    return _windows_meet(one, other)


def _classes(rule: Rule) -> tuple[str, str, str]:
    if rule.category is not None:
        return rule.category.kind, rule.category.big_code, rule.category.system
    return rule.category_kind, rule.big_code, rule.system


def _windows_meet(one: Rule, other: Rule) -> bool:
    return any(max(a, c) < min(b, d) for a, b in _minutes(one) for c, d in _minutes(other))


def _minutes(rule: Rule) -> list[tuple[float, float]]:
    if rule.time_from is None or rule.time_to is None:
        return [(0, _DAY_MINUTES)]
    start, end = _minute(rule.time_from), _minute(rule.time_to)
    return [(start, end)] if start < end else [(start, _DAY_MINUTES), (0, end)]


def _minute(moment: time) -> float:
    return moment.hour * 60 + moment.minute + moment.second / 60
