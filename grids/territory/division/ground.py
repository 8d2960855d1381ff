"""One parent made ready for the search: its faces, atoms, graph, and what stands fixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from grids.territory.division.faces import Faces, faces_of
from grids.territory.division.graph import Graph, atoms_of, graph_of
from grids.territory.division.lines import drawn_on
from grids.territory.division.sites import summed, units
from grids.territory.division.types import Area, Floats, Ints, Problem, Shapes, Wish

FREE, OVERSIZED, APART = 0, 1, 2


@dataclass(frozen=True)
class Ground:
    """`buildings` are the parent's, as indices into the problem; `atom_of` their atoms.

    Per atom: `fixed` (FREE, OVERSIZED or APART), `apart` (index into Problem.dedicated or −1),
    `today` (index into Problem.existing or −1), `opened` (whether its courtyard was too large).
    """

    parent: Area
    faces: Faces
    atom: Ints  # per face
    graph: Graph
    buildings: Ints
    footprints: Shapes  # of the units, for the check that none is cut
    atom_of: Ints  # per building
    fixed: Ints
    apart: Ints
    today: Ints
    opened: Ints


def ground_of(
    problem: Problem, parent: Area, buildings: Ints, wish: Wish, check: Callable[[], None]
) -> Ground:
    """Cut the parent's ground and join it to atoms."""
    unit, shapes = units(problem.footprints[buildings], tiled=problem.tiled)
    lines, weights = drawn_on(problem.barriers, problem.barrier_weights, parent.geometry)
    check()
    areas = np.array([area.geometry for area in problem.dedicated], dtype=object)
    faces = faces_of(parent.geometry, shapes, lines, weights, areas, check)
    workload, households = problem.workload[buildings], problem.households[buildings]
    load_of_unit = summed(unit, workload, len(shapes))
    key, opened_unit = _courtyards(problem.groups[buildings], unit, load_of_unit, wish)
    apart_of_block = _apart(faces, areas)
    apart_of_unit = apart_of_block[faces.block[faces.seat]]
    face_unit = faces.unit
    face_key = np.where(face_unit >= 0, key[np.maximum(face_unit, 0)] if len(key) else -1, -1)
    face_apart = apart_of_block[faces.block]
    owned = face_unit >= 0
    face_apart[owned] = apart_of_unit[face_unit[owned]]
    face_key = np.where(face_apart >= 0, len(shapes) * 2 + face_apart, face_key)
    atom = atoms_of(faces, face_key, face_apart >= 0)
    count = int(atom.max()) + 1
    seat_atom = atom[faces.seat]
    atom_of = seat_atom[unit]
    load = summed(atom_of, workload, count)
    people = summed(atom_of, households, count).astype(np.int64)
    apart = np.full(count, -1, dtype=np.int64)
    np.maximum.at(apart, atom[faces.seat], apart_of_unit)
    alone = np.flatnonzero((face_apart >= 0) & (faces.unit < 0))
    np.maximum.at(apart, atom[alone], face_apart[alone])
    opened = np.zeros(count, dtype=np.int64)
    np.maximum.at(opened, seat_atom, opened_unit)
    fixed = np.where(apart >= 0, APART, np.where(load > wish.most + 1e-9, OVERSIZED, FREE))
    check()
    return Ground(
        parent,
        faces,
        atom,
        graph_of(faces, atom, load, people),
        buildings,
        shapes,
        atom_of,
        fixed,
        apart,
        _today(problem, faces, atom, seat_atom, shapes, load_of_unit, count),
        opened,
    )


def _courtyards(groups: Ints, unit: Ints, load: Floats, wish: Wish) -> tuple[Ints, Ints]:
    """The key of each unit, one for all of a courtyard; and which units' courtyard was opened
    because it is too large for one grid."""
    count = len(load)
    key = np.arange(count)
    opened = np.zeros(count, dtype=np.int64)
    of_unit = np.full(count, -1, dtype=np.int64)
    np.maximum.at(of_unit, unit, groups)
    for group in np.unique(of_unit[of_unit >= 0]):
        members = np.flatnonzero(of_unit == group)
        if load[members].sum() > wish.most + 1e-9:
            opened[members] = len(members) > 1
        else:
            key[members] = members[0]
    return key, opened


def _apart(faces: Faces, areas: Shapes) -> Ints:
    """The declared area that each block lies in (−1: none)."""
    apart = np.full(int(faces.block.max()) + 1, -1, dtype=np.int64)
    if len(areas):
        free = np.flatnonzero(faces.unit < 0)
        rest = np.flatnonzero(faces.unit >= 0)
        for members in (rest, free):
            points = shapely.point_on_surface(faces.shapes[members])
            which, area = shapely.STRtree(areas).query(points, predicate="intersects")
            apart[faces.block[members[which]]] = area
    return apart


def _today(
    problem: Problem,
    faces: Faces,
    atom: Ints,
    seat_atom: Ints,
    shapes: Shapes,
    load: Floats,
    count: int,
) -> Ints:
    """The grid of today that holds most of each atom: by load, else by ground."""
    today = np.full(count, -1, dtype=np.int64)
    if not problem.existing:
        return today
    tree = shapely.STRtree([area.geometry for area in problem.existing])
    ground = shapely.point_on_surface(faces.shapes)
    for owner, points, weight in (
        (atom, ground, shapely.area(faces.shapes) * 1e-9),
        (seat_atom, shapely.point_on_surface(shapes), load + 1e-3),
    ):
        if not len(owner):
            continue
        which, where = tree.query(points, predicate="intersects")
        votes: dict[tuple[int, int], float] = {}
        for point, area in zip(which.tolist(), where.tolist(), strict=True):
            pair = (int(owner[point]), area)
            votes[pair] = votes.get(pair, 0.0) + float(weight[point])
        best: dict[int, tuple[float, int]] = {}
        for (one, area), vote in sorted(votes.items()):
            if one not in best or vote > best[one][0]:
                best[one] = (vote, area)
        for one, (_vote, area) in best.items():
            today[one] = area
    return today
