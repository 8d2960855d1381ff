"""Outlines as GeoJSON, simplified as one coverage so that neighbours still fit each other."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np
import shapely

from grids.territory.models import Boundary

DEEPEST_ZOOM = 18  # from here on outlines are sent as they are
DIGITS = 6  # of a degree: a decimetre


def feature_collection(boundaries: Iterable[Boundary], zoom: int | None) -> dict[str, Any]:
    """A FeatureCollection in EPSG:4326; with `zoom`, details below one pixel are left out."""
    features: list[dict[str, Any]] = []
    ordered = sorted(boundaries, key=lambda b: (b.grid.tier.order, b.grid.code))
    for _order, group in groupby(ordered, key=lambda boundary: boundary.grid.tier.order):
        members = list(group)
        shapes = np.array([shapely.from_wkb(bytes(b.geometry.wkb)) for b in members], dtype=object)
        if zoom is not None and zoom < DEEPEST_ZOOM:
            shapes = shapely.coverage_simplify(shapes, 360 / (256 * 2**zoom))
        for boundary, shape in zip(members, shapes, strict=True):
            features.append(
                {
                    "type": "Feature",
                    "id": boundary.grid_id,
                    "geometry": _rounded(shape),
                    "properties": _properties(boundary),
                }
            )
    return {"type": "FeatureCollection", "features": features}


def _properties(boundary: Boundary) -> dict[str, Any]:
    return {
        "id": boundary.grid_id,
        "code": boundary.grid.code,
        "name": boundary.name,
        "label": boundary.label,
        "tier": boundary.grid.tier.code,
        "tier_label": boundary.grid.tier.label,
        "parent": boundary.parent.code if boundary.parent else None,
        "households": boundary.households,
        "kind": boundary.kind,
        "source": boundary.source,
    }


def _rounded(shape: shapely.Geometry) -> dict[str, Any]:
    """GeoJSON geometry with as many digits as anybody can see."""
    rounded = shapely.transform(shape, lambda coordinates: np.round(coordinates, DIGITS))
    return json.loads(shapely.to_geojson(rounded))
