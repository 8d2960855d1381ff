"""Sheets of paper: board 公示牌, contact cards, area plan and panorama, list of an area.

Each sheet is one piece of HTML in millimetres, which a browser prints as it stands and
gridmgmt.core.paper turns into a PDF. Maps are drawn true to scale by grids.territory.paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from gridmgmt.core import public_pages
from gridmgmt.core.paper import qr_svg
from grids.people.services.grid_people import grid_people
from grids.territory.models import Boundary
from grids.territory.paper.drawing import Drawing
from grids.territory.services import paper_map
from maps.services.grid_page import AreaInfo, area_info, edition_in_force

CARDS = 10
# The map of a board is higher where all people stand in one row.
BOARD_MAP_MM, TALL_BOARD_MAP_MM = (185.5, 108.5), (185.5, 142.5)
PEOPLE_IN_A_ROW = 3
# What a plan's map gets on A3, landscape and portrait.
A3_EDGE_MM, A3_HEAD_MM, A3_FOOT_MM = 10.0, 24.0, 11.0
SIDE_MM = 92.0
ROW_MM = 6.4
SIDE_ROWS = 29
BOTTOM_COLUMNS = 2
MOST_ON_PLAN = 60


@dataclass(frozen=True)
class Row:
    """One line of a plan's or a list's table."""

    chip: str
    tint: str
    label: str
    code: str
    kind: str
    households: int | None
    people: str
    phone: str
    divided: int = 0


@dataclass(frozen=True)
class Ask:
    """What a sheet is made for. `site`: https://host of the QR codes; `with_map`: maps allowed."""

    boundary: Boundary
    now: datetime
    site: str
    with_map: bool = True


def address_of(boundary: Boundary, site: str) -> str:
    """The absolute address of the area's public page, for its QR code."""
    return f"{site.rstrip('/')}{reverse('grid_pages:page', args=[boundary.grid.code])}"


def board(ask: Ask) -> str:
    """A4: name, map, people with duty phones, promises, supervision phone, QR code."""
    info = area_info(ask.boundary, ask.now)
    drawing = None
    if ask.with_map:
        drawing = _board_map(ask, info)
    context = (
        _common(ask, info)
        | {
            "map": mark_safe(drawing.svg) if drawing else "",  # noqa: S308 - drawn and escaped by us
            "scale": drawing.scale if drawing else None,
            "people": info.people[:6],
            "tall": len(info.people) <= PEOPLE_IN_A_ROW,
            "promises": (info.notices.promises or info.notices.policies)[:4],
            "work": info.notices.work[:4],
        }
    )
    return render_to_string("maps/paper/board.html", context)


def _board_map(ask: Ask, info: AreaInfo) -> Drawing:
    """A leaf with its buildings, a community with its numbered grids, a street with communities."""
    tall = len(info.people) <= PEOPLE_IN_A_ROW
    sheet = paper_map.Sheet(*(TALL_BOARD_MAP_MM if tall else BOARD_MAP_MM))
    children = _with_geometry(info.children)
    if not children:
        return paper_map.grid_map(ask.boundary, sheet, now=ask.now)
    parts = [
        paper_map.Part(child, _number(child), tint)
        for child, tint in zip(children, paper_map.tints_of(children), strict=True)
    ]
    if _children_of(children, ask.now):
        return paper_map.panorama_map(ask.boundary, parts, [], sheet, now=ask.now)
    return paper_map.plan_map(ask.boundary, parts, sheet, now=ask.now)


def card(ask: Ask) -> str:
    """A4 with ten cards of one area, 90 × 54 mm, to be cut."""
    info = area_info(ask.boundary, ask.now)
    context = _common(ask, info) | {"cards": range(CARDS), "people": info.people[:3]}
    return render_to_string("maps/paper/cards.html", context)


def listing(ask: Ask) -> str:
    """A4: codes, names and people of an area's parts, as many pages as they need."""
    info = area_info(ask.boundary, ask.now)
    groups = [(info.boundary.label, rows_of(info.children, ask.now))]
    deeper = _children_of(info.children, ask.now)
    groups += [
        (child.label, rows_of(deeper[child.grid_id], ask.now))
        for child in info.children
        if child.grid_id in deeper
    ]
    if not info.children:
        groups = [(info.boundary.label, rows_of([info.boundary], ask.now))]
    return render_to_string("maps/paper/list.html", _common(ask, info) | {"groups": groups})


