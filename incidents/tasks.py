"""Tasks of the incidents room; the beat calls them."""

from celery import shared_task
from django.utils import timezone

from incidents.services import escalation


@shared_task(name="incidents.tick_clocks")
def tick_clocks() -> int:
    """Warnings and escalations whose moment has come."""
    return escalation.tick(now=timezone.now())
