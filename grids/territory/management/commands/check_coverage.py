"""Check the division in force, or a draft laid over it, against the coverage law."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.territory.choices import EditionStatus
from grids.territory.models import Edition
from grids.territory.presentation import finding_line, finding_row, summary_line
from grids.territory.services import coverage


class Command(BaseCommand):
    help = "Print gaps, overlaps and other faults with their size; exit 1 when there are any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("edition", nargs="?", help="a draft; default: the division in force")
        parser.add_argument("--json", action="store_true", help="one JSON list of findings")

    def handle(self, *args: Any, **options: Any) -> None:
        edition = None
        moment = timezone.now()
        if options["edition"]:
            edition = Edition.objects.filter(name=options["edition"]).first()
            if edition is None:
                raise CommandError(
                    _("There is no edition named %(name)s.") % {"name": options["edition"]}
                )
            if edition.status == EditionStatus.PUBLISHED:
                moment, edition = max(moment, edition.effective_at), None
        report = coverage.examine(moment, edition, whole=True)
        if options["json"]:
            rows = [finding_row(finding) for finding in report.findings]
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1))
        else:
            for finding in report.findings:
                self.stdout.write(finding_line(finding))
            self.stdout.write(summary_line(report))
        if report.findings:
            sys.exit(1)
