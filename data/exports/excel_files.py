"""Excel workbooks, written row by row: figures, dictionary, origin. Texts are never formulas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill

from data.exports.columns import SHARE, Column
from data.exports.csv_files import HIDDEN
from data.exports.frame import Frame, Note, dictionary
from gridmgmt.core.tables.writing import text_cell

HEAD = Font(bold=True)
HEAD_FILL = PatternFill("solid", fgColor="E8EEF4")
WIDEST = 46


def write_frame(frame: Frame, path: Path) -> None:
    """The figures with a sheet "dictionary" and a sheet "about"."""
    book = openpyxl.Workbook(write_only=True)
    sheet = _sheet(book, _("Figures by area"), [str(c.heading) for c in frame.columns])
    for row in frame.values:
        sheet.append([_cell(sheet, row[c.key], c, frame.public) for c in frame.columns])
    words = _sheet(book, _("Dictionary"), [_("Key"), _("Column"), _("Meaning"), _("Unit")])
    for line in dictionary(frame.columns):
        words.append([text_cell(words, value) for value in line])
    _notes(book, frame.about)
    book.save(path)


def write_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    words: Sequence[tuple[str, str]],
    notes: Sequence[Note],
    title: str,
    path: Path,
) -> None:
    """Any table with its dictionary (heading, meaning) and origin."""
    book = openpyxl.Workbook(write_only=True)
    sheet = _sheet(book, title, headings)
    for row in rows:
        sheet.append([_any(sheet, value) for value in row])
    meanings = _sheet(book, _("Dictionary"), [_("Column"), _("Meaning")])
    for line in words:
        meanings.append([text_cell(meanings, value) for value in line])
    _notes(book, notes)
    book.save(path)


def _notes(book: openpyxl.Workbook, notes: Sequence[Note]) -> None:
    sheet = _sheet(book, _("About"), [_("About"), ""])
    for note in notes:
        sheet.append([text_cell(sheet, note.name), text_cell(sheet, note.value)])


def _sheet(book: openpyxl.Workbook, title: str, headings: Sequence[str]) -> Any:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "C2" if len(headings) > 6 else "A2"
    for number, heading in enumerate(headings, start=1):
        letter = openpyxl.utils.get_column_letter(number)
        sheet.column_dimensions[letter].width = min(WIDEST, max(11, 2.1 * len(heading) + 2))
    if len(headings) <= 4:
        for letter in "BC":
            sheet.column_dimensions[letter].width = WIDEST
    cells = []
    for heading in headings:
        cell = text_cell(sheet, heading)
        cell.font, cell.fill = HEAD, HEAD_FILL
        cells.append(cell)
    sheet.append(cells)
    return sheet


def _cell(sheet: Any, value: Any, column: Column, public: bool) -> Any:
    if value is None:
        return text_cell(sheet, HIDDEN) if public and column.kind == "count" else None
    if isinstance(value, str):
        return text_cell(sheet, value)
    cell = WriteOnlyCell(sheet, float(value) if isinstance(value, float) else value)
    if column.kind == SHARE:
        cell.number_format = "0.0%"
    elif isinstance(value, float):
        cell.number_format = "0.00"
    return cell


def _any(sheet: Any, value: Any) -> Any:
    if isinstance(value, str):
        return text_cell(sheet, value)
    if isinstance(value, datetime):
        local = timezone.make_naive(value, timezone.get_default_timezone())
        cell = WriteOnlyCell(sheet, local)
        cell.number_format = "yyyy-mm-dd hh:mm"
        return cell
    return value
