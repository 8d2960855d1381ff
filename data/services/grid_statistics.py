"""Figures of a tier's areas for a period, within what a user may see.

Cases count for the period in which they were *reported*, and for the areas of that moment (path of
report) or, when asked so, for the areas of today's division that they would lie in. Their state is
that of now, and limits are looked at now, or at the end of a past period.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from data import statistics
from data.querysets import SYSTEMS, Scope, area_figures, case_series, category_counts
from data.services.periods import Period
from data.statistics import COUNT_NAMES, Counts
from gridmgmt.core.permissions import Right
from grids.people.access import Access
from grids.territory.models import Boundary, Tier

PATH_OF_REPORT = "report"
DIVISION_OF_TODAY = "today"


@dataclass(frozen=True)
class Question:
    """What is asked. `area_id` None: everything the user may see; `system` "": all of them.

    `division`: PATH_OF_REPORT counts by the boundaries of the day, DIVISION_OF_TODAY by today's.
    """

    period: Period
    tier: Tier
    system: str = ""
    area_id: int | None = None
    division: str = PATH_OF_REPORT


@dataclass(frozen=True)
class AreaRow:
    """One area with its figures. `grid_id` None: cases in no area of the tier, or the sum."""

    grid_id: int | None
    code: str
    name: str
    name_en: str
    parent_code: str
    households: int | None
    counts: Counts
    by_system: dict[str, int]
    median_hours: float | None
    before: Counts | None = None

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        if self.name_en and (get_language() or "").startswith("en"):
            return self.name_en
        return self.name

    @property
    def per_thousand(self) -> float | None:
        """Cases for 1,000 households."""
        return statistics.per_thousand(self.counts.reported, self.households)

    @property
    def change(self) -> float | None:
        """Relative change of the reports against the period before."""
        return statistics.change(
            self.counts.reported, self.before.reported if self.before else None
        )

    def rate(self, name: str) -> float | None:
        """One of `statistics.RATES`."""
        return statistics.RATES[name](self.counts)


@dataclass
class GridStatistics:
    """The answer: areas by code, those in no area, and the sum."""

    question: Question
    as_of: datetime
    division_at: datetime  # the areas are those of this moment
    rows: list[AreaRow] = field(default_factory=list)
    total: AreaRow | None = None


@dataclass(frozen=True)
class _Place:
    grid_id: int
    parent_id: int | None
    tier_id: int
    code: str
    name: str
    name_en: str
    households: int | None


def grid_statistics(
    question: Question, access: Access, *, now: datetime, right: str = Right.SEE_STATISTICS
) -> GridStatistics:
    """The figures of every area that the user may see, those without cases included."""
    below = access.grids_for(right)
    as_of = min(now, question.period.end)
    division_at = _division_at(question, as_of, now)
    answer = GridStatistics(question, as_of, division_at)
    places = _places(division_at)
    rows = area_figures(_scope(question, question.period, below, as_of, now))
    before = question.period.before()
    earlier = {
        (row["is_total"], row["grid_id"]): _counts(row)
        for row in area_figures(_scope(question, before, below, before.end, now))
    }
    found = {row["grid_id"]: row for row in rows if not row["is_total"]}
    wanted = _wanted(places, question, below)
    gone = set(found) - set(wanted) - {None}
    if gone and question.division == PATH_OF_REPORT:
        wanted |= _abolished(gone)
    for place in sorted(wanted.values(), key=lambda one: one.code):
        row = found.get(place.grid_id)
        parent = places.get(place.parent_id or 0)
        answer.rows.append(
            _area_row(place, parent.code if parent else "", row, earlier.get((0, place.grid_id)))
        )
    if None in found:
        answer.rows.append(_nowhere(found[None], earlier.get((0, None))))
    totals = next((row for row in rows if row["is_total"]), None)
    answer.total = _total(wanted.values(), totals, earlier.get((1, None)))
    return answer


def series(question: Question, access: Access, *, now: datetime, zone: str) -> list[tuple]:
    """(local day, reported, of them closed) by the period's step."""
    below = access.grids_for(Right.SEE_STATISTICS)
    scope = _scope(question, question.period, below, min(now, question.period.end), now)
    return case_series(scope, step=question.period.step(), zone=zone)


