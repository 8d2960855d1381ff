"""Each verb of drawing: what it does to the ground, to codes and names, and what it refuses."""

from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from django.utils import translation

from grids.territory.choices import FindingKind
from grids.territory.errors import TerritoryError
from grids.territory.models import Boundary, Building, Edition, Grid
from grids.territory.services.drawing import borders, codes, cutting, ground, verbs
from grids.territory.services.drawing.journal import DraftMoved, touched
from grids.territory.services.drawing.states import children, drawn
from tests.territory.drawing_town import (
    M2_A_DEGREE,
    box,
    draft,
    faults,
    ground_of,
    line,
    pen,
    redo,
    state,
    undo,
    unmatched,
)
from tests.town import Town


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def ids(town: Town, *names: str) -> list[int]:
    return [town.grids[name].pk for name in names]


def code_of(grid: int) -> str:
    return Grid.objects.get(pk=grid).code


def house(lon: float, lat: float, households: int) -> Building:
    return Building.objects.create(
        footprint=f"SRID=4326;{shapely.Point(lon, lat).buffer(1e-5, quad_segs=1).wkt}",
        point=f"SRID=4326;POINT({lon} {lat})",
        households=households,
    )


@pytest.mark.req("G-07")
@pytest.mark.req("G-02")
def test_a_split_leaves_the_larger_part_its_code_and_no_sliver(town: Town) -> None:
    edition = draft()
    (a1,) = ids(town, "a1")
    step = cutting.split(pen(edition), a1, line((116.30, 40.013), (116.31, 40.0144)))
    kept = state(edition, a1)
    new = next(s for s in drawn(edition).values() if s.grid_id not in town_ids(town))
    assert kept.geometry.area > new.geometry.area
    assert code_of(new.grid_id) == "110108999001003"
    assert new.parent_id == town.grids["a"].pk
    assert new.name == "区a1 2"
    assert new.name_en == "Area a1 2"
    assert kept.households + new.households == 200
    assert kept.households in (136, 137)
    assert ground_of(edition, town.grids["a"].pk) == pytest.approx(0.02 * 0.02, rel=1e-12)
    assert not faults(edition)
    assert not unmatched(edition, town.grids["a"].pk)
    assert town.grids["a2"].pk in touched(step), "the neighbour takes the vertex of the cut"
    undo(edition)
    assert not edition.boundaries.exists()
    redo(edition)
    assert state(edition, new.grid_id) == new


def town_ids(town: Town) -> set[int]:
    return {grid.pk for grid in town.grids.values()}


def test_a_split_by_dwellings_leaves_the_code_where_most_people_live(town: Town) -> None:
    house(116.305, 40.018, 90)
    house(116.305, 40.003, 30)
    edition = draft()
    (a1,) = ids(town, "a1")
    cutting.split(pen(edition), a1, line((116.30, 40.013), (116.31, 40.013)))
    kept = state(edition, a1)
    assert kept.geometry.bounds[1] == pytest.approx(40.013)
    assert kept.households == 150


def test_a_line_whose_ends_lie_just_inside_is_carried_on(town: Town) -> None:
    edition = draft()
    (a1,) = ids(town, "a1")
    cutting.split(pen(edition), a1, line((116.3001, 40.01), (116.3099, 40.01)))
    assert edition.boundaries.filter(geometry__isnull=False).count() == 3
    assert not faults(edition)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (((116.302, 40.01), (116.306, 40.01)), "does not cross"),
        (((116.35, 40.01), (116.36, 40.01)), "does not cross"),
        (((116.29, 40.02), (116.32, 40.02)), "does not cross"),
        (((116.29, 40.0199999), (116.32, 40.0199999)), "along the border"),
        (((116.29, 40.00), (116.32, 40.02), (116.32, 40.00), (116.29, 40.02)), "crosses itself"),
    ],
)
def test_a_line_that_does_not_cut_is_refused(
    town: Town, points: tuple[tuple[float, float], ...], said: str
) -> None:
    edition = draft()
    with pytest.raises(TerritoryError, match=said):
        cutting.split(pen(edition), town.grids["a1"].pk, line(*points))
    assert not edition.boundaries.exists()
    assert not edition.steps.exists()


