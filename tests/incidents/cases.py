"""Cases, categories and clocks for tests of this room, written straight to the database."""

from datetime import datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.gis.geos import Point
from django.db import connection

from grids.territory.services.responsibility import responsible_areas
from incidents.choices import CategoryKind, Channel, ClockUnit, State
from incidents.models import Category, FilingRule, Incident
from tests.town import Town

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Friday, no holiday near.
NOW = datetime(2026, 3, 6, 9, tzinfo=SHANGHAI)
_numbers = count(1)


def category(system: str = "sanitation", **fields: Any) -> Category:
    """An event category with one limit of four work hours."""
    number = next(_numbers)
    values = {
        "standard": "test",
        "version": "1",
        "kind": CategoryKind.EVENT,
        "big_code": "01",
        "big_name": "大类",
        "small_code": f"{number:04d}"[-4:],
        "name": f"小类{number}",
        "system": system,
    }
    made = Category.objects.create(**values | fields)
    FilingRule.objects.create(category=made, limit=4, unit=ClockUnit.WORK_HOUR)
    return made


def incident(town: Town, area: str | None = "a1", **fields: Any) -> Incident:
    """A reported case in the middle of the area (None: without a place)."""
    values: dict[str, Any] = {
        "number": f"T{next(_numbers):09d}",
        "state": State.REPORTED,
        "channel": Channel.WEB,
        "description": "test",
        "reported_at": NOW,
        "updated_at": NOW,
    }
    if area is not None:
        lon, lat = town.point_in(area)
        place = responsible_areas(lon, lat, moment=NOW)
        values |= {
            "point": Point(lon, lat, srid=4326),
            "report_path": list(place.path),
            "report_boundary_ids": list(place.boundary_ids),
            "report_grid_id": place.path[-1],
            "owner_path": list(place.path),
            "owner_grid_id": place.path[-1],
            "answer": place.answer,
        }
    return Incident.objects.create(**values | fields)


def multiply(case: Incident, times: int) -> None:
    """Copies of the case by one statement, numbered M1, M2 …; for plans on large tables."""
    own = {"id", "number", "idempotency_key"}
    columns = ", ".join(
        connection.ops.quote_name(field.column)
        for field in Incident._meta.concrete_fields
        if field.name not in own
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO incidents_incident (number, {columns}) "  # noqa: S608 - names of our own
            f"SELECT 'M' || n, {columns} FROM incidents_incident, generate_series(1, %s) n "
            "WHERE id = %s",
            [times, case.pk],
        )
        # The checks of foreign keys plan anew with it, else they scan the table row by row.
        cursor.execute("ANALYZE incidents_incident")
