"""Cells that a spreadsheet shows as they are: nothing is run, no code loses a digit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill

BOM = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
LONGEST_CELL = 32_000
WIDEST = 46
HEAD = Font(bold=True)
HEAD_FILL = PatternFill("solid", fgColor="E8EEF4")


class Echo:
    """A file for csv.writer that hands back what is written to it."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def safe_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula when it opens a CSV file.

    >>> safe_text("=1+1"), safe_text("Hill Road")
    ("'=1+1", 'Hill Road')
    """
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def excel_code(code: str) -> str:
    """A code that Excel keeps as text. Only plain codes are wrapped; anything else is a text.

    >>> excel_code("110108014001001")
    '="110108014001001"'
    """
    if not code:
        return ""
    if code.replace("-", "").isalnum() and code.isascii():
        return f'="{code}"'
    return safe_text(code)


def text_cell(sheet: Any, value: Any) -> Any:
    """A cell of a workbook that is a text whatever it begins with; codes keep every digit."""
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", str(value))[:LONGEST_CELL])
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def write_sheets(
    sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]], to: Path | BinaryIO
) -> None:
    """A workbook of (title, headings, rows); every text and every code is written as text."""
    book = openpyxl.Workbook(write_only=True)
    for title, headings, rows in sheets:
        sheet = book.create_sheet(title[:31])
        sheet.freeze_panes = "A2"
        for number, heading in enumerate(headings, start=1):
            letter = openpyxl.utils.get_column_letter(number)
            sheet.column_dimensions[letter].width = min(WIDEST, max(12, 2.1 * len(heading) + 2))
        head = [text_cell(sheet, heading) for heading in headings]
        for cell in head:
            cell.font, cell.fill = HEAD, HEAD_FILL
        sheet.append(head)
        for row in rows:
            sheet.append([text_cell(sheet, v) if isinstance(v, str) else v for v in row])
    book.save(to)
