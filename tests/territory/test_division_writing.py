"""A proposal in the draft: what continues unchanged keeps all that is known of it."""

import pytest
from django.utils import timezone
from shapely.geometry import MultiPolygon, Polygon, box

from grids.territory.models import Boundary
from grids.territory.services.division_writing import PlannedGrid, write_grids
from grids.territory.services.drawing.states import drawn
from tests.territory.division_town import A
from tests.territory.drawing_town import draft
from tests.town import Town

pytestmark = [pytest.mark.django_db, pytest.mark.req("G-03")]
WEST, MIDDLE, EAST = (
    box(116.31, 40.0, 116.312, 40.02),
    box(116.312, 40.0, 116.316, 40.02),
    box(116.316, 40.0, 116.32, 40.02),
)


def take(town: Town, first: MultiPolygon | Polygon) -> dict:
    """a1 continues as `first`, a2 is cut in three; the states of the draft's own changes."""
    edition = draft()
    grids = [
        PlannedGrid(A, town.grids["a1"].code, first, 999),
        PlannedGrid(A, town.grids["a2"].code, WEST, 70),
        PlannedGrid(A, "", MIDDLE, 60),
        PlannedGrid(A, "", EAST, 50),
    ]
    write_grids(edition, grids, actor=None, now=timezone.now())
    own = set(edition.boundaries.values_list("grid_id", flat=True))
    return {grid: state for grid, state in drawn(edition).items() if grid in own}


def known(town: Town) -> Boundary:
    Boundary.objects.filter(pk=town.boundaries["a1"].pk).update(
        population=0, source="surveyed", kind="dedicated", households=3
    )
    return Boundary.objects.get(pk=town.boundaries["a1"].pk)


def outline(town: Town) -> MultiPolygon:
    return drawn(draft("look"))[town.grids["a1"].pk].geometry


def test_a_grid_that_stays_as_it_is_is_no_change(town: Town) -> None:
    known(town)
    changes = take(town, outline(town))
    assert town.grids["a1"].pk not in changes
    assert town.grids["a2"].pk in changes


def test_a_corner_more_changes_the_outline_only(town: Town) -> None:
    known(town)
    (ring,) = [list(part.exterior.coords) for part in outline(town).geoms]
    (x, y), (x2, y2) = ring[0], ring[1]
    with_corner = Polygon([ring[0], ((x + x2) / 2, (y + y2) / 2), *ring[1:]])
    state = take(town, with_corner)[town.grids["a1"].pk]
    assert (state.population, state.source, state.kind) == (0, "surveyed", "dedicated")
    assert state.households == 3


def test_a_grid_that_moves_is_the_proposal_s(town: Town) -> None:
    known(town)
    state = take(town, box(116.30, 40.0, 116.31, 40.019))[town.grids["a1"].pk]
    assert (state.population, state.households, state.kind) == (None, 999, "basic")
    assert state.source != "surveyed"
