"""Moving borders: one line is one line, whichever areas and tiers it bounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

import shapely
from django.db import transaction
from django.utils.translation import gettext as _
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from grids.territory.choices import StepVerb
from grids.territory.errors import TerritoryError
from grids.territory.models import DraftStep, Grid
from grids.territory.services.drawing import ground
from grids.territory.services.drawing import shapes as plane
from grids.territory.services.drawing.states import State, children, drawn, touching
from grids.territory.services.drawing.verbs import Pen

Outlines = dict[int, MultiPolygon]


@transaction.atomic
def reshape(
    pen: Pen, areas: Mapping[int, BaseGeometry], *, with_parents: bool = False
) -> DraftStep:
    """Give areas new outlines: all that share a moved vertex come in one step.

    Vertices less than a centimetre from a neighbour's are moved onto it. Areas inside a reshaped
    one follow its border. `with_parents` moves the whole line: neighbours that were not sent
    yield the ground or take it, and the borders of upper tiers that coincide go along. Without
    it, a gap, an overlap or ground beyond the parent is left for the check to find.
    """
    pen.begin()
    before = ground.wanted(pen.edition, areas)
    after = _snapped_together(pen, before, areas)
    if with_parents:
        yielding = _yielding(pen, before, after)
        before |= {grid: old for grid, (old, _new) in yielding.items()}
        after |= {grid: new for grid, (_old, new) in yielding.items()}
    moved = {grid: replace(before[grid], geometry=shape) for grid, shape in after.items()}
    followers = _followers(pen, before, after)
    if with_parents:
        above = _parents_along(pen, before, after)
        before |= drawn(pen.edition, above)
        moved |= {grid: replace(before[grid], geometry=shape) for grid, shape in above.items()}
    before |= {grid: old for grid, (old, _new) in followers.items()}
    moved |= {grid: replace(old, geometry=new) for grid, (old, new) in followers.items()}
    return pen.write(StepVerb.RESHAPE, ground.fit_siblings(pen.edition, moved, before))


def _snapped_together(
    pen: Pen, before: Mapping[int, State], areas: Mapping[int, BaseGeometry]
) -> Outlines:
    """The wanted outlines, fitted to what lies around them and to each other."""
    sound = {grid: ground.sound(shape, grid) for grid, shape in areas.items()}
    around = touching(pen.edition, shapely.GeometryCollection(list(sound.values())))
    fixed: list[BaseGeometry] = [
        state.geometry for grid, state in around.items() if grid not in before
    ]
    after: Outlines = {}
    for grid, shape in sound.items():
        after[grid] = ground.sound(plane.snapped(shape, fixed), grid)
        fixed.append(after[grid])
    return after


def _yielding(
    pen: Pen, before: Mapping[int, State], after: Outlines
) -> dict[int, tuple[State, MultiPolygon]]:
    """Areas of the same tiers with what the moved line leaves them, sent or not.

    A neighbour may have no vertex where the line was moved, so that nobody could send it along,
    or so that two outlines that were sent do not meet.
    """
    old = plane.dissolve(state.geometry for state in before.values())
    new = plane.dissolve(after.values())
    around = touching(pen.edition, old.union(new))
    tiers = dict(Grid.objects.filter(pk__in={*around, *before}).values_list("pk", "tier_id"))
    found: dict[int, tuple[State, MultiPolygon]] = {}
    for tier in sorted({tiers[grid] for grid in before}):
        states = {grid: state for grid, state in around.items() if tiers[grid] == tier}
        states |= {grid: state for grid, state in before.items() if tiers[grid] == tier}
        sent = {grid: shape for grid, shape in after.items() if tiers[grid] == tier}
        shaped = _settled(states, sent)
        if gone := sorted((states.keys() & _reached(states, sent)) - shaped.keys()):
            raise TerritoryError(_swallowed(gone))
        found |= {
            grid: (states[grid], shape)
            for grid, shape in shaped.items()
            if not shape.equals(sent.get(grid, states[grid].geometry))
        }
    return found


def _reached(states: Mapping[int, State], sent: Outlines) -> set[int]:
    """Areas that the moved line touches, the sent ones among them."""
    old = plane.dissolve(states[grid].geometry for grid in sent)
    reach = shapely.union_all([old, *sent.values()])
    return {
        grid for grid, state in states.items() if state.geometry.distance(reach) <= plane.SNAP_DEG
    }


def _settled(states: Mapping[int, State], sent: Outlines) -> Outlines:
    """Each face of the net to one area: to who was sent with it, else to who had it.

    Of two that claim a face the one keeps it that had it; what nobody claims goes to the area
    with the longest border that did not give it up, or back when it lies between those sent.
    """
    near = {grid: states[grid].geometry for grid in sorted(_reached(states, sent))}
    owned: dict[int, list[BaseGeometry]] = defaultdict(list)
    lost: dict[int, list[BaseGeometry]] = defaultdict(list)
    for face in plane.faces([*near.values(), *sent.values()]):
        point = face.representative_point()
        claims = [grid for grid, shape in sent.items() if shape.contains(point)]
        had = next((grid for grid, shape in near.items() if shape.contains(point)), None)
        if claims:
            owned[had if had in claims else claims[0]].append(face)
        elif had in sent:
            lost[had].append(face)
        elif had is not None:
            owned[had].append(face)
    outlines = {grid: plane.dissolve(parts) for grid, parts in owned.items()}
    everything = plane.dissolve(outlines.values()).buffer(plane.SNAP_DEG)
    for giver, strips in lost.items():
        for strip in shapely.get_parts(plane.dissolve(strips)):
            unsent = {grid: shape for grid, shape in outlines.items() if grid not in sent}
            heir = plane.owner_by_border(strip, unsent)
            if heir is None and giver in outlines and everything.covers(strip.boundary):
                heir = giver
            if heir is not None:
                outlines[heir] = plane.dissolve([outlines[heir], strip])
    return outlines


def _swallowed(grids: Iterable[int]) -> str:
    return _(
        "The border would swallow %(codes)s; move it to another parent or remove it first."
    ) % {"codes": ground.codes_of(grids)}


def _parents_along(pen: Pen, before: Mapping[int, State], after: Outlines) -> Outlines:
    """New outlines of upper tiers whose border coincides with one that was moved."""
    found: Outlines = {}
    old: Outlines = {grid: state.geometry for grid, state in before.items()}
    new: Outlines = dict(after)
    level = dict(before)
    while parents := {s.parent_id for s in level.values() if s.parent_id} - set(after):
        states = drawn(pen.edition, parents)
        kept = children(pen.edition, parents)
        moved: Outlines = {}
        for parent, state in states.items():
            inside = [grid for grid, child in level.items() if child.parent_id == parent]
            others = [
                child.geometry
                for grid, child in kept.items()
                if child.parent_id == parent and grid not in level
            ]
            beyond = [new[grid] for grid in level if grid not in inside]
            outline = _outline_along(
                state.geometry,
                plane.dissolve(old[grid] for grid in inside),
                plane.dissolve(new[grid] for grid in inside),
                others,
                beyond,
            )
            if not outline.equals(state.geometry):
                moved[parent] = outline
        settled = _yielding(pen, {**before, **_only(states, moved)}, {**after, **moved})
        for grid, (state, outline) in settled.items():
            if grid not in before:  # an undivided neighbour of the parents, or one of them
                states[grid], moved[grid] = state, outline
        found |= moved
        level = {parent: states[parent] for parent in moved}
        old = {parent: state.geometry for parent, state in level.items()}
        new = moved
    return found


def _only(states: Mapping[int, State], grids: Iterable[int]) -> dict[int, State]:
    return {grid: states[grid] for grid in grids}


def _outline_along(
    parent: MultiPolygon,
    old: MultiPolygon,
    new: MultiPolygon,
    others: list[BaseGeometry],
    beyond: list[BaseGeometry],
) -> MultiPolygon:
    """A parent's outline after the areas inside it went from `old` to `new`.

    It gains what they gain. It loses what they lose on its own border or to areas of another
    parent; ground lost in its middle stays, for the check to find.
    """

    def owner_of(face: BaseGeometry) -> int | None:
        point = face.representative_point()
        if new.contains(point):
            return 0
        if not parent.contains(point):
            return None
        if not old.contains(point) or any(other.contains(point) for other in others):
            return 0
        given = any(shape.contains(point) for shape in beyond)
        edge = shapely.intersection(face.boundary, parent.boundary.buffer(plane.SNAP_DEG))
        return None if given or edge.length > 8 * plane.SNAP_DEG else 0

    return plane.divide_faces([parent, old, new], owner_of).get(0, parent)


def _followers(
    pen: Pen, before: Mapping[int, State], after: Outlines
) -> dict[int, tuple[State, MultiPolygon]]:
    """Areas below the reshaped ones, tier by tier, with the outlines that they take."""
    found: dict[int, tuple[State, MultiPolygon]] = {}
    old: Outlines = {grid: state.geometry for grid, state in before.items()}
    new = dict(after)
    while inner := children(pen.edition, new):
        loose = {grid: state for grid, state in inner.items() if grid not in after}
        shaped = _followed(old, new, loose, [after[grid] for grid in inner if grid in after])
        if gone := [grid for grid in loose if grid not in shaped]:
            raise TerritoryError(_swallowed(gone))
        level = {
            grid: (state, shaped[grid])
            for grid, state in loose.items()
            if not shaped[grid].equals(state.geometry)
        }
        found |= level
        old = {grid: state.geometry for grid, (state, _new) in level.items()}
        new = {grid: shape for grid, (_state, shape) in level.items()}
    return found


def _followed(
    old: Outlines, new: Outlines, loose: Mapping[int, State], sent: list[BaseGeometry]
) -> Outlines:
    """Outlines of the areas inside, after their parents went from `old` to `new`.

    Ground that a parent gains goes to the area inside it that has the longest border with it;
    `sent` are areas inside whose outlines were given, so that nobody else takes their ground.
    """
    gained: dict[int, list[BaseGeometry]] = defaultdict(list)
    owned: dict[int, list[BaseGeometry]] = defaultdict(list)
    shapes = [state.geometry for state in loose.values()]
    for face in plane.faces([*new.values(), *old.values(), *shapes]):
        point = face.representative_point()
        parent = next((grid for grid, shape in new.items() if shape.contains(point)), None)
        if parent is None:
            continue
        child = next((g for g, s in loose.items() if s.geometry.contains(point)), None)
        if child is not None and loose[child].parent_id == parent:
            owned[child].append(face)
        elif not old[parent].contains(point) and not any(s.contains(point) for s in sent):
            gained[parent].append(face)
    outlines = {grid: plane.dissolve(parts) for grid, parts in owned.items()}
    for parent, strips in gained.items():
        for strip in shapely.get_parts(plane.dissolve(strips)):
            own = {g: s for g, s in outlines.items() if loose[g].parent_id == parent}
            heir = plane.owner_by_border(strip, own)
            if heir is not None:
                outlines[heir] = plane.dissolve([outlines[heir], strip])
    return outlines
