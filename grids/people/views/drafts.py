"""Posts of a draft: its grids × roles, with a picker, and the vacancies that it would make."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.people.forms.changes import PlannedForm
from grids.people.models import PlannedPost
from grids.people.services import planned_posts
from grids.people.services.draft_scope import may_plan, paths_of
from grids.people.services.planned_posts import SHOWN_ROLES, DraftGrid
from grids.people.services.scope import Scope
from grids.people.views.changes import take_refusal
from grids.people.views.shown import sent
from grids.territory.choices import EditionStatus
from grids.territory.models import Edition


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.DRAW, Right.KEEP_ROSTER)
def planned(request: HttpRequest, pk: int) -> HttpResponse:
    """Name posts of the draft's grids; they begin when it takes effect."""
    now = timezone.now()
    access = request.access  # type: ignore[attr-defined]
    edition = get_object_or_404(Edition, pk=pk)
    scope = Scope.at(access, now)
    paths = paths_of(edition, scope.tree)
    grids = [
        g
        for g in planned_posts.of_draft(edition, edition.effective_at or now)
        if may_plan(access, paths[g.boundary.grid_id])
    ]
    open_grids = [g for g in grids if not g.ending]
    is_draft = edition.status == EditionStatus.DRAFT
    form = PlannedForm(
        sent(request),
        scope=scope,
        grids=[(str(g.boundary.grid_id), _choice(g)) for g in open_grids],
        initial={key: request.GET[key] for key in ("grid", "role") if key in request.GET},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            planned_posts.plan(edition, **data, actor=request.user, now=now)
        except ValidationError as error:
            take_refusal(form, error)
        else:
            messages.success(
                request, _("%(name)s is planned for this post.") % {"name": data["person"].name}
            )
            return redirect("roster:planned", pk=edition.pk)
    context = {
        "edition": edition,
        "is_draft": is_draft,
        "form": form if is_draft and open_grids else None,
        "rows": [
            (g, [(role, _of_role(g, role)) for role in SHOWN_ROLES], scope.tree.label(_parent(g)))
            for g in grids
        ],
        "roles": SHOWN_ROLES,
        "vacant": sum(len(g.vacant_roles) for g in grids),
        "orphans": [p for p in planned_posts.orphans(edition) if is_draft],
    }
    return render(request, "roster/planned.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Right.DRAW, Right.KEEP_ROSTER)
def unplan(request: HttpRequest, pk: int, planned_pk: int) -> HttpResponse:
    """Take a planned post out of the draft."""
    now = timezone.now()
    access = request.access  # type: ignore[attr-defined]
    post = get_object_or_404(
        PlannedPost.objects.select_related("edition", "person"), pk=planned_pk, edition_id=pk
    )
    tree = Scope.at(access, now).tree
    path = paths_of(post.edition, tree).get(post.grid_id) or tree.path(post.grid_id)
    if not may_plan(access, path):
        raise Http404
    try:
        planned_posts.unplan(post, actor=request.user, now=now)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The post is taken out of the draft."))
    return redirect("roster:planned", pk=pk)


def _choice(grid: DraftGrid) -> str:
    words = f"{grid.boundary.label} · {grid.boundary.grid.code}"
    return f"{words} ({pgettext('area', 'new')})" if grid.is_new else words


def _parent(grid: DraftGrid) -> int | None:
    return grid.boundary.parent_id


def _of_role(grid: DraftGrid, role: str) -> tuple[list, list]:
    """Planned and present posts of one role."""
    return (
        [post for post in grid.planned if post.role == role],
        [post for post in grid.present if post.role == role],
    )