def plan(ask: Ask) -> str:
    """A3: an area divided into leaves is a plan, one divided twice a panorama.

    Where maps are closed to the reader the list stands in its place.
    """
    if not ask.with_map:
        return listing(ask)
    info = area_info(ask.boundary, ask.now)
    deeper = _children_of(info.children, ask.now)
    tints = paper_map.tints_of(_with_geometry(info.children))
    wide, size, rows_fit = _layout(ask.boundary, len(info.children))
    middle = [
        paper_map.Part(child, _number(child), tint)
        for child, tint in zip(_with_geometry(info.children), tints, strict=True)
    ]
    if deeper:
        leaves = [
            paper_map.Part(leaf, _number(leaf), 0)
            for parts in deeper.values()
            for leaf in _with_geometry(parts)
        ]
        drawing = paper_map.panorama_map(ask.boundary, middle, leaves, size, now=ask.now)
    elif middle:
        drawing = paper_map.plan_map(ask.boundary, middle, size, now=ask.now)
    else:
        drawing = paper_map.grid_map(ask.boundary, size, now=ask.now)
    parts = info.children or [ask.boundary]
    rows = rows_of(parts, ask.now, tints, {pk: len(found) for pk, found in deeper.items()})
    if deeper:  # on the map communities stand by their names, grids by their numbers
        rows = [replace(row, chip="") for row in rows]
    context = (
        _common(ask, info)
        | {
            "map": mark_safe(drawing.svg),  # noqa: S308 - drawn and escaped by us
            "scale": drawing.scale,
            "wide": wide,
            "shows": dict.fromkeys(drawing.shows, True),
            "panorama": bool(deeper),
            "rows": rows if rows_fit else rows[:SIDE_ROWS],
            "more": 0 if rows_fit else len(rows) - SIDE_ROWS,
            "total": sum(row.households or 0 for row in rows) if info.children else 0,
            "dedicated": any(row.kind == "dedicated" for row in rows),
            "divided": bool(info.children),
        }
    )
    return render_to_string("maps/paper/plan.html", context)


SHEETS: dict[str, Callable[[Ask], str]] = {
    "board": board,
    "card": card,
    "plan": plan,
    "list": listing,
}


def title_of(sheet: str, boundary: Boundary) -> str:
    """What the sheet is called, in the reader's language."""
    words = {
        "board": _("Board of %(name)s"),
        "card": _("Contact cards of %(name)s"),
        "plan": _("Plan of %(name)s"),
        "list": _("List of %(name)s"),
    }
    return words[sheet] % {"name": boundary.label}


def rows_of(
    parts: Sequence[Boundary],
    now: datetime,
    tints: Sequence[int] = (),
    divided: dict[int, int] | None = None,
) -> list[Row]:
    """Lines of a table: number, name, people. Two queries, however many parts."""
    people = grid_people([part.grid_id for part in parts], now)
    rows = []
    for index, part in enumerate(parts):
        one = people[part.grid_id].direct
        first = people[part.grid_id].first
        shown = one if one is not None and one.grid_id == part.grid_id else first or one
        rows.append(
            Row(
                chip=_number(part),
                tint=paper_map.TINTS[tints[index] % len(paper_map.TINTS)] if tints else "",
                label=part.label,
                code=part.grid.code,
                kind=part.kind,
                households=part.households,
                people=shown.name if shown else "",
                phone=shown.duty_phone if shown else "",
                divided=(divided or {}).get(part.grid_id, 0),
            )
        )
    return rows


def _number(boundary: Boundary) -> str:
    """The last digits of the code, which is how people call a grid: 110108014009004 is 4."""
    tail = boundary.grid.code[-3:]
    return str(int(tail)) if tail.isdigit() else tail


def _children_of(parts: Sequence[Boundary], now: datetime) -> dict[int, list[Boundary]]:
    found: dict[int, list[Boundary]] = {}
    rows = (
        Boundary.objects.valid_at(now)
        .filter(parent_id__in=[part.grid_id for part in parts])
        .select_related("grid__tier")
        .order_by("grid__code")
    )
    for row in rows:
        found.setdefault(row.parent_id or 0, []).append(row)
    return found


def _with_geometry(parts: Sequence[Boundary]) -> list[Boundary]:
    """The same with their outlines, in one query."""
    if not any("geometry" in part.get_deferred_fields() for part in parts):
        return list(parts)
    known = Boundary.objects.in_bulk([part.pk for part in parts])
    for part in parts:
        part.geometry = known[part.pk].geometry
    return list(parts)


def _layout(boundary: Boundary, count: int) -> tuple[bool, paper_map.Sheet, bool]:
    """Landscape with the table beside the map, or portrait with it below; whether all fits."""
    rows = max(count, 1)
    if paper_map.landscape(boundary):
        width = 420 - 2 * A3_EDGE_MM - SIDE_MM - 6
        height = 297 - 2 * A3_EDGE_MM - A3_HEAD_MM - A3_FOOT_MM
        return True, paper_map.Sheet(width, height), rows <= SIDE_ROWS
    shown = min(rows, SIDE_ROWS)
    table = math.ceil(shown / BOTTOM_COLUMNS) * ROW_MM + 14
    height = 420 - 2 * A3_EDGE_MM - A3_HEAD_MM - A3_FOOT_MM - table
    return False, paper_map.Sheet(297 - 2 * A3_EDGE_MM, height), rows <= SIDE_ROWS


def _common(ask: Ask, info: AreaInfo) -> dict[str, Any]:
    pages = public_pages.current()
    edition = edition_in_force(ask.now)
    return {
        "info": info,
        "boundary": info.boundary,
        "path_label": " › ".join(str(above.label) for above in info.path),
        "place_name": settings.PLACE_NAME,
        "supervision_phone": pages.supervision_phone,
        "review_number": pages.review_number,
        "base_map": pages.base_map,
        "edition": edition.name if edition else "",
        "edition_date": edition.effective_at if edition else None,
        "now": ask.now,
        "sources": paper_map.ground_sources(),
        "simulated": settings.MODE == "demo",
        "address": address_of(info.boundary, ask.site),
        "qr": mark_safe(  # noqa: S308 - drawn by us
            qr_svg(address_of(info.boundary, ask.site), _("QR code of the public page"))
        ),
        "with_map": ask.with_map,
    }
