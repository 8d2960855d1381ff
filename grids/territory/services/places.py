"""Places by their words, offline: build the gazetteer, search it, take the best guess."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import shapely
from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils.translation import get_language

from gridmgmt.core.search import normalise, query_terms, terms, weight
from grids.territory.choices import PlaceKind
from grids.territory.models import Boundary, Building, Place, Road
from grids.territory.querysets import CandidatePlace, place_candidates
from grids.territory.services.coverage import to_geos

EXACT, LIKELY, VAGUE = "exact", "likely", "vague"
LEAST_SCORE = 0.34  # below a third of the words matched it is no guess
CANDIDATES = 200  # rows that the index hands over for ranking
FAR_M = 20_000.0  # distance at which nearness no longer counts
METRES_PER_DEGREE = 111_000.0
_NUMBERED = re.compile(r"\d+(?:-\d+)*[a-z]?")


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """One answer: where, and how sure. `score` runs from 0 to 1; EPSG:4326."""

    label: str
    detail: str
    lon: float
    lat: float
    certainty: str
    score: float
    kind: str
    extent_m: float


def search_places(
    text: str, limit: int = 8, near: tuple[float, float] | None = None
) -> list[FoundPlace]:
    """The places that the words name, the best first; `near` (lon, lat) breaks ties.

    An empty text, or one without a known word, finds nothing.
    """
    asked = query_terms(text)
    if not asked or limit < 1:
        return []
    rows = place_candidates(asked, CANDIDATES)
    spelled = normalise(text)
    scored = []
    for row in rows:
        score, certainty = _judge(spelled, asked, row)
        if score >= LEAST_SCORE:
            scored.append((score, -_distance(near, row.lon, row.lat), certainty, row))
    scored.sort(key=lambda item: (-round(item[0], 3), -item[1], len(item[3].name), item[3].id))
    english = (get_language() or "").startswith("en")
    found: dict[tuple[str, int, int], FoundPlace] = {}
    for score, _nearness, certainty, row in scored:
        place = FoundPlace(
            label=(row.name_en or row.name) if english else row.name,
            detail=row.name if english and row.name_en else row.detail,
            lon=row.lon,
            lat=row.lat,
            certainty=certainty,
            score=round(score, 3),
            kind=row.kind,
            extent_m=row.extent_m,
        )
        # The same name within some 100 m is the same place for whoever asks.
        found.setdefault((row.name, round(row.lon * 1000), round(row.lat * 1000)), place)
        if len(found) >= limit:
            break
    return list(found.values())


def place_from_words(text: str) -> FoundPlace | None:
    """The best guess for a report that has words alone; None when nothing is sure enough.

    Two equally good answers far from each other are no answer: the dispatcher asks.
    """
    found = search_places(text, limit=3)
    if not found or found[0].certainty == VAGUE:
        return None
    if len(found) > 1 and found[1].score >= found[0].score:
        first, second = found[0], found[1]
        if _distance((first.lon, first.lat), second.lon, second.lat) > 300:
            return None
    return found[0]


def _judge(spelled: str, asked: list[str], row: CandidatePlace) -> tuple[float, str]:
    """How well an entry answers: the matched share of what was asked and of what it is called."""
    held = set(row.terms)
    matched = sum(weight(term) for term in asked if term in held)
    share = matched / sum(weight(term) for term in asked)
    own = terms(row.name) or list(held)
    named = sum(weight(t) for t in own if t in set(asked)) / sum(map(weight, own))
    english = terms(row.name_en) if row.name_en else []
    if english:
        in_english = sum(weight(t) for t in english if t in set(asked)) / sum(map(weight, english))
        named = max(named, in_english)
    wanted = [term for term in asked if _NUMBERED.match(term)]
    numbers_fit = all(term in held for term in wanted if term.isascii()) and bool(wanted)
    score = 0.6 * share + 0.4 * named
    if wanted and not numbers_fit:
        score *= 0.8
    whole = spelled in {normalise(name) for name in (row.name, row.name_en, *row.aliases) if name}
    if whole or (named == 1.0 and share == 1.0):
        return max(score, 0.99 if whole else score), EXACT
    if named == 1.0 and (numbers_fit or not wanted):
        # A report tells more than a name: all of the name is in it, with its number.
        return max(score, 0.8), EXACT if wanted and row.kind != PlaceKind.ROAD else LIKELY
    if named >= 0.99 or score >= 0.6:
        return score, LIKELY
    return score, VAGUE


def _distance(near: tuple[float, float] | None, lon: float, lat: float) -> float:
    """Roughly, in metres; 0 without a place to be near to."""
    if near is None:
        return 0.0
    dx = (lon - near[0]) * 0.77
    dy = lat - near[1]
    return min(FAR_M, (dx * dx + dy * dy) ** 0.5 * METRES_PER_DEGREE)


@transaction.atomic
def rebuild_places(*, now: dt.datetime) -> int:
    """Build the gazetteer anew from buildings, roads and the grids in force; returns its size.

    Named points of a ground file stay and get their terms.
    """
    Place.objects.exclude(kind=PlaceKind.POINT).delete()
    places = [*_roads(), *_buildings(), *_estates(), *_grids(now)]
    for place in places:
        place.terms = _terms(place)
    Place.objects.bulk_create(places, batch_size=1000)
    points = list(Place.objects.filter(kind=PlaceKind.POINT))
    for place in points:
        place.terms = _terms(place)
    Place.objects.bulk_update(points, ["terms"], batch_size=1000)
    return len(places) + len(points)


def _terms(place: Place) -> list[str]:
    words = [place.name, place.name_en, *place.aliases, f"{place.road}{place.number}"]
    return sorted({term for word in words if word for term in terms(word)})


def _roads() -> Iterable[Place]:
    """One place a road name: the middle of its longest stretch."""
    stretches: dict[str, list[Road]] = defaultdict(list)
    for road in Road.objects.exclude(name="").order_by("pk"):
        stretches[road.name].append(road)
    for name, roads in stretches.items():
        lines = [shapely.from_wkb(bytes(road.line.wkb)) for road in roads]
        longest = max(lines, key=lambda line: line.length)
        west, south, east, north = shapely.total_bounds(lines)
        yield Place(
            kind=PlaceKind.ROAD,
            name=name,
            name_en=next((road.name_en for road in roads if road.name_en), ""),
            road=name[:100],
            point=to_geos(longest.interpolate(0.5, normalized=True)),
            extent_m=max(east - west, north - south) / 2 * METRES_PER_DEGREE,
            source=roads[0].source,
        )


def _buildings() -> Iterable[Place]:
    for building in Building.objects.order_by("pk").defer("footprint"):
        address = f"{building.street}{building.number}" if building.number else ""
        if address and not re.search(r"\D$", address):
            address += "号"
        if building.name:
            yield Place(
                kind=PlaceKind.BUILDING,
                name=building.name,
                name_en=building.name_en,
                road=building.street,
                number=building.number,
                aliases=_spellings(building, address),
                point=building.point,
                extent_m=30,
                source=building.source,
            )
        elif address:
            yield Place(
                kind=PlaceKind.ADDRESS,
                name=address,
                road=building.street,
                number=building.number,
                point=building.point,
                extent_m=30,
                source=building.source,
            )


def _spellings(building: Building, address: str) -> list[str]:
    """How else people call it: with its estate in front, by its address, 楼 for 号楼."""
    spellings = [address] if address else []
    if building.estate and not building.name.startswith(building.estate):
        spellings.append(f"{building.estate}{building.name}")
    if re.search(r"\d号?楼$", building.name):
        other = re.sub(r"(\d)楼$", r"\1号楼", building.name)
        if other == building.name:
            other = re.sub(r"(\d)号楼$", r"\1楼", building.name)
        spellings.append(other)
    return [spelling[:200] for spelling in spellings]


def _estates() -> Iterable[Place]:
    """Estates as the ground file names them, else what numbered buildings share: 荷清苑3号楼."""
    members: dict[str, list[Point]] = defaultdict(list)
    source = ""
    for building in Building.objects.order_by("pk").defer("footprint"):
        match = re.match(r"^(\D{2,20}?)\s*\d+(?:号?楼|栋|幢|座|号)?$", building.name)
        estate = building.estate or (match[1] if match else "")
        if estate:
            members[estate].append(building.point)
            source = building.source
    for name, points in members.items():
        if len(points) < 2:
            continue
        cloud = shapely.MultiPoint([(point.x, point.y) for point in points])
        west, south, east, north = cloud.bounds
        middle = min(cloud.geoms, key=lambda point: point.distance(cloud.centroid))
        yield Place(
            kind=PlaceKind.ESTATE,
            name=name,
            point=to_geos(middle),
            extent_m=max(east - west, north - south) / 2 * METRES_PER_DEGREE,
            source=source,
        )


def _grids(now: dt.datetime) -> Iterable[Place]:
    """Areas by name, so that 荷清苑社区 is found where no building carries it."""
    for boundary in Boundary.objects.valid_at(now).select_related("grid").order_by("pk"):
        west, south, east, north = boundary.geometry.extent
        yield Place(
            kind=PlaceKind.AREA,
            name=boundary.name,
            name_en=boundary.name_en,
            aliases=[boundary.grid.code],
            point=boundary.geometry.point_on_surface,
            extent_m=max(east - west, north - south) / 2 * METRES_PER_DEGREE,
            source=boundary.source,
        )
