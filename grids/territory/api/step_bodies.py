"""Bodies of drawing steps: read into a deed that a pen can do, or refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from shapely.geometry.base import BaseGeometry

from grids.territory.api.geometry_input import POLYGONS, count_vertices, geometry_of
from grids.territory.choices import GridKind, StepVerb
from grids.territory.models import DraftStep, Tier
from grids.territory.services.drawing import borders, cutting, verbs
from grids.territory.services.drawing.verbs import Pen

Act = Callable[[Pen], DraftStep]
MOST_GRIDS = 10_000
MOST_ID = 2**63 - 1
MOST_HOUSEHOLDS = 2**31 - 1
MOST_LEFTOVERS_M2 = 1e9


class Body:
    """A JSON object whose fields are read one by one."""

    def __init__(self, data: Any) -> None:
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}

    def __contains__(self, name: str) -> bool:
        return self.data.get(name) is not None

    def whole(self, name: str, most: int = MOST_ID, least: int = 1) -> int:
        """A whole number within bounds."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise _refusal(
                _("%(name)s must be a whole number from %(least)s to %(most)s.")
                % {"name": name, "least": least, "most": most}
            )
        return value

    def maybe(self, name: str, most: int = MOST_ID, least: int = 1) -> int | None:
        """The same, or None where it is absent."""
        return self.whole(name, most, least) if name in self else None

    def expect(self) -> int | None:
        """The newest step that the caller has seen."""
        return self.maybe("expect", 2**31 - 1, 0)

    def ids(self, name: str) -> list[int]:
        """A list of grid ids, at least one."""
        values = self.data.get(name)
        if not isinstance(values, list) or not 0 < len(values) <= MOST_GRIDS:
            raise _refusal(_("%(name)s must be a list of grid ids.") % {"name": name})
        return [Body({name: value}).whole(name) for value in values]

    def text(self, name: str, default: str | None = None) -> str:
        """Words; `default` None: they must be there."""
        value = self.data.get(name)
        value = default if value is None else value
        if not isinstance(value, str) or not value.isprintable():
            raise _refusal(_("%(name)s must be one line of text.") % {"name": name})
        return value

    def maybe_text(self, name: str) -> str | None:
        """Words, or None where they are absent."""
        return self.text(name) if name in self else None

    def flag(self, name: str) -> bool:
        """true or false; absent is false."""
        value = self.data.get(name, False)
        if not isinstance(value, bool):
            raise _refusal(_("%(name)s must be true or false.") % {"name": name})
        return value

    def geometry(self, name: str, kinds: tuple[str, ...] = POLYGONS) -> BaseGeometry:
        """A geometry in EPSG:4326."""
        count_vertices(self.data.get(name))
        return geometry_of(self.data.get(name), name, kinds)


def act_of(body: Body) -> tuple[Act, set[int]]:
    """What the body asks for, and the ids of all grids that it names."""
    verb = body.data.get("verb")
    if not isinstance(verb, str) or verb not in _READERS:
        raise _refusal(
            _("verb must be one of: %(verbs)s.") % {"verbs": ", ".join(sorted(_READERS))}
        )
    return _READERS[verb](body)


def _reshape(body: Body) -> tuple[Act, set[int]]:
    areas = body.data.get("areas")
    if not isinstance(areas, dict) or not areas:
        raise _refusal(_("areas must give an outline for each grid id."))
    count_vertices(areas)
    shapes = {}
    for grid, value in areas.items():
        if not (grid.isascii() and grid.isdigit() and 0 < int(grid[:20]) <= MOST_ID):
            raise _refusal(_("areas must give an outline for each grid id."))
        shapes[int(grid)] = geometry_of(value, f"areas.{grid}")
    act = partial(borders.reshape, areas=shapes, with_parents=body.flag("with_parents"))
    return act, set(shapes)


