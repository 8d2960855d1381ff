"""Codes for new areas: the parent's code and the next number; never one that was ever used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from django.db import connection
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from grids.territory.errors import TerritoryError
from grids.territory.models import Grid, Tier
from grids.territory.services.coverage import is_national

CODES_LOCK = 7_301_004  # advisory lock: one hands out codes at a time


def allot(parent: Grid, tier: Tier, count: int) -> list[Grid]:
    """New grids below `parent`, numbered on from the highest number ever used there.

    Numbers that no draft and no edition has ever used fill in once the highest is reached. Other
    schemes than the national one get the parent's code, a hyphen and a number. Call it within the
    transaction that uses the codes: others wait for it.
    """
    if tier.order <= parent.tier.order:
        raise TerritoryError(
            _("The tier %(tier)s does not lie below %(code)s.")
            % {"tier": tier.label, "code": parent.code}
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CODES_LOCK])
    stem, digits = _scheme(parent, tier)
    taken = _numbers(tier, stem, digits)
    numbers = _free(taken, count, 10**digits - 1 if digits else None, parent.code)
    return Grid.objects.bulk_create(
        [Grid(tier=tier, code=f"{stem}{number:0{digits}d}") for number in numbers]
    )


def renumber(parent: Grid, tier: Tier, shapes: Sequence[BaseGeometry]) -> list[Grid]:
    """New grids for a whole set of shapes, numbered west to east in rows from north to south.

    Answers in the order of `shapes` (EPSG:4326).
    """
    grids = allot(parent, tier, len(shapes))
    answer: list[Grid] = [grids[0]] * len(shapes) if grids else []
    for grid, position in zip(grids, in_order(shapes), strict=True):
        answer[position] = grid
    return answer


def own(tier: Tier, code: str) -> Grid:
    """A new grid with a code that somebody chose; refuses one that was ever used."""
    code = code.strip()
    if not code or len(code) > 40 or not code.isprintable():
        raise TerritoryError(_("Give a code of 1 to 40 characters."))
    if Grid.objects.filter(tier=tier, code=code).exists():
        raise TerritoryError(
            _("The code %(code)s was used already; codes are never used twice.") % {"code": code}
        )
    return Grid.objects.create(tier=tier, code=code)


def beside(grid: Grid, count: int) -> list[Grid]:
    """New grids for parts of an area without a parent: its own code, a hyphen and a number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CODES_LOCK])
    stem = f"{grid.code}-"
    numbers = _free(_numbers(grid.tier, stem, 0), count, None, grid.code)
    return Grid.objects.bulk_create(
        [Grid(tier=grid.tier, code=f"{stem}{number}") for number in numbers]
    )


def in_order(shapes: Sequence[BaseGeometry]) -> list[int]:
    """Positions of the shapes in reading order: rows from the north, each from the west.

    A row is as high as the median shape; areas that do not stand in rows still get one order.
    """
    if not len(shapes):
        return []
    bounds = shapely.bounds(np.array(shapes, dtype=object))
    middle_x, middle_y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    height = float(np.median(bounds[:, 3] - bounds[:, 1])) or 1.0
    rows = np.floor((middle_y.max() - middle_y) / height + 0.5)
    return [int(position) for position in np.lexsort((-middle_y, middle_x, rows))]


def _scheme(parent: Grid, tier: Tier) -> tuple[str, int]:
    """What codes begin with, and how many digits follow (0: any number, after a hyphen)."""
    length = tier.code_length
    if length is not None and is_national(parent.code, parent.tier.code_length):
        digits = length - len(parent.code)
        if digits > 0:
            return parent.code, digits
    return f"{parent.code}-", 0


def _numbers(tier: Tier, stem: str, digits: int) -> set[int]:
    rows = Grid.objects.filter(tier=tier, code__startswith=stem)
    ends = [code[len(stem) :] for code in rows.values_list("code", flat=True)]
    return {
        int(end)
        for end in ends
        if end.isascii() and end.isdigit() and (len(end) == digits or not digits)
    }


def _free(taken: set[int], count: int, most: int | None, code: str) -> list[int]:
    first = max(taken, default=0) + 1
    if most is None or first + count - 1 <= most:
        return list(range(first, first + count))
    free = [number for number in range(1, most + 1) if number not in taken]
    if len(free) < count:
        raise TerritoryError(
            _("All codes below %(code)s are used up (%(most)s); none is ever used twice.")
            % {"code": code, "most": most}
        )
    late = [number for number in free if number >= first]
    early = [number for number in free if number < first]
    return sorted([*late, *early][:count])
