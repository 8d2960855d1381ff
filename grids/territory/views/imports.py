"""Import by upload: the file on the map under its guessed coordinate system, then into the draft.

Nothing is written before "Import". Between upload and import the file waits for its owner alone.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.choices import EditionStatus
from grids.territory.errors import TerritoryError
from grids.territory.geometry.crs_fit import Reading
from grids.territory.import_forms import COLUMN_LABELS, ReadAsForm, UploadForm
from grids.territory.models import Edition, Tier, WaitingFile
from grids.territory.services import boundary_import, waiting_files
from grids.territory.services.boundary_files import AreaRow
from grids.territory.services.boundary_survey import Fault, Layer, Survey, layers_of, survey
from grids.territory.services.crs_guess import (
    Guess,
    claim_of_name,
    guess_crs,
    parse_reading,
    reading_label,
)

SHOWN = 200  # rows of a table; beyond that the numbers say it
DIGITS = 6  # of a degree on the preview map, a decimetre


@dataclass
class Preview:
    """One uploaded file, read as the form says."""

    form: ReadAsForm
    survey: Survey
    guess: Guess
    reading: Reading | None
    areas: list[AreaRow]
    faults: list[Fault]
    plan: boundary_import.Plan | None
    refusal: str
    abolished: list[str]
    tier: Tier

    @property
    def may_import(self) -> bool:
        """Whether the button does anything."""
        return self.plan is not None and not self.faults and not self.refusal

    def counts(self) -> dict[str, int]:
        """New, altered or unchanged ones, abolished ones."""
        if self.plan is None:
            return {}
        known = sum(grid is not None for _area, _parent, grid in self.plan.rows())
        return {
            "new": len(self.plan.areas) - known,
            "known": known,
            "abolished": len(self.abolished),
        }


def the_draft(pk: int) -> Edition:
    """The draft, or the page that says there is none."""
    return get_object_or_404(Edition, pk=pk)


def not_a_draft(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Says that the edition is no draft (any more), with status 409."""
    text = _("The edition %(name)s is %(status)s, not a draft.") % {
        "name": edition.name,
        "status": edition.get_status_display(),
    }
    return render(
        request, "territory/not_a_draft.html", {"edition": edition, "text": text}, status=409
    )


