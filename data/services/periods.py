"""Periods of figures: whole local days, and the period just before for comparison."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone


@dataclass(frozen=True)
class Period:
    """From the start of `first` to the end of `last`, both local days of the deployment."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """The aware moment at which it begins."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The aware moment at which it is over (not in it)."""
        return _midnight(self.last + timedelta(days=1))

    def before(self) -> Period:
        """As many days just before."""
        length = timedelta(days=self.days)
        return Period(self.first - length, self.last - length)

    def step(self) -> str:
        """By what a chart over the period goes: day up to six weeks, week up to half a year."""
        if self.days <= 42:
            return "day"
        return "week" if self.days <= 190 else "month"


def last_days(days: int, now: datetime) -> Period:
    """The `days` days up to today."""
    today = timezone.localdate(now, timezone.get_default_timezone())
    return Period(today - timedelta(days=days - 1), today)


def month_of(now: datetime, back: int = 0) -> Period:
    """The calendar month, `back` months ago; this month ends today."""
    today = timezone.localdate(now, timezone.get_default_timezone())
    year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
    first = date(year, month + 1, 1)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return Period(first, min(today, following - timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())
