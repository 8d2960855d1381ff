"""Administration of the territory. What is published is read-only: editions change it."""

from __future__ import annotations

from typing import Any

from csp.constants import NONCE
from csp.decorators import csp_update
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import Media
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from leaflet.admin import LeafletAdminWidget, LeafletGeoAdmin

from gridmgmt.core.admin import Audited
from gridmgmt.core.periods import ValidInWords
from grids.territory.errors import TerritoryError
from grids.territory.models import (
    Boundary,
    Building,
    Edition,
    Finding,
    Grid,
    Lineage,
    Place,
    Road,
    Tier,
    Water,
)
from grids.territory.services.editions import lock_draft


def extent_text(geometry: Any) -> str:
    """West, south, east, north of a geometry, in degrees."""
    return " ".join(f"{number:.6f}" for number in geometry.extent) if geometry else "—"


class MapWidget(LeafletAdminWidget):
    """The map of a form, with the words of its drawing tools in the reader's language."""

    @property
    def media(self) -> Media:
        return super().media + Media(js=["js/drawing-words.js"])

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return {**super().get_context(name, value, attrs), "with_forms": True}


class MapAdmin(Audited, LeafletGeoAdmin):
    """A form with a map. Its widget writes a script into the page, which only a nonce lets run."""

    widget = MapWidget

    @method_decorator(csp_update({"script-src": [NONCE]}))
    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(*args, **kwargs)


class ReadOnly:
    """Nothing is added, changed or removed here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Tier)
class TierAdmin(Audited):
    list_display = ["order", "code", "name", "name_en", "code_length"]
    list_display_links = ["code"]


@admin.register(Grid)
class GridAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["code", "tier", "created_at"]
    list_filter = ["tier"]
    search_fields = ["code"]
    list_select_related = ["tier"]


@admin.register(Boundary)
class BoundaryAdmin(ValidInWords, MapAdmin):
    """A drafted boundary can be mended; a published one is history."""

    list_display = ["name", "grid", "parent", "kind", "edition", "valid_text", "households"]
    list_filter = ["grid__tier", "kind", "edition__status"]
    search_fields = ["name", "name_en", "grid__code"]
    list_select_related = ["grid", "parent", "edition"]
    autocomplete_fields = ["grid", "parent"]
    readonly_fields = ["valid_text", "edition", "replaces"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("geometry")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._still_draft(obj)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._still_draft(obj)
        super().delete_model(request, obj)

    def _still_draft(self, boundary: Boundary) -> None:
        """The form was opened on a draft; somebody may have published it in this moment."""
        try:
            lock_draft(boundary.edition)
        except TerritoryError as refusal:
            raise PermissionDenied(refusal.text) from refusal

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A published outline is shown by where it lies, not by ten thousand numbers."""
        fields = [field for field in super().get_fields(request, obj) if field != "valid"]
        if self.has_change_permission(request, obj):
            return fields
        return ["place" if field == "geometry" else field for field in fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "place"]

    @admin.display(description=_("place"))
    def place(self, boundary: Boundary) -> str:
        return extent_text(boundary.geometry)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.edition.status != "draft":
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.edition.status != "draft":
            return False
        return super().has_delete_permission(request, obj)


class FindingInline(ReadOnly, admin.TabularInline):
    model = Finding
    fields = ["kind", "tier", "codes", "area_m2", "repair_text", "accepted_by", "accepted_reason"]
    readonly_fields = fields
    extra = 0
    verbose_name_plural = _("findings")


class LineageInline(ReadOnly, admin.TabularInline):
    model = Lineage
    extra = 0


@admin.register(Edition)
class EditionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["name", "status", "effective_at", "created_by", "published_by"]
    list_filter = ["status"]
    search_fields = ["name"]
    inlines = [FindingInline, LineageInline]


@admin.register(Finding)
class FindingAdmin(ReadOnly, MapAdmin):
    list_display = ["kind", "edition", "tier", "codes", "area_m2", "repair_text"]
    list_filter = ["kind", "tier", "edition"]
    exclude = ["geometry"]
    readonly_fields = ["repair_text", "place"]

    @admin.display(description=_("place"))
    def place(self, finding: Finding) -> str:
        return extent_text(finding.geometry)


@admin.register(Building)
class BuildingAdmin(MapAdmin):
    list_display = ["name", "estate", "kind", "levels", "households", "grid"]
    list_filter = ["kind"]
    search_fields = ["name", "name_en", "estate", "street"]
    list_select_related = ["grid"]
    readonly_fields = ["grid"]


@admin.register(Road)
class RoadAdmin(MapAdmin):
    list_display = ["name", "name_en", "kind"]
    list_filter = ["kind"]
    search_fields = ["name", "name_en"]


@admin.register(Water)
class WaterAdmin(MapAdmin):
    list_display = ["name", "name_en", "kind"]
    search_fields = ["name", "name_en"]


@admin.register(Place)
class PlaceAdmin(MapAdmin):
    list_display = ["name", "name_en", "kind", "road", "number"]
    list_filter = ["kind"]
    search_fields = ["name", "name_en", "road"]
