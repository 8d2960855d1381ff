"""Forms of the pages that take files in: what to upload, and how to read it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.crs import UnknownCrsError
from grids.territory.models import Tier
from grids.territory.services.boundary_survey import Layer
from grids.territory.services.building_list import FIELDS as LIST_FIELDS
from grids.territory.services.crs_guess import parse_reading
from grids.territory.services.waiting_files import AREA_ENDINGS, LIST_ENDINGS

COLUMN_LABELS: dict[str, Promise] = {
    "code": _("Codes"),
    "name": _("Names"),
    "name_en": _("English names"),
    "parent": _("Codes of the parents"),
    "households": _("Households"),
    "population": _("Residents"),
    "kind": _("Kind (basic or dedicated)"),
    "tier": _("Tier of each row"),
}


class UploadForm(forms.Form):
    """One map file."""

    endings = AREA_ENDINGS
    file = forms.FileField(
        label=_("File"),
        help_text=_("GeoPackage, Shapefile (all its files in one ZIP), GeoJSON or KML."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = ",".join(self.endings)


class ListUploadForm(UploadForm):
    """One list of buildings."""

    endings = LIST_ENDINGS
    file = forms.FileField(
        label=_("File"),
        help_text=_("Excel (.xlsx) or CSV; one row a building, with the grid that it belongs to."),
    )


class ReadAsForm(forms.Form):
    """How an uploaded map file is to be read. Everything has a guessed value."""

    layer = forms.ChoiceField(label=_("Layer"))
    tier = forms.ModelChoiceField(
        Tier.objects.order_by("order"), label=_("Tier"), to_field_name="code", empty_label=None
    )
    reading = forms.CharField(label=_("Coordinate system"), required=False, max_length=40)
    other = forms.CharField(
        label=_("Another coordinate system"),
        required=False,
        max_length=40,
        help_text=_("As EPSG:n, where the right one is not among the candidates."),
    )
    replace = forms.BooleanField(
        label=_("Abolish areas of the same parents that the file does not hold"), required=False
    )

    def __init__(self, *args: Any, layers: list[Layer], layer: Layer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["layer"].choices = [(one.name, f"{one.name} ({one.count})") for one in layers]
        columns = [("", _("—")), *((column, column) for column in layer.columns)]
        for field, label in COLUMN_LABELS.items():
            self.fields[f"column_{field}"] = forms.ChoiceField(
                label=label,
                choices=columns if field != "code" else columns[1:],
                required=field == "code",
            )

    def clean_other(self) -> str:
        """A system by its number, as a reading."""
        text = self.cleaned_data["other"].strip()
        if text:
            try:
                return parse_reading(text).key
            except UnknownCrsError:
                raise forms.ValidationError(
                    _("%(crs)s is no coordinate system that we know. Write EPSG:n.") % {"crs": text}
                ) from None
        return ""

    def columns(self) -> dict[str, str]:
        """Field → column, only those that are chosen."""
        return {
            field: self.cleaned_data[f"column_{field}"]
            for field in COLUMN_LABELS
            if self.cleaned_data.get(f"column_{field}")
        }

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """The bound fields of the columns, in order."""
        return [self[f"column_{field}"] for field in COLUMN_LABELS]


class ListColumnsForm(forms.Form):
    """Which column of a list of buildings holds what."""

    def __init__(self, *args: Any, headers: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("—")), *((header, header) for header in headers)]
        for field, label in LIST_FIELDS.items():
            self.fields[f"column_{field}"] = forms.ChoiceField(
                label=label, choices=choices, required=False
            )

    def columns(self) -> dict[str, str]:
        """Field → column, only those that are chosen."""
        return {
            field: self.cleaned_data[f"column_{field}"]
            for field in LIST_FIELDS
            if self.cleaned_data.get(f"column_{field}")
        }
