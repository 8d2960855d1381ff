"""Which coordinate system a file really has: what it claims, weighed against the ground.

A file that claims WGS84 and holds GCJ-02 is off by half a kilometre, and every case would go to
the wrong people. Roads, buildings and the division that is known tell: see geometry/crs_fit.py.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.db.models import Extent
from django.contrib.gis.geos import Polygon
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from gridmgmt.core.crs import BD09, CGCS2000, GCJ02, WGS84, Crs, UnknownCrsError, parse_crs
from grids.territory.geometry.crs_fit import CERTAIN, Box, Fit, Ground, Reading, measure, sample
from grids.territory.geometry.crs_fit import readings as possible_readings
from grids.territory.models import Boundary, Building, Edition, Road, Water
from grids.territory.querysets import BoundaryQuerySet

AHEAD = 2.0  # how much stronger than the next the best reading must be
SAME_PLACE_M = 25.0  # readings nearer to each other than this are one place for a street
AROUND = 0.03  # degrees of ground looked at around the file, about 3 km
MOST_FEATURES = 60_000


class Verdict(StrEnum):
    """What the guess says about the file's claim."""

    AGREES = "agrees"  # the ground bears the claim out
    LIES = "lies"  # the ground says another system
    FOUND = "found"  # nothing was claimed, the ground says which
    UNSURE = "unsure"  # the ground does not tell
    BLIND = "blind"  # there is no ground to tell by


@dataclass(frozen=True)
class Candidate:
    """One way to read the file. `off_m`: how far beside the ground it lies; None: not known."""

    reading: Reading
    bounds: Box
    strength: float | None
    off_m: float | None
    why: str
    claimed: bool

    @property
    def label(self) -> str:
        """As people call it."""
        return reading_label(self.reading)


@dataclass(frozen=True)
class Guess:
    """All candidates, the best first, and what follows from them."""

    candidates: tuple[Candidate, ...]
    claimed: Crs | None
    verdict: Verdict
    sentence: str

    @property
    def best(self) -> Candidate:
        """The reading to go by unless somebody says otherwise."""
        return self.candidates[0]

    def by_key(self, key: str) -> Candidate | None:
        """The candidate whose reading has this key."""
        return next((c for c in self.candidates if c.reading.key == key), None)


