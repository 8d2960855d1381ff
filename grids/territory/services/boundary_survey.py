"""A map file row by row: its layers, the columns it seems to have, and every row that is unfit.

Where `boundary_files.read_areas` refuses a file at its first fault, a survey goes through all
rows, so that a person sees every faulty one with its number and reason before anything is written.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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

from gridmgmt.core.crs import Crs, UnknownCrsError, parse_crs
from gridmgmt.core.tables.headers import guess
from grids.territory.choices import GridKind
from grids.territory.errors import TerritoryError
from grids.territory.geometry.coverage import ring_fault
from grids.territory.geometry.crs_fit import Reading
from grids.territory.services.boundary_files import (
    AreaRow,
    open_layer,
    opened_polygons,
    text_of,
)

# What offices and mapping programs call the columns, in Chinese and English.
WORDS: dict[str, tuple[str, ...]] = {
    "code": (
        "编码", "网格编码", "网格编号", "网格代码", "社区编码", "社区代码", "区划代码",
        "行政区划代码", "代码", "编号", "统计用区划代码",
        "grid code", "code", "gridcode", "grid id", "adcode",
        "geoid", "gid", "id", "description",
    ),
    "name": (
        "名称", "网格名称", "社区名称", "街道名称", "网格名", "姓名", "网格", "社区", "街道",
        "name", "grid name", "gridname", "title", "label", "ntaname", "boroname",
    ),
    "name_en": ("英文名称", "英文名", "name en", "english name", "name_eng"),
    "parent": (
        "上级编码", "上级代码", "父级编码", "所属社区编码", "所属街道编码", "所属社区", "所属街道",
        "上级", "parent", "parent code", "parentcode", "parent id", "up",
    ),
    "households": ("户数", "总户数", "居民户数", "households", "household", "hh", "families"),
    "population": ("人口", "人口数", "总人口", "population", "pop", "residents"),
    "kind": ("类型", "网格类型", "kind", "type", "grid type"),
    "tier": ("层级", "级别", "级", "tier", "level"),
}  # fmt: skip
_KINDS = {
    "basic": GridKind.BASIC,
    "dedicated": GridKind.DEDICATED,
    "基础网格": GridKind.BASIC,
    "一般网格": GridKind.BASIC,
    "基础": GridKind.BASIC,
    "专属网格": GridKind.DEDICATED,
    "专属": GridKind.DEDICATED,
}
LONGEST_CODE = 40
# What every placemark has beside the columns that the office gave it.
KML_OWN = frozenset({"id", "Name", "description"})
_KML_NOISE = frozenset(
    {
        "timestamp",
        "begin",
        "end",
        "altitudeMode",
        "tessellate",
        "extrude",
        "visibility",
        "drawOrder",
        "icon",
    }
)


@dataclass(frozen=True)
class Layer:
    """One layer of a file as it describes itself."""

    name: str
    count: int
    columns: tuple[str, ...]
    claimed: Crs | None
    polygons: bool

    def guessed(self) -> dict[str, str]:
        """Field → column, from the columns' names; KML's own columns only where no other fits."""
        own = [column for column in self.columns if column not in KML_OWN]
        return guess(self.columns, WORDS) | guess(own, WORDS)


@dataclass(frozen=True)
class Fault:
    """A row that cannot be imported: its number in the layer, from 1, its code, and why."""

    row: int
    code: str
    reason: str


@dataclass(frozen=True)
class Survey:
    """What a layer holds: sound rows in the file's own coordinates, and faults.

    `numbers` are the rows' numbers in the layer. `left_out` counts rows of other tiers.
    """

    rows: tuple[AreaRow, ...]
    numbers: tuple[int, ...]
    faults: tuple[Fault, ...]
    left_out: int
    claimed: Crs | None

    @property
    def shapes(self) -> list[BaseGeometry]:
        """The outlines as the file has them, in its own coordinates."""
        return [row.geometry for row in self.rows]

    def read_as(self, reading: Reading) -> tuple[list[AreaRow], list[Fault]]:
        """The areas in EPSG:4326, and those that this reading puts nowhere."""
        areas, faults = [], []
        for number, row in zip(self.numbers, self.rows, strict=True):
            moved = _moved(row.geometry, reading)
            if moved is None:
                faults.append(
                    Fault(number, row.code, _("Its coordinates do not fit this coordinate system."))
                )
            else:
                areas.append(replace(row, geometry=moved))
        return areas, faults


def layers_of(path: Path) -> list[Layer]:
    """The layers with polygons first. Raises TerritoryError when the file cannot be read."""
    try:
        found = [_described(path, str(name)) for name, _kind in pyogrio.list_layers(path)]
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise TerritoryError(
            _("%(path)s cannot be read as GeoPackage, Shapefile, GeoJSON or KML: %(why)s")
            % {"path": path.name, "why": error}
        ) from error
    if not found:
        raise TerritoryError(_("The file holds no layer."))
    return sorted(found, key=lambda layer: not layer.polygons)


def _described(path: Path, name: str) -> Layer:
    info = pyogrio.read_info(path, layer=name, encoding=guess_encoding(path, name))
    kind = info["geometry_type"] or ""
    return Layer(
        name=name,
        count=int(info["features"]),
        columns=tuple(
            column
            for column in map(str, info["fields"])
            if info.get("driver") != "LIBKML" or column not in _KML_NOISE
        ),
        claimed=crs_of(info["crs"]),
        polygons="Polygon" in kind or kind in {"Unknown", "GeometryCollection", "Unknown 3D"},
    )


def crs_of(text: Any) -> Crs | None:
    """The system that a file's own description names, where it has a number."""
    if text is None:
        return None
    try:
        number = geopandas.GeoSeries([], crs=text).crs.to_epsg(min_confidence=60)
        return parse_crs(f"EPSG:{number}")
    except (UnknownCrsError, ValueError, RuntimeError):
        return None


