"""A file that says one coordinate system and lies is caught by its offset from the roads."""

import geopandas
import numpy as np
import pytest
import shapely
from django.contrib.gis.geos import LineString
from django.utils import timezone, translation

from gridmgmt.core.crs import BD09, CGCS2000, GCJ02, WGS84, Crs, from_wgs84
from grids.territory.geometry.crs_fit import Ground, Reading, measure, readings, sample
from grids.territory.models import Road
from grids.territory.services.crs_guess import (
    Verdict,
    claim_of_name,
    guess_crs,
    parse_reading,
)
from tests.territory.files import DEMO

pytestmark = [pytest.mark.django_db, pytest.mark.req("G-08")]


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture(scope="module")
def demo():
    """The grids of the demonstration and its roads, EPSG:4326."""
    grids = geopandas.read_file(DEMO, layer="grid").geometry.tolist()
    roads = geopandas.read_file(DEMO, layer="roads").geometry.explode().tolist()
    return grids, roads


@pytest.fixture
def roads(demo):
    Road.objects.bulk_create(
        [Road(line=LineString(list(line.coords), srid=4326)) for line in demo[1]]
    )


def written_in(shapes, crs: Crs, *, swapped: bool = False):
    def move(coordinates: np.ndarray) -> np.ndarray:
        x, y = from_wgs84(coordinates[:, 0], coordinates[:, 1], crs)
        return np.column_stack((y, x) if swapped else (x, y))

    return [shapely.transform(shape, move) for shape in shapes]


@pytest.mark.parametrize("true", [WGS84, GCJ02, BD09], ids=str)
@pytest.mark.parametrize("claimed", [WGS84, GCJ02, BD09, None], ids=str)
def test_what_degrees_really_are_is_told_by_the_roads(demo, roads, true, claimed):
    guess = guess_crs(written_in(demo[0], true), claimed, moment=timezone.now())
    assert guess.best.reading == Reading(true)
    if claimed is None:
        assert guess.verdict == Verdict.FOUND
    else:
        assert guess.verdict == (Verdict.AGREES if claimed == true else Verdict.LIES)


@pytest.mark.parametrize(("true", "least", "most"), [(GCJ02, 300, 650), (BD09, 1100, 1450)])
def test_the_lie_is_told_with_its_offset(demo, roads, true, least, most):
    guess = guess_crs(written_in(demo[0], true), WGS84, moment=timezone.now())
    said = guess.by_key("wgs84")
    assert said.claimed
    assert least < said.off_m < most
    assert "beside the roads" in said.why
    assert guess.sentence.startswith("The file says WGS84, but read so it lies ")
    assert guess.best.label in guess.sentence


@pytest.mark.parametrize("number", [32650, 4527, 4549, 4548, 3857])
def test_metres_find_their_zone_without_a_claim(demo, roads, number):
    guess = guess_crs(written_in(demo[0], Crs(f"EPSG:{number}")), None, moment=timezone.now())
    assert guess.best.reading == Reading(Crs(f"EPSG:{number}"))
    assert guess.verdict in {Verdict.FOUND, Verdict.UNSURE}


def test_metres_that_claim_the_wrong_zone_are_caught(demo, roads):
    shapes = written_in(demo[0], Crs("EPSG:32650"))
    guess = guess_crs(shapes, Crs("EPSG:32651"), moment=timezone.now())
    assert guess.verdict == Verdict.LIES
    assert guess.best.reading.crs == Crs("EPSG:32650")
    assert "away from the territory" in guess.by_key("EPSG:32651").why


@pytest.mark.parametrize("true", [WGS84, GCJ02], ids=str)
def test_swapped_axes_are_seen(demo, roads, true):
    guess = guess_crs(written_in(demo[0], true, swapped=True), WGS84, moment=timezone.now())
    assert guess.best.reading == Reading(true, swapped=True)
    assert guess.verdict == Verdict.LIES
    assert parse_reading(guess.best.reading.key) == guess.best.reading


def test_cgcs2000_is_where_wgs84_is_and_the_claim_is_kept(demo, roads):
    guess = guess_crs(demo[0], CGCS2000, moment=timezone.now())
    assert guess.verdict == Verdict.AGREES
    assert guess.best.reading.crs == CGCS2000
    assert guess.by_key("wgs84") is None


def test_without_any_ground_it_says_that_it_cannot_tell(demo):
    guess = guess_crs(written_in(demo[0], GCJ02), WGS84, moment=timezone.now())
    assert guess.verdict == Verdict.BLIND
    assert guess.best.reading == Reading(WGS84)
    assert {c.reading.crs for c in guess.candidates} == {WGS84, GCJ02, BD09}
    assert all(c.off_m is None for c in guess.candidates)


def test_borders_that_follow_nothing_leave_the_choice_to_people(roads):
    box = shapely.box(116.3201, 40.0011, 116.3262, 40.0053)
    guess = guess_crs([shapely.affinity.rotate(box, 31)], WGS84, moment=timezone.now())
    assert guess.verdict == Verdict.UNSURE
    assert guess.best.reading == Reading(WGS84)


def test_known_borders_tell_where_no_road_is_known(town):
    shapes = [shapely.from_wkb(bytes(b.geometry.wkb)) for b in town.boundaries.values()]
    guess = guess_crs(written_in(shapes, GCJ02), WGS84, moment=timezone.now())
    assert guess.best.reading == Reading(GCJ02)
    assert guess.verdict == Verdict.LIES


def test_a_place_outside_of_the_territory_is_named_as_such(town):
    shapes = [shapely.box(-74.0, 40.7, -73.9, 40.8)]
    guess = guess_crs(shapes, WGS84, moment=timezone.now())
    assert guess.verdict == Verdict.UNSURE
    assert "away from the territory" in guess.best.why


def test_the_name_of_a_file_is_a_claim():
    assert claim_of_name("网格-gcj02.geojson") == GCJ02
    assert claim_of_name("grids_BD-09.shp") == BD09
    assert claim_of_name("社区界线（国家2000）.kml") == CGCS2000
    assert claim_of_name("grids.gpkg") is None


def test_the_measured_shift_is_the_offset_itself(demo):
    grids, lines = demo
    x, y = sample(written_in(grids, GCJ02))
    near = tuple(shapely.total_bounds(np.array(lines, dtype=object)))
    found = readings(x, y, WGS84, near)
    fits = dict(zip(found, measure(found, x, y, Ground(lines)), strict=True))
    assert fits[Reading(GCJ02)].off_m == 0
    assert 480 < fits[Reading(WGS84)].off_m < 600
    assert fits[Reading(GCJ02)].road_m < 2 < fits[Reading(WGS84)].road_m
