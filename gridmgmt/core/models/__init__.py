"""Users, audit entries and their seals, outbox events, access tokens, public pages."""

from gridmgmt.core.models.audit import AuditEntry, AuditSeal
from gridmgmt.core.models.naming import BilingualName
from gridmgmt.core.models.outbox import OutboxDelivery, OutboxEvent
from gridmgmt.core.models.public_pages import MapMode, PublicPages
from gridmgmt.core.models.token import ApiToken
from gridmgmt.core.models.user import User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "AuditSeal",
    "BilingualName",
    "MapMode",
    "OutboxDelivery",
    "OutboxEvent",
    "PublicPages",
    "User",
]
