"""What the maps room leaves to the worker."""

from celery import shared_task
from django.utils import timezone

from maps.services import batches


@shared_task(name="maps.draw_boards")
def draw_boards(boundary_id: int, language: str, site: str) -> None:
    """All boards below an area; fetched at /grids/<code>/boards.pdf."""
    batches.run(boundary_id=boundary_id, language=language, site=site, now=timezone.now())
