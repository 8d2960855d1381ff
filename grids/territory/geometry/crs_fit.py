"""How well areas lie on the ground under each way of reading their coordinates.

The borders of areas follow streets. So the lines of roads (and of borders that are known) are
painted into a raster, and the vertices of the file are laid upon it: at the right place they meet
much more paint than anywhere within some 1.7 km around. How much more is the `strength` of a
reading, in standard deviations over all those shifts; where the most paint would be met is the
`shift` that the reading is off. Pure computation; ground in EPSG:4326, results in metres.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from gridmgmt.core.crs import (
    BD09,
    GCJ02,
    WGS84,
    Crs,
    in_china,
    metric_crs,
    to_wgs84,
)

FloatArray = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]  # west, south, east, north

SAMPLES = 4000  # vertices and points between them that are laid on the ground
REACH_M = 1_700.0  # BD-09 read as WGS84 is off by at most 1.4 km
CELL_M = 6.0  # side of a raster cell; larger where the ground is wide
MOST_CELLS = 2_048  # of one side of the raster
NEAR_DEGREES = 0.35  # a reading farther than this from the territory is out of the question
BUILDING_WEIGHT = -0.35  # a border through a building speaks against a reading
CERTAIN = 6.0  # strength from which a fit is no accident


@dataclass(frozen=True)
class Reading:
    """A way to read pairs of coordinates: their system, and whether the axes are swapped."""

    crs: Crs
    swapped: bool = False

    def lonlat(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Longitude and latitude in WGS84; not finite where the system cannot hold them."""
        first, second = (y, x) if self.swapped else (x, y)
        return to_wgs84(first, second, self.crs)

    @property
    def key(self) -> str:
        """As it is written in an address: `gcj02`, `EPSG:32650`, `wgs84-swapped`."""
        return f"{self.crs}-swapped" if self.swapped else str(self.crs)


@dataclass(frozen=True)
class Ground:
    """What is known about the ground, EPSG:4326: lines of roads and borders, building outlines."""

    lines: Sequence[BaseGeometry]
    buildings: Sequence[BaseGeometry] = ()


@dataclass(frozen=True)
class Fit:
    """How one reading lies. `shift_m` is (east, north) by which it is off, None: cannot tell."""

    reading: Reading
    bounds: Box
    strength: float | None
    shift_m: tuple[float, float] | None
    road_m: float | None  # median distance of the borders to the nearest line

    @property
    def off_m(self) -> float | None:
        """How far beside the ground this reading puts the areas."""
        return None if self.shift_m is None else math.hypot(*self.shift_m)


def sample(shapes: Sequence[BaseGeometry], most: int = SAMPLES) -> tuple[FloatArray, FloatArray]:
    """Points evenly along the borders of the shapes, in their own coordinates."""
    borders = shapely.boundary(np.array([s for s in shapes if not s.is_empty], dtype=object))
    total = float(np.sum(shapely.length(borders)))
    if not total or not math.isfinite(total):
        coordinates = shapely.get_coordinates(borders)
        return coordinates[:, 0], coordinates[:, 1]
    # Points between the vertices, so that a long straight border counts as long as it is.
    dense = shapely.get_coordinates(shapely.segmentize(borders, total / most))
    step = max(1, math.ceil(len(dense) / (3 * most)))
    return dense[::step, 0], dense[::step, 1]


def readings(x: FloatArray, y: FloatArray, claimed: Crs | None, near: Box) -> list[Reading]:
    """The ways these coordinates could be meant that put them near the box `near` (EPSG:4326).

    The claimed system always stays in, wherever it puts them, when it can be read at all.
    """
    if not len(x) or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return []
    lon, lat = (near[0] + near[2]) / 2, (near[1] + near[3]) / 2
    largest = max(float(np.abs(x).max()), float(np.abs(y).max()))
    systems = _degrees(lon, lat) if largest <= 180.5 else _metres(lon, lat)
    if claimed is not None:
        systems = [claimed, *(crs for crs in systems if crs != claimed)]
    middle = np.array([np.median(x)]), np.array([np.median(y)])
    found: list[tuple[Reading, float, float]] = []
    for swapped in (False, True):
        for crs in systems:
            reading = Reading(crs, swapped)
            place_x, place_y = (float(v[0]) for v in reading.lonlat(*middle))
            kept = crs == claimed and not swapped and _on_earth(place_x, place_y)
            if not kept and not _near(place_x, place_y, near):
                continue
            # Systems that say the same (WGS84 and CGCS2000) are one candidate.
            if any(abs(place_x - a) + abs(place_y - b) < 1e-7 for _r, a, b in found):
                continue
            found.append((reading, place_x, place_y))
    return [reading for reading, _x, _y in found]


