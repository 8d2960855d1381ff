"""Cases for the map, by the filters of the page. EPSG:4326 GeoJSON."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from grids.people.access import Access
from incidents.clocks import light
from incidents.models import Incident

# More points than this cannot be read on any map; the page says so and asks to narrow down.
MOST_CASES = 4000


def cases_geojson(access: Access, filters: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The newest visible cases that fit `filters` (maps.forms.MapFilter's cleaned data).

    The member `truncated` says that there were more than MOST_CASES.
    """
    cases = (
        filtered(Incident.objects.visible_to(access), filters, now=now)
        .filter(point__isnull=False)
        .select_related("category", "report_grid")
        .order_by("-reported_at", "-id")
    )
    found = list(cases[: MOST_CASES + 1])
    return {
        "type": "FeatureCollection",
        "truncated": len(found) > MOST_CASES,
        "features": [_feature(case, now) for case in found[:MOST_CASES]],
    }


def filtered(cases: Any, filters: dict[str, Any], *, now: datetime) -> Any:
    """Narrow a queryset of cases by the map's filters; absent ones narrow nothing."""
    stage = filters.get("stage") or "open"
    if stage == "open":
        cases = cases.open()
    elif stage != "all":
        cases = cases.filter(state=stage)
    if system := filters.get("system"):
        cases = cases.filter(category__system=system)
    if kind := filters.get("kind"):
        cases = cases.filter(category__kind=kind)
    if filters.get("urgent"):
        cases = cases.filter(urgent=True)
    if since := filters.get("since"):
        cases = cases.filter(reported_at__gte=since)
    if shown := filters.get("light"):
        cases = cases.with_light(shown, now)
    return cases


def _feature(case: Incident, now: datetime) -> dict[str, Any]:
    point = case.point
    if point is None:
        raise ValueError("A case without a point cannot be drawn.")
    return {
        "type": "Feature",
        "properties": {
            "number": case.number,
            "title": case.category.label if case.category else case.description[:30],
            "light": light(now, case.warn_at, case.due_at),
            "state": case.state,
            "state_label": str(case.get_state_display()),
            "urgent": case.urgent,
            "grid": case.report_grid.code if case.report_grid else "",
            "reported_at": case.reported_at.isoformat(),
            "panel_url": reverse("incidents:case_panel", args=[case.number]),
        },
        "geometry": {"type": "Point", "coordinates": [round(point.x, 6), round(point.y, 6)]},
    }
