"""What the pages of editions show: rows, cards, groups of findings, in the reader's words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grids.territory.choices import Degree, EditionStatus, FindingKind, degree_of, repair_sentence
from grids.territory.geometry.coverage import CoverageFinding
from grids.territory.models import Boundary, DraftStep, Edition, Finding, Lineage
from grids.territory.services.difference import CHANGES, Difference, difference
from grids.territory.services.edition_summaries import Summary
from grids.territory.services.lineage import lineage_of
from grids.territory.services.rebasing import ASPECTS, Conflict

FIRST_ROWS = 10  # of the findings of one degree; more are folded
MOST_ROWS = 200  # beyond that nobody reads a table; the map and the interface show all

PHASES = {
    "draft": (gettext_lazy("draft"), "open"),
    "scheduled": (gettext_lazy("scheduled"), "waiting"),
    "in_force": (gettext_lazy("in force"), "done"),
    "withdrawn": (gettext_lazy("withdrawn"), "stopped"),
}


def phase_of(edition: Edition) -> dict[str, Any]:
    """Where an edition stands: its key, the word and the tone of components/state.html."""
    key = edition.status
    if key == EditionStatus.PUBLISHED:
        later = edition.effective_at is not None and edition.effective_at > timezone.now()
        key = "scheduled" if later else "in_force"
    label, tone = PHASES[key]
    return {"key": key, "label": label, "tone": tone}


def edition_row(edition: Edition, summary: Summary, may_publish: bool) -> dict[str, Any]:
    """One row of the list."""
    phase = phase_of(edition)
    drafted = phase["key"] == "draft"
    calls_back = drafted or (phase["key"] == "scheduled" and may_publish)
    return {
        "edition": edition,
        "phase": phase,
        "url": reverse("division:draft" if drafted else "division:edition", args=[edition.pk]),
        "who": edition.created_by if drafted else edition.published_by or edition.created_by,
        "when": edition.created_at if drafted else edition.effective_at or edition.created_at,
        "changes": changes_text(summary.difference),
        "number": summary.changes,
        "findings": [
            (Degree(degree).label, degree, number)
            for degree, number in summary.findings.items()
            if number
        ],
        "households": summary.figures.households_affected,
        "estimated": summary.figures.estimated,
        "publish_url": reverse("division:publish", args=[edition.pk])
        if drafted and may_publish and summary.changes
        else "",
        "withdraw_url": reverse("division:withdraw", args=[edition.pk]) if calls_back else "",
    }


def changes_text(counts: dict[str, int]) -> str:
    """Such as: 2 added, 1 moved."""
    return ", ".join(
        _("%(number)s %(change)s") % {"number": number, "change": CHANGES[change]}
        for change, number in counts.items()
        if number
    )


def difference_context(edition: Edition) -> dict[str, Any]:
    """The difference of an edition for editions/_difference.html."""
    found = difference(edition)
    bounds = found.bounds
    return {
        "edition": edition,
        "found": found,
        "rows": [_changed_row(row) for row in found.rows[:MOST_ROWS]],
        "more": max(0, len(found.rows) - MOST_ROWS),
        "figures": _figures(found),
        "bounds": ",".join(f"{number:.6f}" for number in bounds) if bounds else "",
        "outlines_url": reverse("territory:edition_difference_outlines", args=[edition.pk]),
        "families": _families(edition),
        "new_leaves": len(found.of("added")),
    }


def _changed_row(row: Any) -> dict[str, Any]:
    before, after = row.before, row.after
    return {
        "row": row,
        "label": row.shown.label,
        "was": before.label if before and after and before.label != after.label else "",
        "parent_was": _code(before) if "reparented" in row.changes else "",
        "parent": _code(after) if "reparented" in row.changes else "",
        "gained": _m2(row.gained_m2),
        "lost": _m2(row.lost_m2),
        "area": _m2(row.after_m2 if after else row.before_m2),
    }


def _code(version: Boundary | None) -> str:
    return version.parent.code if version and version.parent else "—"


def _m2(number: float) -> str:
    return _grouped(round(number)) if number >= 0.5 else ""


def _grouped(number: int) -> str:
    return number_format(number, decimal_pos=0, force_grouping=True)


def _figures(found: Difference) -> list[dict[str, Any]]:
    about = _("estimated by ground") if found.estimated else _("by their buildings")
    figures = [
        {
            "label": _("Grids changed"),
            "value": _grouped(len(found.rows)),
            "text": changes_text(found.counts),
        },
        {
            "label": _("Households affected"),
            "value": _grouped(found.households_affected),
            "text": about,
        },
        {
            "label": _("Buildings affected"),
            "value": _grouped(found.buildings_affected),
            "text": _("their grid becomes another one"),
        },
    ]
    if found.residents_affected is not None:
        figures.insert(
            2,
            {
                "label": _("Residents affected"),
                "value": _grouped(found.residents_affected),
                "text": about,
            },
        )
    return figures


def _families(edition: Edition) -> list[dict[str, Any]]:
    """Where ground goes to another grid: each origin with its heirs, the largest part first."""
    if edition.status == EditionStatus.PUBLISHED:
        lines = list(edition.lineages.select_related("origin", "heir")[: MOST_ROWS * 5])
    elif edition.status == EditionStatus.DRAFT:
        lines = lineage_of(edition)
    else:
        lines = []
    by_origin: dict[int, list[Lineage]] = {}
    for line in lines:
        by_origin.setdefault(line.origin_id, []).append(line)
    families = []
    for parts in by_origin.values():
        parts.sort(key=lambda line: -line.area_share)
        if [part.heir_id for part in parts] == [parts[0].origin_id]:
            continue
        keeps = {part.heir_id for part in parts} & {parts[0].origin_id}
        families.append(
            {
                "origin": parts[0].origin.code,
                "heirs": [
                    {
                        "code": part.heir.code,
                        "area": round(part.area_share * 100, 1),
                        "households": None
                        if part.household_share is None
                        else round(part.household_share * 100, 1),
                        "keeps": part.heir_id == part.origin_id,
                    }
                    for part in parts
                ],
                # A code stays with most of the households (else of the ground), so that figures
                # of before and after compare.
                "odd": bool(keeps) and max(parts, key=_weight).heir_id != parts[0].origin_id,
            }
        )
    return sorted(families, key=lambda family: family["origin"])[:MOST_ROWS]


def _weight(part: Lineage) -> tuple[float, float]:
    """By what a part is larger than another: its share of the households, then of the ground."""
    return part.household_share or 0.0, part.area_share


def finding_groups(findings: Sequence[CoverageFinding | Finding]) -> list[dict[str, Any]]:
    """Findings by degree, the heaviest first; degrees without any are left out."""
    groups = []
    for degree in Degree:
        members = [finding for finding in findings if degree_of(finding.kind) == degree]
        if members:
            groups.append(
                {
                    "degree": degree.value,
                    "label": degree.label,
                    "number": len(members),
                    "icon": "info" if degree == Degree.ADVICE else "alert",
                    "rows": [_finding(finding) for finding in members[:FIRST_ROWS]],
                    "rest": [_finding(finding) for finding in members[FIRST_ROWS:MOST_ROWS]],
                }
            )
    return groups


def _finding(finding: CoverageFinding | Finding) -> dict[str, Any]:
    stored = isinstance(finding, Finding)
    if stored:
        point = finding.geometry.point_on_surface if finding.geometry else None
        place = (point.x, point.y) if point else None
    else:
        place = finding.place
    return {
        "kind": FindingKind(finding.kind).label,
        "codes": ", ".join(finding.codes),
        "area": f"{finding.area_m2:,.2f}" if finding.area_m2 is not None else "",
        "place": f"{place[0]:.6f},{place[1]:.6f}" if place else "",
        "repair": repair_sentence(finding.repair) if finding.repair else "",
        "accepted_by": finding.accepted_by if stored else None,
        "accepted_reason": finding.accepted_reason if stored else "",
    }


def drawn_step(step: DraftStep) -> dict[str, Any]:
    """One step of drawing for components/timeline.html."""
    codes = ", ".join(map(str, step.codes[:6])) + (" …" if len(step.codes) > 6 else "")
    note = f"{codes} · {_('undone')}" if step.undone else codes
    return {
        "what": step.get_verb_display(),
        "when": timezone.localtime(step.at),
        "who": step.actor,
        "note": note,
        "tone": "" if step.undone else "done",
    }


def conflict_card(clash: Conflict) -> dict[str, Any]:
    """One grid of the conflict page, with its three versions side by side."""
    shown = [
        aspect
        for aspect in ASPECTS
        if aspect in {*clash.changed_by_me, *clash.changed_by_them} and aspect != "geometry"
    ]
    versions = (clash.base, clash.theirs, clash.mine)
    outlines = {
        side: json.loads(version.geometry.geojson) if version and version.geometry else None
        for side, version in zip(("base", "theirs", "mine"), versions, strict=True)
    }
    return {
        "clash": clash,
        "seen": clash.theirs.pk if clash.theirs else "",
        "label": (clash.theirs or clash.base or clash.mine).label,
        "ends": clash.mine.geometry is None,
        "mine": _aspects(clash.changed_by_me),
        "theirs": _aspects(clash.changed_by_them),
        "rows": [
            (ASPECTS[aspect], [_value(version, aspect) for version in versions]) for aspect in shown
        ],
        "outlines": outlines,
        "outlines_id": f"clash-data-{clash.grid.pk}",
    }


def _aspects(names: Sequence[str]) -> str:
    return ", ".join(str(ASPECTS[name]) for name in names)


def _value(version: Boundary | None, aspect: str) -> str:
    if version is None or version.geometry is None:
        return "—"
    if aspect == "parent_id":
        return _code(version)
    if aspect == "kind":
        return str(version.get_kind_display())
    value = getattr(version, aspect)
    return "—" if value in (None, "") else str(value)
