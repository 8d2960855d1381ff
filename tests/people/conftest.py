"""A street with one community and two grids, and a helper that staffs them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon

from gridmgmt.core.models import User
from grids.people.models import Department, Person
from grids.people.services import roster
from grids.territory.choices import EditionStatus
from grids.territory.models import Boundary, Edition, Grid, Tier

NOON = datetime(2026, 3, 3, 4, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=400)


@dataclass
class Street:
    """Areas by short name; `path` goes from the street to the first grid."""

    street: Grid
    community: Grid
    east: Grid
    west: Grid
    department: Department

    @property
    def path(self) -> list[int]:
        return [self.street.pk, self.community.pk, self.west.pk]

    def post(self, name, role, grid=None, *, user=False, kind="social_worker", **options):
        """A new person of this name (with an account if asked) in this post; the person."""
        person, _created = Person.objects.get_or_create(
            name=name, defaults={"kind": kind, "duty_phone": "010-6278", "phone": "13800001999"}
        )
        if user and person.user is None:
            person.user = User.objects.create_user(name, password="a-long-password")
            person.save()
        options.setdefault("start", LONG_AGO)
        roster.appoint(person=person, role=role, grid=grid, actor=None, now=NOON, **options)
        return person


@pytest.fixture
def street(db) -> Street:
    edition = Edition.objects.create(
        name="first", status=EditionStatus.PUBLISHED, effective_at=LONG_AGO
    )

    def area(tier, code, parent, x1, x2):
        tier, _created = Tier.objects.get_or_create(
            code=tier,
            defaults={
                "name": tier,
                "order": {"street": 91, "community": 92, "grid": 93}[tier],
            },
        )
        grid = Grid.objects.create(tier=tier, code=code)
        Boundary.objects.create(
            grid=grid,
            edition=edition,
            parent=parent,
            name=f"area {code}",
            geometry=MultiPolygon(Polygon.from_bbox((x1, 40.0, x2, 40.01)), srid=4326),
            valid=(LONG_AGO, None),
        )
        return grid

    top = area("street", "110108008", None, 116.32, 116.34)
    community = area("community", "110108008001", top, 116.32, 116.34)
    west = area("grid", "110108008001001", community, 116.32, 116.33)
    east = area("grid", "110108008001002", community, 116.33, 116.34)
    department = Department.objects.create(
        name="环卫所", code="sanitation-street", system="sanitation", grid=top
    )
    return Street(top, community, east, west, department)
