"""Areas for the map: outline, people in post, vacancies, open cases. EPSG:4326 GeoJSON.

The number of queries does not depend on the number of areas; tests pin it.
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.gis.db.models.functions import AsGeoJSON
from django.db.models import Count, Q

from grids.people.access import Access
from grids.people.services.grid_people import Member, grid_people
from grids.people.services.vacancies import Vacancy, vacancies
from grids.territory.models import Boundary
from incidents.models import Incident
from maps.services.scope import visible_boundaries

# Six digits are a decimetre, finer than any outline here.
PRECISION = 6
# The word by which an outline's origin says that it was worked out, not surveyed.
DERIVED = "derived"


@dataclass
class Load:
    """Open cases below an area, and those of them past their limit."""

    open: int = 0
    red: int = 0
    children: list[int] = field(default_factory=list)


def areas_geojson(access: Access, *, now: datetime, tiers: list[str] | None = None) -> str:
    """A FeatureCollection of the visible areas in force at `now`, deepest tier first.

    `tiers` names tier codes; None: all. Properties: code, label, tier, tier_label, kind, derived,
    households, vacancies, vacant (sentences), people, first and direct (the responsible persons,
    or null), open, red, divided.
    """
    boundaries = list(
        visible_boundaries(access, now)
        .select_related("grid__tier")
        .annotate(outline=AsGeoJSON("geometry", precision=PRECISION))
        .defer("geometry")
        .order_by("-grid__tier__order", "grid__code")
    )
    grid_ids = [boundary.grid_id for boundary in boundaries]
    loads = _loads(access, boundaries, now)
    lacking = _by_grid(vacancies(now), set(grid_ids))
    people = _people(grid_ids, now)
    features = [
        _feature(boundary, loads[boundary.grid_id], lacking, people)
        for boundary in boundaries
        if tiers is None or boundary.grid.tier.code in tiers
    ]
    return '{"type":"FeatureCollection","features":[' + ",".join(features) + "]}"


def _feature(
    boundary: Boundary, load: Load, lacking: dict[int, list[Vacancy]], people: dict[int, dict]
) -> str:
    missing = lacking[boundary.grid_id]
    properties = {
        "code": boundary.grid.code,
        "label": boundary.label,
        "tier": boundary.grid.tier.code,
        "tier_label": boundary.grid.tier.label,
        "kind": boundary.kind,
        "derived": DERIVED in boundary.source.lower(),
        "households": boundary.households,
        "vacancies": len(missing),
        "vacant": [item.sentence() for item in missing],
        **people[boundary.grid_id],
        "open": load.open,
        "red": load.red,
        "divided": bool(load.children),
    }
    # The outline is JSON text already: it is put in as it stands, not parsed and written again.
    return (
        '{"type":"Feature","properties":'
        + json.dumps(properties, ensure_ascii=False)
        + f',"geometry":{boundary.outline}}}'  # type: ignore[attr-defined]
    )


def _loads(access: Access, boundaries: list[Boundary], now: datetime) -> dict[int, Load]:
    """Open cases by the grid of their report, summed up the tree."""
    loads: dict[int, Load] = defaultdict(Load)
    parents = {boundary.grid_id: boundary.parent_id for boundary in boundaries}
    for grid_id, parent_id in parents.items():
        if parent_id in parents:
            loads[parent_id].children.append(grid_id)
    rows = (
        Incident.objects.visible_to(access)
        .open()
        .filter(report_grid__in=list(parents))
        .order_by()
        .values_list("report_grid")
        .annotate(count=Count("id"), red=Count("id", filter=Q(due_at__lt=now)))
    )
    for grid_id, count, red in rows:
        area: int | None = grid_id
        while area in parents:
            loads[area].open += count
            loads[area].red += red
            area = parents[area]
    return loads


def _by_grid(found: list[Vacancy], grid_ids: set[int]) -> dict[int, list[Vacancy]]:
    by_grid: dict[int, list[Vacancy]] = defaultdict(list)
    for vacancy in found:
        if vacancy.grid_id is not None and vacancy.grid_id in grid_ids:
            by_grid[vacancy.grid_id].append(vacancy)
    return by_grid


def _people(grid_ids: list[int], now: datetime) -> dict[int, dict[str, Any]]:
    """Who is in post on each area, and who answers first and directly; duty phones only."""
    return {
        grid_id: {
            "people": [
                {"role": m.role_label, "lead": m.is_lead, "name": m.name, "phone": m.duty_phone}
                for m in sorted(found.members, key=lambda m: (m.role, not m.is_lead))
            ],
            "first": _named(found.first),
            "direct": _named(found.direct),
        }
        for grid_id, found in grid_people(grid_ids, now).items()
    }


def _named(member: Member | None) -> dict[str, str] | None:
    if member is None:
        return None
    return {"role": member.role_label, "name": member.name, "phone": member.duty_phone}