def test_splitting_a_divided_area_follows_the_areas_inside(town: Town) -> None:
    edition = draft()
    home, b = ids(town, "home", "b")
    cutting.split(pen(edition), b, line((116.3302, 39.99), (116.3302, 40.03)), names=["新社区"])
    inside = {code_of(s.grid_id): s for s in children(edition, [home]).values()}
    assert sorted(inside) == ["110108999001", "110108999002", "110108999003", "110108999004"]
    assert inside["110108999004"].name == "新社区"
    halves = [inside["110108999002"], inside["110108999004"]]
    assert sorted(h.geometry.bounds[0] for h in halves) == pytest.approx([116.32, 116.33])
    assert len(children(edition, [inside["110108999004"].grid_id])) == 1
    assert {kind for kind, _codes in faults(edition)} <= {FindingKind.CODE_MISMATCH.value}


@pytest.mark.req("G-07")
def test_merging_keeps_the_larger_code_and_ends_the_others(town: Town) -> None:
    edition = draft()
    a1, a2 = ids(town, "a1", "a2")
    house(116.315, 40.01, 50)
    verbs.merge(pen(edition), [a1, a2], name="合")
    assert a1 not in drawn(edition)
    assert state(edition, a2).geometry.equals(box(116.30, 40.00, 116.32, 40.02))
    assert state(edition, a2).households == 400
    assert state(edition, a2).name == "合"
    assert edition.boundaries.get(grid=a1).geometry is None
    assert not faults(edition)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("a1", "b1"), "same parent"),
        (("a1", "a"), "one tier"),
        (("a1", "a1"), "at least two"),
    ],
)
def test_what_cannot_be_one_is_not_merged(town: Town, names: tuple[str, ...], said: str) -> None:
    edition = draft()
    with pytest.raises(TerritoryError, match=said):
        verbs.merge(pen(edition), ids(town, *names))
    assert not edition.steps.exists()


def test_areas_that_meet_at_a_point_only_are_not_merged(town: Town) -> None:
    edition = draft()
    (a1,) = ids(town, "a1")
    (a2,) = ids(town, "a2")
    cutting.split(pen(edition), a1, line((116.30, 40.01), (116.31, 40.01)))
    cutting.split(pen(edition), a2, line((116.31, 40.01), (116.32, 40.01)))
    inside = children(edition, ids(town, "a")).values()
    south_west = next(s for s in inside if s.geometry.bounds[:2] == (116.30, 40.00))
    north_east = next(s for s in inside if s.geometry.bounds[:2] == (116.31, 40.01))
    with pytest.raises(TerritoryError, match="a point is not enough"):
        verbs.merge(pen(edition), [south_west.grid_id, north_east.grid_id])


@pytest.mark.req("G-09")
def test_a_park_is_cut_out_of_the_grids_that_it_lies_over(town: Town) -> None:
    edition = draft()
    a, a1 = ids(town, "a", "a1")
    house(116.3085, 40.01, 20)
    house(116.303, 40.003, 60)
    cutting.cut_out(pen(edition), box(116.307, 40.005, 116.314, 40.015), name="公园")
    park = next(s for s in children(edition, [a]).values() if s.name == "公园")
    assert park.kind == "dedicated"
    assert park.geometry.equals(box(116.307, 40.005, 116.314, 40.015))
    assert code_of(park.grid_id) == "110108999001003"
    total = sum(s.households for s in children(edition, [a]).values())
    assert total == 400, "households move with their houses, none is lost"
    assert state(edition, a1).households == 150
    assert not faults(edition)
    assert not unmatched(edition, a)


@pytest.mark.req("G-09")
def test_a_cut_that_swallows_a_grid_ends_it(town: Town) -> None:
    edition = draft()
    a, a1 = ids(town, "a", "a1")
    cutting.cut_out(pen(edition), box(116.29, 39.99, 116.312, 40.03), name="公园", parent=a)
    assert a1 not in drawn(edition)
    park = next(s for s in children(edition, [a]).values() if s.name == "公园")
    assert park.geometry.equals(box(116.30, 40.00, 116.312, 40.02)), "clipped to its parent"
    assert not faults(edition)


