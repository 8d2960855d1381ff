"""Public pages of areas, and their sheets of paper. Open to everyone: nothing personal here."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from gridmgmt.core import paper, public_pages
from gridmgmt.core.permissions import Right
from gridmgmt.core.throttles import throttled
from grids.territory.models import Boundary
from incidents.views.home import open_reports
from incidents.views.parts import public_nav
from maps.services import sheets
from maps.services.grid_page import MOST_REPORTS, area_info, gone, in_force, open_reports_in

SHEET_NAMES = {
    "board": _lazy("Notice board (A4)"),
    "card": _lazy("Contact cards (A4)"),
    "plan": _lazy("Plan (A3)"),
    "list": _lazy("List (A4)"),
}
PUBLIC_SHEETS = tuple(SHEET_NAMES)


@require_safe
@throttled("public_read")
def page(request: HttpRequest, code: str, tier: str = "") -> HttpResponse:
    """The public page of an area. A code of two tiers asks which; one of an abolished area tells
    what became of it."""
    now = timezone.now()
    found = in_force(code, now, tier or request.GET.get("tier", ""))
    if len(found) != 1:
        return _choose(request, code, found, tier)
    boundary = found[0]
    info = area_info(boundary, now)
    reports = open_reports_in(boundary.grid_id)
    point = boundary.geometry.point_on_surface
    context: dict[str, Any] = {
        "public_nav": public_nav(request, ""),
        "info": info,
        "boundary": boundary,
        "cases": open_reports(reports[:MOST_REPORTS]),
        "total": reports.count(),
        "bounds": ",".join(f"{value:.5f}" for value in boundary.geometry.extent),
        "grids_url": _outlines(boundary, info),
        "report_url": f"{reverse('incidents:report')}?lon={point.x:.6f}&lat={point.y:.6f}"
        if public_pages.may_see_map(request)
        else f"{reverse('incidents:report')}?address={quote(boundary.label)}",
        "qr": mark_safe(  # noqa: S308 - drawn by us
            paper.qr_svg(sheets.address_of(boundary, site_of(request)), _("QR code of this page"))
        ),
        "sheets": _sheet_links(boundary),
        "may_print_all": bool(info.children) and request.access.may(Right.SEE_ROSTER),  # type: ignore[attr-defined]
    }
    return render(request, "maps/grid.html", context)


@require_safe
@throttled("public_read")
def sheet_page(request: HttpRequest, code: str, sheet: str) -> HttpResponse:
    """A sheet in the browser, to be printed as it stands."""
    boundary = _the_one(request, code)
    body = sheets.SHEETS[sheet](_ask(request, boundary))
    context = {
        "public_nav": public_nav(request, ""),
        "body": mark_safe(body),  # noqa: S308 - a rendered template
        "pdf_url": _with_tier(reverse(f"grid_pages:{sheet}_pdf", args=[code]), boundary, request),
        "title": sheets.title_of(sheet, boundary),
        "boundary": boundary,
        "sheet": sheet,
        "others": _sheet_links(boundary),
    }
    return render(request, "maps/sheet.html", context)


@require_safe
@throttled("public_paper")
def sheet_pdf(request: HttpRequest, code: str, sheet: str) -> HttpResponse:
    """The same as PDF. Asked again it is confirmed by its tag, or comes from memory."""
    boundary = _the_one(request, code)
    title = sheets.title_of(sheet, boundary)
    html = paper.document(title, sheets.SHEETS[sheet](_ask(request, boundary)))
    tag = f'"{paper.fingerprint(html)[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Language, Cookie"}
    if request.headers.get("If-None-Match", "").removeprefix("W/") == tag:
        return HttpResponse(status=304, headers=headers)
    headers["Content-Disposition"] = f'inline; filename="{boundary.grid.code}-{sheet}.pdf"'
    return HttpResponse(paper.kept_pdf(html), content_type="application/pdf", headers=headers)


def site_of(request: HttpRequest) -> str:
    """Where QR codes lead: the deployment's public address, else the one that was asked."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/")


def _ask(request: HttpRequest, boundary: Boundary) -> sheets.Ask:
    return sheets.Ask(
        boundary,
        now=timezone.now(),
        site=site_of(request),
        with_map=public_pages.may_see_map(request),
    )


def _the_one(request: HttpRequest, code: str) -> Boundary:
    found = in_force(code, timezone.now(), request.GET.get("tier", ""))
    if not found:
        raise Http404
    return found[-1]


def _sheet_links(boundary: Boundary) -> list[tuple[str, str, str]]:
    """Name, short title and address of each sheet."""
    code = boundary.grid.code
    return [
        (name, str(SHEET_NAMES[name]), reverse(f"grid_pages:{name}", args=[code]))
        for name in PUBLIC_SHEETS
    ]


def _with_tier(address: str, boundary: Boundary, request: HttpRequest) -> str:
    return f"{address}?tier={boundary.grid.tier.code}" if request.GET.get("tier") else address


def _outlines(boundary: Boundary, info: Any) -> str:
    """The parts of a divided area; of a leaf itself and its neighbours under the same parent."""
    address = reverse("territory:outlines")
    if info.children:
        return f"{address}?parent={boundary.grid.code}"
    if info.path:
        return f"{address}?parent={info.path[-1].grid.code}"
    return f"{address}?code={boundary.grid.code}"


def _choose(request: HttpRequest, code: str, found: list[Boundary], tier: str) -> HttpResponse:
    context: dict[str, Any] = {"public_nav": public_nav(request, ""), "code": code, "found": found}
    if found:
        return render(request, "maps/grid_choice.html", context, status=300)
    past = gone(code, timezone.now(), tier)
    if past is None:
        raise Http404
    context |= {"grid": past[0], "heirs": past[1]}
    return render(request, "maps/grid_gone.html", context, status=410)
