"""The one door for changes to a draft: each step is journalled, so that it can be undone.

Numbers of steps only grow: a number names one state of the draft for ever, so a caller who says
which step was last seen (`expect`) is told when anybody else has drawn since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max
from django.db.models.deletion import ProtectedError
from django.utils.translation import gettext as _

from gridmgmt.core import audit
from grids.territory.choices import StepVerb
from grids.territory.errors import EditionConflict, TerritoryError
from grids.territory.models import Boundary, DraftStep, Edition, Grid
from grids.territory.services import coverage
from grids.territory.services.coverage import to_geos
from grids.territory.services.drawing.states import (
    COLUMNS,
    State,
    as_json,
    drawn,
    from_json,
    states_of,
)
from grids.territory.services.editions import lock_draft

__all__ = [
    "DraftMoved",
    "State",
    "begin",
    "drawn",
    "free_codes",
    "newest",
    "perform",
    "redo",
    "undo",
]


class DraftMoved(EditionConflict):
    """Somebody else has drawn since the step that the caller saw last."""

    def __init__(self, current: int, steps: Sequence[DraftStep]) -> None:
        super().__init__(
            _(
                "Somebody else has drawn in this draft meanwhile. Look at the newest state, then "
                "do your step again."
            )
        )
        self.current = current  # number of the newest step that holds, 0 without one
        self.steps = tuple(steps)


def newest(edition: Edition) -> int:
    """The number of the newest step that holds; 0 when there is none."""
    found = edition.steps.filter(undone=False).aggregate(number=Max("number"))
    return found["number"] or 0


def begin(edition: Edition, *, expect: int | None = None) -> None:
    """Hold the draft until the transaction ends; refuse when it moved on since step `expect`."""
    lock_draft(edition)
    if expect is None:
        return
    current = newest(edition)
    if current != expect:
        since = edition.steps.filter(number__gt=min(expect, current)).select_related("actor")
        raise DraftMoved(current, since.defer("before", "after"))


def free_codes(edition: Edition, *, keep: Iterable[int] = ()) -> None:
    """Free the codes that only undone steps had taken, for they were never used.

    A new step does so by itself; call it first, in the same transaction, when the step takes new
    codes. `keep` names grids that the new step is about to draw.
    """
    named: dict[bool, set[str]] = {True: set(), False: set()}
    for undone, codes in edition.steps.order_by().values_list("undone", "codes"):
        named[undone].update(codes)
    outdated = named[True] - named[False]
    if not outdated:
        return
    free = Grid.objects.filter(code__in=outdated, boundaries__isnull=True)
    try:
        with transaction.atomic():
            free.exclude(pk__in=list(keep)).delete()
    except ProtectedError:
        return  # somebody planned a post for one of them: then all keep their codes


@transaction.atomic
def perform(
    edition: Edition,
    *,
    verb: StepVerb,
    changes: Mapping[int, State | None],
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    expect: int | None = None,
) -> DraftStep:
    """Write one step: what each grid shall be, or None where the draft shall hold no change.

    A state that equals what is in force is no change either, nor is a tombstone of what never was
    in force. Steps undone before are outdated by a new one and forgotten.

    Raises DraftMoved, or TerritoryError when the edition is no draft or nothing would change.
    """
    begin(edition, expect=expect)
    grids = sorted(changes)
    in_force = states_of(Boundary.objects.filter(grid_id__in=grids, valid__upper_inf=True))
    before = states_of(edition.boundaries.filter(grid_id__in=grids))
    after = {grid: _change(changes[grid], in_force.get(grid)) for grid in grids}
    changed = [grid for grid in grids if after[grid] != before.get(grid)]
    if not changed:
        raise TerritoryError(_("This step would change nothing."))
    kept_replaces = _replaces(edition, changed)
    number = (edition.steps.aggregate(number=Max("number"))["number"] or 0) + 1
    free_codes(edition, keep=changed)
    edition.steps.filter(undone=True).delete()
    _write(edition, {grid: after[grid] for grid in changed})
    step = DraftStep.objects.create(
        edition=edition,
        number=number,
        verb=verb,
        codes=_codes(changed),
        before=_entries(changed, before, kept_replaces),
        after=_entries(changed, after, _replaces(edition, changed)),
        actor=actor,
        at=now,
    )
    _settle(edition, step, "draft_step", actor, now)
    return step


@transaction.atomic
def undo(
    edition: Edition,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    expect: int | None = None,
) -> DraftStep:
    """Take the newest step back; returns it. Raises as `perform` does."""
    begin(edition, expect=expect)
    step = edition.steps.filter(undone=False).order_by("-number").first()
    if step is None:
        raise TerritoryError(_("There is no step to undo."))
    _play(edition, step.before)
    return _turned(edition, step, "draft_undo", actor, now)


@transaction.atomic
def redo(
    edition: Edition,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    expect: int | None = None,
) -> DraftStep:
    """Do the step again that was undone last; returns it. Raises as `perform` does."""
    begin(edition, expect=expect)
    step = edition.steps.filter(undone=True).order_by("number").first()
    if step is None:
        raise TerritoryError(_("There is no step to redo."))
    _play(edition, step.after)
    return _turned(edition, step, "draft_redo", actor, now)


def touched(step: DraftStep) -> list[int]:
    """The ids of the grids that a step changed."""
    return [entry["grid"] for entry in step.before]


def parents_of(step: DraftStep) -> set[int]:
    """The parents of those grids in the draft, before the step and after it."""
    states = [entry["state"] for entry in [*step.before, *step.after]]
    parents = {state["parent_id"] for state in states if state is not None}
    return parents - {None}


def _change(wanted: State | None, in_force: State | None) -> State | None:
    """What the draft must hold so that the area is as wanted."""
    if wanted is None or wanted == in_force:
        return None
    return None if wanted.geometry is None and in_force is None else wanted


def _turned(
    edition: Edition, step: DraftStep, action: str, actor: AbstractBaseUser | None, now: dt.datetime
) -> DraftStep:
    step.undone = not step.undone
    step.save(update_fields=["undone"])
    _settle(edition, step, action, actor, now)
    return step


def _settle(
    edition: Edition, step: DraftStep, action: str, actor: AbstractBaseUser | None, now: dt.datetime
) -> None:
    coverage.recheck(edition, {*touched(step), *parents_of(step)}, now=now)
    audit.record(
        actor=actor,
        now=now,
        action=action,
        target=edition,
        data={"step": step.number, "verb": step.verb, "codes": step.codes[:50]},
    )


def _play(edition: Edition, entries: list[dict]) -> None:
    """Bring back the states that a step has kept, started from what they were started from."""
    _write(
        edition,
        {entry["grid"]: from_json(entry["state"]) for entry in entries},
        {entry["grid"]: entry["replaces"] for entry in entries},
    )


def _write(
    edition: Edition,
    states: Mapping[int, State | None],
    replaces: Mapping[int, int | None] | None = None,
) -> None:
    """Rows of the draft; one that is there already keeps the version that it started from.

    Where `replaces` is given it holds for all rows: a state from before a rebase does not know what
    others have published since, so it must clash again instead of undoing that silently.
    """
    gone = [grid for grid, state in states.items() if state is None]
    edition.boundaries.filter(grid_id__in=gone).delete()
    wanted = [state for state in states.values() if state is not None]
    updated = ["geometry", *(name.removesuffix("_id") for name in COLUMNS)]
    if replaces is not None:
        updated.append("replaces")
    else:
        open_now = Boundary.objects.filter(
            grid_id__in=[state.grid_id for state in wanted], valid__upper_inf=True
        )
        replaces = dict(open_now.values_list("grid_id", "pk"))
    Boundary.objects.bulk_create(
        [
            Boundary(
                edition=edition,
                grid_id=state.grid_id,
                geometry=None if state.geometry is None else to_geos(state.geometry),
                replaces_id=replaces.get(state.grid_id),
                **state.columns(),
            )
            for state in wanted
        ],
        update_conflicts=True,
        unique_fields=["edition", "grid"],
        update_fields=updated,
        batch_size=1000,
    )


def _replaces(edition: Edition, grids: Iterable[int]) -> dict[int, int | None]:
    rows = edition.boundaries.filter(grid_id__in=list(grids))
    return dict(rows.values_list("grid_id", "replaces_id"))


def _entries(
    grids: Iterable[int],
    states: Mapping[int, State | None],
    replaces: Mapping[int, int | None],
) -> list[dict]:
    return [
        {"grid": grid, "state": as_json(states.get(grid)), "replaces": replaces.get(grid)}
        for grid in grids
    ]


def _codes(grids: Iterable[int]) -> list[str]:
    rows = Grid.objects.filter(pk__in=list(grids)).order_by("code")
    return list(rows.values_list("code", flat=True))
