"""Which grid came from which, and how figures of an older division are carried to a later one."""

import datetime as dt

import pytest
from django.contrib.gis.geos import Polygon
from django.utils import timezone

from grids.territory.models import Building, Edition
from grids.territory.services import editions, lineage
from tests.territory.redraws import box, draft, publish, put, split_a1
from tests.town import START


def building(lat: float, households: int) -> None:
    shape = Polygon.from_bbox((116.304, lat, 116.3041, lat + 0.0001))
    Building.objects.create(footprint=shape, point=shape.point_on_surface, households=households)


@pytest.fixture
def redrawn(town):
    """a1 gives 3/10 of its ground to a new a3; later a3 goes into a2."""
    first = draft("split")
    a3 = split_a1(town, first)
    publish(first)
    second = draft("merge")
    editions.remove(second, a3)
    put(
        second,
        town,
        "a2",
        geometry=box(116.31, 40.0, 116.32, 40.02).union(box(116.30, 40.014, 116.31, 40.02)),
    )
    publish(second, accept_findings="in parts")
    return town, a3


@pytest.mark.req("G-05")
def test_shares_are_multiplied_along_the_editions(redrawn) -> None:
    town, a3 = redrawn
    a1, a2 = town.grids["a1"].pk, town.grids["a2"].pk
    now = timezone.now()
    shares = lineage.shares_to(START + dt.timedelta(days=1), now, by="area")
    assert dict(shares[a1]) == pytest.approx({a1: 0.7, a2: 0.3}, abs=1e-4)
    assert shares[a2] == [(a2, 1.0)]
    assert shares[town.grids["b1"].pk] == [(town.grids["b1"].pk, 1.0)]
    assert a3.pk not in shares
    between = lineage.shares_to(_moment("split"), now)
    assert between[a3.pk] == [(a2, 1.0)]
    assert between[a1] == [(a1, 1.0)]
    for parts in shares.values():
        assert sum(share for _heir, share in parts) == pytest.approx(1)


def test_households_weigh_where_they_are_known(town) -> None:
    building(40.005, 90)
    building(40.018, 30)
    edition = draft("split")
    a3 = split_a1(town, edition)
    publish(edition)
    a1, now = town.grids["a1"].pk, timezone.now()
    by_households = dict(lineage.shares_to(START, now)[a1])
    assert by_households == pytest.approx({a1: 0.75, a3.pk: 0.25})
    assert dict(lineage.shares_to(START, now, by="area")[a1])[a1] == pytest.approx(0.7, abs=1e-4)


def test_ground_that_nobody_took_over_is_missing_in_the_sum(town) -> None:
    edition = draft("given up")
    editions.remove(edition, town.grids["f1"])
    put(edition, town, "b2", geometry=box(116.33, 40.00, 116.335, 40.02))
    publish(edition, accept_findings="river")
    shares = lineage.shares_to(START, timezone.now(), by="area")
    assert shares[town.grids["f1"].pk] == []
    b2 = town.grids["b2"].pk
    assert shares[b2] == [(b2, pytest.approx(0.5, abs=1e-4))]


def test_heirs_that_overlap_share_what_there_was(town) -> None:
    edition = draft("overlap")
    heir = split_a1(town, edition)
    put(edition, town, "a1")  # all of its ground, and the new grid the north of it
    edition.boundaries.filter(grid=town.grids["a1"]).update(
        geometry=box(116.30, 40.00, 116.31, 40.0199)
    )
    publish(edition, accept_findings="both look after the north")
    a1 = town.grids["a1"].pk
    shares = dict(lineage.shares_to(START, timezone.now(), by="area")[a1])
    assert set(shares) == {a1, heir.pk}
    assert sum(shares.values()) == pytest.approx(1)


def test_a_scheduled_edition_counts_from_its_moment_on(town) -> None:
    edition = draft("later")
    split_a1(town, edition)
    moment = timezone.now() + dt.timedelta(days=2)
    publish(edition, effective_at=moment)
    a1 = town.grids["a1"].pk
    assert lineage.shares_to(START, timezone.now())[a1] == [(a1, 1.0)]
    assert len(lineage.shares_to(START, moment)[a1]) == 2
    editions.withdraw(edition, actor=None, now=timezone.now())
    assert lineage.shares_to(START, moment)[a1] == [(a1, 1.0)]


def test_only_forward_and_only_known_weights(town) -> None:
    now = timezone.now()
    with pytest.raises(ValueError, match="later"):
        lineage.shares_to(now, START)
    with pytest.raises(ValueError, match="people"):
        lineage.shares_to(START, now, by="people")


def test_family_trees_lead_both_ways(redrawn) -> None:
    town, a3 = redrawn
    a1, a2 = town.grids["a1"], town.grids["a2"]
    came_from = [(d.edition.name, d.origin.pk, d.heir.pk) for d in lineage.ancestry(a2)]
    assert ("merge", a3.pk, a2.pk) in came_from
    assert ("split", a1.pk, a3.pk) in came_from
    assert came_from[0][0] == "merge"
    went_to = [(d.edition.name, d.origin.pk, d.heir.pk) for d in lineage.heirs(a1)]
    assert ("split", a1.pk, a3.pk) in went_to
    assert ("merge", a3.pk, a2.pk) in went_to
    assert lineage.heirs(town.grids["b1"]) == lineage.ancestry(town.grids["b1"]) == []


def _moment(name: str) -> dt.datetime:
    return Edition.objects.get(name=name).effective_at
