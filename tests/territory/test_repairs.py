"""Findings of a draft: found after each edit, previewed, repaired as a step that can be undone."""

import io
import json
from collections.abc import Callable, Iterator

import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Polygon
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone, translation

from grids.territory.choices import StepVerb
from grids.territory.geometry.coverage import area_m2
from grids.territory.models import Boundary, Building, Edition, Finding, Place, Road, Tier
from grids.territory.services import coverage, editions, repairs
from grids.territory.services.coverage import to_geos
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.states import drawn
from tests.territory.drawing_town import draft, faults, state
from tests.town import Town

pytestmark = pytest.mark.req("G-04")


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def box(west: float, south: float, east: float, north: float) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([shapely.box(west, south, east, north)])


def redraw(edition: Edition, town: Town, **shapes: shapely.Geometry) -> None:
    """One step that gives the named areas these outlines, whatever faults they bring."""
    current = drawn(edition, [town.grids[name].pk for name in shapes])
    changes = {}
    for name, shape in shapes.items():
        grid = town.grids[name].pk
        changes[grid] = type(current[grid])(grid, shape, **current[grid].columns())
    journal.perform(edition, verb=StepVerb.RESHAPE, changes=changes, actor=None, now=timezone.now())


def law(edition: Edition) -> list[Finding]:
    rows = edition.findings.exclude(kind__in=["hole", "multi_part", "over_band", "under_band"])
    return list(rows.exclude(kind__in=["building_cut", "unconfirmed"]).order_by("kind", "pk"))


def code(town: Town, name: str) -> str:
    return town.grids[name].code


def test_a_draft_is_checked_after_each_edit_and_only_there(town: Town) -> None:
    edition = draft()
    redraw(edition, town, a1=box(116.30, 40.0, 116.309, 40.02))
    [gap] = law(edition)
    assert (gap.kind, gap.codes) == ("gap", [code(town, "a1"), code(town, "a2")])
    redraw(edition, town, b1=box(116.32, 40.0, 116.331, 40.02))
    overlap = [f for f in law(edition) if f.kind == "overlap"]
    assert [f.codes for f in overlap] == [[code(town, "b1"), code(town, "b2")]]
    # The gap was not looked at again: it is the very same row.
    assert Finding.objects.filter(pk=gap.pk).exists()
    journal.undo(edition, actor=None, now=timezone.now())
    assert [f.pk for f in law(edition)] == [gap.pk]
    journal.undo(edition, actor=None, now=timezone.now())
    assert law(edition) == []


def test_a_recheck_finds_what_a_whole_check_finds(town: Town) -> None:
    edition = draft()
    redraw(
        edition,
        town,
        a=box(116.30, 40.0, 116.3195, 40.02),
        b1=box(116.32, 40.0, 116.331, 40.02),
        f1=box(116.30, 39.9799, 116.32, 40.00),
    )
    stored = {(f.kind, tuple(f.codes), f.area_id, round(f.area_m2, 6)) for f in law(edition)}
    report = coverage.examine(timezone.now(), edition, whole=True)
    whole = {(f.kind, f.codes, f.area, round(f.area_m2, 6)) for f in report.findings}
    assert stored == whole
    assert len(stored) == 4  # two gaps of a, in both tiers; overlap of b1; f1 outside


@pytest.mark.req("G-07")
def test_a_gap_is_repaired_as_a_step_that_can_be_undone(town: Town) -> None:
    edition = draft()
    redraw(edition, town, a1=box(116.30, 40.0, 116.309, 40.02))
    [gap] = law(edition)
    shown = repairs.preview(gap)
    assert edition.steps.count() == 1  # a preview writes nothing
    [changed] = shown.after
    assert shown.before[changed].geometry.area < shown.after[changed].geometry.area
    step = repairs.apply(gap, actor=None, now=timezone.now())
    assert (step.verb, step.number) == ("repair", 2)
    assert law(edition) == []
    assert faults(edition) == []
    journal.undo(edition, actor=None, now=timezone.now())
    assert [f.kind for f in law(edition)] == ["gap"]


