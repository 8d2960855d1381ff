"""Try a draft on a past period: who would have had which cases, and what would have been late.

Figures are simulated by the plain queue of data/replay/queue.py; the hours a case takes are
fitted so that today's division gives as many late cases as there really were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.utils import timezone

from data.replay.axis import WorkAxis
from data.replay.queue import Job, hours_that_fit, late
from data.services.periods import Period
from gridmgmt.core.permissions import Role
from grids.people.models import PlannedPost, Post
from grids.territory import ports
from grids.territory.models import Boundary, Building, Edition, Grid
from grids.territory.services.drawing.features import has_moved
from grids.territory.services.drawing.states import State, laid_over, states_of
from incidents.choices import ClockKind
from incidents.choices import State as CaseState
from incidents.clocks import Calendar, due
from incidents.models import CaseClock, Category, Incident
from incidents.services import clocks

HANDLERS = (Role.COORDINATOR, Role.MANAGER)
NOT_WORK = (CaseState.VOID, CaseState.MERGED)
# Cases open at the end of the period may still be worked on afterwards, as they were in truth.
AFTERWARDS = timedelta(days=60)


@dataclass(frozen=True)
class Cases:
    """The period's cases inside the ground looked at, one array entry each (EPSG:4326)."""

    lon: np.ndarray
    lat: np.ndarray
    jobs: tuple[Job, ...]
    really_late: np.ndarray  # by their own clocks, as it really was

    @property
    def late(self) -> int:
        """How many were late."""
        return int(self.really_late.sum())

    def __len__(self) -> int:
        return len(self.jobs)


@dataclass(frozen=True)
class Side:
    """A leaf on one side of the comparison: in force, or as the draft has it."""

    cases: int
    households: int
    people: int
    strength: float
    late: int

    @property
    def cases_per_person(self) -> float | None:
        """None without people."""
        return self.cases / self.people if self.people else None


@dataclass(frozen=True)
class Row:
    """One leaf, before and after; None where it does not exist."""

    grid_id: int
    code: str
    label: str
    before: Side | None
    after: Side | None


