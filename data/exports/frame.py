"""An export before it is written: columns, rows of plain values, and what belongs to it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from data import statistics
from data.exports.columns import (
    ALL_COLUMNS,
    CODE,
    COUNT,
    NUMBER,
    SHARE,
    SMALLEST,
    STANDS_ON,
    Column,
)
from data.querysets import SYSTEMS
from data.services.grid_statistics import DIVISION_OF_TODAY, AreaRow, GridStatistics

PARTS = (*SYSTEMS, "no_system")
# Rates from which the count in their numerator could be worked out.
TELLS_ON = {
    "per_thousand_households": "reported",
    "closing_rate": "closed",
    "on_time_closing_rate": "closed",
}


@dataclass(frozen=True)
class Note:
    """One line about an export: its key in files for programs, its name and value for people."""

    key: str
    name: str
    value: str


@dataclass(frozen=True)
class Frame:
    """`values` has one dict (column key → value) for each row; `grid_ids` goes beside it."""

    columns: tuple[Column, ...]
    values: list[dict[str, Any]]
    grid_ids: list[int | None]
    about: list[Note]
    public: bool
    as_of: datetime
    division_at: datetime


def make_frame(figures: GridStatistics, *, who: str, now: datetime, public: bool) -> Frame:
    """The figures as an export. Public: fewer columns, no sum, small counts taken out."""
    columns = tuple(c for c in ALL_COLUMNS if c.public or not public)
    rows = list(figures.rows)
    if figures.total is not None and not public:
        rows.append(figures.total)
    values = [{column.key: column.value(row) for column in columns} for row in rows]
    if public:
        _suppress(rows, values)
    return Frame(
        columns=columns,
        values=values,
        grid_ids=[row.grid_id for row in rows],
        about=_about(figures, who, now, public),
        public=public,
        as_of=figures.as_of,
        division_at=figures.division_at,
    )


def _suppress(rows: list[AreaRow], values: list[dict[str, Any]]) -> None:
    """Take small counts out, and what would give them away.

    The parts of a row stand in one table with their sum, for a sum that is left out could be
    added up from parts that all stand there. A rate over the closed goes with their count.
    """
    siblings: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        siblings[row.parent_code].append(number)
    for numbers in siblings.values():
        for keys in ((*PARTS, "reported"), ("closed",)):
            table = [[values[n][key] or 0 for key in keys] for n in numbers]
            for n, line in zip(numbers, statistics.suppressed(table), strict=True):
                values[n].update(zip(keys, line, strict=True))
    for row, line in zip(rows, values, strict=True):
        for key, stands_on in STANDS_ON.items():
            if stands_on(row) < SMALLEST or line[TELLS_ON.get(key, key)] is None:
                line[key] = None


def _about(figures: GridStatistics, who: str, now: datetime, public: bool) -> list[Note]:
    question = figures.question
    zone = timezone.get_default_timezone()
    as_of = f"{figures.as_of.astimezone(zone):%Y-%m-%d %H:%M}"
    notes = [
        Note("content", _("Content"), _("Statistics of cases by area")),
        Note("tier", _("Tier"), question.tier.label),
        Note("period", _("Period"), f"{question.period.first} – {question.period.last}"),
        Note(
            "counted_by",
            _("Counted by"),
            _counted_by(question.division),
        ),
        Note("as_of", _("States as of"), as_of),
        *origin(who, now),
    ]
    if public:
        text = _("Counts below %(n)s are left out, and others that would give them away.")
        notes.append(Note("public", _("For publication"), text % {"n": SMALLEST}))
    return notes


def _counted_by(division: str) -> str:
    if division == DIVISION_OF_TODAY:
        return _("place of the report in today's division; cases reported in the period")
    return _("place and division of the report; cases reported in the period")


def origin(who: str, now: datetime) -> list[Note]:
    """Who took a file out and when; and that a demonstration's data are simulated."""
    moment = f"{now.astimezone(timezone.get_default_timezone()):%Y-%m-%d %H:%M:%S %z}"
    notes = [
        Note("exported_by", _("Exported by"), who),
        Note("exported_at", _("Exported at"), moment),
    ]
    if settings.MODE == "demo":
        notes.append(Note("simulated", _("Note"), _("Simulated data of a demonstration.")))
    return notes


def dictionary(columns: tuple[Column, ...]) -> list[tuple[str, str, str, str]]:
    """Key, heading, meaning and unit of every column."""
    units = {
        COUNT: _("count"),
        SHARE: _("share, 0 to 1"),
        CODE: _("text (digits)"),
        NUMBER: _("decimal number"),
    }
    return [(c.key, str(c.heading), str(c.meaning), units.get(c.kind, _("text"))) for c in columns]