def test_a_cut_across_parents_or_over_nothing_is_refused(town: Town) -> None:
    edition = draft()
    with pytest.raises(TerritoryError, match="several parents"):
        cutting.cut_out(pen(edition), box(116.317, 40.005, 116.324, 40.015), name="公园")
    with pytest.raises(TerritoryError, match="no area below"):
        cutting.cut_out(pen(edition), box(117.317, 40.005, 117.324, 40.015), name="公园")
    assert not edition.steps.exists()


def test_small_leftovers_of_a_cut_go_along_when_asked(town: Town) -> None:
    across = box(116.299, 40.001, 116.31, 40.018)
    kept, along = draft("kept"), draft("along")
    (a1,) = ids(town, "a1")
    cutting.cut_out(pen(kept), across, name="公园", parent=town.grids["a"].pk)
    assert len(state(kept, a1).geometry.geoms) == 2
    cutting.cut_out(
        pen(along), across, name="公园", parent=town.grids["a"].pk, leftovers_m2=120_000
    )
    assert len(state(along, a1).geometry.geoms) == 1
    assert not faults(along)


@pytest.mark.req("G-07")
def test_drawing_on_undivided_ground_fits_the_parent_and_the_neighbours(town: Town) -> None:
    edition = draft()
    (c,) = ids(town, "c")
    tier = town.tiers["grid"]
    cutting.draw(pen(edition), c, tier, box(116.33, 39.99, 116.35, 40.03), name="西")
    cutting.draw(pen(edition), c, tier, box(116.349, 39.99, 116.359995, 40.03), name="东")
    inside = {s.name: s for s in children(edition, [c]).values()}
    assert inside["西"].geometry.equals(box(116.34, 40.00, 116.35, 40.02))
    assert inside["东"].geometry.equals(box(116.35, 40.00, 116.36, 40.02)), "strips are filled"
    assert [code_of(inside[name].grid_id) for name in "西东"] == [
        "110108999003001",
        "110108999003002",
    ]
    assert not faults(edition)
    assert not unmatched(edition, c)
    with pytest.raises(TerritoryError, match="taken already"):
        cutting.draw(pen(edition), c, tier, box(116.345, 40.005, 116.355, 40.015), name="中")
    with pytest.raises(TerritoryError, match="another tier"):
        cutting.draw(
            pen(edition), town.grids["home"].pk, tier, box(116.33, 39.99, 116.35, 40.03), name="x"
        )


def test_a_new_street_needs_a_code_of_its_own(town: Town) -> None:
    edition = draft()
    street = town.tiers["street"]
    ground_north = box(116.30, 40.01, 116.36, 40.04)
    with pytest.raises(TerritoryError, match="needs a code"):
        cutting.draw(pen(edition), None, street, ground_north, name="北街")
    with pytest.raises(TerritoryError, match="never used twice"):
        cutting.draw(pen(edition), None, street, ground_north, name="北街", code="110108999")
    cutting.draw(pen(edition), None, street, ground_north, name="北街", code="110108997")
    north = next(s for s in drawn(edition).values() if s.name == "北街")
    assert north.geometry.equals(box(116.30, 40.02, 116.36, 40.04))


def test_removing_gives_the_ground_to_a_neighbour(town: Town) -> None:
    edition = draft()
    a1, a2, b1 = ids(town, "a1", "a2", "b1")
    with pytest.raises(TerritoryError, match="does not border"):
        verbs.remove(pen(edition), a1, heir=b1)
    verbs.remove(pen(edition), a1)
    assert state(edition, a2).geometry.equals(box(116.30, 40.00, 116.32, 40.02))
    assert state(edition, a2).households == 400
    assert not faults(edition)
    verbs.remove(pen(edition), a2)
    assert not children(edition, ids(town, "a")), "the last one leaves the parent undivided"
    assert not faults(edition)
    with pytest.raises(TerritoryError, match="Not in the division"):
        verbs.remove(pen(edition), a2)