def test_a_repair_of_the_upper_tier_carries_the_grids_along(town: Town) -> None:
    edition = draft()
    redraw(edition, town, a=box(116.30, 40.0, 116.3201, 40.02))  # 8.5 m into b
    overlap = next(f for f in law(edition) if f.kind == "overlap")
    assert overlap.repair == f"cut:{code(town, 'a')}"
    gap = next(f for f in law(edition) if f.kind == "gap")
    assert gap.codes == [code(town, "a2")]
    step = repairs.apply(overlap, actor=None, now=timezone.now())
    assert faults(edition) == []
    assert town.grids["a"].code in step.codes


def test_all_is_repaired_from_the_top_down_in_one_step(town: Town) -> None:
    edition = draft()
    redraw(
        edition,
        town,
        a=box(116.30, 40.0, 116.31995, 40.02),
        b1=box(116.3199, 40.0, 116.331, 40.02),
        b2=box(116.33, 40.0, 116.34, 40.0199),
        f1=box(116.30, 39.98, 116.32000001, 40.00),
    )
    kinds = {f.kind for f in law(edition)}
    assert {"gap", "overlap", "outside_parent", "sliver"} <= kinds
    before = {name: state(edition, town.grids[name].pk).geometry for name in ("a", "b1", "f2")}
    done = repairs.repair_all(edition, actor=None, now=timezone.now())
    assert (done.reasons, [f.kind for f in done.left]) == ([], [])
    assert {f.kind for f in done.repaired} == kinds
    assert faults(edition) == []
    assert edition.steps.count() == 2
    # b1 was cut back, b2 grew; a and the grids of the other street stay where they were drawn.
    after = state(edition, town.grids["a"].pk).geometry
    assert area_m2(shapely.symmetric_difference(after, before["a"])) < 20_000
    editions.publish(edition, actor=None, now=timezone.now())
    assert coverage.examine(timezone.now(), whole=True).findings == []


def test_only_the_kinds_asked_for_are_repaired(town: Town) -> None:
    edition = draft()
    redraw(
        edition,
        town,
        a1=box(116.30, 40.0, 116.309, 40.02),
        b1=box(116.32, 40.0, 116.331, 40.02),
    )
    repairs.repair_all(edition, ["overlap"], actor=None, now=timezone.now())
    assert [f.kind for f in law(edition)] == ["gap"]


def test_a_tangled_ring_is_mended_and_takes_nobody_elses_ground(town: Town) -> None:
    edition = draft()
    tangled = shapely.MultiPolygon(
        [
            shapely.Polygon(
                [
                    (116.30, 40.0),
                    (116.31, 40.0),
                    (116.31, 40.02),
                    (116.3, 40.02),
                    (116.3115, 40.021),
                    (116.3115, 40.0205),
                    (116.305, 40.02),
                ],
            )
        ]
    )
    redraw(edition, town, a1=tangled)
    ring = next(f for f in law(edition) if f.kind == "invalid_ring")
    assert ring.repair == f"mend:{code(town, 'a1')}"
    repairs.apply(ring, actor=None, now=timezone.now())
    assert "invalid_ring" not in {f.kind for f in law(edition)}
    assert {f.kind for f in law(edition)} <= {"gap", "sliver"}
    repairs.repair_all(edition, actor=None, now=timezone.now())
    assert faults(edition) == []


def test_what_only_a_person_can_decide_is_refused_with_a_sentence(town: Town) -> None:
    edition = draft()
    tier = Tier.objects.get(code="grid")
    tier.household_max = 150
    tier.save()
    redraw(edition, town, a1=box(116.30, 40.0, 116.309, 40.02))
    over = edition.findings.get(kind="over_band", codes=[code(town, "a1")])
    with pytest.raises(repairs.Unrepairable, match="Split 110108999001001"):
        repairs.propose(over)
    [gap] = law(edition)
    repairs.apply(gap, actor=None, now=timezone.now())
    with pytest.raises(repairs.Unrepairable, match="gone"):
        repairs.propose(gap)


