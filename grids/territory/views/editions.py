"""Pages of editions: what is drafted and published, what it changes, and letting it take effect."""

from __future__ import annotations

import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.choices import Degree, EditionStatus
from grids.territory.errors import EditionConflict, FindingsRefused, OutOfReach, TerritoryError
from grids.territory.models import Edition
from grids.territory.services import editions, rebasing
from grids.territory.services.edition_checks import Assessment, assess
from grids.territory.services.edition_summaries import summaries
from grids.territory.services.scope import refuse_out_of_reach
from grids.territory.views.edition_forms import NewDraftForm, PublishForm
from grids.territory.views.edition_shown import (
    conflict_card,
    difference_context,
    drawn_step,
    edition_row,
    finding_groups,
    phase_of,
)

PAGE_SIZE = 25
TABS = {
    "open": gettext_lazy("Drafts and scheduled"),
    "published": gettext_lazy("In force and past"),
    "withdrawn": gettext_lazy("Withdrawn"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.DRAW, Right.PUBLISH)
def edition_list(request: HttpRequest) -> HttpResponse:
    """Drafts and editions in three tabs; POST opens a draft."""
    access = request.access  # type: ignore[attr-defined]
    form = NewDraftForm(request.POST or None)
    if request.method == "POST":
        if not access.may(Right.DRAW):
            raise PermissionDenied(_("Your posts do not include this."))
        if form.is_valid():
            try:
                edition = editions.draft(
                    form.cleaned_data["name"],
                    note=form.cleaned_data["note"],
                    actor=request.user,
                    now=timezone.now(),
                )
            except TerritoryError as refusal:
                form.add_error("name", refusal.text)
            else:
                return redirect("division:draft", edition.pk)
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "open"
    page = Paginator(_of_tab(tab), PAGE_SIZE).get_page(request.GET.get("page"))
    found = summaries(page.object_list)
    may_publish = access.may(Right.PUBLISH)
    context = {
        "form": form,
        "may_draw": access.may(Right.DRAW),
        "tab": tab,
        "tabs": [
            {"url": f"?tab={key}", "label": label, "active": key == tab}
            for key, label in TABS.items()
        ],
        "page_obj": page,
        "rows": [
            edition_row(edition, found[edition.pk], may_publish) for edition in page.object_list
        ],
    }
    return render(
        request, "territory/editions/list.html", context, status=400 if form.errors else 200
    )


def _of_tab(tab: str) -> QuerySet[Edition]:
    found = Edition.objects.select_related("created_by", "published_by")
    scheduled = Q(status=EditionStatus.PUBLISHED, effective_at__gt=timezone.now())
    if tab == "open":
        return found.filter(Q(status=EditionStatus.DRAFT) | scheduled).order_by(
            "-effective_at", "-created_at", "-pk"
        )
    if tab == "published":
        return (
            found.filter(status=EditionStatus.PUBLISHED)
            .exclude(scheduled)
            .order_by("-effective_at", "-pk")
        )
    return found.filter(status=EditionStatus.WITHDRAWN).order_by("-created_at", "-pk")


@require_safe
@requires(Right.DRAW, Right.PUBLISH)
def edition_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What one edition changes, its findings and who accepted them, lineage, steps of drawing."""
    edition = _edition(pk)
    steps = edition.steps.select_related("actor").defer("before", "after").order_by("-number")
    context = {
        **difference_context(edition),
        "phase": phase_of(edition),
        "findings": finding_groups(list(edition.findings.select_related("tier", "accepted_by"))),
        "steps": [drawn_step(step) for step in steps[:100]],
        "may_publish": request.access.may(Right.PUBLISH),  # type: ignore[attr-defined]
    }
    return render(request, "territory/editions/edition.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.PUBLISH)
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at it once more, say when and why, and let it take effect."""
    edition, now = _edition(pk), timezone.now()
    if edition.status != EditionStatus.DRAFT:
        messages.info(request, _not_a_draft(edition))
        return redirect("division:edition", pk)
    clashes = rebasing.conflicts(edition)
    found = Assessment() if clashes else assess(edition, now)
    form = PublishForm(
        request.POST or None,
        now=now,
        breaks_law=bool(found.of(Degree.LAW)),
        initial={"step": edition.steps_done},
    )
    status = 200
    if request.method == "POST":
        if clashes:
            messages.warning(request, _clash_text(len(clashes)))
            return redirect("division:rebase", pk)
        if form.is_valid():
            outcome = _try_to_publish(request, edition, form)
            if isinstance(outcome, HttpResponse):
                return outcome
            found = outcome or found
        status = 400
        if form.non_field_errors() and found.of(Degree.LAW) and "reason" not in form.fields:
            # The later moment has findings that publishing at once has not: now ask for a reason.
            form.fields["reason"] = copy.deepcopy(PublishForm.base_fields["reason"])
    context = {
        **difference_context(edition),
        "form": form,
        "clashes": len(clashes),
        "findings": finding_groups(found.all),
        "structural": bool(found.of(Degree.STRUCTURAL)),
        "later": [(other, finding_groups(findings)) for other, findings in found.later],
    }
    return render(request, "territory/editions/publish.html", context, status=status)


def _try_to_publish(
    request: HttpRequest, edition: Edition, form: PublishForm
) -> HttpResponse | Assessment | None:
    """The next page, or the findings that refused."""
    data = form.cleaned_data
    try:
        _within_reach(request, edition, Right.PUBLISH)
        published = editions.publish(
            edition,
            actor=request.user,
            now=timezone.now(),
            effective_at=data["moment"],
            accept_findings=data.get("reason"),
            expect=data["step"],
        )
    except FindingsRefused as refusal:
        form.add_error(None, refusal.text)
        return Assessment(list(refusal.findings))
    except EditionConflict as refusal:
        if rebasing.conflicts(edition):
            messages.warning(request, refusal.text)
            return redirect("division:rebase", edition.pk)
        messages.warning(request, refusal.text)
        return redirect("division:publish", edition.pk)
    except TerritoryError as refusal:
        current = Edition.objects.get(pk=edition.pk)
        if current.status != EditionStatus.DRAFT:  # somebody else was quicker
            messages.warning(request, refusal.text)
            return redirect("division:edition", edition.pk)
        form.add_error(None, refusal.text)
        return None
    text = (
        _("%(name)s is published and takes effect later.")
        if data["moment"]
        else _("%(name)s is published and in force.")
    )
    messages.success(request, text % {"name": published.name})
    return redirect("division:edition", edition.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.DRAW, Right.PUBLISH)
def rebase(request: HttpRequest, pk: int) -> HttpResponse:
    """Grid by grid: what the draft started from, what others published since, what it says."""
    edition = _edition(pk)
    if edition.status != EditionStatus.DRAFT:
        messages.info(request, _not_a_draft(edition))
        return redirect("division:edition", pk)
    clashes = rebasing.conflicts(edition)
    error = ""
    if request.method == "POST":
        keep, seen = _choices(request, clashes)
        if not keep:
            error = _("Choose for at least one grid whose version the draft keeps.")
        else:
            try:
                _within_reach(request, edition, Right.DRAW, list(keep))
                left = rebasing.rebase(
                    edition, keep=keep, seen=seen, actor=request.user, now=timezone.now()
                )
            except TerritoryError as refusal:
                error = refusal.text
            else:
                return _after_rebase(request, edition, len(keep), len(left))
        clashes = rebasing.conflicts(edition)
    context = {
        "edition": edition,
        "error": error,
        "cards": [conflict_card(clash) for clash in clashes],
        "may_publish": request.access.may(Right.PUBLISH),  # type: ignore[attr-defined]
    }
    return render(request, "territory/editions/rebase.html", context, status=400 if error else 200)


def _choices(
    request: HttpRequest, clashes: list[rebasing.Conflict]
) -> tuple[dict[int, Any], dict[int, int | None]]:
    """What was chosen for each grid shown, and which version of theirs was looked at."""
    keep: dict[int, Any] = {}
    seen: dict[int, int | None] = {}
    for clash in clashes:
        grid = clash.grid.pk
        shown = request.POST.get(f"seen-{grid}")
        choice = request.POST.get(f"keep-{grid}") or request.POST.get("all")
        if shown is None or not choice:
            continue
        if choice == "mine" and request.POST.get("all") == "mine" and clash.abolished:
            continue  # to be decided on its own
        keep[grid] = choice
        seen[grid] = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 19 else None
    return keep, seen


def _after_rebase(request: HttpRequest, edition: Edition, chosen: int, left: int) -> HttpResponse:
    if left:
        messages.warning(
            request,
            _("Settled: %(chosen)s. Still to be settled: %(left)s.")
            % {"chosen": max(0, chosen), "left": left},
        )
        return redirect("division:rebase", edition.pk)
    messages.success(request, _("The draft starts from what is in force now. Look at it again."))
    may_publish = request.access.may(Right.PUBLISH)  # type: ignore[attr-defined]
    return redirect("division:publish" if may_publish else "division:draft", edition.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.DRAW, Right.PUBLISH)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up a draft, or call back what has not taken effect."""
    edition = _edition(pk)
    if edition.status == EditionStatus.WITHDRAWN:
        messages.info(request, _not_a_draft(edition))
        return redirect("division:editions")
    error = ""
    if request.method == "POST":
        drafted = edition.status == EditionStatus.DRAFT
        try:
            _within_reach(request, edition, Right.DRAW if drafted else Right.PUBLISH)
            editions.withdraw(edition, actor=request.user, now=timezone.now(), only_draft=drafted)
        except TerritoryError as refusal:
            error = refusal.text
        else:
            messages.success(request, _("%(name)s is withdrawn.") % {"name": edition.name})
            return redirect("division:editions")
    context = {
        "edition": edition,
        "phase": phase_of(edition),
        "error": error,
        "back": reverse("division:editions"),
    }
    return render(
        request, "territory/editions/withdraw.html", context, status=400 if error else 200
    )


def _edition(pk: int) -> Edition:
    found = Edition.objects.select_related("base", "created_by", "published_by").annotate(
        steps_done=Max("steps__number", filter=Q(steps__undone=False), default=0)
    )
    return get_object_or_404(found, pk=pk)


def _within_reach(
    request: HttpRequest, edition: Edition, right: str, grid_ids: list[int] | None = None
) -> None:
    """403 with the codes that lie beyond the reader's posts."""
    access = request.access  # type: ignore[attr-defined]
    try:
        refuse_out_of_reach(edition, access, right, moment=timezone.now(), grid_ids=grid_ids)
    except OutOfReach as refusal:
        raise PermissionDenied(refusal.text) from refusal


def _not_a_draft(edition: Edition) -> str:
    return _("%(name)s is no draft any more: %(status)s.") % {
        "name": edition.name,
        "status": edition.get_status_display(),
    }


def _clash_text(number: int) -> str:
    return _("Others have changed %(number)s grids that this draft changes too.") % {
        "number": number
    }
