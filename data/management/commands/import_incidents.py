"""Take a list of cases in: CSV (UTF-8 or GB18030) or Excel."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from data.choices import CaseField
from data.exports.csv_files import safe_text
from data.lists.columns import parse_map
from data.services.incident_lists import ImportOutcome, import_list
from gridmgmt.core.tables.errors import ListError


class Command(BaseCommand):
    help = (
        "Import cases from a CSV or Excel list. Places are found by coordinates, else by address. "
        "The same file again adds nothing. Every row must be good, or nothing is written."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"which column holds which field; fields: {', '.join(CaseField.values)}",
        )
        parser.add_argument("--mapping", default="", help="remember, or use again, by this name")
        parser.add_argument("--source", default="", help="who numbers the cases; default: mapping")
        parser.add_argument("--crs", default="", help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n")
        parser.add_argument("--dry-run", action="store_true", help="check all, write nothing")
        parser.add_argument("--skip-bad", action="store_true", help="write the good rows")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            outcome = import_list(
                path,
                actor=None,
                now=timezone.now(),
                said=parse_map(options["map"]),
                mapping_name=options["mapping"],
                source=options["source"],
                crs=options["crs"],
                dry_run=options["dry_run"],
                skip_bad=options["skip_bad"],
            )
        except ListError as error:
            raise CommandError(str(error)) from error
        self._tell(outcome, path, dry_run=options["dry_run"])

    def _tell(self, outcome: ImportOutcome, path: Path, *, dry_run: bool) -> None:
        used = ", ".join(f"{name} = {column}" for name, column in outcome.columns.items())
        self.stdout.write(_("Columns: %(used)s") % {"used": used})
        for refusal in outcome.refused:
            self.stderr.write(
                _("Line %(line)s: %(reason)s") % {"line": refusal.line, "reason": refusal.reason}
            )
        if outcome.refused and outcome.written:
            beside = path.with_name(f"{path.stem}.refused.csv")
            _write_refused(outcome, beside)
            self.stdout.write(_("The refused rows stand in %(path)s.") % {"path": beside})
        counts = {
            "created": outcome.created,
            "known": outcome.known,
            "refused": len(outcome.refused),
        }
        if outcome.refused and not outcome.written and not dry_run:
            raise CommandError(
                _(
                    "%(refused)s rows were refused, so nothing was written. Mend them, or use "
                    "--skip-bad to take the others in."
                )
                % counts
            )
        text = (
            _("Would be new: %(created)s; known already: %(known)s; refused: %(refused)s.")
            if dry_run
            else _("New cases: %(created)s; known already: %(known)s; refused: %(refused)s.")
        )
        self.stdout.write(text % counts)


def _write_refused(outcome: ImportOutcome, path: Path) -> None:
    """The rows to mend. Texts from outside open as texts; reading takes their apostrophe off."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_("line number"), _("why refused"), *outcome.table.headers])
        for refusal in outcome.refused:
            values = [refusal.values.get(header) for header in outcome.table.headers]
            texts = [safe_text(value) if isinstance(value, str) else value for value in values]
            writer.writerow([refusal.line, safe_text(refusal.reason), *texts])
