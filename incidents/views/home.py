"""The public map: what is open and was released, where roughly, and whose grid a place is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gridmgmt.core.public_pages import map_for_public
from gridmgmt.core.throttles import throttled
from grids.territory.models import Boundary, Tier
from incidents.choices import PUBLIC_STATE, State
from incidents.models import Incident
from incidents.views.parts import CONTACT_ROLES, area_list, map_view, public_nav

MOST_LISTED = 30
MOST_DRAWN = 2000


@dataclass(frozen=True)
class OpenReport:
    """A released open case as everyone may see it: no number, no exact place, no names."""

    title: str
    text: str
    icon: str
    area: str
    state: str
    state_label: str
    reported_at: datetime
    point: tuple[float, float] | None


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The map with the ways in; the same reports as a list for whoever sees no map."""
    released = _released_open()
    context = {
        "public_nav": public_nav(request, "home"),
        "map": map_view(),
        "area_list": area_list,
        "grids_url": reverse("territory:outlines"),
        "cases_url": reverse("incidents:open_reports"),
        "responsibility_url": reverse("people_api:responsibility"),
        "cases": open_reports(released[:MOST_LISTED]),
        "total": released.count(),
        "tiers": {tier.code: tier.label for tier in Tier.objects.order_by("order")},
        "roles": {str(role): str(role.label) for role in CONTACT_ROLES},
    }
    return render(request, "incidents/public/home.html", context)


@require_safe
@throttled("public_read")
@map_for_public
def open_reports_geojson(request: HttpRequest) -> HttpResponse:
    """The newest released open cases as points of the blurred place, WGS84.

    `?grid=` (the id of an area): only those reported in it or below it.
    """
    found = _released_open().filter(public_point__isnull=False)
    if (grid := request.GET.get("grid", "")) and grid.isascii() and grid.isdigit():
        found = found.filter(report_path__contains=[int(grid[:18])])
    rows = found[:MOST_DRAWN]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": report.point},
            "properties": {
                "title": report.title,
                "text": report.text,
                "icon": report.icon,
                "area": report.area,
                "state": report.state,
                "state_label": report.state_label,
                "day": timezone.localdate(report.reported_at).isoformat(),
            },
        }
        for report in open_reports(rows)
    ]
    return JsonResponse(
        {"type": "FeatureCollection", "features": features},
        content_type="application/geo+json",
        headers={"Cache-Control": "max-age=30"},
    )


def _released_open() -> QuerySet[Incident]:
    released = Incident.objects.released().open().newest_first()
    return released.select_related("category__tile")


def open_reports(rows: Iterable[Incident]) -> list[OpenReport]:
    """The rows in the reader's language; two queries however many they are."""
    rows = list(rows)
    leaves = {row.report_boundary_ids[-1] for row in rows if row.report_boundary_ids}
    areas = {
        boundary.pk: boundary.label
        for boundary in Boundary.objects.filter(pk__in=leaves).defer("geometry")
    }
    return [_open_report(row, areas) for row in rows]


def _open_report(row: Incident, areas: dict[int, Any]) -> OpenReport:
    tile = row.category.tile if row.category else None
    state = PUBLIC_STATE[State(row.state)]
    kind = tile or row.category
    return OpenReport(
        title=str(kind.label if kind else _("Something else")),
        text=row.public_description,
        icon=tile.icon if tile else "other",
        area=areas.get(row.report_boundary_ids[-1], "") if row.report_boundary_ids else "",
        state=str(state),
        state_label=str(state.label),
        reported_at=row.reported_at,
        point=(round(row.public_point.x, 6), round(row.public_point.y, 6))
        if row.public_point
        else None,
    )
