"""Save and switch off routing rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from gridmgmt.core import audit, outbox
from incidents.models import RoutingRule
from incidents.querysets_rules import lock_rules


@transaction.atomic
def save_rule(rule: RoutingRule, *, actor: Any, now: datetime) -> RoutingRule:
    """Check the rule against all others and save it under the next version.

    Raises ValidationError when it names no or several targets, or ties with another active rule
    that can meet the same case; the message names that rule. One saver at a time, so that two
    officers cannot save rivals side by side.
    """
    lock_rules()
    stored = RoutingRule.objects.filter(pk=rule.pk).first() if rule.pk else None
    rule.version = stored.version + 1 if stored is not None else 1
    rule.full_clean()
    rule.save()
    audit.record(
        actor=actor,
        now=now,
        action="rule.saved",
        target=rule,
        data={"version": rule.version, "active": rule.active},
    )
    outbox.emit("rule_saved", {"rule": rule.pk, "version": rule.version}, now=now)
    return rule


def switch_off(rule: RoutingRule, *, actor: Any, now: datetime) -> RoutingRule:
    """Let the rule apply no longer; decisions that name it keep it."""
    rule.active = False
    return save_rule(rule, actor=actor, now=now)
