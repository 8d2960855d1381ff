"""Division by machine: ask for it, watch it, compare the proposals, take one into the draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.gis.db.models import Extent
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.choices import RunStatus
from grids.territory.errors import EditionConflict, OutOfReach, TerritoryError
from grids.territory.models import DivisionProposal, DivisionRun, Edition, ProposedGrid
from grids.territory.services import division_areas, division_runs
from grids.territory.services.division_areas import DivisibleArea
from grids.territory.services.division_runs import OPEN, asked_of
from grids.territory.services.division_shown import absent_parts, comparison, phase
from grids.territory.services.division_writing import emphasis_label, note_sentence
from grids.territory.services.drawing import journal
from grids.territory.views.division_forms import DivisionForm
from grids.territory.views.imports import draft_page

TONES = {
    RunStatus.WAITING: "waiting",
    RunStatus.RUNNING: "open",
    RunStatus.DONE: "done",
    RunStatus.CANCELLED: "stopped",
    RunStatus.FAILED: "stopped",
}
MOST_NAMED = 3  # areas of a run that its line names
MOST_NOTED = 100  # grids with notes that the page lists


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Right.DRAW)
@draft_page
def propose(request: HttpRequest, edition: Edition) -> HttpResponse:
    """What the machine shall divide and how, and the runs so far; POST starts a run."""
    access = request.access  # type: ignore[attr-defined]
    every = division_areas.divisible(edition)
    areas = division_areas.within_reach(every, access)
    runs = list(edition.division_runs.select_related("created_by").prefetch_related("proposals"))
    seen = division_areas.runs_within_reach(edition, runs, access)
    form = DivisionForm(request.POST or None, areas=areas, initial=_initial(request, areas, seen))
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                run = division_runs.request_run(
                    edition, form.asked(), actor=request.user, now=timezone.now(), access=access
                )
            except TerritoryError as refusal:
                form.add_error(None, refusal.text)
                status = 409 if isinstance(refusal, EditionConflict) else 400
            else:
                return redirect("division:run", edition.pk, run.pk)
    picked = set(form["areas"].value() or [])
    context = {
        "edition": edition,
        "form": form,
        "areas": [_choice(area, picked) for area in areas],
        "runs": [_line(run, every) for run in seen],
        "under_way": any(run.status in OPEN for run in runs),
    }
    return render(request, "territory/division/propose.html", context, status=status)


@require_safe
@requires(Right.DRAW)
@draft_page
def run_page(request: HttpRequest, edition: Edition, run: int) -> HttpResponse:
    """One run: how far it is, or its proposals side by side. `?proposal=n` shows one large."""
    found = _run(request, edition, run)
    every = division_areas.divisible(edition)
    context: dict[str, Any] = {
        "edition": edition,
        "run": found,
        "line": _line(found, every),
        "phase": phase(found, timezone.now()),
        "is_open": found.status in OPEN,
        "is_done": found.status == RunStatus.DONE,
        "percent": round(100 * found.progress),
        "api": reverse("territory:division_run", args=[edition.pk, found.pk]),
    }
    if found.status == RunStatus.DONE:
        labels = {area.code: area.label for area in every}
        context |= _compared(request, edition, found, labels)
    return render(request, "territory/division/run.html", context)


@require_POST
@requires(Right.DRAW)
@draft_page
def cancel(request: HttpRequest, edition: Edition, run: int) -> HttpResponse:
    """Stop a run."""
    division_runs.cancel(_run(request, edition, run), actor=request.user, now=timezone.now())
    return redirect("division:run", edition.pk, run)


@require_POST
@requires(Right.DRAW)
@draft_page
def again(request: HttpRequest, edition: Edition, run: int) -> HttpResponse:
    """The same run once more."""
    found = _run(request, edition, run)
    access = request.access  # type: ignore[attr-defined]
    try:
        fresh = division_runs.repeat(found, actor=request.user, now=timezone.now(), access=access)
    except TerritoryError as refusal:
        messages.error(request, refusal.text)
        return redirect("division:run", edition.pk, run)
    return redirect("division:run", edition.pk, fresh.pk)


@require_POST
@requires(Right.DRAW)
@draft_page
def take(request: HttpRequest, edition: Edition, run: int, number: int) -> HttpResponse:
    """A proposal into the draft, then on in the editor."""
    proposal = _proposal(_run(request, edition, run), number)
    expect = request.POST.get("expect", "")
    seen = int(expect) if expect.isascii() and expect.isdigit() and len(expect) < 10 else None
    try:
        step = division_runs.take_over(
            proposal,
            edition=edition,
            actor=request.user,
            now=timezone.now(),
            expect=seen,
            access=request.access,  # type: ignore[attr-defined]
        )
    except OutOfReach as refusal:
        raise PermissionDenied(refusal.text) from refusal
    except TerritoryError as refusal:
        messages.error(request, refusal.text)
        return redirect(_shown_at(edition, run, number))
    messages.success(
        request,
        _("The proposal is in the draft as step %(number)s. It can be edited on, or undone.")
        % {"number": step.number},
    )
    return redirect("division:draft", edition.pk)


def _run(request: HttpRequest, edition: Edition, run: int) -> DivisionRun:
    """The run of the address; 404, or 403 when its areas are out of the reader's reach."""
    rows = edition.division_runs.select_related("created_by").prefetch_related("proposals")
    found = rows.filter(pk=run).first()
    if found is None:
        raise Http404
    try:
        division_areas.refuse_run(found, request.access)  # type: ignore[attr-defined]
    except OutOfReach as refusal:
        raise PermissionDenied(refusal.text) from refusal
    return found


