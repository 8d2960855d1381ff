"""What several pages of the room show alike: ways in, first view of a map, who answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.gis.db.models import Extent
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.permissions import Role
from grids.people.services.roster import staff
from grids.territory.models import Boundary
from incidents.models import Incident

WAYS_IN = (
    ("home", "home", _("Map"), "map"),
    ("report", "incidents:report", _("Report"), "report"),
    ("follow", "incidents:follow", _("Follow"), "follow"),
)
VIEW_KEPT_S = 300
CONTACT_ROLES = (Role.MANAGER, Role.COORDINATOR, Role.GRID_HEAD)
MOST_CONTACTS = 2


def public_nav(request: HttpRequest, active: str) -> list[dict[str, Any]]:
    """The three ways in of residents' pages."""
    return [
        {"url": reverse(view), "label": label, "icon": icon, "active": name == active}
        for name, view, label, icon in WAYS_IN
    ]


def map_view() -> dict[str, str]:
    """The whole territory: `bounds` west,south,east,north and `center` lat,lon, in degrees."""
    bounds = cache.get("incidents:territory-bounds")
    if bounds is None:
        now = timezone.now()
        roots = Boundary.objects.valid_at(now).filter(parent=None)
        # Neighbours that are outlines only would make the first view too wide.
        divided = Boundary.objects.valid_at(now).exclude(parent=None).values("parent")
        box = roots.filter(grid__in=divided).aggregate(box=Extent("geometry"))["box"]
        box = box or roots.aggregate(box=Extent("geometry"))["box"]
        bounds = ",".join(f"{value:.5f}" for value in box) if box else ""
        cache.set("incidents:territory-bounds", bounds, VIEW_KEPT_S)
    return {"bounds": bounds, "center": _middle(bounds)}


def area_list() -> list[dict[str, Any]]:
    """The areas in force as a tree for whoever sees no map; two levels, by code. One query."""
    rows = (
        Boundary.objects.valid_at(timezone.now())
        .exclude(parent=None)
        .select_related("grid__tier")
        .defer("geometry")
        .order_by("grid__tier__order", "grid__code")
    )
    nodes: dict[int, dict[str, Any]] = {}
    tops: list[dict[str, Any]] = []
    for row in rows:
        nodes[row.grid_id] = {"label": row.label, "code": row.grid.code, "below": []}
        above = nodes.get(row.parent_id or 0)
        (above["below"] if above else tops).append(nodes[row.grid_id])
    return tops


def _middle(bounds: str) -> str:
    if not bounds:
        return ""
    west, south, east, north = map(float, bounds.split(","))
    return f"{(south + north) / 2:.5f},{(west + east) / 2:.5f}"


@dataclass(frozen=True)
class Contact:
    """Someone in post, as residents read it; `area` only where it is a wider one."""

    name: str
    role_label: str
    area: str
    duty_phone: str


@dataclass(frozen=True)
class Answering:
    """Who looks after a place: the narrowest area, the wider ones, and the people."""

    leaf: str = ""
    wider: str = ""
    people: tuple[Contact, ...] = ()

    @property
    def areas(self) -> bool:
        """Whether any area answers."""
        return bool(self.leaf)


def who_answers(incident: Incident, now: datetime) -> Answering:
    """The areas of the report and those in post there now, the narrowest area first."""
    ids = list(incident.report_boundary_ids)
    rows = {row.pk: row for row in Boundary.objects.filter(pk__in=ids)}
    areas = [rows[pk] for pk in ids if pk in rows]
    if not areas:
        return Answering()
    names = {area.grid_id: area.label for area in areas[:-1]}
    people: dict[str, Contact] = {}
    for holder in staff([area.grid_id for area in areas], CONTACT_ROLES, now):
        people.setdefault(
            holder.role,
            Contact(
                name=holder.name,
                role_label=str(Role(holder.role).label),
                area=names.get(holder.grid_id or 0, ""),
                duty_phone=holder.duty_phone,
            ),
        )
    shown = [people[role] for role in CONTACT_ROLES if role in people]
    return Answering(
        leaf=areas[-1].label,
        wider=" › ".join(area.label for area in areas[:-1]),
        people=tuple(shown[:MOST_CONTACTS]),
    )
