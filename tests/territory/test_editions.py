"""Drafts take effect as one, refuse what changed meanwhile, and never rewrite history."""

import datetime as dt
import subprocess
import sys
import threading
import time

import pytest
import shapely
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone, translation

from gridmgmt.core import outbox
from gridmgmt.core.models import AuditEntry, OutboxEvent
from grids.territory.choices import EditionStatus, FindingKind
from grids.territory.errors import EditionConflict, FindingsRefused, TerritoryError
from grids.territory.models import Boundary, Building, Edition, Grid, Lineage
from grids.territory.services import editions, rebasing
from grids.territory.services.boundary_files import AreaRow
from grids.territory.services.boundary_import import import_areas
from grids.territory.services.responsibility import responsible_areas
from tests.town import START, Town


def box(west: float, south: float, east: float, north: float) -> MultiPolygon:
    return MultiPolygon(Polygon.from_bbox((west, south, east, north)), srid=4326)


def draft(name: str = "redraw") -> Edition:
    return editions.draft(name, actor=None, now=timezone.now())


def publish(edition: Edition, **options) -> Edition:
    return editions.publish(edition, actor=None, now=timezone.now(), **options)


def split_a1(town: Town, edition: Edition) -> Grid:
    """a1 keeps its south, a new grid takes the north."""
    heir = Grid.objects.create(tier=town.tiers["grid"], code="110108999001003")
    editions.put(
        edition,
        town.grids["a1"],
        geometry=box(116.30, 40.00, 116.31, 40.014),
        name="区a1",
        parent=town.grids["a"],
    )
    editions.put(
        edition,
        heir,
        geometry=box(116.30, 40.014, 116.31, 40.02),
        name="区a3",
        parent=town.grids["a"],
    )
    return heir


@pytest.mark.req("G-06")
def test_publishing_moves_the_ground_and_keeps_the_past(town: Town) -> None:
    before = timezone.now()
    edition = draft()
    heir = split_a1(town, edition)
    north = (116.305, 40.018)
    assert responsible_areas(*north, moment=timezone.now()).leaf.grid_id == town.grids["a1"].pk
    published = publish(edition)
    assert published.status == EditionStatus.PUBLISHED
    now = timezone.now()
    assert responsible_areas(*north, moment=now).leaf.grid_id == heir.pk
    assert responsible_areas(*north, moment=before).leaf.grid_id == town.grids["a1"].pk
    old, new = Boundary.objects.filter(grid=town.grids["a1"]).order_by("pk")
    assert old.valid.upper == new.valid.lower == published.effective_at
    assert AuditEntry.objects.filter(action="edition_published").count() == 1
    event = OutboxEvent.objects.get(name="edition_took_effect")
    assert event.payload["edition_id"] == edition.pk


def test_lineage_says_what_went_where(town: Town) -> None:
    Building.objects.create(
        footprint=Polygon.from_bbox((116.304, 40.015, 116.306, 40.016)),
        point=Polygon.from_bbox((116.304, 40.015, 116.306, 40.016)).point_on_surface,
        households=30,
    )
    Building.objects.create(
        footprint=Polygon.from_bbox((116.304, 40.005, 116.306, 40.006)),
        point=Polygon.from_bbox((116.304, 40.005, 116.306, 40.006)).point_on_surface,
        households=90,
    )
    edition = draft()
    heir = split_a1(town, edition)
    publish(edition)
    shares = {line.heir_id: line for line in Lineage.objects.filter(origin=town.grids["a1"])}
    assert shares[heir.pk].area_share == pytest.approx(0.3, abs=0.001)
    assert shares[town.grids["a1"].pk].area_share == pytest.approx(0.7, abs=0.001)
    assert shares[heir.pk].household_share == pytest.approx(0.25)


def test_the_handler_puts_buildings_into_their_new_leaf(town: Town) -> None:
    shape = Polygon.from_bbox((116.304, 40.015, 116.306, 40.016))
    building = Building.objects.create(
        footprint=shape, point=shape.point_on_surface, grid=town.grids["a1"]
    )
    edition = draft()
    heir = split_a1(town, edition)
    publish(edition)
    outbox.deliver()
    building.refresh_from_db()
    assert building.grid_id == heir.pk


def test_a_gap_refuses_until_someone_accepts_it_with_a_reason(town: Town) -> None:
    edition = draft()
    editions.put(
        edition,
        town.grids["a1"],
        geometry=box(116.30, 40.00, 116.31, 40.019),
        name="a1",
        parent=town.grids["a"],
    )
    with pytest.raises(FindingsRefused) as refusal:
        publish(edition)
    [finding] = refusal.value.findings
    assert finding.kind == FindingKind.GAP
    assert finding.area_m2 == pytest.approx(94_800, rel=0.01)
    assert finding.repair == "give:110108999001001"
    edition.refresh_from_db()
    assert edition.status == EditionStatus.DRAFT
    assert not edition.findings.exists()
    publish(edition, accept_findings="river")
    stored = edition.findings.get()
    assert (stored.accepted_reason, stored.kind) == ("river", "gap")


