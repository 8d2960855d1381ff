"""Accounts, tokens, events, and the audit trail to look at."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gridmgmt.core import audit, tokens
from gridmgmt.core.models import ApiToken, AuditEntry, AuditSeal, OutboxDelivery, OutboxEvent, User

admin.site.site_header = _("Administration of the grid platform")
apps.get_app_config("axes").verbose_name = _("Protection of the sign-in")
admin.site.site_title = _("Grid platform")
admin.site.index_title = _("What can be changed without code")


class LookOnly(admin.ModelAdmin):
    """Rows that the platform writes and nobody edits."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


VERBS = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}


def permission_text(permission: Permission) -> str:
    """Room, model and verb in the reader's language; Django keeps the sentence in English."""
    verb = permission.codename.partition("_")[0]
    model = permission.content_type.model_class()
    if model is None or verb not in VERBS:
        return str(permission)
    room = model._meta.app_config.verbose_name
    return f"{room} | {model._meta.verbose_name} | {VERBS[verb]}"


class PermissionsInWords:
    """For administration classes that choose permissions."""

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and db_field.remote_field.model is Permission:
            field.label_from_instance = permission_text
        return field


class Audited(admin.ModelAdmin):
    """Each change is noted in the trail: which fields, never what stands in them."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.note(request, obj, "changed" if change else "added", sorted(form.changed_data))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.note(request, obj, "deleted", [])
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def note(self, request: HttpRequest, obj: Any, verb: str, fields: list[str]) -> None:
        """Write the entry; a room that tells others besides extends this."""
        audit.record(
            actor=request.user,
            now=timezone.now(),
            action=f"{obj._meta.model_name}.{verb}",
            target=obj,
            data={"fields": fields},
        )


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(PermissionsInWords, Audited, DjangoGroupAdmin):
    pass


@admin.register(User)
class UserAdmin(PermissionsInWords, Audited, DjangoUserAdmin):
    list_display = ["username", "full_name", "is_active", "is_staff", "last_login"]
    search_fields = ["username", "full_name"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["full_name", "email"]}),
        (
            _("Rights"),
            {
                "fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"],
                "description": _("What someone may do on the grids follows from their posts."),
            },
        ),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    actions = ["sign_out_everywhere"]

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A new password for somebody is a change like any other."""
        answer = super().user_change_password(request, *args, **kwargs)
        if isinstance(answer, HttpResponseRedirect):
            user = self.get_object(request, unquote(request.resolver_match.kwargs["id"]))
            self.note(request, user, "changed", ["password"])
        return answer

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, queryset: QuerySet) -> None:
        with transaction.atomic():
            for user in queryset:
                audit.record(
                    actor=request.user,
                    now=timezone.now(),
                    action="user.signed_out_everywhere",
                    target=user,
                )
            queryset.update(session_epoch=F("session_epoch") + 1)


@admin.register(ApiToken)
class ApiTokenAdmin(LookOnly):
    list_display = ["name", "user", "scopes", "created_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    actions = ["revoke"]

    @admin.action(description=_("Revoke"), permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> None:
        for token in queryset:
            tokens.revoke(token=token, actor=request.user, now=timezone.now())


@admin.register(AuditEntry)
class AuditEntryAdmin(LookOnly):
    list_display = ["at", "actor", "action", "object_type", "object_id"]
    list_filter = ["action", "object_type"]
    search_fields = ["=object_id"]
    list_select_related = ["actor"]
    date_hierarchy = "at"
    show_full_result_count = False


@admin.register(AuditSeal)
class AuditSealAdmin(LookOnly):
    list_display = ["sequence", "entry_id", "digest", "sealed_at"]
    show_full_result_count = False


class OutboxDeliveryInline(admin.TabularInline):
    model = OutboxDelivery
    extra = 0
    can_delete = False
    fields = readonly_fields = ["handler", "attempts", "error", "done_at"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OutboxEvent)
class OutboxEventAdmin(LookOnly):
    list_display = ["name", "event_id", "created_at", "due_at", "delivered_at"]
    list_filter = ["name", ("delivered_at", admin.EmptyFieldListFilter)]
    inlines = [OutboxDeliveryInline]
    actions = ["deliver_now"]

    @admin.action(description=_("Try again now"), permissions=["view"])
    def deliver_now(self, request: HttpRequest, queryset: QuerySet) -> None:
        queryset.filter(delivered_at__isnull=True).update(due_at=timezone.now())
