"""Questions to the roster."""

from datetime import datetime

from django.db import models


class PostQuerySet(models.QuerySet):
    """Posts and who really stands behind them."""

    def held_at(self, moment: datetime) -> "PostQuerySet":
        """Posts in force at `moment` (aware)."""
        return self.filter(valid__contains=moment)

    def on_grids(self, grid_ids: list[int]) -> "PostQuerySet":
        """Posts whose grid is one of these."""
        return self.filter(grid_id__in=grid_ids)
