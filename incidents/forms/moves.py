"""One small form for each move, with just the fields that it needs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.permissions import Role
from grids.people.models import Department, Post
from grids.territory.models import Boundary
from incidents.choices import Action, Grade
from incidents.forms.categories import CategoryField, words_of
from incidents.forms.uploads import PhotosField
from incidents.lifecycle import Move
from incidents.models import Incident
from incidents.services.numbers import normalise

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
    Action.RELEASE: ("description", "photo_ids", "withdraw"),
}
# A case that came without a category gets one together with these moves.
CLASSIFY_WITH = frozenset({Action.VERIFY, Action.FILE})
# Where a case may go at most; longer lists nobody reads.
MOST_TARGETS = 300
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
    category_id = CategoryField(label=_("Category"), required=False)
    grade = forms.ChoiceField(label=_("Grade"), required=False)
    target = forms.ChoiceField(label=_("Send to"), required=False)
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
    photo_ids = forms.TypedMultipleChoiceField(
        label=_("Photos that the public sees"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    withdraw = forms.BooleanField(label=_("Take it back from the public"), required=False)
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
        data = {key: value for key, value in data.items() if value is not False}
        if target := data.pop("target", None):
            kind, _separator, number = target.partition(":")
            data[f"{kind}_id"] = int(number)
        if "into" in data:
            found = Incident.objects.filter(number=normalise(data["into"]))
            data["into"] = found.values_list("pk", flat=True).first() or 0
        if departments := data.pop("departments", None):
            data["parts"] = [{"department_id": number} for number in departments]
        return data

    def with_version(self, version: int) -> MoveForm:
        """The same words on the case as it stands now, so that the reader can send them again."""
        self.data = self.data.copy()
        self.data["version"] = str(version)
        return self

    def typed_words(self) -> list[dict[str, str]]:
        """What was written by hand, for when the form itself has no place any more."""
        return [
            {"label": str(field.label), "text": text}
            for name, field in self.fields.items()
            if isinstance(field.widget, forms.Textarea)
            and (text := str(self.data.get(name, "")).strip())
        ]


def move_form(move: Move, incident: Incident, *, data: Any = None, files: Any = None) -> MoveForm:
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
    if asks_for_category(move.action, incident):
        wanted |= {"category_id", "grade"}
        form.fields["category_id"].required = True
    for name in list(form.fields):
        if name not in wanted:
            del form.fields[name]
    form.fields["note"].required = move.reason
    if not move.reason:
        form.fields["note"].label = _("Note")
    elif move.action in (Action.HANDLE, Action.SELF_HANDLE):
        form.fields["note"].label = _("What was done?")
    _fill(form, move, incident)
    return form


def asks_for_category(action: str, incident: Incident) -> bool:
    """Whether this move first needs to know what kind of matter the case is."""
    return incident.category_id is None and action in CLASSIFY_WITH


def _fill(form: MoveForm, move: Move, incident: Incident) -> None:
    """Choices and first values that depend on the case."""
    fields = form.fields
    if "filing_rule_id" in fields:
        _fill_rules(fields, incident)
    if "grade" in fields:
        fields["grade"].choices = [("", _("usual grade")), *Grade.choices]  # type: ignore[attr-defined]
    if move.action == Action.CLASSIFY and incident.category is not None:
        fields["category_id"].initial = words_of(incident.category)
    if "target" in fields:
        must = move.action == Action.REASSIGN
        first = _("choose") if must else _("as the rules say")
        fields["target"].required = must
        fields["target"].choices = [("", first), *_targets(incident)]  # type: ignore[attr-defined]
    if "order" in fields and incident.returned_by_department_id is None:
        del fields["order"]
    if "departments" in fields:
        fields["departments"].choices = _departments(incident)  # type: ignore[attr-defined]
    if "until" in fields:
        fields["until"].initial = timezone.localtime() + timedelta(days=7)
    if "photo_ids" in fields:
        _fill_release(fields, incident)


def _fill_rules(fields: dict[str, Any], incident: Incident) -> None:
    """The conditions of the category; one alone is nothing to choose."""
    rules = list(incident.category.filing_rules.all()) if incident.category else []
    if len(rules) < 2:
        del fields["filing_rule_id"]
        return
    fields["filing_rule_id"].choices = [
        ("", _("usual limit")),
        *((rule.pk, f"{rule.condition_label} · {rule}".strip(" ·")) for rule in rules),
    ]


def _fill_release(fields: dict[str, Any], incident: Incident) -> None:
    """What the public reads and sees, as it stands now."""
    fields["description"].initial = incident.public_description or incident.description
    if not incident.released:
        del fields["withdraw"]
    photos = list(incident.attachments.order_by("added_at", "pk"))  # type: ignore[attr-defined]
    if not photos:
        del fields["photo_ids"]
        return
    fields["photo_ids"].choices = [
        (photo.pk, f"{number} · {photo.get_stage_display()}")
        for number, photo in enumerate(photos, start=1)
    ]
    fields["photo_ids"].initial = [p.pk for p in photos if p.public or not incident.released]


def _departments(incident: Incident, *, but: int | None = None) -> list[tuple[int, str]]:
    """Those of the place, in the reader's language; without a place, all."""
    path = incident.report_path or incident.owner_path
    found = Department.objects.filter(active=True).exclude(pk=but)
    if path:
        found = found.filter(grid_id__in=path)
    return [(department.pk, department.label) for department in found.order_by("system", "pk")]


def _targets(incident: Incident) -> list[tuple[str, list[tuple[str, str]]]]:
    """Departments of the place, and areas around it with their managers; not the present owner."""
    now: datetime = timezone.now()
    office = incident.owner_department_id
    departments = [(f"department:{pk}", label) for pk, label in _departments(incident, but=office)]
    around = {*incident.report_path, *incident.owner_path}
    areas = Boundary.objects.valid_at(now).select_related("grid").only(*_AREA)
    areas = areas.filter(parent_id__in=around) if around else areas
    if office is None:
        areas = areas.exclude(grid_id=incident.owner_grid_id)
    rows = list(areas.order_by("-grid__tier__order", "grid__code")[:MOST_TARGETS])
    managers = dict(
        Post.objects.held_at(now)
        .filter(grid_id__in=[area.grid_id for area in rows], role=Role.MANAGER)
        .order_by("is_lead")
        .values_list("grid_id", "person__name")
    )
    grids = [(f"grid:{area.grid_id}", _area_words(area, managers)) for area in rows]
    return [(str(_("Departments")), departments), (str(_("Grids")), grids)]


_AREA = ("name", "name_en", "grid__code")


def _area_words(area: Boundary, managers: dict[int, str]) -> str:
    name = managers.get(area.grid_id)
    if name:
        return f"{area.label} · {name}"
    return str(_("%(area)s (no manager of its own)")) % {"area": area.label}
