"""What the territory hears from itself: a division took effect."""

from __future__ import annotations

from django.utils import timezone

from gridmgmt.core.models import OutboxEvent
from gridmgmt.core.outbox import handles
from grids.territory.services.editions import TOOK_EFFECT
from grids.territory.services.ground import refresh_building_grids
from grids.territory.services.places import refresh_area_places


@handles(TOOK_EFFECT)
def refresh_buildings(event: OutboxEvent) -> None:
    """Always as of now, so that a late or doubled event does no harm."""
    refresh_building_grids(timezone.now())


@handles(TOOK_EFFECT)
def refresh_areas_by_name(event: OutboxEvent) -> None:
    """A new or renamed area is found by its words at once, and an abolished one no more."""
    refresh_area_places(now=timezone.now())
