"""Build data/demo/qinghuayuan.gpkg: the demonstration's street, communities and grids.

Run by hand from the repository's root, with the folder that holds the source files:

    python -m data.demo.build_territory SOURCE_FOLDER

Method, in a metric CRS (UTM 50N) until the last step:
1. Roads cut the street into blocks; dead ends are prolonged to the next line where nothing is
   built, and a road through a building gives way to the building's wall.
2. Blocks with dwellings are split between their building groups (Voronoi of the walls), so that
   every building lies whole in one cell.
3. Communities grow from the buildings whose names tell theirs, along the cheapest paths;
   crossing a road is dear, so that borders settle on roads.
4. In each community, blocks without dwellings form dedicated grids; the rest is divided into
   connected, compact grids of about 200 households, with borders on roads where possible.
5. The coverage is simplified, rounded to 1e-7 degrees and checked; parents are the unions of
   their children, so that all borders share their vertices.
Same input, same output.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from shapely import LineString, Point, Polygon, STRtree

from data.demo import cells as ground
from data.demo import layers, partition, simulate, tables
from data.demo import territory_rules as rules

TARGET = Path(__file__).with_name("qinghuayuan.gpkg")
DEDICATED_MIN_M2 = 30_000.0
DEDICATED_SIZE_M2 = 130_000.0
LARGE_BLOCK_M2 = 80_000.0
SIMPLIFY_M = 2.0


@dataclass
class Sources:
    """The source layers in the metric CRS, and the community list of this street."""

    street: Polygon
    neighbours: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    canteens: gpd.GeoDataFrame
    sports: gpd.GeoDataFrame
    communities: dict[str, str]


def read_sources(folder: Path) -> Sources:
    """Read what is needed; buildings keep only those that stand in the street."""
    path = folder / "qinghuayuan_osm.gpkg"

    def layer(name: str) -> gpd.GeoDataFrame:
        return gpd.read_file(path, layer=name)

    streets = layer("neighbouring_streets")
    streets["code"] = streets["code"].str[:9]
    streets = layers.noded_streets(streets, rules.STREET_CODE)
    own = streets.loc[streets["code"] == rules.STREET_CODE].to_crs(rules.METRIC_CRS)
    street = own.geometry.iloc[0]
    buildings = layer("buildings").to_crs(rules.METRIC_CRS)
    buildings = buildings[buildings.representative_point().within(street)]
    listed = pd.read_csv(folder / "beijing_community_names.csv.gz", dtype=str)
    listed = listed[listed["streetCode"] == rules.STREET_CODE]
    return Sources(
        street=street,
        neighbours=streets,
        buildings=enrich(buildings.sort_values("id").reset_index(drop=True)),
        roads=layer("roads").to_crs(rules.METRIC_CRS),
        canteens=layer("canteens").to_crs(rules.METRIC_CRS),
        sports=layer("sports").to_crs(rules.METRIC_CRS),
        communities=dict(zip(listed["code"], listed["name"], strict=True)),
    )


def enrich(buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add floors, simulated households and the community that the name tells."""
    buildings = buildings.copy()
    names = buildings["name"].astype(object)
    buildings["name"] = names.where(names.notna(), None)
    labels = [
        rules.community_of_name(k, n)
        for k, n in zip(buildings["building"], buildings["name"], strict=True)
    ]
    buildings["community"] = pd.Series(labels, dtype=object, index=buildings.index)
    named = buildings[(buildings["building"] == "residential") & buildings["name"].notna()]
    homes = STRtree(named.geometry.to_numpy())
    floors, households, people = [], [], []
    for row in buildings.itertuples():
        kind = row.building
        if kind == "bungalow" and not len(
            homes.query(row.geometry, predicate="dwithin", distance=150.0)
        ):
            kind = "workshop"  # low houses among workshops, far from any dwelling
        count = simulate.levels_of(kind, row.name, row.footprint_m2, row.levels)
        here, living = simulate.households_of(int(row.id), kind, row.footprint_m2, count)
        floors.append(count)
        households.append(here)
        people.append(living)
    buildings["floors"], buildings["households"], buildings["people"] = floors, households, people
    return buildings


def building_groups(buildings: gpd.GeoDataFrame) -> tuple[list[Polygon], list[int]]:
    """Buildings that touch or overlap become one group; the group of each building."""
    solid = [Polygon(g.exterior) for g in buildings.geometry.explode().groupby(level=0).first()]
    merged = shapely.union_all([g.buffer(0.6, join_style="mitre") for g in solid])
    groups = [Polygon(p.exterior) for p in shapely.get_parts(merged).tolist()]
    tree = STRtree(groups)
    member = [
        int(tree.query_nearest(g.representative_point(), all_matches=False)[0])
        for g in buildings.geometry
    ]
    return groups, member


