"""Outlines as files: the division in force at a day, or a draft laid over it."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.errors import TerritoryError
from grids.territory.models import Edition
from grids.territory.services import boundary_export
from grids.territory.services.boundary_export import ExportArea
from grids.territory.services.responsibility import as_moment


@require_safe
@requires(Right.SEE_MAP, Right.EXPORT, Right.DRAW)
def export_current(request: HttpRequest, ending: str) -> HttpResponse:
    """`/division/export.gpkg?on=2026-03-01&tier=grid&crs=gcj02`: what was in force."""
    _known(ending)
    try:
        moment = _moment(request.GET.get("on", ""))
        areas = boundary_export.areas_in_force(moment, tier=request.GET.get("tier", ""))
        return _answer(request, areas, ending, f"division-{timezone.localdate(moment)}")
    except TerritoryError as refusal:
        return _refused(request, refusal)


@require_safe
@requires(Right.DRAW, Right.PUBLISH)
def export_draft(request: HttpRequest, pk: int, ending: str) -> HttpResponse:
    """The draft laid over what is in force."""
    _known(ending)
    edition = get_object_or_404(Edition, pk=pk)
    try:
        areas = boundary_export.areas_of_draft(edition, tier=request.GET.get("tier", ""))
        return _answer(request, areas, ending, f"draft-{edition.pk}")
    except TerritoryError as refusal:
        return _refused(request, refusal)


def _known(ending: str) -> None:
    if ending not in boundary_export.ENDINGS:
        raise Http404


def _moment(text: str) -> dt.datetime:
    if not text:
        return timezone.now()
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise TerritoryError(_("%(text)s is no date; write 2026-03-01.") % {"text": text[:40]})
    return as_moment(day)


def _answer(
    request: HttpRequest, areas: Sequence[ExportArea], ending: str, stem: str
) -> HttpResponse:
    crs = boundary_export.wanted_crs(request.GET.get("crs", ""), ending)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"areas.{'zip' if ending == 'shp' else ending}"
        boundary_export.write(
            areas, path, ending=ending, crs=crs, encoding=request.GET.get("encoding") or "UTF-8"
        )
        content = path.read_bytes()
    name = boundary_export.file_name(stem, ending, crs)
    return HttpResponse(
        content,
        content_type=boundary_export.CONTENT_TYPES[ending],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _refused(request: HttpRequest, refusal: TerritoryError) -> HttpResponse:
    return render(request, "territory/export_refused.html", {"text": refusal.text}, status=400)
