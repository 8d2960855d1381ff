"""The report of a resident and the quick report of a coordinator.

The forms only carry what was sent: the intake service judges it, so that every way in refuses the
same things in the same words. `take_errors` puts the service's words beside the fields.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from incidents.choices import Channel
from incidents.forms.uploads import PhotosField
from incidents.models import Category, PublicTile
from incidents.services.intake import Report

# The service's field names and where their messages belong on a page.
FIELD_OF = {"place": "address", "point": "address", "place_words": "address", "category": "tile"}
MOST_TILES = 14  # more pictures than these nobody looks through on a phone


def fresh_key() -> str:
    """One form, one case: however often it is sent."""
    return uuid.uuid4().hex


class PlaceForm(forms.Form):
    """What both reports share: where, what, which kind, photos, the key of this form."""

    lon = forms.CharField(required=False, widget=forms.HiddenInput, strip=True)
    lat = forms.CharField(required=False, widget=forms.HiddenInput, strip=True)
    address = forms.CharField(label=_("Place"), required=False)
    tile = forms.CharField(label=_("Picture"), required=False)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    photos = PhotosField(label=_("Photos"))
    key = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The parts of the page carry these ids; the error summary leads to them.
        for name, html_id in self.html_ids.items():
            self.fields[name].widget.attrs["id"] = html_id

    html_ids = {"address": "address", "photos": "photos", "tile": "tile"}

    def take_errors(self, error: ValidationError) -> None:
        """The messages of a service beside the fields they speak of."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for name, messages in by_field.items():
            field = FIELD_OF.get(name, name)
            self.add_error(field if field in self.fields else None, list(messages))

    def with_fresh_key(self) -> None:
        """Draw the form again under another key, everything else as it was typed."""
        self.data = self.data.copy()
        self.data["key"] = fresh_key()

    def tiles(self) -> list[dict[str, str]]:
        """The picture tiles in the reader's language."""
        rows = PublicTile.objects.filter(active=True)[:MOST_TILES]
        return [{"value": row.code, "icon": row.icon, "label": row.label} for row in rows]

    @property
    def chosen_tile(self) -> str:
        """The tile as it was sent."""
        return str(self["tile"].value() or "")

    def place_errors(self) -> list[str]:
        """What is wrong with the place, for the part of the page that asks for it."""
        return list(self.errors.get("address", [])) if self.is_bound else []

    def other_errors(self) -> list[str]:
        """What belongs to no field."""
        return list(self.errors.get(NON_FIELD_ERRORS, [])) if self.is_bound else []


class ReportForm(PlaceForm):
    """A resident's report; nobody is asked for a name."""

    contact_phone = forms.CharField(
        label=_("Your phone number"),
        help_text=_("Only for questions about this report. Nobody else sees it."),
        required=False,
        # A draft lies open on the phone for days; a number does not belong there.
        widget=forms.TextInput(
            attrs={
                "type": "tel",
                "inputmode": "tel",
                "autocomplete": "tel",
                "data-no-draft": True,
            }
        ),
    )

    def report(self) -> Report:
        """What the intake service is told."""
        given = self.cleaned_data
        return Report(
            channel=Channel.WEB,
            description=given["description"],
            lon=given["lon"] or None,
            lat=given["lat"] or None,
            place_words=given["address"],
            tile=given["tile"],
            contact_phone=given["contact_phone"],
            photos=tuple(given["photos"]),
            idempotency_key=given["key"],
            language=get_language() or "",
        )


class FieldReportForm(PlaceForm):
    """A coordinator's quick report from the grid, closed on the spot where that was possible."""

    category = forms.ModelChoiceField(
        label=_("Exact kind"),
        queryset=Category.objects.none(),
        required=False,
        empty_label=_("as the picture says"),
    )
    on_the_spot = forms.BooleanField(label=_("I have solved it on the spot"), required=False)
    result = forms.CharField(
        label=_("What was done?"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["category"].queryset = Category.objects.filter(active=True)  # type: ignore[attr-defined]
        self.fields["category"].choices = self._category_choices()  # type: ignore[attr-defined]

    def _category_choices(self) -> list[Any]:
        """All kinds under their big classes, in the reader's language; one query."""
        english = (get_language() or "").startswith("en")
        groups: dict[str, list[tuple[str, str]]] = {}
        for row in Category.objects.filter(active=True):
            big = row.big_name_en if english and row.big_name_en else row.big_name
            groups.setdefault(big, []).append((str(row.pk), row.label))
        return [("", self.fields["category"].empty_label), *groups.items()]  # type: ignore[attr-defined]

    def report(self) -> Report:
        """What the intake service is told."""
        given = self.cleaned_data
        return Report(
            channel=Channel.PATROL,
            description=given["description"],
            lon=given["lon"] or None,
            lat=given["lat"] or None,
            place_words=given["address"],
            tile=given["tile"],
            category_id=given["category"].pk if given["category"] else None,
            photos=tuple(given["photos"]),
            idempotency_key=given["key"],
            language=get_language() or "",
            on_the_spot=given["on_the_spot"],
            result=given["result"],
        )
