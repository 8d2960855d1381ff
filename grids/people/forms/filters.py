"""What the roster is narrowed by; it stands in the address."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.permissions import GRID_ROLES, Role
from grids.people.choices import PersonKind
from grids.people.services.tree import AreaNode
from grids.territory.services.responsibility import as_moment

ANY = ("", _("any"))
FIRST_DAY, LAST_DAY = datetime(1949, 10, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - days only


class DayField(forms.DateField):
    """A day that the calendar of an office can mean."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        kwargs.setdefault("error_messages", {"invalid": _("The date must read like 2026-03-03.")})
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day is not None and not FIRST_DAY.date() <= day <= LAST_DAY.date():
            raise forms.ValidationError(_("This date is too far away."))
        return day


class RosterFilter(forms.Form):
    """Filters of both lists. Choices that nobody offers narrow nothing; a bad day is told."""

    q = forms.CharField(label=_("Name, grid or code"), required=False, max_length=60)
    area = forms.ChoiceField(label=_("Area"), required=False)
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[ANY, *Role.choices])
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[ANY, *PersonKind.choices])
    show = forms.ChoiceField(label=_("Only"), required=False)
    on = DayField(label=_("On the day"), required=False)

    def __init__(self, data: Any, *, nodes: list[AreaNode], by_grid: bool) -> None:
        super().__init__(data)
        self.fields["area"].choices = [
            ANY,
            *(
                (str(n.grid_id), f"{INDENT * n.depth}{n.label}")
                for n in nodes
                if n.divided or n.depth == 0
            ),
        ]
        if by_grid:
            self.fields["role"].choices = [
                ANY,
                *((r.value, r.label) for r in Role if r in GRID_ROLES),
            ]
            self.fields["show"].choices = [
                ANY,
                ("findings", _("with findings")),
                ("away", _("with somebody away")),
            ]
        else:
            self.fields["show"].choices = [
                ANY,
                ("away", _("away that day")),
                ("idle", _("without a post")),
                ("left", _("who have left")),
            ]

    def filters(self) -> dict[str, Any]:
        """The valid part of what was asked."""
        self.is_valid()
        return {key: value for key, value in self.cleaned_data.items() if value}

    def moment(self, now: datetime) -> datetime:
        """The start of the day asked for; now when it is today or no day was asked for."""
        day = self.cleaned_data.get("on")
        return now if day is None or day == timezone.localdate(now) else as_moment(day)


INDENT = "\u3000"
