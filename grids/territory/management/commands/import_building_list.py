"""Derive outlines from a list that says which building belongs to which grid."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.territory.choices import EditionStatus
from grids.territory.errors import TerritoryError
from grids.territory.models import Edition, Tier
from grids.territory.services import building_list, editions, lists_to_outlines

SHOWN = 200


class Command(BaseCommand):
    help = "Put outlines into a draft, derived from an Excel or CSV list: building → grid."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--edition", required=True, help="draft by its name; made when missing")
        parser.add_argument("--tier", help="tier of the grids (default: the deepest)")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"fields: {', '.join(building_list.FIELDS)}",
        )
        parser.add_argument("--dry-run", action="store_true", help="report, and keep nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._import(options)
        except TerritoryError as refusal:
            raise CommandError(refusal.text) from refusal

    def _import(self, options: dict[str, Any]) -> None:
        path: Path = options["file"]
        columns = building_list.guessed_columns(building_list.headers_of(path))
        columns |= _said(options["map"])
        rows, unread = building_list.read_list(path, {f: c for f, c in columns.items() if c})
        matched = building_list.match(rows)
        troubles = sorted([*unread, *matched.troubles], key=lambda trouble: trouble.line)
        for trouble in troubles[:SHOWN]:
            self.stdout.write(
                _("Row %(line)s: %(words)s: %(reason)s %(candidates)s")
                % {
                    "line": trouble.line,
                    "words": trouble.words,
                    "reason": trouble.reason,
                    "candidates": ", ".join(name for _pk, name in trouble.candidates),
                }
            )
        tiers = Tier.objects.order_by("-order")
        tier = tiers.filter(code=options["tier"]).first() if options["tier"] else tiers.first()
        if tier is None:
            raise TerritoryError(
                _("There is no tier %(code)s. The tiers: %(tiers)s.")
                % {"code": options["tier"], "tiers": ", ".join(t.code for t in tiers)}
            )
        now = timezone.now()
        edition = Edition.objects.filter(name=options["edition"]).first()
        if edition is not None and edition.status != EditionStatus.DRAFT:
            raise TerritoryError(
                _("The edition %(name)s is %(status)s; choose another name.")
                % {"name": edition.name, "status": edition.get_status_display()}
            )
        with transaction.atomic():
            edition = edition or editions.draft(options["edition"], actor=None, now=now)
            derived = lists_to_outlines.derive(edition, matched, tier=tier)
            for note in derived.notes:
                self.stdout.write(note)
            lists_to_outlines.import_list(
                edition, derived, tier=tier, actor=None, now=now, source=path.name
            )
            if options["dry_run"]:
                transaction.set_rollback(True)
        self.stdout.write(
            _(
                "%(matched)s of %(rows)s rows found their building; %(areas)s outlines, "
                "unconfirmed, in edition %(edition)s."
            )
            % {
                "matched": len(matched.rows),
                "rows": len(rows) + len(unread),
                "areas": len(derived.areas),
                "edition": edition.name,
            }
        )
        if options["dry_run"]:
            self.stdout.write(_("Dry run: nothing was kept."))


def _said(items: list[str]) -> dict[str, str]:
    said = {}
    for item in items:
        name, sign, column = item.partition("=")
        if not sign or name not in building_list.FIELDS:
            raise TerritoryError(
                _("“%(item)s” is no mapping. Write field=column; the fields are %(fields)s.")
                % {"item": item, "fields": ", ".join(building_list.FIELDS)}
            )
        said[name] = column
    return said
