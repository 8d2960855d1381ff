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
    help = (
        "Print all faults of a division with place, size and proposed repair; exit 1 when there "
        "are any. Without --advice what is no breach of the law (holes, several parts, household "
        "bands, buildings cut by a border, outlines not confirmed) is neither printed nor counted, "
        "so that a lawful division exits 0."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("edition", nargs="?", help="a draft; default: the division in force")
        parser.add_argument(
            "--json",
            action="store_true",
            help="one JSON list of {kind, tier, codes, area_m2, lon, lat, repair}",
        )
        parser.add_argument(
            "--advice", action="store_true", help="print and count what is only advice as well"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        edition = None
        moment = timezone.now()
        if options["edition"]:
            edition = find_edition(options["edition"])
            if edition.status == EditionStatus.PUBLISHED:
                moment, edition = max(moment, edition.effective_at), None
            elif edition.status == EditionStatus.WITHDRAWN:
                raise CommandError(
                    _("%(name)s is withdrawn; there is nothing to check.")
                    % {"name": options["edition"]}
                )
        report = coverage.examine(moment, edition, whole=True, advice=options["advice"])
        if options["json"]:
            rows = [finding_row(finding) for finding in report.findings]
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1))
        else:
            for finding in report.findings:
                self.stdout.write(finding_line(finding))
            self.stdout.write(summary_line(report))
        if report.findings:
            sys.exit(1)


def find_edition(name: str) -> Edition:
    """The edition of this name, or a refusal that names the drafts."""
    edition = Edition.objects.filter(name=name).first()
    if edition is None:
        drafts = Edition.objects.filter(status=EditionStatus.DRAFT).order_by("name")
        raise CommandError(
            _("There is no edition named %(name)s. Drafts: %(drafts)s.")
            % {"name": name, "drafts": ", ".join(drafts.values_list("name", flat=True)) or "—"}
        )
    return edition
