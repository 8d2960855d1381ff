"""Whatever is published, redrawn, split, renamed and re-parented: no past answer ever changes."""

import datetime as dt
import itertools
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from grids.territory.choices import EditionStatus
from grids.territory.errors import EditionConflict, FindingsRefused, TerritoryError
from grids.territory.models import Boundary, Edition, Grid, Lineage
from grids.territory.services import coverage, editions, lineage, rebasing
from grids.territory.services.responsibility import responsible_areas
from tests import town as town_module

POINTS = [
    (116.3 + 0.0037 + i * 0.006, lat) for i in range(9) for lat in (39.9903, 40.0043, 40.0157)
]
shares = st.integers(min_value=1, max_value=9)
any_index = st.integers(min_value=0, max_value=50)


class History(RuleBasedStateMachine):
    """Several drafts are open at once; every publishing is followed by a look at all the past."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.town = town_module.build()
        self.answers: list[tuple[dt.datetime, list[Any]]] = []
        self.drafts: list[Edition] = []
        self.names = itertools.count(1)
        self.remember()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def remember(self) -> None:
        """What is answered now must be the answer about this moment for ever."""
        now = timezone.now()
        self.answers.append((now, self.ask(now)))

    def ask(self, moment: dt.datetime) -> list[Any]:
        return [
            [(area.boundary_id, area.name) for area in responsible_areas(*p, moment=moment).areas]
            for p in POINTS
        ]

    def leaves(self) -> list[Boundary]:
        found = Boundary.objects.leaves_at(timezone.now()).filter(valid__upper_inf=True)
        return list(
            found.filter(grid__tier__code="grid").select_related("grid", "parent").order_by("pk")
        )

    def pick(self, index: int) -> tuple[Edition, Boundary]:
        return self.drafts[index % len(self.drafts)], self.leaves()[index % len(self.leaves())]

    def put(self, edition: Edition, old: Boundary, **columns: Any) -> None:
        kept = ("geometry", "name", "name_en", "parent", "kind", "households")
        editions.put(edition, old.grid, **{k: getattr(old, k) for k in kept} | columns)

    @initialize()
    def begin(self) -> None:
        self.open_a_draft()

    @rule()
    def open_a_draft(self) -> None:
        edition = editions.draft(f"edition {next(self.names)}", actor=None, now=timezone.now())
        self.drafts.append(edition)

    @precondition(lambda self: self.drafts)
    @rule(index=any_index)
    def rename(self, index: int) -> None:
        edition, old = self.pick(index)
        self.put(edition, old, name=f"named {next(self.names)}")

    @precondition(lambda self: self.drafts)
    @rule(index=any_index, share=shares)
    def split(self, index: int, share: int) -> None:
        edition, old = self.pick(index)
        west, south, east, north = old.geometry.extent
        middle = south + (north - south) * share / 10
        parts = [
            MultiPolygon(old.geometry.intersection(box), srid=4326)
            for box in (
                Polygon.from_bbox((west, south, east, middle)),
                Polygon.from_bbox((west, middle, east, north)),
            )
            if old.geometry.intersection(box).geom_type == "Polygon"
        ]
        if len(parts) == 2:
            code = f"{old.parent.code}{500 + next(self.names):03}"
            heir = Grid.objects.create(tier=old.grid.tier, code=code)
            self.put(edition, old, geometry=parts[0])
            editions.put(edition, heir, geometry=parts[1], name=code, parent=old.parent)

    @precondition(lambda self: self.drafts)
    @rule(index=any_index, share=shares)
    def redraw(self, index: int, share: int) -> None:
        """Give the neighbour, if there is one under the same parent, a piece of the ground."""
        edition, old = self.pick(index)
        siblings = [b for b in self.leaves() if b.parent_id == old.parent_id and b.pk != old.pk]
        beside = [b for b in siblings if b.geometry.touches(old.geometry)]
        if not beside:
            return
        west, south, east, north = old.geometry.extent
        box = Polygon.from_bbox((west, south, east, south + (north - south) * share / 10))
        piece = old.geometry.intersection(box)
        rest, larger = old.geometry.difference(box), beside[0].geometry.union(piece)
        shapes = [MultiPolygon(s) if s.geom_type == "Polygon" else s for s in (rest, larger)]
        if all(shape.geom_type == "MultiPolygon" and shape.valid for shape in shapes):
            self.put(edition, old, geometry=shapes[0])
            self.put(edition, beside[0], geometry=shapes[1])

    @precondition(lambda self: self.drafts)
    @rule(index=any_index, parent=st.sampled_from(["a", "b", "f"]))
    def hang_under_another_parent(self, index: int, parent: str) -> None:
        edition, old = self.pick(index)
        self.put(edition, old, parent=self.town.grids[parent])

    @precondition(lambda self: self.drafts)
    @rule(index=any_index)
    def abolish(self, index: int) -> None:
        edition, old = self.pick(index)
        editions.remove(edition, old.grid)

    @precondition(lambda self: self.drafts)
    @rule(index=any_index, days=st.sampled_from([0, 0, 0, 1, 2]))
    def publish(self, index: int, days: int) -> None:
        edition = self.drafts[index % len(self.drafts)]
        self.remember()
        moment = timezone.now() + dt.timedelta(days=days) if days else None
        try:
            editions.publish(
                edition,
                actor=None,
                now=timezone.now(),
                effective_at=moment,
                accept_findings="to see what comes of it",
            )
        except EditionConflict:
            self.settle(edition, index)
        except (FindingsRefused, TerritoryError):
            assert Edition.objects.get(pk=edition.pk).status == EditionStatus.DRAFT
        else:
            self.drafts.remove(edition)
        self.remember()

    def settle(self, edition: Edition, index: int) -> None:
        keep = {}
        for clash in rebasing.conflicts(edition):
            mine = index % 2 and not (clash.abolished and clash.mine.geometry is not None)
            keep[clash.grid.pk] = "mine" if mine else "theirs"
        assert rebasing.rebase(edition, keep=keep, actor=None, now=timezone.now()) == []
        assert rebasing.conflicts(edition) == []

    @rule()
    def call_back(self) -> None:
        scheduled = Edition.objects.filter(
            status=EditionStatus.PUBLISHED, effective_at__gt=timezone.now()
        ).order_by("-effective_at")
        for edition in scheduled[:1]:
            try:
                editions.withdraw(edition, actor=None, now=timezone.now())
            except EditionConflict:
                assert Edition.objects.get(pk=edition.pk).status == EditionStatus.PUBLISHED

    @invariant()
    def the_past_is_as_it_was(self) -> None:
        for moment, answer in self.answers[-6:]:
            assert self.ask(moment) == answer

    @invariant()
    def versions_follow_each_other(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM territory_boundary a JOIN territory_boundary b "
                "ON a.grid_id = b.grid_id AND a.id < b.id AND a.valid && b.valid"
            )
            assert cursor.fetchone() == (0,)

    @invariant()
    def shares_never_exceed_the_whole(self) -> None:
        assert not Lineage.objects.filter(edition__status=EditionStatus.WITHDRAWN).exists()
        carried = lineage.shares_to(town_module.START, timezone.now() + dt.timedelta(days=5))
        for parts in carried.values():
            assert sum(share for _heir, share in parts) <= 1 + 1e-6

    @invariant()
    def nothing_structural_is_ever_in_force(self) -> None:
        for moment in (timezone.now(), timezone.now() + dt.timedelta(days=3)):
            report = coverage.examine(moment)
            assert not [f for f in report.findings if coverage.is_structural(f)]


@pytest.mark.req("G-05")
@pytest.mark.req("G-06")
@pytest.mark.django_db
def test_any_sequence_leaves_every_past_answer_unchanged() -> None:
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
