"""What every template may ask: where it runs, and where its reader may go."""

import functools
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from gridmgmt.core import public_pages
from gridmgmt.core.permissions import Right


@dataclass(frozen=True)
class Entry:
    """One entry of the main menu; shown to whoever holds one of `rights`."""

    path: str
    label: Any
    icon: str
    rights: frozenset[str]


MENU = (
    Entry("/today/", _("Today"), "star", frozenset({Right.ORDER})),
    Entry(
        "/work/",
        _("Work list"),
        "list",
        frozenset(
            {Right.VERIFY, Right.FILE, Right.DISPATCH, Right.HANDLE, Right.CHECK, Right.TAKE_CALLS}
        ),
    ),
    Entry("/work/new/", _("Take a call"), "phone", frozenset({Right.TAKE_CALLS})),
    Entry("/field/", _("My grid"), "pin", frozenset({Right.SELF_HANDLE})),
    Entry("/map/", _("Map"), "map", frozenset({Right.SEE_MAP})),
    Entry("/statistics/", _("Statistics"), "chart", frozenset({Right.SEE_STATISTICS})),
    Entry("/division/", _("Division"), "layers", frozenset({Right.DRAW, Right.PUBLISH})),
    Entry("/roster/", _("Roster"), "people", frozenset({Right.SEE_ROSTER, Right.KEEP_ROSTER})),
    Entry("/settings/public/", _("Public pages"), "settings", frozenset({Right.ADMINISTER})),
    Entry("/health/page/", _("Health"), "check", frozenset({Right.ADMINISTER})),
)


@functools.cache
def _exists(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def deployment(request: HttpRequest) -> dict[str, Any]:
    """`place_name`; `deployment.demo` for the label "simulated data"; `public_map`, read only when
    a template asks: `shown` (to this reader), `review_number` and `supervision_phone`."""

    def public_map() -> dict[str, Any]:
        pages = public_pages.current()
        return {
            "shown": pages.map_is_public or public_pages.is_staff(request),
            "review_number": pages.review_number,
            "supervision_phone": pages.supervision_phone,
        }

    return {
        "place_name": settings.PLACE_NAME,
        "deployment": {"mode": settings.MODE, "demo": settings.MODE == "demo"},
        "public_map": SimpleLazyObject(public_map),
    }


def navigation(request: HttpRequest) -> dict[str, Any]:
    """`nav`: what this reader may open; read only when a template shows it."""

    def entries() -> list[dict[str, Any]]:
        access = getattr(request, "access", None)
        if access is None or not request.user.is_authenticated:
            return []
        shown = [
            entry
            for entry in MENU
            if _exists(entry.path) and any(access.may(right) for right in entry.rights)
        ]
        # /work/new/ is a page of its own, not one of the work list's: the longest path is meant.
        here = [entry.path for entry in shown if request.path.startswith(entry.path)]
        active = max(here, key=len, default="")
        return [
            {
                "url": entry.path,
                "label": entry.label,
                "icon": entry.icon,
                "active": entry.path == active,
            }
            for entry in shown
        ]

    return {"nav": SimpleLazyObject(entries)}
