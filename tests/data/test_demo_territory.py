"""The demonstration's territory obeys the coverage law, as it is stored."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.demo import partition, simulate
from data.demo import territory_rules as rules

FILE = Path(__file__).resolve().parents[2] / "data/demo/qinghuayuan.gpkg"
METRIC = "EPSG:32650"


@pytest.fixture(scope="module")
def layers() -> dict[str, gpd.GeoDataFrame]:
    names = ("street", "community", "grid", "buildings", "roads", "places")
    return {name: gpd.read_file(FILE, layer=name) for name in names}


@pytest.fixture(scope="module")
def own_street(layers: dict[str, gpd.GeoDataFrame]) -> shapely.Geometry:
    street = layers["street"]
    return street.loc[street["demo_street"], "geometry"].iloc[0]


def _segments(outlines: np.ndarray) -> dict[frozenset[tuple[float, float]], int]:
    """How often each segment is a border: 1 at the rim, 2 between two areas."""
    seen: dict[frozenset[tuple[float, float]], int] = {}
    for part in shapely.get_parts(outlines):
        for ring in (part.exterior, *part.interiors):
            xy = [tuple(c) for c in shapely.get_coordinates(ring).tolist()]
            for pair in pairwise(xy):
                seen[frozenset(pair)] = seen.get(frozenset(pair), 0) + 1
    return seen


def _rim(outlines: np.ndarray) -> set[frozenset[tuple[float, float]]]:
    return {segment for segment, times in _segments(outlines).items() if times == 1}


@pytest.mark.req("G-04")
@pytest.mark.parametrize("tier", ["grid", "community"])
def test_children_cover_the_street_without_gap_or_overlap(layers, own_street, tier):
    outlines = layers[tier].geometry.to_numpy()
    assert layers[tier].crs.to_epsg() == 4326
    assert np.all(shapely.is_valid(outlines))
    assert shapely.coverage_is_valid(outlines)
    assert own_street.difference(shapely.union_all(outlines)).area == 0
    assert shapely.union_all(outlines).difference(own_street).area == 0
    pairs = shapely.STRtree(outlines).query(outlines, predicate="intersects").T
    shared = [outlines[a].intersection(outlines[b]).area for a, b in pairs if a < b]
    assert max(shared) == 0
    assert max(_segments(outlines).values()) == 2


@pytest.mark.req("G-04")
@pytest.mark.parametrize("tier", ["grid", "community"])
def test_borders_share_their_vertices_with_the_street(layers, own_street, tier):
    outlines = layers[tier].geometry.to_numpy()
    assert _rim(outlines) == _rim(np.array([own_street]))


@pytest.mark.req("G-04")
def test_each_community_is_the_union_of_its_grids(layers):
    grids = layers["grid"].groupby("parent")
    assert set(grids.groups) == set(layers["community"]["code"])
    for row in layers["community"].itertuples():
        children = grids.get_group(row.code)
        assert _rim(children.geometry.to_numpy()) == _rim(np.array([row.geometry])), row.code
        assert children["households"].sum() == row.households
        assert children["population"].sum() == row.population


def test_every_area_is_one_piece_without_slivers(layers):
    for tier in ("grid", "community"):
        metric = layers[tier].to_crs(METRIC)
        assert set(metric.geom_type) <= {"Polygon"} or all(
            len(shapely.get_parts(g)) == 1 for g in metric.geometry
        )
        ratio = 4 * math.pi * metric.area / metric.length**2
        assert ratio.min() > 0.3
        assert ratio.median() > (0.55 if tier == "grid" else 0.4)
        assert not metric.buffer(-12).is_empty.any()
        assert metric.area.min() > 3_000


def test_neighbouring_streets_do_not_overlap(layers, own_street):
    street = layers["street"]
    assert len(street) == 6
    assert street["demo_street"].sum() == 1
    assert np.all(shapely.is_valid(street.geometry.to_numpy()))
    assert shapely.coverage_is_valid(street.geometry.to_numpy())
    for other in street.loc[~street["demo_street"], "geometry"]:
        assert other.intersection(own_street).area == 0
        assert other.touches(own_street)


@pytest.mark.req("G-01", "G-02")
def test_codes_nest_and_are_numbered_without_a_hole(layers):
    street, community, grid = layers["street"], layers["community"], layers["grid"]
    assert street.loc[street["demo_street"], "code"].tolist() == ["110108014"]
    assert street["code"].str.fullmatch(r"\d{9}").all()
    assert street["code"].is_unique
    assert sorted(community["code"]) == [f"110108014{n:03d}" for n in range(1, 11)]
    assert (community["parent"] == "110108014").all()
    assert grid["code"].str.fullmatch(r"\d{15}").all()
    assert grid["code"].is_unique
    assert (grid["code"].str[:12] == grid["parent"]).all()
    for _, own in grid.groupby("parent"):
        assert sorted(own["code"].str[12:].astype(int)) == list(range(1, len(own) + 1))


@pytest.mark.req("G-02")
def test_numbers_run_from_north_to_south(layers):
    metric = layers["grid"].to_crs(METRIC)
    for _, own in metric.groupby("parent"):
        ordered = own.sort_values("code")
        north = ordered.centroid.y.to_numpy()
        # a later row never lies a whole row's height above an earlier one
        assert all(north[i + 1 :].max() <= north[i] + 152 for i in range(len(north) - 1))


@pytest.mark.req("G-03", "G-09")
def test_basic_grids_keep_the_band_and_dedicated_ones_are_empty(layers):
    grid = layers["grid"]
    assert set(grid["kind"]) == {"basic", "dedicated"}
    basic = grid.loc[grid["kind"] == "basic", "households"]
    assert basic.between(*rules.GRID_BAND).all()
    assert 170 <= basic.median() <= 230
    assert (grid.loc[grid["kind"] == "dedicated", "households"] == 0).all()
    assert (grid.groupby("parent")["households"].sum() >= 100).all()
    assert 24 <= len(basic) <= 96


@pytest.mark.req("G-03", "G-04")
def test_every_building_lies_in_exactly_one_grid_and_is_not_cut(layers, own_street):
    buildings, grid = layers["buildings"], layers["grid"]
    assert buildings["id"].is_unique
    points = buildings.geometry.representative_point()
    tree = shapely.STRtree(grid.geometry.to_numpy())
    building, area = tree.query(points.to_numpy(), predicate="intersects")
    assert sorted(building) == list(range(len(buildings)))
    found = grid["code"].to_numpy()[area[np.argsort(building)]]
    assert (found == buildings["grid"].to_numpy()).all()
    metric = buildings.to_crs(METRIC)
    inside = metric[metric.within(gpd.GeoSeries([own_street], crs=4326).to_crs(METRIC).iloc[0])]
    assert len(inside) >= len(buildings) - 4
    homes = grid.set_index("code").to_crs(METRIC).geometry.loc[inside["grid"]].to_numpy()
    outside_m2 = shapely.area(shapely.difference(inside.geometry.to_numpy(), homes))
    assert outside_m2.max() < 5  # walls of adjoining buildings overlap by this much


def test_households_add_up_and_say_that_they_are_simulated(layers):
    buildings, grid = layers["buildings"], layers["grid"]
    sums = buildings.groupby("grid")[["households", "population"]].sum()
    joined = grid.set_index("code")[["households", "population"]]
    assert (sums.reindex(joined.index, fill_value=0) == joined).all().all()
    teaching = buildings["kind"].isin(["university", "school", "library", "restaurant"])
    assert (buildings.loc[teaching, "households"] == 0).all()
    dwellings = buildings["kind"].isin(["residential", "dormitory"])
    assert (buildings.loc[dwellings, "households"] > 0).all()
    lived_in = buildings["households"] > 0
    assert (buildings.loc[lived_in, "levels"] >= 1).all()
    assert buildings.loc[~lived_in & ~buildings["levels_known"], "levels"].isna().all()
    for name in ("community", "grid", "buildings"):
        assert (layers[name]["figures"] == "simulated").all()


def test_everything_derived_says_so(layers):
    for name in ("community", "grid"):
        assert set(layers[name]["source"]) == {
            "derived from OpenStreetMap and the community list; not an official boundary"
        }
    for name in ("buildings", "roads", "places"):
        assert layers[name]["source"].str.contains("OpenStreetMap contributors, ODbL").all()
    assert (layers["street"]["source"].str.len() > 0).all()


def test_names_in_two_languages(layers):
    community = layers["community"].set_index("code")
    assert community.loc["110108014006", "name"] == "西南社区"
    assert community.loc["110108014006", "listed_name"] == "西南社区居委会"
    assert community.loc["110108014006", "name_en"] == "Southwest community"
    grid = layers["grid"].set_index("code")
    assert grid.loc["110108014006003", "name"] == "西南社区第3网格"
    assert grid.loc["110108014006003", "name_en"] == "Southwest community grid 3"
    for name in ("street", "community", "grid"):
        assert layers[name]["name"].is_unique
        assert layers[name]["name_en"].is_unique


@pytest.mark.parametrize(
    ("name", "community"),
    [
        ("西南7", "006"),
        ("西北16", "007"),
        ("西41楼", "003"),
        ("南0楼", "002"),
        ("东16楼", "001"),
        ("中8楼", "005"),
        ("13号楼", "009"),
        ("十八宿舍", "004"),
    ],
)
def test_named_dwellings_lie_in_the_community_that_they_name(layers, name, community):
    buildings = layers["buildings"]
    own = buildings[(buildings["kind"] == "residential") & (buildings["name"] == name)]
    assert len(own) == 1
    assert own["grid"].str[9:12].tolist() == [community]


def test_nearly_all_named_dwellings_do(layers):
    buildings = layers["buildings"]
    told = [
        rules.community_of_name(kind, name)
        for kind, name in zip(buildings["kind"], buildings["name"], strict=True)
    ]
    right = [t == g[9:12] for t, g in zip(told, buildings["grid"], strict=True) if t]
    assert len(right) > 150
    assert sum(right) / len(right) >= 0.98


def test_roads_and_places(layers, own_street):
    margin = gpd.GeoSeries([own_street], crs=4326).to_crs(METRIC).iloc[0].buffer(61)
    assert layers["roads"].to_crs(METRIC).within(margin).all()
    assert "清华路" in set(layers["roads"]["name"])
    assert {"canteen", "sports", "gate", "library", "hospital"} <= set(layers["places"]["kind"])
    assert (layers["places"]["name"].str.len() > 0).all()
    assert (layers["places"].geom_type == "Point").all()


@pytest.mark.parametrize(
    ("kind", "footprint_m2", "levels", "least", "most"),
    [
        ("residential", 900.0, 6, 54, 66),
        ("bungalow", 180.0, 1, 1, 3),
        ("dormitory", 1600.0, 6, 60, 60),
        ("university", 9000.0, 10, 0, 0),
    ],
)
def test_simulated_households_follow_the_floor_area(kind, footprint_m2, levels, least, most):
    households, people = simulate.households_of(7, kind, footprint_m2, levels)
    assert least <= households <= most
    assert people >= 2 * households
    assert simulate.households_of(7, kind, footprint_m2, levels) == (households, people)


def _chequered(columns: int, rows: int) -> tuple[partition.CellGraph, list[tuple[float, float]]]:
    """Squares of 10 m, ten households each."""
    edges: list[dict[int, partition.Edge]] = [{} for _ in range(columns * rows)]
    for cell in range(columns * rows):
        for other in (cell + 1, cell + columns):
            if other < columns * rows and (other != cell + 1 or other % columns):
                edges[cell][other] = edges[other][cell] = partition.Edge(10.0, 10.0, 10.0)
    size = columns * rows
    graph = partition.CellGraph([100.0] * size, [10.0] * size, [40.0] * size, edges)
    return graph, [(10.0 * (c % columns), 10.0 * (c // columns)) for c in range(size)]


def test_division_is_connected_even_and_repeatable():
    graph, centre = _chequered(8, 6)
    first, second = (
        partition.divide(
            graph, set(range(48)), 4, centre, target=120, band=0.2, seed="a", restarts=2, steps=3000
        )
        for _ in range(2)
    )
    assert first == second
    assert sorted(c for part in first for c in part) == list(range(48))
    for part in first:
        assert len(partition.components(graph, part)) == 1
        assert 96 <= 10 * len(part) <= 144


def test_growing_respects_dear_crossings():
    graph, _ = _chequered(4, 1)
    wall = partition.Edge(10.0, 1.0, 500.0)
    graph.edges[1][2] = graph.edges[2][1] = wall
    assert partition.grow(graph, {0: "west", 3: "east"}) == {
        0: "west", 1: "west", 2: "east", 3: "east",
    }  # fmt: skip
