"""Ground features come from a file, and every building knows its leaf."""

import io
from pathlib import Path

import geopandas
import pytest
import shapely
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from grids.territory.errors import TerritoryError
from grids.territory.models import Building, Place, Road, Water
from grids.territory.services.ground import load_ground, refresh_building_grids
from tests.town import Town

DEMO = Path(__file__).parents[2] / "data" / "demo" / "qinghuayuan.gpkg"


def write(path: Path, layer: str, rows: list[dict], crs: str | None = "EPSG:4326") -> Path:
    frame = geopandas.GeoDataFrame(rows, geometry="geometry", crs=crs)
    frame.to_file(path, layer=layer, engine="pyogrio")
    return path


@pytest.fixture
def ground(tmp_path: Path) -> Path:
    path = tmp_path / "ground.gpkg"
    house = shapely.box(116.305, 40.005, 116.3052, 40.0052)
    line = shapely.LineString([(116.30, 40.01), (116.32, 40.01)])
    write(
        path,
        "buildings",
        [
            {"id": "w1", "name": "一号楼", "households": 40, "levels": 6.0, "geometry": house},
            {
                "id": "w2",
                "name": None,
                "households": None,
                "levels": None,
                "geometry": shapely.MultiPolygon(
                    [
                        shapely.box(116.315, 40.005, 116.3152, 40.0052),
                        shapely.box(116.316, 40.005, 116.3162, 40.0052),
                    ]
                ),
            },
        ],
    )
    write(path, "roads", [{"name": "南路", "class": "tertiary", "geometry": line}])
    write(path, "water", [{"name": "池", "geometry": shapely.box(116.31, 40, 116.311, 40.001)}])
    write(
        path,
        "places",
        [
            {"kind": "canteen", "name": "食堂", "geometry": shapely.Point(116.31, 40.01)},
            {"kind": "sports", "name": "", "geometry": shapely.Point(116.31, 40.01)},
        ],
    )
    return path


def test_all_layers_are_read_and_read_again(town: Town, ground: Path) -> None:
    for _again in range(2):
        counts = load_ground(ground, actor=None, now=timezone.now(), source="survey")
        assert counts == {"buildings": 3, "roads": 1, "water": 1, "places": 1}
    assert Building.objects.count() == 3
    assert Road.objects.get().kind == "tertiary"
    assert Water.objects.get().source == "survey"
    assert Place.objects.get().aliases == ["canteen"]
    first = Building.objects.get(source_id="w1")
    assert (first.levels, first.households) == (6, 40)
    assert first.footprint.covers(first.point)


@pytest.mark.req("G-04")
def test_every_building_falls_into_exactly_one_leaf(town: Town, ground: Path) -> None:
    load_ground(ground, actor=None, now=timezone.now())
    leaves = dict(Building.objects.values_list("source_id", "grid__code"))
    assert leaves == {"w1": "110108999001001", "w2": "110108999001002"}
    Building.objects.filter(source_id="w1").update(grid=town.grids["f1"])
    assert refresh_building_grids(timezone.now()) == 1
    assert Building.objects.get(source_id="w1").grid == town.grids["a1"]


def test_one_layer_alone_leaves_the_others(town: Town, ground: Path) -> None:
    load_ground(ground, actor=None, now=timezone.now())
    load_ground(ground, actor=None, now=timezone.now(), layers=("roads",))
    assert Building.objects.count() == 3


@pytest.mark.django_db
def test_a_file_that_is_none_is_refused_and_nothing_is_lost(tmp_path: Path, ground: Path) -> None:
    load_ground(ground, actor=None, now=timezone.now())
    other = write(tmp_path / "o.gpkg", "other", [{"geometry": shapely.Point(1, 1)}])
    (tmp_path / "text.gpkg").write_text("none")
    with translation.override("en"):
        with pytest.raises(TerritoryError, match="none of the layers"):
            load_ground(other, actor=None, now=timezone.now())
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("import_ground", tmp_path / "text.gpkg")
    assert Building.objects.count() == 3


@pytest.mark.django_db
def test_the_demonstration_is_whole_and_its_buildings_lie_where_the_file_says() -> None:
    out = io.StringIO()
    for tier, more in (
        ("street", []),
        ("community", ["--parent", "parent", "--households", "households"]),
        ("grid", ["--kind", "kind", "--households", "households", "--publish", "--strict"]),
    ):
        call_command(
            "import_boundaries", DEMO, "--layer", tier, "--tier", tier, "--code", "code",
            "--name", "name", "--name-en", "name_en", *more, "--edition", "demo", stdout=out,
        )  # fmt: skip
    call_command("check_coverage", stdout=out)
    call_command("import_ground", DEMO, stdout=out)
    said = geopandas.read_file(DEMO, layer="buildings")
    stored = dict(Building.objects.values_list("source_id", "grid__code"))
    assert {row.id: row.grid for row in said.itertuples()} == stored
    assert Place.objects.filter(name__startswith="荷清苑", kind="estate").exists()
