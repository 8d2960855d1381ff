"""What is stored of a draft after any step, undone ones too, is what a check of all of it finds."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from django.contrib.gis.geos import Point, Polygon
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids.territory.errors import TerritoryError
from grids.territory.models import Building, Edition, Tier
from grids.territory.services import coverage
from grids.territory.services.drawing import borders, cutting, verbs
from grids.territory.services.drawing.states import drawn
from tests.territory.drawing_town import box, draft, line, pen, redo, undo
from tests.town import Town

share = st.floats(0, 1, allow_nan=False)
VERBS = ("split", "merge", "cut_out", "remove", "reparent", "reset", "reshape")
steps = st.lists(st.tuples(st.sampled_from(VERBS), share, share, share), min_size=1, max_size=6)


def build_up(town: Town) -> None:
    """A band of households, and buildings whose shape a border may run through."""
    Tier.objects.filter(code="grid").update(household_min=60, household_max=300)
    for number in range(12):
        lon, lat = 116.3006 + number * 0.0033, 40.004 + (number % 4) * 0.004
        shape = Polygon.from_bbox((lon, lat, lon + 0.0008, lat + 0.0006))
        shape.srid = 4326
        Building.objects.create(
            footprint=shape,
            point=Point(lon + 0.0004, lat + 0.0003, srid=4326),
            households=20,
        )


def stored(edition: Edition) -> list[tuple[Any, ...]]:
    rows = edition.findings.exclude(kind="building_cut")
    return sorted(_key(f.kind, f.codes, f.area_id, f.repair) for f in rows)


def found(edition: Edition) -> list[tuple[Any, ...]]:
    report = coverage.examine(timezone.now(), edition, whole=True, advice=True)
    rows = [f for f in report.findings if f.kind != "building_cut"]
    return sorted(_key(f.kind, f.codes, f.area, f.repair) for f in rows)


def _key(kind: str, codes: Any, area: int | None, repair: str) -> tuple[Any, ...]:
    return kind, tuple(codes), area or 0, repair


def take(edition: Edition, step: tuple[Any, ...]) -> bool:
    """Try one step anywhere in the town; False where it was refused."""
    verb, first, second, third = step
    areas = list(drawn(edition).values())
    chosen = areas[int(first * (len(areas) - 1))]
    other = areas[int(second * (len(areas) - 1))]
    west, south, east, north = chosen.geometry.bounds
    lon, lat = west + second * (east - west), south + third * (north - south)
    with contextlib.suppress(TerritoryError), transaction.atomic():
        if verb == "split":
            cut = line((lon, south - 1e-4), (west + third * (east - west), north + 1e-4))
            cutting.split(pen(edition), chosen.grid_id, cut)
        elif verb == "merge":
            verbs.merge(pen(edition), [chosen.grid_id, other.grid_id])
        elif verb == "remove":
            verbs.remove(pen(edition), chosen.grid_id)
        elif verb == "reparent":
            verbs.reparent(pen(edition), chosen.grid_id, other.grid_id, recode=third > 0.5)
        elif verb == "reset":
            drafted = list(edition.boundaries.order_by("grid_id").values_list("grid_id", flat=True))
            verbs.reset(pen(edition), drafted[int(first * len(drafted)) :][:2])
        elif verb == "reshape":
            shape = box(west, south, max(lon, west + 1e-4), north)
            borders.reshape(pen(edition), {chosen.grid_id: shape}, with_parents=third > 0.5)
        else:
            cutting.cut_out(pen(edition), box(lon, lat, lon + 0.004, lat + 0.003), name="园")
        return True
    return False


@pytest.mark.req("G-05")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
def test_stored_findings_are_those_of_a_whole_check(town: Town, steps: list[Any]) -> None:
    with transaction.atomic():
        build_up(town)
        edition = draft("any")
        coverage.check_draft(edition, now=timezone.now())
        history = [stored(edition)]
        for step in steps:
            if take(edition, step):
                assert stored(edition) == found(edition)
                history.append(stored(edition))
        for past in reversed(history[:-1]):
            undo(edition)
            assert stored(edition) == past
        for later in history[1:]:
            redo(edition)
            assert stored(edition) == later
        transaction.set_rollback(True)


@pytest.mark.req("G-05")
def test_an_area_that_lost_its_parent_is_no_orphan_after_undoing(town: Town) -> None:
    edition = draft("orphans")
    cutting.split(pen(edition), town.grids["a"].pk, line((116.31, 39.99), (116.31, 40.03)))
    fresh = edition.boundaries.get(grid__tier__code="community", replaces=None)
    verbs.reset(pen(edition), [fresh.grid_id])
    assert edition.findings.filter(kind="missing_parent").exists()
    undo(edition)
    assert not edition.findings.filter(kind="missing_parent").exists()


@pytest.mark.req("G-05")
def test_a_neighbours_cut_building_follows_what_is_drawn_beside_it(town: Town) -> None:
    shape = Polygon.from_bbox((116.3290, 40.0095, 116.3304, 40.0105))
    shape.srid = 4326
    Building.objects.create(footprint=shape, point=Point(116.3297, 40.01, srid=4326), households=20)
    edition = draft("cut")
    b1, b2 = town.grids["b1"], town.grids["b2"]

    def cut() -> list[tuple[int | None, int]]:
        rows = edition.findings.filter(kind="building_cut")
        return [(row.area_id, len(row.codes)) for row in rows]

    coverage.check_draft(edition, now=timezone.now())
    assert cut() == [(b1.pk, 2)]
    cutting.split(pen(edition), b2.pk, line((116.3299, 40.01), (116.3401, 40.01)))
    assert cut() == [(b1.pk, 3)]
    undo(edition)
    assert cut() == [(b1.pk, 2)]
