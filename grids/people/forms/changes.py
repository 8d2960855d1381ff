"""Forms that change the roster. What a form cannot know is refused by the service behind it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.permissions import GRID_ROLES, Role
from grids.people.forms.filters import INDENT, DayField
from grids.people.models import Department, Person
from grids.people.phones import PHONE_SIGNS
from grids.people.services.scope import Scope
from grids.people.services.tree import AreaNode
from grids.territory.models import Grid
from grids.territory.services.responsibility import as_moment

ROLES_WITH_PLACE = [(r.value, r.label) for r in Role if r in GRID_ROLES]


def begin_of(day: date | None, now: datetime) -> datetime:
    """When something begins that begins on `day`: today (or no day) at once."""
    return now if day is None or day == timezone.localdate(now) else as_moment(day)


def end_of(day: date | None) -> datetime | None:
    """When something ends whose last day is `day`: the midnight after it."""
    return None if day is None else as_moment(day + timedelta(days=1))


def area_choices(nodes: list[AreaNode]) -> list[tuple[str, str]]:
    """Areas with their codes, indented as the tree is."""
    return [(str(n.grid_id), f"{INDENT * n.depth}{n.label} · {n.code}") for n in nodes]


class PersonChoice(forms.ModelChoiceField):
    """People told apart by kind and duty phone, as names repeat."""

    def label_from_instance(self, obj: Person) -> str:
        parts = (obj.name, obj.get_kind_display(), obj.duty_phone)
        return " · ".join(str(part) for part in parts if part)


class DepartmentChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Department) -> str:
        return obj.label


class PersonForm(forms.ModelForm):
    """A person. The private phone is never shown here; an empty field keeps the old one."""

    new_phone = forms.CharField(
        label=_("Private phone"),
        required=False,
        max_length=30,
        help_text=_("Stands encrypted and masked. Left empty, it stays as it is."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )
    left_at = DayField(
        label=_("left the service on"),
        required=False,
        help_text=_("Whoever has left is no longer missed when they hold no post."),
    )

    class Meta:
        model = Person
        fields = ["name", "kind", "staff_number", "duty_phone", "left_at"]

    def clean_name(self) -> str:
        """Names are kept without the blanks that lists put into them."""
        return " ".join(self.cleaned_data["name"].split())

    def clean_new_phone(self) -> str:
        """Digits with the usual signs."""
        return checked_phone(self.cleaned_data["new_phone"])

    def clean_duty_phone(self) -> str:
        """As above."""
        return checked_phone(self.cleaned_data["duty_phone"])

    def changed_fields(self) -> list[str]:
        """Fields of the model that were changed, the phone included when one was given."""
        changed = [name for name in self.changed_data if name != "new_phone"]
        return [*changed, "phone"] if self.cleaned_data.get("new_phone") else changed


def checked_phone(text: str) -> str:
    """A phone number as it is written; raises ValidationError for what cannot be dialled."""
    text = text.strip()
    if text and not set(text) <= PHONE_SIGNS:
        raise forms.ValidationError(_("A phone number holds digits, such as 010-62780000."))
    return text


class _Days(forms.Form):
    """From and until, in days."""

    first_day = DayField(label=_("First day"), required=False, help_text=_("Empty: from now on."))
    last_day = DayField(label=_("Last day"), required=False, help_text=_("Empty: open."))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first_day"), data.get("last_day")
        if last and last < (first or timezone.localdate()):
            self.add_error("last_day", _("The last day must not lie before the first."))
        return data


class AppointForm(_Days):
    """A post for a person: what, where, since when."""

    person = PersonChoice(label=_("Person"), queryset=Person.objects.none())
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    grid = forms.ChoiceField(
        label=_("Area"),
        required=False,
        help_text=_("Grid roles need one; other roles without one hold for the whole office."),
    )
    department = DepartmentChoice(
        label=_("Department"),
        required=False,
        queryset=Department.objects.none(),
        help_text=_("For department handlers."),
    )
    is_lead = forms.BooleanField(label=_("Lead (not a deputy)"), required=False, initial=True)
    field_order = ["person", "role", "grid", "department", "is_lead", "first_day", "last_day"]

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = scope
        self.fields["person"].queryset = (
            scope.kept_people().exclude(left_at__lte=timezone.localdate()).order_by("name", "pk")
        )
        self.fields["grid"].choices = [("", "—"), *area_choices(scope.kept_nodes)]
        self.fields["department"].queryset = scope.departments().order_by("name")

    def clean_grid(self) -> Grid | None:
        """The grid itself."""
        chosen = self.cleaned_data["grid"]
        return Grid.objects.get(pk=chosen) if chosen else None

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        role, grid, department = (data.get(key) for key in ("role", "grid", "department"))
        if "grid" in data:
            if role in GRID_ROLES and grid is None:
                self.add_error("grid", _("This role is held on a grid; choose which."))
            elif role == Role.DEPARTMENT_HANDLER:
                data["grid"] = None
                if department is None:
                    self.add_error("department", _("A department handler needs the department."))
            elif grid is None and not self.scope.keeps(None):
                self.add_error("grid", _("You may give posts in your own area only; choose it."))
        if role != Role.DEPARTMENT_HANDLER:
            data["department"] = None
        return data


class EndForm(forms.Form):
    """When a post ends."""

    last_day = DayField(label=_("Last day"), required=False, help_text=_("Empty: it ends at once."))

    def clean_last_day(self) -> date | None:
        """A post is not ended in the past: who was responsible then must stay known."""
        day = self.cleaned_data["last_day"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(
                _("A post cannot end in the past; what happened since had its person.")
            )
        return day


class TransferForm(forms.Form):
    """Another grid or role for the same person, without a gap."""

    grid = forms.ChoiceField(label=_("Area"))
    role = forms.ChoiceField(label=_("Role"), choices=ROLES_WITH_PLACE)
    is_lead = forms.BooleanField(label=_("Lead (not a deputy)"), required=False)
    first_day = DayField(label=_("First day"), required=False, help_text=_("Empty: from now on."))

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grid"].choices = area_choices(scope.kept_nodes)

    def clean_grid(self) -> Grid:
        """The grid itself."""
        return Grid.objects.get(pk=self.cleaned_data["grid"])

    def clean_first_day(self) -> date | None:
        """History stays: a transfer begins today at the earliest."""
        day = self.cleaned_data["first_day"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(_("A transfer cannot begin in the past."))
        return day


class LeaveForm(_Days):
    """Leave with who stands in."""

    stand_in = PersonChoice(
        label=_("Stand-in"),
        required=False,
        queryset=Person.objects.none(),
        help_text=_("Cases and rights of the absent person go to them meanwhile."),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=200,
        help_text=_("No reasons of health; colleagues read this."),
    )
    field_order = ["first_day", "last_day", "stand_in", "note"]

    def __init__(self, *args: Any, scope: Scope, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stand_in"].queryset = (
            scope.people()
            .exclude(pk=person.pk)
            .exclude(left_at__lte=timezone.localdate())
            .order_by("name", "pk")
        )
        self.fields["last_day"].help_text = _("Empty: until further notice.")


class StandInForm(forms.Form):
    """Who stands in during an absence that is noted already."""

    stand_in = PersonChoice(label=_("Stand-in"), queryset=Person.objects.none())

    def __init__(self, *args: Any, scope: Scope, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stand_in"].queryset = (
            scope.people()
            .exclude(pk=person.pk)
            .exclude(left_at__lte=timezone.localdate())
            .order_by("name", "pk")
        )


class ReasonForm(forms.Form):
    """Why a private phone is opened. The opening is logged."""

    reason = forms.CharField(label=_("Why do you need it?"), max_length=200, min_length=3)


class PlannedForm(forms.Form):
    """A post of a grid of a draft."""

    grid = forms.ChoiceField(label=_("Grid"))
    person = PersonChoice(label=_("Person"), queryset=Person.objects.none())
    role = forms.ChoiceField(label=_("Role"), choices=ROLES_WITH_PLACE)
    is_lead = forms.BooleanField(label=_("Lead (not a deputy)"), required=False, initial=True)

    def __init__(
        self, *args: Any, scope: Scope, grids: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grid"].choices = grids
        self.fields["person"].queryset = (
            scope.people().exclude(left_at__lte=timezone.localdate()).order_by("name", "pk")
        )

    def clean_grid(self) -> Grid:
        """The grid itself."""
        return Grid.objects.get(pk=self.cleaned_data["grid"])


class UploadForm(forms.Form):
    """A list of the roster."""

    file = forms.FileField(
        label=_("List (.xlsx or .csv)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xlsm,.csv,.txt,.tsv"}),
        error_messages={"empty": _("The file is empty.")},
    )
