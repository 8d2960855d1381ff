"""Places by their words, offline: build the gazetteer, search it, take the best guess."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import shapely
from django.db import transaction
from django.utils.translation import get_language

from gridmgmt.core.search import normalise, query_terms, terms, weight
from grids.territory.choices import PlaceKind
from grids.territory.models import Boundary, Building, Place, Road
from grids.territory.querysets import CandidatePlace, lock_publishing, place_candidates
from grids.territory.services.coverage import to_geos

EXACT, LIKELY, VAGUE = "exact", "likely", "vague"
LEAST_SCORE = 0.34  # below a third of the words matched it is no guess
CANDIDATES = 200  # rows that the index hands over for ranking
LARGE_M = 300.0  # beyond this reach a name alone is one step less certain
VAST_M = 1_000.0  # beyond this it says nothing about the point
APART_M = 300.0  # two equally good answers farther from each other are no answer
FAR_M = 20_000.0  # distance at which nearness no longer counts
METRES_PER_DEGREE = 111_000.0
_NUMBERED = re.compile(r"[0-9]+(?:-[0-9]+)*[a-z]?")


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
    text = re.sub(r"(\d)\s+(?=号楼|号|楼|栋|幢|座|单元)", r"\1", text)
    asked = query_terms(text)
    if not asked or limit < 1:
        return []
    rows = place_candidates(asked, CANDIDATES)
    spelled = normalise(text)
    scored = []
    for row in rows:
        score, certainty = _judge(spelled, asked, row)
        certainty = _of_the_point(certainty, row.extent_m)
        if score >= LEAST_SCORE:
            scored.append((score, -_distance_m(near, row.lon, row.lat), certainty, row))
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
        if _distance_m((first.lon, first.lat), second.lon, second.lat) > APART_M:
            return None
    return found[0]


def _judge(spelled: str, asked: list[str], row: CandidatePlace) -> tuple[float, str]:
    """Score and certainty of one entry.

    A question may be a bare name or a whole report. What counts is how much of the question the
    entry holds, how much of one of its own spellings the question holds, and whether a number
    that was asked for is the entry's.
    """
    spellings = [name for name in (row.name, row.name_en, *row.aliases) if name]
    if spelled in {normalise(name) for name in spellings}:
        return 1.0, LIKELY if is_bare_number(row.name) else EXACT
    held, question = set(row.terms), set(asked)
    share = _weigh(question & held) / _weigh(question)
    named, length = max(_covered(name, question) for name in spellings)
    numbers_fit = _numbers_of(question) <= held
    if named < 1.0 or is_bare_number(row.name):
        score = 0.6 * share + 0.4 * named
        return score, LIKELY if score >= 0.6 and numbers_fit and named >= 0.5 else VAGUE
    score = 0.8 + 0.19 * share
    if length < 2 and share < 0.5:
        return score - 0.2, VAGUE  # one word of a long report is named so by chance
    if not numbers_fit:
        return score - 0.1, LIKELY
    certain = share == 1.0 or row.kind in {PlaceKind.BUILDING, PlaceKind.ADDRESS}
    return score, EXACT if certain else LIKELY


def _of_the_point(certainty: str, extent_m: float) -> str:
    """A long road or a whole community is known by name, but its middle is not the place meant."""
    if extent_m > VAST_M:
        return VAGUE
    if extent_m > LARGE_M:
        return LIKELY if certainty == EXACT else VAGUE
    return certainty


def is_bare_number(name: str) -> bool:
    """Whether a name is a house number alone (3号楼), which every estate has."""
    return re.fullmatch(r"\d+[a-zA-Z]?(?:号楼|号院|号|楼|栋|幢|座)?", name) is not None


def _covered(name: str, question: set[str]) -> tuple[float, int]:
    """The share of a spelling's terms that was asked for, and how many terms it has."""
    own = set(terms(name))
    return (_weigh(own & question) / _weigh(own), len(own)) if own else (0.0, 0)


def _weigh(words: Iterable[str]) -> float:
    return sum(map(weight, words))


def _numbers_of(words: Iterable[str]) -> set[str]:
    """The bare numbers among terms."""
    return {word for word in words if word.isascii() and _NUMBERED.fullmatch(word)}


def _distance_m(near: tuple[float, float] | None, lon: float, lat: float) -> float:
    """Roughly, good for ranking; 0 without a place to be near to."""
    if near is None:
        return 0.0
    dx = (lon - near[0]) * math.cos(math.radians(lat))
    dy = lat - near[1]
    return min(FAR_M, (dx * dx + dy * dy) ** 0.5 * METRES_PER_DEGREE)


