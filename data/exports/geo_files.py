"""Figures with their outlines: GeoJSON (streamed) and GeoPackage. EPSG:4326."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas
import pandas
import shapely
from django.contrib.gis.db.models.functions import AsGeoJSON
from pyogrio import write_dataframe

from data.exports.columns import CODE, TEXT
from data.exports.frame import Frame, dictionary
from grids.territory.models import Boundary

DIGITS = 7  # of a degree: about a centimetre
CHUNK = 500


def geojson_parts(frame: Frame) -> Iterator[str]:
    """A FeatureCollection in pieces; `about` and `dictionary` stand beside the features."""
    about = {note.key: note.value for note in frame.about}
    words = [
        {"key": key, "heading": heading, "meaning": meaning, "unit": unit}
        for key, heading, meaning, unit in dictionary(frame.columns)
    ]
    yield '{"type":"FeatureCollection",'
    yield f'"about":{json.dumps(about, ensure_ascii=False)},'
    yield f'"dictionary":{json.dumps(words, ensure_ascii=False)},"features":['
    rows = [(n, grid) for n, grid in enumerate(frame.grid_ids) if grid is not None]
    first = True
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        shapes = _shapes(frame, [grid for _n, grid in chunk])
        for number, grid in chunk:
            yield ("" if first else ",") + _feature(frame.values[number], shapes.get(grid))
            first = False
    yield "]}"


def _feature(values: dict[str, Any], shape: str | None) -> str:
    properties = json.dumps(
        {key: round(v, 4) if isinstance(v, float) else v for key, v in values.items()},
        ensure_ascii=False,
    )
    return f'{{"type":"Feature","properties":{properties},"geometry":{shape or "null"}}}'


def _shapes(frame: Frame, grid_ids: list[int]) -> dict[int, str]:
    rows = Boundary.objects.valid_at(frame.division_at).filter(grid_id__in=grid_ids)
    shaped = rows.annotate(shape=AsGeoJSON("geometry", precision=DIGITS))
    return dict(shaped.values_list("grid_id", "shape"))


def write_geopackage(frame: Frame, path: Path) -> None:
    """Layer `statistics` with outlines, and the tables `dictionary` and `about`."""
    kept = [(n, grid) for n, grid in enumerate(frame.grid_ids) if grid is not None]
    rows = Boundary.objects.valid_at(frame.division_at).filter(grid_id__in=[g for _n, g in kept])
    shapes = {grid: bytes(shape.wkb) for grid, shape in rows.values_list("grid_id", "geometry")}
    table = {
        column.key: pandas.Series(
            [frame.values[n][column.key] for n, _grid in kept],
            dtype="object" if column.kind in (CODE, TEXT) else "float64",
        )
        for column in frame.columns
    }
    geometries = [shapely.from_wkb(shapes[g]) if g in shapes else None for _n, g in kept]
    write_dataframe(
        geopandas.GeoDataFrame(table, geometry=geometries, crs="EPSG:4326"),
        path,
        layer="statistics",
        driver="GPKG",
        geometry_type="MultiPolygon",
    )
    names = ("key", "heading", "meaning", "unit")
    words = pandas.DataFrame(dictionary(frame.columns), columns=list(names))
    write_dataframe(words, path, layer="dictionary", driver="GPKG", append=False)
    lines = [(note.key, note.name, note.value) for note in frame.about]
    about = pandas.DataFrame(lines, columns=["key", "name", "value"])
    write_dataframe(about, path, layer="about", driver="GPKG", append=False)
