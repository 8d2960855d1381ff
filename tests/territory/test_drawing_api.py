"""Drawing over REST: rights by place, answers the browser builds on, and what is sent wrongly."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import shapely
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from grids.territory import ports
from grids.territory.api import geometry_input
from grids.territory.models import Building, Edition, Grid, Road, Water
from grids.territory.services.drawing.states import drawn
from tests.territory.drawing_town import draft
from tests.town import Town

ACROSS = {"type": "LineString", "coordinates": [[116.29, 40.013], [116.3105, 40.013]]}
PARK = {
    "type": "Polygon",
    "coordinates": [
        [[116.304, 40.005], [116.307, 40.005], [116.307, 40.008], [116.304, 40.005]],
    ],
}


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def edition(town: Town) -> Edition:
    return draft()


@pytest.fixture
def post(
    town: Town, edition: Edition, sign_in: Callable[[str], Client]
) -> Callable[..., tuple[int, dict[str, Any]]]:
    """`post("steps", {…}, who="supervisor")` gives status and answer."""

    def send(what: str, body: Any, who: str = "supervisor") -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, str) else json.dumps(body)
        answer = sign_in(who).post(
            f"/api/v1/editions/{edition.pk}/{what}/",
            raw,
            content_type="application/json",
            headers={"Accept-Language": "en"},
        )
        return answer.status_code, answer.json()

    return send


@pytest.mark.req("G-07")
def test_a_step_answers_what_changed_and_undo_takes_it_back(
    town: Town, edition: Edition, post: Callable
) -> None:
    a1 = town.grids["a1"].pk
    status, answer = post("steps", {"verb": "split", "grid": a1, "line": ACROSS, "expect": 0})
    assert status == 200, answer
    assert answer["step"]["verb"] == "split"
    assert answer["step"]["number"] == answer["newest"] == 1
    assert (answer["can_undo"], answer["can_redo"]) == (True, False)
    assert answer["removed"] == []
    by_code = {f["properties"]["code"]: f for f in answer["changed"]}
    new = by_code["110108999001003"]
    assert new["id"] == new["properties"]["id"]
    assert new["properties"]["change"] == "added"
    assert new["properties"]["leaf"] is True
    assert new["properties"]["parent"] == "110108999001"
    assert by_code["110108999001001"]["properties"]["change"] == "moved"
    outline = shapely.from_geojson(json.dumps(new["geometry"]))
    assert outline == drawn(edition, [new["id"]])[new["id"]].geometry, "in full precision"
    status, answer = post("undo", {"expect": 1})
    assert status == 200
    assert answer["removed"] == [new["id"]]
    assert answer["newest"] == 0
    assert (answer["can_undo"], answer["can_redo"]) == (False, True)
    status, answer = post("redo", {"expect": 0})
    assert status == 200
    assert answer["newest"] == 1


def test_each_verb_is_reached(town: Town, edition: Edition, post: Callable) -> None:
    ids = {name: grid.pk for name, grid in town.grids.items()}
    outline = {"type": "Polygon", "coordinates": [[
        [116.30, 40.0], [116.31, 40.0], [116.309, 40.01], [116.31, 40.02], [116.30, 40.02],
        [116.30, 40.0],
    ]]}  # fmt: skip
    beside = {"type": "Polygon", "coordinates": [[
        [116.32, 40.0], [116.31, 40.0], [116.309, 40.01], [116.31, 40.02], [116.32, 40.02],
        [116.32, 40.0],
    ]]}  # fmt: skip
    west = {"type": "Polygon", "coordinates": [[
        [116.34, 40.0], [116.35, 40.0], [116.35, 40.02], [116.34, 40.02], [116.34, 40.0],
    ]]}  # fmt: skip
    bodies = [
        {"verb": "reshape", "areas": {str(ids["a1"]): outline, str(ids["a2"]): beside}},
        {"verb": "rename", "grid": ids["a1"], "name": "新", "households": None},
        {"verb": "cut_out", "polygon": PARK, "name": "公园", "kind": "dedicated"},
        {"verb": "draw", "parent": ids["c"], "tier": "grid", "polygon": west, "name": "西"},
        {"verb": "reparent", "grid": ids["b2"], "parent": ids["a"]},
        {"verb": "reset", "grids": [ids["b2"]]},
        {"verb": "merge", "grids": [ids["b1"], ids["b2"]]},
        {"verb": "remove", "grid": ids["a2"]},
    ]
    for number, body in enumerate(bodies, start=1):
        status, answer = post("steps", {**body, "expect": number - 1})
        assert status == 200, (body["verb"], answer)
        assert answer["step"]["verb"] == body["verb"]
    assert answer["removed"] == [ids["a2"]]
    assert "110108999001002" in answer["hints"][0]
    edition.boundaries.update(confirmed=False)
    status, answer = post("steps", {"verb": "confirm", "grids": [ids["a1"]]})
    assert status == 200


def test_findings_of_the_touched_parents_come_along(town: Town, post: Callable) -> None:
    smaller = {"type": "Polygon", "coordinates": [[
        [116.30, 40.0], [116.305, 40.0], [116.305, 40.02], [116.30, 40.02], [116.30, 40.0],
    ]]}  # fmt: skip
    a1 = town.grids["a1"].pk
    _status, answer = post("steps", {"verb": "reshape", "areas": {str(a1): smaller}})
    gaps = [f for f in answer["findings"] if f["kind"] == "gap"]
    assert len(gaps) == 1
    assert gaps[0]["degree"] == "law"
    assert 116.305 < gaps[0]["lon"] < 116.31
    assert gaps[0]["geometry"]["type"]


@pytest.mark.req("G-05")
def test_who_saw_an_older_state_is_told_what_was_drawn(town: Town, post: Callable) -> None:
    rename = {"verb": "rename", "grid": town.grids["a1"].pk, "name": "新"}
    assert post("steps", {**rename, "expect": 0})[0] == 200
    for what in ("steps", "undo", "redo"):
        status, answer = post(what, {**rename, "expect": 0}, who="administrator")
        assert status == 409
        assert answer["newest"] == 1
        assert [(s["verb"], s["codes"]) for s in answer["since"]] == [
            ("rename", ["110108999001001"])
        ]
        assert "drawn in this draft meanwhile" in answer["detail"]


def test_a_published_edition_takes_no_step(town: Town, edition: Edition, post: Callable) -> None:
    Edition.objects.filter(pk=edition.pk).update(status="withdrawn")
    rename = {"verb": "rename", "grid": town.grids["a1"].pk, "name": "新"}
    for what in ("steps", "undo", "redo"):
        assert post(what, rename)[0] == 409
    assert post("steps", {"verb": "rename", "grid": 0, "name": "新"})[0] == 400


def test_drawing_ends_where_the_posts_end(town: Town, edition: Edition, post: Callable) -> None:
    rename = {"verb": "rename", "grid": town.grids["a1"].pk, "name": "新"}
    for who in ("owner", "stranger", "analyst", "leader"):
        assert post("steps", rename, who=who)[0] == 403, who
    status, answer = post("steps", rename, who="away_supervisor")
    assert status == 403
    assert "110108999001001" in answer["detail"]
    over_c = {"type": "Polygon", "coordinates": [[
        [116.34, 40.0], [116.35, 40.0], [116.35, 40.02], [116.34, 40.02], [116.34, 40.0],
    ]]}  # fmt: skip
    draw = {"verb": "draw", "parent": town.grids["c"].pk, "tier": "grid", "polygon": over_c}
    assert post("steps", {**draw, "name": "西"}, who="away_supervisor")[0] == 403
    assert (
        post("steps", {"verb": "cut_out", "polygon": PARK, "name": "园"}, "away_supervisor")[0]
        == 403
    )
    street = {**draw, "parent": None, "tier": "street", "name": "北", "code": "110108997"}
    north = [[116.3, 40.02], [116.36, 40.02], [116.36, 40.04], [116.3, 40.04], [116.3, 40.02]]
    street["polygon"] = polygon(*north)
    assert post("steps", street, who="supervisor")[0] == 403, "a street is not theirs to found"
    assert not edition.steps.exists()
    assert not Grid.objects.filter(code="110108997").exists()
    assert post("steps", {**draw, "name": "西"})[0] == 200
    assert post("undo", {}, who="away_supervisor")[0] == 403
    assert post("undo", {})[0] == 200
    assert post("redo", {}, who="away_supervisor")[0] == 403
    assert post("steps", rename, who="administrator")[0] == 200


def polygon(*points: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [list(points)]}


SQUARE = [[116.30, 40.0], [116.31, 40.0], [116.31, 40.02], [116.30, 40.0]]
BAD_GEOMETRIES = [
    None,
    {},
    [],
    "POLYGON((0 0,1 1,1 0,0 0))",
    {"type": "Point", "coordinates": [116.3, 40.0]},
    {"type": "Polygon"},
    {"type": "Polygon", "coordinates": []},
    {"type": "Polygon", "coordinates": [[]]},
    {"type": "Polygon", "coordinates": [[[116.3, 40.0]]]},
    {"type": "Polygon", "coordinates": [[[116.3]]]},
    {"type": "Polygon", "coordinates": [SQUARE[:2]]},
    {"type": "Polygon", "coordinates": [[["116.3", "40.0"], *SQUARE]]},
    {"type": "Polygon", "coordinates": [[[True, False], *SQUARE]]},
    {"type": "Polygon", "coordinates": [[None, *SQUARE]]},
    {"type": "Polygon", "coordinates": [[[[[[[[1, 2]]]]]]]]},
    {"type": "MultiPolygon", "coordinates": [SQUARE]},
    polygon([200, 40.0], *SQUARE),
    polygon([116.3, 95], *SQUARE),
    polygon([1e308 * 10, 40.0], *SQUARE),
    polygon([116.30, 40.0], [116.30, 40.0], [116.30, 40.0], [116.30, 40.0]),
    polygon([116.30, 40.0], [116.31, 40.02], [116.31, 40.0], [116.30, 40.02], [116.30, 40.0]),
]


@pytest.mark.parametrize("geometry", BAD_GEOMETRIES)
def test_a_geometry_that_is_none_is_refused(
    town: Town, edition: Edition, post: Callable, geometry: Any
) -> None:
    for body in (
        {"verb": "reshape", "areas": {str(town.grids["a1"].pk): geometry}},
        {"verb": "cut_out", "polygon": geometry, "name": "园"},
        {"verb": "draw", "parent": town.grids["c"].pk, "tier": "grid", "polygon": geometry,
         "name": "园"},
        {"verb": "split", "grid": town.grids["a1"].pk, "line": geometry},
    ):  # fmt: skip
        status, answer = post("steps", body)
        assert status == 400, (body["verb"], answer)
    assert post("numbers", {"geometry": geometry})[0] == 400
    assert not edition.steps.exists()


def test_a_crossed_ring_is_refused_with_its_place(town: Town, post: Callable) -> None:
    a1 = town.grids["a1"].pk
    bow = BAD_GEOMETRIES[-1]
    status, answer = post("steps", {"verb": "reshape", "areas": {str(a1): bow}})
    assert status == 400
    assert answer["grid"] == a1
    assert (answer["lon"], answer["lat"]) == pytest.approx((116.305, 40.01))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "[1]",
        "[" * 100_000,
        '{"verb": NaN}',
        '{"verb": "split", "grid": 1e999}',
        {},
        {"verb": "fly"},
        {"verb": ["split"]},
        {"verb": "import", "grids": [1]},
        {"verb": "rename", "name": "x"},
        {"verb": "rename", "grid": "1", "name": "x"},
        {"verb": "rename", "grid": True, "name": "x"},
        {"verb": "rename", "grid": 2**70, "name": "x"},
        {"verb": "rename", "grid": 999_999_999, "name": "x"},
        {"verb": "merge", "grids": []},
        {"verb": "merge", "grids": [1, None]},
        {"verb": "merge", "grids": {"1": 2}},
        {"verb": "reshape", "areas": {}},
        {"verb": "reshape", "areas": {"x": PARK}},
        {"verb": "reshape", "areas": {"²": PARK}},
        {"verb": "reshape", "areas": [PARK]},
        {"verb": "cut_out", "polygon": PARK, "name": "x", "kind": "castle"},
        {"verb": "cut_out", "polygon": PARK, "name": "x", "leftovers_m2": "all"},
        {"verb": "cut_out", "polygon": PARK, "name": "x", "leftovers_m2": -1},
        {"verb": "cut_out", "polygon": PARK},
        {"verb": "cut_out", "polygon": PARK, "name": "a\nb"},
        {"verb": "draw", "tier": "castle", "polygon": PARK, "name": "x"},
        {"verb": "rename", "grid": 1, "name": "x", "expect": "new"},
        {"verb": "rename", "grid": 1, "name": "x", "expect": -1},
        {"verb": "reset", "grids": [999_999_999]},
    ],
)
def test_a_body_that_cannot_be_read_is_refused(edition: Edition, post: Callable, body: Any) -> None:
    status, answer = post("steps", body)
    assert status == 400, answer
    assert answer["detail"]
    assert not edition.steps.exists()


def test_households_are_a_count(town: Town, post: Callable) -> None:
    for wrong in (-1, 1.5, "many", 2**40, True):
        rename = {"verb": "rename", "grid": town.grids["a1"].pk, "households": wrong}
        assert post("steps", rename)[0] == 400
    assert post("steps", {**rename, "households": 0})[0] == 200


def test_an_edit_of_a_hundred_thousand_corners_is_too_large(
    town: Town, edition: Edition, post: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = np.linspace(0, 2 * np.pi, 100_000)
    ring = np.column_stack([116.305 + 0.004 * np.cos(turn), 40.01 + 0.004 * np.sin(turn)])
    ring[-1] = ring[0]
    body = {"verb": "reshape", "areas": {str(town.grids["a1"].pk): polygon(*ring.tolist())}}
    status, answer = post("steps", body)
    assert status == 413
    assert "100000" in answer["detail"]
    assert "import" in answer["detail"]
    monkeypatch.setattr(geometry_input, "MOST_BYTES", 1000)
    assert post("steps", {"verb": "split", "pad": "x" * 1001})[0] == 413
    assert not edition.steps.exists()


def test_unknown_editions_are_not_found(town: Town, sign_in: Callable[[str], Client]) -> None:
    client = sign_in("administrator")
    for what in ("steps", "undo", "redo", "numbers"):
        answer = client.post(
            f"/api/v1/editions/987654/{what}/", "{}", content_type="application/json"
        )
        assert answer.status_code == 404
    assert client.get("/api/v1/editions/987654/grids.geojson").status_code == 404


def test_nothing_to_undo_or_redo_is_said(post: Callable) -> None:
    assert post("undo", {}) == (400, {"detail": "There is no step to undo."})
    assert post("redo", {}) == (400, {"detail": "There is no step to redo."})


def test_the_division_comes_as_the_draft_has_it(
    town: Town, edition: Edition, post: Callable, sign_in: Callable[[str], Client]
) -> None:
    post("steps", {"verb": "merge", "grids": [town.grids["a1"].pk, town.grids["a2"].pk]})
    client = sign_in("supervisor")
    path = f"/api/v1/editions/{edition.pk}/grids.geojson"

    def ask(query: str) -> dict[str, dict[str, Any]]:
        features = client.get(path + query).json()["features"]
        return {f["properties"]["code"]: f["properties"] for f in features}

    rows = ask("")
    assert len(rows) == len(town.grids) - 1
    grids = ask("?tier=grid")
    assert {row["tier"] for row in grids.values()} == {"grid"}
    changed = {code for code, row in grids.items() if row["change"]}
    assert len(changed) == 1
    assert not rows["110108999001"]["leaf"]
    assert rows["110108999003"]["leaf"]
    near = ask("?tier=grid&bbox=116.301,40.001,116.302,40.002")
    assert len(near) == 1
    assert client.get(path + "?tier=castle").status_code == 400
    assert client.get(path + "?tier=%00").status_code == 400
    assert client.get(path + "?bbox=1,2,3").status_code == 400
    assert sign_in("owner").get(path).status_code == 403


def test_numbers_of_ground(town: Town, post: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    for lon, households in ((116.3055, 12), (116.3065, 30), (116.318, 7)):
        Building.objects.create(
            footprint=f"SRID=4326;{shapely.Point(lon, 40.006).buffer(1e-5, quad_segs=1).wkt}",
            point=f"SRID=4326;POINT({lon} 40.006)",
            households=households,
        )
    asked = []

    def cases(start: Any, end: Any, box: ports.Box) -> ports.WeightedPoints:
        asked.append((end - start).days)
        lon = np.array([116.305, 116.306, 116.318, 116.305])
        lat = np.array([40.006, 40.006, 40.006, 39.99])
        return ports.WeightedPoints(lon, lat, np.ones(4))

    monkeypatch.setitem(ports._sources, ports.CASES, cases)
    monkeypatch.delitem(ports._sources, ports.STRENGTH, raising=False)
    a1 = town.grids["a1"].pk
    status, answer = post("numbers", {"grids": [a1]})
    assert status == 200
    assert answer["households"] == 42
    assert answer["buildings"] == 2
    assert answer["cases_last_year"] == 2
    assert answer["strength"] == 0
    assert answer["area_m2"] == pytest.approx(853.6 * 2220.6, rel=0.001)
    assert asked == [365]
    south = polygon([116.30, 39.985], [116.31, 39.985], [116.31, 40.01], [116.30, 40.01],
                    [116.30, 39.985])  # fmt: skip
    assert post("numbers", {"geometry": south}, who="administrator")[1]["cases_last_year"] == 3
    assert post("numbers", {"geometry": south})[1]["cases_last_year"] == 2, "own reach only"
    assert post("numbers", {"grids": [999_999_999]})[0] == 400
    assert post("numbers", {"geometry": south}, who="owner")[0] == 403


def test_lines_to_cling_to(
    town: Town, sign_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    for lat in (40.001, 40.002, 41.0):
        Road.objects.create(
            name="路", kind="primary", line=f"SRID=4326;LINESTRING(116.3 {lat},116.31 {lat})"
        )
    Water.objects.create(
        name="湖",
        area="SRID=4326;MULTIPOLYGON(((116.3 40, 116.301 40, 116.301 40.001, 116.3 40)))",
    )
    client = sign_in("supervisor")
    path = "/api/v1/ground/lines.geojson?bbox=116.2,39.9,116.4,40.1"
    answer = client.get(path).json()
    assert answer["truncated"] is False
    layers = [f["properties"]["layer"] for f in answer["features"]]
    assert layers == ["road", "road", "water"]
    assert answer["features"][2]["geometry"]["type"] == "LineString"
    monkeypatch.setattr("grids.territory.services.drawing.snap_lines.snap_lines.__defaults__", (2,))
    answer = client.get(path).json()
    assert answer["truncated"] is True
    assert len(answer["features"]) == 2
    assert client.get("/api/v1/ground/lines.geojson").status_code == 400
    assert sign_in("owner").get(path).status_code == 403


def test_a_step_costs_a_fixed_number_of_queries(
    town: Town, edition: Edition, sign_in: Callable[[str], Client]
) -> None:
    client = sign_in("administrator")
    a1, a2 = town.grids["a1"].pk, town.grids["a2"].pk

    def cost(what: str, body: dict[str, Any]) -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(
                f"/api/v1/editions/{edition.pk}/{what}/", body, content_type="application/json"
            )
        assert answer.status_code == 200
        return sum(not query["sql"].startswith(CHEAP) for query in queries.captured_queries)

    client.get("/api/v1/tiers/")
    assert cost("steps", {"verb": "split", "grid": a1, "line": ACROSS}) <= 48
    across = {**ACROSS, "coordinates": [[116.3095, 40.007], [116.33, 40.007]]}
    assert cost("steps", {"verb": "split", "grid": a2, "line": across}) <= 48
    assert cost("steps", {"verb": "rename", "grid": a2, "name": "新"}) <= 38
    assert cost("undo", {}) <= 32
    assert cost("numbers", {"grids": [a1]}) <= 8


CHEAP = ("SAVEPOINT", "RELEASE")
