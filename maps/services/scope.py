"""Which areas a map may show to whom."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from gridmgmt.core.permissions import Right
from grids.people.access import Access
from grids.territory.models import Boundary


def visible_boundaries(access: Access, moment: datetime) -> QuerySet[Boundary]:
    """Boundaries in force at `moment` at or below the areas where the map may be seen."""
    in_force = Boundary.objects.valid_at(moment)
    roots = access.grids_for(Right.SEE_MAP)
    return in_force if roots is None else in_force.filter(grid_id__in=_below(roots, moment))


def _below(roots: Any, moment: datetime) -> set[int]:
    """The areas and everything under them: one query a tier."""
    found: set[int] = set()
    level = set(roots)
    while level:
        found |= level
        level = (
            set(
                Boundary.objects.valid_at(moment)
                .filter(parent_id__in=level)
                .values_list("grid_id", flat=True)
            )
            - found
        )
    return found
