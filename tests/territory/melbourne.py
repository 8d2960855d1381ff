"""Melbourne's buildings, streets and boundary (see data/melbourne/README.md) as a problem."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import numpy as np
import shapely

from grids.territory.division import Area, Problem
from grids.territory.services.division_plane import Plane

FOLDER = Path(__file__).parent / "data" / "melbourne"
WEIGHTS = {  # by the class of label that the source gives a street
    "Street_Label_15000": 1.0,
    "Railway_Label": 1.0,
    "Street_Label_10000": 0.9,
    "STREET_NAME_EXT_10000_Label": 0.9,
    "STREET_NAME_EXT_5000_Label": 0.8,
    "Tramway_Label": 0.7,
    "Street_Label_2000": 0.6,
    "Street_Label_1000": 0.3,
    "Arcade_Label": 0.1,
}


def base() -> tuple[shapely.Geometry, np.ndarray, list[str]]:
    """The boundary, the streets, and the streets' classes (EPSG:4326)."""
    features = json.loads(gzip.decompress((FOLDER / "base.geojson.gz").read_bytes()))["features"]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    classes = [feature["properties"]["class"] for feature in features]
    return shapes[0], shapes[1:], classes[1:]


def dwellings(small_area: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Points (EPSG:4326) and dwellings, of the whole city or of one of its small areas."""
    text = gzip.decompress((FOLDER / "dwellings.csv.gz").read_bytes()).decode()
    rows = [
        row
        for row in csv.DictReader(io.StringIO(text))
        if row["lon"] and (not small_area or row["small_area"] == small_area)
    ]
    lon = np.array([float(row["lon"]) for row in rows])
    lat = np.array([float(row["lat"]) for row in rows])
    return shapely.points(lon, lat), np.array([int(row["dwellings"]) for row in rows])


def problem(small_area: str = "") -> Problem:
    """The whole city; or one small area, whose outline is drawn around its buildings."""
    boundary, streets, classes = base()
    points, households = dwellings(small_area)
    plane = Plane.around(np.array([boundary]))
    ground = plane.to_metres(boundary.geoms[0])
    points = plane.to_metres(points)
    if small_area:
        around = shapely.concave_hull(shapely.multipoints(points), ratio=0.1)
        ground = shapely.intersection(around.buffer(40).buffer(-15), ground)
    inside = shapely.intersects(ground, points)
    return Problem(
        parents=[Area("MELBOURNE", ground)],
        footprints=points[inside],
        households=households[inside],
        workload=households[inside].astype(np.float64),
        groups=np.full(int(inside.sum()), -1),
        barriers=plane.to_metres(streets),
        barrier_weights=np.array([WEIGHTS.get(name, 0.4) for name in classes]),
    )
