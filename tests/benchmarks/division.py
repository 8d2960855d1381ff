"""A made-up division: a lattice of grids with wiggly shared borders, in communities and streets.

Neighbours share every vertex of their border, so the coverage law holds exactly.
"""

from __future__ import annotations

import datetime as dt
import math
import random

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from grids.territory.models import Boundary, Edition, Grid, Tier

WEST, SOUTH, STEP = 116.0, 39.5, 0.003  # a grid is some 250 m × 330 m
BENDS = 12  # vertices on each shared border
SINCE = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
COMMUNITY, STREET = (5, 5), (20, 25)  # grids in each


def cells(columns: int, rows: int, seed: int = 1) -> dict[tuple[int, int], shapely.Polygon]:
    """Polygons by column and row."""
    chance = random.Random(seed)

    def between(first: tuple[float, float], last: tuple[float, float]) -> list[tuple[float, float]]:
        across = (first[1] - last[1], last[0] - first[0])
        points = [first]
        for bend in range(1, BENDS + 1):
            share = bend / (BENDS + 1)
            # Calm at the corners, so that no two borders cross.
            aside = chance.uniform(-0.08, 0.08) * math.sin(math.pi * share)
            points.append(
                (
                    first[0] + (last[0] - first[0]) * share + across[0] * aside,
                    first[1] + (last[1] - first[1]) * share + across[1] * aside,
                )
            )
        return [*points, last]

    corner = {
        (i, j): (WEST + i * STEP, SOUTH + j * STEP)
        for i in range(columns + 1)
        for j in range(rows + 1)
    }
    flat = {
        (i, j): between(corner[i, j], corner[i + 1, j])
        for i in range(columns)
        for j in range(rows + 1)
    }
    steep = {
        (i, j): between(corner[i, j], corner[i, j + 1])
        for i in range(columns + 1)
        for j in range(rows)
    }
    return {
        (i, j): shapely.Polygon(
            [
                *flat[i, j],
                *steep[i + 1, j][1:],
                *flat[i, j + 1][::-1][1:],
                *steep[i, j][::-1][1:],
            ]
        )
        for i in range(columns)
        for j in range(rows)
    }


def load(columns: int, rows: int) -> None:
    """Fill the current database with columns × rows grids in three tiers, in force since SINCE."""
    ground = cells(columns, rows)
    edition = Edition.objects.create(name="made up", status="published", effective_at=SINCE)
    streets = _tier(edition, "street", _grouped(ground, STREET), {}, STREET)
    communities = _tier(edition, "community", _grouped(ground, COMMUNITY), streets, STREET)
    _tier(edition, "grid", ground, communities, COMMUNITY)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _grouped(
    ground: dict[tuple[int, int], shapely.Polygon], size: tuple[int, int]
) -> dict[tuple[int, int], shapely.Geometry]:
    members: dict[tuple[int, int], list[shapely.Polygon]] = {}
    for (i, j), shape in ground.items():
        key = (i // size[0] * size[0], j // size[1] * size[1])
        members.setdefault(key, []).append(shape)
    return {key: shapely.coverage_union_all(shapes) for key, shapes in members.items()}


def _tier(
    edition: Edition,
    code: str,
    ground: dict[tuple[int, int], shapely.Geometry],
    parents: dict[tuple[int, int], Grid],
    size: tuple[int, int],
) -> dict[tuple[int, int], Grid]:
    tier = Tier.objects.get(code=code)
    grids = {key: Grid(tier=tier, code=f"{code[0]}{key[0]:04}{key[1]:04}") for key in ground}
    Grid.objects.bulk_create(grids.values(), batch_size=2000)
    Boundary.objects.bulk_create(
        (
            Boundary(
                grid=grids[key],
                edition=edition,
                parent=parents.get((key[0] // size[0] * size[0], key[1] // size[1] * size[1])),
                name=f"{code} {grids[key].code}",
                geometry=GEOSGeometry(
                    memoryview(shapely.to_wkb(_multi(shape))),
                    srid=4326,
                ),
                valid=DateTimeTZRange(SINCE, None),
                households=200,
            )
            for key, shape in ground.items()
        ),
        batch_size=1000,
    )
    return grids


def _multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])


def points(columns: int, rows: int, count: int, seed: int = 7) -> list[tuple[float, float]]:
    """Points (lon, lat) well inside single grids."""
    chance = random.Random(seed)
    return [
        (
            WEST + (chance.randrange(columns) + chance.uniform(0.2, 0.8)) * STEP,
            SOUTH + (chance.randrange(rows) + chance.uniform(0.2, 0.8)) * STEP,
        )
        for _ in range(count)
    ]
