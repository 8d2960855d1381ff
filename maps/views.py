"""The map of the street office: areas of all tiers, cases, staff, coverage."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from gridmgmt.core.permissions import Right
from grids.people.guards import requires
from grids.territory.models import Tier
from incidents.models import Incident
from maps.forms import MapFilter
from maps.services.areas import areas_geojson
from maps.services.cases import cases_geojson
from maps.services.coverage import coverage_geojson


def _geojson(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/geo+json")


@require_GET
@requires(Right.SEE_MAP)
def overview(request: HttpRequest) -> HttpResponse:
    """The page itself; everything on it comes from the feeds below."""
    form = MapFilter(request.GET)
    form.is_valid()
    return render(
        request,
        "maps/map.html",
        {
            "form": form,
            "tiers": list(Tier.objects.all()),
            "may_see_cases": request.access.may(Right.SEE_CASES),  # type: ignore[attr-defined]
        },
    )


@require_GET
@requires(Right.SEE_MAP)
def areas(request: HttpRequest) -> HttpResponse:
    """Areas the reader may see, with people, vacancies and load."""
    tiers = request.GET.getlist("tier") or None
    return _geojson(areas_geojson(request.access, now=timezone.now(), tiers=tiers))  # type: ignore[attr-defined]


@require_GET
@requires(Right.SEE_MAP)
def coverage(request: HttpRequest) -> HttpResponse:
    """Undivided ground and open findings."""
    return _geojson(coverage_geojson(request.access, now=timezone.now()))  # type: ignore[attr-defined]


@require_GET
@requires(Right.SEE_CASES)
def cases(request: HttpRequest) -> JsonResponse:
    """Cases by the page's filters."""
    form = MapFilter(request.GET)
    return JsonResponse(
        cases_geojson(request.access, form.filters(), now=timezone.now())  # type: ignore[attr-defined]
    )


@require_GET
@requires(Right.SEE_CASES)
def case_panel(request: HttpRequest, number: str) -> HttpResponse:
    """What the side panel shows of one case, with what the reader may do with it here."""
    return render(request, "maps/case_panel.html", panel_context(request, _visible(request, number)))


def _visible(request: HttpRequest, number: str) -> Incident:
    visible = Incident.objects.visible_to(request.access)  # type: ignore[attr-defined]
    return get_object_or_404(
        visible.select_related(
            "category", "report_grid", "owner_department", "owner_person", "owner_grid"
        ),
        number=number,
    )


def panel_context(request: HttpRequest, case: Incident, **more: Any) -> dict[str, Any]:
    """The context of maps/case_panel.html."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return {"case": case, **more}