@dataclass
class Ground:
    """The cells with everything that division asks of them."""

    polygons: list[Polygon]
    graph: partition.CellGraph
    centre: list[tuple[float, float]]
    seeds: dict[int, str]
    open_block: list[bool]  # the cell's road block holds no dwelling at all


def build_ground(src: Sources, groups: list[Polygon], member: list[int]) -> Ground:
    """Steps 1 and 2: cells, their households and their seeds."""
    roads = ground.Roads(
        main=src.roads[src.roads["highway"].isin(rules.MAIN_ROADS)].union_all(),
        minor=src.roads[src.roads["highway"].isin(rules.MINOR_ROADS)].union_all(),
    )
    group_homes = [0] * len(groups)
    for index, count in zip(member, src.buildings["households"], strict=True):
        group_homes[index] += count
    guides = [
        LineString(gpd.GeoSeries([LineString(g)], crs=4326).to_crs(rules.METRIC_CRS).iloc[0])
        for g in rules.GUIDES
    ]
    faces = ground.blocks(src.street, roads, groups, guides)
    faces = ground.absorb_thin(
        faces, [any(f.contains(g.representative_point()) for g in groups) for f in faces]
    )
    pieces = ground.split_blocks(faces, groups, [h > 0 for h in group_homes], LARGE_BLOCK_M2)
    polygons = ground.cell_polygons(ground.noded_cells(pieces, src.street))
    tree = STRtree(polygons)
    home = [
        int(tree.query_nearest(g.representative_point(), all_matches=False)[0])
        for g in src.buildings.geometry
    ]
    has_building = [False] * len(polygons)
    for cell in home:
        has_building[cell] = True
    polygons = ground.absorb_thin(polygons, has_building)
    tree = STRtree(polygons)
    weight = [0.0] * len(polygons)
    votes: list[dict[str, float]] = [{} for _ in polygons]
    for row in src.buildings.itertuples():
        cell = int(tree.query_nearest(row.geometry.representative_point(), all_matches=False)[0])
        weight[cell] += row.households
        if row.community:
            say = row.footprint_m2 + 1000.0 * row.households
            votes[cell][row.community] = votes[cell].get(row.community, 0.0) + say
    for community, spot in _spots(src):
        cell = int(tree.query_nearest(spot, all_matches=False)[0])
        votes[cell].setdefault(community, 1.0)
    seeds = {i: max(sorted(v), key=v.__getitem__) for i, v in enumerate(votes) if v}
    graph = ground.cell_graph(polygons, weight, roads)
    lived_in = STRtree([f for f in faces if _holds_dwelling(f, groups, group_homes)])
    return Ground(
        polygons,
        graph,
        [(p.centroid.x, p.centroid.y) for p in polygons],
        seeds,
        [not len(lived_in.query(p.representative_point(), "intersects")) for p in polygons],
    )


def _holds_dwelling(face: Polygon, groups: list[Polygon], homes: list[int]) -> bool:
    return any(
        homes[i] and face.contains(groups[i].representative_point())
        for i in STRtree(groups).query(face).tolist()
    )


def _spots(src: Sources) -> list[tuple[str, Point]]:
    """Seeds of communities that are no buildings."""
    found = [
        (rules.SPORTS_SEEDS[row.name], row.geometry.centroid)
        for row in src.sports.rename_axis(None).itertuples(index=False)
        if row.name in rules.SPORTS_SEEDS
    ]
    points = gpd.GeoSeries([Point(at) for at, _ in rules.GROUND_SEEDS], crs=4326)
    codes = [community for _, community in rules.GROUND_SEEDS]
    return found + list(zip(codes, points.to_crs(rules.METRIC_CRS), strict=True))


def communities_of(land: Ground) -> dict[str, set[int]]:
    """Step 3: the community of every cell; each is one connected piece."""
    label = partition.grow(land.graph, land.seeds)
    whole = partition.connected(land.graph, label)
    return partition.smooth(land.graph, whole, set(land.seeds), seed="communities")


