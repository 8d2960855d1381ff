"""The statistics page: figures, charts and the table of areas, all from the address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from data import statistics
from data.exports.columns import FIGURE_COLUMNS
from data.forms import QuestionForm
from data.services import grid_statistics
from data.services.grid_statistics import (
    DIVISION_OF_TODAY,
    AreaRow,
    GridStatistics,
    Question,
)
from data.views.charts import charts
from data.views.shaded_map import shaded_map
from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right

# Columns of the page's table; the files hold all of them.
SHOWN = (
    "reported",
    "change",
    "per_thousand_households",
    "open",
    "open_overdue",
    "closing_rate",
    "on_time_closing_rate",
    "rework_rate",
    "returned",
    "satisfaction_rate",
    "median_hours",
)
COLUMNS = tuple(column for key in SHOWN for column in FIGURE_COLUMNS if column.key == key)


@require_safe
@requires(Right.SEE_STATISTICS)
def page(request: HttpRequest) -> HttpResponse:
    """`?period|first&last, tier, system, area, sort`: the same address gives the same view."""
    now = timezone.now()
    access = request.access  # type: ignore[attr-defined]
    form = QuestionForm(request.GET, access=access, now=now)
    context: dict[str, Any] = {"form": form, "may_export": access.may(Right.EXPORT)}
    if not form.is_valid():
        return render(request, "data/statistics.html", context, status=400)
    question = form.question()
    figures = grid_statistics.grid_statistics(question, access, now=now)
    query = request.GET.copy()
    query.pop("sort", None)
    rows = _rows(figures, request.GET, form.tiers)
    context |= {
        "map": _map(figures, request.GET, rows),
        "map_query": _map_query(question),
        "question": question,
        "figures": figures,
        "sentence": _sentence(question),
        "stats": _stats(figures),
        "charts": charts(
            figures,
            days=grid_statistics.series(question, access, now=now, zone=settings.TIME_ZONE),
            kinds=grid_statistics.categories(question, access, now=now),
        ),
        "columns": _headings(request.GET),
        "rows": rows,
        "total": _cells(figures.total) if figures.total else [],
        "query": query.urlencode(),
    }
    return render(request, "data/statistics.html", context)


def _map(
    figures: GridStatistics, query: QueryDict, rows: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """The areas shaded by the figure that the table is sorted by, else by the cases reported."""
    asked = query.get("sort", "").removeprefix("-")
    column = next((c for c in COLUMNS if c.key == asked), COLUMNS[0])
    urls = {item["row"].grid_id: item["url"] for item in rows if item["url"]}
    return shaded_map(figures, column, lambda value: _shown(column.key, column.kind, value), urls)


def _map_query(question: Question) -> str:
    """The case map with this tier's outlines and, as far as it can, the same cases."""
    values = QueryDict(mutable=True)
    values["layers"] = f"{question.tier.code},cases"
    values["stage"] = "all"
    if question.system and question.system != "none":
        values["system"] = question.system
    if question.period.days in (7, 30):
        values["days"] = str(question.period.days)
    return values.urlencode()


def _sentence(question: Question) -> str:
    before = question.period.before()
    by_report = _(
        "Cases reported %(first)s to %(last)s, by the place and division of the report. Compared "
        "with the %(days)s days before (from %(before)s)."
    )
    by_today = _(
        "Cases reported %(first)s to %(last)s, by their place in today's division. Compared with "
        "the %(days)s days before (from %(before)s)."
    )
    return (by_today if question.division == DIVISION_OF_TODAY else by_report) % {
        "first": date_format(question.period.first),
        "last": date_format(question.period.last),
        "days": question.period.days,
        "before": date_format(before.first),
    }


