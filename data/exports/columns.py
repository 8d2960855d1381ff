"""The columns of exported figures: key, heading, meaning; shared by tables and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from data import statistics
from data.querysets import SYSTEMS
from data.services.grid_statistics import AreaRow
from grids.people.choices import ManagementSystem

TEXT, CODE, COUNT, SHARE, NUMBER = "text", "code", "count", "share", "number"


@dataclass(frozen=True)
class Column:
    """One column. `kind`: text, code (digits that are no number), count, share (0–1), number."""

    key: str
    heading: Any
    meaning: Any
    kind: str
    value: Callable[[AreaRow], Any]
    public: bool = False


def _count(key: str, heading: Any, meaning: Any, *, public: bool = False) -> Column:
    return Column(key, heading, meaning, COUNT, lambda row: getattr(row.counts, key), public)


def _share(key: str, heading: Any, meaning: Any, *, public: bool = False) -> Column:
    return Column(key, heading, meaning, SHARE, lambda row: row.rate(key), public)


def _system(key: str) -> Column:
    label = ManagementSystem(key).label if key in ManagementSystem.values else _("No category yet")
    meaning = _("Cases reported whose category belongs to this management system.")
    return Column(key, label, meaning, COUNT, lambda row: row.by_system[key], public=True)


PLACE_COLUMNS = (
    Column("code", _("Code"), _("Code of the area."), CODE, lambda r: r.code, True),
    Column("name", _("Name"), _("Name of the area."), TEXT, lambda r: r.name, True),
    Column(
        "name_en",
        _("English name"),
        _("English name of the area."),
        TEXT,
        lambda r: r.name_en,
        True,
    ),
    Column(
        "parent_code",
        _("Code of the parent"),
        _("Code of the area above."),
        CODE,
        lambda r: r.parent_code,
        True,
    ),
    Column(
        "households", _("Households"), _("Households of the area."), COUNT, lambda r: r.households
    ),
)
FIGURE_COLUMNS = (
    _count("reported", _("Cases reported"), _("Cases reported in the period."), public=True),
    Column(
        "reported_before",
        _("Reported before"),
        _("Cases reported in the period of the same length just before."),
        COUNT,
        lambda r: r.before.reported if r.before else None,
    ),
    Column(
        "change",
        _("Against before"),
        _("(reported − reported before) / reported before"),
        SHARE,
        lambda r: r.change,
    ),
    Column(
        "per_thousand_households",
        _("Per 1,000 households"),
        _("Cases reported for 1,000 households; empty where nobody lives."),
        NUMBER,
        lambda r: r.per_thousand,
        True,
    ),
    *(_system(key) for key in (*SYSTEMS, "no_system")),
    _count("valid", _("Valid"), _("Neither refused (not filed) nor void.")),
    _count("public", _("Found by the public"), _("Filed, and reported by residents, not staff.")),
    _count("filed", _("Filed"), _("Filed, closed on the spot included.")),
    _count("filed_in_time", _("Filed in time"), _("Filed within the limit of verification.")),
    _count("not_filed", _("Not filed"), _("Refused with a reason owed to the reporter.")),
    _count("voided", _("Void"), _("Filed and made void afterwards.")),
    _count("dispatched", _("Dispatched"), _("Sent to an owner for handling.")),
    _count("right_first", _("Right first time"), _("Dispatched, never handed back or reassigned.")),
    _count("due", _("Due to handle"), _("Filed, and handled or past the limit of handling.")),
    _count("handled", _("Handled"), _("A result was reported, or closed on the spot.")),
    _count("handled_in_time", _("Handled in time"), _("Handled, every limit of handling kept.")),
    _count("due_to_close", _("Due to close"), _("Closed, or filed and past the limit.")),
    _count("closed", _("Closed"), _("Closed now."), public=True),
    _count("closed_in_time", _("Closed in time"), _("Closed, every limit of handling kept.")),
    _count("on_the_spot", _("On the spot"), _("Closed on the spot by coordinator or manager.")),
    _count("open", _("Open cases"), _("Open now, suspended ones included.")),
    _count("open_overdue", _("Overdue"), _("Open and past the running limit.")),
    _count("reworked", _("Reworked"), _("Sent back at least once by the check.")),
    _count("returned", _("Handed back"), _("Handed back at least once by its owner.")),
    _count("extended", _("Extended"), _("Limit extended at least once.")),
    _count("urgent", _("Urgent"), _("Marked urgent.")),
    _count("urged", _("Urged"), _("Urged at least once.")),
    _count("satisfied", _("Satisfied"), _("Rated satisfied by the reporter.")),
    _count("fair", _("Fairly satisfied"), _("Rated fairly satisfied by the reporter.")),
    _count("dissatisfied", _("Not satisfied"), _("Rated not satisfied by the reporter.")),
    _share("handling_rate", _("Handling rate"), _("handled / due")),
    _share("on_time_handling_rate", _("On-time handling"), _("handled in time / due")),
    _share("closing_rate", _("Closing rate"), _("closed / due to close"), public=True),
    _share(
        "on_time_closing_rate",
        _("On-time closing"),
        _("closed in time / due to close"),
        public=True,
    ),
    _share("on_time_filing_rate", _("On-time filing"), _("filed in time / filed")),
    _share("accurate_filing_rate", _("Accurate filing"), _("(filed − void) / filed")),
    _share("accurate_dispatch_rate", _("Accurate dispatch"), _("right first time / dispatched")),
    _share("valid_report_rate", _("Valid reports"), _("valid / reported")),
    _share("missed_rate", _("Missed by staff"), _("found by the public / filed")),
    _share("rework_rate", _("Rework rate"), _("reworked / due to close")),
    _share(
        "satisfaction_rate",
        _("Satisfaction"),
        _("(satisfied + fairly satisfied) / rated"),
        public=True,
    ),
    Column(
        "median_hours",
        _("Median hours to close"),
        _("Median time from report to close, in hours; closed cases only."),
        NUMBER,
        lambda r: r.median_hours,
        True,
    ),
)
ALL_COLUMNS = (*PLACE_COLUMNS, *FIGURE_COLUMNS)
# The counts that a public rate or median stands on: with fewer cases it would tell on persons.
STANDS_ON: dict[str, Callable[[AreaRow], int]] = {
    "closing_rate": lambda row: row.counts.due_to_close,
    "on_time_closing_rate": lambda row: row.counts.due_to_close,
    "satisfaction_rate": lambda row: row.counts.rated,
    "median_hours": lambda row: row.counts.closed,
    "per_thousand_households": lambda row: row.counts.reported,
}
SMALLEST = statistics.SMALLEST_SHOWN