def test_a_repair_that_would_abolish_a_grid_is_refused(town: Town) -> None:
    edition = draft()
    redraw(edition, town, a1=box(116.40, 40.0, 116.41, 40.02))
    outside = next(f for f in law(edition) if f.kind == "outside_parent")
    with pytest.raises(repairs.Unrepairable, match="without any ground"):
        repairs.apply(outside, actor=None, now=timezone.now())
    done = repairs.repair_all(edition, ["outside_parent"], actor=None, now=timezone.now())
    assert done.step is None
    assert "110108999001001" in done.reasons[0]


def test_buildings_roads_and_places_on_faulty_ground_are_named(town: Town) -> None:
    for lon, name in ((116.3095, "in the gap"), (116.305, "at home")):
        Building.objects.create(
            name=name,
            footprint=to_geos(shapely.box(lon - 1e-5, 40.01, lon + 1e-5, 40.0101)),
            point=f"SRID=4326;POINT({lon} 40.01005)",
            households=10,
        )
    Building.objects.create(
        footprint=to_geos(shapely.box(116.3304, 40.01, 116.3306, 40.0101)),
        point="SRID=4326;POINT(116.3305 40.01005)",
    )
    for lat in (40.012, 40.015):  # two roads through one gap are one finding
        line = f"SRID=4326;LINESTRING(116.305 {lat}, 116.315 {lat})"
        Road.objects.create(line=GEOSGeometry(line))
    for kind in ("point", "address"):
        Place.objects.create(kind=kind, name=kind, point="SRID=4326;POINT(116.3092 40.012)")
    edition = draft()
    redraw(
        edition,
        town,
        a1=box(116.30, 40.0, 116.309, 40.02),
        b1=box(116.32, 40.0, 116.331, 40.02),
    )
    kinds = sorted(f.kind for f in law(edition))
    assert kinds == [
        "building_doubled",
        "building_uncovered",
        "gap",
        "overlap",
        "place_uncovered",
        "road_uncovered",
    ]
    road = edition.findings.get(kind="road_uncovered")
    assert road.geometry.extent[0] == pytest.approx(116.309)
    assert road.geometry.extent[2] == pytest.approx(116.31)
    assert road.geometry.extent[1] == pytest.approx(40.012)
    assert road.geometry.extent[3] == pytest.approx(40.015)
    repairs.apply(edition.findings.get(kind="building_uncovered"), actor=None, now=timezone.now())
    assert sorted(f.kind for f in law(edition)) == ["building_doubled", "overlap"]


def test_a_building_cut_by_a_border_is_advice_and_made_whole(town: Town) -> None:
    house = shapely.box(116.3098, 40.01, 116.3103, 40.0103)  # most of it in a2
    Building.objects.create(
        footprint=to_geos(house), point="SRID=4326;POINT(116.31005 40.01015)", households=9
    )
    edition = draft()
    coverage.check_draft(edition, now=timezone.now())
    cut = edition.findings.get(kind="building_cut")
    assert cut.codes == [code(town, "a1"), code(town, "a2")]
    assert cut.repair == f"whole:{code(town, 'a2')}"
    assert cut.area_m2 == pytest.approx(area_m2(house) * 0.4, rel=0.001)
    repairs.apply(cut, actor=None, now=timezone.now())
    assert state(edition, town.grids["a2"].pk).geometry.covers(house)
    assert not edition.findings.filter(kind="building_cut").exists()
    assert faults(edition) == []


def test_bands_count_the_dwellings_of_buildings_before_a_number_that_was_written(
    town: Town,
) -> None:
    tier = Tier.objects.get(code="grid")
    tier.household_min, tier.household_max = 100, 300
    tier.save()
    Building.objects.create(
        footprint=to_geos(shapely.box(116.304, 40.01, 116.305, 40.0101)),
        point="SRID=4326;POINT(116.3045 40.01005)",
        households=40,
    )
    Boundary.objects.filter(grid=town.grids["b1"]).update(households=999)
    Boundary.objects.filter(grid=town.grids["b2"]).update(households=5, kind="dedicated")
    Boundary.objects.filter(grid=town.grids["f1"]).update(households=None)
    report = coverage.examine(timezone.now(), whole=True, advice=True)
    found = {(f.kind, f.codes) for f in report.findings}
    assert found == {
        ("under_band", (code(town, "a1"),)),
        ("over_band", (code(town, "b1"),)),
    }
    assert coverage.examine(timezone.now(), whole=True).findings == []


