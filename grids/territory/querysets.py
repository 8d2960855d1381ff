"""Questions to the territory, the raw SQL of the point lookup included."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

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


# territory_lookup stands in migration 0004: one point, one moment, plans kept from call to call.
_ONE = "SELECT * FROM territory_lookup(%s, %s, %s, %s)"
_MANY = """
SELECT p.n, r.*
FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS p(lon, lat, n),
     LATERAL territory_lookup(p.lon, p.lat, %s, %s) r
"""


def lookup_rows(lon: float, lat: float, *, moment: datetime, gap_m: float) -> list[tuple[Any, ...]]:
    """Rows of the point lookup: how, start, step, distance (m), then the area's columns."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE, (lon, lat, moment, gap_m))
        return cursor.fetchall()


def lookup_rows_many(
    lons: Sequence[float], lats: Sequence[float], *, moment: datetime, gap_m: float
) -> list[tuple[Any, ...]]:
    """The same for many points at once; each row begins with the point's number, from 1."""
    with connection.cursor() as cursor:
        cursor.execute(_MANY, (list(lons), list(lats), moment, gap_m))
        return cursor.fetchall()


class CandidatePlace(NamedTuple):
    """A place that shares terms with a question (EPSG:4326)."""

    id: int
    kind: str
    name: str
    name_en: str
    detail: str
    aliases: list[str]
    terms: list[str]
    lon: float
    lat: float
    extent_m: float


_PLACES = """
SELECT id, kind, name, name_en, road || number AS detail, aliases, terms, ST_X(point),
       ST_Y(point), extent_m
FROM territory_place
WHERE terms && %(asked)s::varchar[]
ORDER BY (SELECT count(*) FROM unnest(terms) AS term WHERE term = ANY (%(asked)s)) DESC,
         cardinality(terms), id
LIMIT %(limit)s
"""


def place_candidates(asked: Sequence[str], limit: int) -> list[CandidatePlace]:
    """Places with at least one of the terms, those with the most of them first."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, {"asked": list(asked), "limit": limit})
        return [CandidatePlace(*row) for row in cursor.fetchall()]


def database_clock() -> datetime:
    """The database's own clock, which moves on inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def lock_publishing() -> None:
    """Wait until no other transaction publishes; held until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PUBLISH_LOCK])


def edition_fingerprints(edition_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """For each edition the number of its boundaries and a text that any change of them alters.

    xmin is the transaction that wrote a row last, so an altered row counts as another one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT edition_id, count(*), "
            "md5(string_agg(id || ':' || xmin, ',' ORDER BY id) || max(coalesce(replaces_id, 0))) "
            "FROM territory_boundary WHERE edition_id = ANY(%s) GROUP BY edition_id",
            [list(edition_ids)],
        )
        return {edition: (number, text) for edition, number, text in cursor.fetchall()}


def refresh_statistics() -> None:
    """Tell the planner what a large import has brought, without waiting for autovacuum."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE territory_boundary, territory_grid")


PUBLISH_LOCK = 7_301_002
