"""The base map comes as vector tiles out of our own database."""

import gzip
import math

import pytest
from django.contrib.gis.geos import LineString, MultiPolygon, Point, Polygon
from django.test import Client

from grids.territory.models import Building, Place, Road, Water
from tests.town import Town

LON, LAT = 116.3195, 40.0035


def tile_of(zoom: int, lon: float = LON, lat: float = LAT) -> tuple[int, int]:
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * 2**zoom), int(y * 2**zoom)


def get(client: Client, zoom: int, kind: str = "base", **headers: str):
    x, y = tile_of(zoom)
    return client.get(f"/tiles/{kind}/{zoom}/{x}/{y}.mvt", headers=headers)


@pytest.fixture
def ground(db) -> None:
    box = Polygon.from_bbox((LON, LAT, LON + 0.0003, LAT + 0.0003))
    Building.objects.create(name="图书馆", kind="library", footprint=box, point=Point(LON, LAT))
    line = LineString((LON - 0.01, LAT), (LON + 0.01, LAT))
    Road.objects.create(name="成府路", name_en="Chengfu Road", kind="primary", line=line)
    Road.objects.create(name="小路", kind="footway", line=line)
    Water.objects.create(name="荷塘", area=MultiPolygon(box))
    Place.objects.create(kind="estate", name="荷清苑", point=Point(LON, LAT))


def test_a_tile_holds_the_four_layers_with_their_names(ground, client: Client) -> None:
    body = get(client, 16).content
    for word in ("roads", "buildings", "water", "places", "class", "成府路", "荷塘", "图书馆"):
        assert word.encode() in body
    assert "小路".encode() in body


def test_a_far_view_leaves_out_what_it_cannot_show(ground, client: Client) -> None:
    body = get(client, 11).content
    assert "成府路".encode() in body
    assert "小路".encode() not in body
    assert b"buildings" not in body or "图书馆".encode() not in body


def test_nothing_there_is_an_empty_tile(ground, client: Client) -> None:
    response = client.get("/tiles/base/14/1/1.mvt")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("address", ["2/4/0", "2/0/4", "23/0/0"])
def test_a_tile_that_cannot_be_is_not_found(db, client: Client, address: str) -> None:
    assert client.get(f"/tiles/base/{address}.mvt").status_code == 404


def test_tiles_are_cached_compressed_and_confirmed(ground, client: Client) -> None:
    plain = get(client, 15)
    assert plain["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert "max-age" in plain["Cache-Control"]
    packed = get(client, 15, accept_encoding="gzip, br")
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    confirmed = get(client, 15, if_none_match=plain["ETag"])
    assert (confirmed.status_code, confirmed.content) == (304, b"")


def test_a_tile_is_two_queries(ground, client: Client, django_assert_num_queries) -> None:
    with django_assert_num_queries(2):  # whether the map is public, and the tile
        get(client, 16)


def test_grids_come_as_tiles_too(town: Town, client: Client) -> None:
    response = get(client, 14, "grids")
    assert b"110108999001002" in response.content
    assert response["Cache-Control"] == "no-cache"
