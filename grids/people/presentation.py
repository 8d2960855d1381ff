"""Days of ranges in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format


def day(moment: datetime | None, *, last: bool = False) -> str:
    """A moment as a day; `last`: the last day of something that ends at this moment."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    if last and local.time() == local.min.time():
        local -= timedelta(days=1)
    return date_format(local, "Y-m-d")
