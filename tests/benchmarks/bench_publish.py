"""How soon another process routes by a newly published edition."""

from __future__ import annotations

import subprocess
import sys
import time

from django.utils import timezone

from grids.territory.models import Boundary
from grids.territory.services import editions
from tests.benchmarks import division
from tests.benchmarks.frame import Figure, database

SIZE = (80, 50)
TRIES = 5
ASKER = """
import sys, time, django
django.setup()
from django.utils import timezone
from grids.territory.services.responsibility import responsible_areas
lon, lat = float(sys.argv[1]), float(sys.argv[2])
seen = ""
while True:
    name = responsible_areas(lon, lat, moment=timezone.now()).leaf.name
    if name != seen:
        print(time.time(), name, flush=True)
        seen = name
"""


def run() -> list[Figure]:
    with database("gridmgmt_bench_publish"):
        division.load(*SIZE)
        lon, lat = division.points(*SIZE, 1)[0]
        asker = subprocess.Popen(
            [sys.executable, "-c", ASKER, str(lon), str(lat)], stdout=subprocess.PIPE, text=True
        )
        try:
            grid = asker.stdout.readline() and Boundary.objects.leaves_at(timezone.now()).get(
                geometry__covers=f"SRID=4326;POINT({lon} {lat})"
            )
            delays = [_publish(grid, number, asker) for number in range(TRIES)]
        finally:
            asker.kill()
            asker.wait()
    return [
        Figure(
            "a published edition becomes visible to routing in another process",
            max(max(delays), 0.0001),
            1.0,
            "s",
            1,
            True,
            "one second",
            f"the slowest of {TRIES}, counted from the return of publish(); "
            "0.0001 is the least shown",
        )
    ]


def _publish(boundary: Boundary, number: int, asker: subprocess.Popen) -> float:
    """Seconds from the commit until the other process has answered with the new version."""
    edition = editions.draft(f"bench {number}", actor=None, now=timezone.now())
    editions.put(
        edition,
        boundary.grid,
        geometry=boundary.geometry,
        name=f"renamed {number}",
        parent=boundary.parent,
        households=boundary.households,
    )
    editions.publish(edition, actor=None, now=timezone.now(), accept_findings="bench")
    committed = time.time()
    while True:
        moment, name = asker.stdout.readline().strip().split(" ", 1)
        if name == f"renamed {number}":
            return float(moment) - committed
