"""The work list: what waits for me, what I may see, one click for what the state allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from gridmgmt.core.permissions import Right
from gridmgmt.core.search import query_terms
from grids.people.guards import requires
from incidents.choices import Action, State
from incidents.clocks import light
from incidents.forms.moves import FORWARD, QUICK
from incidents.forms.work import WorkFilter
from incidents.lifecycle import Move
from incidents.models import Incident
from incidents.services.moves import available_actions
from incidents.views.shown import marks_of, state_tone, time_left

PAGE_SIZE = 50
# What a row of the list reads, so that its queries do not grow with its length.
RELATED = ("category", "report_grid", "owner_department", "owner_person", "owner_grid")


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


@require_GET
@requires(Right.SEE_CASES)
def work_list(request: HttpRequest) -> HttpResponse:
    """Tabs: what waits for me, all that is open, everything. Urgent first, then the nearest limit."""
    access, now = request.access, timezone.now()  # type: ignore[attr-defined]
    tab = request.GET.get("tab", "mine")
    form = WorkFilter(request.GET)
    cases = _of_tab(tab, access)
    cases = narrowed(cases, form.filters(), now=now)
    page = max(1, int(request.GET["page"])) if request.GET.get("page", "").isdigit() else 1
    start = (page - 1) * PAGE_SIZE
    found = list(ordered(cases, tab).select_related(*RELATED)[start : start + PAGE_SIZE + 1])
    context = {
        "form": form,
        "rows": [row_of(case, access, request.user, now) for case in found[:PAGE_SIZE]],
        "tabs": _tabs(tab),
        "tab": tab,
        "page": page,
        "previous_url": _page_url(request, page - 1) if page > 1 else "",
        "next_url": _page_url(request, page + 1) if len(found) > PAGE_SIZE else "",
        "here": request.get_full_path(),
    }
    return render(request, "incidents/desk/work.html", context)


def _of_tab(tab: str, access: Any) -> Any:
    visible = Incident.objects.visible_to(access)
    if tab == "all":
        return visible
    if tab == "open":
        return visible.open()
    return Incident.objects.work_for(access)


def ordered(cases: Any, tab: str) -> Any:
    """Urgent first and then by limit; the newest first where closed ones are shown too."""
    if tab == "all":
        return cases.order_by("-reported_at", "-id")
    return cases.order_by("-urgent", F("due_at").asc(nulls_last=True), "id")


def narrowed(cases: Any, filters: dict[str, Any], *, now: datetime) -> Any:
    """Apply the list's filters."""
    if text := filters.get("q"):
        words = query_terms(text)
        found = Q(number=text.strip().upper()) | Q(outside_number=text.strip())
        cases = cases.filter(found | Q(terms__contains=words) if words else found)
    if state := filters.get("state"):
        cases = cases.filter(state=state)
    if system := filters.get("system"):
        cases = cases.filter(category__system=system)
    match filters.get("light"):
        case "red":
            cases = cases.overdue(now)
        case "yellow":
            cases = cases.nearly_due(now)
        case "green":
            cases = cases.open().filter(warn_at__gte=now)
    return cases


def row_of(case: Incident, access: Any, user: Any, now: datetime) -> Row:
    """Lights, marks and the moves of one row. No query."""
    moves = available_actions(case, access, user, now)
    forward = [move for move in moves if move.action in FORWARD]
    return Row(
        case=case,
        light=light(now, case.warn_at, case.due_at),
        left=time_left(case, now),
        tone=state_tone(State(case.state)),
        marks=marks_of(case),
        quick=[m for m in forward if m.action in QUICK and not m.reason]
        + [m for m in moves if m.action == Action.REMIND],
        needs_page=any(m.action not in QUICK or m.reason for m in forward),
    )


def _tabs(active: str) -> list[dict[str, Any]]:
    base = reverse("incidents:work")
    labels = (("mine", _("Waits for me")), ("open", _("Open")), ("all", _("All")))
    return [
        {"url": f"{base}?tab={code}", "label": label, "active": code == active}
        for code, label in labels
    ]


def _page_url(request: HttpRequest, page: int) -> str:
    query = {**request.GET.dict(), "page": page}
    return f"{request.path}?{urlencode(query)}"
