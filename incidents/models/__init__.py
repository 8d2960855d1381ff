"""Categories, rules, cases and all that hangs on a case."""

from incidents.models.attachment import Attachment
from incidents.models.category import Category, FilingRule, PublicTile
from incidents.models.clock import CaseClock, SpecialDay
from incidents.models.history import HistoryEntry
from incidents.models.incident import Incident
from incidents.models.receipt import UrgentReceipt
from incidents.models.routing import RoutingDecision, RoutingRule

__all__ = [
    "Attachment",
    "CaseClock",
    "Category",
    "FilingRule",
    "HistoryEntry",
    "Incident",
    "PublicTile",
    "RoutingDecision",
    "RoutingRule",
    "SpecialDay",
    "UrgentReceipt",
]
