"""Whatever a division looks like: proven where it holds, exact where it does not, mended."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grids.territory.geometry.borders import METRES_PER_DEGREE, ROUNDING_WIDTH_M
from grids.territory.geometry.coverage import area_m2, check_areas, check_children, ring_fault
from grids.territory.geometry.repair import NoRepair, Repair
from tests.territory.divisions import Tree, divisions, moved_vertex, multi

GROUND = {"gap", "overlap", "outside_parent", "sliver"}


def everything(_fault) -> bool:
    return True


def mended(tree: Tree) -> Repair:
    """The repair of all faults; only what cannot be repaired at all is no case for these tests."""
    work = Repair(tree)
    try:
        work.areas({"p": everything})
    except NoRepair as refusal:
        assume(refusal.reason != "no_ground")
        raise
    return work


def faulty_by_overlay(parent, children) -> float:
    """m² of gaps, overlaps and what hangs over, the slow way: pair by pair."""
    shapes = list(children.values())
    union = shapely.union_all(shapes)
    twice = [shapely.intersection(a, b) for i, a in enumerate(shapes) for b in shapes[i + 1 :]]
    inside = shapely.intersection(shapely.union_all(twice), parent) if twice else parent - parent
    return sum(map(area_m2, (parent - union, inside, *(s - parent for s in shapes))))


@pytest.mark.req("G-04")
@settings(max_examples=80, deadline=None)
@given(division=divisions())
def test_any_division_is_proven_without_computing_anything(division) -> None:
    parent, children = division
    report = check_children(parent, children)
    assert report.findings == []
    assert report.rounding_m2 < 1e-3


@pytest.mark.req("G-04")
@settings(max_examples=120, deadline=None)
@given(
    division=divisions(),
    chosen=st.integers(0, 100),
    vertex=st.integers(0, 200),
    east_m=st.floats(-30, 30),
    north_m=st.floats(-30, 30),
)
def test_a_moved_vertex_is_found_to_the_square_centimetre(
    division, chosen, vertex, east_m, north_m
) -> None:
    parent, children = division
    code = sorted(children)[chosen % len(children)]
    moved = moved_vertex(children[code], vertex, east_m, north_m)
    assume(not ring_fault(moved))
    children = children | {code: moved}
    report = check_children(parent, children)
    found = sum(finding.area_m2 for finding in report.findings)
    assert found == pytest.approx(faulty_by_overlay(parent, children), rel=1e-6, abs=2e-3)
    assert {finding.kind for finding in report.findings} <= GROUND
    for finding in report.findings:
        assert finding.repair.partition(":")[2] in children
        assert shapely.intersects(finding.geometry, shapely.Point(finding.place))


@pytest.mark.req("G-04")
@settings(max_examples=120, deadline=None)
@given(
    division=divisions(),
    chosen=st.integers(0, 100),
    moves=st.lists(
        st.tuples(st.integers(0, 200), st.floats(-20, 20), st.floats(-20, 20)),
        min_size=1,
        max_size=3,
    ),
)
def test_a_repair_leaves_nothing_and_moves_only_faulty_ground(division, chosen, moves) -> None:
    parent, children = division
    code = sorted(children)[chosen % len(children)]
    moved = children[code]
    for move in moves:
        moved = moved_vertex(moved, *move)
    assume(not ring_fault(moved))
    children = children | {code: multi(moved)}
    faults = check_children(parent, children).findings
    tree = Tree({"p": parent} | children, {"p": None} | dict.fromkeys(children, "p"))
    work = mended(tree)
    after = children | work.shapes
    assert check_children(parent, after).findings == []
    ground = shapely.union_all([f.geometry for f in faults]) if faults else shapely.Polygon()
    near = ground.buffer(1e-9)
    for name, shape in work.shapes.items():
        assert shape.is_valid
        beyond_m2 = area_m2(shapely.symmetric_difference(shape, children[name]) - near)
        assert beyond_m2 < ROUNDING_WIDTH_M * shape.length * METRES_PER_DEGREE
    again = mended(tree)
    assert {name: shape.wkb for name, shape in again.shapes.items()} == {
        name: shape.wkb for name, shape in work.shapes.items()
    }


@pytest.mark.req("G-04")
@settings(max_examples=60, deadline=None)
@given(division=divisions(), vertex=st.integers(0, 200), east_m=st.floats(0.001, 15))
def test_a_repair_reaches_down_to_the_last_grid(division, vertex, east_m) -> None:
    """Two areas overlap or gape; each is divided by a north–south line. Both tiers are mended."""
    parent, areas = division
    assume(len(areas) > 1)
    code = sorted(areas)[0]
    moved = moved_vertex(areas[code], vertex, east_m, east_m / 3)
    assume(not ring_fault(moved))
    areas = areas | {code: multi(moved)}
    shapes, parents = {"p": parent} | areas, {"p": None} | dict.fromkeys(areas, "p")
    for name, shape in areas.items():
        west, south, east, north = shape.bounds
        line = shapely.LineString(
            [(west * 0.6 + east * 0.4, south - 1), (west * 0.4 + east * 0.6, north + 1)]
        )
        pieces = shapely.get_parts(shapely.polygonize([shapely.union_all([shape.boundary, line])]))
        sides: dict[str, list] = {}
        for piece in pieces:
            middle = piece.representative_point()
            if shape.contains(middle):
                side = "w" if line.project(middle) >= 0 and _left(line, middle) else "e"
                sides.setdefault(f"{name}{side}", []).append(piece)
        for child, own in sides.items():
            shapes[child], parents[child] = multi(shapely.coverage_union_all(own)), name
    tree = Tree(shapes, parents)
    work = mended(tree)
    after = shapes | work.shapes
    divided = [name for name in shapes if tree.children(name)]
    reports = check_areas(
        [after[name] for name in divided],
        [{child: after[child] for child in tree.children(name)} for name in divided],
    )
    assert [finding for report in reports for finding in report.findings] == []


def _left(line: shapely.LineString, point: shapely.Point) -> bool:
    (x1, y1), (x2, y2) = line.coords
    return (x2 - x1) * (point.y - y1) - (y2 - y1) * (point.x - x1) > 0


def test_after_a_repair_neighbours_run_through_the_same_vertices() -> None:
    parent = shapely.box(116.30, 40.00, 116.32, 40.02)
    # The eastern side has vertices of its own, up to some centimetres off the western border.
    east = shapely.Polygon(
        [(116.31, 40.0), (116.3100001, 40.005), (116.3099999, 40.013), (116.31, 40.02),
         (116.32, 40.02), (116.32, 40.0)]
    )  # fmt: skip
    children = {"west": shapely.box(116.30, 40.00, 116.31, 40.02), "east": east}
    kinds = {finding.kind for finding in check_children(parent, children).findings}
    assert kinds
    assert kinds <= GROUND
    work = Repair(Tree({"p": parent} | children, {"p": None, "west": "p", "east": "p"}))
    work.areas({"p": everything})
    after = children | work.shapes
    assert shapely.coverage_is_valid([multi(after["west"]), multi(after["east"])])
    report = check_children(parent, after)
    assert (report.findings, report.rounding_m2) == ([], 0.0)
    border = [
        {tuple(xy) for xy in shapely.get_coordinates(after[name]) if 116.305 < xy[0] < 116.315}
        for name in ("west", "east")
    ]
    assert border[0] == border[1]


def test_a_grid_that_would_lose_all_its_ground_is_not_repaired_away() -> None:
    parent = shapely.box(116.30, 40.00, 116.32, 40.02)
    beyond = shapely.box(116.33, 40.00, 116.34, 40.02)
    tree = Tree({"p": parent, "a": parent, "b": beyond}, {"p": None, "a": "p", "b": "p"})
    with pytest.raises(NoRepair) as refusal:
        Repair(tree).areas({"p": everything})
    assert (refusal.value.reason, refusal.value.grid) == ("no_ground", "b")


@pytest.mark.parametrize(
    ("bad", "verb"),
    [
        (None, "redraw"),
        (shapely.Polygon(), "redraw"),
        (shapely.MultiPolygon(), "redraw"),
        (shapely.Point(116.31, 40.01), "redraw"),
        (shapely.Polygon([(116.3, 40.0), (float("inf"), 40.1), (116.4, 40.0)]), "redraw"),
        (
            shapely.Polygon([(116.31, 40.0), (116.32, 40.02), (116.32, 40.0), (116.31, 40.02)]),
            "mend",
        ),
    ],
)
def test_no_bad_outline_stops_a_check_of_many(bad, verb: str) -> None:
    parent = shapely.box(116.30, 40.00, 116.32, 40.02)
    good = {
        "w": shapely.box(116.30, 40, 116.31, 40.02),
        "e": shapely.box(116.31, 40, 116.32, 40.02),
    }
    first, second, third = check_areas(
        [parent, parent, parent], [good, {"bad": bad, "w": good["w"]}, good]
    )
    assert first.findings == third.findings == []
    assert [f.kind for f in second.findings] == ["invalid_ring", "gap"]
    assert second.findings[0].repair == f"{verb}:bad"


def test_a_hundred_thousand_vertices_are_checked_in_a_moment() -> None:
    angles = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    wheel = shapely.Polygon(
        np.column_stack([116.31 + 0.005 * np.cos(angles), 40.01 + 0.005 * np.sin(angles)])
    )
    parent = shapely.box(116.30, 40.00, 116.32, 40.02)
    assert check_children(parent, {"rim": parent - wheel, "wheel": wheel}).findings == []
    smaller = shapely.affinity.scale(wheel, 0.99, 0.99)
    [gap] = check_children(parent, {"rim": parent - wheel, "wheel": smaller}).findings
    assert gap.area_m2 == pytest.approx(area_m2(wheel) - area_m2(smaller), rel=1e-6)