def test_names_parents_and_confirmation(town: Town) -> None:
    edition = draft()
    a1, b = ids(town, "a1", "b")
    verbs.rename(pen(edition), a1, name=" 新名 ", name_en="New", households=180)
    assert (state(edition, a1).name, state(edition, a1).name_en) == ("新名", "New")
    assert state(edition, a1).households == 180
    for bad in ("", " ", "x" * 201, "a\0b", "\ud800"):
        with pytest.raises(TerritoryError, match="1 to 200"):
            verbs.rename(pen(edition), a1, name=bad)
    Boundary.objects.filter(grid=a1, valid__isnull=False).update(confirmed=False)
    edition.boundaries.update(confirmed=False)
    verbs.confirm(pen(edition), [a1])
    assert state(edition, a1).confirmed
    with pytest.raises(TerritoryError, match="tier above"):
        verbs.reparent(pen(edition), b, a1)
    verbs.reparent(pen(edition), a1, b)
    assert state(edition, a1).parent_id == b
    verbs.reset(pen(edition), [a1])
    assert not edition.boundaries.exists()
    verbs.reparent(pen(edition), a1, b, recode=True)
    assert a1 not in drawn(edition)
    assert "110108999002003" in {code_of(grid) for grid in children(edition, [b])}


def test_a_moved_vertex_moves_in_both_neighbours(town: Town) -> None:
    edition = draft()
    a, a1, a2 = ids(town, "a", "a1", "a2")
    west = shapely.Polygon(
        [(116.30, 40.00), (116.31, 40.00), (116.312, 40.01), (116.31, 40.02), (116.30, 40.02)]
    )
    east = shapely.Polygon(
        [(116.32, 40.00), (116.31, 40.00), (116.312, 40.01), (116.31, 40.02), (116.32, 40.02)]
    )
    # One browser rounds: less than a centimetre is the same vertex.
    shifted = shapely.transform(east, lambda xy: xy + (xy[:, :1] == 116.312) * 5e-8)
    borders.reshape(pen(edition), {a1: west, a2: shifted})
    assert state(edition, a1).geometry.area > state(edition, a2).geometry.area
    assert not faults(edition)
    assert not unmatched(edition, a)


def test_a_border_moved_in_one_area_only_is_found(town: Town) -> None:
    edition = draft()
    (a1,) = ids(town, "a1")
    borders.reshape(pen(edition), {a1: box(116.30, 40.00, 116.305, 40.02)})
    assert [kind for kind, _codes in faults(edition)] == ["gap"]
    assert edition.findings.filter(kind="gap").count() == 1
    undo(edition)
    assert not edition.findings.filter(kind="gap").exists()


def test_a_vertex_set_on_a_shared_border_is_set_for_the_neighbour_too(town: Town) -> None:
    edition = draft()
    a, a1, a2 = ids(town, "a", "a1", "a2")
    more = shapely.Polygon(
        [(116.30, 40.00), (116.31, 40.00), (116.31, 40.01), (116.31, 40.02), (116.30, 40.02)]
    )
    borders.reshape(pen(edition), {a1: more})
    assert not unmatched(edition, a)
    assert [116.31, 40.01] in shapely.get_coordinates(state(edition, a2).geometry).tolist()


def moved_between_communities() -> tuple[shapely.Polygon, shapely.Polygon]:
    """The border of a2 and b1, which is also that of communities a and b, bent to the east."""
    corner = (116.323, 40.01)
    west = [(116.31, 40.00), (116.32, 40.00), corner, (116.32, 40.02), (116.31, 40.02)]
    east = [(116.33, 40.00), (116.32, 40.00), corner, (116.32, 40.02), (116.33, 40.02)]
    return shapely.Polygon(west), shapely.Polygon(east)


@pytest.mark.req("G-07")
def test_a_border_of_communities_is_one_line_in_all_tiers(town: Town) -> None:
    edition = draft()
    a, b, home, a2, b1 = ids(town, "a", "b", "home", "a2", "b1")
    west, east = moved_between_communities()
    borders.reshape(pen(edition), {a2: west, b1: east})
    assert {kind for kind, _codes in faults(edition)} >= {"outside_parent"}
    undo(edition)
    borders.reshape(pen(edition), {a2: west, b1: east}, with_parents=True)
    assert not faults(edition)
    assert state(edition, a).geometry.covers(west)
    assert state(edition, b).geometry.covers(east)
    assert not edition.boundaries.filter(grid=home).exists(), "its border did not move"
    assert not unmatched(edition, home)


