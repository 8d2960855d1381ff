"""Whose is this point, in process: against the bare SQL, and against a tenth of the grids."""

from __future__ import annotations

import statistics

from django.utils import timezone

from grids.territory.services.responsibility import responsible_areas
from tests.benchmarks import bare, division
from tests.benchmarks.frame import Figure, database, in_turns

SMALL, LARGE = (80, 50), (200, 200)
CALLS, ROUNDS = 400, 7


def run() -> list[Figure]:
    ours, plain = _measure("gridmgmt_bench_4000", SMALL)
    many, _plain = _measure("gridmgmt_bench_40000", LARGE)
    return [
        Figure(
            "responsibility of a point, in process, 4,000 grids",
            ours * 1000,
            plain * 1000,
            "ms",
            3,
            True,
            "the bare SQL with the same answer",
        ),
        Figure(
            "responsibility of a point, in process, 40,000 grids",
            many * 1000,
            ours * 1000,
            "ms",
            1.3,
            True,
            "4,000 grids",
        ),
    ]


def _measure(name: str, size: tuple[int, int]) -> tuple[float, float]:
    """Median seconds per call of ours and of the bare SQL."""
    with database(name):
        division.load(*size)
        points = division.points(*size, CALLS * (ROUNDS + 1))
        now = timezone.now()
        for lon, lat in points[:200]:
            answer = responsible_areas(lon, lat, moment=now)
            expected = tuple(row[0] for row in bare.areas(lon, lat, now))
            if answer.boundary_ids != expected or answer.answer != "inside":
                raise RuntimeError(f"the yardstick answers differently at {lon} {lat}")
        works = (
            lambda n: responsible_areas(*points[n], moment=now),
            lambda n: bare.areas(*points[n], now),
        )
        ours, plain = in_turns(works, rounds=ROUNDS, calls=CALLS)
        return statistics.median(ours), statistics.median(plain)
