"""Working runs of division off, in the queue.

The queue only wakes the worker, and a sweep finds what a lost wake-up or a dead worker left behind.
One run works at a time, so that clocks and messages keep a worker and one area's arrays are in
memory, not several. `attempts` fences: a worker that was given up writes nothing any more.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from grids.territory import ports
from grids.territory.choices import RunStatus
from grids.territory.division import Cancelled, DivisionError, Proposal, divide
from grids.territory.errors import TerritoryError
from grids.territory.models import DivisionProposal, DivisionRun, ProposedGrid
from grids.territory.services import division_areas
from grids.territory.services.coverage import to_geos
from grids.territory.services.division_ground import YEAR, problem_for
from grids.territory.services.division_plane import Plane
from grids.territory.services.division_runs import asked_of, outlines_of
from grids.territory.services.division_wishes import Asked
from grids.territory.services.division_writing import planned, refusal
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.states import State, drawn

logger = logging.getLogger(__name__)

RUNS_LOCK = 7_301_005  # advisory lock: one worker at a time takes a run
BEAT_S = 0.5  # pause between two signs of life, and between two looks at `cancel_asked`
LATE = dt.timedelta(seconds=90)  # without a sign of life for this long the worker is dead
MOST_ATTEMPTS = 2
READ_SHARE, STORE_SHARE = 0.05, 0.95  # of the progress: ground read, proposals found


def work() -> int:
    """Give up what dead workers left, then work off what waits; returns how many were begun."""
    sweep(now=timezone.now())
    begun = 0
    while (run_id := _next()) is not None:
        begun += run(run_id)
    return begun


def sweep(*, now: dt.datetime) -> int:
    """Runs whose worker died wait again, and fail when that happened before; returns how many."""
    dead = 0
    with transaction.atomic():
        late = DivisionRun.objects.select_for_update(skip_locked=True, of=("self",))
        for run in late.filter(status=RunStatus.RUNNING, seen_at__lt=now - LATE):
            dead += 1
            if run.cancel_asked:
                run.status, run.ended_at = RunStatus.CANCELLED, now
            elif run.attempts < MOST_ATTEMPTS:
                run.status, run.progress = RunStatus.WAITING, 0
            else:
                run.status, run.ended_at = RunStatus.FAILED, now
                with translation.override(run.parameters.get("language") or None):
                    run.message = _(
                        "The worker stopped in the middle, twice. Perhaps there was too little "
                        "memory: divide fewer areas at once, and tell whoever runs the server."
                    )
            run.save(update_fields=["status", "progress", "ended_at", "message"])
    return dead


def run(run_id: int) -> bool:
    """Work one waiting run off, to its end; False when it does not wait (any more)."""
    begun = _begin(run_id)
    if begun is None:
        return False
    pulse = Pulse(begun)
    with translation.override(begun.parameters.get("language") or None):
        try:
            _divide(begun, pulse)
        except Cancelled:
            pulse.end(RunStatus.CANCELLED)
        except TerritoryError as error:
            pulse.end(RunStatus.FAILED, error.text)
        except DivisionError as error:
            pulse.end(RunStatus.FAILED, refusal(error).text)
        except MemoryError:
            pulse.end(
                RunStatus.FAILED,
                _("There was too little memory for this. Divide fewer areas at once."),
            )
        except Exception:  # whatever it was, who waits is told
            logger.exception("Division run %s failed", begun.pk)
            pulse.end(
                RunStatus.FAILED,
                _(
                    "The division failed by a fault of the program, which stands in the server's "
                    "log. Nothing was changed. Try fewer areas, or another seed."
                ),
            )
    return True


class Pulse:
    """A run's signs of life while it works. It hears of cancelling, and of being given up."""

    def __init__(self, run: DivisionRun) -> None:
        self.row = DivisionRun.objects.filter(
            pk=run.pk, attempts=run.attempts, status=RunStatus.RUNNING
        )
        self.share = 0.0
        self.beaten = time.monotonic()
        self.stopped = False

    def progress(self, share: float) -> None:
        """`share` of the dividing is done."""
        self.share = READ_SHARE + (STORE_SHARE - READ_SHARE) * share

    def cancelled(self) -> bool:
        """Whether to stop now; looks at the row twice a second."""
        if not self.stopped and time.monotonic() - self.beaten >= BEAT_S:
            self.beat()
        return self.stopped

    def beat(self) -> None:
        """Write how far it is, and look whether to go on."""
        self.beaten = time.monotonic()
        alive = self.row.update(progress=self.share, seen_at=timezone.now())
        self.stopped = not alive or self.row.filter(cancel_asked=True).exists()

    def end(self, status: RunStatus, message: str = "") -> None:
        """The last word, unless somebody else has the run by now."""
        self.row.update(
            status=status, message=message, progress=self.share, ended_at=timezone.now()
        )