def test_a_border_of_streets_moves_both_streets(town: Town) -> None:
    edition = draft()
    names = ("a1", "f1", "a", "f", "home", "away")
    a1, f1, a, f, home, away = ids(town, *names)
    bend = (116.305, 39.997)
    north = [(116.30, 40.02), (116.30, 40.00), bend, (116.31, 40.00), (116.31, 40.02)]
    south = [(116.30, 39.98), (116.32, 39.98), (116.32, 40.00), (116.31, 40.00), bend]
    borders.reshape(
        pen(edition),
        {a1: shapely.Polygon(north), f1: shapely.Polygon([*south, (116.30, 40.00)])},
        with_parents=True,
    )
    assert not faults(edition)
    assert set(edition.boundaries.values_list("grid_id", flat=True)) >= {a1, f1, a, f, home, away}
    shared = state(edition, home).geometry.intersection(state(edition, away).geometry)
    assert shared.area * M2_A_DEGREE < 0.01


@pytest.mark.req("G-07")
def test_areas_inside_follow_the_border_of_their_parent(town: Town) -> None:
    edition = draft()
    a, b, a1, a2, b1 = ids(town, "a", "b", "a1", "a2", "b1")
    borders.reshape(
        pen(edition),
        {a: box(116.30, 40.00, 116.323, 40.02), b: box(116.323, 40.00, 116.34, 40.02)},
    )
    assert state(edition, a2).geometry.equals(box(116.31, 40.00, 116.323, 40.02))
    assert state(edition, b1).geometry.equals(box(116.323, 40.00, 116.33, 40.02))
    assert not edition.boundaries.filter(grid=a1).exists()
    assert not faults(edition)
    with pytest.raises(TerritoryError, match="would swallow 110108999002001"):
        borders.reshape(
            pen(edition),
            {a: box(116.30, 40.00, 116.335, 40.02), b: box(116.335, 40.00, 116.34, 40.02)},
        )


def test_a_faulty_ring_is_refused_with_its_place(town: Town) -> None:
    edition = draft()
    (a1,) = ids(town, "a1")
    bow = shapely.Polygon([(116.30, 40.00), (116.31, 40.02), (116.31, 40.00), (116.30, 40.02)])
    with pytest.raises(ground.RingFault) as raised:
        borders.reshape(pen(edition), {a1: bow})
    assert raised.value.grid == a1
    assert (raised.value.lon, raised.value.lat) == pytest.approx((116.305, 40.01))


@pytest.mark.req("G-02")
def test_codes_go_on_from_the_highest_and_none_is_used_twice(town: Town) -> None:
    a, tier = town.grids["a"], town.tiers["grid"]
    Grid.objects.create(tier=tier, code="110108999001007")  # of a draft withdrawn long ago
    assert [grid.code[-3:] for grid in codes.allot(a, tier, 2)] == ["008", "009"]
    Grid.objects.create(tier=tier, code="110108999001998")
    assert [grid.code[-3:] for grid in codes.allot(a, tier, 3)] == ["003", "004", "999"]
    with pytest.raises(TerritoryError, match="used up"):
        codes.allot(a, tier, 995)
    foreign = Grid.objects.create(tier=town.tiers["community"], code="BK0101")
    assert [grid.code for grid in codes.allot(foreign, tier, 2)] == ["BK0101-1", "BK0101-2"]
    assert [grid.code for grid in codes.allot(foreign, tier, 1)] == ["BK0101-3"]
    with pytest.raises(TerritoryError, match="does not lie below"):
        codes.allot(town.grids["a1"], tier, 1)


@pytest.mark.req("G-02")
def test_new_areas_are_numbered_from_the_west_in_rows_from_the_north(town: Town) -> None:
    tiles = [
        box(116.34 + x * 0.005, 40.0 + y * 0.005, 116.345 + x * 0.005, 40.005 + y * 0.005)
        for x in (2, 0, 1)
        for y in (0, 1)
    ]
    grids = codes.renumber(town.grids["c"], town.tiers["grid"], tiles)
    assert [int(grid.code[-3:]) for grid in grids] == [6, 3, 4, 1, 5, 2]


