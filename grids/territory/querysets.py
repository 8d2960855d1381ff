"""Questions to the territory."""

from datetime import datetime

from django.contrib.gis.db import models


class BoundaryQuerySet(models.QuerySet):
    """Boundaries of the published division."""

    def valid_at(self, moment: datetime) -> "BoundaryQuerySet":
        """What was in force at `moment` (aware)."""
        return self.filter(valid__contains=moment)

    def of_tier(self, code: str) -> "BoundaryQuerySet":
        """Only areas of the tier with this code."""
        return self.filter(grid__tier__code=code)
