"""Remembered mappings can be mended; runs are looked at."""

from django.contrib import admin

from data.models import ImportBatch, ImportMapping
from gridmgmt.core.admin import LookOnly


@admin.register(ImportMapping)
class ImportMappingAdmin(admin.ModelAdmin):
    list_display = ["name", "crs", "updated_at"]
    readonly_fields = ["created_at", "updated_at"]

    def has_add_permission(self, request: object) -> bool:
        """A mapping comes from an import, which proves it against a file."""
        return False


@admin.register(ImportBatch)
class ImportBatchAdmin(LookOnly):
    list_display = ["file_name", "mapping", "at", "row_count", "created_count", "refused_count"]
    list_filter = ["mapping"]
    date_hierarchy = "at"
