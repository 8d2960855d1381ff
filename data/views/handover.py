"""The hand-over pack of one person: on the screen, and as PDF."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from data.services.handover import Pack, may_open, pack_for
from gridmgmt.core import paper, public_pages
from gridmgmt.core.guards import requires
from grids.people.models import Person
from grids.territory.services.paper_map import ground_sources


@never_cache
@require_GET
@requires()
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The pack as it stands now."""
    pack = _pack(request, pk, "page")
    body = _body(request, pack)
    context = {
        "person": pack.person,
        "body": mark_safe(body),  # noqa: S308 - a rendered template
    }
    return render(request, "data/handover.html", context)


@never_cache
@require_GET
@requires()
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as PDF. It is never kept: a pack is drawn for who asked."""
    pack = _pack(request, pk, "pdf")
    html = paper.document(_title(pack), _body(request, pack))
    day = timezone.localdate(pack.now).isoformat()
    return HttpResponse(
        paper.pdf(html),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="handover-{pk}-{day}.pdf"'},
    )


def _pack(request: HttpRequest, pk: int, form: str) -> Pack:
    now = timezone.now()
    access: Any = request.access  # type: ignore[attr-defined]
    person = get_object_or_404(Person, pk=pk)
    if not may_open(access, person, now):
        raise PermissionDenied(_("Your posts do not include this page."))
    return pack_for(person=person, actor=request.user, now=now, form=form, with_map=True)


def _title(pack: Pack) -> str:
    return _("Hand-over pack of %(name)s") % {"name": pack.person.name}


def _body(request: HttpRequest, pack: Pack) -> str:
    user: Any = request.user
    context = {
        "pack": pack,
        "title": _title(pack),
        "now": pack.now,
        "opened_by": user.full_name or user.username,
        "map": mark_safe(pack.map_svg),  # noqa: S308 - drawn and escaped by us
        "sources": ground_sources(),
        "review_number": public_pages.current().review_number,
    }
    return render_to_string("data/paper/handover.html", context)
