"""Receipts of urgent cases: that they reached the people they were sent to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from gridmgmt.core import audit
from incidents.models import Incident, UrgentReceipt


def mark_seen(cases: Sequence[Incident], *, person_id: int | None, now: datetime) -> int:
    """Note that this person has these cases before their eyes; returns how many were new."""
    if person_id is None or not cases:
        return 0
    return UrgentReceipt.objects.filter(
        incident__in=cases, person_id=person_id, seen_at__isnull=True
    ).update(seen_at=now)


@transaction.atomic
def acknowledge(incident: Incident, *, person_id: int | None, actor: Any, now: datetime) -> bool:
    """Note that this person has taken notice. False when the case was never sent to them."""
    sent = UrgentReceipt.objects.filter(incident=incident, person_id=person_id or 0)
    if not sent.exists():
        return False
    changed = sent.filter(acknowledged_at__isnull=True).update(
        acknowledged_at=now, seen_at=Coalesce(F("seen_at"), now)
    )
    if changed:
        audit.record(
            actor=actor,
            now=now,
            action="incident.acknowledged",
            target=incident,
            data={"number": incident.number},
        )
    return True
