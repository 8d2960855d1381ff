"""Route the points of a CSV file: the input's columns, the areas of each tier, the answer."""

from __future__ import annotations

import csv
import datetime as dt
import gc
import itertools
import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext as _

from gridmgmt.core.crs import Crs, to_wgs84
from grids.territory.choices import Answer
from grids.territory.errors import InvalidPoint, TerritoryError
from grids.territory.models import Boundary, Tier
from grids.territory.services.leaf_index import NOT_PLAIN, LeafIndex
from grids.territory.services.responsibility import (
    Responsibility,
    check_point,
    responsible_areas_many,
)

CHUNK = 20_000
LON_NAMES = ("lon", "lng", "longitude", "x", "经度")
LAT_NAMES = ("lat", "latitude", "y", "纬度")
PLAIN = {"answer": Answer.INSIDE.value, "distance_m": "0.00"}
INVALID = "invalid"  # of a row, not of the territory: the point cannot be read


@dataclass
class RoutedFile:
    """What happened to the rows of a file."""

    rows: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)  # the first rows that could not be read


def route_file(
    source: Path,
    target: Path,
    *,
    lon: str | None,
    lat: str | None,
    crs: Crs,
    moment: dt.datetime,
) -> RoutedFile:
    """Write `source` with its answers to `target`, in chunks; `target` appears whole or not at all.

    A row whose point cannot be read keeps its columns and gets the answer `invalid`.
    Raises TerritoryError when the file as a whole is unfit.
    """
    if not source.exists():
        raise TerritoryError(_("There is no file %(path)s.") % {"path": source})
    if not Boundary.objects.valid_at(moment).exists():
        raise TerritoryError(
            _("No area is in force at %(moment)s; import and publish boundaries first.")
            % {"moment": moment.isoformat(sep=" ")}
        )
    with source.open(encoding=_encoding(source), newline="") as text:
        rows = csv.reader(text)
        try:
            columns = next(rows, [])
            if not columns:
                raise TerritoryError(_("The file is empty: it has no header line."))
            lon = _column(columns, lon, LON_NAMES, "--lon")
            lat = _column(columns, lat, LAT_NAMES, "--lat")
            with _whole(target) as draft, draft.open("w", encoding="utf-8", newline="") as out:
                return _route(rows, out, columns, lon, lat, crs, moment)
        except csv.Error as error:
            raise TerritoryError(
                _("Line %(line)s cannot be read as CSV: %(error)s. Check its quotation marks.")
                % {"line": rows.line_num, "error": error}
            ) from error


def _route(
    rows: Iterator[list[str]],
    out: TextIO,
    columns: list[str],
    lon: str,
    lat: str,
    crs: Crs,
    moment: dt.datetime,
) -> RoutedFile:
    # Cells go by their place in the row, because two columns may have one name.
    x, y = columns.index(lon), columns.index(lat)
    tiers = list(Tier.objects.order_by("order").values_list("code", flat=True))
    names = [*tiers, "answer", "distance_m"]
    writer = csv.writer(out)
    writer.writerow([*columns, *(_free(name, columns) for name in names)])
    index = LeafIndex(moment)
    plain = [_cells({**path, **PLAIN}, names) for path in index.paths]
    result = RoutedFile()
    for chunk in _without_collecting(_chunks(rows, len(columns))):
        points = _points(chunk, x, y, crs)
        numbers = index.numbers(*points)
        odd = np.flatnonzero(numbers == NOT_PLAIN)
        result.answers[Answer.INSIDE.value] += len(chunk) - len(odd)
        for row, number in zip(chunk, numbers.tolist(), strict=True):
            if number != NOT_PLAIN:
                row += plain[number]
        _ask(chunk, odd, (x, y), (lon, lat), crs, moment, names, result)
        result.rows += len(chunk)
        writer.writerows(chunk)
    result.answers += Counter()  # drops what did not occur
    return result


def _ask(
    chunk: list[list[str]],
    odd: npt.NDArray[np.int64],
    at: tuple[int, int],
    titles: tuple[str, str],
    crs: Crs,
    moment: dt.datetime,
    names: list[str],
    result: RoutedFile,
) -> None:
    """Complete the rows numbered `odd`: faulty ones, and those that no single leaf covers."""
    points = [_point(chunk[i][at[0]], chunk[i][at[1]], *titles, crs) for i in odd]
    sound = [point for point in points if not isinstance(point, str)]
    answers = responsible_areas_many(sound, moment=moment)
    for number, point in zip(odd, points, strict=True):
        if isinstance(point, str):
            values = {"answer": INVALID}
            if len(result.faults) < 10:
                row = result.rows + int(number) + 1
                result.faults.append(_("Row %(row)s: %(fault)s") % {"row": row, "fault": point})
        else:
            values = _values(next(answers))
        result.answers[values["answer"]] += 1
        chunk[number] += _cells(values, names)


