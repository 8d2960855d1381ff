"""Roles, rights, and which role holds which right: the whole matrix in one table.

Supervision (verify, check, close, score) and command (dispatch) are separate rights; a role's
shown name is a translation or a setting, the code stays. *Where* a right holds is decided by the
post: see `grids.people.access`.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.functional import lazystr
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _


class _RoleName:
    """A role's name when it is shown: the office's own (setting ROLE_NAMES), else the translation.

    Without a language (migrations are made so) it is the code's own text, so that no deployment's
    names get into migrations.
    """

    def __init__(self, code: str, usual: Any) -> None:
        self.code, self.usual = code, usual

    def __str__(self) -> str:
        language = get_language()
        own, english = settings.ROLE_NAMES.get(self.code, ("", "")) if language else ("", "")
        chosen = english if (language or "").startswith("en") else own
        return chosen or str(self.usual)


def _named(code: str, usual: Any) -> Any:
    return code, lazystr(_RoleName(code, usual))


class Role(models.TextChoices):
    """What a post is. The first five are tied to a grid of some tier."""

    COORDINATOR = _named("coordinator", _("Grid coordinator"))
    MANAGER = _named("manager", _("Grid manager"))
    SUPERVISOR = _named("supervisor", _("Grid supervisor"))
    GRID_HEAD = _named("grid_head", _("Grid head"))
    LEADER = _named("leader", _("Leader"))
    DISPATCHER = _named("dispatcher", _("Dispatcher"))
    DESK_OPERATOR = _named("desk_operator", _("Desk operator"))
    DEPARTMENT_HANDLER = _named("department_handler", _("Department handler"))
    ANALYST = _named("analyst", _("Analyst"))
    ADMINISTRATOR = _named("administrator", _("Administrator"))


class Right(models.TextChoices):
    """What one may do with cases, figures, the division, the roster and the deployment."""

    REPORT = "report", _("report")
    TAKE_CALLS = "take_calls", _("take calls")
    SEE_CASES = "see_cases", _("see cases")
    OPEN_CONTACTS = "open_contacts", _("open contact data")
    VERIFY = "verify", _("verify")
    FILE = "file", pgettext_lazy("action", "file")
    SELF_HANDLE = "self_handle", _("close on the spot")
    DISPATCH = "dispatch", _("dispatch")
    REASSIGN = "reassign", _("reassign")
    HANDLE = "handle", _("handle")
    CHECK = "check", _("check")
    CLOSE = "close", _("close")
    SCORE = "score", _("score")
    URGE = "urge", _("urge")
    SUPERVISE = "supervise", _("supervise")
    ORDER = "order", pgettext_lazy("action", "order")
    RELEASE = "release", _("release to the public")
    SEE_MAP = "see_map", _("see the map")
    SEE_STATISTICS = "see_statistics", _("see statistics")
    EXPORT = "export", _("export")
    DRAW = "draw", _("draw the division")
    PUBLISH = "publish", _("publish the division")
    SEE_ROSTER = "see_roster", _("see the roster")
    KEEP_ROSTER = "keep_roster", _("keep the roster")
    ADMINISTER = "administer", _("administer")


# Roles whose post names the grid it holds for.
GRID_ROLES = frozenset(
    {Role.COORDINATOR, Role.MANAGER, Role.SUPERVISOR, Role.GRID_HEAD, Role.LEADER}
)

ROLE_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.COORDINATOR: frozenset({Right.REPORT, Right.SEE_CASES, Right.SELF_HANDLE, Right.SEE_MAP}),
    Role.MANAGER: frozenset(
        {
            Right.REPORT,
            Right.SEE_CASES,
            Right.OPEN_CONTACTS,
            Right.VERIFY,
            Right.FILE,
            Right.SELF_HANDLE,
            Right.HANDLE,
            Right.SEE_MAP,
            Right.SEE_ROSTER,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            Right.REPORT,
            Right.SEE_CASES,
            Right.OPEN_CONTACTS,
            Right.REASSIGN,
            Right.CHECK,
            Right.CLOSE,
            Right.SCORE,
            Right.URGE,
            Right.SUPERVISE,
            Right.RELEASE,
            Right.SEE_MAP,
            Right.SEE_STATISTICS,
            Right.DRAW,
            Right.SEE_ROSTER,
        }
    ),
    # A head answers for the vacant manager posts of the own area, so the manager's work is theirs.
    Role.GRID_HEAD: frozenset(
        {
            Right.REPORT,
            Right.SEE_CASES,
            Right.OPEN_CONTACTS,
            Right.VERIFY,
            Right.FILE,
            Right.SELF_HANDLE,
            Right.HANDLE,
            Right.URGE,
            Right.SEE_MAP,
            Right.SEE_STATISTICS,
            Right.SEE_ROSTER,
        }
    ),
    Role.LEADER: frozenset(
        {
            Right.REPORT,
            Right.SEE_CASES,
            Right.URGE,
            Right.SUPERVISE,
            Right.ORDER,
            Right.SEE_MAP,
            Right.SEE_STATISTICS,
            Right.SEE_ROSTER,
        }
    ),
    Role.DISPATCHER: frozenset(
        {
            Right.REPORT,
            Right.SEE_CASES,
            Right.DISPATCH,
            Right.REASSIGN,
            Right.URGE,
            Right.SEE_MAP,
            Right.SEE_ROSTER,
        }
    ),
    Role.DESK_OPERATOR: frozenset(
        {
            Right.REPORT,
            Right.TAKE_CALLS,
            Right.SEE_CASES,
            Right.OPEN_CONTACTS,
            Right.RELEASE,
        }
    ),
    Role.DEPARTMENT_HANDLER: frozenset({Right.SEE_CASES, Right.HANDLE, Right.OPEN_CONTACTS}),
    Role.ANALYST: frozenset({Right.SEE_MAP, Right.SEE_STATISTICS, Right.EXPORT}),
    Role.ADMINISTRATOR: frozenset(
        {
            Right.ADMINISTER,
            Right.SEE_STATISTICS,
            Right.SEE_MAP,
            Right.DRAW,
            Right.PUBLISH,
            Right.SEE_ROSTER,
            Right.KEEP_ROSTER,
        }
    ),
}
