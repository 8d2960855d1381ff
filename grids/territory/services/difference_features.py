"""A difference as GeoJSON text: each changed grid's outline before and after (EPSG:4326)."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import numpy as np
import shapely

from grids.territory.services.difference import ChangedGrid, Difference

DIGITS = 7  # of a degree: a centimetre


def features_text(found: Difference, *, changes: Collection[str] = ()) -> str:
    """A FeatureCollection; with `changes` only of grids of which one of these holds.

    `properties.side` says before or after; `properties.change` is the weightiest change.
    """
    chosen: list[tuple[dict[str, Any], shapely.Geometry]] = []
    for row in found.rows:
        if changes and not set(changes) & set(row.changes):
            continue
        for side, shape in (("before", row.before_shape), ("after", row.after_shape)):
            if shape is not None:
                chosen.append((_properties(row, side), shape))
    shapes = np.array([shape for _properties, shape in chosen], dtype=object)
    rounded = shapely.transform(shapes, lambda coordinates: np.round(coordinates, DIGITS))
    features = ",".join(
        f'{{"type":"Feature","id":"{properties["grid"]}-{properties["side"]}",'
        f'"geometry":{geometry},"properties":{json.dumps(properties, ensure_ascii=False)}}}'
        for (properties, _shape), geometry in zip(chosen, shapely.to_geojson(rounded), strict=True)
    )
    return f'{{"type":"FeatureCollection","features":[{features}]}}'


def _properties(row: ChangedGrid, side: str) -> dict[str, Any]:
    version = (row.before if side == "before" else row.after) or row.shown
    return {
        "grid": row.grid.pk,
        "code": row.grid.code,
        "tier": row.grid.tier.code,
        "name": version.name,
        "label": version.label,
        "side": side,
        "change": row.change,
        "changes": list(row.changes),
        "change_label": row.change_label,
        "area_m2": round(row.before_m2 if side == "before" else row.after_m2, 1),
    }
