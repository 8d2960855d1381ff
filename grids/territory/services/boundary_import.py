"""Put the areas of a file into a draft edition, with their parents found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import shapely
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from gridmgmt.core import audit
from gridmgmt.core.permissions import Right
from grids.territory.choices import FindingKind, StepVerb
from grids.territory.errors import FindingsRefused, TerritoryError
from grids.territory.geometry.coverage import CoverageFinding
from grids.territory.models import Boundary, DraftStep, Edition, Grid, Tier
from grids.territory.querysets import refresh_statistics
from grids.territory.services.boundary_files import AreaRow
from grids.territory.services.coverage import Node, division, geometries, to_geos
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.states import State, children
from grids.territory.services.editions import lock_draft, open_versions
from grids.territory.services.scope import MayAct, refuse_out_of_reach


@dataclass(frozen=True)
class ImportResult:
    """What an import wrote into its draft."""

    added: int
    altered: int
    unchanged: int
    shortened: int  # padded codes of the statistics bureau, cut to the tier's length


@dataclass(frozen=True)
class _Upper:
    """The nearest tier above that has areas: what can be a parent."""

    by_code: dict[str, Node]
    codes: tuple[str, ...]
    tree: shapely.STRtree
    nodes: tuple[Node, ...]
    shapes: tuple[shapely.Geometry, ...]


@dataclass(frozen=True)
class Plan:
    """What an import would do: the areas with their parents, and what stands there now."""

    areas: tuple[AreaRow, ...]
    parents: tuple[Node | None, ...]
    known: dict[str, Grid]
    current: dict[int, Boundary]
    shortened: int

    def rows(self) -> list[tuple[AreaRow, Node | None, Grid | None]]:
        """Each area, its parent, and the grid that has its code already."""
        return [
            (area, parent, self.known.get(area.code))
            for area, parent in zip(self.areas, self.parents, strict=True)
        ]


def plan_import(
    edition: Edition, areas: Sequence[AreaRow], *, tier: Tier, moment: dt.datetime
) -> Plan:
    """Find the parents. Raises FindingsRefused as `import_areas` does; writes nothing."""
    areas, shortened = _shorten(areas, tier)
    upper = _upper(tier, moment, edition)
    parents = [_parent_of(area, upper) for area in areas]
    _refuse_orphans(areas, parents, upper, tier)
    known = {
        grid.code: grid
        for grid in Grid.objects.filter(tier=tier, code__in=[area.code for area in areas])
    }
    current = open_versions([grid.pk for grid in known.values()])
    _refuse_reused(areas, known, current, edition, tier)
    return Plan(tuple(areas), tuple(parents), known, current, shortened)


@transaction.atomic
def import_drawn(
    edition: Edition,
    areas: Sequence[AreaRow],
    *,
    tier: Tier,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    access: MayAct | None = None,
    replace_siblings: bool = False,
    source: str = "",
    source_crs: str = "",
    confirmed: bool = True,
) -> tuple[DraftStep, ImportResult]:
    """As `import_areas`, in one step of the draft's journal, so that it can be undone.

    `replace_siblings` abolishes areas of the same parents that the file does not hold. With
    `access`, the right to draw must be held over every area that changes (OutOfReach).
    """
    journal.begin(edition)
    plan = plan_import(edition, areas, tier=tier, moment=now)
    new = [area.code for area in plan.areas if area.code not in plan.known]
    Grid.objects.bulk_create([Grid(tier=tier, code=code) for code in new], batch_size=1000)
    codes = [area.code for area in plan.areas]
    grids = {grid.code: grid.pk for grid in Grid.objects.filter(tier=tier, code__in=codes)}
    changes: dict[int, State | None] = {}
    added = altered = 0
    for area, parent, _grid in plan.rows():
        state = State(
            grid_id=grids[area.code],
            geometry=area.geometry,
            name=area.name[:200],
            name_en=area.name_en[:200],
            parent_id=parent.grid_id if parent else None,
            kind=str(area.kind),
            households=area.households,
            population=area.population,
            source=source[:200],
            source_crs=source_crs,
            confirmed=confirmed,
        )
        old = plan.current.get(state.grid_id)
        same = confirmed and _says_nothing_new(state, old)
        changes[state.grid_id] = None if same else state
        added += old is None
        altered += old is not None and not same
    if replace_siblings:
        changes |= _tombstones(edition, plan, tier, set(grids.values()))
    if access is not None:
        refuse_out_of_reach(edition, access, Right.DRAW, moment=now, grid_ids=list(changes))
    step = journal.perform(edition, verb=StepVerb.IMPORT, changes=changes, actor=actor, now=now)
    if access is not None:  # where the new areas hang is known to the draft only now
        refuse_out_of_reach(edition, access, Right.DRAW, moment=now, grid_ids=list(changes))
    refresh_statistics()
    unchanged = len(plan.areas) - added - altered
    return step, ImportResult(added, altered, unchanged, plan.shortened)


def missing_siblings(edition: Edition, plan: Plan, tier: Tier) -> dict[int, State]:
    """Areas that hang under the plan's parents in this tier, and that the plan does not hold."""
    parents = {parent.grid_id for parent in plan.parents if parent is not None}
    held = {grid.pk for grid in plan.known.values()}
    below = children(edition, parents)
    in_tier = set(Grid.objects.filter(tier=tier, pk__in=list(below)).values_list("pk", flat=True))
    return {pk: s for pk, s in below.items() if pk not in held and pk in in_tier}


