"""Live numbers for ground that somebody is drawing."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from grids.territory import ports
from grids.territory.geometry.areas import areas_m2
from grids.territory.services.shapes import bounds_of, dwellings_in

YEAR = dt.timedelta(days=365)


@dataclass(frozen=True)
class Numbers:
    """What lies on some ground: m² on the ellipsoid, households and buildings by their points,
    cases of the 365 days before `now`, and the strength of the nodes there."""

    area_m2: float
    households: int
    buildings: int
    cases_last_year: int
    strength: float

    def as_dict(self) -> dict[str, Any]:
        """For an answer over REST."""
        return asdict(self)


def numbers(
    geometry: BaseGeometry, *, now: dt.datetime, reach: BaseGeometry | None = None
) -> Numbers:
    """Numbers of a polygon or multipolygon (EPSG:4326); a part that is not there counts zero.

    Cases and strength are counted within `reach` only; None: everywhere.
    """
    shapely.prepare(geometry)
    ground = np.array([geometry], dtype=object)
    bounds = bounds_of(ground)
    if bounds is None:
        return Numbers(0.0, 0, 0, 0, 0.0)
    dwellings = dwellings_in(bounds)
    known = geometry if reach is None else geometry.intersection(reach)
    shapely.prepare(known)
    mine = shapely.intersects(geometry, dwellings.points)
    return Numbers(
        area_m2=round(float(areas_m2(ground)[0]), 1),
        households=int(dwellings.households[mine].sum()),
        buildings=int(mine.sum()),
        cases_last_year=round(_weight(ports.CASES, known, bounds, now)),
        strength=round(_weight(ports.STRENGTH, known, bounds, now), 2),
    )


def _weight(port: str, geometry: BaseGeometry, bounds: ports.Box, now: dt.datetime) -> float:
    points = ports.points(port, now - YEAR, now, bounds)
    return float(points.weight[shapely.intersects_xy(geometry, points.lon, points.lat)].sum())
