"""Areas of a division without their geometry: what a check needs to know of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """One area of a division, without its geometry."""

    boundary_id: int
    grid_id: int
    parent_id: int | None
    code: str
    tier_id: int
    tier_code: str
    tier_order: int
    code_length: int | None
    household_min: int | None
    household_max: int | None
    households: int | None
    kind: str
    confirmed: bool


_COLUMNS = (
    "id",
    "grid_id",
    "parent_id",
    "grid__code",
    "grid__tier__id",
    "grid__tier__code",
    "grid__tier__order",
    "grid__tier__code_length",
    "grid__tier__household_min",
    "grid__tier__household_max",
    "households",
    "kind",
    "confirmed",
)


def nodes_of(boundaries: Any) -> dict[int, Node]:
    """The areas of a queryset of boundaries, by grid id."""
    rows = boundaries.order_by().values_list(*_COLUMNS)
    return {row[1]: Node(*row) for row in rows}
