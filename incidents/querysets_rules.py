"""Questions to the routing rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import connection, models
from django.db.models import Q

from incidents import rule_order

if TYPE_CHECKING:
    from incidents.models.category import Category
    from incidents.models.routing import RoutingRule

RULES_LOCK = 7_301_003


class RoutingRuleQuerySet(models.QuerySet):
    """Rules as routing and their editors ask for them."""

    def that_can_apply(
        self,
        *,
        path: Sequence[int],
        category: Category | None,
        grade: str,
        answer: str,
        channel: str,
    ) -> RoutingRuleQuerySet:
        """Active rules whose conditions fit, the time of day aside; one query with all they name.

        A case without a place meets only the rules that ask for its very answer, so that no
        wide rule takes it from the dispatchers.
        """
        fits = self.filter(
            Q(grid__isnull=True) | Q(grid_id__in=list(path)),
            Q(category__isnull=True) | Q(category=category),
            active=True,
            system__in=["", category.system if category else ""],
            category_kind__in=["", category.kind if category else ""],
            big_code__in=["", category.big_code if category else ""],
            grade__in=["", grade],
            answer__in=["", answer] if path else [answer or "-"],
            channel__in=["", channel],
        )
        return fits.select_related("grid__tier", "category", "department", "target_tier")

    def rival_of(self, rule: RoutingRule) -> RoutingRule | None:
        """An active rule with the same weight that can meet a case together with this one."""
        others = self.filter(active=True, grid_id=rule.grid_id).exclude(pk=rule.pk)
        for other in others.select_related("grid__tier", "category").order_by("pk"):
            if rule_order.tie(rule, other):
                return other
        return None


def lock_rules() -> None:
    """Wait until no other transaction saves rules; held until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [RULES_LOCK])
