"""Ways to redraw the small town, for the tests of editions."""

from typing import Any

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.utils import timezone

from grids.territory.models import Boundary, Edition, Grid
from grids.territory.services import editions
from tests.town import Town


def box(west: float, south: float, east: float, north: float) -> MultiPolygon:
    return MultiPolygon(Polygon.from_bbox((west, south, east, north)), srid=4326)


def draft(name: str = "redraw") -> Edition:
    return editions.draft(name, actor=None, now=timezone.now())


def publish(edition: Edition, *, actor: Any = None, **options: Any) -> Edition:
    return editions.publish(edition, actor=actor, now=timezone.now(), **options)


def put(edition: Edition, town: Town, area: str, **columns: Any) -> Boundary:
    """A change of one area of the town; what is not named stays as it was at the beginning."""
    old = town.boundaries[area]
    wanted = {
        "geometry": old.geometry,
        "name": old.name,
        "name_en": old.name_en,
        "parent": old.parent,
        "households": old.households,
        **columns,
    }
    return editions.put(edition, town.grids[area], **wanted)


def split_a1(town: Town, edition: Edition) -> Grid:
    """a1 keeps its south, a new grid takes the north."""
    heir, _created = Grid.objects.get_or_create(tier=town.tiers["grid"], code="110108999001003")
    put(edition, town, "a1", geometry=box(116.30, 40.00, 116.31, 40.014))
    editions.put(
        edition,
        heir,
        geometry=box(116.30, 40.014, 116.31, 40.02),
        name="区a3",
        parent=town.grids["a"],
    )
    return heir


def gap_in_a1(town: Town, edition: Edition) -> None:
    """a1 gives up a strip in the north that nobody takes."""
    put(edition, town, "a1", geometry=box(116.30, 40.00, 116.31, 40.019))
