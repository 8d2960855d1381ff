"""What an officer changes without code: categories and limits, tiles, routing rules, holidays.

Cases themselves are moved on their own pages, never here.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.admin import LookOnly
from grids.people.admin import AuditedAdmin
from incidents import admin_cases  # noqa: F401 - registers the cases
from incidents.models import (
    CaseClock,
    Category,
    FilingRule,
    PublicTile,
    RoutingDecision,
    RoutingRule,
    SpecialDay,
)
from incidents.querysets_rules import lock_rules
from incidents.services.routing_reasons import explain
from incidents.services.rules import save_rule, switch_off


class FilingRuleInline(admin.TabularInline):
    model = FilingRule
    extra = 0
    fields = [
        "order",
        "condition",
        "condition_en",
        "limit",
        "unit",
        "closing_condition",
        "closing_condition_en",
    ]


@admin.register(Category)
class CategoryAdmin(AuditedAdmin):
    event = "categories_changed"
    list_display = ["code", "name", "name_en", "big_name", "system", "grade", "urgent", "active"]
    list_filter = ["standard", "kind", "system", "grade", "urgent", "tile", "active"]
    search_fields = ["name", "name_en", "big_name", "=small_code"]
    list_select_related = ["tile"]
    inlines = [FilingRuleInline]
    fieldsets = [
        (None, {"fields": ["name", "name_en", "system", "grade", "urgent", "active"]}),
        (_("For residents"), {"fields": ["tile", "is_tile_default"]}),
        (
            _("Code in the standard"),
            {
                "fields": [
                    "standard",
                    "version",
                    "kind",
                    "big_code",
                    "big_name",
                    "big_name_en",
                    "small_code",
                ]
            },
        ),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A code is never used for something else: categories are switched off."""
        return False


@admin.register(PublicTile)
class PublicTileAdmin(AuditedAdmin):
    event = "categories_changed"
    list_display = ["order", "code", "name", "name_en", "icon", "active"]
    list_display_links = ["code"]


@admin.register(SpecialDay)
class SpecialDayAdmin(AuditedAdmin):
    event = "special_days_changed"
    list_display = ["date", "kind", "name"]
    list_filter = ["kind"]
    date_hierarchy = "date"


class RoutingRuleForm(forms.ModelForm):
    """Checked while no other rule can be saved, so that two officers cannot save rivals."""

    class Meta:
        model = RoutingRule
        fields = [
            "name",
            "name_en",
            "active",
            "grid",
            "category",
            "category_kind",
            "big_code",
            "system",
            "grade",
            "answer",
            "channel",
            "time_from",
            "time_to",
            "department",
            "target_system",
            "target_role",
            "target_tier",
            "auto_dispatch",
        ]

    def clean(self) -> dict[str, Any]:
        lock_rules()
        return super().clean()


@admin.register(RoutingRule)
class RoutingRuleAdmin(admin.ModelAdmin):
    form = RoutingRuleForm
    list_display = ["name", "grid", "condition", "target", "auto_dispatch", "version", "active"]
    list_filter = ["active", "system", "grade", "channel", "auto_dispatch"]
    search_fields = ["name", "name_en"]
    list_select_related = ["grid", "category", "department", "target_tier"]
    raw_id_fields = ["grid"]
    autocomplete_fields = ["category"]
    readonly_fields = ["version"]
    actions = ["switch_rules_off", "switch_rules_on"]
    fieldsets = [
        (None, {"fields": ["name", "name_en", "active", "version"]}),
        (
            _("When all of these apply"),
            {
                "fields": [
                    "grid",
                    "category",
                    "category_kind",
                    "big_code",
                    "system",
                    "grade",
                    "answer",
                    "channel",
                    ("time_from", "time_to"),
                ],
                "description": _("Empty conditions apply always. The narrower rule wins."),
            },
        ),
        (
            _("The case goes to"),
            {
                "fields": [
                    "department",
                    "target_system",
                    "target_role",
                    "target_tier",
                    "auto_dispatch",
                ],
                "description": _(
                    "One of the first three. The tier says down to which level the department or "
                    "the role is looked for."
                ),
            },
        ),
    ]

    @admin.display(description=_("condition"))
    def condition(self, rule: RoutingRule) -> str:
        parts = [
            rule.category.label if rule.category else "",
            str(rule.get_category_kind_display()) if rule.category_kind else "",
            rule.big_code,
            *(
                str(getattr(rule, f"get_{field}_display")())
                for field in ("system", "grade", "answer", "channel")
                if getattr(rule, field)
            ),
            f"{rule.time_from:%H:%M}–{rule.time_to:%H:%M}" if rule.time_from else "",
        ]
        return " · ".join(part for part in parts if part)

    @admin.display(description=_("target"))
    def target(self, rule: RoutingRule) -> str:
        what = (
            rule.department.label
            if rule.department
            else str(rule.get_target_system_display() or rule.get_target_role_display())
        )
        return f"{what} · {rule.target_tier.label}" if rule.target_tier else what

    def save_model(self, request: HttpRequest, obj: RoutingRule, form: Any, change: bool) -> None:
        save_rule(obj, actor=request.user, now=timezone.now())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Decisions name their rule for ever: rules are switched off."""
        return False

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_rules_off(self, request: HttpRequest, queryset: QuerySet[RoutingRule]) -> None:
        for rule in queryset.filter(active=True):
            switch_off(rule, actor=request.user, now=timezone.now())

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_rules_on(self, request: HttpRequest, queryset: QuerySet[RoutingRule]) -> None:
        for rule in queryset.filter(active=False):
            rule.active = True
            try:
                save_rule(rule, actor=request.user, now=timezone.now())
            except ValidationError as error:
                text = f"{rule.label}: {' '.join(error.messages)}"
                self.message_user(request, text, messages.ERROR)


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(LookOnly):
    list_display = ["at", "incident", "purpose", "answer", "department", "role", "rule"]
    list_filter = ["purpose", "answer", "role"]
    list_select_related = ["incident", "department", "rule"]
    search_fields = ["=incident__number"]
    readonly_fields = ["why"]
    show_full_result_count = False

    @admin.display(description=_("why"))
    def why(self, decision: RoutingDecision) -> str:
        return format_html_join("", "<p>{}</p>", ((text,) for text in explain(decision.reasons)))


@admin.register(CaseClock)
class CaseClockAdmin(LookOnly):
    list_display = ["incident", "kind", "due_at", "ended_at", "in_time", "escalation_step"]
    list_filter = ["kind", "in_time"]
    list_select_related = ["incident"]
    search_fields = ["=incident__number"]
    show_full_result_count = False
