"""A place from words: found offline, with how sure it is."""

import pytest
from django.contrib.gis.geos import LineString, Point, Polygon
from django.db import connection
from django.utils import timezone, translation

from gridmgmt.core import outbox
from grids.territory.choices import PlaceKind
from grids.territory.models import Building, Place, Road
from grids.territory.services import editions
from grids.territory.services.places import (
    EXACT,
    LIKELY,
    VAGUE,
    place_from_words,
    rebuild_places,
    search_places,
)
from tests.town import AREAS

pytestmark = pytest.mark.django_db


def building(name: str, lon: float, lat: float, **more) -> Building:
    shape = Polygon.from_bbox((lon, lat, lon + 0.0002, lat + 0.0002))
    return Building.objects.create(name=name, footprint=shape, point=shape.point_on_surface, **more)


@pytest.fixture
def words(db) -> None:
    for number in range(1, 6):
        building(f"荷清苑{number}号楼", 116.317 + number * 1e-4, 40.010)
        building(f"{number}号楼", 116.330 + number * 1e-4, 40.000, estate="蓝旗营")
    building("图书馆", 116.32, 40.003, name_en="Main Library")
    building("", 116.325, 39.995, street="成府路", number="28")
    building("", 116.328, 39.995, street="成府路", number="45-2号院")
    building("苏世民书院", 116.319, 40.004, name_en="Schwarzman College")
    Road.objects.create(
        name="清华路",
        name_en="Qinghua Road",
        kind="residential",
        line=LineString((116.31, 40.0), (116.312, 40.0)),
    )
    Place.objects.create(kind=PlaceKind.POINT, name="东门", point=Point(116.33, 40.0))
    rebuild_places(now=timezone.now())


@pytest.mark.parametrize(
    ("text", "label", "certainty"),
    [
        ("荷清苑3号楼", "荷清苑3号楼", EXACT),
        ("荷清苑 3 楼", "荷清苑3号楼", EXACT),
        ("荷清苑三号楼", "荷清苑3号楼", EXACT),
        ("荷清苑３号楼电梯坏了，老人困在里面", "荷清苑3号楼", EXACT),
        ("蓝旗营2号楼", "蓝旗营2号楼", EXACT),
        ("蓝旗营2楼", "蓝旗营2号楼", EXACT),
        ("荷清苑", "荷清苑", EXACT),
        ("成府路28号", "成府路28号", EXACT),
        ("成府路45-2号院", "成府路45-2号院", EXACT),
        ("图书馆", "图书馆", EXACT),
        ("schwarzman college", "苏世民书院", EXACT),
        ("清华路上路灯不亮", "清华路", LIKELY),
        ("东门", "东门", EXACT),
    ],
)  # fmt: skip
def test_words_find_their_place(words, text: str, label: str, certainty: str) -> None:
    with translation.override("zh-hans"):
        best = search_places(text)[0]
    assert (best.label, best.certainty) == (label, certainty)


def test_a_number_that_is_not_there_is_not_exact(words) -> None:
    found = search_places("荷清苑99号楼")
    assert found[0].label == "荷清苑"
    assert found[0].certainty == LIKELY


def test_a_house_number_alone_is_no_place(words) -> None:
    with translation.override("zh-hans"):
        assert place_from_words("3号楼") is None
        assert place_from_words("荷清苑3号楼").label == "荷清苑3号楼"


def test_a_long_road_names_no_point(words) -> None:
    Road.objects.create(
        name="中关村北大街", kind="primary", line=LineString((116.3, 39.9), (116.3, 40.1))
    )
    rebuild_places(now=timezone.now())
    assert search_places("中关村北大街")[0].certainty == VAGUE
    assert place_from_words("中关村北大街有坑") is None


@pytest.mark.parametrize("text", ["", "   ", "。！？", "\x00", "火星基地", "zzz", "a" * 100_000])
def test_unknown_words_find_nothing(words, text: str) -> None:
    assert search_places(text) == []
    assert place_from_words(text) is None


def test_a_text_of_any_length_is_one_query(words, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        found = search_places("荷清苑3号楼" + "电梯坏了" * 25_000)
    assert found[0].label == "荷清苑3号楼"


def test_two_equal_places_far_apart_are_left_to_the_dispatcher(words) -> None:
    building("荷清苑3号楼", 116.5, 40.2)
    rebuild_places(now=timezone.now())
    assert place_from_words("荷清苑3号楼") is None
    assert search_places("荷清苑3号楼", near=(116.5, 40.2))[0].lon > 116.4


def test_english_readers_see_english_names(words) -> None:
    with translation.override("en"):
        best = search_places("图书馆")[0]
    assert (best.label, best.detail) == ("Main Library", "图书馆")


def test_areas_are_found_by_name_and_code(town) -> None:
    rebuild_places(now=timezone.now())
    with translation.override("zh-hans"):
        assert search_places("110108999001001")[0].label == "区a1"


def test_an_area_that_is_renamed_is_found_by_its_new_name(town) -> None:
    rebuild_places(now=timezone.now())
    edition = editions.draft("renaming", actor=None, now=timezone.now())
    shape = town.boundaries["a1"].geometry
    editions.put(edition, town.grids["a1"], geometry=shape, name="荷清里", parent=town.grids["a"])
    editions.publish(edition, actor=None, now=timezone.now())
    outbox.deliver()
    with translation.override("zh-hans"):
        assert [place.label for place in search_places("110108999001001")] == ["荷清里"]
        assert search_places("荷清里")[0].kind == PlaceKind.AREA
    assert Place.objects.filter(kind=PlaceKind.AREA).count() == len(AREAS)


def test_rebuilding_twice_gives_the_same_gazetteer(words) -> None:
    before = set(Place.objects.values_list("kind", "name", "number"))
    assert rebuild_places(now=timezone.now()) == len(before)
    assert set(Place.objects.values_list("kind", "name", "number")) == before


def test_the_search_reads_its_index(words) -> None:
    Place.objects.bulk_create(
        Place(kind=PlaceKind.BUILDING, name=f"b{i}", terms=[f"b{i}"], point=Point(116, 40))
        for i in range(5000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE territory_place")
        cursor.execute(
            "EXPLAIN SELECT id FROM territory_place WHERE terms && %s::varchar[]", [["荷清"]]
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "place_terms" in plan


def test_over_rest(words, client) -> None:
    response = client.get("/api/v1/places/", {"q": "荷清苑3号楼"})
    best = response.json()["results"][0]
    assert set(best) == {"label", "detail", "lon", "lat", "certainty", "kind", "score"}
    assert (best["kind"], best["certainty"]) == ("building", "exact")
    assert client.get("/api/v1/places/").json() == {"results": []}
    assert client.get("/api/v1/places/", {"q": "x", "near": "a,b"}).status_code == 400
    assert client.get("/api/v1/places/", {"q": "x", "limit": "0"}).status_code == 400
