"""Write areas to GeoPackage, Shapefile, GeoJSON or KML, in a coordinate system of choice.

What is written can be imported again to the same areas, vertex for vertex in WGS84 and CGCS2000,
and within millimetres in every other system.
"""

from __future__ import annotations

import datetime as dt
import json
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import shapely
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from shapely.geometry import MultiPolygon

from gridmgmt.core.crs import CGCS2000, WGS84, Crs, UnknownCrsError, from_wgs84, parse_crs
from grids.territory.errors import TerritoryError
from grids.territory.models import Boundary, Edition, Tier
from grids.territory.services.drawing.states import laid_over

ENDINGS = ("gpkg", "geojson", "shp", "kml")
CONTENT_TYPES = {
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
    "shp": "application/zip",
    "kml": "application/vnd.google-earth.kml+xml",
}
ENCODINGS = ("UTF-8", "GB18030")
COLUMNS = (
    "code",
    "name",
    "name_en",
    "tier",
    "parent",
    "kind",
    "households",
    "population",
    "valid_from",
)


@dataclass(frozen=True)
class ExportArea:
    """One area as it is written; `geometry` EPSG:4326, `valid_from` empty in a draft."""

    code: str
    name: str
    name_en: str
    tier: str
    parent: str
    kind: str
    households: int | None
    population: int | None
    valid_from: str
    geometry: MultiPolygon


def areas_in_force(moment: dt.datetime, *, tier: str = "") -> list[ExportArea]:
    """The division at `moment`, one tier of it or all."""
    return _areas(Boundary.objects.valid_at(moment), tier)


def areas_of_draft(edition: Edition, *, tier: str = "") -> list[ExportArea]:
    """The division as the draft has it: what is in force with the draft laid over."""
    return _areas(laid_over(edition), tier)


def _areas(rows: QuerySet[Boundary], tier: str) -> list[ExportArea]:
    if tier:
        if "\0" in tier or not Tier.objects.filter(code=tier).exists():
            raise TerritoryError(
                _("There is no tier %(code)s. The tiers: %(tiers)s.")
                % {
                    "code": tier[:40],
                    "tiers": ", ".join(Tier.objects.values_list("code", flat=True)),
                }
            )
        rows = rows.filter(grid__tier__code=tier)
    found = rows.select_related("grid__tier", "parent").order_by("grid__tier__order", "grid__code")
    areas = [
        ExportArea(
            code=row.grid.code,
            name=row.name,
            name_en=row.name_en,
            tier=row.grid.tier.code,
            parent=row.parent.code if row.parent else "",
            kind=row.kind,
            households=row.households,
            population=row.population,
            valid_from=timezone.localtime(row.valid.lower).isoformat() if row.valid else "",
            geometry=shapely.from_wkb(bytes(row.geometry.wkb)),
        )
        for row in found
    ]
    if not areas:
        raise TerritoryError(_("There is no area to export at that moment."))
    return areas


def wanted_crs(text: str, ending: str) -> Crs:
    """The system that is asked for. Raises TerritoryError for one that the format cannot hold."""
    try:
        crs = parse_crs(text or "wgs84")
    except UnknownCrsError:
        raise TerritoryError(
            _(
                "%(crs)s is no coordinate system that we know. Use wgs84, cgcs2000, gcj02, bd09 or "
                "EPSG:n."
            )
            % {"crs": text}
        ) from None
    if ending == "kml" and crs not in {WGS84, CGCS2000}:
        raise TerritoryError(
            _("KML is WGS84 by its definition. Choose another format for %(crs)s.") % {"crs": crs}
        )
    return crs


def write(
    areas: Sequence[ExportArea],
    path: Path,
    *,
    ending: str,
    crs: Crs = WGS84,
    encoding: str = "UTF-8",
) -> None:
    """Write the file. GeoPackage and KML get a layer a tier, a ZIP of Shapefiles a file a tier."""
    if ending not in ENDINGS:
        raise TerritoryError(
            _("There is no format %(ending)s. Choose one of %(endings)s.")
            % {"ending": ending, "endings": ", ".join(ENDINGS)}
        )
    if encoding.upper() not in ENCODINGS:
        raise TerritoryError(
            _("A Shapefile's text can be written as UTF-8 or GB18030, not as %(encoding)s.")
            % {"encoding": encoding}
        )
    wanted_crs(str(crs), ending)
    shapes = _moved(areas, crs)
    path.unlink(missing_ok=True)
    if ending == "geojson":
        _write_geojson(areas, shapes, path, crs)
        return
    pairs = list(zip(areas, shapes, strict=True))
    if ending == "shp":
        _write_shapefiles(pairs, path, crs, encoding.upper())
        return
    driver = {"gpkg": "GPKG", "kml": "LIBKML"}[ending]
    for tier, members in groupby(pairs, key=lambda pair: pair[0].tier):
        frame = _frame(list(members), crs)
        if ending == "kml":
            frame = frame.rename(columns={"name": "Name"})
        _write_layer(
            frame, path, layer=tier, driver=driver, append=path.exists(), **_geometry_type(ending)
        )


