"""Findings as rows: for the commands, for JSON, for pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from grids.territory.choices import FindingKind, repair_sentence
from grids.territory.geometry.coverage import CoverageFinding, CoverageReport


def finding_row(finding: CoverageFinding) -> dict[str, Any]:
    """kind, tier, codes, area_m2, lon, lat (EPSG:4326) and the repair as a sentence."""
    place = finding.place
    return {
        "kind": finding.kind,
        "tier": finding.tier,
        "codes": list(finding.codes),
        "area_m2": None if finding.area_m2 is None else round(finding.area_m2, 6),
        "lon": None if place is None else round(place[0], 7),
        "lat": None if place is None else round(place[1], 7),
        "repair": repair_sentence(finding.repair),
    }


def finding_line(finding: CoverageFinding) -> str:
    """One line for a terminal."""
    row = finding_row(finding)
    parts = [str(FindingKind(finding.kind).label), finding.tier, ", ".join(finding.codes)]
    if row["area_m2"] is not None:
        parts.append(f"{row['area_m2']:.{2 if row['area_m2'] >= 1 else 6}f} m²")
    if row["lon"] is not None:
        parts.append(f"{row['lon']:.6f} {row['lat']:.6f}")
    parts.append(row["repair"])
    return " | ".join(parts)


def summary_line(report: CoverageReport) -> str:
    """How many findings, and how much was only the rounding of doubles."""
    text = _("%(number)s findings.") % {"number": len(report.findings)}
    if report.rounding_m2:
        text += " " + _("Rounding of coordinates, no findings: %(number)s places, %(area)s m².") % {
            "number": report.rounding,
            "area": f"{report.rounding_m2:.6f}",
        }
    return text
