"""Roads and water edges that a border may cling to."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.contrib.gis.geos import Polygon

from grids.territory.models import Road, Water

MOST_LINES = 4_000


def snap_lines(box: Polygon, most: int = MOST_LINES) -> dict[str, Any]:
    """A FeatureCollection of lines in the box (EPSG:4326); `truncated` when there are more.

    `properties.layer` is road or water; `kind` is the road's class.
    """
    roads = list(
        Road.objects.filter(line__bboverlaps=box)
        .order_by("pk")
        .annotate(wkb=AsWKB("line"))
        .values_list("name", "kind", "wkb")[: most + 1]
    )
    waters = list(
        Water.objects.filter(area__bboverlaps=box)
        .order_by("pk")
        .annotate(wkb=AsWKB("area"))
        .values_list("name", "kind", "wkb")[: most + 1]
    )
    rows = [("road", *row) for row in roads] + [("water", *row) for row in waters]
    shapes = shapely.from_wkb([bytes(row[3]) for row in rows[:most]])
    edges = np.array([shape.boundary if shape.area else shape for shape in shapes], dtype=object)
    lines, owners = shapely.get_parts(edges, return_index=True)
    return {
        "type": "FeatureCollection",
        "truncated": len(rows) > most,
        "features": [
            {
                "type": "Feature",
                "geometry": json.loads(text),
                "properties": dict(zip(("layer", "name", "kind"), rows[owner], strict=False)),
            }
            for owner, text in zip(owners, shapely.to_geojson(lines), strict=True)
        ],
    }
