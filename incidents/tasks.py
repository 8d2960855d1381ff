"""Tasks of the incidents room; the beat calls them."""

from celery import shared_task
from django.utils import timezone

from incidents.services import escalation, photos


@shared_task(name="incidents.tick_clocks")
def tick_clocks() -> int:
    """Warnings and escalations whose moment has come."""
    return escalation.tick(now=timezone.now())


@shared_task(name="incidents.sweep_photos")
def sweep_photos() -> int:
    """Files that a crash left behind between writing and commit."""
    return photos.remove_orphans(now=timezone.now())
