"""Vector tiles of the base map: roads, buildings, water and places, straight out of PostGIS.

Tiles are in EPSG:3857 with an extent of 4096; layers are roads {name, name_en, class},
buildings {name, name_en, kind}, water {name, name_en}, places {name, name_en, kind}, and for
/tiles/grids/ grids {code, name, name_en, tier}. A tile without anything in it is empty, status 200.
"""

from __future__ import annotations

import gzip
import hashlib

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from gridmgmt.core.public_pages import map_for_public

DEEPEST = 22
CONTENT_TYPE = "application/vnd.mapbox-vector-tile"
HOUR = 3600

# Which roads a zoom shows: the finer the zoom, the smaller the road.
_MAJOR = ("motorway", "trunk", "primary", "secondary")
_LINKS = tuple(f"{name}_link" for name in _MAJOR)
_MIDDLE = (*_MAJOR, *_LINKS, "tertiary", "tertiary_link")
_SMALL = (*_MIDDLE, "residential", "unclassified", "living_street", "pedestrian")

_BASE = """
WITH tile AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box,
           ST_Transform(
               ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.0625), 4326) AS reach
),
roads AS (
    SELECT r.name, r.name_en, r.kind AS class,
           ST_AsMVTGeom(ST_Transform(r.line, 3857), t.box, 4096, 128) AS geometry
    FROM territory_road r, tile t
    WHERE r.line && t.reach AND (%(all_roads)s OR r.kind = ANY (%(classes)s))
),
buildings AS (
    SELECT b.name, b.name_en, b.kind,
           ST_AsMVTGeom(ST_Transform(b.footprint, 3857), t.box, 4096, 64) AS geometry
    FROM territory_building b, tile t
    WHERE %(z)s >= 14 AND b.footprint && t.reach
),
water AS (
    SELECT w.name, w.name_en, ST_AsMVTGeom(ST_Transform(w.area, 3857), t.box, 4096, 64) AS geometry
    FROM territory_water w, tile t
    WHERE w.area && t.reach
),
places AS (
    SELECT p.name, p.name_en, p.kind,
           ST_AsMVTGeom(ST_Transform(p.point, 3857), t.box, 4096, 256) AS geometry
    FROM territory_place p, tile t
    WHERE p.point && t.reach
      AND ((p.kind = 'estate' AND %(z)s >= 13) OR (p.kind = 'point' AND %(z)s >= 16))
)
SELECT coalesce((SELECT ST_AsMVT(roads, 'roads', 4096, 'geometry') FROM roads), ''::bytea)
    || coalesce((SELECT ST_AsMVT(buildings, 'buildings', 4096, 'geometry') FROM buildings), '')
    || coalesce((SELECT ST_AsMVT(water, 'water', 4096, 'geometry') FROM water), '')
    || coalesce((SELECT ST_AsMVT(places, 'places', 4096, 'geometry') FROM places), '')
"""

_GRIDS = """
WITH tile AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box,
           ST_Transform(
               ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.0625), 4326) AS reach
),
grids AS (
    SELECT g.code, b.name, b.name_en, r.code AS tier,
           ST_AsMVTGeom(ST_Transform(b.geometry, 3857), t.box, 4096, 64) AS geometry
    FROM tile t
    JOIN territory_boundary b ON b.geometry && t.reach AND (b.valid @> %(moment)s) IS TRUE
    JOIN territory_grid g ON g.id = b.grid_id
    JOIN territory_tier r ON r.id = g.tier_id
)
SELECT coalesce(ST_AsMVT(grids, 'grids', 4096, 'geometry'), '') FROM grids
"""


@require_safe
@map_for_public
def base_tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """One tile of the base map."""
    classes: tuple[str, ...] = _MAJOR if z < 12 else _MIDDLE if z < 13 else _SMALL
    return _tile(
        request, _BASE, z, x, y, {"all_roads": z >= 14, "classes": list(classes)}, max_age=HOUR
    )


@require_safe
@map_for_public
def grid_tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """One tile of the grids in force. Always asked again: an edition may have taken effect."""
    return _tile(request, _GRIDS, z, x, y, {"moment": timezone.now()}, max_age=0)


def _tile(
    request: HttpRequest, sql: str, z: int, x: int, y: int, values: dict, *, max_age: int
) -> HttpResponse:
    if z > DEEPEST or x >= 2**z or y >= 2**z:
        return HttpResponse(status=404)  # a machine asks: no page about it
    with connection.cursor() as cursor:
        cursor.execute(sql, {"z": z, "x": x, "y": y, **values})
        body = bytes(cursor.fetchone()[0])
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"public, max-age={max_age}" if max_age else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("If-None-Match", "").removeprefix("W/") == tag:
        return HttpResponse(status=304, headers=headers)
    if body and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, compresslevel=5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(body, content_type=CONTENT_TYPE, headers=headers)
