"""Steps of drawing that need no cutting: names, parents, merging, removing, confirming."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _
from shapely.geometry import MultiPolygon, Polygon

from grids.territory.choices import StepVerb
from grids.territory.errors import TerritoryError
from grids.territory.models import DraftStep, Edition, Grid
from grids.territory.services.drawing import codes, ground
from grids.territory.services.drawing import shapes as plane
from grids.territory.services.drawing.journal import begin, free_codes, perform
from grids.territory.services.drawing.states import State, children

LONGEST_NAME = 200


@dataclass(frozen=True)
class Pen:
    """Who draws in which draft, when, and which step they have seen last."""

    edition: Edition
    actor: AbstractBaseUser | None
    now: dt.datetime
    expect: int | None = None

    def begin(self) -> None:
        """Hold the draft; refuse when it has moved on."""
        begin(self.edition, expect=self.expect)

    def write(self, verb: StepVerb, changes: dict[int, State | None]) -> DraftStep:
        """Put the step into the journal."""
        return perform(
            self.edition,
            verb=verb,
            changes=changes,
            actor=self.actor,
            now=self.now,
            expect=self.expect,
        )


def clean_name(name: str) -> str:
    """A name as it is stored; refuses an empty or overlong one."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise TerritoryError(_("Give a name of 1 to 200 characters."))
    return name


@transaction.atomic
def rename(
    pen: Pen,
    grid: int,
    *,
    name: str | None = None,
    name_en: str | None = None,
    households: int | str | None = "keep",
) -> DraftStep:
    """Change names or the declared households of an area; what is not given stays."""
    pen.begin()
    state = ground.wanted(pen.edition, [grid])[grid]
    if name is not None:
        state = replace(state, name=clean_name(name))
    if name_en is not None:
        state = replace(state, name_en=clean_name(name_en) if name_en.strip() else "")
    if not isinstance(households, str):
        state = replace(state, households=households)
    return pen.write(StepVerb.RENAME, {grid: state})


@transaction.atomic
def reparent(pen: Pen, grid: int, parent: int, *, recode: bool = False) -> DraftStep:
    """Hang an area below another parent of the same tier as its present one.

    Its ground must lie in the new parent, or the check will say so. `recode` ends the area and
    begins a new one whose code begins with the new parent's.
    """
    pen.begin()
    states = ground.wanted(pen.edition, [grid, parent])
    rows = Grid.objects.select_related("tier").in_bulk([grid, parent])
    if rows[parent].tier.order >= rows[grid].tier.order:
        raise TerritoryError(
            _("%(parent)s does not lie in a tier above %(code)s.")
            % {"parent": rows[parent].code, "code": rows[grid].code}
        )
    moved = replace(states[grid], parent_id=parent)
    changes: dict[int, State | None] = {grid: moved}
    if recode and states[grid].parent_id != parent:
        free_codes(pen.edition)
        new = codes.allot(rows[parent], rows[grid].tier, 1)[0]
        changes = {
            grid: replace(states[grid], geometry=None),
            new.pk: replace(moved, grid_id=new.pk),
            **adopted(children(pen.edition, [grid]).values(), new.pk),
        }
    return pen.write(StepVerb.REPARENT, changes)


@transaction.atomic
def merge(pen: Pen, grids: Sequence[int], *, name: str | None = None) -> DraftStep:
    """Make one area of several that touch; the largest keeps its code, the others end."""
    pen.begin()
    states = ground.wanted(pen.edition, grids)
    if len(states) < 2:
        raise TerritoryError(_("Choose at least two areas to merge."))
    members = list(states.values())
    _refuse_strangers(members)
    outlines = [state.geometry for state in members]
    keeper = members[ground.by_size(outlines, ground.weights_of(outlines))[0]]
    changes = _united(pen, keeper, [state for state in members if state is not keeper])
    if name is not None:
        changes[keeper.grid_id] = replace(changes[keeper.grid_id], name=clean_name(name))
    return pen.write(StepVerb.MERGE, ground.fit_siblings(pen.edition, changes, states))