def test_a_missing_parent_refuses_whatever_is_accepted(town: Town) -> None:
    edition = draft()
    editions.remove(edition, town.grids["a"])
    with pytest.raises(FindingsRefused) as refusal:
        publish(edition, accept_findings="anyway")
    assert {f.kind for f in refusal.value.findings} >= {FindingKind.MISSING_PARENT}
    assert Boundary.objects.get(grid=town.grids["a"], valid__isnull=False).valid.upper is None


def test_a_draft_that_started_from_something_replaced_is_refused_then_rebased(town: Town) -> None:
    mine, theirs = draft("mine"), draft("theirs")
    split_a1(town, mine)
    editions.put(
        theirs,
        town.grids["a1"],
        geometry=town.boundaries["a1"].geometry,
        name="renamed",
        parent=town.grids["a"],
    )
    publish(theirs)
    with translation.override("en"), pytest.raises(EditionConflict) as refusal:
        publish(mine)
    assert "theirs" in refusal.value.text
    assert "110108999001001" in refusal.value.text
    rebasing.rebase(mine, keep={town.grids["a1"].pk: "mine"}, actor=None, now=timezone.now())
    assert publish(mine).status == EditionStatus.PUBLISHED


def test_a_future_edition_takes_effect_at_its_moment_and_can_be_called_back(town: Town) -> None:
    tomorrow = timezone.now() + dt.timedelta(days=1)
    edition = draft()
    heir = split_a1(town, edition)
    publish(edition, effective_at=tomorrow)
    north = (116.305, 40.018)
    after = tomorrow + dt.timedelta(seconds=1)
    assert responsible_areas(*north, moment=timezone.now()).leaf.code == "110108999001001"
    assert responsible_areas(*north, moment=after).leaf.grid_id == heir.pk
    assert OutboxEvent.objects.get(name="edition_took_effect").due_at == tomorrow
    other = draft("other")
    editions.put(
        other,
        town.grids["a1"],
        geometry=town.boundaries["a1"].geometry,
        name="x",
        parent=town.grids["a"],
    )
    with pytest.raises(EditionConflict):
        publish(other)
    editions.withdraw(edition, actor=None, now=timezone.now())
    assert responsible_areas(*north, moment=after).leaf.code == "110108999001001"
    again = responsible_areas(*town.point_in("a1"), moment=after)
    assert again.leaf.code == "110108999001001"


def test_what_took_effect_cannot_be_withdrawn_nor_published_twice(town: Town) -> None:
    edition = draft()
    split_a1(town, edition)
    publish(edition)
    with pytest.raises(TerritoryError):
        editions.withdraw(edition, actor=None, now=timezone.now())
    with pytest.raises(TerritoryError):
        publish(edition)


def test_nothing_is_drawn_into_what_somebody_published_meanwhile(town: Town) -> None:
    stale = draft()
    split_a1(town, stale)
    publish(Edition.objects.get(pk=stale.pk))
    assert stale.status == EditionStatus.DRAFT  # as it was read, before it was published
    shape = town.boundaries["a2"].geometry
    area = AreaRow("110108999001003", "x", "", None, shapely.from_wkb(bytes(shape.wkb)), None, None)
    for draw in (
        lambda: editions.put(stale, town.grids["a1"], geometry=shape, name="x"),
        lambda: editions.remove(stale, town.grids["a1"]),
        lambda: rebasing.rebase(stale, keep={}, actor=None, now=timezone.now()),
        lambda: import_areas(
            stale, [area], tier=town.tiers["grid"], actor=None, now=timezone.now()
        ),
    ):
        with pytest.raises(TerritoryError, match="redraw"):
            draw()
    assert set(stale.boundaries.values_list("name", flat=True)) == {"区a1", "区a3"}


def test_a_code_of_an_abolished_area_is_not_used_again_by_drawing_either(town: Town) -> None:
    ending = draft()
    editions.remove(ending, town.grids["a2"])
    publish(ending, accept_findings="gap")
    again = draft("again")
    editions.put(
        again,
        town.grids["a2"],
        geometry=town.boundaries["a2"].geometry,
        name="区a2",
        parent=town.grids["a"],
    )
    with pytest.raises(TerritoryError, match="110108999001002"):
        publish(again)


