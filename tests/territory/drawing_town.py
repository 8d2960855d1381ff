"""What tests of drawing share: a pen, and the law of coverage asked of a draft."""

from __future__ import annotations

import shapely
from django.utils import timezone
from shapely.geometry import LineString, Polygon

from grids.territory.choices import Degree, degree_of
from grids.territory.models import DraftStep, Edition
from grids.territory.services import coverage, editions
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.states import State, drawn
from grids.territory.services.drawing.verbs import Pen

M2_A_DEGREE = 9.5e9  # roughly, at 40° north: enough to compare ground with a square metre


def draft(name: str = "redraw") -> Edition:
    """A new draft on the town."""
    return editions.draft(name, actor=None, now=timezone.now())


def pen(edition: Edition, expect: int | None = None) -> Pen:
    """Somebody who draws now."""
    return Pen(edition, None, timezone.now(), expect)


def undo(edition: Edition) -> DraftStep:
    """Take the newest step back."""
    return journal.undo(edition, actor=None, now=timezone.now())


def redo(edition: Edition) -> DraftStep:
    """Do it again."""
    return journal.redo(edition, actor=None, now=timezone.now())


def box(west: float, south: float, east: float, north: float) -> Polygon:
    """A rectangle in degrees."""
    return shapely.box(west, south, east, north)


def line(*points: tuple[float, float]) -> LineString:
    """A line through points in degrees."""
    return LineString(points)


def faults(edition: Edition) -> list[tuple[str, tuple[str, ...]]]:
    """What breaks the law or the structure anywhere in the division as the draft has it."""
    report = coverage.examine(timezone.now(), edition, whole=True)
    return [(f.kind, f.codes) for f in report.findings if degree_of(f.kind) != Degree.ADVICE]


def state(edition: Edition, grid: int) -> State:
    """One area as the draft has it."""
    return drawn(edition, [grid])[grid]


def ground_of(edition: Edition, parent: int) -> float:
    """Square degrees of all areas directly below."""
    return sum(s.geometry.area for s in drawn(edition).values() if s.parent_id == parent)


def unmatched(edition: Edition, parent: int) -> bool:
    """Whether neighbours below the parent fail to use the very same vertices."""
    shapes = [s.geometry for s in drawn(edition).values() if s.parent_id == parent]
    return not shapely.coverage_is_valid(shapes)
