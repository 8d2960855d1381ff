"""How soon another process routes by a newly published edition, and whether it waits for one.

Publishing 10,000 changed boundaries is one transaction; meanwhile another process asks without a
pause, and its slowest answer is set against the slowest of the same time before.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from itertools import groupby

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.utils import timezone

from grids.territory.models import Boundary, Edition
from grids.territory.services import editions
from tests.benchmarks import division
from tests.benchmarks.frame import Figure, database, say

SIZE = (80, 50)
LARGE = (100, 100)
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
# Asks without a pause; tells each tenth of a second the slowest answer in it (ms).
LISTENER = """
import sys, time, django
django.setup()
from django.utils import timezone
from grids.territory.services.responsibility import responsible_areas
points = [tuple(map(float, word.split(","))) for word in sys.argv[1:]]
print("ready", flush=True)
slowest, since, number = 0.0, time.time(), 0
while True:
    lon, lat = points[number % len(points)]
    begun = time.perf_counter()
    responsible_areas(lon, lat, moment=timezone.now())
    slowest, number = max(slowest, time.perf_counter() - begun), number + 1
    if time.time() - since >= 0.1:
        print(time.time(), slowest * 1000, flush=True)
        slowest, since = 0.0, time.time()
"""
CALM_S = 10


def run() -> list[Figure]:
    return [*_visible(), *_while_publishing()]


def _while_publishing() -> list[Figure]:
    """Every grid of the large lattice is redrawn while another process asks."""
    with database("gridmgmt_bench_publish_all"):
        division.load(*LARGE)
        edition = _redraw_all()
        words = [f"{lon},{lat}" for lon, lat in division.points(*LARGE, 200)]
        listener = subprocess.Popen(
            [sys.executable, "-c", LISTENER, *words], stdout=subprocess.PIPE, text=True
        )
        heard: list[tuple[float, float]] = []
        try:
            listener.stdout.readline()
            reader = threading.Thread(
                target=lambda: heard.extend(_pair(line) for line in listener.stdout)
            )
            reader.start()
            time.sleep(CALM_S)
            begun = time.time()
            published = editions.publish(
                edition, actor=None, now=timezone.now(), accept_findings="bench"
            )
            ended = time.time()
            time.sleep(1)
        finally:
            listener.kill()
            listener.wait()
        reader.join()
        late_s = ended - published.effective_at.timestamp()
    calm = max(ms for moment, ms in heard if moment < begun)
    meanwhile = max(ms for moment, ms in heard if begun <= moment <= ended + 0.5)
    count = LARGE[0] * LARGE[1]
    say(f"published {count} boundaries in {ended - begun:.1f} s, {late_s:.2f} s after its moment")
    return [
        Figure(
            f"the slowest lookup while {count:,} changed boundaries are published",
            meanwhile,
            max(calm, 50.0),
            "ms",
            4,
            True,
            f"the slowest of {CALM_S} s before, or 50 ms",
            f"one transaction of {ended - begun:.1f} s; committed {late_s:.2f} s after its moment",
        ),
    ]


def _pair(line: str) -> tuple[float, float]:
    moment, ms = line.split()
    return float(moment), float(ms)


def _redraw_all() -> Edition:
    """A draft in which every grid has a new outline."""
    edition = editions.draft("all", actor=None, now=timezone.now())
    leaves = Boundary.objects.leaves_at(timezone.now()).select_related("grid", "parent")
    rows = []
    for number, old in enumerate(leaves.iterator(chunk_size=2000)):
        rows.append(
            Boundary(
                edition=edition,
                grid=old.grid,
                parent=old.parent,
                replaces=old,
                name=f"redrawn {number}",
                geometry=old.geometry,
                households=old.households,
            )
        )
    _turn(rows)
    Boundary.objects.bulk_create(rows, batch_size=1000)
    return edition


def _turn(rows: list[Boundary]) -> None:
    """Borders inside a community lose their small bends: each grid swaps slivers with others."""
    for _parent, group in groupby(sorted(rows, key=_parent_of), key=_parent_of):
        members = list(group)
        shapes = [shapely.from_wkb(bytes(row.geometry.wkb)) for row in members]
        simpler = shapely.coverage_simplify(shapes, 0.00002, simplify_boundary=False)
        for row, shape in zip(members, simpler, strict=True):
            row.geometry = GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=4326)


def _parent_of(row: Boundary) -> int:
    return row.parent_id or 0


def _visible() -> list[Figure]:
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
