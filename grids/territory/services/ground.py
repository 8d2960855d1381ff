"""Ground features: load them from a file, and keep each building in its leaf."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas
import pandas
import pyogrio
import pyogrio.errors
import shapely
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from gridmgmt.core import audit
from grids.territory.choices import PlaceKind
from grids.territory.errors import TerritoryError
from grids.territory.models import Building, Edition, Place, Road, Water
from grids.territory.querysets import lock_publishing
from grids.territory.services.coverage import to_geos
from grids.territory.services.responsibility import responsible_areas_many

METRES_PER_DEGREE = 111_195.0  # of latitude, on the mean sphere
LAYERS = ("buildings", "roads", "water", "places")


@transaction.atomic
def load_ground(
    path: Path,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    source: str = "",
    layers: tuple[str, ...] = LAYERS,
    names: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Replace the ground features of `layers` by a file's; returns how many were read of each.

    Layers that the file does not have are left alone. Geometries must be EPSG:4326 or name their
    CRS. `names` says which layer of the file to read where it is named otherwise, `columns` the
    same for columns. A CSV (also .gz) with lon and lat in EPSG:4326 is a layer of that one name;
    buildings may be bare points. Columns: buildings id, name, name_en, kind, levels, households,
    estate, address_road, address_number; roads name, name_en,
    class; water name; places kind, name, name_en, road, number. All but the geometry may be absent.
    """
    names, columns = names or {}, columns or {}
    table = path.name.lower().removesuffix(".gz").endswith(".csv")
    present = list(layers[:1]) if table else _layers_of(path)
    counts = {}
    for layer in layers:
        theirs = layer if table else names.get(layer, layer)
        if theirs not in present:
            continue
        frame = _table(path) if table else geopandas.read_file(path, layer=theirs, engine="pyogrio")
        if missing := sorted(set(columns.values()) - set(frame.columns)):
            raise TerritoryError(
                _("The file has no column %(columns)s. Its columns: %(present)s.")
                % {"columns": ", ".join(missing), "present": ", ".join(map(str, frame.columns))}
            )
        for ours, column in columns.items():
            frame[ours] = frame[column]
        if frame.crs is None:
            raise TerritoryError(
                _("The layer %(layer)s does not say its coordinate system.") % {"layer": layer}
            )
        rows = frame.to_crs(4326).to_dict("records")
        counts[layer] = _LOADERS[layer](rows, source or path.name)
    if not counts:
        raise TerritoryError(
            _("The file has none of the layers %(layers)s. Its layers: %(present)s.")
            % {"layers": ", ".join(layers), "present": ", ".join(present)}
        )
    if "buildings" in counts:
        refresh_building_grids(now)
    newest = Edition.objects.order_by("-pk").first()
    if newest is not None:
        audit.record(actor=actor, now=now, action="ground_loaded", target=newest, data=counts)
    return counts


def refresh_building_grids(moment: dt.datetime) -> int:
    """Put every building into the leaf that answers for its point; returns how many moved.

    Two refreshes never cross: the second waits, then sees the newest division.
    """
    with transaction.atomic():
        lock_publishing()
        buildings = list(Building.objects.order_by("pk").only("pk", "point", "grid_id"))
        points = [(building.point.x, building.point.y) for building in buildings]
        moved = []
        for building, answer in zip(
            buildings, responsible_areas_many(points, moment=moment), strict=True
        ):
            grid_id = answer.leaf.grid_id if answer.leaf else None
            if building.grid_id != grid_id:
                building.grid_id = grid_id
                moved.append(building)
        Building.objects.bulk_update(moved, ["grid"], batch_size=1000)
    return len(moved)


def _table(path: Path) -> geopandas.GeoDataFrame:
    """A CSV with columns lon and lat; rows without a place are left out."""
    try:
        frame = pandas.read_csv(path)
        places = geopandas.points_from_xy(
            pandas.to_numeric(frame["lon"]), pandas.to_numeric(frame["lat"]), crs=4326
        )
    except (KeyError, ValueError, OSError) as error:
        raise TerritoryError(
            _("%(path)s cannot be read as a table with the columns lon and lat: %(why)s")
            % {"path": path.name, "why": error}
        ) from error
    found = geopandas.GeoDataFrame(frame, geometry=places)
    return found[frame["lon"].notna() & frame["lat"].notna()]


