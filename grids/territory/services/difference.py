"""What an edition changes against its base: ground, names, parents, and whom that touches.

Outlines are compared as arrays: a difference of 10,000 grids takes four queries and no loop over
geometries. Areas in m², outlines in EPSG:4326.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from shapely.geometry.base import BaseGeometry

from grids.territory.geometry.areas import areas_m2, shared_m2
from grids.territory.models import Boundary, Edition, Grid
from grids.territory.services.shapes import Dwellings, bounds_of, dwellings_in, load_shapes, whose

# In the order in which one word is chosen for a grid that several hold of.
CHANGES = {
    "removed": pgettext_lazy("difference", "removed"),
    "added": pgettext_lazy("difference", "added"),
    "moved": pgettext_lazy("difference", "moved"),
    "reparented": pgettext_lazy("difference", "other parent"),
    "renamed": pgettext_lazy("difference", "renamed"),
    "altered": _("other details"),
}
LEAST_MOVED_M2 = 0.01  # below this an outline is only written differently


@dataclass
class ChangedGrid:
    """One grid before and after. `before` or `after` is None where it was not, or is no more."""

    grid: Grid
    before: Boundary | None
    after: Boundary | None
    before_shape: BaseGeometry | None = None
    after_shape: BaseGeometry | None = None
    before_m2: float = 0.0
    after_m2: float = 0.0
    shared_m2: float = 0.0
    households_before: int | None = None
    households_after: int | None = None
    buildings: int = 0  # in the new outline; in the old one where the grid is removed
    changes: tuple[str, ...] = ()

    @property
    def gained_m2(self) -> float:
        """Ground that the grid has after and had not before."""
        return max(0.0, self.after_m2 - self.shared_m2)

    @property
    def lost_m2(self) -> float:
        """Ground that the grid had before and has no more."""
        return max(0.0, self.before_m2 - self.shared_m2)

    @property
    def change(self) -> str:
        """The weightiest of its changes."""
        return self.changes[0]

    @property
    def change_label(self) -> str:
        """All its changes in words."""
        return ", ".join(str(CHANGES[change]) for change in self.changes)

    @property
    def shown(self) -> Boundary:
        """The version whose name is shown."""
        version = self.after or self.before
        assert version is not None  # noqa: S101 - one of the two is always there
        return version


@dataclass
class Difference:
    """All changes of one edition. Figures are None where nothing says them."""

    edition: Edition
    rows: list[ChangedGrid] = field(default_factory=list)
    households_affected: int = 0
    residents_affected: int | None = None
    buildings_affected: int = 0
    estimated: bool = False  # households by share of ground, because no building is known there

    def of(self, change: str) -> list[ChangedGrid]:
        """The grids of which this change holds."""
        return [row for row in self.rows if change in row.changes]

    @property
    def counts(self) -> dict[str, int]:
        """How many grids are added, moved, renamed and so on; a grid may count in several."""
        return {change: len(self.of(change)) for change in CHANGES}

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """west, south, east, north of everything that changes (EPSG:4326)."""
        shapes = [s for row in self.rows for s in (row.before_shape, row.after_shape) if s]
        return bounds_of(np.array(shapes, dtype=object)) if shapes else None


def difference(edition: Edition, *, grid_ids: Iterable[int] | None = None) -> Difference:
    """The difference of one edition, draft or published, against what it was drawn from."""
    return differences([edition], grid_ids=grid_ids)[edition.pk]


def differences(
    editions: Sequence[Edition], *, grid_ids: Iterable[int] | None = None
) -> dict[int, Difference]:
    """The differences of several editions by edition id, with as many queries as for one."""
    drafted = Boundary.objects.filter(edition__in=editions)
    if grid_ids is not None:
        drafted = drafted.filter(grid_id__in=list(grid_ids))
    replaced = Boundary.objects.filter(successors__in=drafted)
    after = list(
        drafted.select_related("grid__tier", "parent", "replaces__parent", "replaces__edition")
        .defer("geometry", "replaces__geometry")
        .order_by("grid__tier__order", "grid__code")
    )
    shapes = load_shapes(Boundary.objects.filter(pk__in=[boundary.pk for boundary in after]))
    shapes |= load_shapes(replaced)
    found = {edition.pk: Difference(edition) for edition in editions}
    for boundary in after:
        found[boundary.edition_id].rows.append(
            ChangedGrid(
                grid=boundary.grid,
                before=boundary.replaces,
                after=boundary if boundary.pk in shapes else None,
                before_shape=shapes.get(boundary.replaces_id),
                after_shape=shapes.get(boundary.pk),
            )
        )
    homes = dwellings_in(bounds_of(np.array(list(shapes.values()), dtype=object)))
    for one in found.values():
        _measure(one.rows)
        _say_what_changed(one)
        _count(one, homes)
    return found


def _measure(rows: list[ChangedGrid]) -> None:
    before = np.array([row.before_shape for row in rows], dtype=object)
    after = np.array([row.after_shape for row in rows], dtype=object)
    figures = zip(areas_m2(before), areas_m2(after), shared_m2(before, after), strict=True)
    for row, (old, new, shared) in zip(rows, figures, strict=True):
        row.before_m2, row.after_m2, row.shared_m2 = float(old), float(new), float(shared)


def _say_what_changed(found: Difference) -> None:
    """Rows that change nothing at all are left out."""
    for row in found.rows:
        row.changes = tuple(_changes(row))
    found.rows = [row for row in found.rows if row.changes]


def _changes(row: ChangedGrid) -> Iterable[str]:
    old, new = row.before, row.after
    if new is None:
        return ("removed",) if old is not None else ()
    if old is None:
        return ("added",)
    holds = {
        "moved": row.gained_m2 + row.lost_m2 >= LEAST_MOVED_M2,
        "reparented": old.parent_id != new.parent_id,
        "renamed": (old.name, old.name_en) != (new.name, new.name_en),
        "altered": (old.kind, old.households, old.population, old.confirmed)
        != (new.kind, new.households, new.population, new.confirmed),
    }
    return [change for change, true in holds.items() if true]


def _count(found: Difference, homes: Dwellings) -> None:
    """Households and buildings of each row, and those whose grid is another one afterwards."""
    rows = found.rows
    if not rows:
        return
    affected = np.zeros(len(homes), dtype=bool)
    people: int | None = None
    for tier in sorted({row.grid.tier.order for row in rows}):
        members = [row for row in rows if row.grid.tier.order == tier]
        olds = [row for row in members if row.before_shape is not None]
        was = _own(homes, olds, "before")
        will = _own(homes, [row for row in members if row.after_shape is not None], "after")
        for row in members:
            row.households_before = _declared(row.before, row.households_before)
            row.households_after = _declared(row.after, row.households_after)
        hung = [row.grid.pk for row in members if "reparented" in row.changes]
        moved = (was != will) | np.isin(was, hung)
        affected |= moved
        people = _people(olds, homes, was, moved)  # of the deepest tier: the others hold the same
    found.buildings_affected = int(affected.sum())
    counted = int(homes.households[affected].sum())
    known = any(row.buildings for row in rows) and int(homes.households.sum()) > 0
    found.estimated = not known
    found.households_affected = counted if known else _estimate(rows, "households")
    found.residents_affected = people if known else _estimate_people(rows)


def _own(homes: Dwellings, rows: list[ChangedGrid], side: str) -> np.ndarray:
    """The grid id of each building on one side (0: none), and the rows' own figures filled in."""
    shapes = np.array([getattr(row, f"{side}_shape") for row in rows], dtype=object)
    places = whose(homes.points, shapes)
    inside = places >= 0
    houses = np.bincount(places[inside], minlength=len(rows))
    flats = np.bincount(
        places[inside], weights=homes.households[inside], minlength=len(rows)
    ).astype(int)
    for row, number, households in zip(rows, houses.tolist(), flats.tolist(), strict=True):
        if number:
            setattr(row, f"households_{side}", households)
        if side == "after" or row.after is None:
            row.buildings = number
    grids = np.array([row.grid.pk for row in rows] or [0], dtype=np.int64)
    return np.where(inside, grids[np.maximum(places, 0)], 0)


