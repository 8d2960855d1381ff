"""Propose grids by machine and write them into a draft."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.territory.division import EMPHASES, DivisionError, Proposal, Wish, divide
from grids.territory.errors import TerritoryError
from grids.territory.models import Edition
from grids.territory.services import editions
from grids.territory.services.division_ground import Mix, problem_for
from grids.territory.services.division_layer import read_layer
from grids.territory.services.division_writing import (
    emphasis_label,
    note_sentence,
    refusal,
    write_proposal,
)

SHOWN = 20


class Command(BaseCommand):
    help = "Propose grids inside areas and write the first proposal into a draft edition."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--within", nargs="+", required=True, metavar="CODE")
        parser.add_argument("--edition", required=True, metavar="NAME", help="made if not there")
        parser.add_argument("--target", type=float, default=200.0, help="households a grid")
        parser.add_argument("--band", type=float, default=0.15, help="share by which it may be off")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--emphasis",
            nargs="+",
            choices=EMPHASES,
            default=["even"],
            help="one proposal each; the first is written",
        )
        parser.add_argument(
            "--stability", type=float, default=0.0, help="weight of keeping the grids of today"
        )
        parser.add_argument(
            "--mix",
            default="households=1",
            metavar="PART=SHARE,…",
            help="what workload is made of: households, cases, strength",
        )
        parser.add_argument(
            "--layer",
            type=Path,
            metavar="FILE",
            help="divide by the polygons of this file instead of by buildings",
        )
        parser.add_argument(
            "--column", default="households", help="the column of --layer with the households"
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                self._divide(options)
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except TerritoryError as error:
            raise CommandError(error.text) from error
        except DivisionError as error:
            raise CommandError(refusal(error).text) from error

    def _divide(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        edition = Edition.objects.filter(name=options["edition"]).first()
        if edition is None:
            edition = editions.draft(options["edition"], actor=None, now=now)
        wish = Wish(
            target=options["target"],
            band=options["band"],
            seed=options["seed"],
            stability=options["stability"],
            emphases=tuple(dict.fromkeys(options["emphasis"])),
        )
        layer = read_layer(options["layer"], options["column"]) if options["layer"] else None
        problem, plane = problem_for(
            options["within"], edition=edition, now=now, mix=_mix(options["mix"]), layer=layer
        )
        proposals = divide(problem, wish)
        for proposal in proposals:
            self._show(proposal, wish)
        step = write_proposal(edition, proposals[0], plane, actor=None, now=now)
        self.stdout.write(
            _("Written to the draft %(name)s as step %(number)s.")
            % {"name": edition.name, "number": step.number}
        )

    def _show(self, proposal: Proposal, wish: Wish) -> None:
        scores = proposal.scores
        self.stdout.write(
            _(
                "%(label)s: %(grids)d grids, %(within).1f %% of them within ±%(band).0f %% of "
                "%(target)g households, %(far)d off by more than ±%(double).0f %%, variation "
                "%(variation).3f, compactness %(compactness).3f, %(along).0f %% of the borders "
                "along barriers, %(cut)d buildings cut, %(changed).0f %% of households change."
            )
            % {
                "label": emphasis_label(proposal.label),
                "grids": scores["grids"],
                "within": 100 * scores["within_band"],
                "band": 100 * wish.band,
                "target": wish.target,
                "far": scores["far_beyond"],
                "double": 200 * wish.band,
                "variation": scores["variation"],
                "compactness": scores["compactness"],
                "along": 100 * scores["along_barriers"],
                "cut": scores["buildings_cut"],
                "changed": 100 * scores["households_changed"],
            }
        )
        noted = [cell for cell in proposal.cells if cell.notes]
        for cell in noted[:SHOWN]:
            words = " ".join(note_sentence(note) for note in cell.notes)
            self.stdout.write(f"  {cell.within}  {cell.households}  {words}")
        if len(noted) > SHOWN:
            self.stdout.write(_("  … and %(number)s more.") % {"number": len(noted) - SHOWN})


def _mix(text: str) -> Mix:
    shares: dict[str, float] = {"households": 0.0}
    for part in text.split(","):
        name, _equals, share = part.partition("=")
        if name not in {"households", "cases", "strength"}:
            raise TerritoryError(
                _("Workload is a mix of households, cases and strength, not of %(name)s.")
                % {"name": name}
            )
        try:
            shares[name] = float(share)
        except ValueError as error:
            raise TerritoryError(_("%(text)s is no share.") % {"text": share}) from error
    return Mix(**shares)
