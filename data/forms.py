"""The filters of the statistics, read from the address."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from data.services.grid_statistics import (
    DIVISION_OF_TODAY,
    PATH_OF_REPORT,
    Question,
    visible_areas,
)
from data.services.periods import Period, last_days, month_of
from grids.people.access import Access
from grids.people.choices import ManagementSystem
from grids.territory.models import Boundary, Tier

DEFAULT_PERIOD = "30"
MOST_AREAS = 400
LONGEST_PERIOD = timedelta(days=3660)
# Beyond these years the period before, or the day after, would leave the calendar.
ANY_DAY = (MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31)))
PERIODS = (
    ("7", _("Last 7 days")),
    ("30", _("Last 30 days")),
    ("90", _("Last 90 days")),
    ("365", _("Last 365 days")),
    ("this_month", _("This month")),
    ("last_month", _("Last month")),
    ("own", _("From … to …")),
)


class QuestionForm(forms.Form):
    """Period, tier, system, area, boundaries. What is left out has a sensible default."""

    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, required=False)
    first = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=ANY_DAY,
    )
    last = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=ANY_DAY,
    )
    tier = forms.ChoiceField(label=_("Tier"), required=False)
    system = forms.ChoiceField(label=_("Management system"), required=False)
    area = forms.ChoiceField(label=_("Area"), required=False)
    division = forms.ChoiceField(
        label=_("Boundaries"),
        required=False,
        choices=(
            (PATH_OF_REPORT, _("Of the day of the report")),
            (DIVISION_OF_TODAY, _("Of today")),
        ),
    )

    def __init__(self, data: Any, *, access: Access, now: datetime) -> None:
        self.now, self.access = now, access
        self.tiers = {tier.code: tier for tier in Tier.objects.order_by("order")}
        self.areas = _areas(access, now)
        super().__init__(data=_with_defaults(data, self.tiers))
        self.fields["tier"].choices = [(code, tier.label) for code, tier in self.tiers.items()]
        self.fields["system"].choices = [
            ("", _("All systems")),
            *ManagementSystem.choices,
            ("none", _("No category yet")),
        ]
        self.fields["area"].choices = [
            ("", _("Everything I may see")),
            *((row.grid.code, row.label) for row in self.areas),
        ]

    def clean(self) -> dict[str, Any]:
        """The period must run forward and stay within ten years."""
        values = super().clean() or {}
        first, last = values.get("first"), values.get("last")
        if first or last:
            today = last_days(1, self.now).last
            period = Period(first or (last or today) - timedelta(days=29), last or today)
        else:
            period = named_period(values.get("period") or DEFAULT_PERIOD, self.now)
        if period.last < period.first:
            self.add_error("last", _("The period ends before it begins."))
        elif period.last - period.first > LONGEST_PERIOD:
            self.add_error("first", _("A period of ten years is the longest."))
        values["question_period"] = period
        return values

    def question(self) -> Question:
        """What is asked; call after is_valid()."""
        values = self.cleaned_data
        chosen = [row for row in self.areas if row.grid.code == values["area"]]
        return Question(
            period=values["question_period"],
            tier=self.tiers[values["tier"]],
            system=values["system"],
            area_id=chosen[0].grid_id if chosen else None,
            division=values["division"],
        )


def named_period(name: str, now: datetime) -> Period:
    """The period that a word of `PERIODS` means."""
    if name == "this_month":
        return month_of(now)
    if name == "last_month":
        return month_of(now, back=1)
    return last_days(int(name) if name.isdigit() else int(DEFAULT_PERIOD), now)


def _with_defaults(data: Any, tiers: dict[str, Tier]) -> dict[str, Any]:
    """The address's values, with the default period and the second tier where none is named."""
    values = {name: data.get(name, "") for name in ("period", "first", "last", "system", "area")}
    if values["first"] or values["last"]:
        values["period"] = "own"
    elif not values["period"] or values["period"] == "own":
        values["period"] = DEFAULT_PERIOD
    values["division"] = data.get("division") or PATH_OF_REPORT
    codes = list(tiers)
    values["tier"] = data.get("tier") or (codes[1] if len(codes) > 1 else "".join(codes[:1]))
    return values


def _areas(access: Access, now: datetime) -> list[Boundary]:
    """Areas to choose among: all that have children, within what the user may see."""
    visible = visible_areas(access, now=now)
    parents = (
        Boundary.objects.valid_at(now)
        .filter(parent__isnull=False)
        .values_list("parent_id", flat=True)
    )
    wanted = visible & set(parents)
    rows = Boundary.objects.valid_at(now).filter(grid_id__in=wanted).select_related("grid__tier")
    ordered = rows.defer("geometry").order_by("grid__tier__order", "grid__code")
    return list(ordered[:MOST_AREAS])
