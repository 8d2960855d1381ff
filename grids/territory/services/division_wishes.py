"""What somebody asks of a division by machine, checked, and as a run keeps it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from django.utils.translation import gettext as _

from grids.territory.division import EMPHASES, Wish
from grids.territory.errors import TerritoryError
from grids.territory.services.division_ground import Mix, leaf_tier

MOST_TARGET = 1_000_000
MOST_WEIGHT = 1000
MOST_SEED = 2**31 - 1
MOST_AREAS = 2000
USUAL_TARGET, USUAL_BAND = 200.0, 0.15


@dataclass(frozen=True)
class Asked:
    """The wishes of one run: areas by code, households a grid (`target`) ± `band` (a share), the
    shares of the workload, the weight of today's grids, the emphases (one proposal each), seed."""

    areas: tuple[str, ...] = ()
    target: float = USUAL_TARGET
    band: float = USUAL_BAND
    households: float = 1.0
    cases: float = 0.0
    strength: float = 0.0
    stability: float = 0.0
    emphases: tuple[str, ...] = EMPHASES
    seed: int = 0

    def checked(self) -> Asked:
        """Itself, in plain numbers; refuses what no division can follow, with a sentence."""
        if not 0 < len(self.areas) <= MOST_AREAS:
            raise TerritoryError(_("Name at least one area to divide."))
        if not _within(self.target, 1, MOST_TARGET):
            raise TerritoryError(
                _("The target must be a number of households from 1 to %(most)s.")
                % {"most": MOST_TARGET}
            )
        if not _within(self.band, 0.01, 0.9):
            raise TerritoryError(_("The band must be from 1 % to 90 % of the target."))
        weights = (self.households, self.cases, self.strength, self.stability)
        if not all(_within(weight, 0, MOST_WEIGHT) for weight in weights):
            raise TerritoryError(
                _("Weights must be numbers from 0 to %(most)s.") % {"most": MOST_WEIGHT}
            )
        self.mix.checked()
        if not self.emphases or set(self.emphases) - set(EMPHASES):
            raise TerritoryError(
                _("Choose at least one emphasis of: %(words)s.") % {"words": ", ".join(EMPHASES)}
            )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise TerritoryError(_("The seed must be a whole number."))
        if not 0 <= self.seed <= MOST_SEED:
            raise TerritoryError(
                _("The seed must be a whole number from 0 to %(most)s.") % {"most": MOST_SEED}
            )
        return replace(self, emphases=tuple(e for e in EMPHASES if e in self.emphases))

    @property
    def mix(self) -> Mix:
        return Mix(self.households, self.cases, self.strength)

    @property
    def wish(self) -> Wish:
        """The same for the algorithm."""
        return Wish(
            target=self.target,
            band=self.band,
            seed=self.seed,
            stability=self.stability,
            emphases=self.emphases,
        )

    def as_json(self) -> dict[str, Any]:
        """As a run keeps it."""
        kept = asdict(self)
        return kept | {"areas": list(self.areas), "emphases": list(self.emphases)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Asked:
        """What a run has kept."""
        values = {field.name: kept[field.name] for field in fields(cls) if field.name in kept}
        for name in ("areas", "emphases"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(**values)


def usual_target() -> float:
    """The middle of the band of the lowest tier, else 200."""
    tier = leaf_tier()
    if tier.household_min is None or tier.household_max is None:
        return USUAL_TARGET
    return max(1.0, (tier.household_min + tier.household_max) / 2)


def _within(value: Any, least: float, most: float) -> bool:
    return (
        not isinstance(value, bool)
        and isinstance(value, int | float)
        and math.isfinite(value)
        and least <= value <= most
    )