def draft_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For pages that change a draft: another edition is refused with a sentence."""

    @functools.wraps(view)
    def page(request: HttpRequest, pk: int, *args: Any, **kwargs: Any) -> HttpResponse:
        edition = the_draft(pk)
        if edition.status != EditionStatus.DRAFT:
            return not_a_draft(request, edition)
        return view(request, edition, *args, **kwargs)

    return page


def waiting_of(
    request: HttpRequest, edition: Edition, token: uuid.UUID, purpose: str
) -> WaitingFile:
    """The reader's own waiting file; another's, or an expired one, is not there."""
    return get_object_or_404(
        WaitingFile,
        token=token,
        edition=edition,
        owner=request.user,
        purpose=purpose,
        expires_at__gt=timezone.now(),
    )


def kept_upload(
    request: HttpRequest,
    edition: Edition,
    form: forms.Form,
    purpose: str,
    look: Callable[[Path], object],
) -> WaitingFile | None:
    """The form's file, waiting for its owner; None: the form says why not, and nothing is kept.

    `look` reads into the file and raises TerritoryError for one that is of no use.
    """
    if request.method != "POST" or not form.is_valid():
        return None
    waiting = None
    try:
        waiting = waiting_files.keep(
            form.cleaned_data["file"],
            edition=edition,
            owner=request.user,
            purpose=purpose,
            now=timezone.now(),
        )
        look(waiting_files.path_of(waiting))
    except TerritoryError as refusal:
        if waiting is not None:
            waiting_files.discard(waiting)
        form.add_error("file", refusal.text)
        return None
    return waiting


@require_http_methods(["GET", "POST"])
@requires(Right.DRAW)
@draft_page
def upload(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Choose a file."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if waiting := kept_upload(request, edition, form, WaitingFile.Purpose.AREAS, layers_of):
        return redirect("division:import_file", edition.pk, waiting.token)
    return render(
        request,
        "territory/import_upload.html",
        {"edition": edition, "form": form},
        status=400 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@requires(Right.DRAW)
@draft_page
def preview(request: HttpRequest, edition: Edition, token: uuid.UUID) -> HttpResponse:
    """GET shows the file as it would be imported, POST imports it."""
    waiting = waiting_of(request, edition, token, WaitingFile.Purpose.AREAS)
    context: dict[str, Any] = {"edition": edition, "waiting": waiting}
    try:
        form, layers = _form_of(request, waiting)
        if not form.is_valid():
            return render(request, "territory/import_preview.html", context | {"form": form})
        shown = _read(edition, waiting, form, layers)
    except TerritoryError as refusal:
        context["refusal"] = refusal.text
        return render(request, "territory/import_preview.html", context, status=400)
    if request.method == "POST" and shown.may_import and shown.reading is not None:
        try:
            _step, result = boundary_import.import_drawn(
                edition,
                shown.areas,
                tier=shown.tier,
                actor=request.user,
                now=timezone.now(),
                access=request.access,  # type: ignore[attr-defined]
                replace_siblings=form.cleaned_data["replace"],
                source=waiting.name,
                source_crs=str(shown.reading.crs),
            )
        except TerritoryError as refusal:
            shown.refusal = refusal.text
        else:
            waiting_files.discard(waiting)
            messages.success(
                request,
                _("Imported into the draft: %(added)s new areas, %(altered)s altered.")
                % {"added": result.added, "altered": result.altered},
            )
            return redirect(f"/division/{edition.pk}/")
    context |= _context(request, edition, waiting, shown)
    status = 400 if request.method == "POST" else 200
    return render(request, "territory/import_preview.html", context, status=status)


@require_safe
@requires(Right.DRAW)
@draft_page
def outlines(request: HttpRequest, edition: Edition, token: uuid.UUID) -> HttpResponse:
    """The file's outlines under `?reading=`, simplified for the map. GeoJSON, EPSG:4326."""
    waiting = waiting_of(request, edition, token, WaitingFile.Purpose.AREAS)
    try:
        form, _layers = _form_of(request, waiting)
        if not form.is_valid():
            raise Http404
        found = _survey(waiting, form)
        areas, _faults = found.read_as(parse_reading(form.cleaned_data["reading"]))
    except (TerritoryError, ValueError) as refusal:
        return JsonResponse({"detail": str(refusal)}, status=400)
    shapes = np.array([area.geometry for area in areas], dtype=object)
    if len(shapes):
        wide = float(np.ptp(shapely.bounds(shapes)[:, 0])) or 0.01
        shapes = shapely.simplify(shapes, wide / 4000, preserve_topology=False)
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(
                shapely.to_geojson(shapely.transform(shape, lambda c: np.round(c, DIGITS)))
            ),
            "properties": {"code": area.code, "name": area.name, "label": area.name},
        }
        for area, shape in zip(areas, shapes, strict=True)
        if not shape.is_empty
    ]
    return JsonResponse({"type": "FeatureCollection", "features": features})


@require_POST
@requires(Right.DRAW)
@draft_page
def discard(request: HttpRequest, edition: Edition, token: uuid.UUID) -> HttpResponse:
    """Forget an uploaded file of one's own."""
    waiting = get_object_or_404(WaitingFile, token=token, edition=edition, owner=request.user)
    waiting_files.discard(waiting)
    messages.info(request, _("The uploaded file was discarded; the draft is unchanged."))
    return redirect(f"/division/{edition.pk}/")


def _form_of(request: HttpRequest, waiting: WaitingFile) -> tuple[ReadAsForm, list[Layer]]:
    """The form with what was said, and guesses for what was not."""
    layers = layers_of(waiting_files.path_of(waiting))
    said = request.POST if request.method == "POST" else request.GET
    by_name = {layer.name: layer for layer in layers}
    layer = by_name.get(said.get("layer", ""), layers[0])
    changed = "said_layer" in said and said["said_layer"] != layer.name
    values = {"layer": layer.name, "tier": _tier_like(layer).code}
    for field, column in layer.guessed().items():
        values[f"column_{field}"] = column
    if not values.get("column_code") and layer.columns:
        values["column_code"] = layer.columns[0]
    # Columns of another layer mean nothing for this one.
    kept = {k: v for k, v in said.items() if not (changed and k.startswith("column_"))}
    if said and not changed:
        values |= {f"column_{field}": "" for field in COLUMN_LABELS if f"column_{field}" in said}
    form = ReadAsForm(values | kept, layers=layers, layer=layer)
    return form, layers


