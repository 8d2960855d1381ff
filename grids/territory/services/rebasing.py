"""When others have published meanwhile: what clashes with a draft, and whose version it keeps.

A change of a draft clashes when the version it was drawn from is no longer the open one of its
grid. Three versions are shown: the base that the draft started from, theirs (in force or scheduled
now) and mine. Keeping mine takes over what they changed and I left alone; keeping theirs drops my
change of that grid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gridmgmt.core import audit
from grids.territory.choices import EditionStatus, StepVerb
from grids.territory.errors import EditionConflict, TerritoryError
from grids.territory.models import Boundary, Edition, Grid
from grids.territory.services import coverage
from grids.territory.services.drawing import journal
from grids.territory.services.editions import lock_draft, newest_published, open_versions

Side = Literal["mine", "theirs"]

ASPECTS = {
    "geometry": gettext_lazy("outline"),
    "name": gettext_lazy("name"),
    "name_en": gettext_lazy("English name"),
    "parent_id": gettext_lazy("parent"),
    "kind": gettext_lazy("kind"),
    "households": gettext_lazy("households"),
    "population": gettext_lazy("population"),
}
# What goes with an outline: it says where the outline came from.
WITH_OUTLINE = ("source", "source_crs", "confirmed")


@dataclass(frozen=True)
class Conflict:
    """One grid that others have changed since the draft started from it.

    `base` is None where the draft drew the grid anew, `theirs` where it was abolished meanwhile;
    `mine.geometry` is None where the draft ends the grid. `by` is the edition that changed it:
    its `published_by` and `effective_at` say who and from when.
    """

    grid: Grid
    base: Boundary | None
    theirs: Boundary | None
    mine: Boundary
    by: Edition | None

    @property
    def changed_by_them(self) -> list[str]:
        """What they changed against the base, as keys of ASPECTS."""
        return _differing(self.base, self.theirs)

    @property
    def changed_by_me(self) -> list[str]:
        """What the draft changes against the base."""
        return _differing(self.base, self.mine)

    @property
    def abolished(self) -> bool:
        """They ended the grid, so only theirs can be kept: a code is never used again."""
        return self.theirs is None

    @property
    def fits(self) -> bool:
        """Both changed other things, so that keeping mine keeps theirs as well."""
        if self.abolished or self.base is None or self.mine.geometry is None:
            return False
        return not set(self.changed_by_me) & set(self.changed_by_them)


def conflicts(edition: Edition) -> list[Conflict]:
    """The clashes of a draft with what others have published since, by code. Five queries."""
    started = dict(edition.boundaries.values_list("grid_id", "replaces_id"))
    current = open_versions(list(started), outlines=False)
    clashing = [
        grid
        for grid, replaces in started.items()
        if replaces != (current[grid].pk if grid in current else None)
    ]
    if not clashing:
        return []
    mine = edition.boundaries.filter(grid_id__in=clashing).select_related(
        "grid__tier", "parent", "replaces__parent"
    )
    theirs = open_versions(clashing)
    ended_by = _ended_by([grid for grid in clashing if grid not in theirs])
    found = []
    for boundary in mine.order_by("grid__tier__order", "grid__code"):
        newest = theirs.get(boundary.grid_id)
        by = newest.edition if newest else ended_by.get(boundary.grid_id)
        found.append(Conflict(boundary.grid, boundary.replaces, newest, boundary, by))
    return found


@transaction.atomic
def rebase(
    edition: Edition,
    *,
    keep: Mapping[int, Side],
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    seen: Mapping[int, int | None] | None = None,
) -> list[Conflict]:
    """Settle clashes grid by grid; returns those that are left.

    `keep` says for each grid id whose version the draft shall hold. `seen` says, where given, which
    version of theirs (boundary id, None: abolished) was looked at: a grid that has changed once
    more since then stays unsettled.

    Raises TerritoryError for a word that is neither, for a grid without a clash, and for keeping
    one's own version of a grid that was abolished; then nothing has changed.
    """
    lock_draft(edition)
    clashes = {conflict.grid.pk: conflict for conflict in conflicts(edition)}
    _refuse_nonsense(keep, clashes)
    settled = [
        clashes[grid]
        for grid in keep
        if seen is None or grid not in seen or seen[grid] == _pk(clashes[grid].theirs)
    ]
    dropped: dict[int, None] = {}
    kept = []
    for conflict in settled:
        if keep[conflict.grid.pk] == "mine" and not _pointless(conflict):
            kept.append(_merged(conflict))
        else:
            dropped[conflict.grid.pk] = None
    fields = [name.removesuffix("_id") for name in ASPECTS]
    Boundary.objects.bulk_update(kept, [*fields, *WITH_OUTLINE, "replaces"], batch_size=500)
    if dropped:
        # As a step of drawing, so that whoever took the wrong side can undo it.
        journal.perform(edition, verb=StepVerb.RESET, changes=dropped, actor=actor, now=now)
    if kept:
        coverage.recheck(edition, [boundary.grid_id for boundary in kept], now=now)
    left = [clash for grid, clash in clashes.items() if clash not in settled]
    if not left:
        Edition.objects.filter(pk=edition.pk).update(base=newest_published())
    audit.record(
        actor=actor,
        now=now,
        action="edition_rebased",
        target=edition,
        data={"mine": len(kept), "theirs": len(dropped), "left": len(left)},
    )
    return left


def _refuse_nonsense(keep: Mapping[int, Side], clashes: Mapping[int, Conflict]) -> None:
    for side in keep.values():
        if side not in ("mine", "theirs"):
            raise TerritoryError(_('Say "mine" or "theirs", not "%(side)s".') % {"side": side})
    unknown = sorted(set(keep) - set(clashes))
    if unknown:
        codes = Grid.objects.filter(pk__in=unknown).order_by("code").values_list("code", flat=True)
        raise TerritoryError(
            _("Nobody has changed these meanwhile: %(codes)s.")
            % {"codes": ", ".join(codes[:10]) or ", ".join(map(str, unknown[:10]))}
        )
    abolished = [
        conflict.grid.code
        for grid, conflict in clashes.items()
        if keep.get(grid) == "mine" and conflict.abolished and conflict.mine.geometry is not None
    ]
    if abolished:
        raise EditionConflict(
            _(
                "Abolished meanwhile, and codes are never used again: %(codes)s. Keep theirs, and "
                "draw the ground as a new grid if it is still needed."
            )
            % {"codes": ", ".join(sorted(abolished)[:10])}
        )


def _pointless(conflict: Conflict) -> bool:
    """Both sides want the same: the draft needs no change of its own."""
    if conflict.theirs is None:
        return conflict.mine.geometry is None
    if conflict.mine.geometry is None:
        return False
    return not _differing(conflict.theirs, conflict.mine)


def _merged(conflict: Conflict) -> Boundary:
    """Mine, drawn from theirs: what I left alone follows them."""
    mine, theirs, base = conflict.mine, conflict.theirs, conflict.base
    if theirs is not None and base is not None and mine.geometry is not None:
        untouched = set(ASPECTS) - set(conflict.changed_by_me)
        for name in untouched:
            setattr(mine, name, getattr(theirs, name))
        if "geometry" in untouched:
            for name in WITH_OUTLINE:
                setattr(mine, name, getattr(theirs, name))
    mine.replaces = theirs
    return mine


def _differing(old: Boundary | None, new: Boundary | None) -> list[str]:
    if old is None or new is None:
        return ["geometry"] if (old is None) != (new is None) else []
    if new.geometry is None:
        return ["geometry"]
    return [
        name
        for name in ASPECTS
        if (
            not new.geometry.equals_exact(old.geometry)
            if name == "geometry"
            else getattr(old, name) != getattr(new, name)
        )
    ]


def _ended_by(grids: list[int]) -> dict[int, Edition]:
    """For grids that are no longer open: the published edition whose tombstone ended them."""
    tombstones = (
        Boundary.objects.filter(
            grid_id__in=grids, geometry__isnull=True, edition__status=EditionStatus.PUBLISHED
        )
        .select_related("edition__published_by")
        .order_by("edition__effective_at")
    )
    return {tombstone.grid_id: tombstone.edition for tombstone in tombstones}


def _pk(boundary: Boundary | None) -> int | None:
    return boundary.pk if boundary is not None else None
