"""What both lists and both detail pages show of posts and absences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.people.models import Absence, Post
from grids.people.presentation import day
from grids.people.services.tree import Tree


@dataclass(frozen=True)
class ShownPost:
    """A post with its place in words and what may be done with it."""

    post: Post
    place: str
    code: str
    since: str
    until: str
    state: str  # now | future | past
    may_keep: bool


def shown_post(post: Post, tree: Tree, moment: datetime, may_keep: bool) -> ShownPost:
    """The post as the pages show it, from where `moment` stands."""
    begin, end = post.valid.lower, post.valid.upper
    state = "now"
    if begin is not None and begin > moment:
        state = "future"
    elif end is not None and end <= moment:
        state = "past"
    if post.grid_id is not None:
        place, code = tree.label(post.grid_id) or _("abolished area"), post.grid.code
    elif post.department is not None:
        place, code = post.department.label, ""
    else:
        place, code = _("whole office"), ""
    return ShownPost(
        post,
        place,
        code,
        day(begin),
        day(end, last=True),
        state,
        may_keep and (end is None or end > timezone.now()),
    )


def sent(request: HttpRequest) -> Any:
    """What a form is bound to: the body of a POST, an empty one too."""
    return request.POST if request.method == "POST" else None


def posts_of(posts: QuerySet[Post]) -> QuerySet[Post]:
    """Posts that ever were, with what the pages show; the newest first."""
    return (
        posts.filter(valid__isempty=False)
        .select_related("person", "grid", "department")
        .order_by("-valid", "role", "pk")
    )


def absences_at(people: Iterable[int], moment: datetime) -> dict[int, Absence]:
    """Who of these people is away at `moment`; one query."""
    found = Absence.objects.filter(person_id__in=list(people), during__contains=moment)
    return {absence.person_id: absence for absence in found.select_related("stand_in")}


def by_person(posts: Iterable[Post]) -> dict[int, list[Post]]:
    """Posts by person id."""
    found: dict[int, list[Post]] = defaultdict(list)
    for post in posts:
        found[post.person_id].append(post)
    return found


def tabs(request: HttpRequest, active: str, found: int | None = None) -> list[dict[str, Any]]:
    """The pages of the roster, each with its address."""
    names: Collection[tuple[str, Any]] = (
        ("grids", _("By grid")),
        ("people", _("By person")),
        ("vacancies", _("Vacancies")),
    )
    return [
        {
            "url": reverse(f"roster:{name}"),
            "label": label,
            "active": name == active,
            "badge": found if name == "vacancies" and found else None,
        }
        for name, label in names
    ]