def guess_encoding(path: Path, layer: str = "") -> str | None:
    """Of a Shapefile that does not name its encoding: UTF-8 when it can be, else GB18030."""
    if path.is_dir():
        path = path / f"{layer}.shp"
    if path.suffix.lower() != ".shp" or path.with_suffix(".cpg").exists():
        return None
    table = path.with_suffix(".dbf")
    if not table.exists():
        return None
    try:
        table.read_bytes()[32:].decode("utf-8")
    except UnicodeDecodeError:
        return "GB18030"
    return "UTF-8"


def survey(
    path: Path,
    *,
    layer: str,
    columns: Mapping[str, str],
    tier: str = "",
    encoding: str | None = None,
) -> Survey:
    """Every row of a layer, judged. `columns`: field → column; `code` is needed, `tier` filters.

    Raises TerritoryError for what concerns the file as a whole.
    """
    frame = open_layer(path, layer, encoding or guess_encoding(path, layer))
    missing = sorted({c for c in columns.values() if c and c not in frame.columns})
    if missing:
        raise TerritoryError(
            _("The file has no column %(missing)s. Its columns: %(columns)s.")
            % {
                "missing": ", ".join(missing),
                "columns": ", ".join(str(c) for c in frame.columns if c != "geometry"),
            }
        )
    if not columns.get("code"):
        raise TerritoryError(_("Choose the column with the areas' codes."))
    if frame.empty:
        raise TerritoryError(_("The layer is empty: it holds no area."))
    kept, left_out = _of_tier(frame, columns.get("tier"), tier)
    values = {
        field: [text_of(v) for v in frame[column]] for field, column in columns.items() if column
    }
    times = Counter(values["code"][position] for position in kept)
    rows, numbers, faults = [], [], []
    for position in kept:
        row = {field: texts[position] for field, texts in values.items()}
        shape = opened_polygons(frame.geometry.iloc[position])
        reason = _fault_of(row, shape, times)
        if reason:
            faults.append(Fault(position + 1, row["code"], reason))
        else:
            rows.append(_area(row, shape))
            numbers.append(position + 1)
    return Survey(tuple(rows), tuple(numbers), tuple(faults), left_out, crs_of(frame.crs))


def _of_tier(frame: geopandas.GeoDataFrame, column: str | None, tier: str) -> tuple[list[int], int]:
    """Positions of the rows of this tier, where a column tells it at all."""
    everything = list(range(len(frame)))
    if not column:
        return everything, 0
    kept = [n for n, value in enumerate(frame[column]) if text_of(value).casefold() == tier]
    return (kept, len(everything) - len(kept)) if kept else (everything, 0)


def _fault_of(row: Mapping[str, str], shape: BaseGeometry | None, times: Counter[str]) -> str:
    """Why this row is unfit; empty when it is sound."""
    code = row["code"]
    if not code:
        return _("It has no code.")
    if re.fullmatch(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+", code):
        return _("A spreadsheet has damaged its code. Format the column as text and save again.")
    if len(code) > LONGEST_CODE:
        return _("Its code is longer than 40 characters.")
    if times[code] > 1:
        return _("Its code stands %(times)s times in the file.") % {"times": times[code]}
    fault = ring_fault(shape)
    if fault:
        return _("Its outline is invalid: %(why)s. Mend it in the program it was drawn in.") % {
            "why": fault
        }
    for field in ("households", "population"):
        text = row.get(field, "")
        if text and not re.fullmatch(r"[0-9]{1,9}", text):
            return _("“%(value)s” is no whole number of households or residents.") % {
                "value": text[:40]
            }
    kind = row.get("kind", "")
    if kind and kind not in _KINDS:
        return _("“%(value)s” is no kind of area; it must be basic or dedicated.") % {
            "value": kind[:40]
        }
    return ""


def _area(row: Mapping[str, str], shape: BaseGeometry | None) -> AreaRow:
    geometry = MultiPolygon([shape]) if isinstance(shape, Polygon) else shape
    return AreaRow(
        code=row["code"],
        name=row.get("name") or row["code"],
        name_en=row.get("name_en", ""),
        parent_code=row.get("parent") if "parent" in row else None,
        geometry=geometry,
        households=int(row["households"]) if row.get("households") else None,
        population=int(row["population"]) if row.get("population") else None,
        kind=str(_KINDS.get(row.get("kind", ""), GridKind.BASIC)),
    )


def _moved(shape: BaseGeometry, reading: Reading) -> MultiPolygon | None:
    """In EPSG:4326; None where the reading leads off the globe."""

    def move(coordinates: np.ndarray) -> np.ndarray:
        return np.column_stack(reading.lonlat(coordinates[:, 0], coordinates[:, 1]))

    moved = shapely.transform(shapely.force_2d(shape), move)
    west, south, east, north = moved.bounds
    if not all(map(math.isfinite, (west, south, east, north))):
        return None
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        return None
    return MultiPolygon([moved]) if isinstance(moved, Polygon) else moved


def some_faults(faults: Sequence[Fault], most: int = 5) -> str:
    """The first of them as one text."""
    shown = "; ".join(
        _("row %(row)s (%(code)s): %(why)s") % {"row": f.row, "code": f.code, "why": f.reason}
        for f in faults[:most]
    )
    more = len(faults) - most
    return _("%(shown)s and %(more)s more") % {"shown": shown, "more": more} if more > 0 else shown
