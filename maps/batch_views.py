"""Staff ask for all boards below an area, and fetch them when the worker is done."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from kombu.exceptions import OperationalError

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.models import Boundary
from maps.grid_views import site_of
from maps.services import batches
from maps.services.grid_page import in_force
from maps.tasks import draw_boards


@never_cache
@requires(Right.SEE_ROSTER)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, code: str) -> HttpResponse:
    """How far the batch is. POST begins it (again)."""
    boundary = _area(request, code)
    language, site = get_language() or "zh-hans", site_of(request)
    key = batches.key_of(boundary.pk, language, site)
    if request.method == "POST":
        if batches.state_of(key) != batches.WAITING:
            batches.forget(key)
        if batches.begin(key):
            try:
                draw_boards.apply_async((boundary.pk, language, site), retry=False)
            except (OperationalError, OSError):
                batches.forget(key)
                messages.error(request, _("The queue is not reachable. Please try again later."))
        return redirect("grid_pages:boards", code=code)
    context = {
        "boundary": boundary,
        "state": batches.state_of(key),
        "drawn_at": batches.drawn_at(key),
        "count": len(batches.leaves_below(boundary, timezone.now())),
        "most": batches.MOST_BOARDS,
    }
    return render(request, "maps/boards.html", context)


@never_cache
@requires(Right.SEE_ROSTER)
@require_safe
def pdf(request: HttpRequest, code: str) -> HttpResponse:
    """The finished batch; to the page above while there is none."""
    boundary = _area(request, code)
    found = batches.kept(batches.key_of(boundary.pk, get_language() or "zh-hans", site_of(request)))
    if found is None:
        return redirect("grid_pages:boards", code=code)
    headers = {"Content-Disposition": f'attachment; filename="{boundary.grid.code}-boards.pdf"'}
    return HttpResponse(found, content_type="application/pdf", headers=headers)


def _area(request: HttpRequest, code: str) -> Boundary:
    found = in_force(code, timezone.now(), request.GET.get("tier", ""))
    if not found:
        raise Http404
    return found[-1]