def _tier_like(layer: Layer) -> Tier:
    """The tier that the layer is named after, else the deepest."""
    tiers = list(Tier.objects.order_by("order"))
    return next((tier for tier in tiers if tier.code == layer.name.casefold()), tiers[-1])


def _survey(waiting: WaitingFile, form: ReadAsForm) -> Survey:
    return survey(
        waiting_files.path_of(waiting),
        layer=form.cleaned_data["layer"],
        columns=form.columns(),
        tier=form.cleaned_data["tier"].code,
    )


def _read(edition: Edition, waiting: WaitingFile, form: ReadAsForm, layers: list[Layer]) -> Preview:
    found = _survey(waiting, form)
    tier, now = form.cleaned_data["tier"], timezone.now()
    claimed = claim_of_name(waiting.name) or found.claimed
    if found.shapes:
        guess = guess_crs(found.shapes, claimed, moment=now, edition=edition)
    else:
        raise TerritoryError(
            _("No row of this layer can be used. Row %(first)s") % {"first": _first(found.faults)}
        )
    reading = _reading(form, guess)
    areas: list[AreaRow] = []
    faults = list(found.faults)
    plan, refusal, abolished = None, "", []
    if reading is None:
        refusal = _("Name the coordinate system first; none of the known ones fits.")
    else:
        areas, nowhere = found.read_as(reading)
        faults = sorted([*faults, *nowhere], key=lambda fault: fault.row)
        try:
            plan = boundary_import.plan_import(edition, areas, tier=tier, moment=now)
            if form.cleaned_data["replace"]:
                missing = boundary_import.missing_siblings(edition, plan, tier)
                abolished = sorted(state.name for state in missing.values())
        except TerritoryError as error:
            refusal = error.text
    return Preview(form, found, guess, reading, areas, faults, plan, refusal, abolished, tier)


def _first(faults: tuple[Fault, ...]) -> str:
    return f"{faults[0].row}: {faults[0].reason}" if faults else "—"


def _reading(form: ReadAsForm, guess: Guess) -> Reading | None:
    key = form.cleaned_data["other"] or form.cleaned_data["reading"]
    if key:
        try:
            return parse_reading(key)
        except ValueError:
            raise TerritoryError(
                _("%(crs)s is no coordinate system that we know. Write EPSG:n.") % {"crs": key}
            ) from None
    return guess.best.reading if guess.candidates else None


def _context(
    request: HttpRequest, edition: Edition, waiting: WaitingFile, shown: Preview
) -> dict[str, Any]:
    key = shown.reading.key if shown.reading else ""
    candidates = [
        {
            "key": candidate.reading.key,
            "label": candidate.label,
            "why": candidate.why,
            "claimed": candidate.claimed,
            "best": candidate is shown.guess.best,
            "chosen": candidate.reading.key == key,
            "bounds": ",".join(f"{value:.6f}" for value in candidate.bounds),
        }
        for candidate in shown.guess.candidates
    ]
    known = {candidate["key"] for candidate in candidates}
    other = reading_label(shown.reading) if shown.reading and key not in known else ""
    rows = [
        {
            "code": area.code,
            "name": area.name,
            "parent": parent.code if parent else "—",
            "fate": _("known") if grid else pgettext("area", "new"),
        }
        for area, parent, grid in (shown.plan.rows()[:SHOWN] if shown.plan else [])
    ]
    bounds = None
    if shown.areas:
        box = shapely.total_bounds(np.array([a.geometry for a in shown.areas], dtype=object))
        bounds = ",".join(f"{value:.6f}" for value in box)
    return {
        "form": shown.form,
        "shown": shown,
        "counts": shown.counts(),
        "candidates": candidates,
        "other_label": other,
        "reading_key": key,
        "reading_label": reading_label(shown.reading) if shown.reading else "",
        "claimed_label": reading_label(Reading(shown.guess.claimed)) if shown.guess.claimed else "",
        "tone": {"agrees": "success", "found": "success", "lies": "error"}.get(
            shown.guess.verdict, "warning"
        ),
        "rows": rows,
        "more_rows": max(0, len(shown.areas) - SHOWN),
        "faults": shown.faults[:SHOWN],
        "fault_count": len(shown.faults),
        "bounds": bounds,
        "outlines_url": reverse("division:import_outlines", args=[edition.pk, waiting.token]),
    }
