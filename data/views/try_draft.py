"""Trying a draft: what a past period would have looked like on its grids, as map and table."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_safe

from data.forms import PERIODS, named_period
from data.replay.queue import LONGEST_HOURS, SHORTEST_HOURS
from data.services import borders
from data.services.borders import Square
from data.services.replay import Leaves, Replay, Row, Side, label_of, replay
from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from gridmgmt.core.tables.writing import BOM, safe_text
from grids.territory.choices import EditionStatus
from grids.territory.models import Edition
from grids.territory.views.imports import not_a_draft

DEFAULT_PERIOD = "365"
SHADES = 5
DIGITS = 6


@dataclass(frozen=True)
class Figure:
    """A figure of a leaf: its name in the address, its label, how it is read off a side."""

    key: str
    label: Any
    read: Callable[[Side], float | None]
    digits: int = 0


FIGURES = (
    Figure("late", pgettext_lazy("figure", "late cases"), lambda side: side.late),
    Figure("cases", pgettext_lazy("figure", "cases"), lambda side: side.cases),
    Figure(
        "cases_per_person",
        pgettext_lazy("figure", "cases a person"),
        lambda side: side.cases_per_person,
        digits=1,
    ),
    Figure("people", pgettext_lazy("figure", "people"), lambda side: side.people),
    Figure("households", pgettext_lazy("figure", "households"), lambda side: side.households),
    Figure(
        "strength", pgettext_lazy("figure", "node strength"), lambda side: side.strength, digits=2
    ),
)


class TryForm(forms.Form):
    """Period, what the maps are shaded by, the hours a case takes, which grids."""

    period = forms.ChoiceField(
        label=gettext_lazy("Period"),
        required=False,
        choices=[choice for choice in PERIODS if choice[0] != "own"],
    )
    shade = forms.ChoiceField(
        label=gettext_lazy("Maps show"),
        required=False,
        choices=[(figure.key, figure.label) for figure in FIGURES],
    )
    hours = forms.FloatField(
        label=gettext_lazy("Hours of work a case"),
        required=False,
        min_value=SHORTEST_HOURS,
        max_value=LONGEST_HOURS,
        widget=forms.NumberInput(attrs={"step": "0.05", "placeholder": gettext_lazy("fitted")}),
    )
    all = forms.ChoiceField(
        label=gettext_lazy("Grids"),
        required=False,
        choices=[
            ("", gettext_lazy("Only what the draft changes")),
            ("1", gettext_lazy("All that I may draw")),
        ],
    )

    def __init__(self, data: Any) -> None:
        values = {name: data.get(name, "") for name in self.base_fields}
        values["period"] = values["period"] or DEFAULT_PERIOD
        values["shade"] = values["shade"] or FIGURES[0].key
        super().__init__(data=values)


@require_safe
@requires(Right.DRAW, Right.PUBLISH)
def try_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """`?period, shade, hours, all`: the same address gives the same view; `?as=csv` the table."""
    edition = get_object_or_404(Edition, pk=pk)
    if edition.status != EditionStatus.DRAFT:  # what it changed is in force, or never will be
        return not_a_draft(request, edition)
    now = timezone.now()
    form = TryForm(request.GET)
    context: dict[str, Any] = {"edition": edition, "form": form}
    if not form.is_valid():
        return render(request, "data/try_draft.html", context, status=400)
    values = form.cleaned_data
    period = named_period(values["period"], now)
    found = replay(
        edition,
        period,
        now=now,
        within=request.access.grids_for(Right.DRAW),  # type: ignore[attr-defined]
        hours=values["hours"],
        everything=bool(values["all"]),
    )
    if request.GET.get("as") == "csv":
        return _csv(found, edition)
    shade = next(figure for figure in FIGURES if figure.key == values["shade"])
    pairs, near = borders.near_borders(found.cases, found.after)
    pairs_before, near_before = borders.near_borders(found.cases, found.before)
    query = request.GET.copy()
    query["as"] = "csv"
    context |= {
        "period": period,
        "found": found,
        "hours": number_format(found.hours, 2),
        "shade": shade,
        "stats": _stats(found, near_before, near),
        "headings": FIGURES,
        "rows": [_table_row(row) for row in found.rows],
        "pairs": pairs[: borders.MOST_PLACES],
        "pairs_before": pairs_before[: borders.MOST_PLACES],
        "near_m": int(borders.NEAR_M),
        "square_m": int(borders.SQUARE_M),
        "disputed": (disputes := borders.disputed(period, found.before, now=now)),
        "maps": _maps(found, shade, near_before, near, disputes),
        "bounds": _bounds(found),
        "csv_query": query.urlencode(),
    }
    return render(request, "data/try_draft.html", context)


def _stats(found: Replay, before: Sequence[Square], after: Sequence[Square]) -> list[dict]:
    near_before, near_after = _total(before), _total(after)
    return [
        {"label": _("Cases replayed"), "value": len(found.cases), "text": ""},
        {
            "label": _("Would have gone to another grid"),
            "value": found.moved,
            "text": _share(found.moved, len(found.cases)),
        },
        {
            "label": _("Late, today → draft"),
            "value": f"{found.late_before} → {found.late_after}",
            "text": _("really late: %(number)s") % {"number": found.cases.late},
            "tone": _tone(found.late_before, found.late_after),
        },
        {
            "label": _("Most cases of one grid"),
            "value": f"{_most(found.rows, 'before')} → {_most(found.rows, 'after')}",
            "text": "",
        },
        {
            "label": _("Cases near a border"),
            "value": f"{near_before} → {near_after}",
            "text": _("within %(metres)s m") % {"metres": int(borders.NEAR_M)},
            "tone": _tone(near_before, near_after),
        },
    ]


def _tone(before: int, after: int) -> str:
    if before == after:
        return ""
    return "green" if after < before else "red"


def _total(squares: Sequence[Square]) -> int:
    return sum(square.count for square in squares)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "—"


def _most(rows: Sequence[Row], side: str) -> int:
    return max((getattr(row, side).cases for row in rows if getattr(row, side)), default=0)


def _table_row(row: Row) -> dict[str, Any]:
    return {
        "code": row.code,
        "label": row.label,
        "mark": _mark(row),
        "cells": [
            {
                "label": figure.label,
                "before": _shown(figure, row.before),
                "after": _shown(figure, row.after),
                "same": _value(figure, row.before) == _value(figure, row.after),
            }
            for figure in FIGURES
        ],
    }


def _mark(row: Row) -> str:
    if row.before is None:
        return pgettext("try", "new")
    return pgettext("try", "ends") if row.after is None else ""


def _value(figure: Figure, side: Side | None) -> float | None:
    return None if side is None else figure.read(side)


def _shown(figure: Figure, side: Side | None) -> str:
    value = _value(figure, side)
    return "—" if value is None else number_format(value, figure.digits)


def _maps(
    found: Replay,
    shade: Figure,
    near_before: Sequence[Square],
    near_after: Sequence[Square],
    disputes: Sequence[Square],
) -> dict[str, Any]:
    """What the two maps draw: areas with their shade, border squares, disputed places."""
    values = [
        value
        for row in found.rows
        for side in (row.before, row.after)
        if (value := _value(shade, side)) is not None
    ]
    steps = _steps(values)
    sides = {row.grid_id: (row.before, row.after) for row in found.rows}
    return {
        "before": _areas(found.before, shade, steps, {g: s[0] for g, s in sides.items()}),
        "after": _areas(found.after, shade, steps, {g: s[1] for g, s in sides.items()}),
        "near_before": _squares(near_before),
        "near_after": _squares(near_after),
        "disputed": _squares(disputes),
        "legend": _legend(steps, shade),
    }


def _steps(values: Sequence[float]) -> list[float]:
    """Lower ends of the shades above the first: about as many areas in each, no doubles."""
    if not values:
        return []
    cuts = np.quantile(np.array(values), np.linspace(0, 1, SHADES + 1)[1:-1], method="higher")
    return sorted({float(cut) for cut in cuts if cut > min(values)})


def _legend(steps: Sequence[float], shade: Figure) -> list[dict[str, Any]]:
    ends = [number_format(step, shade.digits) for step in steps]
    if not ends:
        return []
    words = [_("below %(value)s") % {"value": ends[0]}]
    words += [
        _("%(first)s to below %(last)s") % {"first": first, "last": last}
        for first, last in itertools.pairwise(ends)
    ]
    words.append(_("%(value)s and more") % {"value": ends[-1]})
    return [{"shade": number, "label": word} for number, word in enumerate(words)]


def _areas(
    leaves: Leaves, shade: Figure, steps: Sequence[float], sides: dict[int, Side | None]
) -> list[dict[str, Any]]:
    features = []
    for state in leaves.states:
        side = sides.get(state.grid_id)
        value = _value(shade, side)
        features.append(
            {
                "type": "Feature",
                "geometry": _geometry(state.geometry),
                "properties": {
                    "label": label_of(state),
                    "shade": None if value is None else sum(value >= step for step in steps),
                    "figures": [[str(figure.label), _shown(figure, side)] for figure in FIGURES],
                },
            }
        )
    return features


def _geometry(shape: shapely.Geometry) -> dict[str, Any]:
    rounded = shapely.transform(shape, lambda xy: np.round(xy, DIGITS))
    return dict(shapely.geometry.mapping(rounded))


def _squares(squares: Sequence[Square]) -> list[dict[str, Any]]:
    return [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [square.ring]},
            "properties": {"count": square.count, "areas": list(square.areas)},
        }
        for square in squares
    ]


def _bounds(found: Replay) -> str:
    shapes = [state.geometry for state in (*found.before.states, *found.after.states)]
    if not shapes:
        return ""
    return ",".join(f"{value:.6f}" for value in shapely.total_bounds(shapes))


def _csv(found: Replay, edition: Edition) -> HttpResponse:
    """The table for a spreadsheet, with how it was made."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            _("code"),
            _("name"),
            *(f"{figure.label} {word}" for figure in FIGURES for word in (_("today"), _("draft"))),
        ]
    )
    for row in found.rows:
        values = [_value(figure, side) for figure in FIGURES for side in (row.before, row.after)]
        cells = ["" if value is None else round(value, 3) for value in values]
        writer.writerow([safe_text(row.code), safe_text(row.label), *cells])
    writer.writerow([])
    writer.writerow([_("hours of work a case"), round(found.hours, 3)])
    answer = HttpResponse(BOM + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="try-{edition.pk}.csv"'
    return answer
