"""Simulated households and residents of a building, from its floor area. Not a census."""

from __future__ import annotations

import random

from data.demo import territory_rules as rules

SIMULATED = "simulated"


def levels_of(kind: str, name: str | None, footprint_m2: float, levels: float | None) -> int:
    """Floors: as mapped, else six for flats and dormitories, fewer for small houses."""
    if levels is not None and levels == levels:  # not NaN
        return max(1, round(levels))
    if kind == "dormitory":
        return rules.DORMITORY_LEVELS
    if kind == "residential":
        small = not name and footprint_m2 < rules.LOW_HOUSE_MAX_M2
        return rules.LOW_HOUSE_LEVELS if small else rules.FLATS_LEVELS
    return 1


def households_of(osm_id: int, kind: str, footprint_m2: float, levels: int) -> tuple[int, int]:
    """Simulated households and residents; (0, 0) where nobody lives.

    Flats: a household to 90 m² of gross floor, give or take a tenth by the building's id.
    A dormitory counts one collective household (集体户) to 160 m², of eight to eleven students.
    """
    rng = random.Random(osm_id)
    gross_m2 = footprint_m2 * levels
    if kind in ("residential", "bungalow"):
        count = max(1, round(gross_m2 / rules.FLOOR_M2_PER_HOUSEHOLD * rng.uniform(0.9, 1.1)))
        return count, round(count * rng.uniform(2.2, 2.9))
    if kind == "dormitory":
        count = max(1, round(gross_m2 / rules.FLOOR_M2_PER_COLLECTIVE_HOUSEHOLD))
        return count, round(count * rng.uniform(8.0, 11.0))
    return 0, 0
