"""Figures of cases by area, in one pass over the cases of a period. Bound parameters only.

A case counts for the areas of `report_path`: the division of the moment of its report; or, when a
scope names the moment of another division, for the area of that division that its place lies in.
A case that lies in no area of the tier counts under area NULL, so that sums are whole.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from data.statistics import COUNT_NAMES


@dataclass(frozen=True)
class Scope:
    """Which cases: reported in [start, end), with path below one of `below` (None: all).

    `as_of` is the moment at which open cases are looked at (the end of the period, or now).
    `division_at`: count by the division of that moment; then `areas` (None: all) says which areas
    of the tier count; `below` and `area_id` then only say whose cases count that lie in none.
    """

    tier_id: int
    start: datetime
    end: datetime
    as_of: datetime
    below: Collection[int] | None = None
    area_id: int | None = None
    system: str = ""
    division_at: datetime | None = None
    areas: Collection[int] | None = None

    def parameters(self) -> dict[str, Any]:
        """For the query."""
        return {
            "tier": self.tier_id,
            "start": self.start,
            "end": self.end,
            "as_of": self.as_of,
            "below": list(self.below) if self.below is not None else [],
            "area": [self.area_id] if self.area_id else [],
            "system": self.system,
            "division_at": self.division_at,
            "areas": list(self.areas) if self.areas is not None else [],
        }

    def area(self) -> str:
        """The join that gives each case its area `a.grid_id` of the tier."""
        return _AREA if self.division_at is None else _AREA_THEN

    def join(self) -> str:
        """The same for questions that only count: nothing where no area is asked for."""
        return _AREA_THEN if self.division_at is not None and self.areas is not None else ""

    def condition(self) -> str:
        """The WHERE of the cases; only what is asked, so that each index can serve."""
        parts = ["i.reported_at >= %(start)s", "i.reported_at < %(end)s"]
        reported = []
        if self.below is not None:
            reported.append("i.report_path && %(below)s::bigint[]")
        if self.area_id:
            reported.append("i.report_path @> %(area)s::bigint[]")
        if self.division_at is None or self.areas is None:
            parts += reported
        else:
            # What lies in no area of then still belongs to whoever it was reported to.
            nowhere = " AND ".join(["a.grid_id IS NULL", *reported])
            parts.append(f"(a.grid_id = ANY(%(areas)s::bigint[]) OR ({nowhere}))")
        if self.system == "none":
            parts.append("i.category_id IS NULL")
        elif self.system:
            parts.append("c.system = %(system)s")
        return " AND ".join(parts)


# What each count means, on one case `i` with its category `c`, handling clock `k`, verification
# clock `v` and history `h`. An on-the-spot case is handled, closed and in time at once.
_HANDLED = "(h.handled_at IS NOT NULL OR i.on_the_spot)"
_FILED = "(h.filed_at IS NOT NULL OR i.on_the_spot)"
_CONDITIONS = {
    "reported": "true",
    "valid": "i.state NOT IN ('not_filed', 'void')",
    "public": "i.channel IN ('web', 'phone', 'sms', 'walk_in', 'letter', 'open311', 'import')"
    f" AND {_FILED}",
    "filed": _FILED,
    "filed_in_time": f"{_FILED} AND coalesce(k.verified_in_time, true)",
    "voided": f"i.state = 'void' AND {_FILED}",
    "not_filed": "i.state = 'not_filed'",
    "dispatched": "h.dispatched",
    "right_first": "h.dispatched AND NOT h.sent_on",
    "due": f"{_FILED} AND ({_HANDLED} OR k.due_at < %(as_of)s)",
    "handled": _HANDLED,
    "handled_in_time": f"{_HANDLED} AND coalesce(k.in_time, i.on_the_spot)",
    "due_to_close": "i.state = 'closed' OR "
    f"({_FILED} AND k.due_at < %(as_of)s AND i.state NOT IN ('void', 'merged'))",
    "closed": "i.state = 'closed'",
    "closed_in_time": "i.state = 'closed' AND coalesce(k.in_time, i.on_the_spot)",
    "on_the_spot": "i.on_the_spot",
    "open": "i.state NOT IN ('closed', 'not_filed', 'void', 'merged')",
    "open_overdue": "i.state NOT IN ('closed', 'not_filed', 'void', 'merged', 'suspended')"
    " AND i.due_at < %(as_of)s",
    "reworked": "h.reworked",
    "returned": "i.returned_count > 0",
    "extended": "i.extended_count > 0",
    "urgent": "i.urgent",
    "urged": "i.urged_count > 0",
    "satisfied": "i.opinion = 'satisfied'",
    "fair": "i.opinion = 'fair'",
    "dissatisfied": "i.opinion = 'dissatisfied'",
}
_COUNTS = ",\n       ".join(
    f"count(*) FILTER (WHERE {_CONDITIONS[name]}) AS {name}" for name in COUNT_NAMES
)
SYSTEMS = (
    "public_security",
    "sanitation",
    "community_service",
    "health_care",
    "civic_culture",
)
_BY_SYSTEM = ",\n       ".join(
    [f"count(*) FILTER (WHERE c.system = '{system}') AS {system}" for system in SYSTEMS]
    + ["count(*) FILTER (WHERE c.system IS NULL) AS no_system"]
)
_AREA = """
    LEFT JOIN LATERAL (
        SELECT g.id AS grid_id FROM unnest(i.report_path) AS p(id)
        JOIN territory_grid g ON g.id = p.id WHERE g.tier_id = %(tier)s LIMIT 1
    ) a ON true
