"""Areas of a draft as GeoJSON features, in full precision, so that borders stay shared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from django.utils.translation import get_language

from grids.territory.geometry.areas import areas_m2
from grids.territory.models import Boundary, Edition, Grid
from grids.territory.services.difference import LEAST_MOVED_M2
from grids.territory.services.drawing.states import State, laid_over, states_of


def features(edition: Edition, states: Mapping[int, State]) -> list[dict[str, Any]]:
    """GeoJSON features, EPSG:4326; `Feature.id` is the grid's id. By tier, then code."""
    return [
        {"type": "Feature", "id": row["id"], "geometry": json.loads(text), "properties": row}
        for row, text in _rows(edition, states)
    ]


def features_text(edition: Edition, states: Mapping[int, State]) -> str:
    """The same as the text of one FeatureCollection, outlines written without a detour."""
    texts = [
        f'{{"type":"Feature","id":{row["id"]},"geometry":{text},'
        f'"properties":{json.dumps(row, ensure_ascii=False)}}}'
        for row, text in _rows(edition, states)
    ]
    return '{"type":"FeatureCollection","features":[' + ",".join(texts) + "]}"


def _rows(edition: Edition, states: Mapping[int, State]) -> list[tuple[dict[str, Any], str]]:
    ids = list(states)
    parents = {state.parent_id for state in states.values() if state.parent_id is not None}
    grids = Grid.objects.select_related("tier").in_bulk({*ids, *parents})
    divided = set(laid_over(edition).filter(parent_id__in=ids).values_list("parent_id", flat=True))
    changes = _changes(edition, states)
    outlines = shapely.to_geojson(np.array([states[grid].geometry for grid in ids], dtype=object))
    english = (get_language() or "").startswith("en")
    rows = []
    for grid, outline in zip(ids, outlines, strict=True):
        state, own = states[grid], grids[grid]
        parent = grids.get(state.parent_id) if state.parent_id is not None else None
        row = {
            "id": grid,
            "code": own.code,
            "name": state.name,
            "name_en": state.name_en,
            "label": state.name_en if english and state.name_en else state.name,
            "tier": own.tier.code,
            "tier_label": own.tier.label,
            "parent": parent.code if parent else None,
            "parent_id": state.parent_id,
            "kind": state.kind,
            "households": state.households,
            "change": changes.get(grid),
            "confirmed": state.confirmed,
            "leaf": grid not in divided,
        }
        rows.append((own.tier.order, own.code, row, str(outline)))
    rows.sort(key=lambda item: item[:2])
    return [(row, outline) for _order, _code, row, outline in rows]


def _changes(edition: Edition, states: Mapping[int, State]) -> dict[int, str | None]:
    """What the draft does to each of these areas, in one word; the weightiest wins."""
    drafted = set(
        edition.boundaries.filter(grid_id__in=list(states)).values_list("grid_id", flat=True)
    )
    base = states_of(Boundary.objects.filter(grid_id__in=drafted, valid__upper_inf=True))
    return {grid: _change(base.get(grid), states[grid]) for grid in drafted}


def _change(before: State | None, after: State) -> str | None:
    """None where the outline is only written differently, with a neighbour's corner in it."""
    if before is None:
        return "added"
    if has_moved(before, after):
        return "moved"
    if before.parent_id != after.parent_id:
        return "reparented"
    return None if before.columns() == after.columns() else "renamed"


def has_moved(before: State, after: State) -> bool:
    """Whether ground was gained or lost, not only a corner written on a border that stays."""
    if before.geometry == after.geometry:
        return False
    moved = shapely.symmetric_difference(before.geometry, after.geometry)
    return bool(areas_m2(np.array([moved], dtype=object))[0] >= LEAST_MOVED_M2)
