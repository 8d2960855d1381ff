"""Which part of the division somebody may change: the paths of what a draft touches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from django.utils.translation import gettext as _

from grids.territory.errors import OutOfReach
from grids.territory.models import Boundary, Edition, Grid

DEEPEST = 20  # a chain of parents longer than this is a circle


class MayAct(Protocol):
    """What this room asks of `request.access`."""

    def may(self, right: str, path: Collection[int] | None = None) -> bool: ...


def refuse_out_of_reach(
    edition: Edition,
    access: MayAct,
    right: str,
    *,
    moment: dt.datetime,
    grid_ids: Collection[int] | None = None,
) -> None:
    """Raise OutOfReach unless `right` is held over every change of the draft.

    Both places count: where a grid hangs now, and where the draft hangs it. `grid_ids` asks about
    these grids only (about to be changed), whether the draft holds a change of them or not.
    """
    if not access.may(right):
        raise OutOfReach(_("Your posts do not include this."))
    if access.may(right, ()):
        return  # held for the whole deployment
    touched = set(
        edition.boundaries.values_list("grid_id", flat=True) if grid_ids is None else grid_ids
    )
    now, drafted = _parents(moment), _drafted_parents(edition)
    paths = [
        path
        for parents in (now, now | drafted)
        for path in paths_in(parents, touched & parents.keys()).values()
    ]
    beyond = {path[-1] for path in paths if not access.may(right, path)}
    if not beyond:
        return
    codes = Grid.objects.filter(pk__in=beyond).order_by("code").values_list("code", flat=True)
    raise OutOfReach(
        _("Outside of the area that your posts cover: %(codes)s.")
        % {"codes": ", ".join(codes[:10])}
    )


def paths_in(parents: Mapping[int, int | None], grids: Iterable[int]) -> dict[int, list[int]]:
    """For each grid the ids from the root down to it, given each grid's parent."""
    found = {}
    for grid in grids:
        path = [grid]
        while (parent := parents.get(path[0])) is not None and len(path) < DEEPEST:
            path.insert(0, parent)
        found[grid] = path
    return found


def _parents(moment: dt.datetime) -> dict[int, int | None]:
    """Of all areas in force, and of those that are scheduled to begin."""
    known = Boundary.objects.valid_at(moment) | Boundary.objects.filter(
        valid__startswith__gt=moment, valid__upper_inf=True
    )
    return dict(known.order_by("-valid").values_list("grid_id", "parent_id"))


def _drafted_parents(edition: Edition) -> dict[int, int | None]:
    drafted = edition.boundaries.filter(geometry__isnull=False)
    return dict(drafted.values_list("grid_id", "parent_id"))
