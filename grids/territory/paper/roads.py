"""Classes of roads and how wide they are on paper."""

from __future__ import annotations

from grids.territory.paper.frame import View

# Width on the ground in metres, least width on paper in mm, whether a main road.
ROADS = {
    "motorway": (24.0, 1.4, True),
    "trunk": (22.0, 1.3, True),
    "primary": (20.0, 1.2, True),
    "secondary": (16.0, 1.0, True),
    "tertiary": (12.0, 0.8, False),
    "residential": (7.0, 0.5, False),
    "unclassified": (7.0, 0.5, False),
    "living_street": (6.0, 0.45, False),
    "pedestrian": (6.0, 0.45, False),
    "service": (4.0, 0.35, False),
}
PATHS = frozenset({"footway", "path", "steps", "cycleway", "track", "corridor", "bridleway"})
WIDEST_ROAD_MM = 5.0


def road_class(kind: str) -> str:
    """`primary_link` is drawn as `primary`, what is unknown as `service`."""
    name = kind.removesuffix("_link")
    return name if name in ROADS or name in PATHS else "service"


def road_width_mm(kind: str, view: View) -> float:
    """As wide as on the ground, within what can be seen and what covers the map."""
    ground_m, least_mm, _major = ROADS.get(road_class(kind), (2.0, 0.2, False))
    return min(max(ground_m * view.mm_per_m, least_mm), WIDEST_ROAD_MM)
