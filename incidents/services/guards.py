"""Why a move that the table allows may still not be made: by whom it is asked, and counts.

`refusal` is the one place that says no, for pages (what to offer) and for `perform` (what to do).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from gridmgmt.core.permissions import ROLE_RIGHTS, Role
from incidents.choices import Action, Opinion
from incidents.lifecycle import Move
from incidents.models import Incident

if TYPE_CHECKING:
    from grids.people.access import Access

RATING_CHANGEABLE = timedelta(days=7)
REOPEN_WITHIN = timedelta(days=30)


def is_pooled(incident: Incident) -> bool:
    """Whether nobody owns the case and no place says whose it would be: any dispatcher's."""
    return not incident.report_path and not incident.owner_path


def holds_right(incident: Incident, access: Access, right: str) -> bool:
    """Whether `right` is held where the case was reported or where its owner is.

    Department handlers hold theirs by the department alone, wherever the case lies. A case
    without any place is every dispatcher's.
    """
    if access.everything:
        return True
    pooled = is_pooled(incident)
    for holding in access.holdings:
        if right not in ROLE_RIGHTS.get(holding.role, ()):  # type: ignore[call-overload]
            continue
        if holding.department_id is not None:
            if holding.department_id in {
                incident.owner_department_id,
                incident.handled_department_id,
            }:
                return True
        elif (
            holding.covers(incident.report_path)
            or holding.covers(incident.owner_path)
            or (pooled and holding.role == Role.DISPATCHER)
        ):
            return True
    return False


def is_owner(incident: Incident, access: Access) -> bool:
    """Whether the user is of the owning department, is the owner, or holds the owning post."""
    if access.everything:
        return True
    if incident.owner_department_id is not None:
        return incident.owner_department_id in access.department_ids
    if incident.owner_person_id is not None and incident.owner_person_id == access.person_id:
        return True
    return bool(incident.owner_role) and any(
        holding.role == incident.owner_role and holding.covers(incident.owner_path)
        for holding in access.holdings
    )


def was_handler(incident: Incident, access: Access, user_id: int | None) -> bool:
    """Whether the user, or a colleague of their department, handled the case."""
    if incident.handled_by_id is not None and incident.handled_by_id == user_id:
        return True
    return (
        incident.handled_department_id is not None
        and incident.handled_department_id in access.department_ids
    )


def not_allowed(move: Move, incident: Incident, access: Access, user_id: int | None) -> str | None:
    """Why this user may not make the move at this case; None when they may."""
    if move.right is None or move.by_reporter or move.by_system:
        return _("Staff do not make this move.")
    if not holds_right(incident, access, move.right):
        return _("Your posts do not include this at the place of the case.")
    if move.owner and not is_owner(incident, access):
        return _("Only the present owner of the case can do this.")
    if move.was_handler and not was_handler(incident, access, user_id):
        return _("Only whoever handled the case can do this.")
    if move.not_handler and user_id is not None and incident.handled_by_id == user_id:
        return _("Whoever handled a case neither checks nor closes it.")
    return None


def not_now(move: Move, incident: Incident, now: datetime) -> str | None:
    """Why the case itself does not allow the move at this moment; None when it does."""
    if move.mark and not getattr(incident, move.mark):
        return _MARK_MISSING[move.mark]()
    condition = _CONDITIONS.get(move.action)
    return condition(incident, now) if condition else None


def _extend(incident: Incident, now: datetime) -> str | None:
    if incident.extended_count >= settings.EXTENSIONS_MAX:
        return _("The limit was extended as often as is possible.")
    if incident.due_at is None:
        return _("No limit is running that could be extended.")
    if now > incident.due_at:
        return _("The limit has passed already. It can be extended only before.")
    return None


def _suspend(incident: Incident, now: datetime) -> str | None:
    if incident.suspended_count:
        return _("A case is suspended once only.")
    return None


def _release(incident: Incident, now: datetime) -> str | None:
    if incident.confidential:
        return _("A confidential case is not released to the public.")
    return None


def rating_refusal(incident: Incident, now: datetime) -> str | None:
    """Why no opinion is taken (any more); None when it is."""
    if incident.rated_at is not None and now > incident.rated_at + RATING_CHANGEABLE:
        return _("An opinion can be changed within seven days; these have passed.")
    return None


def reopening_refusal(incident: Incident, now: datetime) -> str | None:
    """Why the matter is not taken up again; None when it can be."""
    if incident.opinion != Opinion.DISSATISFIED:
        return _("Only whoever is not satisfied can have the matter taken up again.")
    if incident.closed_at is not None and now > incident.closed_at + REOPEN_WITHIN:
        return _("The matter was closed more than 30 days ago. Please make a new report.")
    return None


_CONDITIONS: dict[str, Callable[[Incident, datetime], str | None]] = {
    Action.EXTEND: _extend,
    Action.SUSPEND: _suspend,
    Action.RELEASE: _release,
    Action.RATE: rating_refusal,
    Action.REOPEN: reopening_refusal,
}
_MARK_MISSING: dict[str, Callable[[], Any]] = {
    "supervised": lambda: _("No reply is owed on this case."),
    "verification_owed": lambda: _("No verification is owed on this case."),
}
