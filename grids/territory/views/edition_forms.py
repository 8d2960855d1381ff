"""Forms of the pages of editions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from grids.territory.services.editions import LONGEST_NAME


class NewDraftForm(forms.Form):
    """A name, and what the draft is for."""

    name = forms.CharField(label=gettext_lazy("Name of the new draft"), max_length=LONGEST_NAME)
    note = forms.CharField(
        label=gettext_lazy("What it is for"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(),
    )


class PublishForm(forms.Form):
    """When the draft takes effect, and why findings are accepted where there are any."""

    NOW, LATER = "now", "later"

    when = forms.ChoiceField(
        label=gettext_lazy("Takes effect"),
        choices=[
            (NOW, pgettext_lazy("takes effect", "at once")),
            (LATER, pgettext_lazy("takes effect", "at a later moment")),
        ],
        widget=forms.RadioSelect,
        initial=NOW,
    )
    day = forms.DateField(
        label=gettext_lazy("Day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    time = forms.TimeField(
        label=gettext_lazy("Time of day"),
        required=False,
        initial="00:00",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why the findings are accepted"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept with each finding, with your name."),
    )
    step = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, now: dt.datetime, breaks_law: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["reason"].required = breaks_law
        if not breaks_law and "reason" not in self.data:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["moment"] = None
        if data.get("when") != self.LATER or self.errors:
            return data
        if data.get("day") is None:
            self.add_error("day", _("Choose the day on which it takes effect."))
            return data
        try:
            chosen = dt.datetime.combine(data["day"], data.get("time") or dt.time())
            data["moment"] = timezone.make_aware(chosen)
            passed = data["moment"] <= self.now
        except (OverflowError, ValueError):
            passed = True
        if passed:
            self.add_error(
                "day", _("This moment has passed. Choose a later one, or publish at once.")
            )
        return data
