"""What tests of division by machine share: buildings on the town's ground, and wishes."""

from __future__ import annotations

from django.contrib.gis.geos import Point, Polygon
from django.utils import timezone

from grids.territory.choices import RunStatus
from grids.territory.models import Building, DivisionRun, Edition
from grids.territory.services import division_runs, division_work
from grids.territory.services.division_wishes import Asked

A, B, F = "110108999001", "110108999002", "110108998001"
HOME = "110108999"


def settle(west: float = 116.30, east: float = 116.32, households: int = 25) -> int:
    """A field of small houses between two longitudes of `home`; returns how many."""
    houses = []
    step = 0.0025
    for column in range(round((east - west) / step)):
        for row in range(8):
            lon, lat = west + step * (column + 0.5), 40.00 + step * (row + 0.5)
            houses.append(
                Building(
                    source_id=f"house-{west}-{column}-{row}",
                    footprint=Polygon.from_bbox(
                        (lon - 0.0004, lat - 0.0004, lon + 0.0004, lat + 0.0004)
                    ),
                    point=Point(lon, lat),
                    households=households,
                )
            )
    Building.objects.bulk_create(houses)
    return len(houses)


def asked(*areas: str, **wishes: object) -> Asked:
    """Wishes for these areas: one proposal, quickly."""
    return Asked(areas=areas or (A,), **{"emphases": ("even",), **wishes})


def finished(edition: Edition, wishes: Asked | None = None) -> DivisionRun:
    """A run asked for and worked off."""
    run = division_runs.request_run(edition, wishes or asked(), actor=None, now=timezone.now())
    division_work.work()
    run = DivisionRun.objects.select_related("edition").get(pk=run.pk)
    assert run.status == RunStatus.DONE, run.message
    return run
