"""A file of a million points to their grids, against pandas and a tree of the same polygons."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import shapely

from tests.benchmarks import division
from tests.benchmarks.frame import Figure, database

SIZE = (100, 100)
POINTS = 1_000_000
OURS = """
import io, json, resource, sys, time, django
django.setup()
from django.core.management import call_command
start = time.perf_counter()
call_command("route_points", sys.argv[1], sys.argv[2], stdout=io.StringIO())
seconds = time.perf_counter() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
BARE = """
import json, resource, sys, time
import numpy as np, pandas as pd, shapely
shapes = shapely.from_wkb(np.load(sys.argv[3], allow_pickle=True))
codes = np.array([f"g{number:06}" for number in range(len(shapes))], dtype=object)
start = time.perf_counter()
frame = pd.read_csv(sys.argv[1])
points = shapely.points(frame["lon"], frame["lat"])
found, leaf = shapely.STRtree(shapes).query(points, "intersects")
column = np.full(len(frame), "", dtype=object)
column[found] = codes[leaf]
frame["grid"] = column
frame.to_csv(sys.argv[2], index=False)
seconds = time.perf_counter() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def run() -> list[Figure]:
    with database("gridmgmt_bench_route_points"), tempfile.TemporaryDirectory() as folder:
        division.load(*SIZE)
        source, outlines = Path(folder, "points.csv"), Path(folder, "outlines.npy")
        _write_points(source)
        shapes = list(division.cells(*SIZE).values())
        np.save(outlines, np.array([shapely.to_wkb(shape) for shape in shapes], dtype=object))
        pairs = [
            (
                _timed(OURS, source, Path(folder, "ours.csv")),
                _timed(BARE, source, Path(folder, "bare.csv"), outlines),
            )
            for _ in range(3)
        ]
        _compare(Path(folder, "ours.csv"), Path(folder, "bare.csv"))
    ours, bare = min(pair[0][0] for pair in pairs), min(pair[1][0] for pair in pairs)
    memory = max(pair[0][1] for pair in pairs)
    return [
        Figure(
            "route_points, 1,000,000 points, 10,000 grids, file to file",
            ours,
            bare,
            "s",
            1.2,
            True,
            "pandas read_csv + STRtree(polygons).query(points) + to_csv",
            "ours reads the division from the database and writes five columns, the yardstick "
            "holds the polygons already and writes one; the best of 3 each",
        ),
        Figure(
            "route_points, memory at its highest",
            memory,
            1000,
            "MB",
            1,
            True,
            "1 GB",
            f"the yardstick takes {max(pair[1][1] for pair in pairs):.0f} MB",
        ),
    ]


def _write_points(path: Path) -> None:
    chance = np.random.default_rng(3)
    lon = division.WEST + chance.uniform(0, SIZE[0] * division.STEP, POINTS)
    lat = division.SOUTH + chance.uniform(0, SIZE[1] * division.STEP, POINTS)
    with path.open("w", encoding="utf-8") as file:
        file.write("id,lon,lat\n")
        file.writelines(
            f"{n},{x:.7f},{y:.7f}\n" for n, (x, y) in enumerate(zip(lon, lat, strict=True))
        )


def _timed(code: str, *paths: Path) -> tuple[float, float]:
    """Seconds and the highest memory (MB) of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, paths)], check=True, capture_output=True, text=True
    )
    seconds, memory = json.loads(done.stdout)
    return seconds, memory


def _compare(ours: Path, bare: Path) -> None:
    """Whether both gave as many rows; the answers themselves are compared by the tests."""
    with ours.open() as one, bare.open() as other:
        if sum(1 for _ in one) != sum(1 for _ in other):
            raise AssertionError("the two files differ in length")
