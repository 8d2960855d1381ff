"""A proposal written into a draft, and its words for readers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import shapely
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.gis.db.models.functions import AsWKB
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grids.territory.choices import GridKind, StepVerb
from grids.territory.division import DivisionError, Proposal
from grids.territory.division.types import DEDICATED_AREA, OVERSIZED_BUILDING
from grids.territory.errors import TerritoryError
from grids.territory.models import Building, DraftStep, Edition, Grid
from grids.territory.services.coverage import to_geos
from grids.territory.services.division_ground import leaf_tier
from grids.territory.services.division_plane import Plane
from grids.territory.services.drawing import codes as new_codes
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.features import has_moved
from grids.territory.services.drawing.states import State, children, drawn

EMPHASIS_LABELS = {
    "even": gettext_lazy("Even workload"),
    "compact": gettext_lazy("Compact grids"),
    "barriers": gettext_lazy("Along roads and water"),
    "stable": gettext_lazy("Close to today"),
}
NOTE_SENTENCES = {
    "oversized_building": gettext_lazy("One building with more households than a grid may have."),
    "dedicated_area": gettext_lazy("A dedicated grid that stays as it is."),
    "beyond_band": gettext_lazy(
        "Outside the band: no regrouping with its neighbours brought it in."
    ),
    "enclosed": gettext_lazy(
        "Outside the band: it is enclosed by dedicated grids and the border of the area."
    ),
    "far_beyond_band": gettext_lazy("Off by more than twice the band."),
    "whole_area": gettext_lazy("Outside the band: the area or island is too small to divide."),
    "no_households": gettext_lazy("Nobody lives here."),
    "courtyard_opened": gettext_lazy("Holds part of a courtyard too large for one grid."),
}
REASONS = {
    "target_not_positive": gettext_lazy("The target must be a number above zero."),
    "band_out_of_range": gettext_lazy("The band must be a share from 0 up to, but not, 1."),
    "negative_households": gettext_lazy("Households must not be negative."),
    "workload_not_a_number": gettext_lazy("The workload of a building must not be negative."),
    "unknown_emphasis": gettext_lazy("There is no such emphasis: %(detail)s."),
    "parent_invalid": gettext_lazy(
        "The outline of %(detail)s is broken; mend it before it is divided."
    ),
    "no_parent": gettext_lazy("Name at least one area to divide."),
}


@dataclass(frozen=True)
class PlannedGrid:
    """One grid to write: within which parent, which code it keeps (empty: a new one), its ground
    in EPSG:4326, and the notes of its cell."""

    within: str
    keeps: str
    geometry: shapely.Geometry
    households: int
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        apart = {DEDICATED_AREA, OVERSIZED_BUILDING} & set(self.notes)
        return (GridKind.DEDICATED if apart else GridKind.BASIC).value


def note_sentence(note: str) -> str:
    """A word of Cell.notes as a sentence in the reader's language."""
    return str(NOTE_SENTENCES.get(note, note))


def emphasis_label(label: str) -> str:
    """What an emphasis is called in the reader's language."""
    return str(EMPHASIS_LABELS.get(label, label))


def refusal(error: DivisionError) -> TerritoryError:
    """Why the machine cannot divide this, as a sentence in the reader's language."""
    sentence = REASONS.get(error.reason, gettext_lazy("This cannot be divided: %(reason)s."))
    return TerritoryError(str(sentence) % {"detail": error.detail, "reason": error.reason})


def planned(proposal: Proposal, plane: Plane) -> list[PlannedGrid]:
    """The cells of a proposal in EPSG:4326."""
    return [
        PlannedGrid(
            cell.within, cell.keeps, plane.to_degrees(cell.geometry), cell.households, cell.notes
        )
        for cell in proposal.cells
    ]


def write_proposal(
    edition: Edition,
    proposal: Proposal,
    plane: Plane,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    expect: int | None = None,
) -> DraftStep:
    """Take a proposal over into the draft as one step; see `write_grids`."""
    return write_grids(edition, planned(proposal, plane), actor=actor, now=now, expect=expect)


