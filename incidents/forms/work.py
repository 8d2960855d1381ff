"""Filters of the work list, which stand in the address, and the reason that opens contacts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from grids.people.choices import ManagementSystem
from incidents.choices import Channel, Light, State

DESK_CHANNELS = (Channel.PHONE, Channel.WALK_IN, Channel.LETTER, Channel.SMS)


class WorkFilter(forms.Form):
    """What the work list is narrowed by. Unknown values narrow nothing."""

    q = forms.CharField(label=_("Number or words"), required=False, max_length=100)
    light = forms.ChoiceField(
        label=_("Light"),
        required=False,
        choices=[("", _("any")), *[c for c in Light.choices if c[0] != Light.NONE]],
    )
    state = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("any")), *State.choices]
    )
    system = forms.ChoiceField(
        label=_("System"), required=False, choices=[("", _("any")), *ManagementSystem.choices]
    )
    reported = forms.ChoiceField(
        label=_("Reported on"),
        required=False,
        choices=[("", _("any day")), ("today", _("today")), ("week", _("the last 7 days"))],
    )
    sort = forms.ChoiceField(
        label=_("Order of the list"),
        required=False,
        choices=[
            ("", _("most pressing")),
            ("oldest", _("oldest first")),
            ("newest", _("newest first")),
        ],
    )
    urgent = forms.BooleanField(label=_("urgent only"), required=False)

    def filters(self) -> dict[str, Any]:
        """The valid part of what was asked."""
        self.is_valid()
        return {key: value for key, value in self.cleaned_data.items() if value}


class ContactForm(forms.Form):
    """Why the reporter's name and phone are opened. The opening is logged."""

    reason = forms.CharField(label=_("Why do you need it?"), max_length=200, min_length=3)
