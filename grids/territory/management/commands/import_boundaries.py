"""Import areas of one tier from a file into an edition."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from grids.territory.choices import EditionStatus
from grids.territory.errors import FindingsRefused, TerritoryError
from grids.territory.geometry.coverage import CoverageReport
from grids.territory.models import Edition, Tier
from grids.territory.presentation import finding_line, summary_line
from grids.territory.querysets import lock_publishing
from grids.territory.services import boundary_files, boundary_import, coverage, editions
from grids.territory.services.responsibility import as_moment

SHOWN = 1000  # lines of findings; beyond that nobody reads a terminal


class Command(BaseCommand):
    help = "Import the areas of one tier from GeoPackage, Shapefile, GeoJSON or KML."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--layer", help="layer of the file, where it has several")
        parser.add_argument("--tier", required=True, help="street, community, grid, …")
        parser.add_argument("--code", required=True, help="column of the areas' codes")
        parser.add_argument("--name", required=True, help="column of the areas' names")
        parser.add_argument("--name-en", help="column of the English names")
        parser.add_argument("--parent", help="column of the parents' codes")
        parser.add_argument("--households", help="column of the numbers of households")
        parser.add_argument("--population", help="column of the numbers of residents")
        parser.add_argument("--kind", help="column that says basic or dedicated")
        parser.add_argument("--source", help="origin and licence (default: the file's name)")
        parser.add_argument(
            "--crs", default="auto", help="auto, wgs84, cgcs2000, gcj02, bd09 or EPSG:n"
        )
        parser.add_argument("--encoding", help="of a Shapefile's text, such as GB18030")
        parser.add_argument("--edition", help="draft to import into; made when missing")
        parser.add_argument("--publish", action="store_true", help="let the edition take effect")
        parser.add_argument(
            "--effective", metavar="DATE", help="day on which it takes effect (default: now)"
        )
        parser.add_argument("--strict", action="store_true", help="refuse geometry findings too")
        parser.add_argument("--dry-run", action="store_true", help="check everything, keep nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._import(options)
        except FindingsRefused as refusal:
            for finding in refusal.findings[:SHOWN]:
                self.stderr.write(finding_line(finding))
            raise CommandError(refusal.text) from refusal
        except TerritoryError as refusal:
            raise CommandError(refusal.text) from refusal

    def _import(self, options: dict[str, Any]) -> None:
        tier = boundary_import.find_tier(options["tier"])
        effective_at = parse_effective(options["effective"])
        areas, source_crs = boundary_files.read_areas(
            options["file"],
            columns=boundary_files.Columns(
                code=options["code"],
                name=options["name"],
                name_en=options["name_en"],
                parent=options["parent"],
                households=options["households"],
                population=options["population"],
                kind=options["kind"],
            ),
            layer=options["layer"],
            crs=options["crs"],
            encoding=options["encoding"],
        )
        with transaction.atomic():
            if options["publish"]:
                # Before the draft is locked, as publishing does: two at once never wait in a ring.
                lock_publishing()
            report = self._write(areas, source_crs, tier, effective_at, options)
            if options["dry_run"]:
                transaction.set_rollback(True)
        for finding in report.findings[:SHOWN]:
            self.stdout.write(finding_line(finding))
        if len(report.findings) > SHOWN:
            self.stdout.write(
                _("… and %(number)s more; check_coverage --json lists them all.")
                % {"number": len(report.findings) - SHOWN}
            )
        self.stdout.write(summary_line(report))
        if options["dry_run"]:
            self.stdout.write(_("Dry run: nothing was kept."))

    def _write(
        self,
        areas: list[boundary_files.AreaRow],
        source_crs: str,
        tier: Tier,
        effective_at: dt.datetime | None,
        options: dict[str, Any],
    ) -> CoverageReport:
        now = timezone.now()
        moment = effective_at or now
        edition = _edition(options["edition"], options["file"], tier, now)
        result = boundary_import.import_areas(
            edition,
            areas,
            tier=tier,
            actor=None,
            now=now,
            moment=moment,
            source=options["source"] or options["file"].name,
            source_crs=source_crs,
        )
        self.stdout.write(
            _(
                "%(tier)s: %(added)s new, %(altered)s altered, %(unchanged)s unchanged areas in "
                "edition %(edition)s (source %(crs)s)."
            )
            % {
                "tier": tier.code,
                "added": result.added,
                "altered": result.altered,
                "unchanged": result.unchanged,
                "edition": edition.name,
                "crs": source_crs,
            }
        )
        if result.shortened:
            self.stdout.write(
                _("%(number)s codes padded with zeros were cut to %(length)s digits.")
                % {"number": result.shortened, "length": tier.code_length}
            )
        report = coverage.examine(moment, edition)
        if any(map(coverage.is_structural, report.findings)):
            raise FindingsRefused(
                _("The division has structural faults; nothing was imported."), report.findings
            )
        if options["strict"] and report.findings:
            raise FindingsRefused(
                _("The division has findings and --strict was given; nothing was imported."),
                report.findings,
            )
        coverage.store(edition, report.findings)
        if options["publish"] and edition.boundaries.exists():
            editions.publish(
                edition,
                actor=None,
                now=now,
                effective_at=effective_at,
                accept_findings="import_boundaries",
            )
            self.stdout.write(_("Edition %(name)s is published.") % {"name": edition.name})
        elif options["publish"]:
            editions.withdraw(edition, actor=None, now=now)
            self.stdout.write(_("Nothing has changed; nothing was published."))
        return report


def _edition(name: str | None, file: Path, tier: Tier, now: dt.datetime) -> Edition:
    """The draft of that name, made when missing."""
    name = name or f"{file.stem} {tier.code} {timezone.localtime(now):%Y-%m-%d %H:%M:%S.%f}"
    known = Edition.objects.filter(name=name).first()
    if known is None:
        return editions.draft(name[:100], actor=None, now=now)
    if known.status != EditionStatus.DRAFT:
        raise TerritoryError(
            _("The edition %(name)s is %(status)s; choose another name.")
            % {"name": name, "status": known.get_status_display()}
        )
    return known


def parse_effective(text: str | None) -> dt.datetime | None:
    """The start of the named day in the deployment's zone."""
    if text is None:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise TerritoryError(_("%(text)s is no date; write 2026-03-01.") % {"text": text})
    return as_moment(day)
