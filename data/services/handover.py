"""The pack that is handed over when somebody leaves a post: areas, open cases, promises, people.

No contact data of residents. Key households have no place here yet: the platform keeps none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gridmgmt.core import audit
from gridmgmt.core.permissions import Right
from gridmgmt.notifications.models import Notification
from grids.people.access import Access, Holding
from grids.people.models import Person, Post
from grids.people.services.grid_people import GridPeople, grid_people
from grids.people.services.tree import Tree
from grids.territory.models import Boundary
from grids.territory.services import paper_map
from incidents.choices import Action
from incidents.clocks import light
from incidents.models import HistoryEntry, Incident

MAP_MM = (181.0, 100.0)
MOST_CASES = 500
MOST_UNREAD = 60
# Posts that end on one occasion seldom end at the same second.
LEFT_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class OpenCase:
    """A line of the list. `owed`: what was promised about it, in words."""

    number: str
    category: str
    state: str
    light: str
    due_at: datetime | None
    area: str
    urgent: bool
    owed: tuple[str, ...]


@dataclass(frozen=True)
class Area:
    """An area of the person's, with everybody who has a post on it."""

    boundary: Boundary
    people: GridPeople


@dataclass(frozen=True)
class Pack:
    """What one person hands over at a moment."""

    person: Person
    now: datetime
    posts: list[Post]
    areas: list[Area]
    cases: list[OpenCase]
    more_cases: int
    unread: list[Notification]
    map_svg: str

    @property
    def promises(self) -> list[OpenCase]:
        """The cases about which something is owed."""
        return [case for case in self.cases if case.owed]


def may_open(access: Access, person: Person, now: datetime) -> bool:
    """The person while in post, and who keeps the roster or supervises wherever they have one.

    Wherever: a pack shows all open cases and messages of the person, so whoever answers for one of
    their areas only must not read what belongs to another street, or to the whole deployment.
    """
    if access.person_id == person.pk:
        return bool(access.rights)
    if access.everything:
        return True
    posts = posts_handed_over(person, now)
    if not posts:
        return access.may(Right.KEEP_ROSTER)
    tree = Tree.at(now)
    return all(_answers_for(access, post, tree) for post in posts)


def _answers_for(access: Access, post: Post, tree: Tree) -> bool:
    grid_id = post.grid_id or (post.department.grid_id if post.department else None)
    path = tree.path(grid_id) if grid_id else ()  # an empty path is the whole deployment
    return any(access.may(right, path) for right in (Right.KEEP_ROSTER, Right.SUPERVISE))


def posts_handed_over(person: Person, now: datetime) -> list[Post]:
    """The posts held now; of somebody who has left already, those that ended last."""
    posts = (
        Post.objects.filter(person=person)
        .select_related("grid__tier", "department")
        .order_by("grid__code", "role")
    )
    held = list(posts.held_at(now))
    if held:
        return held
    ended = [post for post in posts.filter(valid__endswith__lte=now) if not post.valid.isempty]
    last = max((post.valid.upper for post in ended), default=None)
    return [post for post in ended if last is not None and last - post.valid.upper <= LEFT_WITHIN]


@transaction.atomic
def pack_for(*, person: Person, actor: Any, now: datetime, form: str, with_map: bool) -> Pack:
    """The pack as it stands. Opening it is noted in the trail, with its form (page or pdf)."""
    posts = posts_handed_over(person, now)
    boundaries = list(
        Boundary.objects.valid_at(now)
        .filter(grid_id__in={post.grid_id for post in posts if post.grid_id})
        .select_related("grid__tier")
        .order_by("grid__code")
    )
    people = grid_people([boundary.grid_id for boundary in boundaries], now)
    found = _own_cases(person, posts)
    cases = _open_cases(list(found[:MOST_CASES]), now)
    pack = Pack(
        person=person,
        now=now,
        posts=posts,
        areas=[Area(one, people[one.grid_id]) for one in boundaries],
        cases=cases,
        more_cases=max(0, found.count() - MOST_CASES) if len(cases) == MOST_CASES else 0,
        unread=list(
            Notification.objects.of(person.user_id).unread().order_by("-created_at")[:MOST_UNREAD]
        )
        if person.user_id
        else [],
        map_svg=_map(boundaries) if with_map else "",
    )
    audit.record(
        actor=actor,
        now=now,
        action="handover.opened",
        target=person,
        data={"form": form, "cases": len(cases), "areas": [one.grid_id for one in boundaries]},
    )
    return pack


def _own_cases(person: Person, posts: Sequence[Post]) -> Any:
    """What waits for the posts of this person, suspended cases included."""
    holdings = tuple(
        Holding(role=post.role, grid_id=post.grid_id, department_id=post.department_id)
        for post in posts
    )
    access = Access(user_id=person.user_id, person_id=person.pk, holdings=holdings)
    waiting = Incident.objects.work_for(access).order_by().values("pk")
    grids = [post.grid_id for post in posts if post.grid_id]
    asleep = Q(state="suspended") & (Q(owner_person=person) | Q(owner_grid_id__in=grids))
    return (
        Incident.objects.open()
        .filter(Q(pk__in=waiting) | Q(owner_person=person) | asleep)
        .select_related("category", "report_grid")
        .order_by("-urgent", F("due_at").asc(nulls_last=True), "reported_at", "id")
    )


def _open_cases(rows: Sequence[Incident], now: datetime) -> list[OpenCase]:
    ordered = set(
        HistoryEntry.objects.filter(
            incident_id__in=[row.pk for row in rows], action=Action.ORDER
        ).values_list("incident_id", flat=True)
    )
    return [
        OpenCase(
            number=row.number,
            category=_("confidential")
            if row.confidential
            else str(row.category.label if row.category else _("Something else")),
            state=str(row.get_state_display()),
            light=str(light(now, row.warn_at, row.due_at)),
            due_at=row.due_at,
            area=row.report_grid.code if row.report_grid else "",
            urgent=row.urgent,
            owed=tuple(_owed(row, row.pk in ordered)),
        )
        for row in rows
    ]


def _owed(row: Incident, ordered: bool) -> list[str]:
    """What somebody waits for besides the case itself."""
    owed = []
    if ordered:
        owed.append(_("ordered by a leader"))
    if row.supervised:
        owed.append(_("a reply to supervision is owed"))
    if row.appealed:
        owed.append(_("an appeal is open"))
    if row.verification_owed:
        owed.append(_("verification follows"))
    if row.suspended_until is not None and row.state == "suspended":
        day = timezone.localdate(row.suspended_until).isoformat()
        owed.append(_("suspended until %(day)s") % {"day": day})
    if row.extended_count:
        owed.append(
            ngettext("extended once", "extended %(n)d times", row.extended_count)
            % {"n": row.extended_count}
        )
    if row.outside_due_at is not None:
        day = timezone.localdate(row.outside_due_at).isoformat()
        owed.append(_("promised outside until %(day)s") % {"day": day})
    return owed


def _map(boundaries: Sequence[Boundary]) -> str:
    if not boundaries:
        return ""
    return paper_map.many_map(boundaries, paper_map.Sheet(*MAP_MM)).svg
