"""Whatever is drawn in whatever order: no fault, no ground lost, and all of it can be undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids.territory.errors import TerritoryError
from grids.territory.models import Edition
from grids.territory.services.drawing import cutting, journal, verbs
from grids.territory.services.drawing.states import children
from tests.territory.drawing_town import (
    M2_A_DEGREE,
    box,
    draft,
    faults,
    ground_of,
    line,
    pen,
    redo,
    undo,
    unmatched,
)
from tests.town import Town

WEST, SOUTH, EAST, NORTH = 116.30, 40.00, 116.34, 40.02
share = st.floats(0, 1, allow_nan=False)
split = st.tuples(st.just("split"), share, share, share)
merge = st.tuples(st.just("merge"), share, share, share)
cut_out = st.tuples(st.just("cut_out"), share, share, share)
remove = st.tuples(st.just("remove"), share, share, share)
steps = st.lists(st.one_of(split, split, merge, cut_out, remove), min_size=1, max_size=7)


def at(numbers: tuple[float, float]) -> tuple[float, float]:
    return WEST + numbers[0] * (EAST - WEST), SOUTH + numbers[1] * (NORTH - SOUTH)


def take(edition: Edition, town: Town, step: tuple[Any, ...]) -> bool:
    """Try one step; False where it was refused, and then nothing may have changed."""
    verb, first, second, third = step
    inside = list(children(edition, [town.grids["a"].pk, town.grids["b"].pk]).values())
    if not inside:  # all were removed: both parents are undivided
        return False
    if not inside:
        return False  # every grid has been removed: both communities are undivided
    chosen = inside[int(first * (len(inside) - 1))]
    west, south, east, north = chosen.geometry.bounds
    before = held(edition)
    try:
        with transaction.atomic():
            if verb == "split":
                ends = [
                    (west - 1e-4, south + second * (north - south)),
                    (east + 1e-4, south + third * (north - south)),
                ]
                cutting.split(pen(edition), chosen.grid_id, line(*ends))
            elif verb == "merge":
                other = inside[int(second * (len(inside) - 1))]
                verbs.merge(pen(edition), [chosen.grid_id, other.grid_id])
            elif verb == "remove":
                verbs.remove(pen(edition), chosen.grid_id)
            else:
                lon, lat = at((second, third))
                shape = box(lon - 0.002, lat - 0.002, lon + 0.003, lat + 0.001)
                cutting.cut_out(pen(edition), shape, name="园")
    except TerritoryError:
        assert held(edition) == before
        return False
    return True


def held(edition: Edition) -> list[tuple[Any, ...]]:
    rows = edition.boundaries.order_by("grid_id").values_list(
        "grid_id", "name", "parent_id", "kind", "households", "population", "geometry"
    )
    return [(*row[:6], row[6] and row[6].hexewkb) for row in rows]


@pytest.mark.req("G-07")
@pytest.mark.req("G-04")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=steps)
def test_any_sequence_keeps_the_law_and_can_be_undone(town: Town, steps: list[Any]) -> None:
    with transaction.atomic():
        edition = draft("any")
        whole = {name: ground_of(edition, town.grids[name].pk) for name in "ab"}
        history = [held(edition)]
        for step in steps:
            if take(edition, town, step):
                history.append(held(edition))
            assert not faults(edition)
            for name in "ab":
                parent = town.grids[name].pk
                # An area that lost its last one is undivided, which the law allows.
                if children(edition, [parent]):
                    lost = abs(ground_of(edition, parent) - whole[name]) * M2_A_DEGREE
                    assert lost < 0.01
                    assert not unmatched(edition, parent)
        for past in reversed(history[:-1]):
            undo(edition)
            assert held(edition) == past
        assert not edition.boundaries.exists()
        assert not edition.findings.exists()
        for later in history[1:]:
            redo(edition)
            assert held(edition) == later
        assert journal.newest(edition) == len(history) - 1
        transaction.set_rollback(True)
