"""Following a report: its number, an opinion, asking for another look."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.choices import Opinion


class NumberForm(forms.Form):
    """The query number as it was typed or read out."""

    number = forms.CharField(
        label=_("Query number"),
        help_text=_("It stands on the page after sending, such as QH-7K3M-9XWA-C4HT."),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": _("Type the query number first.")},
    )


class RatingForm(forms.Form):
    """An opinion; whoever is not satisfied is asked why."""

    opinion = forms.ChoiceField(
        label=_("How was it done?"),
        choices=Opinion.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the three opinions.")},
    )
    reason = forms.CharField(
        label=_("What could be better?"),
        help_text=_("Needed only if you are not satisfied."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReopenForm(forms.Form):
    """The matter is not solved."""

    reason = forms.CharField(
        label=_("What is still wrong?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say what is still wrong.")},
    )
