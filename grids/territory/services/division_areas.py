"""The areas that can be divided in a draft, and which of them somebody may divide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gridmgmt.core.permissions import Right
from grids.territory.errors import OutOfReach, TerritoryError
from grids.territory.models import DivisionRun, Edition
from grids.territory.services.division_ground import leaf_tier
from grids.territory.services.drawing.states import laid_over
from grids.territory.services.scope import MayAct, paths_in


@dataclass(frozen=True)
class DivisibleArea:
    """An area above the grids. `parts` are the ids of what is divided when it is chosen: itself,
    or the lowest areas above the grids below it. `households` is None where nobody has said."""

    grid_id: int
    code: str
    label: str
    tier_label: str
    parent_id: int | None
    path: tuple[int, ...]
    grids: int
    households: int | None
    parts: tuple[int, ...]

    @property
    def divides_itself(self) -> bool:
        return self.parts == (self.grid_id,)


def divisible(edition: Edition) -> list[DivisibleArea]:
    """All areas above the grids as the draft has them, each followed by those below it."""
    lowest = leaf_tier()
    english = (get_language() or "").startswith("en")
    rows = {
        row["grid_id"]: row
        for row in laid_over(edition).values(
            "grid_id", "name", "name_en", "parent_id", "households", "grid__code",
            "grid__tier__order", "grid__tier__name", "grid__tier__name_en",
        )
    }  # fmt: skip
    paths = paths_in({pk: row["parent_id"] for pk, row in rows.items()}, rows)
    upper = {pk for pk, row in rows.items() if row["grid__tier__order"] < lowest.order}
    divided = {rows[pk]["parent_id"] for pk in upper}
    parts: dict[int, list[int]] = {pk: [] for pk in upper}
    grids: dict[int, int] = dict.fromkeys(upper, 0)
    people: dict[int, list[int]] = {pk: [] for pk in upper}
    for pk, path in paths.items():
        for above in upper.intersection(path):
            if pk in upper and pk not in divided:
                parts[above].append(pk)
            elif pk not in upper:
                grids[above] += 1
                if rows[pk]["households"] is not None:
                    people[above].append(rows[pk]["households"])

    def area(pk: int) -> DivisibleArea:
        row = rows[pk]
        tier = row["grid__tier__name_en"] if english else row["grid__tier__name"]
        return DivisibleArea(
            grid_id=pk,
            code=row["grid__code"],
            label=(row["name_en"] if english else "") or row["name"] or row["grid__code"],
            tier_label=tier or row["grid__tier__name"],
            parent_id=row["parent_id"],
            path=tuple(paths[pk]),
            grids=grids[pk],
            households=sum(people[pk]) if people[pk] else row["households"],
            parts=tuple(parts[pk]),
        )

    order = sorted(upper, key=lambda pk: [rows[above]["grid__code"] for above in paths[pk]])
    return [area(pk) for pk in order]


def within_reach(areas: Iterable[DivisibleArea], access: MayAct) -> list[DivisibleArea]:
    """Those of which the reader may redraw every part."""
    found = list(areas)
    own = {a.grid_id for a in found if a.divides_itself and access.may(Right.DRAW, a.path)}
    return [area for area in found if area.parts and own.issuperset(area.parts)]


def chosen(
    areas: Sequence[DivisibleArea], codes: Sequence[str], access: MayAct | None
) -> list[DivisibleArea]:
    """The areas with these codes; refuses unknown ones, and those out of the reader's reach."""
    if not codes:
        raise TerritoryError(_("Name at least one area to divide."))
    known: dict[str, DivisibleArea] = {}
    for area in areas:
        known.setdefault(area.code, area)
    if unknown := sorted(set(codes) - known.keys()):
        raise TerritoryError(
            _("No area above the grids has the code %(codes)s in this draft.")
            % {"codes": ", ".join(unknown[:10])}
        )
    wanted = [known[code] for code in dict.fromkeys(codes)]
    if access is not None:
        mine = {area.grid_id for area in within_reach(areas, access)}
        if beyond := [area.code for area in wanted if area.grid_id not in mine]:
            raise OutOfReach(
                _("Outside of the area that your posts cover: %(codes)s.")
                % {"codes": ", ".join(beyond[:10])}
            )
    # A street stands for its communities; those ticked with it say nothing more.
    picked = {area.grid_id for area in wanted}
    return [area for area in wanted if picked.isdisjoint(area.path[:-1])]


def runs_within_reach(
    edition: Edition, runs: Sequence[DivisionRun], access: MayAct
) -> list[DivisionRun]:
    """Those runs of the draft all of whose areas the reader may redraw."""
    if access.may(Right.DRAW, ()):
        return list(runs)
    mine = {area.code for area in within_reach(divisible(edition), access)}
    return [run for run in runs if mine.issuperset(run.parameters["areas"])]


def refuse_run(run: DivisionRun, access: MayAct) -> None:
    """Raise OutOfReach when the reader may not redraw all areas of a run."""
    if run.edition is None or not runs_within_reach(run.edition, [run], access):
        raise OutOfReach(_("This division concerns areas that your posts do not cover."))
