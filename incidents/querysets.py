"""Questions to the cases."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from gridmgmt.core.permissions import Right
from incidents.choices import OPEN_STATES

if TYPE_CHECKING:
    from grids.people.access import Access


class IncidentQuerySet(models.QuerySet):
    """Cases as someone may see them."""

    def visible_to(self, access: Access) -> IncidentQuerySet:
        """Cases whose report path or owner path lies below the user's posts, or of their department.

        A case of an abolished grid stays visible through the path of its report.
        """
        if not access.may(Right.SEE_CASES):
            return self.none()
        if access.grid_ids is None:
            return self
        grids = list(access.grid_ids)
        mine = Q(report_path__overlap=grids) | Q(owner_path__overlap=grids)
        if access.department_ids:
            mine |= Q(owner_department__in=list(access.department_ids))
        return self.filter(mine)

    def open(self) -> IncidentQuerySet:
        """Cases that still owe something."""
        return self.filter(state__in=sorted(OPEN_STATES))

    def overdue(self, now: datetime) -> IncidentQuerySet:
        """Open cases whose running clock has passed its limit."""
        return self.open().filter(due_at__lt=now)

    def nearly_due(self, now: datetime) -> IncidentQuerySet:
        """Open cases past 80 % of their limit, not yet overdue."""
        return self.open().filter(warn_at__lt=now, due_at__gte=now)
