"""Editions by command: list them, open a draft, see what it changes, rebase it, withdraw it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.territory.choices import EditionStatus
from grids.territory.errors import TerritoryError
from grids.territory.models import Edition
from grids.territory.services import editions, rebasing
from grids.territory.services.difference import CHANGES, ChangedGrid, difference
from grids.territory.services.edition_summaries import summaries
from grids.territory.services.rebasing import ASPECTS, Conflict, Side


class Command(BaseCommand):
    help = "List, draft, compare, rebase or withdraw editions (publish_edition publishes)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        listing = verbs.add_parser("list", help="all editions, the newest first")
        listing.add_argument("--json", action="store_true", help="for programs")
        draft = verbs.add_parser("draft", help="open a draft on top of the newest edition")
        draft.add_argument("name")
        draft.add_argument("--note", default="", help="what it is for")
        diff = verbs.add_parser("diff", help="what an edition changes against its base")
        diff.add_argument("name")
        diff.add_argument("--json", action="store_true", help="for programs")
        rebase = verbs.add_parser(
            "rebase", help="settle what others have published since; without codes: list it"
        )
        rebase.add_argument("name")
        rebase.add_argument("--mine", nargs="+", default=[], metavar="CODE", help="keep the draft")
        rebase.add_argument("--theirs", nargs="+", default=[], metavar="CODE", help="drop it")
        withdraw = verbs.add_parser("withdraw", help="a draft, or what has not taken effect")
        withdraw.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = options["verb"]
        try:
            if verb == "list":
                self._list(as_json=options["json"])
            elif verb == "draft":
                made = editions.draft(
                    options["name"], note=options["note"], actor=None, now=timezone.now()
                )
                self.stdout.write(_("Draft %(name)s is open.") % {"name": made.name})
            else:
                getattr(self, f"_{verb}")(_named(options["name"]), options)
        except TerritoryError as refusal:
            raise CommandError(refusal.text) from refusal

    def _list(self, *, as_json: bool) -> None:
        found = list(Edition.objects.select_related("published_by").order_by("-created_at", "-pk"))
        told = summaries(found)
        rows = [
            {
                "name": edition.name,
                "status": edition.status,
                "effective_at": _moment(edition),
                "changes": told[edition.pk].changes,
                "findings": told[edition.pk].findings,
                "households_affected": told[edition.pk].figures.households_affected,
            }
            for edition in found
        ]
        if as_json:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1))
            return
        for edition, row in zip(found, rows, strict=True):
            self.stdout.write(
                " | ".join(
                    [
                        edition.name,
                        str(edition.get_status_display()),
                        row["effective_at"] or "—",
                        _("%(number)s changes") % {"number": row["changes"]},
                        _("%(number)s findings") % {"number": sum(row["findings"].values())},
                        _("%(number)s households") % {"number": row["households_affected"]},
                    ]
                )
            )

    def _diff(self, edition: Edition, options: dict[str, Any]) -> None:
        found = difference(edition)
        if options["json"]:
            rows = [_row(row) for row in found.rows]
            body = {
                "edition": edition.name,
                "changes": rows,
                "households_affected": found.households_affected,
                "residents_affected": found.residents_affected,
                "buildings_affected": found.buildings_affected,
                "estimated": found.estimated,
            }
            self.stdout.write(json.dumps(body, ensure_ascii=False, indent=1))
            return
        for row in found.rows:
            self.stdout.write(
                f"{row.grid.tier.code} {row.grid.code} {row.shown.name} | {row.change_label} | "
                f"+{row.gained_m2:.0f} m² −{row.lost_m2:.0f} m²"
            )
        self.stdout.write(
            _("%(number)s grids changed; %(households)s households affected.")
            % {"number": len(found.rows), "households": found.households_affected}
        )

    def _rebase(self, edition: Edition, options: dict[str, Any]) -> None:
        clashes = rebasing.conflicts(edition)
        keep: dict[int, Side] = {
            **_chosen(clashes, options["mine"], "mine"),
            **_chosen(clashes, options["theirs"], "theirs"),
        }
        if both := set(options["mine"]) & set(options["theirs"]):
            raise CommandError(
                _("Both sides are asked for: %(codes)s.") % {"codes": ", ".join(sorted(both))}
            )
        if keep:
            clashes = rebasing.rebase(edition, keep=keep, actor=None, now=timezone.now())
        for clash in clashes:
            by = clash.by.name if clash.by else "—"
            what = ", ".join(str(ASPECTS[name]) for name in clash.changed_by_them)
            self.stdout.write(f"{clash.grid.tier.code} {clash.grid.code} | {by} | {what or '×'}")
        self.stdout.write(_("%(number)s left to settle.") % {"number": len(clashes)})

    def _withdraw(self, edition: Edition, options: dict[str, Any]) -> None:
        editions.withdraw(edition, actor=None, now=timezone.now())
        self.stdout.write(_("%(name)s is withdrawn.") % {"name": edition.name})


def _named(name: str) -> Edition:
    found = Edition.objects.filter(name=name).first()
    if found is None:
        drafts = Edition.objects.filter(status=EditionStatus.DRAFT).values_list("name", flat=True)
        raise CommandError(
            _("There is no edition named %(name)s. Drafts: %(drafts)s.")
            % {"name": name, "drafts": ", ".join(drafts) or "—"}
        )
    return found


def _chosen(clashes: Sequence[Conflict], codes: Sequence[str], side: Side) -> dict[int, Side]:
    """Grid ids of the codes; a code that two tiers share means both."""
    known = {clash.grid.code for clash in clashes}
    if unknown := [code for code in codes if code not in known]:
        raise CommandError(
            _("Nobody has changed these meanwhile: %(codes)s.") % {"codes": ", ".join(unknown)}
        )
    return {clash.grid.pk: side for clash in clashes if clash.grid.code in codes}


def _moment(edition: Edition) -> str | None:
    moment = edition.effective_at
    return timezone.localtime(moment).isoformat(timespec="seconds") if moment else None


def _row(row: ChangedGrid) -> dict[str, Any]:
    return {
        "tier": row.grid.tier.code,
        "code": row.grid.code,
        "name": row.shown.name,
        "changes": [change for change in CHANGES if change in row.changes],
        "before_m2": round(row.before_m2, 1),
        "after_m2": round(row.after_m2, 1),
        "gained_m2": round(row.gained_m2, 1),
        "lost_m2": round(row.lost_m2, 1),
        "households_before": row.households_before,
        "households_after": row.households_after,
    }
