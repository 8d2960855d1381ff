"""What routing answers: one owner, and why. A value; `routing.decision_row` keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from grids.people.models import Department
from grids.people.services.roster import Holder
from grids.territory.services.responsibility import Responsibility
from incidents.models import RoutingRule

Reason = dict[str, Any]


@dataclass(frozen=True)
class Decision:
    """Exactly one owner: the department, else the holder of `role` on the last area of `path`.

    Role `dispatcher` without a grid is the dispatchers' pool. `path` is the owner's, from the
    root down. `reasons` are codes with parameters (`routing_reasons.explain` reads them out);
    `alternatives` what else was possible; `inform` who must be told at this very moment.
    """

    purpose: str
    responsibility: Responsibility | None
    reasons: tuple[Reason, ...]
    role: str
    path: tuple[int, ...] = ()
    grid_id: int | None = None
    tier_id: int | None = None
    department: Department | None = None
    person: Holder | None = None
    rule: RoutingRule | None = None
    rule_version: int | None = None
    alternatives: tuple[dict[str, Any], ...] = ()
    auto_dispatch: bool = False
    inform: tuple[Holder, ...] = field(default=())
