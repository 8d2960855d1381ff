"""Runs and proposals as readers see them: how far, how good, and what is where."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from gridmgmt.core import health
from grids.territory.choices import RunStatus
from grids.territory.models import DivisionProposal, DivisionRun, Grid
from grids.territory.services.division_runs import asked_of
from grids.territory.services.division_work import READ_SHARE, STORE_SHARE
from grids.territory.services.division_writing import emphasis_label, note_sentence
from grids.territory.services.drawing.states import children

PATIENCE = dt.timedelta(seconds=20)  # then it is asked whether there is a worker at all
DIGITS = 6  # of a degree on a map: a decimetre
OVERVIEW = 1200  # an overview is simplified to its width divided by this
SAME_SHARE = 0.002  # an outline that differs by less of its ground is the same
APART = {"oversized_building", "dedicated_area"}


@dataclass(frozen=True)
class Measure:
    """One row of the comparison: a score, how it is written, and which end is good (0: neither)."""

    key: str
    label: Promise
    hint: Promise | str
    write: Callable[[float], str]
    good: int


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _number(value: float) -> str:
    return f"{value:.0f}"


def _three(value: float) -> str:
    return f"{value:.3f}"


MEASURES = (
    Measure("grids", pgettext_lazy("count", "Grids"), "", _number, 0),
    Measure(
        "within_band",
        gettext_lazy("Within the band"),
        gettext_lazy("Share of the grids whose workload is on target ± band."),
        _percent,
        1,
    ),
    Measure(
        "far_beyond",
        gettext_lazy("Far beyond the band"),
        gettext_lazy("Grids off by more than twice the band."),
        _number,
        -1,
    ),
    Measure(
        "variation",
        gettext_lazy("Variation"),
        gettext_lazy("How much the workload differs from grid to grid; 0: not at all."),
        _three,
        -1,
    ),
    Measure(
        "compactness",
        gettext_lazy("Compactness"),
        gettext_lazy("1 would be circles; squares reach 0.785."),
        _three,
        1,
    ),
    Measure(
        "along_barriers",
        gettext_lazy("Along roads and water"),
        gettext_lazy("Share of the length of the borders between grids."),
        _percent,
        1,
    ),
    Measure(
        "buildings_cut",
        gettext_lazy("Buildings cut"),
        gettext_lazy("Buildings that a border runs through."),
        _number,
        -1,
    ),
    Measure(
        "households_changed",
        gettext_lazy("Households that change their grid"),
        gettext_lazy("Against the draft as it is today."),
        _percent,
        -1,
    ),
)


@dataclass(frozen=True)
class Row:
    """One line of the comparison; `cells` are (text, is the best)."""

    label: str
    hint: str
    cells: list[tuple[str, bool]] = field(default_factory=list)


def comparison(proposals: Sequence[DivisionProposal], grids: dict[int, list[Any]]) -> list[Row]:
    """The scores side by side, then how many grids carry each note. `grids`: rows by proposal."""
    rows = []
    for measure in MEASURES:
        values = [float(proposal.scores.get(measure.key, 0)) for proposal in proposals]
        texts = [measure.write(value) for value in values]
        best = _best(texts, values, measure.good)
        rows.append(Row(str(measure.label), str(measure.hint), list(zip(texts, best, strict=True))))
    new = [sum(not grid.keeps for grid in grids.get(p.pk, [])) for p in proposals]
    rows.append(
        Row(
            _("New codes"),
            _("The other grids continue one of today and keep its code."),
            [(str(number), False) for number in new],
        )
    )
    noted = [Counter(n for grid in grids.get(p.pk, []) for n in grid.notes) for p in proposals]
    for note in sorted({note for counts in noted for note in counts}):
        cells = [(str(counts[note]), False) for counts in noted]
        rows.append(Row(note_sentence(note), _("Number of such grids."), cells))
    return rows


def _best(texts: Sequence[str], values: Sequence[float], good: int) -> list[bool]:
    """Whose value is the best as it is written; nobody's when all are alike."""
    if not good or len(set(texts)) < 2:
        return [False] * len(texts)
    top = texts[int(np.argmax(np.array(values) * good))]
    return [text == top for text in texts]


def phase(run: DivisionRun, now: dt.datetime) -> str:
    """How far a run is, as a sentence."""
    if run.status == RunStatus.WAITING:
        others = DivisionRun.objects.filter(status=RunStatus.RUNNING)
        if others.exists():
            return _("Waiting: another division is being worked on.")
        if now - run.created_at > PATIENCE and not _worker_lives(now):
            return _(
                "Waiting: no worker answers at the moment. The division starts by itself as soon "
                "as one is back; you can leave this page."
            )
        return _("Waiting for a worker.")
    if run.status == RunStatus.RUNNING:
        if run.cancel_asked:
            return _("Stopping …")
        if run.progress < READ_SHARE:
            return _("Reading buildings, roads and water.")
        if run.progress < STORE_SHARE:
            return _("Dividing, and improving the division.")
        return _("Storing the proposals.")
    if run.status == RunStatus.FAILED:
        return run.message
    if run.status == RunStatus.CANCELLED:
        return _("The run was cancelled. Nothing was changed.")
    return _("Done.")


