"""Moments on the axis of work time: seconds of work since the beginning of a period."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta


class WorkAxis:
    """The work spans of a period, in order and apart, with the seconds worked before each.

    Moments before the first span count as its beginning, moments after the last as its end.
    """

    def __init__(self, spans: Sequence[tuple[datetime, datetime]]) -> None:
        if not spans:
            raise ValueError("A period without work time has no axis.")
        self._starts = [start for start, _end in spans]
        self._ends = [end for _start, end in spans]
        self._before: list[float] = []
        total = 0.0
        for start, end in spans:
            self._before.append(total)
            total += (end - start).total_seconds()
        self.total = total

    def seconds(self, moment: datetime) -> float:
        """Seconds of work up to the moment."""
        index = bisect.bisect_right(self._starts, moment) - 1
        if index < 0:
            return 0.0
        until = min(moment, self._ends[index])
        return self._before[index] + (until - self._starts[index]).total_seconds()

    def moment(self, seconds: float) -> datetime | None:
        """When so much work is done; None when the axis ends before."""
        if seconds > self.total:
            return None
        index = max(0, bisect.bisect_left(self._before, seconds) - 1)
        return self._starts[index] + timedelta(seconds=seconds - self._before[index])