def test_an_edition_on_which_a_later_one_stands_is_called_back_after_it(town: Town) -> None:
    tomorrow = timezone.now() + dt.timedelta(days=1)
    first = draft("first")
    split_a1(town, first)
    publish(first, effective_at=tomorrow)
    second = draft("second")
    editions.put(
        second,
        town.grids["a1"],
        geometry=first.boundaries.get(grid=town.grids["a1"]).geometry,
        name="renamed",
        parent=town.grids["a"],
    )
    publish(second, effective_at=tomorrow + dt.timedelta(days=1))
    with pytest.raises(EditionConflict, match="110108999001001"):
        editions.withdraw(first, actor=None, now=timezone.now())
    for edition in (second, first):
        editions.withdraw(edition, actor=None, now=timezone.now())
    assert Boundary.objects.get(grid=town.grids["a1"], valid__upper_inf=True).name == "区a1"


def test_an_empty_edition_is_refused(town: Town) -> None:
    with pytest.raises(TerritoryError):
        publish(draft())


def test_history_is_never_rewritten_but_new_areas_may_begin_in_the_past(town: Town) -> None:
    past = START + dt.timedelta(days=5)
    edition = draft()
    split_a1(town, edition)
    with pytest.raises(EditionConflict):
        publish(edition, effective_at=START - dt.timedelta(days=1))
    with pytest.raises(TerritoryError):
        publish(edition, effective_at=past)
    fresh = draft("island")
    island = Grid.objects.create(tier=town.tiers["street"], code="110108997")
    editions.put(fresh, island, geometry=box(117, 40, 117.1, 40.1), name="island")
    publish(fresh, effective_at=past)
    answer = responsible_areas(117.05, 40.05, moment=past + dt.timedelta(days=1))
    assert answer.leaf.grid_id == island.pk


def test_a_tombstone_ends_a_grid_and_its_neighbour_takes_the_ground(town: Town) -> None:
    edition = draft()
    editions.remove(edition, town.grids["a2"])
    editions.put(
        edition,
        town.grids["a1"],
        geometry=box(116.30, 40.00, 116.32, 40.02),
        name="a1",
        parent=town.grids["a"],
    )
    publish(edition)
    now = timezone.now()
    assert responsible_areas(*town.point_in("a2"), moment=now).leaf.code == "110108999001001"
    line = Lineage.objects.get(origin=town.grids["a2"])
    assert (line.heir_id, line.area_share) == (town.grids["a1"].pk, pytest.approx(1))


def test_the_database_itself_refuses_two_versions_at_once(town: Town) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Boundary.objects.create(
            grid=town.grids["a1"],
            edition=draft(),
            name="double",
            geometry=town.boundaries["a1"].geometry,
            valid=DateTimeTZRange(START, None),
        )


ASK = """
import sys, time, django
from datetime import UTC, datetime
django.setup()
from django.db import connection
from django.utils import timezone
from grids.territory.services.responsibility import responsible_areas
connection.settings_dict["NAME"] = sys.argv[1]
print("ready", flush=True)
sys.stdin.readline()
until = time.monotonic() + 20
first = responsible_areas(116.305, 40.018, moment=timezone.now()).leaf.code
print(first, flush=True)
while time.monotonic() < until:
    code = responsible_areas(116.305, 40.018, moment=timezone.now()).leaf.code
    if code != first:
        print(code, time.time(), flush=True)
        break
"""


@pytest.mark.django_db(transaction=True)
def test_another_process_sees_the_edition_within_a_second(request) -> None:
    town = request.getfixturevalue("town")
    asker = subprocess.Popen(
        [sys.executable, "-c", ASK, connection.settings_dict["NAME"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with asker:
        assert asker.stdout.readline().strip() == "ready"
        asker.stdin.write("go\n")
        asker.stdin.flush()
        assert asker.stdout.readline().strip() == "110108999001001"
        edition = draft()
        split_a1(town, edition)
        publish(edition)
        committed = time.time()
        seen = asker.stdout.readline().split()
    assert seen, "the other process never saw the change"
    assert seen[0] == "110108999001003"
    assert float(seen[1]) - committed <= 1.0


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_do_not_both_win(request) -> None:
    town = request.getfixturevalue("town")
    rivals = [draft("one"), draft("two")]
    for rival in rivals:
        editions.put(
            rival,
            town.grids["a1"],
            geometry=town.boundaries["a1"].geometry,
            name=rival.name,
            parent=town.grids["a"],
        )
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def run(edition: Edition) -> None:
        together.wait()
        try:
            publish(edition)
            outcomes.append("published")
        except EditionConflict:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(rival,)) for rival in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["published", "refused"]
    assert Boundary.objects.filter(grid=town.grids["a1"], valid__upper_inf=True).count() == 1
