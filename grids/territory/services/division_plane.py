"""A plane in metres for one stretch of ground, on which straight borders stay straight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

MAJOR_M, SQUARED = 6378137.0, 0.0066943799901413165  # WGS84: half axis, eccentricity squared
KNOWN_M = 1e-5  # a vertex this near to a known one is that one

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """Metres east and north of a point: longitude and latitude, each times a constant.

    Being affine in degrees it keeps straight lines straight, so what is cut on it fits the parent
    in EPSG:4326 exactly; over 10 km its metres are off by less than a thousandth. Vertices of
    `known` outlines come back as the very doubles that they were.
    """

    lon: float
    lat: float
    metres: Floats  # known vertices, sorted
    degrees: Floats

    @classmethod
    def around(cls, shapes: Any) -> Plane:
        """The plane around these shapes (EPSG:4326), whose vertices it knows."""
        west, south, east, north = shapely.total_bounds(shapes)
        bare = cls((west + east) / 2, (south + north) / 2, np.empty((0, 2)), np.empty((0, 2)))
        degrees = np.unique(shapely.get_coordinates(shapes), axis=0)
        metres = bare._scaled(degrees)
        order = np.argsort(metres[:, 0], kind="stable")
        return cls(bare.lon, bare.lat, metres[order], degrees[order])

    @property
    def scale(self) -> Floats:
        """Metres per degree of longitude and latitude, on the ellipsoid at the plane's point."""
        sine = math.sin(math.radians(self.lat))
        across = MAJOR_M / math.sqrt(1 - SQUARED * sine * sine)
        along = across * (1 - SQUARED) / (1 - SQUARED * sine * sine)
        return np.radians([across * math.cos(math.radians(self.lat)), along])

    def _scaled(self, degrees: Floats) -> Floats:
        return np.asarray((degrees - [self.lon, self.lat]) * self.scale)

    def to_metres(self, shapes: Any) -> Any:
        """Shapes in EPSG:4326 on the plane."""
        return shapely.transform(shapes, self._scaled)

    def to_degrees(self, shapes: Any) -> Any:
        """Shapes of the plane in EPSG:4326."""
        return shapely.transform(shapes, self._unscaled)

    def _unscaled(self, metres: Floats) -> Floats:
        degrees = np.asarray(metres / self.scale + [self.lon, self.lat])
        if len(self.metres) and len(metres):
            low = np.searchsorted(self.metres[:, 0], metres[:, 0] - KNOWN_M)
            high = np.searchsorted(self.metres[:, 0], metres[:, 0] + KNOWN_M)
            # Vertices with the same easting are few: look at each of them in turn.
            for step in range(int((high - low).max())):
                at = np.flatnonzero(low + step < high)
                known = low[at] + step
                same = np.abs(self.metres[known, 1] - metres[at, 1]) <= KNOWN_M
                degrees[at[same]] = self.degrees[known[same]]
        return degrees