def _worker_lives(now: dt.datetime) -> bool:
    return any(check.code == "worker" and check.ok for check in health.check_all(now))


def absent_parts(run: DivisionRun) -> list[str]:
    """Sentences about wished parts of the workload of which there is nothing on this ground."""
    said = {
        "cases": _("There are no cases of last year here: they count as zero in the workload."),
        "strength": _("There is no node strength here: it counts as zero in the workload."),
    }
    return [said[part] for part in said if run.ground.get(part) == 0]


def run_json(run: DivisionRun, now: dt.datetime | None = None) -> dict[str, Any]:
    """A run as the interface tells it; its proposals should be prefetched."""
    kept = {k: v for k, v in run.parameters.items() if k != "language"}
    return {
        "id": run.pk,
        "status": run.status,
        "status_label": run.get_status_display(),
        "progress": round(run.progress, 3),
        "phase": phase(run, now or timezone.now()),
        "message": run.message,
        "cancel_asked": run.cancel_asked,
        "parameters": kept,
        "ground": {k: v for k, v in run.ground.items() if k != "outlines"},
        "notes": absent_parts(run),
        "created_by": run.created_by.get_full_name() if run.created_by else None,
        "created_at": run.created_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "proposals": [
            {
                "number": proposal.number,
                "label": proposal.label,
                "label_text": emphasis_label(proposal.label),
                "scores": proposal.scores,
            }
            for proposal in run.proposals.all()
        ],
    }


def features(proposal: DivisionProposal, *, overview: bool = False) -> dict[str, Any]:
    """The proposed grids as GeoJSON (EPSG:4326), `properties.side` = proposed, and unless it is an
    overview the grids of today beside them, `properties.side` = today."""
    run = proposal.run
    asked = asked_of(run)
    rows = list(
        proposal.grids.annotate(wkb=AsWKB("geometry")).defer("geometry").order_by("within", "pk")
    )
    shapes = np.array([shapely.from_wkb(bytes(row.wkb)) for row in rows], dtype=object)
    today = _today(run, {row.within for row in rows})
    known = {code: shape for code, _label, shape in today}
    named = {code: label for code, label, _shape in today}
    found = []
    for row, shape, shown in zip(rows, shapes, _shown(shapes, overview), strict=True):
        before = known.get(row.keeps)
        off = (row.workload - asked.target) / asked.target
        apart = bool(APART.intersection(row.notes))
        properties = {
            "side": "proposed",
            "within": row.within,
            "keeps": row.keeps,
            "label": named.get(row.keeps) or pgettext("grid", "new"),
            "change": _change(shape, before),
            "households": row.households,
            "workload": round(row.workload, 1),
            "off": round(off, 4),
            "standing": _standing(off, asked.band, apart),
            "notes": [note_sentence(note) for note in row.notes],
        }
        found.append(_feature(shown, properties))
    if not overview:
        kept = {row.keeps for row in rows}
        for code, label, shape in today:
            found.append(
                _feature(
                    _shown(np.array([shape], dtype=object), False)[0],
                    {"side": "today", "code": code, "label": label, "abolished": code not in kept},
                )
            )
    return {"type": "FeatureCollection", "features": found}


def _today(run: DivisionRun, within: Iterable[str]) -> list[tuple[str, str, shapely.Geometry]]:
    """Code, name and outline of today's grids in these areas, as the draft has them."""
    if run.edition is None:
        return []
    parents = Grid.objects.filter(code__in=list(within)).values_list("pk", flat=True)
    states = children(run.edition, parents)
    codes = dict(Grid.objects.filter(pk__in=list(states)).values_list("pk", "code"))
    english = (get_language() or "").startswith("en")
    return [
        (codes[pk], (state.name_en if english else "") or state.name or codes[pk], state.geometry)
        for pk, state in states.items()
    ]


def _change(shape: shapely.Geometry, before: shapely.Geometry | None) -> str:
    if before is None:
        return "new"
    differs = shapely.area(shapely.symmetric_difference(shape, before))
    return "same" if differs < SAME_SHARE * shapely.area(before) else "altered"


def _standing(off: float, band: float, apart: bool) -> str:
    if apart:
        return "apart"
    if abs(off) <= band + 1e-9:
        return "within"
    return "over" if off > 0 else "under"


def _shown(shapes: Any, overview: bool) -> Any:
    if overview and len(shapes):
        west, _south, east, _north = shapely.total_bounds(shapes)
        shapes = shapely.coverage_simplify(shapes, (east - west) / OVERVIEW)
    return shapely.transform(shapes, lambda xy: np.round(xy, DIGITS))


def _feature(shape: shapely.Geometry, properties: dict[str, Any]) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shape))
    return {"type": "Feature", "geometry": geometry, "properties": properties}