def _cells(values: dict[str, str], names: list[str]) -> list[str]:
    return [values.get(name, "") for name in names]


def _points(
    chunk: list[list[str]], x: int, y: int, crs: Crs
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The chunk's points in WGS84; NaN for all that is not surely a place on earth."""
    try:
        first = np.array([row[x] for row in chunk], dtype=np.float64)
        second = np.array([row[y] for row in chunk], dtype=np.float64)
    except ValueError:  # some cell is no number: each is read by itself
        pairs = [(_float(row[x]), _float(row[y])) for row in chunk]
        first, second = np.array(pairs, dtype=np.float64).T
    with np.errstate(invalid="ignore"):
        sound = np.isfinite(first) & np.isfinite(second)
        if crs.is_degrees:
            sound &= (np.abs(first) <= 180) & (np.abs(second) <= 90)
        first, second = np.where(sound, first, 0.0), np.where(sound, second, 0.0)
        lon, lat = to_wgs84(first, second, crs)
        sound &= np.isfinite(lon) & (np.abs(lon) <= 180) & np.isfinite(lat) & (np.abs(lat) <= 90)
    return np.where(sound, lon, np.nan), np.where(sound, lat, np.nan)


def _float(text: str) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _values(answer: Responsibility) -> dict[str, str]:
    values = {area.tier_code: area.code for area in answer.areas}
    values["answer"] = Answer(answer.answer).value
    values["distance_m"] = "" if answer.distance_m is None else f"{answer.distance_m:.2f}"
    return values


def _point(x_text: str, y_text: str, lon: str, lat: str, crs: Crs) -> tuple[float, float] | str:
    """The two cells as a point in WGS84, or why they are none."""
    try:
        x, y = float(x_text or "nan"), float(y_text or "nan")
        if crs.is_degrees:
            x, y = check_point(x, y)
        return check_point(*to_wgs84(x, y, crs))
    except ValueError:
        return _("no number in %(lon)s or %(lat)s") % {"lon": lon, "lat": lat}
    except InvalidPoint as refusal:
        return refusal.text


def _chunks(rows: Iterator[list[str]], width: int) -> Iterator[list[list[str]]]:
    """Rows as wide as the header, empty lines left out."""
    full = (row if len(row) == width else (row + [""] * width)[:width] for row in rows if row)
    while chunk := list(itertools.islice(full, CHUNK)):
        yield chunk


def _without_collecting(chunks: Iterator[list[list[str]]]) -> Iterator[list[list[str]]]:
    """The chunks, with the search for circular garbage off meanwhile.

    Rows and points are millions of small objects without circles; looking through them again and
    again takes a third of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield from chunks
    finally:
        if was_on:
            gc.enable()


def _free(name: str, columns: list[str]) -> str:
    while name in columns:
        name = f"grid_{name}"
    return name


def _column(columns: list[str], wanted: str | None, known: tuple[str, ...], option: str) -> str:
    if wanted is not None:
        if wanted in columns:
            return wanted
        raise TerritoryError(
            _("The file has no column %(missing)s. Its columns: %(columns)s.")
            % {"missing": wanted, "columns": ", ".join(columns)}
        )
    for column in columns:
        if column.strip().casefold() in known:
            return column
    raise TerritoryError(
        _("Which column holds the coordinate? Name it with %(option)s. The columns: %(columns)s.")
        % {"option": option, "columns": ", ".join(columns)}
    )


def _encoding(path: Path) -> str:
    """UTF-8, with or without a mark, else GB18030, which older Chinese spreadsheets write."""
    try:
        with path.open(encoding="utf-8-sig") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


class _whole:  # noqa: N801 - used as a verb
    """A temporary file beside the target that takes its name when everything went well."""

    def __init__(self, target: Path) -> None:
        self.target = target
        if not target.parent.is_dir():
            raise TerritoryError(_("There is no folder %(path)s.") % {"path": target.parent})
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
        self.temporary = Path(name)

    def __enter__(self) -> Path:
        return self.temporary

    def __exit__(self, kind: type | None, *_rest: object) -> None:
        if kind is None:
            self.temporary.chmod(0o644)
            self.temporary.replace(self.target)
        else:
            self.temporary.unlink()
