"""The division as the roster shows it: every area in force at a moment, parents before children."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from grids.people.access import Access
from grids.territory.models import Boundary


@dataclass(frozen=True)
class AreaNode:
    """One area in force. `depth` counts from its root, 0."""

    grid_id: int
    parent_id: int | None
    code: str
    name: str
    name_en: str
    tier: str
    tier_order: int
    divided: bool
    depth: int

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        english = (get_language() or "").startswith("en")
        return self.name_en if english and self.name_en else self.name


class Tree:
    """Areas by grid id, in the order street → community → grid, by code. One query."""

    def __init__(self, nodes: Iterable[AreaNode]) -> None:
        self.areas = {node.grid_id: node for node in nodes}

    @classmethod
    def at(cls, moment: datetime) -> Tree:
        """The division in force at `moment` (aware)."""
        rows = (
            Boundary.objects.valid_at(moment)
            .order_by("grid__tier__order", "grid__code")
            .values_list(
                "grid_id",
                "parent_id",
                "grid__code",
                "name",
                "name_en",
                "grid__tier__code",
                "grid__tier__order",
            )
        )
        known = {row[0]: row for row in rows}
        children: dict[int | None, list[int]] = {}
        for grid_id, parent_id, *_rest in known.values():
            children.setdefault(parent_id if parent_id in known else None, []).append(grid_id)

        def walk(parent: int | None, depth: int) -> Iterator[AreaNode]:
            for grid_id in children.get(parent, ()):
                row = known[grid_id]
                yield AreaNode(*row, divided=grid_id in children, depth=depth)
                yield from walk(grid_id, depth + 1)

        return cls(walk(None, 0))

    def path(self, grid_id: int | None) -> list[int]:
        """Ids from the root to the area; the id alone when the area is not in force."""
        way: list[int] = []
        here = grid_id
        while here in self.areas and here not in way:
            way.append(here)  # type: ignore[arg-type]
            here = self.areas[here].parent_id  # type: ignore[index]
        return way[::-1] or ([grid_id] if grid_id is not None else [])

    def below(self, roots: Iterable[int]) -> set[int]:
        """The areas and everything under them."""
        found = set(roots)
        for node in self.areas.values():  # parents come first
            if node.parent_id in found:
                found.add(node.grid_id)
        return found

    def visible(self, access: Access, right: str) -> list[AreaNode]:
        """Areas where the right is held, in order."""
        roots = access.grids_for(right)
        if roots is None:
            return list(self.areas.values())
        inside = self.below(roots)
        return [node for node in self.areas.values() if node.grid_id in inside]

    def label(self, grid_id: int | None) -> str:
        """The area's name in the reader's language; empty when it is not in force."""
        node = self.areas.get(grid_id) if grid_id is not None else None
        return node.label if node else ""
