"""The coordinator's pages, made for one thumb: quick report, own grid's list, own grid's map."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.models import Boundary
from incidents.choices import State
from incidents.clocks import light
from incidents.forms.reports import FieldReportForm, fresh_key
from incidents.models import Incident
from incidents.services.errors import KeyConflict
from incidents.services.intake import report as take_report
from incidents.views.parts import map_view

PAGE_SIZE = 30
MOST_DRAWN = 1000


@never_cache
@requires(Right.SELF_HANDLE)
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The quick form. The page's script asks for JSON, so that a lost connection loses nothing."""
    if request.method != "POST":
        return _draw(request, FieldReportForm(initial={"key": fresh_key()}))
    form = FieldReportForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            incident = take_report(form.report(), actor=request.user, now=timezone.now())
        except KeyConflict:
            form.with_fresh_key()
            form.is_valid()
            form.add_error(
                None,
                _(
                    "A report from this page has arrived already. If this is another matter, "
                    "send it once more."
                ),
            )
        except ValidationError as error:
            form.take_errors(error)
        else:
            return _done(request, incident)
    if _wants_json(request):
        return JsonResponse(
            {"errors": form.errors.get_json_data(), "key": form["key"].value()}, status=400
        )
    return _draw(request, form, status=400)


@never_cache
@requires(Right.SELF_HANDLE)
@require_safe
def own_list(request: HttpRequest) -> HttpResponse:
    """Open cases of the own grids, the nearest limit first."""
    now = timezone.now()
    rows = _own(request).by_urgency()
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        **_frame(request, "list"),
        "page_obj": page,
        "cases": [_card(case, now) for case in page],
    }
    return render(request, "incidents/field/list.html", context)


@never_cache
@requires(Right.SELF_HANDLE)
@require_safe
def own_map(request: HttpRequest) -> HttpResponse:
    """The own grids with their open cases."""
    context = {
        **_frame(request, "map"),
        "map": _own_view(request),
        "grids_url": reverse("territory:outlines"),
        "cases_url": reverse("incidents:field_cases"),
    }
    return render(request, "incidents/field/map.html", context)


@never_cache
@requires(Right.SELF_HANDLE)
@require_safe
def own_cases(request: HttpRequest) -> HttpResponse:
    """Open cases of the own grids as GeoJSON points, WGS84, exact: staff of the grid read them."""
    now = timezone.now()
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [case.point.x, case.point.y]},
            "properties": {
                **{key: card[key] for key in ("number", "title", "light", "urgent", "url")},
                "state_label": str(card["state_label"]),
            },
        }
        for case in _own(request).filter(point__isnull=False).by_urgency()[:MOST_DRAWN]
        if (card := _card(case, now))
    ]
    return JsonResponse(
        {"type": "FeatureCollection", "features": features}, content_type="application/geo+json"
    )


def _own(request: HttpRequest) -> Any:
    """Open cases that this reader may see, with what a card shows."""
    access = request.access  # type: ignore[attr-defined]
    return Incident.objects.visible_to(access).open().select_related("category")


def _card(case: Incident, now: Any) -> dict[str, Any]:
    return {
        "number": case.number,
        "title": case.category.label if case.category else case.description[:60],
        "text": case.description if case.category else "",
        "place": case.place_words,
        "light": str(light(now, case.warn_at, case.due_at)),
        "urgent": case.urgent,
        "state_label": State(case.state).label,
        "reported_at": case.reported_at,
        "due_at": case.due_at,
        "url": reverse("incidents:case", args=[case.number]),
    }


def _done(request: HttpRequest, incident: Incident) -> HttpResponse:
    if incident.on_the_spot:
        text = _("%(number)s is reported and closed on the spot.")
    else:
        text = _("%(number)s is reported.")
    messages.success(request, text % {"number": incident.number})
    where = f"{reverse('incidents:field')}?sent={incident.number}"
    if _wants_json(request):
        return JsonResponse({"number": incident.number, "next": where}, status=201)
    return redirect(where)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _draw(request: HttpRequest, form: FieldReportForm, status: int = 200) -> HttpResponse:
    context = {**_frame(request, "report"), "form": form, "map": _own_view(request)}
    return render(request, "incidents/field/report.html", context, status=status)


def _frame(request: HttpRequest, active: str) -> dict[str, Any]:
    """The tabs and the names of the own grids."""
    tabs = [
        ("report", "incidents:field", _("Report"), None),
        ("list", "incidents:field_list", _("My list"), _own(request).count()),
        ("map", "incidents:field_map", _("Map"), None),
    ]
    return {
        "tabs": [
            {"url": reverse(view), "label": label, "active": name == active, "badge": badge}
            for name, view, label, badge in tabs
        ],
        "own_grids": [area.label for area in _own_areas(request)],
    }


def _own_areas(request: HttpRequest) -> list[Boundary]:
    grids = request.access.grids_for(Right.SELF_HANDLE)  # type: ignore[attr-defined]
    if not grids:
        return []
    valid = Boundary.objects.valid_at(timezone.now()).filter(grid_id__in=list(grids))
    return list(valid.order_by("grid__code"))


def _own_view(request: HttpRequest) -> dict[str, str]:
    """The first view: the own grids, else the whole territory."""
    boxes = [area.geometry.extent for area in _own_areas(request)]
    if not boxes:
        return map_view()
    west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
    east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return {"bounds": f"{west:.5f},{south:.5f},{east:.5f},{north:.5f}"}
