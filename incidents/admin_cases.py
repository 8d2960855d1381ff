"""Cases to look at. They are moved on their page, through the one table, never here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from leaflet.admin import LeafletGeoAdminMixin

from gridmgmt.core.admin import LookOnly
from incidents.models import Attachment, HistoryEntry, Incident, UrgentReceipt
from incidents.services.contacts import masked_contact


class _Lines(admin.TabularInline):
    """Rows of a case that nobody edits."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HistoryInline(_Lines):
    model = HistoryEntry
    fields = ["at", "actor", "actor_role", "action", "from_state", "to_state", "note"]


class AttachmentInline(_Lines):
    model = Attachment
    fields = ["stage", "added_at", "width", "height", "position_offset_m", "public"]


class ReceiptInline(_Lines):
    model = UrgentReceipt
    fields = ["person", "role", "sent_at", "seen_at", "acknowledged_at", "ordered_at", "arrived_at"]


@admin.register(Incident)
class IncidentAdmin(LeafletGeoAdminMixin, LookOnly):
    list_display = ["number", "state", "category", "urgent", "owner_role", "due_at", "reported_at"]
    list_filter = ["state", "urgent", "channel", "simulated"]
    list_select_related = ["category"]
    search_fields = ["=number", "=outside_number"]
    ordering = ["-reported_at", "-id"]
    show_full_result_count = False
    inlines = [HistoryInline, AttachmentInline, ReceiptInline]
    exclude = [
        "contact_name",
        "contact_phone",
        "contact_phone_index",
        "idempotency_key",
        "idempotency_digest",
        "terms",
    ]
    readonly_fields = ["masked_phone"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        return super().get_queryset(request).defer("terms")

    @admin.display(description=_("phone of the reporter"))
    def masked_phone(self, incident: Incident) -> str:
        return masked_contact(incident).phone