def test_holes_and_parts_are_advice_and_a_part_is_passed_to_its_neighbour(town: Town) -> None:
    edition = draft()
    part = shapely.box(116.305, 40.005, 116.307, 40.007)
    redraw(
        edition,
        town,
        a1=shapely.MultiPolygon([shapely.box(116.30, 40.0, 116.31, 40.02) - part]),
        a2=shapely.MultiPolygon([shapely.box(116.31, 40.0, 116.32, 40.02), part]),
    )
    assert law(edition) == []
    hole = edition.findings.get(kind="hole")
    assert (hole.codes, hole.repair) == ([code(town, "a1")], f"keep:{code(town, 'a1')}")
    piece = edition.findings.get(kind="multi_part")
    assert (piece.codes, piece.repair) == (
        [code(town, "a2"), code(town, "a1")],
        f"pass:{code(town, 'a1')}",
    )
    repairs.apply(piece, actor=None, now=timezone.now())
    assert not edition.findings.filter(kind__in=["hole", "multi_part"]).exists()
    assert faults(edition) == []
    with pytest.raises(repairs.Unrepairable, match="meant so"):
        repairs.propose(hole)


def test_the_hole_of_a_root_is_filled_and_the_tiers_below_follow(town: Town) -> None:
    hole = Polygon.from_bbox((116.302, 39.99, 116.303, 39.991))
    for name in ("away", "f", "f1"):
        row = town.boundaries[name]
        row.geometry = MultiPolygon(row.geometry[0].difference(hole), srid=4326)
        row.save()
    edition = draft()
    coverage.check_draft(edition, now=timezone.now())
    assert law(edition) == []
    repairs.apply(
        edition.findings.get(kind="hole", codes=[code(town, "away")]),
        actor=None,
        now=timezone.now(),
    )
    assert faults(edition) == []
    assert not edition.findings.filter(kind="hole").exists()


def test_an_outline_from_a_list_is_advice_until_it_is_confirmed(town: Town) -> None:
    Boundary.objects.filter(grid=town.grids["a1"]).update(confirmed=False)
    edition = draft()
    coverage.check_draft(edition, now=timezone.now())
    repairs.apply(edition.findings.get(kind="unconfirmed"), actor=None, now=timezone.now())
    assert state(edition, town.grids["a1"].pk).confirmed
    assert not edition.findings.exists()


def post(client: Client, url: str, **body: object) -> HttpResponse:
    return client.post(url, json.dumps(body), content_type="application/json")


@pytest.fixture
def faulty(town: Town) -> Edition:
    """A draft with a gap beside a1 and an overlap of f1 over f2, in the other street."""
    edition = draft()
    redraw(
        edition,
        town,
        a1=box(116.30, 40.0, 116.309, 40.02),
        f1=box(116.30, 39.98, 116.321, 40.00),
    )
    return edition


def test_findings_are_listed_previewed_and_repaired_over_rest(
    town: Town, faulty: Edition, sign_in: Callable[[str], Client]
) -> None:
    client = sign_in("supervisor")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    url = f"/api/v1/editions/{faulty.pk}/findings/"
    rows = client.get(url).json()
    assert [(row["kind"], row["degree"], row["repairable"]) for row in rows] == [
        ("overlap", "law", True),
        ("gap", "law", True),
    ]
    gap = rows[1]
    assert gap["area_m2"] == pytest.approx(189_500, rel=0.01)
    assert gap["geometry"]["type"] == "Polygon"
    assert gap["repair_text"].startswith("Give this ground to 110108999001")
    shown = post(client, f"{url}{gap['id']}/preview/").json()
    assert [feature["id"] for feature in shown["before"]] == [f["id"] for f in shown["after"]]
    answer = post(client, f"{url}{gap['id']}/repair/", expect=1)
    assert answer.status_code == 200
    assert answer.json()["step"]["verb"] == "repair"
    assert answer.json()["can_undo"]
    assert [row["kind"] for row in client.get(url).json()] == ["overlap"]
    assert client.get(url, {"degree": "advice"}).json() == []
    assert client.get(url, {"kind": "nonsense"}).status_code == 400
    late = post(client, f"{url}{rows[0]['id']}/repair/", expect=1)
    assert late.status_code == 409


