"""Filters of the work list, and the entry of a call. Filters stand in the address."""

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

    def filters(self) -> dict[str, Any]:
        """The valid part of what was asked."""
        self.is_valid()
        return {key: value for key, value in self.cleaned_data.items() if value}


class ContactForm(forms.Form):
    """Why the reporter's name and phone are opened. The opening is logged."""

    reason = forms.CharField(label=_("Why do you need it?"), max_length=200, min_length=3)