def _divide(run: DivisionRun, pulse: Pulse) -> None:
    """Read, divide, store. Raises what these raise, and Cancelled."""
    asked, edition = asked_of(run), run.edition
    if edition is None:
        raise TerritoryError(_("This run belongs to no draft any more."))
    moment = dt.datetime.fromisoformat(run.parameters["moment"])
    areas = division_areas.chosen(division_areas.divisible(edition), asked.areas, None)
    parents = drawn(edition, {part for area in areas for part in area.parts})
    ground: dict[str, Any] = {
        "step": journal.newest(edition),
        "outlines": outlines_of(parents.values()),
        **_present(asked, parents.values(), moment),
    }
    problem, plane = problem_for(asked.areas, edition=edition, now=moment, mix=asked.mix)
    pulse.progress(0)
    pulse.beat()
    proposals = divide(problem, asked.wish, progress=pulse.progress, cancelled=pulse.cancelled)
    pulse.beat()
    if pulse.stopped:
        raise Cancelled
    _store(run, proposals, plane, ground, pulse)


@transaction.atomic
def _store(
    run: DivisionRun,
    proposals: Iterable[Proposal],
    plane: Plane,
    ground: dict[str, Any],
    pulse: Pulse,
) -> None:
    """Write the proposals and end the run, unless it was given up or cancelled meanwhile."""
    if not pulse.row.select_for_update().filter(cancel_asked=False).exists():
        raise Cancelled
    for number, proposal in enumerate(proposals, start=1):
        row = DivisionProposal.objects.create(
            run_id=run.pk, number=number, label=proposal.label, scores=proposal.scores
        )
        grids = zip(planned(proposal, plane), proposal.cells, strict=True)
        ProposedGrid.objects.bulk_create(
            (
                ProposedGrid(
                    proposal=row,
                    within=grid.within,
                    keeps=grid.keeps,
                    geometry=to_geos(_polygons(grid.geometry)),
                    households=grid.households,
                    workload=cell.workload,
                    notes=list(grid.notes),
                )
                for grid, cell in grids
            ),
            batch_size=500,
        )
        ground["households"] = sum(cell.households for cell in proposal.cells)
    pulse.row.update(ground=ground)
    pulse.share = 1.0
    pulse.end(RunStatus.DONE)


def _polygons(shape: shapely.Geometry) -> shapely.MultiPolygon:
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def _present(asked: Asked, states: Iterable[State], moment: dt.datetime) -> dict[str, float]:
    """How much of each wished part of the workload there is on this ground: 0 says "not there"."""
    shapes = np.array([state.geometry for state in states], dtype=object)
    box = tuple(float(edge) for edge in shapely.total_bounds(shapes))
    tree = shapely.STRtree(shapes)
    found = {}
    for name, share, port in (
        ("cases", asked.cases, ports.CASES),
        ("strength", asked.strength, ports.STRENGTH),
    ):
        if share > 0:
            points = ports.points(port, moment - YEAR, moment, box)
            places = shapely.points(points.lon, points.lat)
            inside = np.unique(tree.query(places, predicate="intersects")[0])
            found[name] = float(np.maximum(points.weight[inside], 0).sum())
    return found


@transaction.atomic
def _next() -> int | None:
    """The run that waits longest; none while another works."""
    if DivisionRun.objects.filter(status=RunStatus.RUNNING).exists():
        return None
    waiting = DivisionRun.objects.filter(status=RunStatus.WAITING).order_by("pk")
    return waiting.values_list("pk", flat=True).first()


@transaction.atomic
def _begin(run_id: int) -> DivisionRun | None:
    """The run, marked as working, if it waits and no other works."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RUNS_LOCK])
    if DivisionRun.objects.filter(status=RunStatus.RUNNING).exists():
        return None
    rows = DivisionRun.objects.select_for_update(of=("self",)).filter(status=RunStatus.WAITING)
    run = rows.filter(pk=run_id).first()
    if run is None:
        return None
    run.status, run.progress, run.message = RunStatus.RUNNING, 0, ""
    run.attempts, run.seen_at = run.attempts + 1, timezone.now()
    run.save(update_fields=["status", "progress", "message", "attempts", "seen_at"])
    return run
