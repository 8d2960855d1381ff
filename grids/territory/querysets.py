"""Questions to the territory, the raw SQL of the point lookup included."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.gis.db import models
from django.db import connection


class BoundaryQuerySet(models.QuerySet):
    """Boundaries of the published division."""

    def valid_at(self, moment: datetime) -> "BoundaryQuerySet":
        """What was in force at `moment` (aware)."""
        return self.filter(valid__contains=moment)

    def of_tier(self, code: str) -> "BoundaryQuerySet":
        """Only areas of the tier with this code."""
        return self.filter(grid__tier__code=code)

    def below(self, grid_id: int) -> "BoundaryQuerySet":
        """Only areas whose parent is this grid."""
        return self.filter(parent_id=grid_id)

    def leaves_at(self, moment: datetime) -> "BoundaryQuerySet":
        """What was in force at `moment` and had no child in force then."""
        children = self.model._default_manager.filter(
            parent_id=models.OuterRef("grid_id"), valid__contains=moment
        )
        return self.valid_at(moment).filter(~models.Exists(children))


# One point, one moment: the leaves that cover it, else the nearest leaf within the gap distance,
# else every area that covers it, each with its ancestors along the parent chain; else only the
# distance to the nearest area. A fallback runs only when everything before it found nothing
# (one-time filters). The child check is a scalar subquery on purpose: it stays an index probe per
# candidate and runs before the dearer ST_Covers, whatever the statistics say.
_LOOKUP = """
WITH RECURSIVE
leaf AS MATERIALIZED (
    SELECT b.id, b.grid_id, b.parent_id, 0::float8 AS distance_m
    FROM territory_boundary b
    WHERE ST_Covers(b.geometry, {point}) AND b.valid @> {moment}
      AND (SELECT true FROM territory_boundary c
           WHERE c.parent_id = b.grid_id AND c.valid @> {moment} LIMIT 1) IS NULL
),
near AS MATERIALIZED (
    SELECT b.id, b.grid_id, b.parent_id,
           ST_Distance(b.geometry::geography, {point}::geography) AS distance_m
    FROM territory_boundary b
    WHERE NOT EXISTS (SELECT 1 FROM leaf)
      AND b.geometry && ST_Expand({point}, {reach_lon}, {reach_lat})
      AND b.valid @> {moment}
      AND (SELECT true FROM territory_boundary c
           WHERE c.parent_id = b.grid_id AND c.valid @> {moment} LIMIT 1) IS NULL
      AND ST_Distance(b.geometry::geography, {point}::geography) <= {gap_m}
    ORDER BY distance_m FETCH FIRST 1 ROW WITH TIES
),
cover AS MATERIALIZED (
    SELECT b.id, b.grid_id, b.parent_id, 0::float8 AS distance_m
    FROM territory_boundary b
    WHERE NOT EXISTS (SELECT 1 FROM leaf) AND NOT EXISTS (SELECT 1 FROM near)
      AND ST_Covers(b.geometry, {point}) AND b.valid @> {moment}
),
far AS MATERIALIZED (
    SELECT ST_Distance(b.geometry::geography, {point}::geography) AS distance_m
    FROM territory_boundary b
    WHERE NOT EXISTS (SELECT 1 FROM leaf) AND NOT EXISTS (SELECT 1 FROM near)
      AND NOT EXISTS (SELECT 1 FROM cover)
      AND b.valid @> {moment}
    ORDER BY b.geometry <-> {point} LIMIT 4
),
chain AS (
    SELECT s.how, s.id AS start, 0 AS step, s.id, s.grid_id, s.parent_id, s.distance_m
    FROM (SELECT 'leaf' AS how, * FROM leaf
          UNION ALL SELECT 'near', * FROM near
          UNION ALL SELECT 'cover', * FROM cover) s
    UNION ALL
    SELECT c.how, c.start, c.step + 1, b.id, b.grid_id, b.parent_id, c.distance_m
    FROM chain c
    JOIN territory_boundary b ON b.grid_id = c.parent_id AND b.valid @> {moment}
    WHERE c.step < 20
)
SELECT c.how, c.start, c.step, c.distance_m, b.id, b.grid_id, t.code, t."order", g.code,
       b.name, b.name_en, b.households
FROM chain c
JOIN territory_boundary b ON b.id = c.id
JOIN territory_grid g ON g.id = c.grid_id
JOIN territory_tier t ON t.id = g.tier_id
UNION ALL
SELECT 'far', NULL, NULL, min(distance_m), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM far HAVING count(*) > 0
"""

_ONE = _LOOKUP.format(
    point="ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)",
    moment="%(moment)s",
    reach_lon="%(reach_lon)s",
    reach_lat="%(reach_lat)s",
    gap_m="%(gap_m)s",
)
_MANY = (
    # Only this module's own text is joined here; every value is bound.
    "SELECT p.n, r.* FROM unnest(%(lons)s::float8[], %(lats)s::float8[],"  # noqa: S608
    " %(reaches)s::float8[])"
    " WITH ORDINALITY AS p(lon, lat, reach, n), LATERAL ("
    + _LOOKUP.format(
        point="ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)",
        moment="%(moment)s",
        reach_lon="p.reach",
        reach_lat="%(reach_lat)s",
        gap_m="%(gap_m)s",
    )
    + ") r"
)


def lookup_rows(
    lon: float, lat: float, *, moment: datetime, gap_m: float, reach_lon: float, reach_lat: float
) -> list[tuple[Any, ...]]:
    """Rows of the point lookup: how, start, step, distance (m), then the area's columns.

    `reach_lon`, `reach_lat` are the gap distance in degrees at that latitude, for the index.
    """
    parameters = {
        "lon": lon,
        "lat": lat,
        "moment": moment,
        "gap_m": gap_m,
        "reach_lon": reach_lon,
        "reach_lat": reach_lat,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ONE, parameters)
        return cursor.fetchall()


def lookup_rows_many(
    lons: Sequence[float],
    lats: Sequence[float],
    reaches: Sequence[float],
    *,
    moment: datetime,
    gap_m: float,
    reach_lat: float,
) -> list[tuple[Any, ...]]:
    """The same for many points at once; each row begins with the point's number, from 1."""
    parameters = {
        "lons": list(lons),
        "lats": list(lats),
        "reaches": list(reaches),
        "moment": moment,
        "gap_m": gap_m,
        "reach_lat": reach_lat,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MANY, parameters)
        return cursor.fetchall()


def database_clock() -> datetime:
    """The database's own clock, which moves on inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def lock_publishing() -> None:
    """Wait until no other transaction publishes; held until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PUBLISH_LOCK])


PUBLISH_LOCK = 7_301_002
