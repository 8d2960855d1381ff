"""A list of buildings becomes outlines: upload, look at the result on the map, then write it."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import numpy as np
import shapely
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gridmgmt.core.guards import requires
from gridmgmt.core.permissions import Right
from grids.territory.errors import TerritoryError
from grids.territory.import_forms import ListColumnsForm, ListUploadForm
from grids.territory.models import Edition, Tier, WaitingFile
from grids.territory.services import building_list, lists_to_outlines, waiting_files
from grids.territory.services.building_list import Matched
from grids.territory.services.lists_to_outlines import Derived
from grids.territory.views.imports import DIGITS, SHOWN, draft_page, kept_upload, waiting_of

_CHOICE = re.compile(r"row-([0-9]{1,9})=([0-9]{1,18})")


@require_http_methods(["GET", "POST"])
@requires(Right.DRAW)
@draft_page
def upload(request: HttpRequest, edition: Edition) -> HttpResponse:
    """Choose a list."""
    form = ListUploadForm(request.POST or None, request.FILES or None)
    look = building_list.headers_of
    if waiting := kept_upload(request, edition, form, WaitingFile.Purpose.LIST, look):
        return redirect("division:list_file", edition.pk, waiting.token)
    return render(
        request,
        "territory/list_upload.html",
        {"edition": edition, "form": form},
        status=400 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@requires(Right.DRAW)
@draft_page
def preview(request: HttpRequest, edition: Edition, token: uuid.UUID) -> HttpResponse:
    """GET shows which rows found their building and what outlines follow, POST writes them."""
    waiting = waiting_of(request, edition, token, WaitingFile.Purpose.LIST)
    context: dict[str, Any] = {"edition": edition, "waiting": waiting}
    said = request.POST if request.method == "POST" else request.GET
    tier = Tier.objects.order_by("-order").first()
    status = 200
    try:
        path = waiting_files.path_of(waiting)
        headers = building_list.headers_of(path)
        form = _form(said, headers)
        context["form"] = form
        if not form.is_valid():
            return render(request, "territory/list_preview.html", context, status=400)
        rows, unread = building_list.read_list(path, form.columns())
        matched = building_list.match(rows, chosen=_chosen(said))
        context |= _troubles(matched, unread, len(rows))
        context["carried"] = [
            *((f"column_{field}", column) for field, column in form.columns().items()),
            *((f"row-{line}", pk) for line, pk in _chosen(said).items()),
        ]
        derived = lists_to_outlines.derive(edition, matched, tier=tier)
        if request.method == "POST":
            lists_to_outlines.import_list(
                edition,
                derived,
                tier=tier,
                actor=request.user,
                now=timezone.now(),
                access=request.access,  # type: ignore[attr-defined]
                source=waiting.name,
            )
            waiting_files.discard(waiting)
            messages.success(
                request,
                _(
                    "%(areas)s outlines are in the draft, marked unconfirmed. Look at each on the "
                    "map and confirm it."
                )
                % {"areas": len(derived.areas)},
            )
            return redirect("division:draft", edition.pk)
        context |= _shown(derived)
    except TerritoryError as refusal:
        context["refusal"] = refusal.text
        status = 400
    return render(request, "territory/list_preview.html", context, status=status)


@require_POST
@requires(Right.DRAW)
@draft_page
def discard(request: HttpRequest, edition: Edition, token: uuid.UUID) -> HttpResponse:
    """Forget an uploaded list of one's own."""
    waiting_files.discard(waiting_of(request, edition, token, WaitingFile.Purpose.LIST))
    messages.info(request, _("The uploaded file was discarded; the draft is unchanged."))
    return redirect("division:draft", edition.pk)


def _form(said: QueryDict, headers: tuple[str, ...]) -> ListColumnsForm:
    if any(key.startswith("column_") for key in said):
        return ListColumnsForm(said, headers=headers)
    guessed = building_list.guessed_columns(headers)
    return ListColumnsForm(
        {f"column_{field}": header for field, header in guessed.items()}, headers=headers
    )


def _chosen(said: QueryDict) -> dict[int, int]:
    """`row-12=345`: for row 12 the building 345 was chosen."""
    numbers = [_CHOICE.fullmatch(f"{key}={value}") for key, value in said.items()]
    return {int(number[1]): int(number[2]) for number in numbers if number}


def _troubles(matched: Matched, unread: list[Any], rows: int) -> dict[str, Any]:
    troubles = sorted([*unread, *matched.troubles], key=lambda trouble: trouble.line)
    return {
        "troubles": troubles[:SHOWN],
        "trouble_count": len(troubles),
        "row_count": rows + len(unread),
        "matched_count": len(matched.rows),
    }


def _shown(derived: Derived) -> dict[str, Any]:
    shapes = np.array([area.geometry for area in derived.areas], dtype=object)
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(
                shapely.to_geojson(shapely.transform(shape, lambda c: np.round(c, DIGITS)))
            ),
            "properties": {"code": area.code, "label": area.name or area.code},
        }
        for area, shape in zip(derived.areas, shapes, strict=True)
    ]
    return {
        "derived": derived,
        "outlines": {"type": "FeatureCollection", "features": features},
        "bounds": ",".join(f"{value:.6f}" for value in shapely.total_bounds(shapes)),
        "abolished": sorted(state.name for state in derived.abolished.values()),
        "new_count": sum(area.grid_id is None for area in derived.areas),
    }