def grids_of(land: Ground, cells: set[int], seed: str) -> list[tuple[str, set[int]]]:
    """Step 4: the grids of one community, each with its kind (basic or dedicated)."""
    graph = land.graph
    empty = {c for c in cells if land.open_block[c] and graph.weight[c] == 0}
    out: list[tuple[str, set[int]]] = []
    rest = set(cells)
    by_area = partition.weighed_by_area(graph)
    for zone in partition.components(graph, empty):
        free = partition.keep_connected(graph, rest, zone)
        for part in partition.components(graph, free):
            area = sum(graph.area_m2[c] for c in part)
            if area < DEDICATED_MIN_M2:
                continue
            rest -= part
            count = max(1, round(area / DEDICATED_SIZE_M2))
            pieces = partition.divide(
                by_area, part, count, land.centre, target=area / count, band=0.8, seed=seed + "d"
            )
            out += [("dedicated", piece) for piece in pieces]
    households = sum(graph.weight[c] for c in rest)
    count = max(1, round(households / rules.GRID_TARGET))
    out += [
        ("basic", piece)
        for piece in partition.divide(
            graph, rest, count, land.centre, target=households / count, band=0.35, seed=seed
        )
    ]
    return out


def finish(
    src: Sources, grids: list[layers.DrawnGrid], groups: list[Polygon]
) -> dict[str, gpd.GeoDataFrame]:
    """Step 5: the tables of all layers, checked."""
    numbered = layers.numbered(grids)
    codes = [code for code, _ in numbered]
    outlines = layers.to_degrees(
        layers.simplified([grid for _, grid in numbered], groups, SIMPLIFY_M)
    )
    buildings = tables.building_table(src.buildings, codes, outlines)
    grid = tables.grid_table(numbered, outlines, buildings)
    community = tables.community_table(grid, src.communities)
    own = shapely.coverage_union_all(community.geometry.to_numpy())
    street = tables.street_table(src.neighbours, own)
    layers.check_coverage(grid.geometry.to_numpy(), own, "grids")
    layers.check_coverage(community.geometry.to_numpy(), own, "communities")
    if not shapely.coverage_is_valid(street.geometry.to_numpy()):
        raise layers.CoverageError("streets: outlines overlap or do not share their vertices")
    return {
        "street": street,
        "community": community,
        "grid": grid,
        "buildings": buildings,
        "roads": tables.road_table(src.roads, src.street),
        "places": tables.place_table(src.buildings, src.sports),
    }


def write(found: dict[str, gpd.GeoDataFrame], target: Path) -> None:
    """Write the file anew, with a fixed date inside so that the same input gives the same file."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-01-01T00:00:00.000Z"})
    target.unlink(missing_ok=True)
    for name, table in found.items():
        table.to_file(target, layer=name, driver="GPKG", engine="pyogrio")


def report(found: dict[str, gpd.GeoDataFrame]) -> str:
    """The figures of the division, in a few lines."""
    grid = found["grid"].to_crs(rules.METRIC_CRS)
    basic = grid.loc[grid["kind"] == "basic", "households"]
    shape = grid.geometry.map(layers.compactness)
    community = found["community"].to_crs(rules.METRIC_CRS).geometry.map(layers.compactness)
    roads = found["roads"].to_crs(rules.METRIC_CRS)
    roads = roads[roads["class"].isin(rules.MAIN_ROADS | rules.MINOR_ROADS)]
    share = ground.share_along_roads(
        layers.inner_borders(grid.geometry.tolist()), roads.geometry.tolist(), 5.0
    )
    return (
        f"{len(found['community'])} communities, {len(grid)} grids ({len(basic)} basic); "
        f"{len(found['buildings'])} buildings, {len(found['roads'])} roads, "
        f"{len(found['places'])} places\n"
        f"households {grid['households'].sum()}, a basic grid {basic.min()} to {basic.max()}, "
        f"median {basic.median():.0f}; population {grid['population'].sum()} (simulated)\n"
        f"compactness of grids {shape.min():.2f} to {shape.max():.2f}, median "
        f"{shape.median():.2f}; of communities {community.min():.2f} to {community.max():.2f}\n"
        f"borders between grids within 5 m of a road: {share:.0%}"
    )


def main(folder: Path) -> None:
    """Build the file and say what came out."""
    src = read_sources(folder)
    groups, member = building_groups(src.buildings)
    land = build_ground(src, groups, member)
    grids: list[layers.DrawnGrid] = []
    for community, cells in sorted(communities_of(land).items()):
        for kind, piece in grids_of(land, cells, community):
            outline = shapely.coverage_union_all([land.polygons[c] for c in sorted(piece)])
            grids.append(layers.DrawnGrid(community, kind, outline))
    tables_of_file = finish(src, grids, groups)
    write(tables_of_file, TARGET)
    sys.stdout.write(report(tables_of_file) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
