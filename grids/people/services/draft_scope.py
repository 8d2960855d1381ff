"""Where the grids of a draft lie, for the rights of who plans their posts."""

from __future__ import annotations

from gridmgmt.core.permissions import Right
from grids.people.access import Access
from grids.people.services.tree import Tree
from grids.territory.models import Edition


def paths_of(edition: Edition, tree: Tree) -> dict[int, list[int]]:
    """Root-to-leaf ids of every grid of the draft, as the draft would have them; one query."""
    parents = dict(edition.boundaries.values_list("grid_id", "parent_id"))

    def path(grid_id: int) -> list[int]:
        way: list[int] = []
        here: int | None = grid_id
        while here is not None and here not in way:
            way.append(here)
            if here in parents:
                here = parents[here]
            else:
                node = tree.areas.get(here)
                here = node.parent_id if node else None
        return way[::-1]

    return {grid_id: path(grid_id) for grid_id in parents}


def may_plan(access: Access, path: list[int]) -> bool:
    """Whoever draws there or keeps the roster there names the posts; publishing gives them."""
    return access.may(Right.DRAW, path) or access.may(Right.KEEP_ROSTER, path)
