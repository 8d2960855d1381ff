"""Cases of a past period handled again by the people of other grids.

A plain model whose assumptions can be said in one sentence each: a case waits at its grid; each
of the grid's people works on one case at a time, in work time only; every case takes the same
hours; urgent ones are taken first, then the oldest. A case is late when it ends after its limit.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from data.replay.axis import WorkAxis

SHORTEST_HOURS, LONGEST_HOURS = 0.05, 80.0
ROUNDS = 18  # halvings of that range: to within half a minute


@dataclass(frozen=True)
class Job:
    """One case: when it came, when it was due, whether it was urgent."""

    arrived: datetime
    due: datetime
    urgent: bool = False


def late(jobs: Iterable[Job], people: int, hours: float, axis: WorkAxis) -> int:
    """How many jobs end after their limit, or not at all in the period.

    `people` work on one job at a time, `hours` of work time each; without people all are late.
    """
    ordered = sorted(jobs, key=lambda job: job.arrived)
    if people < 1:
        return len(ordered)
    effort = hours * 3600
    free = [0.0] * people
    waiting: list[tuple[bool, int, Job]] = []
    too_late, coming = 0, 0
    while coming < len(ordered) or waiting:
        start = heapq.heappop(free)
        if not waiting:
            start = max(start, axis.seconds(ordered[coming].arrived))
        while coming < len(ordered) and axis.seconds(ordered[coming].arrived) <= start:
            job = ordered[coming]
            heapq.heappush(waiting, (not job.urgent, coming, job))
            coming += 1
        _calm, _order, job = heapq.heappop(waiting)
        done = axis.moment(start + effort)
        too_late += done is None or done > job.due
        heapq.heappush(free, start + effort)
    return too_late


def hours_that_fit(
    grids: Sequence[tuple[Sequence[Job], int]], measured_late: int, axis: WorkAxis
) -> float:
    """The hours a case takes at which as many cases are late as really were.

    `grids` holds each grid's jobs and people. More hours never make fewer jobs late, so halving
    finds the value; where many fit, the largest.
    """
    low, high = SHORTEST_HOURS, LONGEST_HOURS
    for _round in range(ROUNDS):
        middle = (low + high) / 2
        if sum(late(jobs, people, middle, axis) for jobs, people in grids) <= measured_late:
            low = middle
        else:
            high = middle
    return low