def _people(
    rows: list[ChangedGrid], homes: Dwellings, was: np.ndarray, moved: np.ndarray
) -> int | None:
    """Residents affected: each old grid's own, in the share of its households that is affected."""
    known = {row.grid.pk: row.before.population for row in rows if row.before}
    grids, places = np.unique(was, return_inverse=True)
    whole = np.bincount(places, weights=homes.households, minlength=len(grids))
    part = np.bincount(places, weights=homes.households * moved, minlength=len(grids))
    counted = [
        known[grid] * some / every
        for grid, some, every in zip(grids.tolist(), part, whole, strict=True)
        if known.get(grid) and every
    ]
    return round(sum(counted)) if counted else None


def _declared(version: Boundary | None, counted: int | None) -> int | None:
    """What is written in the version, else what its buildings say."""
    if version is None:
        return None
    return version.households if version.households is not None else counted


def _estimate(rows: list[ChangedGrid], column: str) -> int:
    """Of each old grid the share of the ground that it loses, or all where its parent changes."""
    deepest = max(row.grid.tier.order for row in rows)
    total = 0.0
    for row in rows:
        number = getattr(row.before, column, None) if row.before else None
        if row.grid.tier.order != deepest or not number or not row.before_m2:
            continue
        whole = "reparented" in row.changes or "removed" in row.changes
        total += number * (1.0 if whole else row.lost_m2 / row.before_m2)
    return round(total)


def _estimate_people(rows: list[ChangedGrid]) -> int | None:
    known = any(row.before is not None and row.before.population for row in rows)
    return _estimate(rows, "population") if known else None
