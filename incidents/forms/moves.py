"""One small form for each move, with just the fields that the move needs. Pages draw them as they stand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from grids.people.access import Access
from grids.people.choices import ManagementSystem
from grids.people.models import Department
from grids.territory.models import Boundary
from incidents.choices import Action, Grade
from incidents.forms.uploads import PhotosField
from incidents.lifecycle import Move
from incidents.models import Category, Incident

# What each move asks besides the reason that the life cycle owes. A move that is not here and
# owes no reason is one click.
FIELDS: dict[Action, tuple[str, ...]] = {
    Action.FILE: ("filing_rule_id",),
    Action.NOT_FILE: ("public_note",),
    Action.SELF_HANDLE: ("public_note", "photos"),
    Action.DISPATCH: ("target", "order"),
    Action.REASSIGN: ("target",),
    Action.HANDLE: ("public_note", "photos"),
    Action.SUSPEND: ("until",),
    Action.MERGE: ("into",),
    Action.SPLIT: ("departments",),
    Action.CLASSIFY: ("category_id", "grade"),
    Action.RELEASE: ("description",),
}
# Moves whose fields may all stay empty: the button beside the row sends them so.
QUICK = frozenset(
    {
        Action.VERIFY,
        Action.FILE,
        Action.DISPATCH,
        Action.ACCEPT,
        Action.CHECK,
        Action.CLOSE,
        Action.CONFIRM,
        Action.REMIND,
        Action.RESUME,
    }
)
# Drawn as the next step; the rest stands folded below it.
FORWARD = (
    Action.VERIFY,
    Action.FILE,
    Action.DISPATCH,
    Action.ACCEPT,
    Action.HANDLE,
    Action.CHECK,
    Action.CLOSE,
    Action.CONFIRM,
    Action.REPLY,
    Action.RESUME,
)


class MoveForm(forms.Form):
    """Build with `move_form`; `details()` gives what `moves.perform` takes."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    filing_rule_id = forms.TypedChoiceField(
        label=_("Condition and limit"), coerce=int, empty_value=None, required=False
    )
    category_id = forms.TypedChoiceField(
        label=_("Category"), coerce=int, empty_value=None, required=False
    )
    grade = forms.ChoiceField(label=_("Grade"), required=False)
    target = forms.ChoiceField(label=_("To"), required=False)
    order = forms.BooleanField(
        label=_("Order it although it was handed back (with a reason)"), required=False
    )
    until = forms.DateTimeField(
        label=_("Until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    into = forms.CharField(label=_("Query number of the case that stays"))
    departments = forms.TypedMultipleChoiceField(
        label=_("Departments"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    description = forms.CharField(
        label=_("Text that the public reads"), widget=forms.Textarea(attrs={"rows": 3})
    )
    note = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    public_note = forms.CharField(
        label=_("What the reporter is told"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    photos = PhotosField(label=_("Photos"))

    def details(self) -> dict[str, Any]:
        """The cleaned data as `perform` names it. Call after `is_valid()`."""
        data = {key: value for key, value in self.cleaned_data.items() if value not in (None, "")}
        if target := data.pop("target", None):
            kind, _separator, number = target.partition(":")
            data[f"{kind}_id"] = int(number)
        if "into" in data:
            found = Incident.objects.filter(number=data["into"].strip().upper())
            data["into"] = found.values_list("pk", flat=True).first() or 0
        if departments := data.pop("departments", None):
            data["parts"] = [{"department_id": number} for number in departments]
        return data


def move_form(
    move: Move, incident: Incident, access: Access, *, data: Any = None, files: Any = None
) -> MoveForm:
    """The form of one move of one case, bound when `data` is given."""
    form = MoveForm(
        data,
        files,
        initial={"version": incident.version},
        auto_id=f"{move.action}-%s",
        prefix=None,
    )
    wanted = {"version", *FIELDS.get(move.action, ())}
    # A move may be told a reason that it does not owe: none is refused for saying more.
    wanted.add("note")
    for name in list(form.fields):
        if name not in wanted:
            del form.fields[name]
    form.fields["note"].required = move.reason
    if not move.reason:
        form.fields["note"].label = _("Note")
    _fill(form, incident, access)
    return form


def _fill(form: MoveForm, incident: Incident, access: Access) -> None:
    """Choices and first values that depend on the case."""
    fields = form.fields
    if "filing_rule_id" in fields:
        rules = incident.category.filing_rules.all() if incident.category_id else ()
        fields["filing_rule_id"].choices = [  # type: ignore[attr-defined]
            ("", _("usual limit")),
            *((rule.pk, f"{rule.condition} · {rule}".strip(" ·")) for rule in rules),
        ]
    if "category_id" in fields:
        fields["category_id"].choices = [("", _("as it is")), *category_choices()]  # type: ignore[attr-defined]
        fields["grade"].choices = [("", _("usual grade")), *Grade.choices]  # type: ignore[attr-defined]
    if "target" in fields:
        fields["target"].choices = [("", _("as the rules say")), *_targets(incident)]  # type: ignore[attr-defined]
    if "departments" in fields:
        fields["departments"].choices = [  # type: ignore[attr-defined]
            (number, label) for number, label in _departments(incident)
        ]
    if "until" in fields:
        fields["until"].initial = timezone.localtime() + timedelta(days=7)
    if "description" in fields:
        fields["description"].initial = incident.public_description or incident.description


def category_choices() -> list[tuple[str, list[tuple[int, str]]]]:
    """Active categories in groups by management system."""
    groups: dict[str, list[tuple[int, str]]] = {system: [] for system in ManagementSystem.values}
    for category in Category.objects.filter(active=True):
        groups[category.system].append((category.pk, f"{category.label} {category.code}"))
    return [(str(ManagementSystem(key).label), rows) for key, rows in groups.items() if rows]


def _departments(incident: Incident) -> list[tuple[int, str]]:
    path = incident.report_path or incident.owner_path
    found = Department.objects.filter(active=True)
    if path:
        found = found.filter(grid_id__in=path)
    return [(department.pk, department.label) for department in found.order_by("system", "pk")]


def _targets(incident: Incident) -> list[tuple[str, list[tuple[str, str]]]]:
    """Departments of the place, and the grids beside and above it (their managers)."""
    now: datetime = timezone.now()
    departments = [(f"department:{pk}", label) for pk, label in _departments(incident)]
    around = set(incident.report_path) | set(incident.owner_path)
    grids = (
        Boundary.objects.valid_at(now)
        .filter(parent_id__in=around)
        .order_by("grid__code")
        .values_list("grid_id", "name", "name_en", "grid__code")
    )
    return [
        (str(_("Departments")), departments),
        (str(_("Grids")), [(f"grid:{pk}", f"{name} {code}") for pk, name, _en, code in grids]),
    ]
