"""Publish a draft edition."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.territory.errors import FindingsRefused, TerritoryError
from grids.territory.management.commands.import_boundaries import SHOWN, parse_effective
from grids.territory.models import Edition
from grids.territory.presentation import finding_line
from grids.territory.services import editions


class Command(BaseCommand):
    help = "Let a draft edition take effect, now or at the start of a given day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--effective", metavar="DATE", help="day it takes effect")
        parser.add_argument(
            "--reason",
            default="publish_edition",
            metavar="TEXT",
            help="why findings are accepted; kept with each of them",
        )
        parser.add_argument("--strict", action="store_true", help="refuse geometry findings too")

    def handle(self, *args: Any, **options: Any) -> None:
        edition = Edition.objects.filter(name=options["name"]).first()
        if edition is None:
            drafts = ", ".join(
                Edition.objects.filter(status="draft").values_list("name", flat=True)
            )
            raise CommandError(
                _("There is no edition named %(name)s. Drafts: %(drafts)s.")
                % {"name": options["name"], "drafts": drafts or "—"}
            )
        try:
            published = editions.publish(
                edition,
                actor=None,
                now=timezone.now(),
                effective_at=parse_effective(options["effective"]),
                accept_findings=None if options["strict"] else options["reason"],
            )
        except FindingsRefused as refusal:
            for finding in refusal.findings[:SHOWN]:
                self.stderr.write(finding_line(finding))
            raise CommandError(refusal.text) from refusal
        except TerritoryError as refusal:
            raise CommandError(refusal.text) from refusal
        self.stdout.write(
            _("Edition %(name)s takes effect at %(moment)s; %(number)s accepted findings.")
            % {
                "name": published.name,
                "moment": timezone.localtime(published.effective_at).isoformat(sep=" "),
                "number": published.findings.count(),
            }
        )
