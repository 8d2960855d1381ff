"""Classify and go on in one step: a report that came without a category is given one on the way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from grids.people.access import Access
from incidents.choices import Action
from incidents.models import Incident
from incidents.services.moves import perform


@transaction.atomic
def classify_and(
    action: str,
    incident_id: int,
    *,
    category_id: int,
    grade: str = "",
    actor: Any,
    access: Access,
    now: datetime,
    version: int | None = None,
    note: str = "",
    **data: Any,
) -> Incident:
    """Correct the category, then make the move. Both happen or neither; raises as `perform`."""
    details = {"grade": grade} if grade else {}
    perform(
        Action.CLASSIFY,
        incident_id,
        actor=actor,
        access=access,
        now=now,
        version=version,
        category_id=category_id,
        **details,
    )
    # The case is locked by the step before, so nobody can have come between.
    return perform(action, incident_id, actor=actor, access=access, now=now, note=note, **data)
