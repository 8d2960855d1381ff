"""Repairs of a draft's findings: proposed, shown beforehand, done as one step of drawing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from grids.territory.choices import FindingKind, StepVerb
from grids.territory.errors import TerritoryError
from grids.territory.geometry import repair
from grids.territory.geometry.arrangement import Fault
from grids.territory.geometry.coverage import CoverageFinding, is_sliver
from grids.territory.models import DraftStep, Edition, Finding, Grid
from grids.territory.services import coverage
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.states import State, laid_over, states_of

# Faults of ground, and of those who stand on it: mended by mending the ground.
GROUND = frozenset(
    {
        FindingKind.GAP,
        FindingKind.OVERLAP,
        FindingKind.SLIVER,
        FindingKind.OUTSIDE_PARENT,
        FindingKind.BUILDING_UNCOVERED,
        FindingKind.BUILDING_DOUBLED,
        FindingKind.ROAD_UNCOVERED,
        FindingKind.PLACE_UNCOVERED,
    }
)
# What can be mended without a person's judgement, in the order in which it is done.
REPAIRABLE = GROUND | {FindingKind.INVALID_RING}


class Unrepairable(TerritoryError):  # noqa: N818 - says what it is
    """No repair can be made of this by machine; the sentence says why and what to do."""


@dataclass
class RepairedAll:
    """What `repair_all` did: the step (None: nothing to do), how many findings went, what stays."""

    step: DraftStep | None
    repaired: list[CoverageFinding] = field(default_factory=list)
    left: list[CoverageFinding] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


class DraftDivision:
    """The division as a draft has it, read piece by piece, each piece once."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.states: dict[int, State] = {}
        self.grids: dict[int, tuple[str, int]] = {}
        self.below: dict[int, list[int]] = {}

    def state(self, grid: int) -> State:
        """What the draft has of this grid; refused when it has none."""
        if grid not in self.states:
            self._read(Q(grid_id=grid))
        if grid not in self.states:
            raise Unrepairable(_("This area is not in the draft any more."))
        return self.states[grid]

    def shape(self, grid: int) -> BaseGeometry | None:
        """The outline of a grid (EPSG:4326)."""
        return self.state(grid).geometry

    def children(self, grid: int) -> list[int]:
        """The grids directly below."""
        if grid not in self.below:
            self.below[grid] = self._read(Q(parent_id=grid))
        return self.below[grid]

    def code(self, grid: int) -> str:
        """The grid's code."""
        return self._grid(grid)[0]

    def depth(self, grid: int) -> int:
        """The order of the grid's tier."""
        return self._grid(grid)[1]

    def whole(self) -> None:
        """Read everything at once, for repairs in many places."""
        self._read(Q())
        self.below = {grid: [] for grid in self.states}
        for grid, state in self.states.items():
            if state.parent_id is not None:
                self.below.setdefault(state.parent_id, []).append(grid)

    def _read(self, which: Q) -> list[int]:
        found = states_of(laid_over(self.edition).filter(which))
        self.states |= found
        rows = Grid.objects.filter(pk__in=found).values_list("pk", "code", "tier__order")
        self.grids |= {grid: (code, order) for grid, code, order in rows}
        return list(found)

    def _grid(self, grid: int) -> tuple[str, int]:
        if grid not in self.grids:
            self.state(grid)
        return self.grids[grid]


def is_repairable(kind: str, proposed: str) -> bool:
    """Whether a finding of this kind with this proposed repair can be mended in one click."""
    verb = proposed.partition(":")[0]
    return kind in GROUND or verb in {"mend", "fill", "pass", "whole", "confirm"}


def propose(finding: Finding) -> dict[int, State]:
    """What each area would be after the repair of this finding; nothing is written.

    Raises Unrepairable when only a person can decide, or when the fault is gone.
    """
    division = DraftDivision(finding.edition)
    verb, _colon, code = finding.repair.partition(":")
    if verb == "confirm" and finding.area_id:
        return {finding.area_id: replace(division.state(finding.area_id), confirmed=True)}
    work = repair.Repair(division)
    try:
        _work_out(work, finding, verb, code)
    except repair.NoRepair as refusal:
        raise Unrepairable(_reason(refusal, division)) from refusal
    changes = _changes(division, work)
    if not changes:
        raise Unrepairable(_GONE())
    return changes


@dataclass(frozen=True)
class Preview:
    """The areas that a repair changes, before and after it."""

    before: dict[int, State]
    after: dict[int, State]


def preview(finding: Finding) -> Preview:
    """The areas that the repair would change; nothing is written."""
    after = propose(finding)
    division = DraftDivision(finding.edition)
    return Preview({grid: division.state(grid) for grid in after}, after)


@transaction.atomic
def apply(
    finding: Finding,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    expect: int | None = None,
) -> DraftStep:
    """Repair one finding as one step of the draft, which can be undone as any other.

    Raises Unrepairable, or as journal.perform does.
    """
    journal.begin(finding.edition, expect=expect)
    return journal.perform(
        finding.edition, verb=StepVerb.REPAIR, changes=propose(finding), actor=actor, now=now
    )


