"""CSV, streamed. Two ways of writing, because Excel and programs want different things.

For Excel (the default): UTF-8 with BOM, CRLF, headings in the reader's language, and codes written
as ="110108014001": Excel opens that as the text 110108014001, where plain digits would become
1.10108E+11. For programs (`?for=programs`): plain UTF-8, column keys, codes as they are.

Texts that begin like a formula get an apostrophe in front, so that no spreadsheet runs them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from data.exports.columns import CODE, NUMBER, SHARE, Column
from data.exports.frame import Frame, Note, dictionary
from data.statistics import EMPTY
from gridmgmt.core.tables.writing import BOM, Echo, excel_code, safe_text

HIDDEN = "<3"


def frame_lines(frame: Frame, *, for_programs: bool) -> Iterator[str]:
    """The figures as lines of CSV."""
    write = csv.writer(Echo(), lineterminator="\n" if for_programs else "\r\n").writerow
    if for_programs:
        keys = [*(column.key for column in frame.columns), *(f"about_{n.key}" for n in frame.about)]
        yield write(keys)
        constants = [safe_text(note.value) for note in frame.about]
        for row in frame.values:
            yield write([*(_plain(c, row[c.key]) for c in frame.columns), *constants])
        return
    yield BOM
    yield write([str(column.heading) for column in frame.columns])
    for row in frame.values:
        yield write([_for_excel(c, row[c.key], frame.public) for c in frame.columns])
    yield write([])
    for note in frame.about:
        yield write([note.name, safe_text(note.value)])
    yield write([])
    yield write([_("Column"), _("Meaning"), _("Unit"), _("Key")])
    for key, heading, meaning, unit in dictionary(frame.columns):
        yield write([heading, safe_text(meaning), unit, key])


def table_lines(
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    codes: frozenset[int],
    notes: Sequence[Note],
    for_programs: bool,
) -> Iterator[str]:
    """Any table as lines of CSV, streamed; `codes` are the columns that hold codes."""
    write = csv.writer(Echo(), lineterminator="\n" if for_programs else "\r\n").writerow
    if not for_programs:
        yield BOM
    yield write(list(headings))
    for row in rows:
        yield write(
            [
                excel_code(str(value))
                if number in codes and not for_programs
                else safe_text(value)
                if isinstance(value, str)
                else value
                for number, value in enumerate(row)
            ]
        )
    if not for_programs:
        yield write([])
        for note in notes:
            yield write([note.name, safe_text(note.value)])


def _plain(column: Column, value: Any) -> Any:
    if value is None:
        return ""
    if column.kind in (SHARE, NUMBER):
        return f"{value:.4f}"
    return safe_text(value) if isinstance(value, str) else value


def _for_excel(column: Column, value: Any, public: bool) -> Any:
    if value is None:
        return HIDDEN if public and column.kind == "count" else EMPTY
    if column.kind == CODE:
        return excel_code(value)
    if column.kind == SHARE:
        return f"{value * 100:.1f}%"
    if column.kind == NUMBER:
        return f"{value:.2f}"
    return safe_text(value) if isinstance(value, str) else value
