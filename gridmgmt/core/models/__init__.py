"""Users, audit entries and their seals, outbox events, access tokens."""

from gridmgmt.core.models.audit import AuditEntry, AuditSeal
from gridmgmt.core.models.naming import BilingualName
from gridmgmt.core.models.outbox import OutboxDelivery, OutboxEvent
from gridmgmt.core.models.token import ApiToken
from gridmgmt.core.models.user import User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "AuditSeal",
    "BilingualName",
    "OutboxDelivery",
    "OutboxEvent",
    "User",
]