def _tombstones(
    edition: Edition, plan: Plan, tier: Tier, kept: set[int]
) -> dict[int, State | None]:
    missing = missing_siblings(edition, plan, tier)
    return {pk: replace(state, geometry=None) for pk, state in missing.items() if pk not in kept}


def _says_nothing_new(state: State, old: Boundary | None) -> bool:
    if old is None or old.geometry is None:
        return False
    return (
        state.name,
        state.name_en,
        state.parent_id,
        state.households,
        state.population,
        state.kind,
    ) == (
        old.name,
        old.name_en,
        old.parent_id,
        old.households,
        old.population,
        old.kind,
    ) and to_geos(state.geometry).equals_exact(old.geometry)


@transaction.atomic
def import_areas(
    edition: Edition,
    areas: Sequence[AreaRow],
    *,
    tier: Tier,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    moment: dt.datetime | None = None,
    source: str = "",
    source_crs: str = "",
) -> ImportResult:
    """Write areas of one tier into a draft. Parents come from the parent's code, else from the
    code's prefix, else from containment, in the nearest tier above that has areas at `moment`.

    Raises FindingsRefused with every area whose parent is missing or whose code was used before,
    and TerritoryError when the edition is no draft any more.
    """
    lock_draft(edition)
    plan = plan_import(edition, areas, tier=tier, moment=moment or now)
    areas, parents, known, current = plan.areas, plan.parents, plan.known, plan.current
    Grid.objects.bulk_create(
        [Grid(tier=tier, code=area.code) for area in areas if area.code not in known],
        batch_size=1000,
    )
    grids = {
        grid.code: grid
        for grid in Grid.objects.filter(tier=tier, code__in=[area.code for area in areas])
    }
    wanted = [
        Boundary(
            edition=edition,
            grid=grids[area.code],
            parent_id=parent.grid_id if parent else None,
            name=area.name[:200],
            name_en=area.name_en[:200],
            geometry=to_geos(area.geometry),
            households=area.households,
            population=area.population,
            kind=area.kind,
            source=source[:200],
            source_crs=source_crs,
            replaces=current.get(grids[area.code].pk),
        )
        for area, parent in zip(areas, parents, strict=True)
    ]
    fresh = [boundary for boundary in wanted if not _same(boundary, boundary.replaces)]
    edition.boundaries.filter(grid_id__in=[boundary.grid_id for boundary in wanted]).delete()
    Boundary.objects.bulk_create(fresh, batch_size=500)
    added = sum(boundary.replaces is None for boundary in fresh)
    result = ImportResult(added, len(fresh) - added, len(wanted) - len(fresh), plan.shortened)
    refresh_statistics()
    audit.record(
        actor=actor,
        now=now,
        action="boundaries_imported",
        target=edition,
        data={"tier": tier.code, "added": added, "altered": result.altered},
    )
    return result


def _shorten(areas: Sequence[AreaRow], tier: Tier) -> tuple[list[AreaRow], int]:
    """Codes padded with zeros to 12 digits (110108014000) become the tier's own (110108014)."""
    length = tier.code_length
    if length is None or not areas:
        return list(areas), 0
    padded = all(
        area.code.isascii()
        and area.code.isdigit()
        and len(area.code) == 12 > length
        and set(area.code[length:]) == {"0"}
        for area in areas
    )
    if not padded:
        return list(areas), 0
    return [replace(area, code=area.code[:length]) for area in areas], len(areas)


