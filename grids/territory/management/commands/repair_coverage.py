"""Repair what breaks the coverage law, in a draft."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.territory.choices import Degree, degree_of
from grids.territory.errors import TerritoryError
from grids.territory.models import Edition
from grids.territory.presentation import finding_line
from grids.territory.services import editions, repairs


class Command(BaseCommand):
    help = (
        "Repair a draft's gaps, overlaps, slivers, overhanging ground and tangled rings as one "
        "step that can be undone; a draft that does not exist is opened on what is in force. "
        "Prints what was repaired and what is left; exit 1 when a fault is left. Nothing takes "
        "effect before publish_edition."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("edition", help="name of the draft")
        parser.add_argument(
            "--kinds",
            nargs="+",
            choices=sorted(kind.value for kind in repairs.REPAIRABLE),
            help="only findings of these kinds",
        )
        parser.add_argument("--dry-run", action="store_true", help="print only; change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            with transaction.atomic():
                edition = Edition.objects.filter(name=options["edition"]).first()
                if edition is None:
                    edition = editions.draft(options["edition"], actor=None, now=now)
                done = repairs.repair_all(edition, options["kinds"], actor=None, now=now)
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except TerritoryError as refusal:
            raise CommandError(refusal.text) from refusal
        for finding in done.repaired:
            self.stdout.write(_("repaired") + " | " + finding_line(finding))
        for reason in done.reasons:
            self.stderr.write(reason)
        left = [f for f in done.left if degree_of(f.kind) != Degree.ADVICE]
        for finding in left:
            self.stdout.write(_("left") + " | " + finding_line(finding))
        self.stdout.write(
            _("%(repaired)s repaired, %(left)s left; %(areas)s outlines changed in %(name)s.")
            % {
                "repaired": len(done.repaired),
                "left": len(left),
                "areas": len(done.step.codes) if done.step else 0,
                "name": options["edition"],
            }
        )
        if left:
            sys.exit(1)