@transaction.atomic
def rebuild_places(*, now: dt.datetime) -> int:
    """Build the gazetteer anew from buildings, roads and the grids in force; returns its size.

    Named points of a ground file stay and get their terms.
    """
    Place.objects.exclude(kind__in=[PlaceKind.POINT, PlaceKind.AREA]).delete()
    places = [*_roads(), *_buildings(), *_estates()]
    for place in places:
        place.terms = _terms(place)
    Place.objects.bulk_create(places, batch_size=1000)
    points = list(Place.objects.filter(kind=PlaceKind.POINT))
    for place in points:
        place.terms = _terms(place)
    Place.objects.bulk_update(points, ["terms"], batch_size=1000)
    return len(places) + len(points) + refresh_area_places(now=now)


@transaction.atomic
def refresh_area_places(*, now: dt.datetime) -> int:
    """Only the areas anew, after a division took effect; returns how many there are.

    Two refreshes never cross: the second waits, then sees the newest division.
    """
    lock_publishing()
    Place.objects.filter(kind=PlaceKind.AREA).delete()
    places = list(_grids(now))
    for place in places:
        place.terms = _terms(place)
    return len(Place.objects.bulk_create(places, batch_size=1000))


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
    streets: dict[str, list[Building]] = defaultdict(list)
    for building in Building.objects.order_by("pk").defer("footprint"):
        address = address_of(building)
        if building.street:
            streets[building.street].append(building)
        if building.name:
            names = spellings_of(building)
            yield Place(
                kind=PlaceKind.BUILDING,
                name=names[0][:200],
                name_en=building.name_en,
                road=building.street,
                number=building.number,
                aliases=[name[:200] for name in [*names[1:], address] if name],
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
    # A road that runs outside the base map is still named by the houses on it.
    drawn = set(Road.objects.exclude(name="").values_list("name", flat=True))
    for street in sorted(streets.keys() - drawn):
        yield _gathered(PlaceKind.ROAD, street, streets[street])


def address_of(building: Building) -> str:
    """成府路28号; empty without a number."""
    if not (building.street and building.number):
        return ""
    ending = "号" if building.number[-1].isdigit() and not building.street.isascii() else ""
    return f"{building.street}{' ' if building.street.isascii() else ''}{building.number}{ending}"


def spellings_of(building: Building) -> list[str]:
    """The shown name first, then how else people call it: 荷清苑3号楼, 荷清苑3楼, 西南11号楼."""
    name, estate = building.name, building.estate
    match = re.fullmatch(r"(\D*?)\s*(\d+[a-zA-Z]?)(号楼|楼|栋|幢|座|号)?", name)
    if match is None:
        return [name, f"{estate}{name}"] if estate and not name.startswith(estate) else [name]
    front, number, unit = match[1], match[2], match[3] or ""
    fronts = [front] if front else []
    if estate and estate not in fronts:
        fronts.append(estate)
    shown = f"{fronts[0]}{number}{unit}" if fronts else name
    others = [f"{f}{number}{u}" for f in fronts for u in ("号楼", "楼", unit)]
    return list(dict.fromkeys([shown, *others]))


def _estates() -> Iterable[Place]:
    """Estates as the ground file names them, else what numbered buildings share: 荷清苑3号楼."""
    members: dict[str, list[Building]] = defaultdict(list)
    for building in Building.objects.order_by("pk").defer("footprint"):
        match = re.match(r"^(\D{2,20}?)\s*\d+(?:号?楼|栋|幢|座|号)?$", building.name)
        estate = building.estate or (match[1] if match else "")
        if estate:
            members[estate].append(building)
    for name, buildings in members.items():
        if len(buildings) > 1:
            yield _gathered(PlaceKind.ESTATE, name, buildings)


def _gathered(kind: str, name: str, buildings: list[Building]) -> Place:
    """A place that several buildings make up: at the building nearest to their middle."""
    cloud = shapely.MultiPoint([(building.point.x, building.point.y) for building in buildings])
    west, south, east, north = cloud.bounds
    middle = min(cloud.geoms, key=lambda point: point.distance(cloud.centroid))
    return Place(
        kind=kind,
        name=name,
        road=name[:100] if kind == PlaceKind.ROAD else "",
        point=to_geos(middle),
        extent_m=max(30.0, max(east - west, north - south) / 2 * METRES_PER_DEGREE),
        source=buildings[0].source,
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
