"""Posts of drafts: named with the new grids, given when the edition takes effect.

`carry_out` and `call_back` run inside the transactions that publish and call back an edition
(`grids.territory.ports`), so a division never takes effect without its people, nor they without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils.translation import gettext as _

from gridmgmt.core import audit, outbox
from gridmgmt.core.permissions import GRID_ROLES, Role
from grids.people.models import EditionPost, Person, PlannedPost, Post
from grids.people.services.vacancies import OWN_ROLES
from grids.territory.errors import TerritoryError
from grids.territory.models import Boundary, Edition, Grid
from grids.territory.services.editions import lock_draft

SHOWN_ROLES = (
    Role.COORDINATOR,
    Role.MANAGER,
    Role.SUPERVISOR,
    Role.GRID_HEAD,
    Role.LEADER,
)


@dataclass
class DraftGrid:
    """A grid of a draft with its planned posts by role, and the posts that it has today."""

    boundary: Boundary
    is_new: bool
    leaf: bool
    planned: list[PlannedPost] = field(default_factory=list)
    present: list[Post] = field(default_factory=list)
    ending: bool = False  # the draft abolishes it

    @property
    def vacant_roles(self) -> list[str]:
        """Roles that nobody would hold when the draft takes effect."""
        if self.ending or not self.leaf:
            return []
        held = {post.role for post in (*self.planned, *self.present)}
        return [str(Role(role).label) for role in OWN_ROLES if role not in held]


def plan(
    edition: Edition,
    *,
    grid: Grid,
    person: Person,
    role: str,
    is_lead: bool,
    actor: Any,
    now: datetime,
) -> PlannedPost:
    """Name a post of a grid that the draft holds. Raises ValidationError, TerritoryError."""
    with transaction.atomic():
        lock_draft(edition)
        if role not in GRID_ROLES:
            raise ValidationError({"role": _("This role is not tied to a grid.")})
        if not edition.boundaries.filter(grid=grid, geometry__isnull=False).exists():
            raise ValidationError(
                {"grid": _("The draft does not hold the grid %(code)s.") % {"code": grid.code}}
            )
        planned = PlannedPost(edition=edition, grid=grid, person=person, role=role, is_lead=is_lead)
        planned.full_clean()
        _refuse_held(planned)
        planned.save()
        _note(planned, "planned_post.added", actor, now)
        return planned


@transaction.atomic
def unplan(planned: PlannedPost, *, actor: Any, now: datetime) -> None:
    """Take a planned post out of its draft."""
    lock_draft(planned.edition)
    _note(planned, "planned_post.removed", actor, now)
    planned.delete()


def of_draft(edition: Edition, moment: datetime) -> list[DraftGrid]:
    """The grids that the draft makes, changes and abolishes, with planned and present posts.

    New ones first, then by code. Three queries and one for the people, however many grids.
    """
    boundaries = list(
        edition.boundaries.select_related("grid__tier", "parent")
        .annotate(drawn=Q(geometry__isnull=False))
        .defer("geometry")
        .order_by("grid__code")
    )
    ids = [boundary.grid_id for boundary in boundaries]
    parents = {boundary.parent_id for boundary in boundaries if boundary.drawn}
    parents |= set(
        Boundary.objects.valid_at(moment)
        .filter(parent_id__in=ids)
        .exclude(grid_id__in=ids)
        .values_list("parent_id", flat=True)
    )
    grids = {
        boundary.grid_id: DraftGrid(
            boundary,
            is_new=boundary.replaces_id is None,
            leaf=boundary.grid_id not in parents,
            ending=not boundary.drawn,
        )
        for boundary in boundaries
    }
    for planned in edition.planned_posts.select_related("person").order_by(
        "role", "-is_lead", "pk"
    ):
        if planned.grid_id in grids:
            grids[planned.grid_id].planned.append(planned)
    held = Post.objects.held_at(moment).filter(grid_id__in=ids).select_related("person")
    for post in held.order_by("role", "-is_lead", "pk"):
        grids[post.grid_id].present.append(post)
    return sorted(grids.values(), key=lambda g: (g.ending, not g.is_new, g.boundary.grid.code))


def orphans(edition: Edition) -> list[PlannedPost]:
    """Planned posts whose grid the draft holds no longer; publishing passes them over."""
    kept = edition.boundaries.filter(geometry__isnull=False).values("grid_id")
    return list(edition.planned_posts.exclude(grid_id__in=kept).select_related("person", "grid"))


def carry_out(edition: Edition, moment: datetime, actor: Any) -> None:
    """The publishing step: end posts on abolished grids, give the planned ones, from `moment` on.

    Raises TerritoryError naming the first planned post that its person holds already.
    """
    open_range = DateTimeTZRange(moment, None)
    ended = edition.boundaries.filter(geometry__isnull=True).values("grid_id")
    changes = []
    on_ended = Post.objects.filter(grid_id__in=ended, valid__overlap=open_range)
    for post in on_ended.select_for_update():
        changes.append(EditionPost(edition=edition, post=post, before=post.valid))
        begin = post.valid.lower
        post.valid = (
            DateTimeTZRange(empty=True)
            if begin is not None and begin >= moment
            else DateTimeTZRange(begin, moment)
        )
        post.save(update_fields=["valid"])
    kept = edition.boundaries.filter(geometry__isnull=False).values("grid_id")
    planned = list(
        edition.planned_posts.filter(grid_id__in=kept)
        .select_related("person", "grid")
        .order_by("grid__code", "role", "pk")
    )
    people = sorted({plan.person_id for plan in planned})
    list(Person.objects.select_for_update().filter(pk__in=people).order_by("pk"))
    for plan_ in planned:
        _refuse_held(plan_, open_range)
        post = Post.objects.create(
            person=plan_.person,
            role=plan_.role,
            grid=plan_.grid,
            is_lead=plan_.is_lead,
            valid=open_range,
        )
        changes.append(EditionPost(edition=edition, post=post, before=None))
    EditionPost.objects.bulk_create(changes)
    if changes:
        given = sum(change.before is None for change in changes)
        audit.record(
            actor=actor,
            now=moment,
            action="edition.posts_changed",
            target=edition,
            data={"given": given, "ended": len(changes) - given},
        )
        outbox.emit("roster_changed", {"edition": edition.pk}, now=moment, due_at=moment)


def call_back(edition: Edition, moment: datetime, actor: Any) -> None:
    """The withdrawing step: posts that the edition gave are emptied, those it ended go on.

    Raises TerritoryError when a post cannot go on because it was given anew meanwhile.
    """
    changes = list(edition.edition_posts.select_related("post__person", "post__grid"))
    for change in changes:
        post = change.post
        if change.before is None:
            post.valid = DateTimeTZRange(empty=True)
        elif not _untouched(post, change.before, moment):
            continue  # somebody has ended it earlier since; that stands
        else:
            again = Post.objects.filter(
                person_id=post.person_id,
                role=post.role,
                grid_id=post.grid_id,
                valid__overlap=DateTimeTZRange(moment, change.before.upper),
            ).exclude(pk=post.pk)
            if again.exists():
                raise TerritoryError(
                    _(
                        "%(person)s was given the post %(role)s of %(code)s anew. End that post, "
                        "then withdraw."
                    )
                    % _words(post)
                )
            post.valid = change.before
        post.save(update_fields=["valid"])
    if changes:
        EditionPost.objects.filter(pk__in=[change.pk for change in changes]).delete()
        audit.record(
            actor=actor,
            now=moment,
            action="edition.posts_called_back",
            target=edition,
            data={"posts": len(changes)},
        )


def _untouched(post: Post, before: DateTimeTZRange, moment: datetime) -> bool:
    """Whether the post still ends as the publishing left it."""
    if post.valid.isempty:
        return before.lower is not None and before.lower >= moment
    return post.valid.upper == moment


def _refuse_held(planned: PlannedPost, during: DateTimeTZRange | None = None) -> None:
    """Refuse a post that the person holds already, now (when planned) or then (when published)."""
    same = Post.objects.filter(
        person_id=planned.person_id, role=planned.role, grid_id=planned.grid_id
    )
    same = (
        same.filter(valid__overlap=during)
        if during is not None
        else same.filter(valid__upper_inf=True, valid__isempty=False)
    )
    if same.exists():
        raise TerritoryError(
            _(
                "%(person)s holds the post %(role)s of %(code)s already. Take the planned post out "
                "of the draft, or end the other one."
            )
            % _words(planned)
        )


def _words(post: PlannedPost | Post) -> dict[str, str]:
    return {
        "person": post.person.name,
        "role": str(Role(post.role).label),
        "code": post.grid.code if post.grid else "",
    }


def _note(planned: PlannedPost, action: str, actor: Any, now: datetime) -> None:
    audit.record(
        actor=actor,
        now=now,
        action=action,
        target=planned.edition,
        data={
            "person": planned.person_id,
            "role": planned.role,
            "grid": planned.grid_id,
            "is_lead": planned.is_lead,
        },
    )
