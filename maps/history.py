"""The division through time: one map with a slider over the editions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from maps.services.history import Moment, division_at, moments, published


@require_safe
@requires(Right.SEE_MAP)
def page(request: HttpRequest) -> HttpResponse:
    """`?edition`: which one is shown first; without it the newest in force."""
    now = timezone.now()
    found = moments(now=now)
    asked = request.GET.get("edition", "")
    numbers = [str(moment.edition.pk) for moment in found]
    in_force = [index for index, moment in enumerate(found) if not moment.coming]
    shown = numbers.index(asked) if asked in numbers else (in_force[-1] if in_force else 0)
    return render(
        request,
        "maps/history.html",
        {"moments": found, "shown": shown, "data": [_row(moment) for moment in found]},
    )


@require_safe
@requires(Right.SEE_MAP)
def areas(request: HttpRequest, pk: int) -> JsonResponse:
    """The areas of the moment when the edition took effect, as far as the reader may see."""
    access = request.access  # type: ignore[attr-defined]
    edition = get_object_or_404(published(), pk=pk)
    zoom = request.GET.get("zoom", "")
    return JsonResponse(
        division_at(edition, access, zoom=int(zoom) if zoom.isdecimal() and len(zoom) < 3 else None)
    )


def _row(moment: Moment) -> dict[str, Any]:
    edition = moment.edition
    at = timezone.localtime(moment.at)
    return {
        "id": edition.pk,
        "name": edition.name,
        "note": edition.note,
        "when": f"{date_format(at, 'DATE_FORMAT')} {at:%H:%M}",
        "coming": moment.coming,
        "by": edition.published_by.get_full_name() if edition.published_by else "",
        "added": moment.added,
        "changed": moment.changed,
        "removed": moment.removed,
        "lines": moment.lines,
    }
