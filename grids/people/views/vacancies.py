"""Vacancies as findings: what, where, and the link that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right, Role
from grids.people.services import vacancies as rules
from grids.people.services.scope import Scope
from grids.people.services.tree import AreaNode
from grids.people.services.vacancies import Vacancy
from grids.people.views.shown import tabs

# What mends each finding: the role to appoint to.
ROLE_FOR = {
    rules.NO_LEADER: Role.GRID_HEAD,
    rules.NO_STREET_LEADER: Role.LEADER,
    rules.LEADER_UNASSIGNED: Role.LEADER,
    rules.TOO_FEW: Role.MANAGER,
}


@dataclass(frozen=True)
class Row:
    """A finding with its place and what to do about it."""

    vacancy: Vacancy
    area: AreaNode | None
    action: str
    url: str


@require_safe
@requires(Right.SEE_ROSTER, Right.KEEP_ROSTER)
def vacancies(request: HttpRequest) -> HttpResponse:
    """Findings in the reader's area by kind; `?kind=` shows one kind."""
    now = timezone.now()
    scope = Scope.at(request.access, now)  # type: ignore[attr-defined]
    found = [v for v in rules.vacancies(now) if scope.sees(v.grid_id)]
    counts = {kind: sum(v.kind == kind for v in found) for kind in rules.SENTENCES}
    kind = request.GET.get("kind", "")
    shown = [v for v in found if v.kind == kind] if kind in rules.SENTENCES else found
    context = {
        "rows": [_row(scope, vacancy) for vacancy in shown],
        "total": len(found),
        "kinds": [(code, KIND_WORDS[code](), count) for code, count in counts.items() if count],
        "kind": kind,
        "tabs": tabs(request, "vacancies", len(found)),
        "may_keep": scope.keeps_something,
    }
    return render(request, "roster/vacancies.html", context)


KIND_WORDS = {
    rules.ROLE_MISSING: lambda: _("Vacant posts"),
    rules.NOBODY_PRESENT: lambda: _("On leave without a stand-in"),
    rules.TOO_FEW: lambda: _("Too few full-timers"),
    rules.NO_LEADER: lambda: _("Communities without a leader of their own"),
    rules.NO_STREET_LEADER: lambda: _("Communities without a street office leader"),
    rules.LEADER_UNASSIGNED: lambda: _("Leaders without a community"),
    rules.WORKER_WITHOUT_GRID: lambda: _("Workers without a grid"),
}


def _row(scope: Scope, vacancy: Vacancy) -> Row:
    area = scope.tree.areas.get(vacancy.grid_id) if vacancy.grid_id is not None else None
    if not scope.keeps(vacancy.grid_id):
        return Row(vacancy, area, "", "")
    if vacancy.kind == rules.NOBODY_PRESENT:
        url = reverse("roster:stand_in", args=[vacancy.person_id])
        return Row(vacancy, area, _("Name a stand-in"), url)
    query = {}
    if vacancy.kind in {rules.WORKER_WITHOUT_GRID, rules.LEADER_UNASSIGNED}:
        query["person"] = vacancy.person_id
    elif vacancy.grid_id is not None:
        query["grid"] = vacancy.grid_id
    role = vacancy.role or ROLE_FOR.get(vacancy.kind)
    if role:
        query["role"] = str(role)
    return Row(vacancy, area, _("Appoint"), f"{reverse('roster:appoint')}?{urlencode(query)}")
