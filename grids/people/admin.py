"""The roster: people, departments, posts, absences. Each change is in the trail and told above."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.forms import RangeWidget
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gridmgmt.core import outbox
from gridmgmt.core.admin import Audited
from gridmgmt.core.crypto import mask_phone
from gridmgmt.core.periods import ValidInWords, period_text
from grids.people.models import Absence, Department, GridNotice, Person, Post
from grids.people.services import roster


class AuditedAdmin(Audited):
    """Each change is noted in the trail and told, as `event`, to the rooms that hear it."""

    event = "roster_changed"

    def note(self, request: HttpRequest, obj: Any, verb: str, fields: list[str]) -> None:
        super().note(request, obj, verb, fields)
        outbox.emit(self.event, {obj._meta.model_name: obj.pk}, now=timezone.now())


class NeverDeletedAdmin(AuditedAdmin):
    """History: "who was responsible on 3 March" must keep its answer. Ranges end instead."""

    formfield_overrides = {
        DateTimeRangeField: {
            "widget": RangeWidget(
                forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
            ),
            "help_text": _("From and until; an empty end is open."),
        }
    }

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PersonForm(forms.ModelForm):
    """The private phone is written and shown masked; an empty field keeps the old one."""

    new_phone = forms.CharField(label=_("New private phone"), required=False, max_length=30)

    class Meta:
        model = Person
        fields = ["user", "name", "kind", "duty_phone", "simulated"]

    def save(self, commit: bool = True) -> Person:
        if self.cleaned_data["new_phone"]:
            self.instance.phone = self.cleaned_data["new_phone"]
        return super().save(commit)


class PostInline(ValidInWords, admin.TabularInline):
    model = Post
    extra = 0
    fields = readonly_fields = ["role", "grid", "department", "is_lead", "valid_text"]
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Person)
class PersonAdmin(AuditedAdmin):
    form = PersonForm
    list_display = ["name", "kind", "duty_phone", "masked_phone", "user", "simulated"]
    list_filter = ["kind", "simulated"]
    search_fields = ["name", "user__username"]
    autocomplete_fields = ["user"]
    list_select_related = ["user"]
    readonly_fields = ["masked_phone"]
    inlines = [PostInline]

    @admin.display(description=_("private phone"))
    def masked_phone(self, obj: Person) -> str:
        return mask_phone(obj.phone)


@admin.register(Department)
class DepartmentAdmin(AuditedAdmin):
    list_display = ["name", "system", "grid", "active"]
    list_filter = ["system", "active"]
    search_fields = ["name", "name_en", "code"]
    raw_id_fields = ["grid"]
    list_select_related = ["grid"]


@admin.register(Post)
class PostAdmin(ValidInWords, NeverDeletedAdmin):
    list_display = ["person", "role", "grid", "department", "is_lead", "valid_text"]
    list_filter = ["role", "is_lead"]
    search_fields = ["person__name", "grid__code"]
    autocomplete_fields = ["person", "department"]
    raw_id_fields = ["grid"]
    list_select_related = ["person", "grid", "department"]
    actions = ["end_now"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whose post it is and where never changes afterwards; another post is given instead."""
        return ["person", "role", "grid", "department"] if obj else []

    @admin.action(description=_("End the chosen posts now"), permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: Any) -> None:
        for post in queryset:
            try:
                roster.dismiss(post=post, actor=request.user, now=timezone.now())
            except ValidationError as error:
                message = f"{post}: {' '.join(error.messages)}"
                self.message_user(request, message, level=messages.WARNING)


@admin.register(Absence)
class AbsenceAdmin(NeverDeletedAdmin):
    list_display = ["person", "during_text", "stand_in"]
    autocomplete_fields = ["person", "stand_in"]
    list_select_related = ["person", "stand_in"]

    @admin.display(description=_("during"), ordering="during")
    def during_text(self, absence: Absence) -> str:
        return period_text(absence.during)


@admin.register(GridNotice)
class GridNoticeAdmin(Audited):
    """Texts of the public pages and boards."""

    list_display = ["text", "kind", "grid", "order", "shown"]
    list_filter = ["kind", "shown"]
    list_select_related = ["grid"]
    search_fields = ["text", "text_en", "grid__code"]
    autocomplete_fields = ["grid"]
