"""What a step of drawing answers: what changed, what the check found, what to think of."""

from __future__ import annotations

import json
from typing import Any

import shapely
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from grids.territory.choices import degree_of
from grids.territory.models import DraftStep, Edition, Finding
from grids.territory.services import repairs
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.features import features
from grids.territory.services.drawing.ground import codes_of
from grids.territory.services.drawing.states import drawn


def step_answer(edition: Edition, step: DraftStep) -> dict[str, Any]:
    """The answer to steps/, undo/ and redo/."""
    touched = journal.touched(step)
    states = drawn(edition, touched)
    areas = {*touched, *journal.parents_of(step)}
    findings = edition.findings.filter(area_id__in=areas).select_related("tier").order_by("pk")
    newest, undone = edition.steps.aggregate(
        newest=Max("number", filter=Q(undone=False), default=0),
        undone=Count("pk", filter=Q(undone=True)),
    ).values()
    return {
        "step": step_row(step),
        "newest": newest,
        "changed": features(edition, states),
        "removed": [grid for grid in touched if grid not in states],
        "findings": [stored_finding_row(finding) for finding in findings],
        "hints": _hints(step),
        "can_undo": bool(newest),
        "can_redo": bool(undone),
    }


def step_row(step: DraftStep) -> dict[str, Any]:
    """One step of the journal, without its geometries."""
    return {
        "number": step.number,
        "verb": step.verb,
        "verb_label": step.get_verb_display(),
        "codes": step.codes,
        "by": str(step.actor) if step.actor else "",
        "at": step.at.isoformat(),
        "undone": step.undone,
    }


def stored_finding_row(finding: Finding) -> dict[str, Any]:
    """A finding of the draft: lon and lat of a point on it, EPSG:4326; area in m².

    `repairable` says whether a repair can be made of it by machine.
    """
    shape = shapely.from_wkb(bytes(finding.geometry.wkb)) if finding.geometry else None
    place = shape.representative_point() if shape is not None and not shape.is_empty else None
    return {
        "id": finding.pk,
        "kind": finding.kind,
        "kind_label": finding.get_kind_display(),
        "degree": degree_of(finding.kind).value,
        "tier": finding.tier.code,
        "codes": finding.codes,
        "area_m2": finding.area_m2,
        "lon": place.x if place else None,
        "lat": place.y if place else None,
        "repair": finding.repair,
        "repair_text": finding.repair_text,
        "repairable": repairs.is_repairable(finding.kind, finding.repair),
        "geometry": json.loads(shapely.to_geojson(shape)) if shape is not None else None,
        "accepted": finding.accepted_by_id is not None,
    }


def _hints(step: DraftStep) -> list[str]:
    """What else to think of: areas that end take their posts with them."""
    if step.undone:
        return []
    ending = [
        entry["grid"]
        for entry in step.after
        if entry["state"] is not None and entry["state"]["wkb"] is None
    ]
    if not ending:
        return []
    return [
        _(
            "The posts of %(codes)s end when this draft takes effect; plan who takes over their "
            "ground."
        )
        % {"codes": codes_of(ending)}
    ]
