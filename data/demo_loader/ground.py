"""The division and the base data of the demonstration, through the services that offices use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyogrio
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction

from grids.territory.models import Boundary, Edition, Grid, Tier
from grids.territory.services import editions

DEMO_FILE = Path(__file__).resolve().parent.parent / "demo" / "qinghuayuan.gpkg"
EDITION = "demo"
TIERS = ("street", "community", "grid")


@dataclass(frozen=True)
class Division:
    """What is in force after loading: the demonstration's street and what lies below it."""

    street_id: int
    street_code: str
    communities: list[Boundary]
    leaves: list[Boundary]


@transaction.atomic
def load_division(*, actor: AbstractBaseUser | None, now: datetime, since: datetime) -> Edition:
    """Draw every area into a draft and publish it as in force since `since`.

    The coverage law must hold without findings; else publishing refuses and nothing is written.
    """
    edition = editions.draft(EDITION, actor=actor, now=now)
    grids: dict[str, Grid] = {}
    for tier in Tier.objects.filter(code__in=TIERS).order_by("order"):
        for row in read_layer(tier.code):
            grid = Grid.objects.create(tier=tier, code=row["code"])
            grids[grid.code] = grid
            editions.put(
                edition,
                grid,
                geometry=_multi(row["geometry"]),
                name=row["name"],
                name_en=row["name_en"] or "",
                parent=grids.get(row.get("parent") or ""),
                kind=row.get("kind") or "basic",
                households=row.get("households"),
                population=row.get("population"),
                source=row["source"],
                source_crs="wgs84",
            )
    return editions.publish(edition, actor=actor, now=now, effective_at=since)


def read_layer(name: str) -> list[dict[str, Any]]:
    """The rows of a layer as plain values, `geometry` as WKB in EPSG:4326."""
    meta, _ids, geometries, columns = pyogrio.raw.read(DEMO_FILE, layer=name)
    values = [column.tolist() for column in columns]
    return [
        {**dict(zip(meta["fields"], row, strict=True)), "geometry": geometry}
        for geometry, *row in zip(geometries, *values, strict=True)
    ]


def division_of(code: str, moment: datetime) -> Division:
    """The areas below the street with this code, sorted by code."""
    street = Grid.objects.get(tier__code="street", code=code)
    areas = Boundary.objects.valid_at(moment).select_related("grid").defer("geometry")
    communities = list(areas.filter(parent=street).order_by("grid__code"))
    leaves = list(areas.filter(parent__in=[c.grid_id for c in communities]).order_by("grid__code"))
    return Division(street.pk, street.code, communities, leaves)


def _multi(wkb: bytes) -> GEOSGeometry:
    return GEOSGeometry(memoryview(wkb), srid=4326)
