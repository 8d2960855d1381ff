"""One grid's people and one person's posts, now or on a day, with the history of both."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gridmgmt.core.crypto import mask_phone
from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.people.forms.changes import ReasonForm
from grids.people.forms.filters import DayField
from grids.people.models import Person, Post
from grids.people.services import staffing
from grids.people.services.grid_people import grid_people
from grids.people.services.scope import Scope
from grids.people.services.vacancies import vacancies
from grids.people.views.shown import absences_at, posts_of, shown_post
from grids.territory.models import Grid
from grids.territory.services.responsibility import as_moment

LONGEST_HISTORY = 200


def asked_moment(request: HttpRequest, now: datetime) -> tuple[datetime, str]:
    """The moment of `?on=`; a day that cannot be read gives now and the reason."""
    try:
        day = DayField(required=False).clean(request.GET.get("on", ""))
    except ValidationError as error:
        return now, " ".join(error.messages)
    if day is None or day == timezone.localdate(now):
        return now, ""
    return as_moment(day), ""


@require_safe
@requires(Right.SEE_ROSTER, Right.KEEP_ROSTER)
def grid(request: HttpRequest, code: str) -> HttpResponse:
    """Who is in post on an area, on a day, and everybody who ever was."""
    now = timezone.now()
    moment, wrong_day = asked_moment(request, now)
    scope = Scope.at(request.access, moment)  # type: ignore[attr-defined]
    if "\0" in code:  # no code in the database can hold it, nor be asked for
        raise Http404
    area = Grid.objects.select_related("tier").filter(code=code).order_by("-tier__order").first()
    today = scope if moment == now else Scope.at(request.access, now)  # type: ignore[attr-defined]
    if area is None or not (scope.sees(area.pk) or today.sees(area.pk)):
        raise Http404
    posts = list(posts_of(Post.objects.filter(grid=area))[:LONGEST_HISTORY])
    away = absences_at({post.person_id for post in posts}, moment)
    rows = [
        (shown_post(post, scope.tree, moment, scope.keeps(area.pk)), away.get(post.person_id))
        for post in posts
    ]
    node = scope.tree.areas.get(area.pk)
    context = {
        "area": area,
        "node": node,
        "path": [scope.tree.areas[i] for i in scope.tree.path(area.pk)[:-1]],
        "people": grid_people([area.pk], moment)[area.pk],
        "now_rows": [row for row in rows if row[0].state == "now"],
        "future_rows": [row for row in rows if row[0].state == "future"],
        "past_rows": [row for row in rows if row[0].state == "past"],
        "findings": [v for v in vacancies(moment) if v.grid_id == area.pk] if node else [],
        "may_keep": node is not None and moment == now and scope.keeps(area.pk),
        "moment": moment,
        "past": moment != now,
        "wrong_day": wrong_day,
        "on": request.GET.get("on", ""),
    }
    return render(request, "roster/grid.html", context)


@require_safe
@requires(Right.SEE_ROSTER, Right.KEEP_ROSTER)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """A person: posts with dates, absences, kind, phones; the private one masked."""
    now = timezone.now()
    moment, wrong_day = asked_moment(request, now)
    scope = Scope.at(request.access, moment)  # type: ignore[attr-defined]
    found = seen_person(scope, pk)
    return render(
        request, "roster/person.html", _person(scope, found, moment, now, request, wrong_day)
    )


@require_POST
@requires(Right.SEE_ROSTER, Right.KEEP_ROSTER)
def phone(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the private phone for a reason; the opening is on record. Shown once, never cached."""
    now = timezone.now()
    scope = Scope.at(request.access, now)  # type: ignore[attr-defined]
    found = seen_person(scope, pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what you need the phone for."))
        return redirect("roster:person", pk=pk)
    clear = staffing.open_phone(
        found,
        may=may_open(scope, found),
        reason=form.cleaned_data["reason"],
        actor=request.user,
        now=now,
    )
    context = _person(scope, found, now, now, request, "")
    response = render(request, "roster/person.html", context | {"clear_phone": clear})
    response.headers["Cache-Control"] = "no-store"
    return response


def seen_person(scope: Scope, pk: int) -> Person:
    """The person, if the reader may see them; else 404."""
    return get_object_or_404(scope.people().select_related("user"), pk=pk)


def may_keep_person(scope: Scope, found: Person) -> bool:
    """Whether the reader may change this person."""
    return scope.keeps_something and scope.kept_people().filter(pk=found.pk).exists()


def may_open(scope: Scope, found: Person) -> bool:
    """Whether the reader may open the private phone: whoever keeps this person's roster."""
    return may_keep_person(scope, found)


def _person(
    scope: Scope, found: Person, moment: datetime, now: datetime, request: HttpRequest, wrong: str
) -> dict[str, Any]:
    keeps = may_keep_person(scope, found)
    posts = [
        shown_post(post, scope.tree, moment, keeps and scope.keeps_post(post))
        for post in posts_of(found.posts)[:LONGEST_HISTORY]
    ]
    absences = list(
        found.absences.filter(during__isempty=False)
        .select_related("stand_in")
        .order_by("-during")[:LONGEST_HISTORY]
    )
    return {
        "person": found,
        "masked_phone": mask_phone(found.phone),
        "posts": posts,
        "now_posts": [post for post in posts if post.state == "now"],
        "other_posts": [post for post in posts if post.state != "now"],
        "absences": [
            (a, a.during.upper is None or a.during.upper > now, moment in a.during)
            for a in absences
        ],
        "away": next((a for a in absences if moment in a.during), None),
        "stands_in": list(found.stands_in.filter(during__contains=moment).select_related("person")),
        "may_keep": keeps,
        "may_hand_over": keeps
        or scope.access.person_id == found.pk
        or any(
            scope.access.may(Right.SUPERVISE, scope.tree.path(post.grid_id))
            for post in found.posts.held_at(moment).filter(grid__isnull=False)
        ),
        "may_open": keeps and bool(found.phone),
        "reason_form": ReasonForm(),
        "moment": moment,
        "past": moment != now,
        "wrong_day": wrong,
        "on": request.GET.get("on", ""),
    }
