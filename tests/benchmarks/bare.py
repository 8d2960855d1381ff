"""The yardsticks: what somebody would write who wants the answer and nothing else."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from gridmgmt.core.throttles import throttled

# Every area in force that covers the point: for a point inside a leaf the same areas as ours.
AREAS = """
SELECT b.id, b.grid_id, t.code, t."order", g.code, b.name, b.name_en, b.households
FROM territory_boundary b
JOIN territory_grid g ON g.id = b.grid_id
JOIN territory_tier t ON t.id = g.tier_id
WHERE ST_Covers(b.geometry, ST_SetSRID(ST_MakePoint(%s, %s), 4326)) AND b.valid @> %s
ORDER BY t."order"
"""


def areas(lon: float, lat: float, moment: Any) -> list[tuple[Any, ...]]:
    """The rows of the plain query."""
    with connection.cursor() as cursor:
        cursor.execute(AREAS, (lon, lat, moment))
        return cursor.fetchall()


@throttled("public_read")
def responsibility(request: HttpRequest) -> JsonResponse:
    """The same question over HTTP, with the same middleware and the same limit."""
    rows = areas(float(request.GET["lon"]), float(request.GET["lat"]), timezone.now())
    return JsonResponse({"areas": rows})
