"""Questions to the clocks."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class CaseClockQuerySet(models.QuerySet):
    """Clocks of cases."""

    def running(self) -> CaseClockQuerySet:
        """Not ended; a paused clock is one of them."""
        return self.filter(ended_at__isnull=True)

    def step_due(self, now: datetime) -> CaseClockQuerySet:
        """Whose warning or next escalation is due; by the index `clock_next_step`, oldest first."""
        return self.running().filter(next_step_at__lt=now).order_by("next_step_at")