@transaction.atomic
def write_grids(
    edition: Edition,
    grids: Sequence[PlannedGrid],
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    expect: int | None = None,
) -> DraftStep:
    """Replace the grids of each parent named in `grids` by these, as one step of the draft.

    A grid that keeps its code keeps its name too; new ones are numbered from the north-west, and
    those of today that nothing continues get a tombstone. Raises what journal.perform raises;
    then nothing is written.
    """
    journal.begin(edition, expect=expect)
    division = drawn(edition)
    rows = Grid.objects.filter(pk__in=list(division)).select_related("tier")
    of_code = {grid.code: grid for grid in rows.order_by("-tier__order")}  # upper tiers win
    wanted: dict[str, list[PlannedGrid]] = {}
    for grid in grids:
        wanted.setdefault(grid.within, []).append(grid)
    if gone := sorted(wanted.keys() - of_code.keys()):
        raise TerritoryError(
            _("%(codes)s is no area of this draft any more; run the division anew.")
            % {"codes": ", ".join(gone)}
        )
    journal.free_codes(edition)
    changes: dict[int, State | None] = {}
    for code in sorted(wanted):
        changes |= _written(edition, of_code[code], wanted[code])
    return journal.perform(edition, verb=StepVerb.PROPOSE, changes=changes, actor=actor, now=now)


def _written(edition: Edition, parent: Grid, grids: list[PlannedGrid]) -> dict[int, State | None]:
    """The states of one parent's grids, new and old."""
    before = children(edition, [parent.pk])
    code_of = dict(Grid.objects.filter(pk__in=list(before)).values_list("code", "pk"))
    changes: dict[int, State | None] = {
        pk: State(pk, None, state.name, state.name_en, state.parent_id)
        for pk, state in before.items()
    }
    fresh = [grid for grid in grids if grid.keeps not in code_of]
    for grid in grids:
        if grid.keeps in code_of:
            pk = code_of[grid.keeps]
            old = before[pk]
            changes[pk] = _continued(old, _state(pk, grid, parent, old.name, old.name_en))
    made = new_codes.renumber(parent, leaf_tier(), [grid.geometry for grid in fresh])
    for grid, identity in zip(fresh, made, strict=True):
        name, name_en = _named(grid, identity.code)
        changes[identity.pk] = _state(identity.pk, grid, parent, name, name_en)
    return changes


def _continued(old: State, new: State) -> State:
    """The grid as it goes on: one that keeps its ground keeps everything else that is known of it.

    Its outline may carry corners more, where a new border of a neighbour ends on it.
    """
    if old.geometry is None or has_moved(old, new):
        return new
    if shapely.normalize(old.geometry) == shapely.normalize(new.geometry):
        return old
    return replace(old, geometry=new.geometry)


def _state(pk: int, grid: PlannedGrid, parent: Grid, name: str, name_en: str) -> State:
    parts = [part for part in shapely.get_parts(grid.geometry) if part.geom_type == "Polygon"]
    return State(
        pk,
        shapely.MultiPolygon(parts),
        name,
        name_en,
        parent.pk,
        grid.kind,
        grid.households,
        source=_("division by machine"),
    )


def _named(grid: PlannedGrid, code: str) -> tuple[str, str]:
    """The Chinese and English name of a new grid: of its only building, else its number."""
    if OVERSIZED_BUILDING in grid.notes:
        near = Building.objects.filter(point__within=to_geos(grid.geometry)).exclude(name="")
        named = near.annotate(wkb=AsWKB("point")).order_by("-households", "pk").first()
        if named is not None:
            return named.name[:100], named.name_en[:100]
    end = re.search(r"[0-9]{1,3}$", code)
    number = int(end[0]) if end else 0
    return f"第{number}网格", f"Grid {number}"
