"""Tasks of the territory; the beat calls them, and whoever asks for a division wakes them."""

from celery import shared_task

from gridmgmt.core import memory
from grids.territory.services import division_runs, division_work


@shared_task(name=division_runs.TASK)
def divide() -> int:
    """Work off the divisions that wait, and give up those whose worker died."""
    memory.woken(division_runs.TASK)
    return division_work.work()