def _stats(figures: GridStatistics) -> list[dict[str, Any]]:
    total = figures.total
    if total is None:
        return []
    counts = total.counts
    return [
        {"label": _("Cases reported"), "value": counts.reported, "text": _change_words(total)},
        {
            "label": _("Closing rate"),
            **_percent(statistics.closing_rate(counts)),
            "text": _("%(part)s closed of %(whole)s due to close")
            % {"part": counts.closed, "whole": counts.due_to_close},
        },
        {
            "label": _("On-time closing"),
            **_percent(statistics.on_time_closing_rate(counts)),
            "text": _("%(part)s closed in time") % {"part": counts.closed_in_time},
        },
        {
            "label": _("Overdue"),
            "value": counts.open_overdue,
            "text": _("of %(n)s open cases") % {"n": counts.open},
            "tone": "red" if counts.open_overdue else "green",
        },
        {
            "label": _("Rework rate"),
            **_percent(statistics.rework_rate(counts)),
            "text": _("%(rework)s reworked, %(returned)s handed back")
            % {"rework": counts.reworked, "returned": counts.returned},
        },
        {
            "label": _("Satisfaction"),
            **_percent(statistics.satisfaction_rate(counts)),
            "text": _("%(n)s opinions, %(bad)s not satisfied")
            % {"n": counts.rated, "bad": counts.dissatisfied},
            "tone": "red" if counts.rated and counts.dissatisfied * 3 > counts.rated else "",
        },
        {
            "label": _("Median hours to close"),
            "value": _decimal(total.median_hours),
            "text": _("half of the closed cases took no longer"),
        },
    ]


def _percent(rate: float | None) -> dict[str, str]:
    """Value and unit apart, so that a narrow tile does not break between them."""
    if rate is None:
        return {"value": statistics.EMPTY, "unit": ""}
    return {"value": f"{rate * 100:.1f}", "unit": "%"}


def _change_words(total: AreaRow) -> str:
    before = total.before.reported if total.before else 0
    if total.change is None:
        return _("%(before)s in the period before") % {"before": before}
    return _("%(change)s against %(before)s before") % {
        "change": _signed(total.change),
        "before": before,
    }


def _headings(query: QueryDict) -> list[dict[str, Any]]:
    sort = query.get("sort", "")
    headings = []
    for column in COLUMNS:
        values = query.copy()
        values["sort"] = column.key if sort == f"-{column.key}" else f"-{column.key}"
        order = {column.key: "ascending", f"-{column.key}": "descending"}.get(sort, "")
        headings.append(
            {
                "label": column.heading,
                "meaning": column.meaning,
                "sorted": order,
                "url": f"?{values.urlencode()}",
            }
        )
    return headings


def _rows(figures: GridStatistics, query: QueryDict, tiers: dict[str, Any]) -> list[dict[str, Any]]:
    """Areas in the asked order; each opens to the tier below it."""
    rows, sort = list(figures.rows), query.get("sort", "")
    column = next((c for c in COLUMNS if c.key == sort.removeprefix("-")), None)
    if column is not None:
        known = [row for row in rows if column.value(row) is not None]
        known.sort(key=column.value, reverse=sort.startswith("-"))
        rows = [*known, *(row for row in rows if column.value(row) is None)]
    codes = list(tiers)
    place = codes.index(figures.question.tier.code)
    lower = codes[place + 1] if place + 1 < len(codes) else ""
    shown = []
    for row in rows:
        values = query.copy()
        values.pop("sort", None)
        values["area"], values["tier"] = row.code, lower
        url = f"?{values.urlencode()}" if lower and row.grid_id else ""
        shown.append({"row": row, "cells": _cells(row), "url": url})
    return shown


def _cells(row: AreaRow) -> list[dict[str, str]]:
    return [
        {"label": str(column.heading), "text": _shown(column.key, column.kind, column.value(row))}
        for column in COLUMNS
    ]


def _shown(key: str, kind: str, value: Any) -> str:
    if value is None:
        return statistics.EMPTY
    if key == "change":
        return _signed(value)
    if kind == "share":
        return statistics.shown_share(value)
    return _decimal(value) if isinstance(value, float) else str(value)


def _signed(change: float) -> str:
    return f"{change * 100:+.0f} %".replace("-", "−")


def _decimal(value: float | None) -> str:
    return statistics.EMPTY if value is None else f"{value:.1f}"