@pytest.mark.req("G-05")
def test_two_who_draw_in_one_draft_and_in_two(town: Town) -> None:
    one, two = draft("one"), draft("two")
    a1, b1 = ids(town, "a1", "b1")
    across = line((116.30, 40.013), (116.31, 40.013))
    cutting.split(pen(one, 0), a1, across)
    with pytest.raises(DraftMoved):
        verbs.rename(pen(one, 0), b1, name="新")
    cutting.split(pen(two, 0), a1, across)
    assert {s.name for s in drawn(two).values()} == {s.name for s in drawn(one).values()}
    new = [set(drawn(edition)) - town_ids(town) for edition in (one, two)]
    assert not new[0] & new[1], "two drafts never give out the same code"


def test_nothing_is_drawn_in_what_is_published(town: Town) -> None:
    edition = draft()
    verbs.rename(pen(edition), town.grids["a1"].pk, name="新")
    Edition.objects.filter(pk=edition.pk).update(status="published", effective_at="2025-01-01T00Z")
    with pytest.raises(TerritoryError, match="no draft"):
        cutting.split(pen(edition), town.grids["a1"].pk, line((116.29, 40.01), (116.33, 40.01)))


@pytest.mark.req("G-07")
def test_a_line_is_moved_whole_where_the_neighbour_has_no_vertex(town: Town) -> None:
    """A cut ends on the border of the communities: b1 has no vertex there that could be sent."""
    edition = draft()
    a2, b1, b = ids(town, "a2", "b1", "b")
    cutting.split(pen(edition), a2, line((116.31, 40.012), (116.32, 40.012)))
    assert b1 not in touched(edition.steps.get()), "another draft may redraw b1 all the while"
    parts = [
        s for s in children(edition, ids(town, "a")).values() if s.geometry.bounds[2] > 116.315
    ]
    for bend in (116.322, 116.318):
        sent = {
            part.grid_id: shapely.transform(
                state(edition, part.grid_id).geometry,
                lambda xy, bend=bend: np.where(
                    (np.abs(xy[:, 1:] - 40.012) < 1e-9) & (xy[:, :1] > 116.315), [bend, 40.012], xy
                ),
            )
            for part in parts
        }
        borders.reshape(pen(edition), sent, with_parents=True)
        assert not faults(edition)
        assert not unmatched(edition, town.grids["home"].pk)
        west = [shapely.get_coordinates(state(edition, grid).geometry) for grid in (b1, b)]
        assert all([bend, 40.012] in points.tolist() for points in west)


def test_an_undivided_neighbour_of_the_parent_yields_too(town: Town) -> None:
    edition = draft()
    b2, b, c = ids(town, "b2", "b", "c")
    corner = (116.343, 40.01)
    east = [(116.33, 40.00), (116.34, 40.00), corner, (116.34, 40.02), (116.33, 40.02)]
    borders.reshape(pen(edition), {b2: shapely.Polygon(east)}, with_parents=True)
    assert not faults(edition)
    assert state(edition, b).geometry.covers(shapely.Point(116.341, 40.01))
    assert not state(edition, c).geometry.covers(shapely.Point(116.341, 40.01))
    west = [(116.33, 40.00), (116.34, 40.00), (116.338, 40.01), (116.34, 40.02), (116.33, 40.02)]
    borders.reshape(pen(edition), {b2: shapely.Polygon(west)}, with_parents=True)
    assert not faults(edition)
    assert state(edition, c).geometry.covers(shapely.Point(116.339, 40.01))
    both = [(116.34, 40.00), (116.36, 40.00), (116.36, 40.02), (116.34, 40.02), (116.341, 40.01)]
    borders.reshape(
        pen(edition),
        {
            b2: shapely.Polygon([*east[:2], (116.341, 40.01), *east[3:]]),
            c: shapely.Polygon(both),
        },
        with_parents=True,
    )
    assert not faults(edition)
    assert state(edition, c).geometry.equals(shapely.Polygon(both))
