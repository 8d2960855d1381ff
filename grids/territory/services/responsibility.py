"""Which areas a point belongs to at a moment: always exactly one answer, always explained."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from grids.territory.choices import Answer
from grids.territory.errors import InvalidPoint
from grids.territory.querysets import lookup_rows, lookup_rows_many

TINIEST_DEGREES = 1e-15


@dataclass(frozen=True, slots=True)
class Area:
    """One area in force at the moment that was asked for."""

    boundary_id: int
    grid_id: int
    tier_code: str
    tier_order: int
    code: str
    name: str
    name_en: str
    households: int | None

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        if self.name_en and (get_language() or "").startswith("en"):
            return self.name_en
        return self.name


@dataclass(frozen=True, slots=True)
class Responsibility:
    """The answer for one point.

    `areas` runs from the root to the leaf and is empty only for `outside`; `others` are further
    leaves that cover the point, or lie equally near. `distance_m` is 0 inside, the distance to
    the chosen leaf for `gap`, to the nearest area for `outside` (None without any area).
    """

    answer: Answer
    areas: tuple[Area, ...]
    others: tuple[Area, ...]
    distance_m: float | None
    moment: dt.datetime = field(compare=False)

    @property
    def leaf(self) -> Area | None:
        """The deepest area of the answer."""
        return self.areas[-1] if self.areas else None

    @property
    def path(self) -> tuple[int, ...]:
        """Grid ids from the root to the leaf."""
        return tuple(area.grid_id for area in self.areas)

    @property
    def boundary_ids(self) -> tuple[int, ...]:
        """Boundary ids from the root to the leaf."""
        return tuple(area.boundary_id for area in self.areas)

    def reason(self) -> str:
        """Why, as one sentence in the reader's language."""
        if self.leaf is None:
            if self.distance_m is None:
                return _("No area is in force at that time; the dispatcher answers.")
            return _(
                "The point lies outside the territory, %(distance)s m from the nearest area; "
                "the dispatcher answers."
            ) % {"distance": f"{self.distance_m:.0f}"}
        words = {
            "name": self.leaf.label,
            "code": self.leaf.code,
            "others": ", ".join(f"{area.label} ({area.code})" for area in self.others),
            "distance": f"{self.distance_m or 0:.1f}",
        }
        return _SENTENCES[self.answer]() % words


_SENTENCES = {
    Answer.INSIDE: lambda: _("The point lies in %(name)s (%(code)s)."),
    Answer.BOUNDARY: lambda: _(
        "The point lies on a border: %(name)s (%(code)s) answers, because its code is the "
        "smallest; also touched: %(others)s."
    ),
    Answer.GAP: lambda: _(
        "No grid covers the point; %(name)s (%(code)s) is the nearest, %(distance)s m away."
    ),
    Answer.PARENT: lambda: _(
        "The point lies in %(name)s (%(code)s), but in no grid below it; the upper tier answers."
    ),
}


def as_moment(value: dt.date | dt.datetime) -> dt.datetime:
    """An aware moment: a date means the start of that day in the deployment's zone."""
    if isinstance(value, dt.datetime):
        return value if timezone.is_aware(value) else timezone.make_aware(value)
    return timezone.make_aware(dt.datetime.combine(value, dt.time()))


def check_point(lon: float, lat: float) -> tuple[float, float]:
    """The pair as floats, or InvalidPoint with a hint when the axes look swapped."""
    try:
        lon, lat = float(lon), float(lat)
    except (TypeError, ValueError):
        raise InvalidPoint(
            _("Longitude and latitude must be numbers, in degrees, such as 116.32 and 40.00.")
        ) from None
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise InvalidPoint(_("Longitude and latitude must be finite numbers."))
    if abs(lat) > 90 and abs(lat) <= 180 and abs(lon) <= 90:
        raise InvalidPoint(
            _(
                "Latitude %(lat)s is beyond 90 degrees: longitude and latitude look swapped. "
                "Give the longitude first."
            )
            % {"lat": lat}
        )
    if abs(lon) > 180 or abs(lat) > 90:
        raise InvalidPoint(
            _(
                "Longitude must lie between -180 and 180 degrees and latitude between -90 and 90, "
                "not %(lon)s and %(lat)s. For metres name their coordinate system."
            )
            % {"lon": lon, "lat": lat}
        )
    return _settled(lon), _settled(lat)


def _settled(degrees: float) -> float:
    """Zero for what is nearer to it than an atom: the database's geodesy underflows there."""
    return degrees if abs(degrees) > TINIEST_DEGREES else 0.0


def responsible_areas(lon: float, lat: float, *, moment: dt.date | dt.datetime) -> Responsibility:
    """The areas of a WGS84 point (degrees) at `moment`, in one indexed query.

    Raises InvalidPoint for coordinates that are no place.
    """
    lon, lat = check_point(lon, lat)
    at = as_moment(moment)
    rows = lookup_rows(lon, lat, moment=at, gap_m=settings.GAP_DISTANCE_M)
    return _answer(rows, at)


def responsible_areas_many(
    points: Iterable[tuple[float, float]],
    *,
    moment: dt.date | dt.datetime,
    chunk: int = 2000,
) -> Iterator[Responsibility]:
    """The answers for many (lon, lat) pairs in their order, one query for each `chunk` of them."""
    at = as_moment(moment)
    batch: list[tuple[float, float]] = []
    for lon, lat in points:
        batch.append(check_point(lon, lat))
        if len(batch) >= chunk:
            yield from _answer_batch(batch, at)
            batch = []
    if batch:
        yield from _answer_batch(batch, at)


def _answer_batch(
    batch: Sequence[tuple[float, float]], at: dt.datetime
) -> Iterator[Responsibility]:
    rows = lookup_rows_many(
        [lon for lon, _lat in batch],
        [lat for _lon, lat in batch],
        moment=at,
        gap_m=settings.GAP_DISTANCE_M,
    )
    by_point: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for number, *row in rows:
        by_point[number].append(tuple(row))
    for number in range(1, len(batch) + 1):
        yield _answer(by_point[number], at)


_HOW = {"leaf": Answer.INSIDE, "near": Answer.GAP, "cover": Answer.PARENT}


def _answer(rows: Sequence[tuple[Any, ...]], at: dt.datetime) -> Responsibility:
    if not rows or rows[0][0] == "far":
        return Responsibility(Answer.OUTSIDE, (), (), rows[0][3] if rows else None, at)
    chains: dict[int, list[tuple[int, Area]]] = {}
    for _how, start, step, _distance, *columns in rows:
        chains.setdefault(start, []).append((step, Area(*columns)))
    paths = [
        tuple(area for _step, area in sorted(chain, key=lambda item: -item[0]))
        for chain in chains.values()
    ]
    # The deepest tier first, then the smallest code: the same choice whenever it is asked.
    paths.sort(key=lambda path: (-path[-1].tier_order, path[-1].code, path[-1].grid_id))
    answer = _HOW[rows[0][0]]
    if answer is Answer.INSIDE and len(paths) > 1:
        answer = Answer.BOUNDARY
    others = () if answer is Answer.PARENT else tuple(path[-1] for path in paths[1:])
    return Responsibility(answer, paths[0], others, rows[0][3], at)
