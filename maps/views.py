"""The map of the street office, and the feeds that it draws. Rights stand at each view."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.models import Tier
from maps.forms import MapFilter, chosen_layers, chosen_view
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
    tiers = list(Tier.objects.order_by("order"))
    return render(
        request,
        "maps/map.html",
        {
            "form": form,
            "tiers": tiers,
            "layers": chosen_layers(request.GET, [tier.code for tier in tiers]),
            "view": chosen_view(request.GET),
            "may_see_cases": request.access.may(Right.SEE_CASES),  # type: ignore[attr-defined]
        },
    )


@require_GET
@requires(Right.SEE_MAP)
@never_cache
def areas(request: HttpRequest) -> HttpResponse:
    """Areas the reader may see, with people, vacancies and load."""
    tiers = request.GET.getlist("tier") or None
    return _geojson(areas_geojson(request.access, now=timezone.now(), tiers=tiers))  # type: ignore[attr-defined]


@require_GET
@requires(Right.SEE_MAP)
@never_cache
def coverage(request: HttpRequest) -> HttpResponse:
    """Undivided ground and open findings."""
    return _geojson(coverage_geojson(request.access, now=timezone.now()))  # type: ignore[attr-defined]


@require_GET
@requires(Right.SEE_CASES)
@never_cache
def cases(request: HttpRequest) -> JsonResponse:
    """Cases by the page's filters."""
    form = MapFilter(request.GET)
    return JsonResponse(
        cases_geojson(request.access, form.filters(), now=timezone.now())  # type: ignore[attr-defined]
    )
