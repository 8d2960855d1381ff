"""Areas of many shapes at once, in m², without choosing a zone for each of them.

Everything goes through one equal-area projection (EPSG:6933), in which areas are those on the
ellipsoid wherever on earth a shape lies; only areas may be taken from it, no lengths.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

EQUAL_AREA = "EPSG:6933"

Shapes = npt.NDArray[np.object_]


def equal_area(shapes: Shapes) -> Shapes:
    """EPSG:4326 shapes (degrees) in an equal-area projection (metres); None stays None."""
    return np.asarray(shapely.transform(shapes, _move), dtype=object)


def areas_m2(shapes: Shapes) -> npt.NDArray[np.float64]:
    """Areas of EPSG:4326 shapes in m²; 0 for None and for empty ones."""
    if not len(shapes):
        return np.zeros(0)
    return np.nan_to_num(shapely.area(equal_area(shapes)))


def shared_m2(first: Shapes, second: Shapes) -> npt.NDArray[np.float64]:
    """The ground that two arrays of EPSG:4326 shapes share, pair by pair, in m²."""
    if not len(first):
        return np.zeros(0)
    left, right = equal_area(first), equal_area(second)
    same = shapely.equals_identical(left, right)
    found = np.nan_to_num(shapely.area(left))
    other = ~same
    found[other] = np.nan_to_num(shapely.area(shapely.intersection(left[other], right[other])))
    return np.asarray(found, dtype=np.float64)


def _move(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.column_stack(_transformer().transform(coordinates[:, 0], coordinates[:, 1]))


@functools.cache
def _transformer() -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4326", EQUAL_AREA, always_xy=True)
