"""Division by machine: a whole city from database to draft, against METIS, and against spopt."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shapely

from grids.territory.division import Wish
from grids.territory.division.emphasis import best_count, parts_of
from grids.territory.division.graph import Graph
from grids.territory.division.ground import FREE, Ground, ground_of
from grids.territory.division.outlines import dissolved
from grids.territory.division.scores import roundness
from grids.territory.division.sites import roots
from tests.benchmarks.frame import ROOT, Figure, database, say
from tests.territory import melbourne

HOME = ROOT / ".local" / "division-yardsticks"
PYTHON = HOME / "bin" / "python"
PACKAGES = ["spopt==0.7.0", "pymetis==2025.2.2"]
SMALL = "East Melbourne"
WISH = Wish()


def run() -> list[Figure]:
    seconds, cpu = _whole_way()
    figures = [
        Figure(
            "divide 76,799 dwellings into grids of 200, database to draft",
            seconds,
            30.0,
            "s",
            1,
            True,
            "the time allowed",
            f"of which {cpu:.1f} s of the processor; reading, journal, check of coverage included",
        )
    ]
    if reason := install():
        say(f"METIS and spopt are not there: {reason}")
        return figures
    return [*figures, *_against_metis(), *_against_spopt()]


def _whole_way() -> tuple[float, float]:
    """Seconds of `manage.py divide` without the start of Python."""
    from django.core.management import call_command

    with database("gridmgmt_bench_division"):
        fill()
        start, cpu = time.perf_counter(), time.process_time()
        call_command("divide", within=["MELBOURNE"], edition="bench", stdout=io.StringIO())
        return time.perf_counter() - start, time.process_time() - cpu


def fill() -> None:
    """Melbourne as one community in force, with its buildings and streets."""
    from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

    from grids.territory.models import Boundary, Building, Edition, Grid, Road, Tier
    from grids.territory.services.coverage import to_geos
    from grids.territory.services.ground import footprint_of
    from tests.benchmarks.division import SINCE

    boundary, streets, classes = melbourne.base()
    points, households = melbourne.dwellings()
    edition = Edition.objects.create(name="base", status="published", effective_at=SINCE)
    grid = Grid.objects.create(tier=Tier.objects.get(code="community"), code="MELBOURNE")
    Boundary.objects.create(
        grid=grid,
        edition=edition,
        name="Melbourne",
        geometry=to_geos(boundary),
        valid=DateTimeTZRange(SINCE, None),
    )
    Building.objects.bulk_create(
        [
            Building(footprint=to_geos(footprint_of(p)), point=to_geos(p), households=int(n))
            for p, n in zip(points, households, strict=True)
        ],
        batch_size=1000,
    )
    Road.objects.bulk_create(
        [Road(line=to_geos(line), kind=name) for line, name in zip(streets, classes, strict=True)],
        batch_size=1000,
    )


def _against_metis() -> list[Figure]:
    ground = _ground("")
    members, graph = _free(ground)
    part, seconds = _ours(ground, members, 1)
    ours = _judged(ground, members, graph, part)
    found = _others(ground, members, graph, ["METIS"])["METIS"]
    theirs = _judged(ground, members, graph, np.array(found["labels"]))
    return [
        Figure(
            "share of Melbourne's grids within ±15 %, connected, along barriers",
            ours["within"],
            theirs["within"],
            "of 1",
            1,
            False,
            "METIS alone on the same graph, without barriers",
            f"METIS: {theirs['broken']:.0f} grids in several pieces, compactness "
            f"{theirs['round']:.2f}, {theirs['along']:.0%} along barriers, "
            f"{found['seconds']:.2f} s. Ours: 0 in pieces, {ours['round']:.2f}, "
            f"{ours['along']:.0%}, {seconds:.1f} s",
        )
    ]


def _ours(ground: Ground, members: np.ndarray, turns: int) -> tuple[np.ndarray, float]:
    """The part of each member, and the seconds of the processor in the best of several turns."""
    seconds = []
    for _turn in range(turns):
        start = time.process_time()
        part = parts_of(ground, WISH, "even", (0, 0, 0), lambda _share: None)[members]
        seconds.append(time.process_time() - start)
    return part, min(seconds)


def _against_spopt() -> list[Figure]:
    ground = _ground(SMALL)
    members, graph = _free(ground)
    part, seconds = _ours(ground, members, 5)
    ours = _judged(ground, members, graph, part)
    figures = []
    for name, found in _others(
        ground, members, graph, ["MaxPHeuristic", "Skater", "RegionKMeans"]
    ).items():
        theirs = _judged(ground, members, graph, np.array(found["labels"]))
        words = (
            f"{len(members)} atoms of {SMALL}; within ±15 %: {ours['within']:.0%} against "
            f"{theirs['within']:.0%}"
        )
        figures += [
            Figure(
                f"time to divide a small area, and spopt's {name}",
                seconds,
                found["seconds"],
                "s of the processor",
                0.05,
                True,
                f"spopt {name}",
                words,
            ),
            Figure(
                f"unevenness (coefficient of variation), and spopt's {name}",
                ours["variation"],
                theirs["variation"],
                "",
                1,
                True,
                f"spopt {name}",
            ),
            Figure(
                f"compactness (mean Polsby–Popper), and spopt's {name}",
                ours["round"],
                theirs["round"],
                "",
                1,
                False,
                f"spopt {name}",
            ),
        ]
    return figures


def _ground(area: str) -> Ground:
    problem = melbourne.problem(area)
    buildings = np.arange(len(problem.footprints))
    return ground_of(problem, problem.parents[0], buildings, WISH, lambda: None)


def _free(ground: Ground) -> tuple[np.ndarray, Graph]:
    """The largest connected piece of atoms that are not oversized, and its graph."""
    from grids.territory.division.emphasis import _pieces, _subgraph

    piece = _pieces(ground.graph, ground.fixed == FREE)
    loads = np.bincount(piece[piece >= 0], ground.graph.load[piece >= 0])
    members = np.flatnonzero(piece == loads.argmax())
    return members, _subgraph(ground.graph, members)


def _judged(ground: Ground, members: np.ndarray, graph: Graph, part: np.ndarray) -> dict:
    part = np.unique(part, return_inverse=True)[1].reshape(-1)
    load = np.bincount(part, graph.load)
    of_face = np.full(ground.graph.size, -1)
    of_face[members] = part
    of_face = of_face[ground.atom]
    shapes = dissolved(ground.faces.shapes[of_face >= 0], of_face[of_face >= 0])
    apart = part[graph.left] != part[graph.right]
    whole = roots(graph.size, graph.left[~apart], graph.right[~apart])
    pieces = np.zeros(len(load))
    np.add.at(pieces, part[np.unique(whole, return_index=True)[1]], 1)
    return {
        "within": float(np.mean(np.abs(load - WISH.target) <= WISH.band * WISH.target + 1e-9)),
        "variation": float(load.std() / load.mean()),
        "round": float(roundness(list(shapes)).mean()),
        "along": float(graph.barred_m[apart].sum() / graph.length_m[apart].sum()),
        "broken": float((pieces > 1).sum()),
    }


def _others(ground: Ground, members: np.ndarray, graph: Graph, names: list[str]) -> dict:
    """What the other methods make of the same graph."""
    keep = np.isin(ground.atom, members)
    place = np.full(ground.graph.size, -1)
    place[members] = np.arange(len(members))
    atoms = shapely.to_wkb(dissolved(ground.faces.shapes[keep], place[ground.atom[keep]]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(
            folder / "graph.npz",
            load=graph.load,
            left=graph.left,
            right=graph.right,
            parts=best_count(float(graph.load.sum()), WISH.target),
            least=WISH.target * (1 - WISH.band),
        )
        (folder / "atoms.bin").write_bytes(b"".join(atoms))
        np.array([len(one) for one in atoms], dtype=np.int64).tofile(folder / "sizes.bin")
        script = Path(__file__).with_name("division_yardsticks.py")
        subprocess.run([str(PYTHON), str(script), str(folder), *names], check=True)
        return json.loads((folder / "found.json").read_text())


def install() -> str | None:
    """Make the environment where it is missing; the reason when that is not possible."""
    done = HOME / "installed"
    if done.exists() and done.read_text() == " ".join(PACKAGES):
        return None
    for command in (
        [sys.executable, "-m", "venv", str(HOME)],
        [str(PYTHON), "-m", "pip", "install", "--quiet", *PACKAGES],
    ):
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            return (made.stderr.strip().splitlines() or ["it failed"])[-1]
    done.write_text(" ".join(PACKAGES))
    return None
