"""The roster by grid and by person, at any day; filters stand in the address."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right, Role
from grids.people.forms.filters import RosterFilter
from grids.people.models import Absence, Person, Post
from grids.people.services.grid_people import GridPeople, Member, grid_people
from grids.people.services.scope import Scope
from grids.people.services.tree import AreaNode
from grids.people.services.vacancies import Vacancy, vacancies
from grids.people.views.shown import ShownPost, absences_at, by_person, shown_post, tabs

GRIDS_A_PAGE = 200
PEOPLE_A_PAGE = 100
# The columns of the list by grid: which roles stand in which.
COLUMNS = (
    ("head", (Role.LEADER, Role.GRID_HEAD)),
    ("supervisor", (Role.SUPERVISOR,)),
    ("manager", (Role.MANAGER,)),
    ("coordinator", (Role.COORDINATOR,)),
)


@dataclass
class GridRow:
    """One area of the list by grid."""

    node: AreaNode
    people: GridPeople
    columns: list[tuple[str, list[Member]]]
    findings: list[Vacancy] = field(default_factory=list)


@require_safe
@requires(Right.SEE_ROSTER, Right.KEEP_ROSTER)
def grids(request: HttpRequest) -> HttpResponse:
    """Street → community → grid, with who answers for each today. Six queries and a bit."""
    now = timezone.now()
    scope, form, filters, moment = _asked(request, now, by_grid=True)
    nodes = scope.nodes
    findings: dict[int | None, list[Vacancy]] = defaultdict(list)
    for vacancy in vacancies(moment):
        if scope.sees(vacancy.grid_id):
            findings[vacancy.grid_id].append(vacancy)
    nodes, people = _narrowed(scope, nodes, findings, filters, moment)
    page = Paginator(nodes, GRIDS_A_PAGE).get_page(request.GET.get("page"))
    if people is None:
        people = grid_people([node.grid_id for node in page], moment)
    rows = [
        GridRow(
            node,
            people[node.grid_id],
            [
                (name, [m for m in people[node.grid_id].members if m.role in roles])
                for name, roles in COLUMNS
            ],
            findings[node.grid_id],
        )
        for node in page
    ]
    context = {
        "form": form,
        "filtered": bool(filters),
        "page_obj": page,
        "rows": rows,
        "tabs": tabs(request, "grids", sum(map(len, findings.values()))),
        "may_keep": scope.keeps_something,
        "moment": moment,
        "past": "on" in filters and moment != now,
        "query": request.GET.urlencode(),
    }
    return render(request, "roster/grids.html", context)


def _narrowed(
    scope: Scope,
    nodes: list[AreaNode],
    findings: dict[int | None, list[Vacancy]],
    filters: dict[str, Any],
    moment: Any,
) -> tuple[list[AreaNode], dict[int, GridPeople] | None]:
    """The areas that fit, and their people where a filter had to look at them."""
    if area := filters.get("area"):
        inside = scope.tree.below([int(area)])
        nodes = [node for node in nodes if node.grid_id in inside]
    if filters.get("show") == "findings":
        nodes = [node for node in nodes if findings[node.grid_id]]
    if kind := filters.get("kind"):
        held = Post.objects.held_at(moment).filter(person__kind=kind, grid__isnull=False)
        with_kind = set(held.values_list("grid_id", flat=True))
        nodes = [node for node in nodes if node.grid_id in with_kind]
    words, role = filters.get("q", "").casefold(), filters.get("role")
    away = filters.get("show") == "away"
    if not (words or role or away):
        return nodes, None
    people = grid_people([node.grid_id for node in nodes], moment)

    def fits(node: AreaNode) -> bool:
        members = people[node.grid_id].members
        if role:
            members = [m for m in members if m.role == role]
        if away:
            members = [m for m in members if m.away]
        if (role or away) and not members:
            return False
        if not words:
            return True
        texts = [node.label, node.name, *(m.holder for m in members), *(m.name for m in members)]
        return node.code.startswith(words) or any(words in text.casefold() for text in texts)

    return [node for node in nodes if fits(node)], people


@dataclass
class PersonRow:
    """One person of the list by person."""

    person: Person
    posts: list[ShownPost]
    absence: Absence | None


@require_safe
@requires(Right.SEE_ROSTER, Right.KEEP_ROSTER)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody in the reader's area with posts, leave, kind and duty phone."""
    now = timezone.now()
    scope, form, filters, moment = _asked(request, now, by_grid=False)
    found = _people(scope, filters, moment).order_by("name", "pk")
    page = Paginator(found.defer("phone"), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    shown = list(page)
    ids = [person.pk for person in shown]
    held = (
        Post.objects.held_at(moment)
        .filter(person_id__in=ids)
        .select_related("grid", "department")
        .order_by("-is_lead", "role", "grid__code")
    )
    posts, absent = by_person(held), absences_at(ids, moment)
    rows = [
        PersonRow(
            person,
            [shown_post(post, scope.tree, moment, False) for post in posts[person.pk]],
            absent.get(person.pk),
        )
        for person in shown
    ]
    context = {
        "form": form,
        "filtered": bool(filters),
        "page_obj": page,
        "rows": rows,
        "tabs": tabs(request, "people"),
        "may_keep": scope.keeps_something,
        "moment": moment,
        "past": "on" in filters and moment != now,
        "query": request.GET.urlencode(),
    }
    return render(request, "roster/people.html", context)


def _people(scope: Scope, filters: dict[str, Any], moment: Any) -> Any:
    found = scope.people()
    held = Post.objects.filter(person=OuterRef("pk"), valid__contains=moment)
    show = filters.get("show")
    if show == "left":
        found = found.filter(left_at__lte=timezone.localdate(moment))
    else:
        found = found.exclude(left_at__lte=timezone.localdate(moment))
    if show == "away":
        away = Absence.objects.filter(person=OuterRef("pk"), during__contains=moment)
        found = found.filter(Exists(away))
    elif show == "idle":
        found = found.filter(~Exists(held))
    if kind := filters.get("kind"):
        found = found.filter(kind=kind)
    if role := filters.get("role"):
        found = found.filter(Exists(held.filter(role=role)))
    if area := filters.get("area"):
        inside = list(scope.tree.below([int(area)]))
        here = held.filter(Q(grid_id__in=inside) | Q(department__grid_id__in=inside))
        found = found.filter(Exists(here))
    if words := filters.get("q", "").strip():
        grids = [
            node.grid_id
            for node in scope.nodes
            if words.casefold() in node.label.casefold() or node.code == words
        ]
        found = found.filter(
            Q(name__icontains=words)
            | Q(duty_phone__icontains=words)
            | Q(staff_number=words)
            | Exists(held.filter(grid_id__in=grids))
        )
    return found


def _asked(request: HttpRequest, now: Any, *, by_grid: bool) -> Any:
    """Scope, form, filters and moment; the division is that of the day asked for."""
    today = Scope.at(request.access, now)  # type: ignore[attr-defined]
    form = RosterFilter(request.GET, nodes=today.nodes, by_grid=by_grid)
    filters = form.filters()
    moment = form.moment(now)
    if moment == now:
        return today, form, filters, moment
    return Scope.at(request.access, moment), form, filters, moment  # type: ignore[attr-defined]
