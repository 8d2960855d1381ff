"""The work list: what waits for me, what I may see, one click for what the state allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.models import Boundary
from incidents.choices import Action, State
from incidents.clocks import light
from incidents.forms.moves import FORWARD, QUICK, asks_for_category
from incidents.forms.work import WorkFilter
from incidents.lifecycle import Move
from incidents.models import Incident
from incidents.services.guards import is_owner
from incidents.services.moves import available_actions
from incidents.views.shown import marks_of, state_tone, time_left

PAGE_SIZE = 50
# Beyond this page nobody reads on; filters find faster.
LAST_PAGE = 2000
# Counting stops here: "1000+" says enough.
MOST_COUNTED = 1000
TABS = ("mine", "open", "all")


@dataclass(frozen=True)
class Row:
    """One case as the list shows it."""

    case: Incident
    light: str
    left: str
    tone: str
    marks: list[tuple[str, str]]
    quick: list[Move]
    needs_page: bool
    area: str


@require_GET
@requires(Right.SEE_CASES)
def work_list(request: HttpRequest) -> HttpResponse:
    """Tabs: what waits for me, all that is open, everything. Urgent first, then the nearest limit.

    With `X-Requested-With: fetch` only the table comes back, for the page that refreshes itself.
    """
    access, now = request.access, timezone.now()  # type: ignore[attr-defined]
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "mine"
    form = WorkFilter(request.GET)
    filters = form.filters()
    cases = narrowed(of_tab(tab, access), filters, now=now)
    page = _page_number(request.GET.get("page", ""))
    start = (page - 1) * PAGE_SIZE
    found = list(ordered(cases, tab, filters).for_list()[start : start + PAGE_SIZE + 1])
    context = {
        "form": form,
        "filtered": len(filters),
        "rows": rows_of(found[:PAGE_SIZE], access, request.user, now),
        "count": _count(cases, tab, filters),
        "tabs": _tabs(tab),
        "tab": tab,
        "page": page,
        "previous_url": _page_url(request, page - 1) if page > 1 else "",
        "next_url": _page_url(request, page + 1) if len(found) > PAGE_SIZE else "",
        "here": request.get_full_path(),
    }
    fetched = request.headers.get("X-Requested-With") == "fetch"
    template = "_work_rows" if fetched else "work"
    response = render(request, f"incidents/desk/{template}.html", context)
    # One address, two answers: the browser's cache must keep them apart.
    response.headers["Vary"] = f"{response.headers.get('Vary', 'Cookie')}, X-Requested-With"
    response.headers["Cache-Control"] = "no-store"
    return response


def of_tab(tab: str, access: Any) -> Any:
    """The cases of a tab, not narrowed yet."""
    if tab == "mine":
        return Incident.objects.work_for(access)
    visible = Incident.objects.visible_to(access)
    return visible.open() if tab == "open" else visible


def ordered(cases: Any, tab: str, filters: dict[str, Any]) -> Any:
    """Urgent first and then by limit; the newest first where closed ones are shown too."""
    sort = filters.get("sort")
    if sort == "oldest":
        return cases.order_by("reported_at", "id")
    if sort == "newest" or (tab == "all" and not sort):
        return cases.newest_first()
    return cases.order_by("-urgent", F("due_at").asc(nulls_last=True), "id")


def narrowed(cases: Any, filters: dict[str, Any], *, now: datetime) -> Any:
    """Apply the list's filters (WorkFilter's cleaned data)."""
    cases = cases.search(filters.get("q", ""))
    if state := filters.get("state"):
        cases = cases.filter(state=state)
    if system := filters.get("system"):
        cases = cases.filter(category__system=system)
    if filters.get("urgent"):
        cases = cases.filter(urgent=True)
    match filters.get("reported"):
        case "today":
            cases = cases.filter(reported_at__gte=midnight(now))
        case "week":
            cases = cases.filter(reported_at__gte=midnight(now) - timedelta(days=6))
    if shown := filters.get("light"):
        cases = cases.with_light(shown, now)
    return cases


def midnight(now: datetime) -> datetime:
    """When the day of `now` began in the office's zone."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def rows_of(cases: Iterable[Incident], access: Any, user: Any, now: datetime) -> list[Row]:
    """Lights, marks and moves of the rows; one query for the names of their areas."""
    cases = list(cases)
    leaves = [case.report_boundary_ids[-1] for case in cases if case.report_boundary_ids]
    names = {area.pk: area.label for area in Boundary.objects.filter(pk__in=leaves).only(*_NAMES)}
    return [_row_of(case, access, user, now, names) for case in cases]


_NAMES = ("name", "name_en")


def _row_of(case: Incident, access: Any, user: Any, now: datetime, names: dict[int, str]) -> Row:
    moves = available_actions(case, access, user, now)
    forward = [move for move in moves if move.action in FORWARD]
    quick = [move for move in forward if _is_quick(move, case)]
    # Nobody urges themselves.
    own = is_owner(case, access) and not access.everything
    return Row(
        case=case,
        light=light(now, case.warn_at, case.due_at),
        left=time_left(case, now),
        tone=state_tone(State(case.state)),
        marks=marks_of(case),
        quick=quick + ([] if own else [move for move in moves if move.action == Action.REMIND]),
        needs_page=len(quick) < len(forward),
        area=names.get(case.report_boundary_ids[-1], "") if case.report_boundary_ids else "",
    )


def _is_quick(move: Move, case: Incident) -> bool:
    return move.action in QUICK and not move.reason and not asks_for_category(move.action, case)


def _count(cases: Any, tab: str, filters: dict[str, Any]) -> str:
    """How many there are; not counted where that would mean to read the whole archive."""
    if tab == "all" and "reported" not in filters:
        return ""
    found = cases.order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if found > MOST_COUNTED else str(found)


def _tabs(active: str) -> list[dict[str, Any]]:
    base = reverse("incidents:work")
    labels = {"mine": _("For me"), "open": _("Open cases"), "all": _("All cases")}
    return [
        {"url": f"{base}?tab={code}", "label": labels[code], "active": code == active}
        for code in TABS
    ]


def _page_number(text: str) -> int:
    """Whatever stands in the address, a page."""
    number = int(text) if text.isdecimal() and len(text) < 10 else 1
    return min(max(1, number), LAST_PAGE)


def _page_url(request: HttpRequest, page: int) -> str:
    query = {**request.GET.dict(), "page": page}
    return f"{request.path}?{urlencode(query)}"
