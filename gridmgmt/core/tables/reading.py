"""Tables of CSV and Excel files, row by row, whatever encoding or separator they come in."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from gridmgmt.core.tables.errors import ListError

CSV_ENDINGS = frozenset({".csv", ".txt", ".tsv"})
EXCEL_ENDINGS = frozenset({".xlsx", ".xlsm"})
SEPARATORS = (",", "\t", ";", "|")
LONGEST_CELL = 10_000_000  # characters: a long text is refused by its row, not by the reader
MOST_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True)
class Row:
    """One row: its line in the file (from 1, the header counted) and its values by header."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A table that was opened. `encoding` names the text encoding, or `excel`."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str


def read_table(path: Path) -> Table:
    """The table of a file. Raises ListError for what is no readable table with rows."""
    if not path.is_file():
        raise ListError(_("There is no file %(path)s.") % {"path": path})
    if path.stat().st_size > MOST_BYTES:
        raise ListError(_("The file is larger than 200 MB. Split it and import the parts."))
    ending = path.suffix.lower()
    if ending in EXCEL_ENDINGS:
        table = _read_excel(path)
    elif ending in CSV_ENDINGS:
        table = _read_csv(path)
    else:
        raise ListError(
            _("Files of kind “%(ending)s” cannot be read. Save the list as .xlsx or as CSV.")
            % {"ending": ending or path.name}
        )
    if not table.rows:
        raise ListError(_("The file holds no row below its header; there is nothing to import."))
    return table


def _read_csv(path: Path) -> Table:
    text, encoding = _decode(path.read_bytes())
    first = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    usual = csv.field_size_limit(LONGEST_CELL)  # of the whole process: others keep theirs
    try:
        return _table(_numbered(reader), encoding)
    except csv.Error as error:
        raise ListError(
            _("Line %(line)s cannot be read as CSV: %(error)s. Check its quotation marks.")
            % {"line": reader.line_num, "error": error}
        ) from error
    finally:
        csv.field_size_limit(usual)


def _numbered(reader: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    """Rows with the line they begin on; a quoted text may span several lines."""
    line = 1
    for values in reader:
        yield line, values
        line = reader.line_num + 1


def _decode(raw: bytes) -> tuple[str, str]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16"), "utf-16"
    if b"\0" in raw:
        raise ListError(_("This is no text file. Save the list as .xlsx or as CSV."))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise ListError(
        _("The text is neither UTF-8 nor GB18030. Save the list as “CSV UTF-8” or as .xlsx.")
    )


def _read_excel(path: Path) -> Table:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ListError(
            _("This is no readable Excel file. Open it in Excel and save it as .xlsx again.")
        ) from error
    try:
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is None:
            raise ListError(_("The Excel file holds no sheet with cells."))
        sheet.reset_dimensions()  # exported lists often state a wrong size
        return _table(enumerate(sheet.iter_rows(values_only=True), start=1), "excel")
    finally:
        book.close()


def _table(lines: Any, encoding: str) -> Table:
    """The first row that is not empty is the header; empty rows are passed over."""
    headers: tuple[str, ...] = ()
    rows = []
    for line, values in lines:
        if not any(_filled(value) for value in values):
            continue
        if not headers:
            headers = tuple(str(v).strip() if _filled(v) else "" for v in values)
            _refuse_doubled(headers)
        else:
            rows.append(Row(line, _by_header(headers, values)))
    if not headers:
        raise ListError(_("The file is empty."))
    return Table(tuple(h for h in headers if h), tuple(rows), encoding)


def _by_header(headers: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    padded = [*values, *[None] * (len(headers) - len(values))]
    return {header: value for header, value in zip(headers, padded, strict=False) if header}


def _filled(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def _refuse_doubled(headers: Sequence[str]) -> None:
    doubled = sorted({header for header in headers if header and headers.count(header) > 1})
    if doubled:
        raise ListError(
            _("The header names a column twice: %(columns)s. Give each its own name.")
            % {"columns": ", ".join(doubled)}
        )
