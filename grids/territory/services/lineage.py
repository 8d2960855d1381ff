"""Which grid came from which, with the shares of ground and households that went over.

An origin's shares say where its ground of the moment before went: rows of one edition, one for
each heir. What went to no grid at all has no row, so shares may sum to less than 1.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from grids.territory.choices import EditionStatus
from grids.territory.geometry.areas import areas_m2, equal_area
from grids.territory.models import Boundary, Edition, Grid, Lineage
from grids.territory.services.shapes import bounds_of, dwellings_in, load_shapes, whose

SMALLEST_SHARE = 0.001  # below one part in a thousand a border was tidied, nothing moved
ROUNDING = 0.01  # shares that miss the whole by less are stretched to it
DEEPEST = 50  # steps of a family tree; more editions than an area lives through


@dataclass(frozen=True)
class Descent:
    """One step of a family tree: `origin` gave these shares of itself to `heir` in an edition."""

    edition: Edition
    origin: Grid
    heir: Grid
    area_share: float
    household_share: float | None


def record_lineage(edition: Edition) -> list[Lineage]:
    """Store where the ground of the versions that the draft replaces goes, tier by tier."""
    return Lineage.objects.bulk_create(lineage_of(edition), batch_size=2000)


def lineage_of(edition: Edition) -> list[Lineage]:
    """The same, not stored: what publishing would record."""
    replaced = list(
        Boundary.objects.filter(successors__edition=edition)
        .select_related("grid")
        .defer("geometry")
        .order_by("grid__code")
    )
    if not replaced:
        return []
    drafted = list(
        edition.boundaries.filter(geometry__isnull=False)
        .select_related("grid")
        .defer("geometry")
        .order_by("grid__code")
    )
    shapes = load_shapes(
        Boundary.objects.filter(pk__in=[boundary.pk for boundary in [*replaced, *drafted]])
    )
    found: list[Lineage] = []
    for tier_id in sorted({origin.grid.tier_id for origin in replaced}):
        heirs = [heir for heir in drafted if heir.grid.tier_id == tier_id]
        own = {heir.grid_id: shapes[heir.pk] for heir in heirs}
        # Renamed or moved under another parent: the ground is the same, nothing went over.
        origins = [
            origin
            for origin in replaced
            if origin.grid.tier_id == tier_id
            and not (
                origin.grid_id in own
                and shapely.equals_identical(own[origin.grid_id], shapes[origin.pk])
            )
        ]
        found += _of_tier(edition, origins, heirs, shapes)
    return found


def _of_tier(
    edition: Edition,
    origins: Sequence[Boundary],
    heirs: Sequence[Boundary],
    shapes: dict[int, shapely.Geometry],
) -> list[Lineage]:
    if not origins or not heirs:
        return []
    before = np.array([shapes[origin.pk] for origin in origins], dtype=object)
    after = np.array([shapes[heir.pk] for heir in heirs], dtype=object)
    lefts, rights = shapely.STRtree(after).query(before, predicate="intersects")
    whole = areas_m2(before)
    flat_before, flat_after = equal_area(before), equal_area(after)
    shared = shapely.area(shapely.intersection(flat_before[lefts], flat_after[rights]))
    homes, moved = _homes(before, after)
    rows = []
    for left, right, ground in sorted(zip(lefts.tolist(), rights.tolist(), shared, strict=True)):
        share = ground / whole[left] if whole[left] else 0.0
        if share < SMALLEST_SHARE:
            continue
        total = homes.get(left, 0)
        rows.append(
            Lineage(
                edition=edition,
                origin=origins[left].grid,
                heir=heirs[right].grid,
                area_share=min(1.0, share),
                household_share=min(1.0, moved[left, right] / total) if total else None,
            )
        )
    return rows


def _homes(
    before: np.ndarray, after: np.ndarray
) -> tuple[dict[int, int], dict[tuple[int, int], int]]:
    """Households of each old outline, and of each pair of an old and a new one."""
    dwellings = dwellings_in(bounds_of(before))
    olds, news = whose(dwellings.points, before), whose(dwellings.points, after)
    homes: dict[int, int] = defaultdict(int)
    moved: dict[tuple[int, int], int] = defaultdict(int)
    rows = zip(olds.tolist(), news.tolist(), dwellings.households.tolist(), strict=True)
    for old, new, households in rows:
        if old >= 0:
            homes[old] += households
            moved[old, new] += households
    return homes, moved


def ancestry(grid: Grid) -> list[Descent]:
    """Where the ground of `grid` came from, step by step, the newest first."""
    return _family(grid, upwards=True)


def heirs(grid: Grid) -> list[Descent]:
    """Where the ground of `grid` went, step by step, the oldest first."""
    return _family(grid, upwards=False)


def _family(grid: Grid, *, upwards: bool) -> list[Descent]:
    """One query a generation. An edge counts only on the right side of the moment it leads to."""
    frontier: dict[int, dt.datetime | None] = {grid.pk: None}
    known: dict[int, Lineage] = {}
    for _generation in range(DEEPEST):
        asked = {"heir_id__in" if upwards else "origin_id__in": list(frontier)}
        edges = (
            Lineage.objects.filter(edition__status=EditionStatus.PUBLISHED, **asked)
            .exclude(pk__in=list(known))
            .select_related("edition", "origin", "heir")
        )
        following: dict[int, dt.datetime | None] = {}
        for edge in edges:
            moment = edge.edition.effective_at
            here, there = edge.origin_id, edge.heir_id
            if upwards:
                here, there = there, here
            limit = frontier[here]
            if limit is not None and (moment >= limit if upwards else moment <= limit):
                continue
            known[edge.pk] = edge
            met = following.get(there)
            if met is None or (moment > met if upwards else moment < met):
                following[there] = moment
        if not following:
            break
        frontier = following
    ordered = sorted(known.values(), key=lambda e: (e.edition.effective_at, e.pk), reverse=upwards)
    return [Descent(e.edition, e.origin, e.heir, e.area_share, e.household_share) for e in ordered]


def shares_to(
    moment: dt.datetime, target_moment: dt.datetime, *, by: str = "households"
) -> dict[int, list[tuple[int, float]]]:
    """Where the grids in force at `moment` lie in the division of a later `target_moment`.

    For each grid id of then the grids of the later division that stand on its ground, with the
    share (0–1) of it that each took over: the lineages of all editions between the two moments,
    multiplied along. A figure counted by the division of `moment` is carried over by giving each
    heir its share of it. Shares sum to 1, or to less where ground went to no grid; a grid that
    nothing happened to has itself with share 1; a list is empty when nobody took the ground over.

    `by` is "households" (the shares of dwellings; of ground where nobody lives) or "area".
    Raises ValueError when `target_moment` lies before `moment`: figures are carried forward only.
    """
    if target_moment < moment:
        raise ValueError("Shares lead from a moment to a later one.")
    if by not in {"households", "area"}:
        raise ValueError(f"Shares are by households or by area, not by {by!r}.")
    grids = Boundary.objects.valid_at(moment).values_list("grid_id", flat=True)
    carried: dict[int, dict[int, float]] = {grid: {grid: 1.0} for grid in grids}
    for changes in _changes_between(moment, target_moment, by):
        for shares in carried.values():
            _carry(shares, changes)
    return {grid: sorted(shares.items()) for grid, shares in carried.items()}


def _carry(shares: dict[int, float], changes: dict[int, list[tuple[int, float]]]) -> None:
    """Replace each grid that an edition has changed by its heirs, in place."""
    moved = [(grid, shares.pop(grid)) for grid in list(shares) if grid in changes]
    for grid, share in moved:
        for heir, part in changes[grid]:
            shares[heir] = shares.get(heir, 0.0) + share * part


def _changes_between(
    moment: dt.datetime, target_moment: dt.datetime, by: str
) -> list[dict[int, list[tuple[int, float]]]]:
    """Edition by edition, the oldest first: the heirs of each grid that it has redrawn or ended."""
    between = {
        "edition__status": EditionStatus.PUBLISHED,
        "edition__effective_at__gt": moment,
        "edition__effective_at__lte": target_moment,
    }
    steps: dict[tuple[dt.datetime, int], dict[int, list[tuple[int, float]]]] = defaultdict(dict)
    lines = Lineage.objects.filter(**between).order_by("pk")
    for effective, edition, origin, heir, area, households in lines.values_list(
        "edition__effective_at",
        "edition_id",
        "origin_id",
        "heir_id",
        "area_share",
        "household_share",
    ):
        share = households if by == "households" and households is not None else area
        steps[effective, edition].setdefault(origin, []).append((heir, share))
    ended = Boundary.objects.filter(geometry__isnull=True, **between)
    for effective, edition, grid in ended.values_list(
        "edition__effective_at", "edition_id", "grid_id"
    ):
        steps[effective, edition].setdefault(grid, [])
    return [
        {origin: _whole(parts) for origin, parts in steps[key].items()} for key in sorted(steps)
    ]


def _whole(parts: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """Shares whose sum misses 1 by rounding are stretched to 1, so that no case gets lost.

    They are shrunk to 1 where heirs were published with an overlap, so that none counts twice.
    """
    kept = [(heir, share) for heir, share in parts if share > 0]
    total = sum(share for _heir, share in kept)
    if not kept or total < 1 - ROUNDING:
        return kept
    return [(heir, share / total) for heir, share in kept]
