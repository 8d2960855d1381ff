"""Where cases happened, for the rooms below that weigh ground by them (the port CASES)."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from grids.territory.ports import Box, WeightedPoints
from incidents.choices import State
from incidents.models import Incident


def case_points(start: datetime, end: datetime, box: Box) -> WeightedPoints:
    """Exact points (EPSG:4326) of the cases reported in start ≤ time < end inside `box`.

    One point a case, weight 1. Void and merged cases do not count: they were no work of their own.
    """
    rows = (
        Incident.objects.within(*box)
        .filter(reported_at__gte=start, reported_at__lt=end)
        .exclude(state__in=(State.VOID, State.MERGED))
        .order_by("pk")
        .values_list("point", flat=True)
    )
    places = np.array([(point.x, point.y) for point in rows], dtype=np.float64).reshape(-1, 2)
    return WeightedPoints(places[:, 0], places[:, 1], np.ones(len(places)))
