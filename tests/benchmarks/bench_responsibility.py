"""Whose is this point, in process: against the bare SQL, and against a tenth of the grids.

Both divisions stand at the same time and are asked in turns, each over a connection of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.utils import timezone

from grids.territory.services.responsibility import responsible_areas
from tests.benchmarks import bare, division
from tests.benchmarks.frame import Figure, best, database, in_turns

SMALL, LARGE = (80, 50), (200, 200)
CALLS, ROUNDS = 150, 20
Points = list[tuple[float, float]]


def run() -> list[Figure]:
    with contextlib.ExitStack() as stack:
        small, small_points = _division(stack, "gridmgmt_bench_4000", SMALL)
        large, large_points = _division(stack, "gridmgmt_bench_40000", LARGE)
        now = timezone.now()
        _same_answers(small, small_points)

        def on(link: Any, question: Callable[[int], object]) -> Callable[[int], object]:
            def ask(number: int) -> object:
                connection.connection = link
                return question(number)

            return ask

        works = (
            on(small, lambda n: responsible_areas(*small_points[n], moment=now)),
            on(small, lambda n: bare.areas(*small_points[n], now)),
            on(large, lambda n: responsible_areas(*large_points[n], moment=now)),
        )
        ours, plain, many = map(best, in_turns(works, rounds=ROUNDS, calls=CALLS))
        connection.connection = large
        small.close()
    return [
        Figure(
            "responsibility of a point, in process, 4,000 grids",
            ours * 1000,
            plain * 1000,
            "ms",
            3,
            True,
            "the bare SQL with the same answer",
            "ours keeps its plan in a database function, the yardstick is planned each time",
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


def _division(stack: contextlib.ExitStack, name: str, size: tuple[int, int]) -> tuple[Any, Points]:
    """A filled database that stays until the stack ends; its connection and points in it."""
    connection.connection = None
    stack.enter_context(database(name))
    division.load(*size)
    return connection.connection, division.points(*size, CALLS * (ROUNDS + 1))


def _same_answers(link: Any, points: Points) -> None:
    connection.connection = link
    now = timezone.now()
    for lon, lat in points[:200]:
        answer = responsible_areas(lon, lat, moment=now)
        expected = tuple(row[0] for row in bare.areas(lon, lat, now))
        if answer.boundary_ids != expected or answer.answer != "inside":
            raise RuntimeError(f"the yardstick answers differently at {lon} {lat}")
