"""Divisions made by chance, for property tests of coverage and repair."""

from __future__ import annotations

import math

import numpy as np
import shapely
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

WEST, SOUTH, SIZE = 116.30, 40.00, 0.02
METRES_EAST, METRES_NORTH = 85_300.0, 111_040.0  # a degree at 40° north

PARENTS = {
    "plain": shapely.box(WEST, SOUTH, WEST + SIZE, SOUTH + SIZE),
    "hole": shapely.box(WEST, SOUTH, WEST + SIZE, SOUTH + SIZE)
    - shapely.box(WEST + 0.008, SOUTH + 0.007, WEST + 0.012, SOUTH + 0.0111),
    "islands": shapely.MultiPolygon(
        [
            shapely.box(WEST, SOUTH, WEST + 0.011, SOUTH + SIZE),
            shapely.box(WEST + 0.0123, SOUTH + 0.003, WEST + SIZE, SOUTH + 0.017),
        ]
    ),
}


@st.composite
def divisions(draw: st.DrawFn) -> tuple[BaseGeometry, dict[str, BaseGeometry]]:
    """A parent (with a hole, of several islands, or plain) and children that divide it exactly.

    The ground is cut by random lines; each face goes to one of a few children, so that children
    have holes, several parts and borders of many vertices.
    """
    parent = PARENTS[draw(st.sampled_from(sorted(PARENTS)))]
    ends = draw(
        st.lists(st.tuples(*[st.integers(0, 1000)] * 3), min_size=1, max_size=7, unique=True)
    )
    lines = [_line(*numbers) for numbers in ends]
    net = shapely.union_all([parent.boundary, *lines])
    faces = [
        face
        for face in shapely.get_parts(shapely.polygonize(list(shapely.get_parts(net))))
        if parent.contains(face.representative_point())
    ]
    number = draw(st.integers(1, 4))
    owners = [draw(st.integers(0, number - 1)) for _ in faces]
    children = {}
    for owner in sorted(set(owners)):
        own = [face for face, held in zip(faces, owners, strict=True) if held == owner]
        children[f"c{owner}"] = multi(shapely.coverage_union_all(own))
    return multi(shapely.coverage_union_all(faces)), children


def _line(across: int, up: int, turn: int) -> shapely.LineString:
    """A bent line through the whole ground."""
    x, y, angle = WEST + SIZE * across / 1000, SOUTH + SIZE * up / 1000, math.pi * turn / 1000
    way = np.array([math.cos(angle), math.sin(angle)]) * SIZE * 2
    aside = np.array([-way[1], way[0]]) * 0.03
    middle = np.array([x, y])
    return shapely.LineString([middle - way, middle + aside, middle + way])


def multi(shape: BaseGeometry) -> shapely.MultiPolygon:
    """The polygons of a shape as one MultiPolygon."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


def moved_vertex(shape: BaseGeometry, number: int, east_m: float, north_m: float) -> BaseGeometry:
    """The shape with one vertex moved by metres; every ring stays closed."""
    xy = shapely.get_coordinates(shape)
    old = xy[number % len(xy)]
    new = old + np.array([east_m / METRES_EAST, north_m / METRES_NORTH])
    return shapely.transform(
        shape, lambda rows: np.where((rows == old).all(axis=1)[:, None], new, rows)
    )


class Tree:
    """A division by names, as geometry.repair asks for it."""

    def __init__(self, shapes: dict[str, BaseGeometry], parents: dict[str, str | None]) -> None:
        self.shapes, self.parents = shapes, parents

    def shape(self, grid: str) -> BaseGeometry:
        return self.shapes[grid]

    def children(self, grid: str) -> list[str]:
        return [name for name, parent in self.parents.items() if parent == grid]

    def code(self, grid: str) -> str:
        return grid

    def depth(self, grid: str) -> int:
        parent = self.parents[grid]
        return 0 if parent is None else 1 + self.depth(parent)
