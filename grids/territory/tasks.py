"""Tasks of the territory; the beat calls them."""

from celery import shared_task
from django.utils import timezone

from grids.territory.services import waiting_files


@shared_task(name="territory.sweep_uploads")
def sweep_uploads() -> int:
    """Uploaded files that waited too long to be confirmed."""
    return waiting_files.sweep(now=timezone.now())
