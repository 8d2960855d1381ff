"""The division of past and coming moments: which edition changed what, and the areas of each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from grids.people.access import Access
from grids.territory.choices import EditionStatus
from grids.territory.models import Boundary, Edition, Lineage
from grids.territory.services.outlines import feature_collection
from maps.services.scope import visible_boundaries

MOST_LINES = 40  # of a family tree shown at once; the difference page has all


@dataclass
class Moment:
    """One edition that took effect or will, with what it did."""

    edition: Edition
    at: datetime
    coming: bool
    added: int = 0
    changed: int = 0
    removed: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)


def published() -> QuerySet[Edition]:
    """Editions that took effect or will, the oldest first."""
    return Edition.objects.filter(
        status=EditionStatus.PUBLISHED, effective_at__isnull=False
    ).order_by("effective_at", "pk")


def moments(*, now: datetime) -> list[Moment]:
    """The moments of the slider, the oldest first, in three queries.

    Figures and codes are those of the whole edition: published areas are no secret.
    """
    found = [
        Moment(edition, edition.effective_at, coming=edition.effective_at > now)
        for edition in published().select_related("published_by")
    ]
    by_edition = {moment.edition.pk: moment for moment in found}
    rows = (
        Boundary.objects.filter(edition__in=list(by_edition))
        .annotate(gone=Q(geometry__isnull=True))
        .values_list("edition_id", "gone", "replaces_id")
    )
    for edition, gone, replaces in rows:
        moment = by_edition[edition]
        if gone:
            moment.removed += 1
        elif replaces is None:
            moment.added += 1
        else:
            moment.changed += 1
    for edition, lines in _families(list(by_edition)).items():
        by_edition[edition].lines = lines[:MOST_LINES]
    return found


def _families(editions: list[int]) -> dict[int, list[dict[str, Any]]]:
    """What each edition made of which grid: origin, and its heirs with their shares."""
    trees: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    rows = (
        Lineage.objects.filter(edition__in=editions)
        .order_by("edition_id", "origin__code", "-area_share")
        .values_list("edition_id", "origin__code", "heir__code", "area_share", "household_share")
    )
    for edition, origin, heir, area, households in rows:
        trees[edition, origin].append({"code": heir, "area": area, "households": households})
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for (edition, origin), heirs in trees.items():
        found[edition].append({"origin": origin, "heirs": heirs})
    return found


def division_at(edition: Edition, access: Access, *, zoom: int | None) -> dict[str, Any]:
    """The areas in force when the edition took effect (EPSG:4326); `changed` marks its own."""
    boundaries = visible_boundaries(access, edition.effective_at)
    collection = feature_collection(boundaries.select_related("grid__tier", "parent"), zoom)
    own = set(edition.boundaries.values_list("grid_id", flat=True))
    for feature in collection["features"]:
        feature["properties"]["changed"] = feature["id"] in own
    return collection
