"""Maps on paper: true to scale, names that never collide, numbers that are never missing."""

import itertools
import math
import re

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from grids.territory.paper.content import Area, Ground, Picture, Street, Thing, colours
from grids.territory.paper.drawing import draw
from grids.territory.paper.frame import View, bar_length_m, fit, round_scale
from grids.territory.paper.lettering import break_lines, text_width_mm

COLUMNS, ROWS, SIDE_M = 6, 5, 120.0
CELLS = [
    shapely.box(x * SIDE_M, y * SIDE_M, (x + 1) * SIDE_M, (y + 1) * SIDE_M)
    for x in range(COLUMNS)
    for y in range(ROWS)
]
WHOLE = shapely.box(0, 0, COLUMNS * SIDE_M, ROWS * SIDE_M)


def ground() -> Ground:
    buildings = [
        Thing(shapely.box(x, y, x + 40, y + 14), f"{n}号楼")
        for n, (x, y) in enumerate(itertools.product(range(10, 700, 65), range(10, 590, 48)))
    ]
    roads = [
        Street(shapely.LineString([(0, y), (720, y)]), f"第{y:.0f}路", "primary")
        for y in (120.0, 360.0)
    ]
    roads.append(Street(shapely.LineString([(240, 0), (250, 600)]), "弯弯曲曲小巷", "residential"))
    return Ground(buildings, roads, [Thing(shapely.box(500, 400, 580, 470), "荷塘")])


def overlapping(drawing) -> list[tuple]:
    boxes = [name.box for name in drawing.placed]
    return [
        (drawing.placed[a].lines, drawing.placed[b].lines)
        for a, b in itertools.combinations(range(len(boxes)), 2)
        if boxes[a].intersection(boxes[b]).area > 1e-6
    ]


@pytest.mark.req("P-02")
@given(st.floats(1, 2_000_000))
def test_scales_are_round_and_never_too_large(least) -> None:
    scale = round_scale(least)
    assert scale >= max(500, least) - 1e-6
    assert scale <= max(500, least) * 2
    digits = str(scale).rstrip("0")
    assert digits in {"1", "125", "15", "2", "25", "3", "4", "5", "6", "75", "8"}


@pytest.mark.req("P-02")
@given(st.floats(30, 20_000), st.floats(30, 20_000), st.floats(60, 400), st.floats(60, 400))
def test_the_area_lies_in_the_window_and_a_metre_is_a_metre(w, h, width_mm, height_mm) -> None:
    shape = shapely.box(1000, 2000, 1000 + w, 2000 + h)
    view = fit(shape, width_mm, height_mm)
    drawn = view.to_mm(shape)
    assert view.paper.contains(drawn)
    west, _north, east, _south = drawn.bounds
    assert east - west == pytest.approx(w * 1000 / view.scale, rel=1e-6)
    assert bar_length_m(view.scale) * 1000 / view.scale <= max(38, 1000 / view.scale)


def test_north_is_up() -> None:
    view = View(100, 100, 1000, 0, 0)
    assert view.to_mm(shapely.Point(0, 20)).y < view.to_mm(shapely.Point(0, -20)).y


@pytest.mark.req("P-02", "M-07")
def test_names_never_collide_and_every_number_stands() -> None:
    areas = [
        Area(cell, chip=str(n + 1), level=3, tint=tint)
        for n, (cell, tint) in enumerate(zip(CELLS, colours(CELLS), strict=True))
    ]
    areas.append(Area(WHOLE, level=1, required=False))
    picture = Picture(WHOLE, areas, ground(), building_names=True)
    drawing = draw(picture, fit(WHOLE, 300, 240))
    assert drawing.missing == ()
    assert overlapping(drawing) == []
    chips = [name for name in drawing.placed if name.style == "chip"]
    assert sorted(int(name.lines[0]) for name in chips) == list(range(1, len(CELLS) + 1))
    assert {"第120路", "第360路", "荷塘"} <= {name.lines[0] for name in drawing.placed}
    assert drawing.shows == {"water", "buildings", "roads"}
    assert len([n for n in drawing.placed if n.style == "building"]) > 40


@pytest.mark.req("P-02")
@settings(max_examples=25, deadline=None)
@given(st.integers(2, 14), st.sampled_from([60.0, 90.0, 160.0]), st.booleans())
def test_numbers_find_a_place_however_small_the_areas(count, width_mm, long_names) -> None:
    """A large name must not swallow a small area; what has no room stands beside with a line."""
    parts = [shapely.box(n * 30, 0, (n + 1) * 30, 40 + 60 * (n % 2)) for n in range(count)]
    whole = shapely.union_all(parts)
    name = "一个名字非常非常长的社区" if long_names else "北区"
    areas = [Area(part, chip=str(n + 1), level=3) for n, part in enumerate(parts)]
    areas.append(Area(whole, name, level=2, tint=0))
    drawing = draw(Picture(whole, areas), fit(whole, width_mm, 120))
    assert [word for word in drawing.missing if word.isdigit()] == []
    assert overlapping(drawing) == []
    for placed in drawing.placed:
        assert shapely.box(0, 0, width_mm, 120).contains(placed.box)


@pytest.mark.req("P-02")
def test_neighbours_have_different_tints() -> None:
    tints = colours(CELLS)
    for a, b in itertools.combinations(range(len(CELLS)), 2):
        if CELLS[a].intersection(CELLS[b]).length > 0:
            assert tints[a] != tints[b]
    assert colours(CELLS) == tints
    assert len(set(tints)) > 3


def test_the_drawing_is_whole_svg_and_escapes_names() -> None:
    area = Area(WHOLE, '<b>"&', level=2, tint=1)
    drawing = draw(Picture(WHOLE, [area], ground()), fit(WHOLE, 180, 100), title="a<b")
    assert "<b>" not in drawing.svg
    assert "&lt;b&gt;" in drawing.svg
    assert f"1:{drawing.scale}" in drawing.svg
    assert re.search(r'viewBox="0 0 180 100"', drawing.svg)
    numbers = [float(n) for n in re.findall(r"[ML ](-?\d+\.\d\d) ", drawing.svg)]
    assert all(math.isfinite(n) and -12 < n < 200 for n in numbers)


def test_words_are_measured_and_broken() -> None:
    assert text_width_mm("荷清苑", 4) == 12
    assert text_width_mm("WWW", 4) > text_width_mm("iii", 4)
    assert break_lines("荷清苑社区第4网格", 5) == ["荷清苑社区", "第4网格"]
    assert break_lines("North Quarter community", 8) == ["North", "Quarter", "community"]
    assert break_lines("Zhongguancun", 8) == ["Zhongguancun"]
