"""Runs of division by machine: asked for, cancelled, repeated, taken over into the draft.

A run is a row; services/division_work.py works it off in the queue.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Iterable

import shapely
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.gis.db.models.functions import AsWKB
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from gridmgmt.core import audit, memory
from gridmgmt.core.permissions import Right
from grids.territory.choices import RunStatus
from grids.territory.errors import EditionConflict, TerritoryError
from grids.territory.models import (
    DivisionProposal,
    DivisionRun,
    DraftStep,
    Edition,
)
from grids.territory.services import division_areas
from grids.territory.services.division_wishes import Asked
from grids.territory.services.division_writing import PlannedGrid, write_grids
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.states import State, drawn
from grids.territory.services.editions import lock_draft
from grids.territory.services.scope import MayAct, refuse_out_of_reach

logger = logging.getLogger(__name__)

TASK = "territory.divide"
OPEN = (RunStatus.WAITING, RunStatus.RUNNING)
MOST_KEPT = 20  # runs of one draft


@transaction.atomic
def request_run(
    edition: Edition,
    asked: Asked,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    access: MayAct | None = None,
    moment: dt.datetime | None = None,
) -> DivisionRun:
    """Have the machine propose grids; a worker begins as soon as one is free.

    `moment` is the end of the year whose cases count (now, unless an old run is to be repeated).
    Raises TerritoryError for wishes that cannot be followed, OutOfReach, NotADraft, and
    EditionConflict when a run of this draft is still open.
    """
    asked = asked.checked()
    lock_draft(edition)
    areas = division_areas.chosen(division_areas.divisible(edition), asked.areas, access)
    if edition.division_runs.filter(status__in=OPEN).exists():
        raise EditionConflict(
            _("A division of this draft is under way. Wait until it is done, or cancel it.")
        )
    run = DivisionRun.objects.create(
        edition=edition,
        parameters={
            **asked.as_json(),
            "areas": [area.code for area in areas],
            "moment": (moment or now).isoformat(),
            "language": translation.get_language() or "",
        },
        created_by=actor,
        created_at=now,
    )
    old = edition.division_runs.exclude(status__in=OPEN).order_by("-pk")[MOST_KEPT:]
    DivisionRun.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
    audit.record(
        actor=actor,
        now=now,
        action="division_asked",
        target=edition,
        data={"run": run.pk, "areas": run.parameters["areas"][:50]},
    )
    transaction.on_commit(_wake)
    return run


def repeat(
    run: DivisionRun,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    access: MayAct | None = None,
) -> DivisionRun:
    """The same once more: on an unchanged draft it gives the same proposals."""
    if run.edition is None:
        raise TerritoryError(_("This run belongs to no draft any more."))
    moment = dt.datetime.fromisoformat(run.parameters["moment"])
    asked = asked_of(run)
    return request_run(run.edition, asked, actor=actor, now=now, access=access, moment=moment)


@transaction.atomic
def cancel(run: DivisionRun, *, actor: AbstractBaseUser | None, now: dt.datetime) -> DivisionRun:
    """Ask a run to stop. One that waits is cancelled at once; one that has ended stays as it is."""
    run = DivisionRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.status == RunStatus.WAITING:
        run.status, run.ended_at = RunStatus.CANCELLED, now
    elif run.status != RunStatus.RUNNING:
        return run
    run.cancel_asked = True
    run.save(update_fields=["status", "ended_at", "cancel_asked"])
    target = run.edition or run
    audit.record(
        actor=actor, now=now, action="division_cancelled", target=target, data={"run": run.pk}
    )
    return run


@transaction.atomic
def take_over(
    proposal: DivisionProposal,
    *,
    edition: Edition,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    expect: int | None = None,
    access: MayAct | None = None,
) -> DraftStep:
    """Put a proposal into its draft as one step that can be undone.

    `expect` is the newest step that the caller has seen; without it, the one that the proposal was
    made on. Raises DraftMoved when there is another, EditionConflict when an area was redrawn since
    the run, OutOfReach, NotADraft.
    """
    run = proposal.run
    if run.edition_id != edition.pk or run.status != RunStatus.DONE:
        raise TerritoryError(_("This proposal belongs to another draft."))
    journal.begin(edition, expect=run.ground["step"] if expect is None else expect)
    codes = asked_of(run).areas
    areas = division_areas.chosen(division_areas.divisible(edition), codes, access)
    parts = {part for area in areas for part in area.parts}
    if outlines_of(drawn(edition, parts).values()) != run.ground["outlines"]:
        raise EditionConflict(
            _("The outlines of the areas have changed since this run. Run the division anew.")
        )
    rows = proposal.grids.annotate(wkb=AsWKB("geometry")).order_by("pk")
    grids = [
        PlannedGrid(
            grid.within,
            grid.keeps,
            shapely.from_wkb(bytes(grid.wkb)),
            grid.households,
            tuple(grid.notes),
        )
        for grid in rows.defer("geometry")
    ]
    step = write_grids(edition, grids, actor=actor, now=now)
    if access is not None:
        touched = journal.touched(step)
        refuse_out_of_reach(edition, access, Right.DRAW, moment=now, grid_ids=touched)
    audit.record(
        actor=actor,
        now=now,
        action="division_taken",
        target=edition,
        data={"run": run.pk, "proposal": proposal.number, "step": step.number},
    )
    return step


def asked_of(run: DivisionRun) -> Asked:
    """The wishes that a run was given."""
    return Asked.from_json(run.parameters)


def outlines_of(states: Iterable[State]) -> dict[str, str]:
    """A fingerprint of each area's outline, by its id."""
    found = {}
    for state in states:
        wkb = shapely.to_wkb(state.geometry)
        found[str(state.grid_id)] = hashlib.sha256(wkb).hexdigest()[:16]
    return found


def _wake() -> None:
    if not memory.wake(TASK):
        logger.warning("The queue is not reachable; the division waits for the sweep.")
