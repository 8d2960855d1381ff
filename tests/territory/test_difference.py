"""What a draft changes: ground, names, parents, and the households and buildings it touches."""

import pytest
from django.contrib.gis.geos import Polygon

from grids.territory.models import Building
from grids.territory.services import editions
from grids.territory.services.difference import difference, differences
from tests.territory.redraws import box, draft, publish, put, split_a1


def building(lon: float, lat: float, households: int) -> Building:
    shape = Polygon.from_bbox((lon, lat, lon + 0.0001, lat + 0.0001))
    return Building.objects.create(
        footprint=shape, point=shape.point_on_surface, households=households
    )


@pytest.mark.req("G-05")
def test_each_change_has_its_word_and_its_ground(town) -> None:
    edition = draft("all")
    heir = split_a1(town, edition)
    put(edition, town, "a2", name="other name")
    put(edition, town, "b1", parent=town.grids["a"])
    put(edition, town, "b2", households=250)
    editions.remove(edition, town.grids["f1"])
    put(edition, town, "c")  # as it is
    found = difference(edition)
    words = {row.grid.pk: row.changes for row in found.rows}
    assert words == {
        town.grids["a1"].pk: ("moved",),
        town.grids["a2"].pk: ("renamed",),
        heir.pk: ("added",),
        town.grids["b1"].pk: ("reparented",),
        town.grids["b2"].pk: ("altered",),
        town.grids["f1"].pk: ("removed",),
    }
    rows = {row.grid.pk: row for row in found.rows}
    moved, added = rows[town.grids["a1"].pk], rows[heir.pk]
    removed = rows[town.grids["f1"].pk]
    assert moved.lost_m2 == pytest.approx(added.gained_m2, rel=1e-6)
    assert moved.before_m2 == pytest.approx(853_000 * 2.22, rel=0.02)
    assert moved.gained_m2 == pytest.approx(0, abs=0.01)
    assert (removed.after_m2, removed.lost_m2) == (0, removed.before_m2)
    # 3/10 of a1's 200, all of b1's and f1's
    assert (found.households_affected, found.estimated) == (460, True)


def test_households_are_counted_by_buildings_where_there_are_any(town) -> None:
    building(116.305, 40.005, 10)  # stays in a1
    building(116.305, 40.018, 7)  # goes to the new grid
    building(116.315, 40.018, 5)  # a2: only renamed
    building(116.325, 40.018, 3)  # b1: under another community
    edition = draft("counted")
    heir = split_a1(town, edition)
    put(edition, town, "a2", name="other name")
    put(edition, town, "b1", parent=town.grids["a"])
    town.grids["a1"].boundaries.filter(edition=town.edition).update(population=170)
    found = difference(edition)
    assert (found.households_affected, found.buildings_affected) == (10, 2)
    assert found.residents_affected == 70  # 7 of a1's 17 households
    assert not found.estimated
    rows = {row.grid.pk: row for row in found.rows}
    assert (rows[heir.pk].households_after, rows[heir.pk].buildings) == (7, 1)


def test_several_editions_cost_as_many_questions_as_one(town, django_assert_num_queries) -> None:
    drafts = []
    for number in range(4):
        drafts.append(draft(f"draft {number}"))
        put(drafts[-1], town, "a1", geometry=box(116.30, 40.00, 116.31, 40.01 + number / 1000))
        put(drafts[-1], town, "b1", name=f"name {number}")
    with django_assert_num_queries(4):
        difference(drafts[0])
    with django_assert_num_queries(4):
        found = differences(drafts)
    assert [len(found[edition.pk].rows) for edition in drafts] == [2, 2, 2, 2]


def test_an_empty_draft_differs_in_nothing_and_a_published_one_keeps_its_difference(town) -> None:
    edition = draft("empty")
    found = difference(edition)
    assert (found.rows, found.bounds, found.households_affected) == ([], None, 0)
    split_a1(town, edition)
    before = difference(edition)
    publish(edition)
    after = difference(edition)
    assert [row.changes for row in after.rows] == [row.changes for row in before.rows]
    assert after.households_affected == before.households_affected == 60
