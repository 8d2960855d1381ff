"""Filters of the map page. They stand in the address, so that a link shows the same map."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from grids.people.choices import ManagementSystem
from incidents.choices import CategoryKind, Light, State

PERIODS = [
    ("", _("any time")),
    ("1", _("today and yesterday")),
    ("7", _("7 days")),
    ("30", _("30 days")),
]


class MapFilter(forms.Form):
    """Which cases the map shows. An unknown value is left out, never a broken page."""

    stage = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", pgettext_lazy("cases", "open")), ("all", _("all")), *State.choices],
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
    days = forms.ChoiceField(label=_("Reported"), required=False, choices=PERIODS)
    urgent = forms.BooleanField(label=_("urgent only"), required=False)

    def filters(self) -> dict[str, Any]:
        """The valid part of what was asked; `since` is an aware moment."""
        self.is_valid()
        chosen = {key: value for key, value in self.cleaned_data.items() if value}
        if days := chosen.pop("days", None):
            chosen["since"] = timezone.now() - timedelta(days=int(days))
        return chosen
