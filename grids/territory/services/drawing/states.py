"""What an area is in a draft: its state, and the division with the draft laid over it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.contrib.gis.geos import Polygon
from django.db.models import Exists, OuterRef, Q, QuerySet
from shapely.geometry import MultiPolygon

from grids.territory.choices import GridKind
from grids.territory.models import Boundary, Edition

COLUMNS = (
    "name",
    "name_en",
    "parent_id",
    "kind",
    "households",
    "population",
    "source",
    "source_crs",
    "confirmed",
)


@dataclass(frozen=True, slots=True)
class State:
    """What a draft wants an area to be; `geometry` is EPSG:4326, None for a tombstone.

    Two states are equal when all columns and every vertex are the same.
    """

    grid_id: int
    geometry: MultiPolygon | None
    name: str = ""
    name_en: str = ""
    parent_id: int | None = None
    kind: str = GridKind.BASIC.value
    households: int | None = None
    population: int | None = None
    source: str = ""
    source_crs: str = ""
    confirmed: bool = True

    def columns(self) -> dict[str, Any]:
        """The columns besides grid and geometry, as Boundary names them."""
        return {name: getattr(self, name) for name in COLUMNS}


def laid_over(edition: Edition) -> QuerySet[Boundary]:
    """The division as the draft has it: its own rows, and what has no end yet and no row there.

    What another edition has scheduled for later counts already, because a draft builds on it.
    """
    drafted = Boundary.objects.filter(edition=edition, grid_id=OuterRef("grid_id"))
    return Boundary.objects.filter(
        Q(edition=edition) | Q(valid__upper_inf=True) & ~Exists(drafted), geometry__isnull=False
    )


def drawn(edition: Edition, grid_ids: Iterable[int] | None = None) -> dict[int, State]:
    """Areas of the division as the draft has it, by grid id; what it abolishes is left out."""
    rows = laid_over(edition)
    return states_of(rows if grid_ids is None else rows.filter(grid_id__in=list(grid_ids)))


def children(edition: Edition, parent_ids: Iterable[int]) -> dict[int, State]:
    """Areas of the division as the draft has it that lie directly below these."""
    return states_of(laid_over(edition).filter(parent_id__in=list(parent_ids)))


def touching(
    edition: Edition, geometry: shapely.Geometry, rows: QuerySet[Boundary] | None = None
) -> dict[int, State]:
    """Areas (of `rows`, else of all tiers) whose box meets the geometry's box (EPSG:4326)."""
    box = Polygon.from_bbox(shapely.bounds(geometry).tolist())
    box.srid = 4326
    found = laid_over(edition) if rows is None else rows
    return states_of(found.filter(geometry__bboverlaps=box))


def states_of(rows: QuerySet[Boundary]) -> dict[int, State]:
    """States of boundary rows by grid id, in the order of their ids."""
    found = rows.annotate(wkb=AsWKB("geometry")).order_by("grid_id")
    values = list(found.values_list("grid_id", "wkb", *COLUMNS))
    shapes = shapely.from_wkb([None if row[1] is None else bytes(row[1]) for row in values])
    return {
        row[0]: State(row[0], shape, *row[2:]) for row, shape in zip(values, shapes, strict=True)
    }


def as_json(state: State | None) -> dict[str, Any] | None:
    """The state as a step of the journal keeps it."""
    if state is None:
        return None
    wkb = None if state.geometry is None else shapely.to_wkb(state.geometry, hex=True)
    return {"grid_id": state.grid_id, "wkb": wkb, **state.columns()}


def from_json(kept: dict[str, Any] | None) -> State | None:
    """The state that a step of the journal has kept."""
    if kept is None:
        return None
    geometry = None if kept["wkb"] is None else shapely.from_wkb(kept["wkb"])
    return State(kept["grid_id"], geometry, **{name: kept[name] for name in COLUMNS})