def _split(body: Body) -> tuple[Act, set[int]]:
    names = body.data.get("names") or []
    if not isinstance(names, list):
        raise _refusal(_("%(name)s must be one line of text.") % {"name": "names"})
    grid = body.whole("grid")
    line = body.geometry("line", ("LineString",))
    given = [Body({"names": name}).text("names") for name in names]
    return partial(cutting.split, grid=grid, line=line, names=given), {grid}


def _merge(body: Body) -> tuple[Act, set[int]]:
    grids = body.ids("grids")
    return partial(verbs.merge, grids=grids, name=body.maybe_text("name")), set(grids)


def _cut_out(body: Body) -> tuple[Act, set[int]]:
    parent = body.maybe("parent")
    kind = body.text("kind", GridKind.DEDICATED)
    if kind not in GridKind.values:
        raise _refusal(_("kind must be one of: %(kinds)s.") % {"kinds": ", ".join(GridKind.values)})
    leftovers = body.data.get("leftovers_m2") or 0
    if (
        isinstance(leftovers, bool)
        or not isinstance(leftovers, int | float)
        or not 0 <= leftovers <= MOST_LEFTOVERS_M2
    ):
        raise _refusal(_("leftovers_m2 must be a number of square metres."))
    act = partial(
        cutting.cut_out,
        polygon=body.geometry("polygon"),
        name=body.text("name"),
        name_en=body.text("name_en", ""),
        kind=kind,
        parent=parent,
        code=body.maybe_text("code"),
        leftovers_m2=float(leftovers),
    )
    return act, {parent} if parent else set()


def _draw(body: Body) -> tuple[Act, set[int]]:
    parent = body.maybe("parent")
    tier = Tier.objects.filter(code=body.text("tier")).first()
    if tier is None:
        raise _refusal(_("There is no such tier."))
    act = partial(
        cutting.draw,
        parent=parent,
        tier=tier,
        polygon=body.geometry("polygon"),
        name=body.text("name"),
        name_en=body.text("name_en", ""),
        code=body.maybe_text("code"),
    )
    return act, {parent} if parent else set()


def _rename(body: Body) -> tuple[Act, set[int]]:
    grid = body.whole("grid")
    households: int | str | None = "keep"
    if "households" in body.data:
        households = body.maybe("households", MOST_HOUSEHOLDS, 0)
    act = partial(
        verbs.rename,
        grid=grid,
        name=body.maybe_text("name"),
        name_en=body.maybe_text("name_en"),
        households=households,
    )
    return act, {grid}


def _reparent(body: Body) -> tuple[Act, set[int]]:
    grid, parent = body.whole("grid"), body.whole("parent")
    act = partial(verbs.reparent, grid=grid, parent=parent, recode=body.flag("recode"))
    return act, {grid, parent}


def _remove(body: Body) -> tuple[Act, set[int]]:
    grid, heir = body.whole("grid"), body.maybe("heir")
    return partial(verbs.remove, grid=grid, heir=heir), {grid, *([heir] if heir else [])}


def _confirm(body: Body) -> tuple[Act, set[int]]:
    grids = body.ids("grids")
    return partial(verbs.confirm, grids=grids), set(grids)


def _reset(body: Body) -> tuple[Act, set[int]]:
    grids = body.ids("grids")
    return partial(verbs.reset, grids=grids), set(grids)


def _refusal(sentence: str) -> ValidationError:
    return ValidationError({"detail": sentence})


_READERS: dict[str, Callable[[Body], tuple[Act, set[int]]]] = {
    StepVerb.RESHAPE.value: _reshape,
    StepVerb.SPLIT.value: _split,
    StepVerb.MERGE.value: _merge,
    StepVerb.CUT_OUT.value: _cut_out,
    StepVerb.DRAW.value: _draw,
    StepVerb.RENAME.value: _rename,
    StepVerb.REPARENT.value: _reparent,
    StepVerb.REMOVE.value: _remove,
    StepVerb.CONFIRM.value: _confirm,
    StepVerb.RESET.value: _reset,
}