"""
# By the division of another moment: a boundary of the report that was in force then says it at
# once; else the place itself is looked up; a case without a place stays with its area.
_AREA_THEN = """
    LEFT JOIN LATERAL (
        SELECT b.grid_id FROM unnest(i.report_boundary_ids) AS p(id)
        JOIN territory_boundary b ON b.id = p.id AND (b.valid @> %(division_at)s) IS TRUE
        JOIN territory_grid g ON g.id = b.grid_id AND g.tier_id = %(tier)s
        LIMIT 1
    ) kept ON true
    LEFT JOIN LATERAL (
        SELECT b.grid_id FROM territory_boundary b
        JOIN territory_grid g ON g.id = b.grid_id AND g.tier_id = %(tier)s
        WHERE kept.grid_id IS NULL AND ST_Covers(b.geometry, i.point)
          AND (b.valid @> %(division_at)s) IS TRUE
        ORDER BY g.code LIMIT 1
    ) found ON true
    LEFT JOIN LATERAL (
        SELECT b.grid_id FROM unnest(i.report_path) AS p(id)
        JOIN territory_boundary b ON b.grid_id = p.id AND (b.valid @> %(division_at)s) IS TRUE
        JOIN territory_grid g ON g.id = b.grid_id AND g.tier_id = %(tier)s
        WHERE i.point IS NULL LIMIT 1
    ) stayed ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(kept.grid_id, found.grid_id, stayed.grid_id) AS grid_id
    ) a
"""
_FIGURES = """
    SELECT grouping(a.grid_id) AS is_total, a.grid_id,
       {counts},
       {by_system},
       percentile_cont(0.5) WITHIN GROUP (
           ORDER BY extract(epoch FROM i.closed_at - i.reported_at) / 3600
       ) FILTER (WHERE i.state = 'closed') AS median_hours
    FROM incidents_incident i
    LEFT JOIN incidents_category c ON c.id = i.category_id
    {area}
    LEFT JOIN LATERAL (
        SELECT max(k.due_at) FILTER (WHERE k.kind = 'handle') AS due_at,
               bool_and(k.in_time) FILTER (WHERE k.kind = 'handle') AS in_time,
               bool_and(k.in_time) FILTER (WHERE k.kind = 'verify') AS verified_in_time
        FROM incidents_caseclock k WHERE k.incident_id = i.id
    ) k ON true
    LEFT JOIN LATERAL (
        SELECT min(h.at) FILTER (WHERE h.to_state = 'filed') AS filed_at,
               max(h.at) FILTER (WHERE h.action = 'handle') AS handled_at,
               coalesce(bool_or(h.action = 'rework'), false) AS reworked,
               coalesce(bool_or(h.to_state = 'dispatched'), false) AS dispatched,
               coalesce(bool_or(h.action = 'return' OR (h.action = 'reassign'
                   AND h.from_state IN ('dispatched', 'in_hand'))), false) AS sent_on
        FROM incidents_historyentry h WHERE h.incident_id = i.id
    ) h ON true
    WHERE {condition}
    GROUP BY GROUPING SETS ((a.grid_id), ())
"""
_SERIES = """
    SELECT date_trunc(%(step)s, i.reported_at AT TIME ZONE %(zone)s)::date AS day,
           count(*), count(*) FILTER (WHERE i.state = 'closed')
    FROM incidents_incident i
    LEFT JOIN incidents_category c ON c.id = i.category_id
    {area}
    WHERE {condition} GROUP BY 1 ORDER BY 1
"""
_CATEGORIES = """
    SELECT c.id, c.name, c.name_en, c.system, count(*),
           count(*) FILTER (WHERE i.state NOT IN ('closed', 'not_filed', 'void', 'merged'))
    FROM incidents_incident i
    LEFT JOIN incidents_category c ON c.id = i.category_id
    {area}
    WHERE {condition} GROUP BY c.id ORDER BY count(*) DESC, c.id
"""


def area_figures(scope: Scope) -> list[dict[str, Any]]:
    """One row for each area with cases, NULL area included, and one with `is_total` = 1."""
    return _rows(
        _FIGURES.format(
            counts=_COUNTS, by_system=_BY_SYSTEM, area=scope.area(), condition=scope.condition()
        ),
        scope.parameters(),
    )


def case_series(scope: Scope, *, step: str, zone: str) -> list[tuple[Any, ...]]:
    """(first local day of the step, reported, of them closed); step: day, week or month."""
    parameters = {**scope.parameters(), "step": step, "zone": zone}
    with connection.cursor() as cursor:
        cursor.execute(_SERIES.format(area=scope.join(), condition=scope.condition()), parameters)
        return cursor.fetchall()


def category_counts(scope: Scope) -> list[dict[str, Any]]:
    """Cases by category, the most frequent first: id, name, name_en, system, count, open."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CATEGORIES.format(area=scope.join(), condition=scope.condition()), scope.parameters()
        )
        names = ("id", "name", "name_en", "system", "count", "open")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _rows(sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