def test_nobody_repairs_where_they_may_not_draw(
    town: Town, faulty: Edition, sign_in: Callable[[str], Client]
) -> None:
    url = f"/api/v1/editions/{faulty.pk}/findings/"
    overlap = faulty.findings.get(kind="overlap")
    for name, status in (("supervisor", 403), ("owner", 403), ("stranger", 403)):
        assert post(sign_in(name), f"{url}{overlap.pk}/repair/").status_code == status
    assert Client().get(url).status_code in {401, 403}
    # Repairing all repairs what lies in one's own street, and leaves the other alone.
    answer = post(sign_in("supervisor"), f"{url}repair_all/")
    assert answer.status_code == 200
    assert (answer.json()["repaired"], answer.json()["left"]) == (1, 1)
    assert [f.kind for f in law(faulty)] == ["overlap"]
    again = post(sign_in("supervisor"), f"{url}repair_all/")
    assert again.status_code == 400
    assert post(sign_in("away_supervisor"), f"{url}repair_all/").json()["left"] == 0
    assert faults(faulty) == []


def test_a_whole_check_finds_what_was_faulty_before_the_draft(
    town: Town, sign_in: Callable[[str], Client]
) -> None:
    row = town.boundaries["a1"]
    row.geometry = MultiPolygon(Polygon.from_bbox((116.30, 40.0, 116.309, 40.02)), srid=4326)
    row.save()
    edition = draft()
    url = f"/api/v1/editions/{edition.pk}/findings/"
    client = sign_in("administrator")
    assert client.get(url).json() == []
    assert [row["kind"] for row in post(client, url).json()] == ["gap"]
    assert post(client, f"{url}repair_all/", kinds=["nonsense"]).status_code == 400
    assert post(client, f"{url}repair_all/").json()["left"] == 0


def test_a_published_edition_is_not_repaired(
    town: Town, faulty: Edition, sign_in: Callable[[str], Client]
) -> None:
    gap = faulty.findings.get(kind="gap")
    editions.publish(faulty, actor=None, now=timezone.now(), accept_findings="try")
    client = sign_in("administrator")
    url = f"/api/v1/editions/{faulty.pk}/findings/"
    assert post(client, f"{url}{gap.pk}/repair/").status_code in {404, 409}
    assert post(client, f"{url}repair_all/").status_code == 409
    assert post(client, url).status_code == 409


def test_the_command_repairs_what_is_in_force_in_a_draft_of_its_own(town: Town, capsys) -> None:
    row = town.boundaries["a1"]
    row.geometry = MultiPolygon(Polygon.from_bbox((116.30, 40.0, 116.309, 40.02)), srid=4326)
    row.save()
    call_command("repair_coverage", "mended", "--dry-run", stdout=io.StringIO())
    assert not Edition.objects.filter(name="mended").exists()
    call_command("repair_coverage", "mended")
    assert "1 repaired, 0 left" in capsys.readouterr().out
    call_command("check_coverage", "mended", stdout=io.StringIO())
    with pytest.raises(SystemExit):  # what is in force is as it was
        call_command("check_coverage", stdout=io.StringIO())
    call_command("publish_edition", "mended", "--strict", stdout=io.StringIO())
    call_command("check_coverage", stdout=io.StringIO())
    with pytest.raises(CommandError, match=r"draft"):
        call_command("repair_coverage", "mended", stdout=io.StringIO())


def test_the_check_command_tells_advice_only_when_asked(town: Town, capsys) -> None:
    Boundary.objects.filter(grid=town.grids["a1"]).update(confirmed=False)
    call_command("check_coverage")
    capsys.readouterr()
    with pytest.raises(SystemExit):
        call_command("check_coverage", "--advice", "--json")
    [row] = json.loads(capsys.readouterr().out)
    assert set(row) == {"kind", "tier", "codes", "area_m2", "lon", "lat", "repair"}
    assert row["kind"] == "unconfirmed"
    with pytest.raises(CommandError, match="no edition named"):
        call_command("check_coverage", "nonsense")
