"""Whose is this point, over HTTP with one process: against a bare view, and against MapIt."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.benchmarks import division, mapit
from tests.benchmarks.frame import Figure, database, rates, say, server

SIZE = (80, 50)
GRANIAN = Path(sys.executable).with_name("granian")


def run() -> list[Figure]:
    with database("gridmgmt_bench_http") as name:
        division.load(*SIZE)
        points = division.points(*SIZE, 5000)
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}

        def ours(n: int) -> str:
            lon, lat = points[n % len(points)]
            return f"/api/v1/responsibility/?lon={lon:.6f}&lat={lat:.6f}"

        def bare(n: int) -> str:
            lon, lat = points[n % len(points)]
            return f"/bare/responsibility/?lon={lon:.6f}&lat={lat:.6f}"

        def of_mapit(n: int) -> str:
            lon, lat = points[n % len(points)]
            return f"/point/4326/{lon:.6f},{lat:.6f}"

        with server(
            "gridmgmt.wsgi:application", environment=environment, granian=GRANIAN, probe=ours(0)
        ) as port:
            our_rate, bare_rate = rates([port, port], [ours, bare])
            figures = [
                Figure(
                    "responsibility over HTTP, one process",
                    our_rate,
                    bare_rate,
                    "1/s",
                    0.7,
                    False,
                    "a bare Django view with the bare SQL",
                )
            ]
            if (missing := mapit.install()) is not None:
                say(f"django-mapit cannot be measured here: {missing}")
                return figures
            with mapit.serve(name, of_mapit(0)) as mapit_port:
                our_rate, mapit_rate = rates([port, mapit_port], [ours, of_mapit])
            figures.append(
                Figure(
                    "responsibility over HTTP, the same areas",
                    our_rate,
                    mapit_rate,
                    "1/s",
                    4,
                    False,
                    f"django-mapit 3.0, {mapit.versions()}",
                )
            )
        return figures
