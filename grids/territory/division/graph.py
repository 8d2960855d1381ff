"""Faces joined to atoms (what is never cut), and the graph of their neighbourhood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from grids.territory.division.faces import Faces
from grids.territory.division.sites import roots, summed
from grids.territory.division.types import Bools, Floats, Ints

SCRAP_M2 = 1500.0  # empty ground smaller than this goes with its neighbour
DOOR_M = 1.0  # atoms that share less than this hardly touch


@dataclass(frozen=True)
class Graph:
    """Atoms with what they carry, and the borders between them (left < right).

    `perimeter_m` is each atom's whole outline; `length_m`, `along_m` and `barred_m` are as in
    Faces.
    """

    load: Floats
    households: Ints
    area_m2: Floats
    perimeter_m: Floats
    left: Ints
    right: Ints
    length_m: Floats
    along_m: Floats
    barred_m: Floats

    @property
    def size(self) -> int:
        return len(self.load)


def atoms_of(faces: Faces, key: Ints, apart: Bools) -> Ints:
    """The atom of each face. Faces with one `key` (≥ 0) belong together: a building's ground, a
    courtyard, an area set `apart`. Faces with −1 are nobody's ground, joined within their block.

    Pieces without a building that are small, or cut off from their own building, go to the
    neighbour with the longest border that is no barrier. An atom is always connected; a key whose
    buildings stand in several pieces becomes several atoms.
    """
    key = np.where(key >= 0, key, -1 - faces.block)
    same = key[faces.left] == key[faces.right]
    piece = roots(len(key), faces.left[same], faces.right[same])
    area = np.bincount(piece, weights=shapely.area(faces.shapes))
    own = np.full(len(area), np.iinfo(np.int64).min)
    own[piece] = key
    kept = (own < 0) & (area >= SCRAP_M2)
    kept[piece[faces.seat]] = True
    kept[piece[apart]] = True
    pull = faces.length_m - 0.9 * faces.along_m + 1e-9
    while True:
        left, right = piece[faces.left], piece[faces.right]
        out, home = kept[left] & ~kept[right], kept[right] & ~kept[left]
        scrap = np.concatenate((right[out], left[home]))
        if not len(scrap) or not kept.any():
            return roots_of(piece)
        keeper = np.concatenate((left[out], right[home]))
        pair, index = np.unique(np.column_stack((scrap, keeper)), axis=0, return_inverse=True)
        total = np.bincount(index.reshape(-1), weights=np.concatenate((pull[out], pull[home])))
        order = np.lexsort((pair[:, 1], -total, pair[:, 0]))
        first = order[np.diff(pair[order, 0], prepend=-1) != 0]
        into = np.arange(len(kept))
        into[pair[first, 0]] = pair[first, 1]
        piece = into[piece]


def roots_of(piece: Ints) -> Ints:
    """Numbers from 0 without a break, in the order of the first member."""
    _values, first, index = np.unique(piece, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[index.reshape(-1)]


def graph_of(faces: Faces, atom: Ints, load: Floats, households: Ints) -> Graph:
    """The graph of the atoms; `load` and `households` are per atom."""
    count = len(load)
    left, right = atom[faces.left], atom[faces.right]
    cross = left != right
    low, high = np.minimum(left, right)[cross], np.maximum(left, right)[cross]
    pair, index = np.unique(np.column_stack((low, high)), axis=0, return_inverse=True)
    index = index.reshape(-1)
    length = summed(index, faces.length_m[cross], len(pair))
    along = summed(index, faces.along_m[cross], len(pair))
    barred = summed(index, faces.barred_m[cross], len(pair))
    outline = summed(atom, faces.outer_m, count)
    outline += summed(pair[:, 0], length, count)
    outline += summed(pair[:, 1], length, count)
    keep = _doors(count, pair, length)
    return Graph(
        load,
        households,
        summed(atom, shapely.area(faces.shapes), count),
        outline,
        pair[keep, 0],
        pair[keep, 1],
        length[keep],
        along[keep],
        barred[keep],
    )


def _doors(count: int, pair: Ints, length: Floats) -> Ints:
    """Borders wide enough to count, and the widest of the others where nothing else connects."""
    wide = length >= DOOR_M
    piece = roots(count, pair[wide, 0], pair[wide, 1])
    chosen = np.flatnonzero(wide).tolist()
    for edge in np.argsort(-length, kind="stable").tolist():
        if wide[edge]:
            continue
        first, second = piece[pair[edge, 0]], piece[pair[edge, 1]]
        if first != second:
            piece[piece == second] = first
            chosen.append(edge)
    return np.sort(np.array(chosen, dtype=np.int64))
