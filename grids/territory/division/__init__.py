"""Division by machine: pure computation, no Django.

`divide` proposes grids inside each parent of a `Problem`; `Wish` says how large, how even, and what
weighs how much. docs/decisions/2026-11-22-division.md says why it works the way it does.
"""

from grids.territory.division.solve import divide
from grids.territory.division.types import (
    EMPHASES,
    Area,
    Cancelled,
    Cell,
    DivisionError,
    Problem,
    Proposal,
    Wish,
)

__all__ = [
    "EMPHASES",
    "Area",
    "Cancelled",
    "Cell",
    "DivisionError",
    "Problem",
    "Proposal",
    "Wish",
    "divide",
]
