"""The editor of a draft: one page that is a map; all it does goes through /api/v1/editions/."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.db.models import Extent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.choices import EditionStatus
from grids.territory.models import Boundary, DraftStep, Edition, Tier
from grids.territory.services.drawing import journal
from grids.territory.views.draw_words import draw_words

MOST_STEPS = 200
ENDINGS = (("gpkg", "GeoPackage"), ("geojson", "GeoJSON"), ("shp", "Shapefile"), ("kml", "KML"))


@require_GET
@requires(Right.DRAW, Right.PUBLISH)
def draw(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft to draw in; for other editions and other readers the same page without the tools."""
    edition = get_object_or_404(Edition.objects.select_related("base", "created_by"), pk=pk)
    access = request.access  # type: ignore[attr-defined]
    draws = edition.status == EditionStatus.DRAFT and access.may(Right.DRAW)
    tiers = list(Tier.objects.order_by("order"))
    bounds = _bounds(edition, access)
    context = {
        "edition": edition,
        "tiers": tiers,
        "tier": _first_tier(edition, tiers),
        "draws": draws,
        "publishes": edition.status == EditionStatus.DRAFT and access.may(Right.PUBLISH),
        "is_draft": edition.status == EditionStatus.DRAFT,
        "bounds": ",".join(f"{value:.6f}" for value in bounds) if bounds else "",
        "page": _page(edition, tiers, draws),
        "words": draw_words(),
        "links": _links(edition, access),
        "endings": ENDINGS,
    }
    return render(request, "territory/draw.html", context)


@require_GET
@requires(Right.DRAW, Right.PUBLISH)
@never_cache
def steps(request: HttpRequest, pk: int) -> JsonResponse:
    """The newest steps of a draft, the newest first, for the history in the panel."""
    edition = get_object_or_404(Edition, pk=pk)
    found = edition.steps.select_related("actor").defer("before", "after").order_by("-number")
    return JsonResponse({"steps": [_step_row(step) for step in found[:MOST_STEPS]]})


def _step_row(step: DraftStep) -> dict[str, Any]:
    at = timezone.localtime(step.at)
    return {
        "number": step.number,
        "verb": step.verb,
        "verb_label": step.get_verb_display(),
        "codes": step.codes,
        "undone": step.undone,
        "by": step.actor.get_full_name() if step.actor else "",
        "at": step.at.isoformat(),
        "when": f"{date_format(at, 'MONTH_DAY_FORMAT')} {at:%H:%M}",
    }


def _page(edition: Edition, tiers: list[Tier], draws: bool) -> dict[str, Any]:
    """What the scripts know from the start."""
    api = reverse("territory:edition", args=[edition.pk])
    return {
        "api": api,
        "info_url": api,
        "grids_url": f"{api}grids.geojson",
        "difference_url": f"{api}difference/",
        "difference_geojson_url": f"{api}difference.geojson",
        "findings_url": f"{api}findings/",
        "steps_url": reverse("division:steps", args=[edition.pk]),
        "lines_url": "/api/v1/ground/lines.geojson",
        "status": edition.status,
        "draws": draws,
        "numbers": edition.status == EditionStatus.DRAFT,
        "step": journal.newest(edition),
        "can_undo": edition.steps.filter(undone=False).exists(),
        "can_redo": edition.steps.filter(undone=True).exists(),
        "tier": _first_tier(edition, tiers),
        "tiers": [{"code": tier.code, "label": tier.label} for tier in tiers],
    }


def _first_tier(edition: Edition, tiers: list[Tier]) -> str:
    """The deepest tier that the draft changes, or that is there at all."""
    changed = edition.boundaries.order_by("-grid__tier__order").values_list("grid__tier__code")
    first = changed.first() or (
        Boundary.objects.valid_at(timezone.now())
        .order_by("-grid__tier__order")
        .values_list("grid__tier__code")
        .first()
    )
    return first[0] if first else (tiers[-1].code if tiers else "")


def _bounds(edition: Edition, access: Any) -> tuple[float, ...] | None:
    """What the first view shows: what the draft changes, else the reader's own area."""
    changed = edition.boundaries.filter(geometry__isnull=False).aggregate(box=Extent("geometry"))
    if changed["box"]:
        return _with_room(changed["box"])
    mine = access.grids_for(Right.DRAW)
    found = Boundary.objects.valid_at(timezone.now())
    if mine:
        found = found.filter(grid_id__in=mine)
    elif mine is not None:
        found = found.none()
    divided = found.filter(grid__child_boundaries__valid__contains=timezone.now())
    return (
        (divided.aggregate(box=Extent("geometry"))["box"])
        or (found.aggregate(box=Extent("geometry"))["box"])
    )


def _with_room(box: tuple[float, ...]) -> tuple[float, ...]:
    """A little of the surroundings, so that a single moved border is seen in its place."""
    west, south, east, north = box
    wide, high = max(0.002, (east - west) * 0.25), max(0.002, (north - south) * 0.25)
    return west - wide, south - high, east + wide, north + high


def _links(edition: Edition, access: Any) -> list[dict[str, str]]:
    """Pages beside the editor that are there and that the reader may open."""
    labels = {
        "division:propose": _("Propose by machine"),
        "data:try_draft": _("Try it on past cases"),
        "division:import": _("Import a file"),
        "division:list": _("From a list of buildings"),
        "roster:planned": _("Posts of the draft"),
        "division:rebase": _("Rebase"),
    }
    icons = {
        "division:propose": "star",
        "data:try_draft": "chart",
        "division:import": "upload",
        "division:list": "list",
        "roster:planned": "people",
        "division:rebase": "return",
    }
    if edition.status != EditionStatus.DRAFT:
        return []
    found = []
    for name, label in labels.items():
        try:
            url = reverse(name, args=[edition.pk])
        except NoReverseMatch:
            continue
        if name == "data:try_draft" or access.may(Right.DRAW):
            found.append({"url": url, "label": label, "icon": icons[name], "name": name})
    return found
