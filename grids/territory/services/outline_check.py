"""What is worth knowing of single outlines: holes, several parts, not confirmed. Never a fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from grids.territory.choices import FindingKind
from grids.territory.geometry.coverage import CoverageFinding, area_m2
from grids.territory.services.nodes import Node


def advice(
    nodes: Sequence[Node],
    children: Mapping[int, Sequence[Node]],
    shapes: Mapping[int, BaseGeometry],
) -> Iterator[CoverageFinding]:
    """Advice on each outline; `children` by parent and sound `shapes` by grid id, as known."""
    sound = [n for n in nodes if n.grid_id in shapes]
    outlines = np.array([shapes[n.grid_id] for n in sound], dtype=object)
    parts_of = shapely.get_num_geometries(outlines)
    every, owner = shapely.get_parts(outlines, return_index=True)
    holed = set(owner[shapely.get_num_interior_rings(every) > 0].tolist())
    for number, node in enumerate(sound):
        shape = shapes[node.grid_id]
        if number in holed:
            for part in shapely.get_parts(shape):
                for ring in part.interiors:
                    yield _hole(node, Polygon(ring))
        if parts_of[number] > 1:
            yield from _parts(node, shape, children, shapes)
        if not node.confirmed:
            yield CoverageFinding(
                FindingKind.UNCONFIRMED.value,
                (node.code,),
                shape,
                None,
                f"confirm:{node.code}",
                node.tier_code,
                node.grid_id,
            )


def _hole(node: Node, ground: Polygon) -> CoverageFinding:
    # Below a parent the hole is another's ground, or a gap that is reported as one.
    verb = "fill" if node.parent_id is None else "keep"
    return CoverageFinding(
        FindingKind.HOLE.value,
        (node.code,),
        ground,
        area_m2(ground),
        f"{verb}:{node.code}",
        node.tier_code,
        node.grid_id,
    )


def _parts(
    node: Node,
    shape: BaseGeometry,
    children: Mapping[int, Sequence[Node]],
    shapes: Mapping[int, BaseGeometry],
) -> Iterator[CoverageFinding]:
    """All parts but the largest."""
    siblings = [
        other
        for other in children.get(node.parent_id or 0, ())
        if other is not node and other.grid_id in shapes
    ]
    parts = shapely.get_parts(shape)
    largest = int(np.argmax(shapely.area(parts)))
    for number, part in enumerate(parts):
        if number != largest:
            yield _part(node, part, siblings, shapes)


def _part(
    node: Node, part: Polygon, siblings: Sequence[Node], shapes: Mapping[int, BaseGeometry]
) -> CoverageFinding:
    """A lesser part: proposed to the sibling with the longest common border, else kept."""
    borders = {
        other.code: shapely.intersection(part.boundary, shapes[other.grid_id].boundary).length
        for other in siblings
        if shapely.intersects(part, shapes[other.grid_id])
    }
    best = min(borders, key=lambda code: (-borders[code], code)) if borders else None
    given = best is not None and borders[best] > 0
    return CoverageFinding(
        FindingKind.MULTI_PART.value,
        (node.code, best) if given and best else (node.code,),
        part,
        area_m2(part),
        f"pass:{best}" if given else f"keep:{node.code}",
        node.tier_code,
        node.grid_id,
    )