def _proposal(run: DivisionRun, number: int) -> DivisionProposal:
    for proposal in run.proposals.all():
        if proposal.number == number:
            return proposal
    raise Http404


def _shown_at(edition: Edition, run: int, number: int) -> str:
    return f"{reverse('division:run', args=[edition.pk, run])}?proposal={number}#large"


def _initial(
    request: HttpRequest, areas: list[DivisibleArea], runs: list[DivisionRun]
) -> dict[str, Any]:
    """The wishes of `?run=`, else the usual ones for `?area=` (or the only area there is)."""
    earlier = next((run for run in runs if str(run.pk) == request.GET.get("run")), None)
    if earlier is not None:
        return DivisionForm.initial_of(asked_of(earlier))
    codes = request.GET.getlist("area")
    if not codes and len(areas) == 1:
        codes = [areas[0].code]
    return DivisionForm.initial_of(None, codes)


def _choice(area: DivisibleArea, picked: set[str]) -> dict[str, Any]:
    """One line of the list of areas; an upper area chooses those below it."""
    return {
        "area": area,
        "depth": len(area.path) - 1,
        "whole": not area.divides_itself,
        "checked": area.code in picked,
    }


def _line(run: DivisionRun, areas: list[DivisibleArea]) -> dict[str, Any]:
    """A run in the list: what was asked, and how it came out."""
    asked = asked_of(run)
    labels = {area.code: area.label for area in areas}
    named = [labels.get(code, code) for code in asked.areas[:MOST_NAMED]]
    parts = [
        (word, share)
        for word, share in (
            (_("households"), asked.households),
            (_("cases"), asked.cases),
            (_("node strength"), asked.strength),
        )
        if share > 0
    ]
    whole = sum(share for _word, share in parts) or 1
    proposals = list(run.proposals.all())
    within = [proposal.scores.get("within_band", 0) for proposal in proposals]
    return {
        "run": run,
        "tone": TONES[RunStatus(run.status)],
        "asked": asked,
        "band": f"{100 * asked.band:g}",
        "target": f"{asked.target:g}",
        "areas": named,
        "more_areas": max(0, len(asked.areas) - MOST_NAMED),
        "mix": " + ".join(f"{word} {100 * share / whole:.0f} %" for word, share in parts),
        "emphases": [emphasis_label(word) for word in asked.emphases],
        "best": f"{100 * max(within):.1f} %" if within else "",
        "absent": absent_parts(run),
    }


def _compared(
    request: HttpRequest, edition: Edition, run: DivisionRun, labels: dict[str, str]
) -> dict[str, Any]:
    """The proposals of a finished run, side by side, and the one that is shown large."""
    proposals = list(run.proposals.all())
    rows = ProposedGrid.objects.filter(proposal__run=run).order_by("within", "pk")
    grids: dict[int, list[ProposedGrid]] = {}
    for row in rows.defer("geometry"):
        grids.setdefault(row.proposal_id, []).append(row)
    box = rows.aggregate(box=Extent("geometry"))["box"]
    asked = request.GET.get("proposal", "")
    chosen = next((p for p in proposals if str(p.number) == asked), proposals[0])
    newest = journal.newest(edition)
    noted = [grid for grid in grids.get(chosen.pk, []) if grid.notes]
    return {
        "proposals": [_card(edition, run, proposal, chosen) for proposal in proposals],
        "chosen": _card(edition, run, chosen, chosen),
        "comparison": comparison(proposals, grids),
        "bounds": ",".join(f"{edge:.6f}" for edge in box) if box else "",
        "newest": newest,
        "moved": newest - run.ground["step"],
        "noted": [
            {
                "grid": grid,
                "within": labels.get(grid.within, grid.within),
                "words": [note_sentence(note) for note in grid.notes],
            }
            for grid in noted[:MOST_NOTED]
        ],
        "more_noted": max(0, len(noted) - MOST_NOTED),
    }


def _card(
    edition: Edition, run: DivisionRun, proposal: DivisionProposal, chosen: DivisionProposal
) -> dict[str, Any]:
    scores, address = proposal.scores, [edition.pk, run.pk, proposal.number]
    return {
        "number": proposal.number,
        "label": emphasis_label(proposal.label),
        "grids": f"{scores['grids']:.0f}",
        "within": f"{100 * scores['within_band']:.1f} %",
        "changed": f"{100 * scores['households_changed']:.1f} %",
        "is_chosen": proposal.pk == chosen.pk,
        "outlines": reverse("territory:division_proposal_outlines", args=address),
        "shown_at": _shown_at(edition, run.pk, proposal.number),
        "take": reverse("division:take", args=address),
    }
