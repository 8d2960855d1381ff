"""Contact data of reporters: masked everywhere, opened one by one, with a reason, on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from gridmgmt.core import audit
from gridmgmt.core.crypto import mask_phone
from gridmgmt.core.permissions import Right
from incidents.models import Incident
from incidents.services import guards
from incidents.services.errors import MoveRefused, NotYours

if TYPE_CHECKING:
    from grids.people.access import Access


@dataclass(frozen=True)
class Contact:
    """How a reporter can be reached; `masked` says whether it can be used for that."""

    name: str
    phone: str
    masked: bool

    def __bool__(self) -> bool:
        return bool(self.name or self.phone)


def masked_contact(incident: Incident) -> Contact:
    """段**, 138****1999; nothing at all for a confidential report."""
    if incident.confidential:
        return Contact("", "", True)
    name = f"{incident.contact_name[0]}**" if incident.contact_name else ""
    return Contact(name, mask_phone(incident.contact_phone), True)


def may_open(incident: Incident, access: Access) -> bool:
    """Whether this user may open the contact data of this case."""
    return guards.holds_right(incident, access, Right.OPEN_CONTACTS)


@transaction.atomic
def open_contact(
    incident: Incident, *, actor: Any, access: Access, reason: str, now: datetime
) -> Contact:
    """The contact data in clear; who, when and why goes to the audit trail, the data does not."""
    if not may_open(incident, access):
        raise NotYours(_("Your posts do not include the contact data of this case."))
    reason = reason.strip()
    if not reason:
        raise MoveRefused({"reason": [_("Say what you need the contact data for.")]})
    audit.record(
        actor=actor,
        now=now,
        action="incident.contact_opened",
        target=incident,
        data={"number": incident.number, "reason": reason[:200]},
    )
    return Contact(incident.contact_name, incident.contact_phone, False)
