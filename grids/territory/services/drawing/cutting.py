"""Steps that cut ground: split by a line, cut a dedicated area out, draw on undivided ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import shapely
from django.db import transaction
from django.utils.translation import gettext as _
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from grids.territory.choices import GridKind, StepVerb
from grids.territory.errors import TerritoryError
from grids.territory.geometry.coverage import area_m2
from grids.territory.models import DraftStep, Grid, Tier
from grids.territory.services.drawing import codes, ground
from grids.territory.services.drawing import shapes as plane
from grids.territory.services.drawing.journal import free_codes
from grids.territory.services.drawing.states import State, children, laid_over, touching
from grids.territory.services.drawing.verbs import Pen, clean_name

MOST_PARTS = 50


@transaction.atomic
def split(pen: Pen, grid: int, line: LineString, *, names: Sequence[str] = ()) -> DraftStep:
    """Cut an area along a line. The part with the most households (else m²) keeps the code.

    The other parts get new codes, from west to east and north to south. Areas inside a divided
    one stay whole: each goes to the part that holds most of it, and the cut follows their borders.
    """
    pen.begin()
    state = ground.wanted(pen.edition, [grid])[grid]
    if not line.is_simple:
        raise TerritoryError(_("The line crosses itself; draw it anew without a loop."))
    pieces = plane.split_by(state.geometry, plane.snapped(line, [state.geometry]))
    untouched = len(shapely.get_parts(state.geometry))
    if len(pieces) <= untouched:
        raise TerritoryError(
            _("The line does not cross the area from border to border; carry on both its ends.")
        )
    if len(pieces) > MOST_PARTS:
        raise TerritoryError(
            _("The line cuts the area into more than %(most)s parts; draw a simpler one.")
            % {"most": MOST_PARTS}
        )
    parts = _parts(state.geometry, pieces)
    inner = children(pen.edition, [grid])
    homes: dict[int, int] = {}
    if inner:
        parts, homes = _along_children(parts, inner)
    weights = ground.weights_of(parts)
    order = ground.by_size(parts, weights)
    keeper, heirs = order[0], order[1:]
    row = Grid.objects.select_related("tier").get(pk=grid)
    free_codes(pen.edition)
    new = _new_grids(row, state, [parts[i] for i in heirs])
    owners = {keeper: grid} | {i: fresh.pk for i, fresh in zip(heirs, new, strict=True)}
    households = ground.portions(state.households, weights)
    people = ground.portions(state.population, weights)
    changes: dict[int, State | None] = {}
    for i, owner in owners.items():
        changes[owner] = replace(
            state,
            grid_id=owner,
            geometry=parts[i],
            households=households[i],
            population=people[i],
        )
    for position, fresh in enumerate(new, start=2):
        given = names[position - 2] if position - 2 < len(names) else f"{state.name} {position}"
        english = f"{state.name_en} {position}" if state.name_en else ""
        changes[fresh.pk] = replace(
            changes[fresh.pk], name=clean_name(given[:200]), name_en=english[:200]
        )
    changes |= {
        child: replace(inner[child], parent_id=owners[part])
        for child, part in homes.items()
        if owners[part] != grid
    }
    return pen.write(
        StepVerb.SPLIT, ground.fit_siblings(pen.edition, changes, {**inner, grid: state})
    )


@transaction.atomic
def cut_out(
    pen: Pen,
    polygon: BaseGeometry,
    *,
    name: str,
    name_en: str = "",
    kind: str = GridKind.DEDICATED,
    parent: int | None = None,
    code: str | None = None,
    leftovers_m2: float = 0.0,
) -> DraftStep:
    """Cut a new area out of those it overlaps; they keep the rest of their ground and codes.

    An area of which nothing is left ends. `leftovers_m2`: parts smaller than this that would be
    cut off from their area go along with the new one.
    """
    pen.begin()
    polygon = ground.sound(polygon)
    over = _overlapped(pen, polygon, parent)
    home = next(iter(over.values())).parent_id
    bounds = ground.wanted(pen.edition, [home])[home]
    siblings = children(pen.edition, [home])
    shape = plane.snapped(polygon, [state.geometry for state in siblings.values()])
    olds = {grid: state.geometry for grid, state in over.items()}
    taken = _fresh_faces(shape, bounds.geometry, olds, leftovers_m2)
    parent_row = Grid.objects.select_related("tier").get(pk=home)
    tier = Tier.objects.get(grids=next(iter(over)))
    free_codes(pen.edition)
    new = codes.own(tier, code) if code else codes.allot(parent_row, tier, 1)[0]
    gained: list[int | None] = []
    changes: dict[int, State | None] = {}
    for grid, state in over.items():
        rest = taken.get(grid)
        if rest is None:
            changes[grid] = replace(state, geometry=None)
            gained.append(state.households)
            continue
        gone = state.geometry.difference(rest)
        weights = ground.weights_of([rest, gone])
        kept, given = ground.portions(state.households, weights)
        people = ground.portions(state.population, weights)[0]
        changes[grid] = replace(state, geometry=rest, households=kept, population=people)
        gained.append(given)
    changes[new.pk] = State(
        new.pk,
        taken[0],
        name=clean_name(name),
        name_en=name_en.strip()[:200],
        parent_id=home,
        kind=kind,
        households=ground.total(gained),
    )
    return pen.write(StepVerb.CUT_OUT, ground.fit_siblings(pen.edition, changes, over))


@transaction.atomic
def draw(
    pen: Pen,
    parent: int | None,
    tier: Tier,
    polygon: BaseGeometry,
    *,
    name: str,
    name_en: str = "",
    code: str | None = None,
) -> DraftStep:
    """Draw a new area on ground that has none of this parent yet, clipped to parent and neighbours.

    Strips thinner than a metre that would be left between it and them are filled. Without a
    parent (a street office of its own) the code must be given.
    """
    pen.begin()
    polygon = ground.sound(polygon)
    if parent is None:
        if not code:
            raise TerritoryError(_("An area without a parent needs a code; give one."))
        rows = laid_over(pen.edition).filter(parent__isnull=True, grid__tier=tier)
        near = touching(pen.edition, polygon, rows)
        home = None
    else:
        home = ground.wanted(pen.edition, [parent])[parent].geometry
        near = children(pen.edition, [parent])
        _refuse_other_tier(near, tier)
    shapes = {grid: state.geometry for grid, state in near.items()}
    outline = plane.snapped(polygon, [*shapes.values(), *([home] if home else [])])
    drawn = _free_faces(outline, home, shapes)
    row = Grid.objects.select_related("tier").get(pk=parent) if parent is not None else None
    free_codes(pen.edition)
    new = codes.own(tier, code) if code else codes.allot(row, tier, 1)[0]
    households = int(ground.dwellings_of([drawn])[0])
    state = State(
        new.pk,
        drawn,
        name=clean_name(name),
        name_en=name_en.strip()[:200],
        parent_id=parent,
        households=households or None,
    )
    return pen.write(StepVerb.DRAW, ground.fit_siblings(pen.edition, {new.pk: state}, {}))


def _parts(geometry: MultiPolygon, pieces: list[Polygon]) -> list[MultiPolygon]:
    """Pieces as areas: what the line did not reach stays with the largest piece."""
    whole = {shapely.to_wkb(part) for part in shapely.get_parts(geometry)}
    cut = [piece for piece in pieces if shapely.to_wkb(piece) not in whole]
    rest = [piece for piece in pieces if shapely.to_wkb(piece) in whole]
    if any(plane.thin(piece) for piece in cut):
        raise TerritoryError(
            _("The line runs along the border and leaves a strip; draw it clear of the border.")
        )
    cut.sort(key=lambda piece: -piece.area)
    return [MultiPolygon([cut[0], *rest]), *(MultiPolygon([piece]) for piece in cut[1:])]


def _along_children(
    parts: list[MultiPolygon], inner: dict[int, State]
) -> tuple[list[MultiPolygon], dict[int, int]]:
    """Parts whose borders follow those of the areas inside, and which part each of them is in."""
    homes = {}
    for grid, state in inner.items():
        shared = [state.geometry.intersection(part).area for part in parts]
        homes[grid] = shared.index(max(shared))

    def owner_of(face: BaseGeometry) -> int | None:
        point = face.representative_point()
        for grid, state in inner.items():
            if state.geometry.contains(point):
                return homes[grid]
        return next((i for i, part in enumerate(parts) if part.contains(point)), None)

    lines = [*parts, *(state.geometry for state in inner.values())]
    shaped = plane.divide_faces(lines, owner_of)
    if len(shaped) < len(parts):
        raise TerritoryError(
            _("A part would hold none of the areas inside; draw the line between them.")
        )
    return [shaped[i] for i in range(len(parts))], homes


def _new_grids(row: Grid, state: State, shapes: list[MultiPolygon]) -> list[Grid]:
    if state.parent_id is None:
        return codes.beside(row, len(shapes))
    parent = Grid.objects.select_related("tier").get(pk=state.parent_id)
    return codes.renumber(parent, row.tier, shapes)


def _overlapped(pen: Pen, polygon: BaseGeometry, parent: int | None) -> dict[int, State]:
    """The undivided areas of one parent that the polygon lies over."""
    found = touching(pen.edition, polygon)
    if parent is not None:
        found = {grid: state for grid, state in found.items() if state.parent_id == parent}
    divided = {state.parent_id for state in children(pen.edition, found).values()}
    over = {
        grid: state
        for grid, state in found.items()
        if grid not in divided
        and area_m2(state.geometry.intersection(polygon)) > plane.NO_GROUND_M2
    }
    if not over:
        raise TerritoryError(
            _("There is no area below this outline to cut it out of; draw it as a new one instead.")
        )
    parents = {state.parent_id for state in over.values()}
    if len(parents) > 1:
        raise TerritoryError(
            _(
                "The outline lies over several parents (%(codes)s); cut it out of one, then of the "
                "other."
            )
            % {"codes": ground.codes_of(p for p in parents if p is not None)}
        )
    if None in parents:
        raise TerritoryError(
            _("There is no area below this outline to cut it out of; draw it as a new one instead.")
        )
    return over


def _fresh_faces(
    polygon: BaseGeometry, home: BaseGeometry, over: dict[int, MultiPolygon], leftovers_m2: float
) -> dict[int, MultiPolygon]:
    """The new area's ground under key 0, and what is left of each area below it."""

    def owner_of(face: BaseGeometry) -> int | None:
        point = face.representative_point()
        if polygon.contains(point) and home.contains(point):
            return 0
        return next((grid for grid, shape in over.items() if shape.contains(point)), None)

    shaped = plane.divide_faces([polygon, home, *over.values()], owner_of)
    for grid in [key for key in shaped if key]:
        parts = sorted(shapely.get_parts(shaped[grid]), key=lambda part: -part.area)
        stay = [part for part in parts[:1] if not plane.thin(part)]
        stay += [
            part for part in parts[1:] if not plane.thin(part) and area_m2(part) >= leftovers_m2
        ]
        if len(stay) == len(parts):
            continue
        go = [part for part in parts if part not in stay]
        shaped[0] = plane.dissolve([shaped[0], *go])
        if stay:
            shaped[grid] = MultiPolygon(stay)
        else:
            del shaped[grid]
    return shaped


def _free_faces(
    polygon: BaseGeometry, home: BaseGeometry | None, near: dict[int, MultiPolygon]
) -> MultiPolygon:
    """The polygon's ground that nobody has yet, with strips too thin to be left behind."""
    lines = [polygon, *near.values(), *([home] if home is not None else [])]
    mine, strips = [], []
    for face in plane.faces(lines):
        point = face.representative_point()
        if home is not None and not home.contains(point):
            continue
        if any(shape.contains(point) for shape in near.values()):
            continue
        if polygon.contains(point):
            mine.append(face)
        elif plane.thin(face):
            strips.append(face)
    drawn = plane.dissolve(mine)
    if drawn.is_empty or area_m2(drawn) < plane.NO_GROUND_M2:
        raise TerritoryError(
            _("This ground is taken already; split or cut out the areas that lie there.")
        )
    strips = [strip for strip in strips if plane.shared_length(strip, drawn)]
    return plane.dissolve([drawn, *strips]) if strips else drawn


def _refuse_other_tier(near: dict[int, State], tier: Tier) -> None:
    others = Grid.objects.filter(pk__in=list(near)).exclude(tier=tier)
    if others.exists():
        raise TerritoryError(
            _("This parent is divided into areas of another tier; draw one of that tier.")
        )
