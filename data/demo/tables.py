"""The layers of the file as tables, from the sources and the numbered grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely import STRtree

from data.demo import layers
from data.demo import territory_rules as rules
from data.demo.simulate import SIMULATED

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

ROAD_MARGIN_M = 60.0
OSM = "OpenStreetMap contributors, ODbL 1.0"
PLACE_KINDS = {
    "restaurant": "canteen", "cafe": "cafe", "library": "library", "hospital": "hospital",
    "police": "police", "post_office": "post office", "theatre": "theatre",
    "community_centre": "community centre", "social_facility": "social facility",
    "music_school": "music school", "shower": "bath house", "fuel": "filling station",
    "car_wash": "car wash", "shelter": "shelter",
}  # fmt: skip


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def street_table(streets: gpd.GeoDataFrame, own: BaseGeometry) -> gpd.GeoDataFrame:
    """The street and its five neighbours; 清华园 first."""
    rows = []
    for row in streets.itertuples():
        demo = row.code == rules.STREET_CODE
        rows.append(
            {
                "code": row.code,
                "name": row.name,
                "name_en": rules.STREETS_EN[row.code],
                "demo_street": demo,
                "source": rules.STREET_SOURCE,
                "geometry": own if demo else layers.with_street_vertices(row.geometry, own),
            }
        )
    rows.sort(key=lambda r: (not r["demo_street"], r["code"]))
    return gpd.GeoDataFrame(rows, crs=layers.WGS84)


def grid_table(
    numbered: list[tuple[str, layers.DrawnGrid]], outlines: Any, buildings: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Grids with the simulated figures of the buildings that stand in them."""
    sums = buildings.groupby("grid")[["households", "population"]].sum()
    rows = []
    for (code, grid), outline in zip(numbered, outlines, strict=True):
        name, name_en = rules.COMMUNITIES[grid.community]
        number = int(code[12:])
        rows.append(
            {
                "code": code,
                "parent": code[:12],
                "name": f"{name}第{number}网格",
                "name_en": f"{name_en} community grid {number}",
                "kind": grid.kind,
                "households": int(sums["households"].get(code, 0)),
                "population": int(sums["population"].get(code, 0)),
                "figures": SIMULATED,
                "source": rules.SOURCE,
                "geometry": outline,
            }
        )
    return gpd.GeoDataFrame(rows, crs=layers.WGS84)


def community_table(grids: gpd.GeoDataFrame, listed: dict[str, str]) -> gpd.GeoDataFrame:
    """Communities as the unions of their grids, so that every border vertex is shared."""
    rows = []
    for code, own in grids.groupby("parent"):
        name, name_en = rules.COMMUNITIES[code[9:]]
        rows.append(
            {
                "code": code,
                "parent": code[:9],
                "name": name,
                "name_en": f"{name_en} community",
                "listed_name": listed[code],
                "households": int(own["households"].sum()),
                "population": int(own["population"].sum()),
                "figures": SIMULATED,
                "source": rules.SOURCE,
                "geometry": shapely.coverage_union_all(own.geometry.to_numpy()),
            }
        )
    return gpd.GeoDataFrame(rows, crs=layers.WGS84)


def building_table(
    buildings: gpd.GeoDataFrame, codes: list[str], outlines: Any
) -> gpd.GeoDataFrame:
    """Buildings with the grid of their representative point."""
    shapes = layers.to_degrees(buildings.geometry.tolist())
    tree = STRtree(outlines)
    rows = []
    for row, shape in zip(buildings.to_dict("records"), shapes, strict=True):
        inside = tree.query(shape.representative_point(), predicate="within").tolist()
        if len(inside) != 1:
            raise layers.CoverageError(f"building {row['id']} lies in {len(inside)} grids")
        amenity = _text(row["amenity"])
        road, number = _text(row["addr:street"]), _text(row["addr:housenumber"])
        rows.append(
            {
                "id": f"{row['element']}/{row['id']}",
                "name": _text(row["name"]),
                "name_en": _text(row["name:en"]),
                "estate": rules.estate_of(row["building"], row["name"]),
                "kind": amenity or ("other" if row["building"] == "yes" else row["building"]),
                "levels": row["floors"] if row["households"] or pd.notna(row["levels"]) else None,
                "levels_known": bool(pd.notna(row["levels"])),
                "footprint_m2": float(row["footprint_m2"]),
                "households": row["households"],
                "population": row["people"],
                "figures": SIMULATED,
                "address_road": road,
                "address_number": number,
                "grid": codes[inside[0]],
                "source": OSM,
                "geometry": shape,
            }
        )
    table = gpd.GeoDataFrame(rows, crs=layers.WGS84)
    return table.astype({"levels": "Int32"})  # empty where neither mapped nor assumed


def road_table(roads: gpd.GeoDataFrame, street: BaseGeometry) -> gpd.GeoDataFrame:
    """Roads and ways within the street and a margin."""
    near = roads.assign(geometry=roads.intersection(street.buffer(ROAD_MARGIN_M)))
    near = near[~near.is_empty].sort_values("id")
    return gpd.GeoDataFrame(
        {
            "id": [f"{e}/{i}" for e, i in zip(near["element"], near["id"], strict=True)],
            "name": [_text(n) for n in near["name"]],
            "name_en": [rules.ROADS_EN.get(_text(n), "") for n in near["name"]],
            "class": near["highway"].tolist(),
            "source": OSM,
        },
        geometry=layers.to_degrees(near.geometry.tolist()),
        crs=layers.WGS84,
    )


def place_table(buildings: gpd.GeoDataFrame, sports: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Named points: canteens and other public houses, gates, kindergartens, sports grounds."""
    found: dict[str, dict[str, Any]] = {}
    for row in buildings.to_dict("records"):
        kind = PLACE_KINDS.get(_text(row["amenity"]), "")
        if _text(row["name"]).endswith("校门"):
            kind = "gate"
        elif row["building"] == "kindergarten":
            kind = "kindergarten"
        if kind and _text(row["name"]):
            found[f"{row['element']}/{row['id']}"] = _place(row, kind)
    for row in sports.to_dict("records"):
        if _text(row["name"]):
            found.setdefault(f"{row['element']}/{row['id']}", _place(row, "sports"))
    rows = [{"id": key, **value} for key, value in sorted(found.items())]
    table = gpd.GeoDataFrame(rows, crs=rules.METRIC_CRS)
    return table.set_geometry(
        gpd.GeoSeries(layers.to_degrees(table.geometry.tolist()), crs=layers.WGS84)
    )


def _place(row: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": _text(row["name"]),
        "name_en": _text(row["name:en"]),
        "source": OSM,
        "geometry": row["geometry"].representative_point(),
    }