@transaction.atomic
def repair_all(
    edition: Edition,
    kinds: Collection[str] | None = None,
    *,
    actor: AbstractBaseUser | None,
    now: dt.datetime,
    expect: int | None = None,
    within: Callable[[int], bool] | None = None,
) -> RepairedAll:
    """Check the whole division as the draft has it, and repair it from the top tier down.

    `kinds` limits what is repaired (default: all that needs nobody's judgement), `within` the
    divided areas by their grid's id. All becomes one step. Where one area's repair is refused, the
    others are repaired all the same; `reasons` says why.
    """
    journal.begin(edition, expect=expect)
    kinds = REPAIRABLE if kinds is None else REPAIRABLE & set(kinds)
    report = coverage.check_draft(edition, now=now)
    asked = [
        finding
        for finding in report.findings
        if finding.kind in kinds
        and finding.area is not None
        and (within is None or within(finding.area))
    ]
    result = RepairedAll(None)
    if not asked:
        result.left = report.findings
        return result
    division = DraftDivision(edition)
    division.whole()
    changes = _mend_all(division, asked, result.reasons)
    if changes:
        result.step = journal.perform(
            edition, verb=StepVerb.REPAIR, changes=changes, actor=actor, now=now
        )
        result.left = coverage.check_draft(edition, now=now).findings
    else:
        result.left = report.findings
    still = {_key(finding) for finding in result.left}
    result.repaired = [finding for finding in asked if _key(finding) not in still]
    return result


def _work_out(work: repair.Repair, finding: Finding, verb: str, code: str) -> None:
    ground = coverage.from_geos(finding.geometry)
    if finding.kind in GROUND and finding.area_id and ground is not None:
        work.areas({finding.area_id: repair.on_ground(ground)})
    elif verb == "mend" and finding.area_id:
        work.ring(finding.area_id, work.division.state(finding.area_id).parent_id)
        work.below([finding.area_id])
    elif verb == "fill" and finding.area_id and ground is not None:
        work.fill(finding.area_id, ground)
    elif verb in {"pass", "whole"} and finding.area_id and ground is not None:
        parent = work.division.state(finding.area_id).parent_id
        if parent is None:
            raise repair.NoRepair(repair.GONE)
        members = {work.division.code(grid): grid for grid in work.division.children(parent)}
        if code not in members:
            raise repair.NoRepair(repair.GONE)
        work.hand_over(parent, ground, members[code])
    else:
        raise Unrepairable(
            _("This needs a person: %(what)s") % {"what": finding.repair_text or _("look at it.")}
        )


def _mend_all(
    division: DraftDivision, findings: Iterable[CoverageFinding], reasons: list[str]
) -> dict[int, State]:
    """All changes together. Area by area, so that one refusal does not hinder the others."""
    work = repair.Repair(division)
    grounds: dict[int, list[CoverageFinding]] = {}
    rings = []
    for finding in findings:
        if finding.area is None:
            continue
        if finding.kind == FindingKind.INVALID_RING:
            rings.append(finding.area)
        else:
            grounds.setdefault(finding.area, []).append(finding)
    for grid in sorted(rings, key=division.depth):
        parent = division.state(grid).parent_id
        _attempt(work, division, reasons, lambda w, g=grid, p=parent: w.ring(g, p))
        if parent is not None and parent in grounds:
            grounds[parent].append(CoverageFinding("", ()))  # the faults there have changed
    for area in sorted(grounds, key=lambda grid: (division.depth(grid), division.code(grid))):
        wanted = _wanted(grounds[area])
        _attempt(work, division, reasons, lambda w, a=area, f=wanted: w.areas({a: f}))
    return _changes(division, work)


def _attempt(
    work: repair.Repair,
    division: DraftDivision,
    reasons: list[str],
    act: Callable[[repair.Repair], None],
) -> None:
    """Do it on a copy, and take that over only when it was not refused."""
    trial = repair.Repair(division, dict(work.shapes))
    for grid, grounds in work.moved.items():
        trial.moved[grid] = list(grounds)
    try:
        act(trial)
    except repair.NoRepair as refusal:
        reasons.append(_reason(refusal, division))
    else:
        work.shapes, work.moved = trial.shapes, trial.moved


def _wanted(findings: list[CoverageFinding]) -> Callable[[Fault], bool]:
    """Faults of the ground of these findings; all when a ring was untangled meanwhile."""
    kinds = {finding.kind for finding in findings}
    tests = [repair.on_ground(f.geometry) for f in findings if f.geometry is not None]

    def wanted(fault: Fault) -> bool:
        kind = FindingKind.SLIVER if is_sliver(fault) else fault.nature
        return ("" in kinds and kind in kinds) or any(test(fault) for test in tests)

    return wanted


def _changes(division: DraftDivision, work: repair.Repair) -> dict[int, State]:
    changes = {}
    for grid, shape in work.shapes.items():
        state = division.state(grid)
        if state.geometry is None or not shape.normalize().equals_exact(
            state.geometry.normalize(), 0.0
        ):
            changes[grid] = replace(state, geometry=shape)
    return changes


def _key(finding: CoverageFinding) -> tuple[str, tuple[str, ...], int | None, str]:
    ground = finding.geometry
    return (finding.kind, finding.codes, finding.area, "" if ground is None else ground.wkt)


def _reason(refusal: repair.NoRepair, division: DraftDivision) -> str:
    code = division.code(refusal.grid) if refusal.grid is not None else "—"
    return {repair.GONE: _GONE, **_REASONS}[refusal.reason]() % {"code": code}


def _GONE() -> str:  # noqa: N802 - stands for a sentence
    return _("This fault is gone. Check the draft again.")


_REASONS: dict[str, Callable[[], str]] = {
    repair.NO_GROUND: lambda: _(
        "The repair would leave %(code)s without any ground. Remove that area, or move the border "
        "by hand."
    ),
    repair.NEW_FAULTS: lambda: _(
        "The repair at %(code)s would make new gaps or overlaps. Move the border by hand."
    ),
    repair.TANGLED: lambda: _(
        "The outline of %(code)s cannot be used as it is. Redraw it, then repair what lies below."
    ),
}
