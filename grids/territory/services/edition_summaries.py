"""What a list says of each edition: changes, findings by degree, households affected.

A difference of 10,000 grids takes seconds, so its figures are kept in the cache under a
fingerprint of the edition's rows, which changes with every row that is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.cache import cache
from django.db.models import Count

from grids.territory.choices import Degree, degree_of
from grids.territory.models import Edition, Finding
from grids.territory.querysets import edition_fingerprints
from grids.territory.services.difference import Difference, differences

KEPT_S = 6 * 3600  # buildings may be counted anew without the edition being touched


@dataclass(frozen=True)
class Figures:
    """The figures of one difference that are worth keeping."""

    counts: dict[str, int]
    households_affected: int
    residents_affected: int | None
    buildings_affected: int
    estimated: bool


@dataclass(frozen=True)
class Summary:
    """`changes` counts the grids that the edition holds a version or a tombstone of."""

    changes: int
    figures: Figures
    findings: dict[str, int] = field(default_factory=dict)  # by degree, none left out

    @property
    def difference(self) -> dict[str, int]:
        """How many grids are added, moved and so on; kinds without any are left out."""
        return {change: number for change, number in self.figures.counts.items() if number}


def summaries(editions: Sequence[Edition]) -> dict[int, Summary]:
    """Summaries by edition id: a fixed number of queries for any number of editions."""
    if not editions:
        return {}
    prints = edition_fingerprints([edition.pk for edition in editions])
    keys = {
        edition.pk: f"territory.difference.{edition.pk}.{prints.get(edition.pk, (0, ''))[1]}"
        for edition in editions
    }
    kept: dict[str, dict[str, Any]] = cache.get_many(list(keys.values()))
    missing = [edition for edition in editions if keys[edition.pk] not in kept]
    if missing:
        fresh = {keys[pk]: asdict(figures_of(found)) for pk, found in differences(missing).items()}
        cache.set_many(fresh, KEPT_S)
        kept |= fresh
    findings = _findings(editions)
    return {
        edition.pk: Summary(
            changes=prints.get(edition.pk, (0, ""))[0],
            figures=Figures(**kept[keys[edition.pk]]),
            findings=findings[edition.pk],
        )
        for edition in editions
    }


def figures_of(found: Difference) -> Figures:
    """The figures of a difference that is at hand."""
    return Figures(
        counts=found.counts,
        households_affected=found.households_affected,
        residents_affected=found.residents_affected,
        buildings_affected=found.buildings_affected,
        estimated=found.estimated,
    )


def _findings(editions: Sequence[Edition]) -> dict[int, dict[str, int]]:
    found = {edition.pk: {degree.value: 0 for degree in Degree} for edition in editions}
    rows = (
        Finding.objects.filter(edition__in=editions)
        .order_by()
        .values_list("edition_id", "kind")
        .annotate(Count("pk"))
    )
    for edition, kind, number in rows:
        found[edition][degree_of(kind).value] += number
    return found
