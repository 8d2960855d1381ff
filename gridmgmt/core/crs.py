"""Coordinate systems of what comes in, and the way to EPSG:4326, which is what is stored.

WGS84     what GPS gives. Stored and shown as it is.
CGCS2000  China's surveying datum. Equal to WGS84 within a decimetre for this purpose, so it is
          taken over unchanged. Not for surveying.
GCJ-02    the offset system of maps published in China (AMap, Tencent). 0.27–0.61 km off WGS84:
          one wrong tag misroutes every case. Never store it, never measure in it.
BD-09     Baidu's offset on top of GCJ-02, 1.1–1.4 km off WGS84 around Beijing. As GCJ-02.
EPSG:n    any system that PROJ knows, for example local grids and UTM.

Metres are measured in a metric CRS (`metric_crs`) or on geography, never in degrees.
Order is always longitude, latitude.
"""

import functools
import re
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import prcoords
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

FloatArray = npt.NDArray[np.float64]

_NAMES = {
    "wgs84": "wgs84",
    "gps": "wgs84",
    "4326": "wgs84",
    "crs84": "wgs84",
    "cgcs2000": "cgcs2000",
    "4490": "cgcs2000",
    "gcj02": "gcj02",
    "bd09": "bd09",
    "bd09ll": "bd09",
}


class UnknownCrsError(ValueError):
    """The text names no coordinate system that we can read."""


@dataclass(frozen=True)
class Crs:
    """A coordinate system by its short name: wgs84, cgcs2000, gcj02, bd09 or EPSG:n."""

    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def is_offset(self) -> bool:
        """True for the systems with China's offset, which PROJ does not know."""
        return self.name in {"gcj02", "bd09"}

    @property
    def is_degrees(self) -> bool:
        """True when coordinates are longitude and latitude."""
        return not self.name.startswith("EPSG:") or pyproj.CRS(self.name).is_geographic


WGS84 = Crs("wgs84")
CGCS2000 = Crs("cgcs2000")
GCJ02 = Crs("gcj02")
BD09 = Crs("bd09")


@functools.lru_cache(maxsize=256)
def parse_crs(text: str) -> Crs:
    """`wgs84`, `CGCS2000`, `gcj-02`, `BD-09`, `EPSG:32650` … → Crs. Raises UnknownCrsError."""
    word = re.sub(r"[\s_-]", "", text or "").casefold()
    number = re.fullmatch(r"(?:epsg:{1,2})?([0-9]{4,6})", word)
    if (known := _NAMES.get(number[1] if number else word)) is not None:
        return Crs(known)
    if number is None:
        raise UnknownCrsError(text)
    try:
        crs = pyproj.CRS.from_epsg(int(number[1]))
    except pyproj.exceptions.CRSError:
        raise UnknownCrsError(text) from None
    if not (crs.is_geographic or crs.is_projected):
        raise UnknownCrsError(text)
    return Crs(f"EPSG:{number[1]}")


@overload
def to_wgs84(lon: float, lat: float, crs: Crs) -> tuple[float, float]: ...
@overload
def to_wgs84(lon: FloatArray, lat: FloatArray, crs: Crs) -> tuple[FloatArray, FloatArray]: ...
def to_wgs84(lon: Any, lat: Any, crs: Crs) -> Any:
    """Longitude and latitude in WGS84 of coordinates in `crs`, scalars or arrays of equal shape.

    Outside China GCJ-02 and BD-09 equal WGS84. What is no number stays none (NaN), and what the
    projection cannot hold becomes infinite: the caller refuses both.
    """
    if crs in {WGS84, CGCS2000}:
        return lon, lat
    if not crs.is_offset:
        return _transformer(crs.name, "EPSG:4326").transform(lon, lat)
    return _each(_exact(crs), lon, lat)


@overload
def from_wgs84(lon: float, lat: float, crs: Crs) -> tuple[float, float]: ...
@overload
def from_wgs84(lon: FloatArray, lat: FloatArray, crs: Crs) -> tuple[FloatArray, FloatArray]: ...
def from_wgs84(lon: Any, lat: Any, crs: Crs) -> Any:
    """The reverse of `to_wgs84`, for exports and for showing on a map with an offset."""
    if crs in {WGS84, CGCS2000}:
        return lon, lat
    if not crs.is_offset:
        return _transformer("EPSG:4326", crs.name).transform(lon, lat)
    forward = prcoords.wgs_gcj if crs == GCJ02 else prcoords.wgs_bd

    def move(x: float, y: float) -> tuple[float, float]:
        if not in_china(x, y):
            return x, y
        moved = forward((y, x), False)
        return moved.lon, moved.lat

    return _each(move, lon, lat)


def geometry_to_wgs84(geometry: BaseGeometry, crs: Crs) -> BaseGeometry:
    """A Shapely geometry of any kind with its vertices in WGS84; Z is dropped, empty stays empty.

    Straight edges stay straight between the moved vertices, as everywhere in GIS.
    """
    if geometry.is_empty or crs in {WGS84, CGCS2000}:
        return shapely.force_2d(geometry)

    def move(coordinates: FloatArray) -> FloatArray:
        return np.column_stack(to_wgs84(coordinates[:, 0], coordinates[:, 1], crs))

    return shapely.transform(shapely.force_2d(geometry), move)


def metric_crs(lon: float, lat: float) -> str:
    """The UTM zone around a place as "EPSG:n", for measuring in metres within some 500 km."""
    zone = min(int((lon + 180) // 6) + 1, 60)
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


def in_china(lon: float, lat: float) -> bool:
    """Whether the offset systems apply: the rectangle that their published algorithm uses."""
    return bool(prcoords.sanity_in_china_p(prcoords.Coords(lat, lon)))


def _exact(crs: Crs) -> Any:
    """The function (lon, lat) → WGS84, exact to well below a millimetre."""
    if crs == GCJ02:
        inverse, forward = prcoords.gcj_wgs_bored, prcoords.wgs_gcj
    else:
        inverse, forward = prcoords.bd_wgs_bored, prcoords.wgs_bd

    def move(x: float, y: float) -> tuple[float, float]:
        if not in_china(x, y):
            return x, y
        place = inverse((y, x), False)
        # The library stops within a metre of the fixed point; one more step lands on it.
        place = place - (forward(place, False) - prcoords.Coords(y, x))
        return place.lon, place.lat

    return move


def _each(move: Any, lon: Any, lat: Any) -> Any:
    if np.ndim(lon) == 0:
        return move(float(lon), float(lat))
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    pairs = [move(x, y) for x, y in zip(lon.ravel().tolist(), lat.ravel().tolist(), strict=True)]
    moved = np.array(pairs, dtype=float).reshape(-1, 2)
    return moved[:, 0].reshape(lon.shape), moved[:, 1].reshape(lon.shape)


@functools.lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(source, target, always_xy=True)