@transaction.atomic
def remove(pen: Pen, grid: int, *, heir: int | None = None) -> DraftStep:
    """End an area; its ground goes to the heir, or to whom it shares the longest border with.

    The only area of its parent has no heir: the parent is undivided then.
    """
    pen.begin()
    state = ground.wanted(pen.edition, [grid])[grid]
    near = ground.neighbours_of(pen.edition, state)
    if heir is None:
        shapes = {other: neighbour.geometry for other, neighbour in near.items()}
        heir = plane.owner_by_border(state.geometry, shapes)
    elif heir not in near:
        raise TerritoryError(
            _("%(heir)s does not border on %(code)s below the same parent; choose a neighbour.")
            % {"heir": ground.codes_of([heir]) or heir, "code": ground.codes_of([grid])}
        )
    if heir is not None:
        changes = _united(pen, near[heir], [state])
        before = {grid: state, heir: near[heir]}
        return pen.write(StepVerb.REMOVE, ground.fit_siblings(pen.edition, changes, before))
    if children(pen.edition, [grid]):
        raise TerritoryError(
            _("%(code)s is divided and has no neighbour; remove the areas inside it first.")
            % {"code": ground.codes_of([grid])}
        )
    return pen.write(StepVerb.REMOVE, {grid: replace(state, geometry=None)})


@transaction.atomic
def confirm(pen: Pen, grids: Sequence[int]) -> DraftStep:
    """Say of outlines that were derived from a list: looked at, and right."""
    pen.begin()
    states = ground.wanted(pen.edition, grids)
    return pen.write(
        StepVerb.CONFIRM, {grid: replace(state, confirmed=True) for grid, state in states.items()}
    )


@transaction.atomic
def reset(pen: Pen, grids: Sequence[int]) -> DraftStep:
    """Take back what the draft changes of these areas; new ones vanish."""
    pen.begin()
    return pen.write(StepVerb.RESET, dict.fromkeys(grids))


def adopted(areas: Iterable[State], parent: int) -> dict[int, State | None]:
    """The same areas below another parent."""
    return {state.grid_id: replace(state, parent_id=parent) for state in areas}


def _refuse_strangers(members: Sequence[State]) -> None:
    """Areas that are to be one must share tier and parent, and hang together along lines."""
    tiers = set(
        Grid.objects.filter(pk__in=[s.grid_id for s in members]).values_list("tier_id", flat=True)
    )
    if len(tiers) > 1 or len({state.parent_id for state in members}) > 1:
        raise TerritoryError(_("Only areas of one tier below the same parent can be merged."))
    reached, waiting = [members[0]], list(members[1:])
    while waiting:
        joined = [
            state
            for state in waiting
            if any(plane.shared_length(state.geometry, other.geometry) for other in reached)
        ]
        if not joined:
            raise TerritoryError(
                _("%(codes)s share no border line with the others; a point is not enough.")
                % {"codes": ground.codes_of(state.grid_id for state in waiting)}
            )
        reached += joined
        waiting = [state for state in waiting if state not in joined]


def _united(pen: Pen, keeper: State, others: Sequence[State]) -> dict[int, State | None]:
    members = [keeper, *others]
    outlines = [keeper.geometry]
    for state in others:
        outlines.append(plane.snapped(state.geometry, outlines))
    joined = _without_hairlines(plane.dissolve(outlines))
    changes: dict[int, State | None] = {
        state.grid_id: replace(state, geometry=None) for state in others
    }
    changes |= adopted(
        children(pen.edition, [state.grid_id for state in others]).values(), keeper.grid_id
    )
    changes[keeper.grid_id] = replace(
        keeper,
        geometry=joined,
        households=ground.total(state.households for state in members),
        population=ground.total(state.population for state in members),
        confirmed=all(state.confirmed for state in members),
    )
    return changes


def _without_hairlines(geometry: MultiPolygon) -> MultiPolygon:
    """Close holes that are thinner than a border's own accuracy: both sides were drawn once."""
    parts = []
    for part in shapely.get_parts(geometry):
        holes = [h for h in part.interiors if Polygon(h).buffer(-plane.SNAP_DEG).area]
        parts.append(part if len(holes) == len(part.interiors) else Polygon(part.exterior, holes))
    return MultiPolygon(np.array(parts, dtype=object).tolist())
