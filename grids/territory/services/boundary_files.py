"""Read areas from GeoPackage, Shapefile, GeoJSON or KML: whole, or a clear refusal."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pyogrio.errors
import shapely
from django.utils.translation import gettext as _
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gridmgmt.core.crs import Crs, UnknownCrsError, geometry_to_wgs84, parse_crs
from grids.territory.choices import GridKind
from grids.territory.errors import TerritoryError
from grids.territory.geometry.coverage import ring_fault

# An unclosed ring is a fault to be refused, not a shape to be guessed.
pyogrio.set_gdal_config_options({"OGR_GEOMETRY_ACCEPT_UNCLOSED_RING": "NO"})
SHOWN = 10  # how many faulty rows a message names


@dataclass(frozen=True)
class AreaRow:
    """One area of a file, in EPSG:4326, with the words of its columns."""

    code: str
    name: str
    name_en: str
    parent_code: str | None
    geometry: MultiPolygon
    households: int | None
    population: int | None
    kind: str = GridKind.BASIC


@dataclass(frozen=True)
class Columns:
    """Which column of the file holds what; None where the file does not say."""

    code: str
    name: str
    name_en: str | None = None
    parent: str | None = None
    households: str | None = None
    population: str | None = None
    kind: str | None = None

    def named(self) -> list[str]:
        """The columns that must exist."""
        wanted = (
            self.code,
            self.name,
            self.name_en,
            self.parent,
            self.households,
            self.population,
            self.kind,
        )
        return [column for column in wanted if column]


def read_areas(
    path: Path,
    *,
    columns: Columns,
    layer: str | None = None,
    crs: str = "auto",
    encoding: str | None = None,
) -> tuple[list[AreaRow], str]:
    """The file's areas and the name of its CRS. Raises TerritoryError when anything is unfit."""
    frame = _spelled_as_wanted(open_layer(path, layer, encoding), columns)
    missing = [column for column in columns.named() if column not in frame.columns]
    if missing:
        raise TerritoryError(
            _("The file has no column %(missing)s. Its columns: %(columns)s.")
            % {
                "missing": ", ".join(missing),
                "columns": ", ".join(str(c) for c in frame.columns if c != "geometry"),
            }
        )
    if frame.empty:
        raise TerritoryError(_("The layer is empty: it holds no area."))
    codes = _codes(frame[columns.code], columns.code)
    source = _source_crs(frame, crs)
    shapes = _shapes(frame, codes, source)
    rows = []
    for position, code in enumerate(codes):
        row = frame.iloc[position]
        rows.append(
            AreaRow(
                code=code,
                name=text_of(row[columns.name]) or code,
                name_en=text_of(row[columns.name_en]) if columns.name_en else "",
                parent_code=text_of(row[columns.parent]) if columns.parent else None,
                geometry=shapes[position],
                households=_count(row, columns.households, code),
                population=_count(row, columns.population, code),
                kind=_kind(row, columns.kind, code),
            )
        )
    return rows, str(source)


def open_layer(path: Path, layer: str | None, encoding: str | None) -> geopandas.GeoDataFrame:
    """The layer's rows with their geometry. Raises TerritoryError for what cannot be read."""
    if not path.exists():
        raise TerritoryError(_("There is no file %(path)s.") % {"path": path})
    try:
        layers = [str(name) for name, _kind in pyogrio.list_layers(path)]
        if layer is None and len(layers) > 1:
            raise TerritoryError(
                _("The file has several layers; choose one with --layer: %(layers)s.")
                % {"layers": ", ".join(layers)}
            )
        if layer is not None and layer not in layers:
            raise TerritoryError(
                _("The file has no layer %(layer)s. Its layers: %(layers)s.")
                % {"layer": layer, "layers": ", ".join(layers)}
            )
        # An invalid ring comes back as it is, or empty; either is refused with its code.
        frame = geopandas.read_file(
            path, layer=layer, engine="pyogrio", encoding=encoding, on_invalid="ignore"
        )
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise TerritoryError(
            _("%(path)s cannot be read as GeoPackage, Shapefile, GeoJSON or KML: %(why)s")
            % {"path": path.name, "why": error}
        ) from error
    except UnicodeDecodeError as error:
        raise TerritoryError(
            _("The file's text is not in the expected encoding; try --encoding GB18030.")
        ) from error
    if not isinstance(frame, geopandas.GeoDataFrame):
        raise TerritoryError(_("The layer holds a table without geometry."))
    return frame


def _spelled_as_wanted(frame: geopandas.GeoDataFrame, columns: Columns) -> geopandas.GeoDataFrame:
    """Drivers differ in capitals (KML's Description): a column that fits but for them is it."""
    names: dict[str, list[str]] = {}
    for column in frame.columns:
        names.setdefault(str(column).casefold(), []).append(column)
    renamed = {
        names[wanted.casefold()][0]: wanted
        for wanted in columns.named()
        if wanted not in frame.columns and len(names.get(wanted.casefold(), [])) == 1
    }
    return frame.rename(columns=renamed)


