"""Filters of the map page. They stand in the address, so that a link shows the same map."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from grids.people.choices import ManagementSystem
from incidents.choices import CategoryKind, Light, State

PERIODS = [
    ("", _("any day")),
    ("1", _("today and yesterday")),
    ("7", _("7 days")),
    ("30", _("30 days")),
]


class MapFilter(forms.Form):
    """Which cases the map shows. An unknown value is left out, never a broken page."""

    stage = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("all open")), ("all", _("all, closed ones too")), *State.choices],
    )
    light = forms.ChoiceField(
        label=_("Light"),
        required=False,
        choices=[("", _("any")), *[c for c in Light.choices if c[0] != Light.NONE]],
    )
    system = forms.ChoiceField(
        label=_("System"), required=False, choices=[("", _("any")), *ManagementSystem.choices]
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("any")), *CategoryKind.choices]
    )
    days = forms.ChoiceField(label=_("Reported on"), required=False, choices=PERIODS)
    urgent = forms.BooleanField(label=_("urgent only"), required=False)

    def filters(self) -> dict[str, Any]:
        """The valid part of what was asked; `since` is an aware moment."""
        self.is_valid()
        chosen = {key: value for key, value in self.cleaned_data.items() if value}
        if days := chosen.pop("days", None):
            chosen["since"] = timezone.now() - timedelta(days=int(days))
        return chosen


OTHER_LAYERS = ("cases", "posts", "vacancies", "coverage")
FIRST_LAYERS = ("cases", "vacancies")
MOST_ZOOM = 20


def chosen_layers(query: Any, tiers: list[str]) -> set[str]:
    """The layers that the address names (`layers=grid,cases`); all tiers and the usual without."""
    if "layers" not in query:
        return {*tiers, *FIRST_LAYERS}
    return set(query["layers"].split(",")) & {*tiers, *OTHER_LAYERS}


def chosen_view(query: Any) -> dict[str, str]:
    """Where the map looks (`at=lat,lon,zoom`), as data attributes want it; empty without."""
    try:
        lat, lon, zoom = (float(part) for part in query.get("at", "").split(","))
    except ValueError:
        return {}
    if not (abs(lat) <= 90 and abs(lon) <= 180 and 0 <= zoom <= MOST_ZOOM):
        return {}
    return {"center": f"{lat:.5f},{lon:.5f}", "zoom": f"{zoom:.0f}"}
