"""The charts of the statistics page, as components/chart.html wants them."""

from __future__ import annotations

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from data.querysets import SYSTEMS
from data.services.grid_statistics import GridStatistics
from grids.people.choices import ManagementSystem

MOST_AREAS, MOST_KINDS = 12, 12


def charts(
    figures: GridStatistics, *, days: list[tuple], kinds: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Over time, by area, by category, by system, opinions; none where no case was reported."""
    total = figures.total
    if total is None or not total.counts.reported:
        return []
    return [
        _over_time(figures, days),
        _by_area(figures),
        _by_kind(kinds),
        _by_system(figures),
        *([_opinions(figures)] if total.counts.rated else []),
    ]


def _over_time(figures: GridStatistics, days: list[tuple]) -> dict[str, Any]:
    step = figures.question.period.step()
    style = "YEAR_MONTH_FORMAT" if step == "month" else "SHORT_DATE_FORMAT"
    titles = {
        "day": _("Cases by day of report"),
        "week": _("Cases by week of report"),
        "month": _("Cases by month of report"),
    }
    return {
        "id": "chart-time",
        "title": titles[step],
        "wide": True,
        "spec": {
            "type": "line",
            "labels": [
                f"{day:%m-%d}" if step == "day" else date_format(day, style) for day, _n, _c in days
            ],
            "series": [
                {"name": _("Cases reported"), "values": [count for _d, count, _c in days]},
                {"name": _("of these closed"), "values": [closed for _d, _n, closed in days]},
            ],
        },
    }


def _by_area(figures: GridStatistics) -> dict[str, Any]:
    rows = sorted(figures.rows, key=lambda row: -row.counts.reported)[:MOST_AREAS]
    return {
        "id": "chart-area",
        "title": _("Areas with most cases") if len(figures.rows) > MOST_AREAS else _("By area"),
        "wide": False,
        "spec": {
            "type": "stack",
            "horizontal": True,
            "labels": [row.label for row in rows],
            "series": [
                {"name": _("Closed"), "values": [row.counts.closed for row in rows]},
                {
                    "name": _("Open, in time"),
                    "values": [row.counts.open - row.counts.open_overdue for row in rows],
                },
                {"name": _("Overdue"), "values": [row.counts.open_overdue for row in rows]},
                {"name": _("Not filed"), "values": [row.counts.not_filed for row in rows]},
            ],
        },
    }


def _by_kind(kinds: list[dict[str, Any]]) -> dict[str, Any]:
    english = (get_language() or "").startswith("en")
    first = kinds[:MOST_KINDS]
    names = [
        ((kind["name_en"] if english else "") or kind["name"] or _("No category yet"))
        for kind in first
    ]
    return {
        "id": "chart-kind",
        "title": _("Most frequent categories"),
        "wide": False,
        "spec": {
            "type": "bar",
            "horizontal": True,
            "labels": names,
            "series": [{"name": _("Cases"), "values": [kind["count"] for kind in first]}],
        },
    }


def _by_system(figures: GridStatistics) -> dict[str, Any]:
    assert figures.total is not None  # noqa: S101 - charts() has looked
    counts = figures.total.by_system
    labels = [str(ManagementSystem(key).label) for key in SYSTEMS]
    values = [counts[key] for key in SYSTEMS]
    if counts["no_system"]:
        labels.append(_("No category yet"))
        values.append(counts["no_system"])
    return {
        "id": "chart-system",
        "title": _("By management system"),
        "wide": False,
        "spec": {
            "type": "bar",
            "horizontal": True,
            "labels": labels,
            "series": [{"name": _("Cases"), "values": values}],
        },
    }


def _opinions(figures: GridStatistics) -> dict[str, Any]:
    assert figures.total is not None  # noqa: S101 - charts() has looked
    counts = figures.total.counts
    return {
        "id": "chart-opinion",
        "title": _("What reporters think"),
        "wide": False,
        "spec": {
            "type": "bar",
            "horizontal": True,
            "labels": [_("Satisfied"), _("Fairly satisfied"), _("Not satisfied")],
            "series": [
                {
                    "name": _("Opinions"),
                    "values": [counts.satisfied, counts.fair, counts.dissatisfied],
                }
            ],
        },
    }