def categories(question: Question, access: Access, *, now: datetime) -> list[dict]:
    """Cases by category, the most frequent first."""
    below = access.grids_for(Right.SEE_STATISTICS)
    as_of = min(now, question.period.end)
    return category_counts(_scope(question, question.period, below, as_of, now))


def visible_areas(access: Access, *, now: datetime, right: str = Right.SEE_STATISTICS) -> set[int]:
    """Ids of the areas in force that the right reaches."""
    places, below = _places(now), access.grids_for(right)
    return {grid_id for grid_id in places if _is_below(grid_id, places, below)}


def _division_at(question: Question, as_of: datetime, now: datetime) -> datetime:
    return now if question.division == DIVISION_OF_TODAY else as_of


def _scope(
    question: Question,
    period: Period,
    below: frozenset[int] | None,
    as_of: datetime,
    now: datetime,
) -> Scope:
    today = question.division == DIVISION_OF_TODAY
    areas = None
    if today and (below is not None or question.area_id):
        areas = list(_wanted(_places(now), question, below))
    return Scope(
        tier_id=question.tier.pk,
        start=period.start,
        end=period.end,
        as_of=as_of,
        below=below,
        area_id=question.area_id,
        system=question.system,
        division_at=now if today else None,
        areas=areas,
    )


def _places(moment: datetime) -> dict[int, _Place]:
    rows = Boundary.objects.valid_at(moment).values_list(
        "grid_id",
        "parent_id",
        "grid__tier_id",
        "grid__code",
        "name",
        "name_en",
        "households",
    )
    return {row[0]: _Place(*row) for row in rows}


def _wanted(
    places: dict[int, _Place], question: Question, below: frozenset[int] | None
) -> dict[int, _Place]:
    asked = None if question.area_id is None else frozenset({question.area_id})
    return {
        grid_id: place
        for grid_id, place in places.items()
        if place.tier_id == question.tier.pk
        and _is_below(grid_id, places, below)
        and _is_below(grid_id, places, asked)
    }


def _is_below(grid_id: int | None, places: dict[int, _Place], below: frozenset[int] | None) -> bool:
    if below is None:
        return True
    while grid_id is not None:
        if grid_id in below:
            return True
        grid_id = places[grid_id].parent_id if grid_id in places else None
    return False


def _abolished(grid_ids: Iterable[int]) -> dict[int, _Place]:
    """Areas that are not in force any more but have cases of the period, as they last were."""
    rows = (
        Boundary.objects.filter(grid_id__in=list(grid_ids), valid__isnull=False)
        .order_by("grid_id", "-valid")
        .distinct("grid_id")
        .values_list(
            "grid_id",
            "parent_id",
            "grid__tier_id",
            "grid__code",
            "name",
            "name_en",
            "households",
        )
    )
    return {row[0]: _Place(*row) for row in rows}


def _counts(row: dict) -> Counts:
    return Counts(**{name: row[name] for name in COUNT_NAMES})


def _systems(row: dict | None) -> dict[str, int]:
    return {name: row[name] if row else 0 for name in (*SYSTEMS, "no_system")}


def _area_row(place: _Place, parent_code: str, row: dict | None, before: Counts | None) -> AreaRow:
    return AreaRow(
        grid_id=place.grid_id,
        code=place.code,
        name=place.name,
        name_en=place.name_en,
        parent_code=parent_code,
        households=place.households,
        counts=_counts(row) if row else Counts(),
        by_system=_systems(row),
        median_hours=row["median_hours"] if row else None,
        before=before or Counts(),
    )


def _nowhere(row: dict, before: Counts | None) -> AreaRow:
    return AreaRow(
        grid_id=None,
        code="",
        name=_("In no area of this tier"),
        name_en="",
        parent_code="",
        households=None,
        counts=_counts(row),
        by_system=_systems(row),
        median_hours=row["median_hours"],
        before=before or Counts(),
    )


def _total(places: Iterable[_Place], row: dict | None, before: Counts | None) -> AreaRow:
    known = [place.households for place in places if place.households is not None]
    return AreaRow(
        grid_id=None,
        code="",
        name=_("Sum"),
        name_en="",
        parent_code="",
        households=sum(known) if known else None,
        counts=_counts(row) if row else Counts(),
        by_system=_systems(row),
        median_hours=row["median_hours"] if row else None,
        before=before or Counts(),
    )
