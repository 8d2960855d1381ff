"""From the database to a problem, and from a proposal to a draft; the command."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import shapely
from django.core.management import CommandError, call_command

from grids.territory import ports
from grids.territory.choices import GridKind, StepVerb
from grids.territory.division import Wish, divide, types
from grids.territory.errors import NotADraft, TerritoryError
from grids.territory.models import Boundary, Building, Edition, Grid, Road
from grids.territory.services import coverage, editions
from grids.territory.services.coverage import to_geos
from grids.territory.services.division_ground import Mix, problem_for
from grids.territory.services.division_plane import Plane
from grids.territory.services.division_writing import note_sentence, write_proposal
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.states import children
from grids.territory.services.ground import load_ground
from tests.town import AREAS, Town

pytestmark = [pytest.mark.django_db, pytest.mark.req("G-03")]
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def built(town: Town) -> Town:
    """Community b (and a, more thinly) with rows of houses and a road; c and f stay empty."""
    houses = []
    for name, columns, households in (("b", 16, 5), ("a", 10, 4)):
        _tier, _code, _parent, west, south, east, north = AREAS[name]
        for i in range(columns):
            for j in range(8):
                lon = west + (east - west) * (i + 0.5) / columns
                lat = south + (north - south) * (j + 0.5) / 8
                shape = shapely.box(lon - 2e-4, lat - 2e-4, lon + 2e-4, lat + 2e-4)
                houses.append(
                    Building(
                        footprint=to_geos(shape),
                        point=to_geos(shape.centroid),
                        households=households,
                        estate="东院" if name == "b" and i < 2 and j < 2 else "",
                    )
                )
    Building.objects.bulk_create(houses)
    road = shapely.LineString([(116.29, 40.01), (116.37, 40.01)])
    Road.objects.create(line=to_geos(road), kind="primary")
    return town


@pytest.fixture
def draft(built: Town) -> Edition:
    return editions.draft("new", actor=None, now=NOW)


def divided(codes: list[str], edition: Edition, **wish: object):
    problem, plane = problem_for(codes, edition=edition, now=NOW)
    return divide(problem, Wish(**{"emphases": ("even",), **wish}))[0], plane


def test_a_community_is_divided_into_the_draft_without_a_finding(
    built: Town, draft: Edition
) -> None:
    proposal, plane = divided([AREAS["b"][1]], draft)
    step = write_proposal(draft, proposal, plane, actor=None, now=NOW)
    assert step.verb == StepVerb.PROPOSE
    grids = children(draft, [built.grids["b"].pk])
    assert sum(state.households for state in grids.values()) == 640
    assert {state.households for state in grids.values()} <= set(range(170, 231))
    parent = built.boundaries["b"].geometry
    shapes = np.array([state.geometry for state in grids.values()])
    assert shapely.coverage_is_valid(np.array([shapely.get_parts(s)[0] for s in shapes]))
    missing = shapely.difference(shapely.from_wkb(bytes(parent.wkb)), shapely.union_all(shapes))
    assert missing.area < 1e-14
    report = coverage.examine(NOW, draft, whole=True)
    touched = {state.grid_id for state in grids.values()}
    codes = set(Grid.objects.filter(pk__in=touched).values_list("code", flat=True))
    assert [f.kind for f in report.findings if codes & set(f.codes)] == []


def test_grids_of_today_keep_their_codes_and_new_ones_get_the_next(
    built: Town, draft: Edition
) -> None:
    proposal, plane = divided([AREAS["b"][1]], draft)
    write_proposal(draft, proposal, plane, actor=None, now=NOW)
    grids = children(draft, [built.grids["b"].pk])
    names = dict(Grid.objects.filter(pk__in=grids).values_list("code", "pk"))
    assert {AREAS["b1"][1], AREAS["b2"][1]} <= set(names)
    assert grids[names[AREAS["b1"][1]]].name == "区b1"
    fresh = sorted(set(names) - {AREAS["b1"][1], AREAS["b2"][1]})
    assert fresh == ["110108999002003"]
    assert (grids[names[fresh[0]]].name, grids[names[fresh[0]]].name_en) == ("第3网格", "Grid 3")
    journal.undo(draft, actor=None, now=NOW)
    assert not draft.boundaries.exists()


def test_what_nothing_continues_gets_a_tombstone(built: Town, draft: Edition) -> None:
    proposal, plane = divided([AREAS["b"][1]], draft, target=700)
    write_proposal(draft, proposal, plane, actor=None, now=NOW)
    assert len(children(draft, [built.grids["b"].pk])) == 1
    assert draft.boundaries.filter(geometry__isnull=True).count() == 1


def test_a_street_is_divided_community_by_community(built: Town, draft: Edition) -> None:
    problem, _plane = problem_for([AREAS["home"][1]], edition=draft, now=NOW)
    assert [parent.code for parent in problem.parents] == [
        AREAS[name][1] for name in ("a", "b", "c")
    ]
    proposal, plane = divided([AREAS["home"][1]], draft)
    write_proposal(draft, proposal, plane, actor=None, now=NOW)
    empty = children(draft, [built.grids["c"].pk])
    assert [state.households for state in empty.values()] == [0]


@pytest.mark.req("G-09")
def test_an_oversized_building_becomes_a_dedicated_grid_with_its_name(
    built: Town, draft: Edition
) -> None:
    tower = Building.objects.filter(point__within=built.boundaries["b"].geometry)[60]
    tower.households, tower.name, tower.name_en = 400, "东塔", "East Tower"
    tower.save()
    proposal, plane = divided([AREAS["b"][1]], draft)
    write_proposal(draft, proposal, plane, actor=None, now=NOW)
    row = draft.boundaries.get(kind=GridKind.DEDICATED)
    assert (row.name, row.name_en, row.households) == ("东塔", "East Tower", 400)
    again, _plane = problem_for([AREAS["b"][1]], edition=draft, now=NOW)
    assert [area.code for area in again.dedicated] == [row.grid.code]  # and it stays


def test_a_courtyard_is_one_group(built: Town, draft: Edition) -> None:
    problem, _plane = problem_for([AREAS["b"][1]], edition=draft, now=NOW)
    assert (problem.groups >= 0).sum() == 4


def test_workload_mixes_households_with_the_cases_of_a_year(
    built: Town, draft: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    west = AREAS["b"][3]
    asked = []

    def cases(start: datetime, end: datetime, box: tuple) -> ports.WeightedPoints:
        asked.append((start, end, box))
        return ports.WeightedPoints(
            np.array([west + 0.001, 150.0]), np.array([40.002, 10.0]), np.array([30.0, 99.0])
        )

    monkeypatch.setitem(ports._sources, ports.CASES, cases)
    monkeypatch.delitem(ports._sources, ports.STRENGTH, raising=False)
    mix = Mix(households=0.6, cases=0.3, strength=0.1)  # strength: nobody provides it
    problem, _plane = problem_for([AREAS["b"][1]], edition=draft, now=NOW, mix=mix)
    total = float(problem.households.sum())
    assert problem.workload.sum() == pytest.approx(total)
    assert problem.workload.max() == pytest.approx(total / 3 + 5 * 2 / 3)
    assert asked[0][:2] == (NOW - timedelta(days=365), NOW)


def test_unknown_codes_grids_and_published_editions_are_refused(
    built: Town, draft: Edition
) -> None:
    for codes, word in (
        (["110108999002", "999"], "999"),
        ([AREAS["b1"][1]], AREAS["b1"][1]),
        ([], ""),
        ([AREAS["f"][1]], AREAS["f"][1]),  # no households there
    ):
        with pytest.raises(TerritoryError) as refused:
            problem_for(codes, edition=draft, now=NOW)
        assert word in refused.value.text
    with pytest.raises(TerritoryError):
        problem_for([AREAS["b"][1]], edition=draft, now=NOW, mix=Mix(households=-1))
    with pytest.raises(NotADraft):
        problem_for([AREAS["b"][1]], edition=built.edition, now=NOW)
    proposal, plane = divided([AREAS["b"][1]], draft)
    with pytest.raises(NotADraft):
        write_proposal(built.edition, proposal, plane, actor=None, now=NOW)
    assert Boundary.objects.filter(edition=built.edition).count() == len(AREAS)
    assert Grid.objects.count() == len(AREAS)


def test_the_command_makes_the_draft_and_says_what_it_did(built: Town) -> None:
    out = StringIO()
    call_command(
        "divide", within=[AREAS["b"][1]], edition="divided", target=100, seed=3, stdout=out
    )
    assert (
        Edition.objects.get(name="divided").boundaries.filter(geometry__isnull=False).count() == 6
    )
    assert "100.0 %" in out.getvalue()
    assert "0 buildings cut" in out.getvalue() or "0 栋" in out.getvalue()
    first = _outlines("divided")
    call_command("divide", within=[AREAS["b"][1]], edition="twin", target=100, seed=3, stdout=out)
    assert _outlines("twin") == first


def _outlines(name: str) -> list[bytes]:
    rows = Edition.objects.get(name=name).boundaries.filter(geometry__isnull=False)
    return sorted(bytes(row.geometry.wkb) for row in rows)


def test_the_command_leaves_nothing_behind_when_it_refuses(built: Town) -> None:
    for options in (
        {"within": ["999"]},
        {"within": [AREAS["b"][1]], "target": 0.0},
        {"within": [AREAS["b"][1]], "band": 1.5},
        {"within": [AREAS["b"][1]], "mix": "mood=1"},
        {"within": [AREAS["b"][1]], "mix": "cases=many"},
        {"within": [AREAS["b"][1]], "layer": Path("nowhere.gpkg")},
    ):
        with pytest.raises(CommandError):
            call_command("divide", edition="never", **options)
    call_command("divide", within=[AREAS["b"][1]], edition="never", dry_run=True, stdout=StringIO())
    assert not Edition.objects.filter(name="never").exists()
    with pytest.raises(CommandError):
        call_command("divide", within=[AREAS["b"][1]], edition="town")


def test_an_area_layer_takes_the_place_of_buildings(built: Town, tmp_path: Path) -> None:
    _tier, _code, _parent, west, south, east, north = AREAS["b"]
    features = [
        {
            "type": "Feature",
            "properties": {"homes": 40},
            "geometry": json.loads(
                shapely.to_geojson(
                    shapely.box(
                        west + (east - west) * i / 6,
                        south + (north - south) * j / 5,
                        west + (east - west) * (i + 1) / 6,
                        south + (north - south) * (j + 1) / 5,
                    )
                )
            ),
        }
        for i in range(6)
        for j in range(5)
    ]
    path = tmp_path / "blocks.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    call_command(
        "divide",
        within=[AREAS["b"][1]],
        edition="blocks",
        layer=path,
        column="homes",
        stdout=StringIO(),
    )
    rows = Edition.objects.get(name="blocks").boundaries.filter(geometry__isnull=False)
    assert [row.households for row in rows] == [200] * 6
    features[3]["properties"]["homes"] = -4
    features[7]["properties"]["homes"] = None
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.raises(CommandError, match="4, 8"):
        call_command("divide", within=[AREAS["b"][1]], edition="bad", layer=path, column="homes")
    assert not Edition.objects.filter(name="bad").exists()


def test_bare_points_of_a_table_are_buildings(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "homes.csv"
    path.write_text("lon,lat,dwellings\n116.305,40.01,3\n116.306,40.01,\n,,9\n")
    counts = load_ground(
        path, actor=None, now=NOW, layers=("buildings",), columns={"households": "dwellings"}
    )
    assert counts == {"buildings": 2}
    first = Building.objects.order_by("pk")[0]
    assert (first.households, first.grid) == (3, town.grids["a1"])
    size = first.footprint.transform(32650, clone=True).area
    assert size == pytest.approx(1.0, rel=0.02)
    with pytest.raises(TerritoryError, match="homes"):
        load_ground(path, actor=None, now=NOW, layers=("buildings",), columns={"kind": "homes"})


def test_the_plane_gives_known_vertices_back_exactly_and_keeps_lines_straight() -> None:
    ring = shapely.Polygon([(116.31, 40.0), (116.337, 40.001), (116.33, 40.0213), (116.31, 40.02)])
    plane = Plane.around(np.array([ring]))
    flat = plane.to_metres(ring)
    assert shapely.area(flat) == pytest.approx(
        to_geos(ring).transform(32650, clone=True).area, rel=2e-3
    )
    assert plane.to_degrees(flat).wkb == ring.wkb
    middle = shapely.line_interpolate_point(shapely.LineString(flat.exterior.coords[:2]), 1000)
    edge = shapely.LineString(ring.exterior.coords[:2])
    assert edge.distance(plane.to_degrees(middle)) < 1e-13


def test_every_note_has_a_sentence() -> None:

    notes = [
        types.OVERSIZED_BUILDING,
        types.DEDICATED_AREA,
        types.BEYOND_BAND,
        types.ENCLOSED,
        types.FAR_BEYOND_BAND,
        types.WHOLE_AREA,
        types.NO_HOUSEHOLDS,
        types.COURTYARD_OPENED,
    ]
    assert all(note_sentence(note) != note for note in notes)