def _degrees(lon: float, lat: float) -> list[Crs]:
    return [WGS84, GCJ02, BD09] if in_china(lon, lat) else [WGS84]


def _metres(lon: float, lat: float) -> list[Crs]:
    """UTM around the territory, the web's Mercator, and in China the Gauss-Krüger zones."""
    codes = [3857]
    zone = min(int((lon + 180) // 6) + 1, 60)
    codes += [
        (32600 if lat >= 0 else 32700) + z for z in (zone, zone - 1, zone + 1) if 1 <= z <= 60
    ]
    if in_china(lon, lat):
        three, six = round(lon / 3), int(lon // 6) + 1
        for step in (0, -1, 1):
            wide, narrow = six + step, three + step
            # First code of each series: CGCS2000, Xi'an 1980, Beijing 1954; with the zone's
            # number in front of the easting, and with the central meridian alone.
            codes += [base + narrow - 25 for base in (4513, 4534, 2349, 2370, 2401, 2422)]
            codes += [base + wide - 13 for base in (4491, 4502, 2327, 2338, 21413, 21453)]
    known = dict.fromkeys(code for code in codes if _exists(code))
    return [Crs(f"EPSG:{code}") for code in known]


@functools.lru_cache(maxsize=256)
def _exists(code: int) -> bool:
    try:
        return bool(pyproj.CRS.from_epsg(code).is_projected)
    except pyproj.exceptions.CRSError:
        return False


def _on_earth(lon: float, lat: float) -> bool:
    return abs(lon) <= 180 and abs(lat) <= 90


def _near(lon: float, lat: float, near: Box) -> bool:
    if not _on_earth(lon, lat):
        return False
    aside = max(near[0] - lon, lon - near[2], near[1] - lat, lat - near[3], 0.0)
    return aside <= NEAR_DEGREES


def measure(
    candidates: Sequence[Reading], x: FloatArray, y: FloatArray, ground: Ground
) -> list[Fit]:
    """The fit of each reading, in the order given; strengths are None without any ground."""
    places = [reading.lonlat(x, y) for reading in candidates]
    lines = [line for line in ground.lines if not line.is_empty]
    field = _Field.paint(lines, ground.buildings) if lines else None
    fits = []
    for reading, (lon, lat) in zip(candidates, places, strict=True):
        bounds = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
        strength, shift, road = field.weigh(lon, lat) if field else _UNKNOWN
        fits.append(Fit(reading, bounds, strength, shift, road))
    return fits


_UNKNOWN = (None, None, None)


@dataclass(frozen=True)
class _Field:
    """The painted ground: a raster in a metric CRS, rows from south to north."""

    crs: str
    origin: tuple[float, float]
    cell_m: float
    paint_: FloatArray
    tree: shapely.STRtree

    @classmethod
    def paint(cls, lines: Sequence[BaseGeometry], buildings: Sequence[BaseGeometry]) -> _Field:
        west, south, east, north = shapely.total_bounds(np.array(lines, dtype=object))
        crs = metric_crs((west + east) / 2, (south + north) / 2)
        metric = _moved(lines, crs)
        box = shapely.total_bounds(metric)
        wide = max(box[2] - box[0], box[3] - box[1]) + 2 * REACH_M
        cell = max(CELL_M, wide / MOST_CELLS)
        origin = (box[0] - REACH_M, box[1] - REACH_M)
        shape = (
            math.ceil((box[3] - box[1] + 2 * REACH_M) / cell),
            math.ceil((box[2] - box[0] + 2 * REACH_M) / cell),
        )
        paint = np.zeros(shape)
        if len(buildings):
            outlines = _moved(buildings, crs)
            _put(paint, shapely.get_coordinates(shapely.segmentize(outlines, cell)), origin, cell)
            inner = np.array([shape.representative_point() for shape in outlines], dtype=object)
            _put(paint, shapely.get_coordinates(inner), origin, cell)
            paint *= BUILDING_WEIGHT
        roads = np.zeros(shape)
        _put(roads, shapely.get_coordinates(shapely.segmentize(metric, cell / 2)), origin, cell)
        paint[roads > 0] = 1.0
        return cls(crs, origin, cell, _blurred(paint), shapely.STRtree(metric))

    def weigh(
        self, lon: FloatArray, lat: FloatArray
    ) -> tuple[float | None, tuple[float, float] | None, float | None]:
        """Strength, shift (m) and median distance to a line of points in EPSG:4326."""
        x, y = _transformer(self.crs).transform(lon, lat)
        rows = np.floor((y - self.origin[1]) / self.cell_m)
        columns = np.floor((x - self.origin[0]) / self.cell_m)
        inside = (rows >= 0) & (rows < self.paint_.shape[0])
        inside &= (columns >= 0) & (columns < self.paint_.shape[1])
        if inside.sum() < max(8, 0.2 * len(x)):
            return _UNKNOWN
        stamp = np.zeros(self.paint_.shape)
        np.add.at(stamp, (rows[inside].astype(int), columns[inside].astype(int)), 1.0)
        met = np.fft.irfft2(
            np.fft.rfft2(self.paint_) * np.conj(np.fft.rfft2(stamp)), s=self.paint_.shape
        )
        reach = min(int(REACH_M / self.cell_m), min(self.paint_.shape) // 2 - 1)
        window = np.roll(met, (reach, reach), axis=(0, 1))[: 2 * reach + 1, : 2 * reach + 1]
        spread = float(window.std())
        if spread <= 0:
            return _UNKNOWN
        # A cell beside the exact one is rounding, not an offset.
        here = float(window[reach - 1 : reach + 2, reach - 1 : reach + 2].max())
        strength = (here - float(window.mean())) / spread
        row, column = np.unravel_index(int(window.argmax()), window.shape)
        best = (float(window[row, column]) - float(window.mean())) / spread
        shift: tuple[float, float] | None
        east = float(column - reach) * self.cell_m
        north = float(row - reach) * self.cell_m
        if best < CERTAIN:
            shift = None
        elif best - strength < 0.5 or max(abs(east), abs(north)) <= self.cell_m:
            shift = (0.0, 0.0)
        else:
            shift = (east, north)
        return strength, shift, self._road_m(x[inside], y[inside])

    def _road_m(self, x: FloatArray, y: FloatArray) -> float:
        step = max(1, len(x) // 1500)
        points = shapely.points(x[::step], y[::step])
        _pairs, distances = self.tree.query_nearest(points, return_distance=True, all_matches=False)
        return float(np.median(distances))


def _put(
    raster: FloatArray, coordinates: FloatArray, origin: tuple[float, float], cell: float
) -> None:
    columns = ((coordinates[:, 0] - origin[0]) / cell).astype(int)
    rows = ((coordinates[:, 1] - origin[1]) / cell).astype(int)
    fits = (rows >= 0) & (rows < raster.shape[0]) & (columns >= 0) & (columns < raster.shape[1])
    raster[rows[fits], columns[fits]] = 1.0


def _blurred(raster: FloatArray) -> FloatArray:
    """Softened by about one cell: digitising is not exact to a metre."""
    rows = np.fft.fftfreq(raster.shape[0])[:, None]
    columns = np.fft.rfftfreq(raster.shape[1])[None, :]
    soften = np.exp(-2 * np.pi**2 * (rows**2 + columns**2))
    return np.fft.irfft2(np.fft.rfft2(raster) * soften, s=raster.shape)


def _moved(shapes: Sequence[BaseGeometry], crs: str) -> npt.NDArray[np.object_]:
    def move(coordinates: FloatArray) -> FloatArray:
        return np.column_stack(_transformer(crs).transform(coordinates[:, 0], coordinates[:, 1]))

    return shapely.transform(shapely.force_2d(np.array(list(shapes), dtype=object)), move)


@functools.lru_cache(maxsize=32)
def _transformer(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