def _source_crs(frame: geopandas.GeoDataFrame, wanted: str) -> Crs:
    if wanted.casefold() != "auto":
        try:
            return parse_crs(wanted)
        except UnknownCrsError:
            raise TerritoryError(
                _(
                    "%(crs)s is no coordinate system that we know. Use auto, wgs84, cgcs2000, "
                    "gcj02, bd09 or EPSG:n."
                )
                % {"crs": wanted}
            ) from None
    number = frame.crs.to_epsg(min_confidence=60) if frame.crs is not None else None
    try:
        return parse_crs(f"EPSG:{number}")
    except UnknownCrsError:
        raise TerritoryError(
            _(
                "The file does not say its coordinate system. Name it with --crs wgs84, cgcs2000, "
                "gcj02, bd09 or EPSG:n; a wrong one moves every area."
            )
        ) from None


def _codes(column: Any, name: str) -> list[str]:
    codes = [text_of(value) for value in column]
    empty = [str(number) for number, code in enumerate(codes, 1) if not code]
    if empty:
        raise TerritoryError(
            _("Rows without a code in column %(column)s: %(rows)s.")
            % {"column": name, "rows": _some(empty)}
        )
    damaged = [code for code in codes if re.fullmatch(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+", code)]
    if damaged:
        raise TerritoryError(
            _(
                "Codes that a spreadsheet has damaged: %(codes)s. Format the column as text and "
                "save it again."
            )
            % {"codes": _some(damaged)}
        )
    doubled = sorted(code for code, times in Counter(codes).items() if times > 1)
    if doubled:
        raise TerritoryError(
            _("Codes that stand more than once: %(codes)s. A code names one area.")
            % {"codes": _some(doubled)}
        )
    too_long = [code for code in codes if len(code) > 40]
    if too_long:
        raise TerritoryError(
            _("Codes longer than 40 characters: %(codes)s.") % {"codes": _some(too_long)}
        )
    return codes


def _shapes(frame: geopandas.GeoDataFrame, codes: list[str], source: Crs) -> list[MultiPolygon]:
    faults, shapes = [], []
    for code, raw in zip(codes, frame.geometry, strict=True):
        shape = opened_polygons(raw)
        fault = ring_fault(shape)
        if fault:
            faults.append(f"{code} ({fault})")
        else:
            shapes.append(_moved(shape, source))
    if faults:
        raise TerritoryError(
            _(
                "Areas whose geometry is invalid: %(areas)s. Mend them in the program they were "
                "drawn in; a guess here would move a border."
            )
            % {"areas": _some(faults)}
        )
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object))
    if not all(map(math.isfinite, (west, south, east, north))):
        raise TerritoryError(
            _("The coordinates do not fit %(crs)s. Is --crs right?") % {"crs": source}
        )
    if max(abs(south), abs(north)) > 90 and max(abs(west), abs(east)) <= 90:
        raise TerritoryError(
            _("Latitudes beyond 90 degrees: the file's axes are swapped. Longitude comes first.")
        )
    if max(abs(south), abs(north)) > 90 or max(abs(west), abs(east)) > 180:
        raise TerritoryError(
            _(
                "Coordinates beyond the globe, up to %(x)s and %(y)s: they look like metres. Name "
                "their coordinate system with --crs EPSG:n."
            )
            % {"x": f"{max(abs(west), abs(east)):.0f}", "y": f"{max(abs(south), abs(north)):.0f}"}
        )
    return shapes


def opened_polygons(shape: BaseGeometry | None) -> BaseGeometry | None:
    """KML wraps a polygon into a collection of one kind; open that."""
    if shape is not None and shape.geom_type == "GeometryCollection":
        parts = shapely.get_parts(shape)
        if len(parts) and all(isinstance(part, Polygon | MultiPolygon) for part in parts):
            return shapely.union_all(parts)
    return shape


def _moved(shape: BaseGeometry, source: Crs) -> MultiPolygon:
    moved = geometry_to_wgs84(shape, source)
    return MultiPolygon([moved]) if isinstance(moved, Polygon) else moved


def text_of(value: Any) -> str:
    """A cell as text: whole floats without their point, missing as empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return "" if text in {"nan", "None", "<NA>"} else text


def _count(row: Any, column: str | None, code: str) -> int | None:
    if column is None or not (text := text_of(row[column])):
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise TerritoryError(
            _("%(column)s of %(code)s is no whole number: %(value)s.")
            % {"column": column, "code": code, "value": text[:40]}
        )
    return int(text)


def _kind(row: Any, column: str | None, code: str) -> str:
    """basic or dedicated; an empty cell is basic."""
    text = text_of(row[column]) if column else ""
    if text and text not in GridKind.values:
        raise TerritoryError(
            _("%(column)s of %(code)s is %(value)s; it must be basic or dedicated.")
            % {"column": column, "code": code, "value": text[:40]}
        )
    return text or GridKind.BASIC


def _some(items: list[str]) -> str:
    """The first of them, and how many more there are."""
    shown = ", ".join(items[:SHOWN])
    more = len(items) - SHOWN
    return _("%(shown)s and %(more)s more") % {"shown": shown, "more": more} if more > 0 else shown