def _layers_of(path: Path) -> list[str]:
    try:
        return [str(name) for name, _kind in pyogrio.list_layers(path)]
    except pyogrio.errors.DataSourceError as error:
        raise TerritoryError(
            _("%(path)s cannot be read as GeoPackage, Shapefile, GeoJSON or KML: %(why)s")
            % {"path": path.name, "why": error}
        ) from error


def _load_buildings(rows: list[dict[str, Any]], source: str) -> int:
    Building.objects.all().delete()
    features = []
    for row in rows:
        for position, part in enumerate(shapely.get_parts(row["geometry"])):
            part = footprint_of(part)
            features.append(
                Building(
                    name=_text(row.get("name")),
                    name_en=_text(row.get("name_en")),
                    kind=_text(row.get("kind"))[:40],
                    source=source,
                    source_id=_text(row.get("id")),
                    footprint=to_geos(part),
                    point=to_geos(part.representative_point()),
                    levels=_number(row.get("levels")),
                    # A building of several parts keeps its dwellings with the first.
                    households=(_number(row.get("households")) or 0) if position == 0 else 0,
                    estate=_text(row.get("estate"))[:100],
                    street=_text(row.get("address_road"))[:100],
                    number=_text(row.get("address_number"))[:30],
                )
            )
    Building.objects.bulk_create(features, batch_size=1000)
    return len(features)


def footprint_of(part: BaseGeometry) -> BaseGeometry:
    """A building's polygon (EPSG:4326); of a bare point a square of one metre around it."""
    part = shapely.force_2d(part)
    if part.geom_type != "Point":
        return part
    north = 0.5 / METRES_PER_DEGREE
    east = north / max(math.cos(math.radians(part.y)), 1e-6)
    return shapely.box(part.x - east, part.y - north, part.x + east, part.y + north)


def _load_roads(rows: list[dict[str, Any]], source: str) -> int:
    Road.objects.all().delete()
    features = [
        Road(
            name=_text(row.get("name")),
            name_en=_text(row.get("name_en")),
            kind=(_text(row.get("class")) or _text(row.get("kind")))[:40],
            source=source,
            source_id=_text(row.get("id")),
            line=to_geos(shapely.force_2d(part)),
        )
        for row in rows
        for part in shapely.get_parts(row["geometry"])
        if part.geom_type == "LineString"
    ]
    Road.objects.bulk_create(features, batch_size=1000)
    return len(features)


def _load_water(rows: list[dict[str, Any]], source: str) -> int:
    Water.objects.all().delete()
    features = [
        Water(
            name=_text(row.get("name")),
            name_en=_text(row.get("name_en")),
            kind=_text(row.get("kind"))[:40],
            source=source,
            area=to_geos(shapely.MultiPolygon(list(shapely.get_parts(row["geometry"])))),
        )
        for row in rows
    ]
    Water.objects.bulk_create(features, batch_size=1000)
    return len(features)


def _load_places(rows: list[dict[str, Any]], source: str) -> int:
    """Named points of the file (canteens, sports grounds, gates); their terms come later."""
    Place.objects.filter(kind=PlaceKind.POINT).delete()
    features = [
        Place(
            kind=PlaceKind.POINT,
            name=_text(row["name"]),
            name_en=_text(row.get("name_en")),
            aliases=[kind] if (kind := _text(row.get("kind"))) else [],
            road=_text(row.get("road"))[:100],
            number=_text(row.get("number"))[:30],
            point=to_geos(row["geometry"].representative_point()),
            source=source,
        )
        for row in rows
        if _text(row.get("name"))
    ]
    Place.objects.bulk_create(features, batch_size=1000)
    return len(features)


_LOADERS = {
    "buildings": _load_buildings,
    "roads": _load_roads,
    "water": _load_water,
    "places": _load_places,
}


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value).strip()[:200]


def _number(value: Any) -> int | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return max(0, int(float(value)))