def reading_label(reading: Reading) -> str:
    """WGS84, GCJ-02, EPSG:32650; with a word when the axes are swapped."""
    names = {"wgs84": "WGS84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}
    name = names.get(reading.crs.name, reading.crs.name)
    return _("%(crs)s, axes swapped") % {"crs": name} if reading.swapped else name


def parse_reading(key: str) -> Reading:
    """The reading with this key. Raises UnknownCrsError."""
    name, swapped, rest = key.partition("-swapped")
    if rest:
        raise UnknownCrsError(key)
    return Reading(parse_crs(name), bool(swapped))


def claim_of_name(name: str) -> Crs | None:
    """What a file's name says (`grids-gcj02.geojson`), because such systems have no number."""
    text = name.casefold()
    if re.search(r"gcj[-_ ]?02|火星|高德", text):
        return GCJ02
    if re.search(r"bd[-_ ]?09|百度", text):
        return BD09
    if re.search(r"cgcs[-_ ]?2000|大地2000|国家2000", text):
        return CGCS2000
    return WGS84 if re.search(r"wgs[-_ ]?84", text) else None


def guess_crs(
    shapes: Sequence[BaseGeometry],
    claimed: Crs | None,
    *,
    moment: dt.datetime,
    edition: Edition | None = None,
) -> Guess:
    """Weigh every way to read the shapes' raw coordinates against what is known of the ground.

    Without a division and without roads nothing can be told: then the claim stands, unproven.
    """
    x, y = sample(shapes)
    near = _territory(moment, edition)
    if near is None:
        return _blind(x, y, claimed)
    candidates = possible_readings(x, y, claimed, near)
    if not candidates:
        return Guess((), claimed, Verdict.UNSURE, _nowhere(claimed))
    fits = measure(candidates, x, y, _ground(candidates, x, y, near, moment, edition))
    ranked = sorted(fits, key=lambda fit: _rank(fit, claimed, near))
    return _judge(ranked, claimed, near)


def _rank(fit: Fit, claimed: Crs | None, near: Box) -> tuple[float, int, int]:
    """By strength where it says something; else near before far, and the claim first."""
    strength = fit.strength if fit.strength is not None and fit.strength >= CERTAIN else 0.0
    return (
        -round(strength, 2),
        int(_far_km(fit, near) > 0),
        0 if fit.reading.crs == claimed and not fit.reading.swapped else 1,
    )


def _judge(ranked: list[Fit], claimed: Crs | None, near: Box) -> Guess:
    best = ranked[0]
    rivals = [f for f in ranked[1:] if _apart_m(f, best) > SAME_PLACE_M and f.strength is not None]
    second = max((fit.strength for fit in rivals), default=0.0)
    sure = best.strength is not None and best.strength >= max(CERTAIN, second + AHEAD)
    if sure:
        # Of readings at the same place the claimed one is meant.
        twin = next(
            (f for f in ranked if f.reading.crs == claimed and _apart_m(f, best) <= SAME_PLACE_M),
            None,
        )
        if twin is not None and not twin.reading.swapped:
            ranked = [twin, *(fit for fit in ranked if fit is not twin)]
            best = twin
    elif all(fit.strength is None for fit in ranked) and len(ranked) == 1:
        sure = False
    offs = {id(fit): _off_m(fit, best if sure else None) for fit in ranked}
    candidates = tuple(
        Candidate(
            reading=fit.reading,
            bounds=fit.bounds,
            strength=fit.strength,
            off_m=offs[id(fit)],
            why=_why(fit, offs[id(fit)], sure and fit is best, near),
            claimed=fit.reading.crs == claimed and not fit.reading.swapped,
        )
        for fit in ranked
    )
    return Guess(candidates, claimed, *_verdict(candidates, claimed, sure))


def _verdict(
    candidates: tuple[Candidate, ...], claimed: Crs | None, sure: bool
) -> tuple[Verdict, str]:
    best = candidates[0]
    said = next((candidate for candidate in candidates if candidate.claimed), None)
    if not sure:
        return Verdict.UNSURE, _(
            "The borders do not tell which coordinate system this is: they follow neither roads "
            "nor known borders closely enough. Look at the map and choose."
        )
    if claimed is None:
        return Verdict.FOUND, _(
            "The file does not say its coordinate system. By roads and known borders it is %(crs)s."
        ) % {"crs": best.label}
    if best.claimed or (said is None and best.reading == Reading(claimed)):
        return Verdict.AGREES, _("The file says %(crs)s, and roads and known borders agree.") % {
            "crs": best.label
        }
    if said is None or said.off_m is None:
        return Verdict.LIES, _(
            "The file says %(claim)s, which cannot be: by roads and known borders it is %(crs)s."
        ) % {"claim": reading_label(Reading(claimed)), "crs": best.label}
    return Verdict.LIES, _(
        "The file says %(claim)s, but read so it lies %(off)s beside the roads. It is %(crs)s."
    ) % {"claim": said.label, "off": distance_text(said.off_m), "crs": best.label}


def _why(fit: Fit, off_m: float | None, chosen: bool, near: Box) -> str:
    far = _far_km(fit, near)
    if far > 0:
        return _("Lies %(off)s away from the territory.") % {"off": distance_text(far * 1000)}
    if chosen:
        return _(
            "Borders meet roads and known borders best here: half of them lie within %(road)s."
        ) % {"road": distance_text(max(1.0, fit.road_m or 0.0))}
    if off_m is not None and off_m > SAME_PLACE_M:
        return _("Lies %(off)s beside the roads and known borders.") % {"off": distance_text(off_m)}
    if off_m is not None:
        return _("Lies at the same place, within %(off)s.") % {"off": distance_text(off_m)}
    if fit.road_m is None:
        return _("Lies in the territory's surroundings, where no road is known.")
    return _("Half of the borders lie within %(road)s of a road or known border.") % {
        "road": distance_text(fit.road_m)
    }


def _off_m(fit: Fit, best: Fit | None) -> float | None:
    """The offset that was measured on the ground where it was, else the way to the best."""
    if best is None:
        return None
    return 0.0 if fit is best else _apart_m(fit, best)


def _apart_m(one: Fit, other: Fit) -> float:
    """Distance between the middles of two readings' boxes."""
    west, south, east, north = other.bounds
    lat = math.radians((south + north) / 2)
    dx = (one.bounds[0] + one.bounds[2] - west - east) / 2 * math.cos(lat)
    dy = (one.bounds[1] + one.bounds[3] - south - north) / 2
    return math.hypot(dx, dy) * 111_320


def _far_km(fit: Fit, near: Box) -> float:
    """How far a reading's box lies from the territory; 0 within some kilometres."""
    aside_x = max(near[0] - fit.bounds[2], fit.bounds[0] - near[2], 0.0)
    aside_y = max(near[1] - fit.bounds[3], fit.bounds[1] - near[3], 0.0)
    km = math.hypot(aside_x * math.cos(math.radians(near[1])), aside_y) * 111.32
    return km if km > 3 else 0.0


def distance_text(metres: float) -> str:
    """537 m, 4.1 km, 11,204 km."""
    if metres < 995:
        return _("%(m)s m") % {"m": round(metres)}
    km = metres / 1000
    return _("%(km)s km") % {"km": f"{km:.1f}" if km < 100 else f"{km:,.0f}"}


def _nowhere(claimed: Crs | None) -> str:
    if claimed is None:
        return _(
            "No known coordinate system puts these coordinates near the territory. Name it as "
            "EPSG:n."
        )
    return _(
        "Neither %(crs)s nor any other known coordinate system puts these areas near the territory."
    ) % {"crs": reading_label(Reading(claimed))}


def _blind(x: np.ndarray, y: np.ndarray, claimed: Crs | None) -> Guess:
    """No division and no ground: whoever uploads must know."""
    middle = float(np.median(x)), float(np.median(y))
    degrees = max(float(np.abs(x).max()), float(np.abs(y).max())) <= 180
    near = (*middle, *middle) if degrees else None
    found = possible_readings(x, y, claimed, near) if near else []
    if not degrees and claimed is not None:
        found = [Reading(claimed)]
    fits = measure(found, x, y, Ground([]))
    candidates = tuple(
        Candidate(
            fit.reading,
            fit.bounds,
            None,
            None,
            _("Nothing is known yet to compare it with."),
            fit.reading.crs == claimed,
        )
        for fit in fits
        if all(map(math.isfinite, fit.bounds))
    )
    return Guess(
        candidates,
        claimed,
        Verdict.BLIND,
        _(
            "There is neither a division nor a base map here yet, so nobody can tell whether the "
            "coordinate system is right. Look at the map before you import."
        ),
    )


def _known(moment: dt.datetime, edition: Edition | None) -> BoundaryQuerySet:
    """What is in force; only where nothing is, the draft's own areas, which nobody has proven."""
    rows = Boundary.objects.valid_at(moment)
    if edition is None or rows.exists():
        return rows
    return Boundary.objects.filter(edition=edition, geometry__isnull=False)


def _territory(moment: dt.datetime, edition: Edition | None) -> Box | None:
    boxes = [
        _known(moment, edition).aggregate(box=Extent("geometry"))["box"],
        Road.objects.aggregate(box=Extent("line"))["box"],
    ]
    known = [box for box in boxes if box]
    if not known:
        return None
    return _around(known)


def _ground(
    candidates: Sequence[Reading],
    x: np.ndarray,
    y: np.ndarray,
    near: Box,
    moment: dt.datetime,
    edition: Edition | None,
) -> Ground:
    """Roads, water's edge, known borders and buildings around where the file may lie."""
    places = [reading.lonlat(x, y) for reading in candidates]
    boxes = [(lon.min(), lat.min(), lon.max(), lat.max()) for lon, lat in places]
    boxes = [box for box in boxes if all(map(math.isfinite, box)) and _meets(box, near)]
    if not boxes:
        return Ground([])
    west, south, east, north = _around(boxes)
    box = Polygon.from_bbox(
        tuple(map(float, (west - AROUND, south - AROUND, east + AROUND, north + AROUND)))
    )
    box.srid = 4326
    lines = [
        *_shapes(Road.objects.filter(line__bboverlaps=box), "line"),
        *shapely.boundary(_shapes(Water.objects.filter(area__bboverlaps=box), "area")),
        *shapely.boundary(
            _shapes(_known(moment, edition).filter(geometry__bboverlaps=box), "geometry")
        ),
    ]
    buildings = _shapes(Building.objects.filter(footprint__bboverlaps=box), "footprint")
    return Ground(lines, buildings)


def _shapes(rows: QuerySet[Any], column: str) -> np.ndarray:
    found = rows.order_by("pk").values_list(column, flat=True)[:MOST_FEATURES]
    return shapely.from_wkb(np.array([bytes(shape.wkb) for shape in found], dtype=object))


def _around(boxes: Sequence[Box]) -> Box:
    wests, souths, easts, norths = zip(*boxes, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def _meets(box: Box, near: Box) -> bool:
    return (
        box[0] <= near[2] + AROUND
        and box[2] >= near[0] - AROUND
        and box[1] <= near[3] + AROUND
        and box[3] >= near[1] - AROUND
    )
