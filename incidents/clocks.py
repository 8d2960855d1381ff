"""Clocks of cases: pure computation over aware moments, without Django.

Four units. Urgent hours and urgent days (24 h) run without a break. Work hours run only inside
the work spans of working days; a work day is as many work hours as the spans of one day hold
(eight, by default). Lengths are seconds of *clock time*: real seconds for urgent units, seconds
inside work time for work units.

A span includes both its ends, so a work limit may end at 12:00 or 18:00 sharp, and never starts
counting before the next span opens. Everything is computed on the time line of UTC; local time
only says where the spans lie, so a change to daylight saving neither adds nor loses a second.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

HOUR = 3600
DAY = 24 * HOUR
WARN_PERCENT = 80
# A table of special days that leaves no working day for so long is a mistake, not a holiday.
LONGEST_REST_DAYS = 400


class Unit(StrEnum):
    """What a limit is counted in. The values are those of `choices.ClockUnit`."""

    URGENT_HOUR = "urgent_hour"
    URGENT_DAY = "urgent_day"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"

    @property
    def continuous(self) -> bool:
        """Whether the unit runs at night and on holidays too."""
        return self in (Unit.URGENT_HOUR, Unit.URGENT_DAY)


class Light(StrEnum):
    """How a limit stands. The values are those of `choices.Light`."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    NONE = "none"


DEFAULT_SPANS: tuple[tuple[time, time], ...] = (
    (time(8), time(12)),
    (time(14), time(18)),
)


@dataclass(frozen=True)
class Calendar:
    """When the office works: its zone, the days that differ from the week, the spans of a day.

    `special` maps a date to True (a weekend day on which work is made up) or False (a holiday).
    Spans are local, in order, and do not touch each other.
    """

    tz: tzinfo
    special: dict[date, bool] = field(default_factory=dict)
    spans: tuple[tuple[time, time], ...] = DEFAULT_SPANS

    def __post_init__(self) -> None:
        flat = [moment for span in self.spans for moment in span]
        if not flat or any(later <= earlier for earlier, later in itertools.pairwise(flat)):
            raise ValueError("Work spans must be in order, not empty and apart from each other.")

    def is_working_day(self, day: date) -> bool:
        """Monday to Friday, unless the table of special days says otherwise."""
        return self.special.get(day, day.weekday() < 5)

    @property
    def work_day_seconds(self) -> int:
        """Length of a work day."""
        return sum(_seconds_of(end) - _seconds_of(start) for start, end in self.spans)

    def is_work_time(self, moment: datetime) -> bool:
        """Whether the moment lies in a work span, its ends included."""
        day = moment.astimezone(self.tz).date()
        return any(start <= moment <= end for start, end in self.spans_of(day))

    def spans_of(self, day: date) -> list[tuple[datetime, datetime]]:
        """The work spans of a local day as moments in UTC."""
        if not self.is_working_day(day):
            return []
        spans = [
            (
                datetime.combine(day, start, self.tz).astimezone(UTC),
                datetime.combine(day, end, self.tz).astimezone(UTC),
            )
            for start, end in self.spans
        ]
        return [(start, end) for start, end in spans if start < end]


def seconds_of(amount: int, unit: str, calendar: Calendar) -> int:
    """Length of a limit in seconds of clock time."""
    unit = Unit(unit)
    if unit is Unit.WORK_DAY:
        return amount * calendar.work_day_seconds
    return amount * (DAY if unit is Unit.URGENT_DAY else HOUR)


def due(start: datetime, amount: int, unit: str, calendar: Calendar) -> datetime:
    """When a limit of `amount` units that begins at `start` ends, in the calendar's zone.

    Raises ValueError for an amount below 1, an unknown unit or a moment without a zone.
    """
    if amount < 1:
        raise ValueError("A limit is at least 1.")
    return shift(start, seconds_of(amount, unit, calendar), unit, calendar)


def warn_moment(start: datetime, amount: int, unit: str, calendar: Calendar) -> datetime:
    """When 80 % of the limit has run, in clock time."""
    seconds = seconds_of(amount, unit, calendar) * WARN_PERCENT // 100
    return shift(start, seconds, unit, calendar)


def shift(start: datetime, seconds: int, unit: str, calendar: Calendar) -> datetime:
    """The moment `seconds` of clock time after `start` (before it, when negative)."""
    _require_zone(start)
    if Unit(unit).continuous:
        return (start.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(calendar.tz)
    if seconds == 0:
        return start.astimezone(calendar.tz)
    forward = seconds > 0
    left = timedelta(seconds=abs(seconds))
    for begin, end in _spans_from(start.astimezone(UTC), calendar, forward=forward):
        length = end - begin
        if left <= length:
            return ((begin + left) if forward else (end - left)).astimezone(calendar.tz)
        left -= length
    raise ValueError("The table of special days leaves no working day.")


def work_seconds_between(start: datetime, end: datetime, calendar: Calendar) -> int:
    """Seconds of work time from `start` to `end`; negative when `end` is the earlier one."""
    _require_zone(start)
    _require_zone(end)
    if end < start:
        return -work_seconds_between(end, start, calendar)
    total = timedelta()
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    day, last_day = start.astimezone(calendar.tz).date(), end.astimezone(calendar.tz).date()
    while day <= last_day:
        for begin, finish in calendar.spans_of(day):
            total += max(min(finish, last) - max(begin, first), timedelta())
        day += timedelta(days=1)
    return int(total.total_seconds())


def remaining(now: datetime, due_at: datetime, unit: str, calendar: Calendar) -> int:
    """Seconds of clock time until `due_at`; below zero exactly when it has passed."""
    if Unit(unit).continuous:
        left = int((due_at - now).total_seconds())
    else:
        left = work_seconds_between(now, due_at, calendar)
    # Between the end of work and the next morning no work second passes, yet the limit has.
    return min(left, -1) if now > due_at else left


def light(now: datetime, warn_at: datetime | None, due_at: datetime | None) -> Light:
    """Green up to 80 % of the limit, yellow up to the limit, then red; none without a limit."""
    if due_at is None:
        return Light.NONE
    if now > due_at:
        return Light.RED
    return Light.YELLOW if warn_at is not None and now > warn_at else Light.GREEN


def _spans_from(
    start: datetime, calendar: Calendar, *, forward: bool
) -> Iterator[tuple[datetime, datetime]]:
    """Work spans from `start` on (or back), the first one cut at `start`."""
    step = timedelta(days=1 if forward else -1)
    day = start.astimezone(calendar.tz).date()
    rest = 0
    while rest < LONGEST_REST_DAYS:
        spans = calendar.spans_of(day)
        rest = 0 if spans else rest + 1
        for begin, end in spans if forward else reversed(spans):
            if forward and end > start:
                yield max(begin, start), end
            elif not forward and begin < start:
                yield begin, min(end, start)
        day += step


def _seconds_of(moment: time) -> int:
    return moment.hour * HOUR + moment.minute * 60 + moment.second


def _require_zone(moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ValueError("Clocks need moments with a zone.")