def _upper(tier: Tier, moment: dt.datetime, edition: Edition) -> _Upper | None:
    above = [n for n in division(moment, edition).values() if n.tier_order < tier.order]
    if not above:
        return None
    deepest = max(node.tier_order for node in above)
    nodes = tuple(sorted((n for n in above if n.tier_order == deepest), key=lambda node: node.code))
    shapes = geometries(node.boundary_id for node in nodes)
    ordered = tuple(shapes[node.boundary_id] for node in nodes)
    return _Upper(
        by_code={node.code: node for node in nodes},
        codes=tuple(sorted((node.code for node in nodes), key=len, reverse=True)),
        tree=shapely.STRtree(ordered),
        nodes=nodes,
        shapes=ordered,
    )


def _parent_of(area: AreaRow, upper: _Upper | None) -> Node | None:
    if upper is None:
        return None
    if area.parent_code is not None:
        return upper.by_code.get(area.parent_code) or _padded_parent(area.parent_code, upper)
    for code in upper.codes:
        if area.code != code and area.code.startswith(code):
            return upper.by_code[code]
    found = upper.tree.query(area.geometry.representative_point(), predicate="intersects")
    if not len(found):
        return None
    best = max(
        sorted(int(i) for i in found),
        key=lambda i: shapely.intersection(upper.shapes[i], area.geometry).area,
    )
    return upper.nodes[best]


def _padded_parent(code: str, upper: _Upper) -> Node | None:
    """A parent named by its padded code (110108014000 for 110108014)."""
    if len(code) != 12 or not code.endswith("000"):
        return None
    return upper.by_code.get(code[:9]) or upper.by_code.get(code[:6])


def _refuse_orphans(
    areas: Sequence[AreaRow], parents: Sequence[Node | None], upper: _Upper | None, tier: Tier
) -> None:
    orphans = [
        area
        for area, parent in zip(areas, parents, strict=True)
        if parent is None and (upper is not None or area.parent_code)
    ]
    if not orphans:
        return
    findings = [
        CoverageFinding(
            FindingKind.MISSING_PARENT.value,
            (area.code,),
            area.geometry,
            None,
            f"name-parent:{area.code}",
            tier.code,
        )
        for area in orphans
    ]
    if upper is None:
        message = _(
            "The areas name a parent, but no tier above %(tier)s has any area. Import that tier "
            "first, or leave --parent out."
        ) % {"tier": tier.code}
    else:
        message = _(
            "No parent was found for %(number)s areas, the first %(codes)s. Import the tier above "
            "first, or check the column of --parent and the coordinate system."
        ) % {
            "number": len(orphans),
            "codes": ", ".join(
                f"{area.code} → {area.parent_code}" if area.parent_code else area.code
                for area in orphans[:5]
            ),
        }
    raise FindingsRefused(message, findings)


def _refuse_reused(
    areas: Sequence[AreaRow],
    known: dict[str, Grid],
    current: dict[int, Boundary],
    edition: Edition,
    tier: Tier,
) -> None:
    """A code whose area was abolished is never used again."""
    ended = [grid.pk for grid in known.values() if grid.pk not in current]
    once_valid = set(
        Boundary.objects.filter(grid_id__in=ended, valid__isnull=False)
        .exclude(edition=edition)
        .values_list("grid__code", flat=True)
    )
    reused = [area.code for area in areas if area.code in once_valid]
    if reused:
        raise FindingsRefused(
            _("Codes of abolished areas are never used again: %(codes)s.")
            % {"codes": ", ".join(reused[:10])},
            [
                CoverageFinding(
                    FindingKind.DOUBLED_CODE.value,
                    (code,),
                    repair=f"new-code:{code}",
                    tier=tier.code,
                )
                for code in reused
            ],
        )


def _same(new: Boundary, old: Boundary | None) -> bool:
    """Whether a file's area says nothing new, so that a second import changes nothing."""
    if old is None or old.geometry is None:
        return False
    return (new.name, new.name_en, new.parent_id, new.households, new.population, new.kind) == (
        old.name,
        old.name_en,
        old.parent_id,
        old.households,
        old.population,
        old.kind,
    ) and new.geometry.equals_exact(old.geometry)


def find_tier(code: str) -> Tier:
    """The tier with this code, or a refusal that names those there are."""
    try:
        return Tier.objects.get(code=code)
    except Tier.DoesNotExist:
        raise TerritoryError(
            _("There is no tier %(code)s. The tiers: %(tiers)s.")
            % {"code": code, "tiers": ", ".join(Tier.objects.values_list("code", flat=True))}
        ) from None