@dataclass
class Leaves:
    """The leaves of one side, with a tree to find them by a point."""

    states: list[State]
    labels: dict[int, str]
    tree: shapely.STRtree = field(init=False)
    shapes: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.shapes = np.array([state.geometry for state in self.states], dtype=object)
        shapely.prepare(self.shapes)
        self.tree = shapely.STRtree(self.shapes)

    @property
    def ids(self) -> list[int]:
        return [state.grid_id for state in self.states]

    def of(self, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """The leaf's number for each point, the smallest that covers it; -1 where none does."""
        found = np.full(len(lon), len(self.states), dtype=np.int64)
        if len(lon) and self.states:
            point, leaf = self.tree.query(shapely.points(lon, lat))
            covers = shapely.intersects_xy(self.shapes[leaf], lon[point], lat[point])
            np.minimum.at(found, point[covers], leaf[covers])
        found[found == len(self.states)] = -1
        return found


@dataclass(frozen=True)
class Replay:
    """The whole comparison."""

    rows: list[Row]
    cases: Cases
    hours: float
    fitted: bool
    before: Leaves
    after: Leaves

    @property
    def late_before(self) -> int:
        return sum(row.before.late for row in self.rows if row.before)

    @property
    def late_after(self) -> int:
        return sum(row.after.late for row in self.rows if row.after)

    @property
    def moved(self) -> int:
        """Cases that would have gone to another grid."""
        here, there = self.before, self.after
        first = np.array([*here.ids, 0])[here.of(self.cases.lon, self.cases.lat)]
        then = np.array([*there.ids, 0])[there.of(self.cases.lon, self.cases.lat)]
        return int((first != then).sum())


def replay(
    edition: Edition,
    period: Period,
    *,
    now: datetime,
    within: frozenset[int] | None = None,
    hours: float | None = None,
    everything: bool = False,
) -> Replay:
    """Compare the division in force with the draft on the cases of `period`.

    Only leaves that the draft changes are looked at, unless `everything`; `within` names the
    areas below which the reader may look (None: everywhere). `hours` of work a case takes;
    None fits them. Cases without a place are left out.
    """
    before, after = leaves_of(Boundary.objects.valid_at(now)), leaves_of(laid_over(edition))
    if not everything:
        before, after = _differing(before, after)
    if within is not None:
        before, after = _below(before, within, edition, now), _below(after, within, edition, now)
    cases = cases_of(period, _box([*before.states, *after.states]), now=now)
    cases = _on_ground(cases, before, after)
    people_before = _people(before.ids, now)
    people_after = _people(after.ids, now, edition)
    axis = work_axis(period)
    jobs_before, jobs_after = _jobs(cases, before), _jobs(cases, after)
    fitted = hours is None
    if hours is None:
        hours = hours_that_fit(
            [(jobs_before[i], max(1, people_before[g])) for i, g in enumerate(before.ids)],
            cases.late,
            axis,
        )
    sides = [
        _sides(leaves, jobs, people, hours, axis, period)
        for leaves, jobs, people in (
            (before, jobs_before, people_before),
            (after, jobs_after, people_after),
        )
    ]
    return Replay(_rows(before, after, *sides), cases, hours, fitted, before, after)


def leaves_of(boundaries: object) -> Leaves:
    """The leaves among these boundaries, by code."""
    states = states_of(boundaries)
    parents = {state.parent_id for state in states.values()}
    leaves = [state for grid, state in states.items() if grid not in parents]
    codes = dict(
        Grid.objects.filter(pk__in=[leaf.grid_id for leaf in leaves]).values_list("pk", "code")
    )
    leaves.sort(key=lambda state: (codes[state.grid_id], state.grid_id))
    return Leaves(leaves, {state.grid_id: codes[state.grid_id] for state in leaves})


def cases_of(period: Period, box: ports.Box | None, *, now: datetime) -> Cases:
    """Cases with a place reported in the period inside the box, with the limits they have had."""
    if box is None:
        return Cases(np.empty(0), np.empty(0), (), np.empty(0, dtype=bool))
    found = (
        Incident.objects.within(*box)
        .filter(reported_at__gte=period.start, reported_at__lt=min(period.end, now))
        .exclude(state__in=NOT_WORK)
        .order_by("reported_at", "pk")
    )
    rows = list(
        found.annotate(wkb=AsWKB("point")).values_list(
            "pk",
            "wkb",
            "reported_at",
            "urgent",
            "filing_rule__limit",
            "filing_rule__unit",
            "category_id",
        )
    )
    limits, calendar = _limits(), clocks.office_calendar()
    jobs = []
    for _pk, _wkb, at, urgent, amount, unit, category in rows:
        if amount is None:
            amount, unit = limits.get(category) or _usual(urgent=urgent)
        jobs.append(Job(at, due(at, amount, unit, calendar), urgent))
    points = shapely.from_wkb([bytes(row[1]) for row in rows])
    overtime = CaseClock.objects.filter(
        incident__in=found.values("pk"), kind=ClockKind.HANDLE, in_time=False
    )
    really_late = set(overtime.values_list("incident_id", flat=True))
    return Cases(
        shapely.get_x(points),
        shapely.get_y(points),
        tuple(jobs),
        np.array([row[0] in really_late for row in rows], dtype=bool),
    )


def work_axis(period: Period) -> WorkAxis:
    """The office's work spans from the period's first day until some weeks after its last."""
    calendar = clocks.office_calendar()
    spans = []
    day, last = period.first, period.last + AFTERWARDS
    while day <= last:
        spans += calendar.spans_of(day)
        day += timedelta(days=1)
    return WorkAxis(spans or [_any_hour(period, calendar)])


def _any_hour(period: Period, calendar: Calendar) -> tuple[datetime, datetime]:
    start = timezone.localtime(period.start, calendar.tz)
    return start, start + timedelta(hours=1)


def _limits() -> dict[int, tuple[int, str]]:
    """Each category's first limit."""
    first: dict[int, tuple[int, str]] = {}
    for category in Category.objects.prefetch_related("filing_rules"):
        rules = sorted(category.filing_rules.all(), key=lambda rule: rule.order)
        if rules:
            first[category.pk] = (rules[0].limit, rules[0].unit)
    return first


def _usual(*, urgent: bool) -> tuple[int, str]:
    return clocks.limit_for(Incident(urgent=urgent), ClockKind.HANDLE)


def _differing(before: Leaves, after: Leaves) -> tuple[Leaves, Leaves]:
    """The leaves whose ground or parent differs, on both sides."""
    first = {state.grid_id: state for state in before.states}
    then = {state.grid_id: state for state in after.states}
    same = {
        grid
        for grid in first.keys() & then.keys()
        if first[grid].parent_id == then[grid].parent_id and not has_moved(first[grid], then[grid])
    }
    return _without(before, same), _without(after, same)


def _without(leaves: Leaves, left_out: set[int]) -> Leaves:
    return Leaves([s for s in leaves.states if s.grid_id not in left_out], leaves.labels)


def _below(leaves: Leaves, within: frozenset[int], edition: Edition, now: datetime) -> Leaves:
    parents = dict(Boundary.objects.valid_at(now).values_list("grid_id", "parent_id"))
    parents |= dict(
        edition.boundaries.filter(geometry__isnull=False).values_list("grid_id", "parent_id")
    )

    def inside(grid: int | None) -> bool:
        seen: set[int] = set()
        while grid is not None and grid not in seen:
            if grid in within:
                return True
            seen.add(grid)
            grid = parents.get(grid)
        return False

    return Leaves([s for s in leaves.states if inside(s.grid_id)], leaves.labels)


def _box(states: Sequence[State]) -> ports.Box | None:
    if not states:
        return None
    west, south, east, north = shapely.total_bounds([state.geometry for state in states])
    return float(west), float(south), float(east), float(north)


def _on_ground(cases: Cases, before: Leaves, after: Leaves) -> Cases:
    """Only the cases that lie in a leaf of either side."""
    kept = (before.of(cases.lon, cases.lat) >= 0) | (after.of(cases.lon, cases.lat) >= 0)
    jobs = tuple(job for job, keep in zip(cases.jobs, kept, strict=True) if keep)
    return replace(
        cases,
        lon=cases.lon[kept],
        lat=cases.lat[kept],
        jobs=jobs,
        really_late=cases.really_late[kept],
    )


def _jobs(cases: Cases, leaves: Leaves) -> list[list[Job]]:
    jobs: list[list[Job]] = [[] for _ in leaves.states]
    for number, job in zip(leaves.of(cases.lon, cases.lat).tolist(), cases.jobs, strict=True):
        if number >= 0:
            jobs[number].append(job)
    return jobs


def _people(grid_ids: Sequence[int], now: datetime, edition: Edition | None = None) -> dict:
    """How many people handle cases on each grid: in post now, and with `edition` also planned."""
    people: dict[int, set[int]] = defaultdict(set)
    held = Post.objects.held_at(now).filter(grid_id__in=grid_ids, role__in=HANDLERS)
    pairs: Iterable[tuple[int, int]] = held.values_list("grid_id", "person_id")
    if edition is not None:
        planned = PlannedPost.objects.filter(
            edition=edition, grid_id__in=grid_ids, role__in=HANDLERS
        )
        pairs = [*pairs, *planned.values_list("grid_id", "person_id")]
    for grid, person in pairs:
        people[grid].add(person)
    return {grid: len(people[grid]) for grid in grid_ids}


def _sides(
    leaves: Leaves,
    jobs: Sequence[Sequence[Job]],
    people: Mapping[int, int],
    hours: float,
    axis: WorkAxis,
    period: Period,
) -> dict[int, Side]:
    households, strength = _households(leaves), _strength(leaves, period)
    return {
        grid: Side(
            cases=len(jobs[number]),
            households=households[number],
            people=people[grid],
            strength=strength[number],
            late=late(jobs[number], people[grid], hours, axis),
        )
        for number, grid in enumerate(leaves.ids)
    }


def _households(leaves: Leaves) -> list[int]:
    """Of the buildings in each leaf by their points; without any, what is declared for it."""
    box = _box(leaves.states)
    if box is None:
        return []
    rows = list(
        Building.objects.filter(point__bboverlaps=_window(box), households__gt=0).values_list(
            AsWKB("point"), "households"
        )
    )
    points = shapely.from_wkb([bytes(wkb) for wkb, _households in rows])
    numbers = leaves.of(shapely.get_x(points), shapely.get_y(points))
    counted = np.bincount(
        numbers[numbers >= 0],
        weights=np.array([count for _wkb, count in rows], dtype=np.float64)[numbers >= 0],
        minlength=len(leaves.states),
    )
    declared = [state.households or 0 for state in leaves.states]
    return [int(n) if len(rows) else own for n, own in zip(counted, declared, strict=True)]


def _strength(leaves: Leaves, period: Period) -> list[float]:
    """The strength of the nodes in each leaf at the end of the period."""
    box = _box(leaves.states)
    if box is None:
        return []
    nodes = ports.points(ports.STRENGTH, period.start, period.end, box)
    numbers = leaves.of(nodes.lon, nodes.lat)
    inside = numbers >= 0
    sums = np.bincount(numbers[inside], weights=nodes.weight[inside], minlength=len(leaves.states))
    return [float(value) for value in sums]


def _window(box: ports.Box) -> str:
    return f"SRID=4326;{shapely.box(*box).wkt}"


def _rows(
    before: Leaves, after: Leaves, first: Mapping[int, Side], then: Mapping[int, Side]
) -> list[Row]:
    states = {state.grid_id: state for state in before.states}
    states |= {state.grid_id: state for state in after.states}
    codes = before.labels | after.labels
    return [
        Row(
            grid,
            codes[grid],
            label_of(states[grid]),
            first.get(grid),
            then.get(grid),
        )
        for grid in sorted(states, key=lambda grid: (codes[grid], grid))
    ]


def label_of(state: State) -> str:
    """The area's name in the reader's language."""
    return Boundary(name=state.name, name_en=state.name_en).label