def _write_layer(frame: geopandas.GeoDataFrame, path: Path, **options: Any) -> None:
    with warnings.catch_warnings():
        # GCJ-02 and BD-09 have no number to write; the file's name says which it is.
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        pyogrio.write_dataframe(frame, path, **options)


def _geometry_type(ending: str) -> dict[str, Any]:
    return {"geometry_type": "MultiPolygon"} if ending == "gpkg" else {}


def _moved(areas: Sequence[ExportArea], crs: Crs) -> list[shapely.Geometry]:
    def move(coordinates: np.ndarray) -> np.ndarray:
        return np.column_stack(from_wgs84(coordinates[:, 0], coordinates[:, 1], crs))

    if crs in {WGS84, CGCS2000}:
        return [area.geometry for area in areas]
    moved = [shapely.transform(area.geometry, move) for area in areas]
    if not np.isfinite(shapely.total_bounds(np.array(moved, dtype=object))).all():
        raise TerritoryError(_("The areas do not fit into %(crs)s.") % {"crs": crs})
    return moved


def _frame(
    pairs: Sequence[tuple[ExportArea, shapely.Geometry]], crs: Crs
) -> geopandas.GeoDataFrame:
    table: dict[str, Any] = {}
    for column in COLUMNS:
        values = [getattr(area, column) for area, _shape in pairs]
        if column in {"households", "population"}:
            table[column] = np.array([None if v is None else int(v) for v in values], dtype=object)
        else:
            table[column] = values
    frame = geopandas.GeoDataFrame(table, geometry=[shape for _a, shape in pairs], crs=_epsg(crs))
    for column in ("households", "population"):
        frame[column] = frame[column].astype("Int64")
    return frame


def _epsg(crs: Crs) -> str | None:
    """The number to write; none for the offset systems, which have no number."""
    if crs.is_offset:
        return None
    return {"wgs84": "EPSG:4326", "cgcs2000": "EPSG:4490"}.get(crs.name, crs.name)


def _write_shapefiles(
    pairs: Sequence[tuple[ExportArea, shapely.Geometry]], path: Path, crs: Crs, encoding: str
) -> None:
    folder = path.with_suffix(".parts")
    folder.mkdir()
    try:
        for tier, members in groupby(pairs, key=lambda pair: pair[0].tier):
            _write_layer(
                _frame(list(members), crs),
                folder / f"{tier}.shp",
                driver="ESRI Shapefile",
                encoding=encoding,
            )
            # Without it other programs take Chinese names for something else.
            (folder / f"{tier}.cpg").write_text(encoding)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for part in sorted(folder.iterdir()):
                packed.write(part, part.name)
    finally:
        for part in folder.iterdir():
            part.unlink()
        folder.rmdir()


def _write_geojson(
    areas: Sequence[ExportArea], shapes: Sequence[shapely.Geometry], path: Path, crs: Crs
) -> None:
    """By hand, because every digit of a vertex is to be kept."""
    head: dict[str, Any] = {"type": "FeatureCollection"}
    if crs.is_offset:
        head["coordinate_system"] = crs.name
    elif crs != WGS84:
        number = str(_epsg(crs)).partition(":")[2]
        head["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{number}"}}
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n')
        for position, (area, shape) in enumerate(zip(areas, shapes, strict=True)):
            feature = {
                "type": "Feature",
                "properties": {column: getattr(area, column) for column in COLUMNS},
                "geometry": shape.__geo_interface__,
            }
            file.write((",\n" if position else "") + json.dumps(feature, ensure_ascii=False))
        file.write("\n]}\n")


def file_name(stem: str, ending: str, crs: Crs) -> str:
    """`division-2026-11-22-gcj02.geojson`: the system stands in the name, a file may not say it."""
    word = str(crs).replace(":", "").lower()
    return f"{stem}-{word}.{'zip' if ending == 'shp' else ending}"
