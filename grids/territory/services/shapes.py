"""Outlines and buildings as arrays: one query each, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.contrib.gis.geos import Polygon
from django.db.models import FloatField, Func
from shapely.geometry.base import BaseGeometry

from grids.territory.models import Building


class _Ordinate(Func):
    output_field = FloatField()


@dataclass(frozen=True)
class Dwellings:
    """Buildings by their representative points (EPSG:4326); three arrays of one length."""

    points: npt.NDArray[np.object_]
    households: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


def load_shapes(boundaries: Any) -> dict[int, BaseGeometry]:
    """Shapely geometries (EPSG:4326) of a queryset of boundaries, by boundary id.

    Tombstones are left out.
    """
    rows = list(
        boundaries.filter(geometry__isnull=False)
        .order_by()
        .annotate(wkb=AsWKB("geometry"))
        .values_list("pk", "wkb")
    )
    shapes = shapely.from_wkb([bytes(wkb) for _pk, wkb in rows])
    return dict(zip((pk for pk, _wkb in rows), shapes, strict=True))


def dwellings_in(bounds: tuple[float, float, float, float] | None) -> Dwellings:
    """Buildings whose point lies in the box west, south, east, north; none for no box."""
    if bounds is None:
        return _dwellings([])
    box = Polygon.from_bbox(bounds)
    box.srid = 4326
    return _dwellings(
        Building.objects.filter(point__bboverlaps=box)
        .order_by()
        .annotate(
            x=_Ordinate("point", function="ST_X"),
            y=_Ordinate("point", function="ST_Y"),
        )
        .values_list("pk", "households", "x", "y")
    )


def _dwellings(found: Any) -> Dwellings:
    rows = np.array(list(found), dtype=np.float64).reshape(-1, 4)
    return Dwellings(
        points=np.asarray(shapely.points(rows[:, 2:]), dtype=object),
        households=rows[:, 1].astype(np.int64),
        ids=rows[:, 0].astype(np.int64),
    )


def whose(points: npt.NDArray[np.object_], shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    """For each point the index of a shape that covers it, -1 for none; the first where several."""
    found = np.full(len(points), -1, dtype=np.intp)
    if not len(points) or not len(shapes):
        return found
    hits, places = shapely.STRtree(shapes).query(points, predicate="covered_by")
    # The last write wins, so the first shape goes last.
    order = np.argsort(places, kind="stable")[::-1]
    found[hits[order]] = places[order]
    return found


def bounds_of(shapes: npt.NDArray[np.object_]) -> tuple[float, float, float, float] | None:
    """west, south, east, north around all shapes; None when there are none."""
    drawn = shapes[~shapely.is_empty(shapes)]
    if not len(drawn):
        return None
    west, south, east, north = (float(number) for number in shapely.total_bounds(drawn))
    return (west, south, east, north)
