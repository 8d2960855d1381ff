"""Where the division itself makes work: cases near a border, and places people disagree about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import shapely
from pyproj import Transformer

from data.services.periods import Period
from data.services.replay import Cases, Leaves, label_of
from gridmgmt.core.crs import metric_crs
from grids.territory import ports
from incidents.choices import Action
from incidents.models import HistoryEntry

NEAR_M = 20.0
SQUARE_M = 40.0  # cases are shown by squares, never one by one
DISPUTES = (Action.RETURN, Action.REASSIGN)
MOST_PLACES = 20


@dataclass(frozen=True)
class BorderPair:
    """Two neighbours, and the cases within NEAR_M of the border between them."""

    first: str
    second: str
    cases: int


@dataclass(frozen=True)
class Square:
    """A square of SQUARE_M with its count; `ring` are its corners (lon, lat)."""

    ring: tuple[tuple[float, float], ...]
    count: int
    areas: tuple[str, ...] = ()


class Metres:
    """Degrees to metres and back, in the UTM zone of a box's middle."""

    def __init__(self, box: ports.Box) -> None:
        west, south, east, north = box
        crs = metric_crs((west + east) / 2, (south + north) / 2)
        self._there = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        self._back = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)

    def shapes(self, geometries: Iterable[shapely.Geometry]) -> np.ndarray:
        """The geometries in metres."""
        return shapely.transform(
            np.array(list(geometries), dtype=object),
            lambda xy: np.column_stack(self._there.transform(xy[:, 0], xy[:, 1])),
        )

    def points(self, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points in metres."""
        return self._there.transform(lon, lat)

    def squares(self, x_m: np.ndarray, y_m: np.ndarray) -> dict[tuple[int, int], list[int]]:
        """Which points lie in which square."""
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        columns, rows = np.floor(x_m / SQUARE_M), np.floor(y_m / SQUARE_M)
        for number, key in enumerate(zip(columns.astype(int), rows.astype(int), strict=True)):
            found[int(key[0]), int(key[1])].append(number)
        return found

    def ring(self, key: tuple[int, int]) -> tuple[tuple[float, float], ...]:
        """The corners of a square in degrees."""
        west, south = key[0] * SQUARE_M, key[1] * SQUARE_M
        corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
        xs = [west + SQUARE_M * across for across, _up in corners]
        ys = [south + SQUARE_M * up for _across, up in corners]
        lon, lat = self._back.transform(xs, ys)
        return tuple((round(x, 6), round(y, 6)) for x, y in zip(lon, lat, strict=True))


def near_borders(cases: Cases, leaves: Leaves) -> tuple[list[BorderPair], list[Square]]:
    """Cases within NEAR_M of the border between two leaves: by pair of neighbours, and by square.

    A case near three leaves counts for the nearest neighbour. Pairs come with the most cases first.
    """
    if not len(cases) or len(leaves.states) < 2:
        return [], []
    metres = Metres(_bounds(leaves))
    shapes = metres.shapes(leaves.shapes)
    x_m, y_m = metres.points(cases.lon, cases.lat)
    points = shapely.points(x_m, y_m)
    own = leaves.of(cases.lon, cases.lat)
    point, leaf = shapely.STRtree(shapes).query(points, predicate="dwithin", distance=NEAR_M)
    other = (own[point] >= 0) & (leaf != own[point])
    point, leaf = point[other], leaf[other]
    away_m = shapely.distance(points[point], shapes[leaf])
    nearest: dict[int, tuple[float, int]] = {}
    for number, neighbour, distance in zip(
        point.tolist(), leaf.tolist(), away_m.tolist(), strict=True
    ):
        if number not in nearest or (distance, neighbour) < nearest[number]:
            nearest[number] = (distance, neighbour)
    pairs: Counter[tuple[int, int]] = Counter()
    for number, (_distance, neighbour) in nearest.items():
        pairs[tuple(sorted((int(own[number]), neighbour)))] += 1  # type: ignore[index]
    names = [label_of(state) for state in leaves.states]
    kept = np.array(sorted(nearest), dtype=np.int64)
    squares = metres.squares(x_m[kept], y_m[kept])
    return (
        [
            BorderPair(names[first], names[second], count)
            for (first, second), count in sorted(
                pairs.items(), key=lambda item: (-item[1], item[0])
            )
        ],
        [Square(metres.ring(key), len(found)) for key, found in sorted(squares.items())],
    )


def disputed(period: Period, leaves: Leaves, *, now: datetime) -> list[Square]:
    """Places whose cases were handed back or reassigned most often in the period, by square."""
    if not leaves.states:
        return []
    box = _bounds(leaves)
    rows = (
        HistoryEntry.objects.filter(
            action__in=DISPUTES,
            at__gte=period.start,
            at__lt=min(period.end, now),
            incident__point__bboverlaps=f"SRID=4326;{shapely.box(*box).wkt}",
        )
        .order_by("pk")
        .values_list("incident__point", flat=True)
    )
    places = [(point.x, point.y) for point in rows]
    if not places:
        return []
    lon, lat = np.array(places).T
    numbers = leaves.of(lon, lat)
    lon, lat, numbers = lon[numbers >= 0], lat[numbers >= 0], numbers[numbers >= 0]
    metres = Metres(box)
    squares = metres.squares(*metres.points(lon, lat)) if len(lon) else {}
    ordered = sorted(squares.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        Square(
            metres.ring(key),
            len(found),
            tuple(sorted({label_of(leaves.states[int(numbers[number])]) for number in found})),
        )
        for key, found in ordered[:MOST_PLACES]
    ]


def _bounds(leaves: Leaves) -> ports.Box:
    west, south, east, north = shapely.total_bounds(leaves.shapes)
    return float(west), float(south), float(east), float(north)
