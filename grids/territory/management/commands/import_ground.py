"""Load buildings, roads, water and named places, which draw the base map and name places."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.territory.errors import TerritoryError
from grids.territory.services.ground import LAYERS, load_ground
from grids.territory.services.places import rebuild_places


class Command(BaseCommand):
    help = "Replace the ground features (buildings, roads, water, places) by those of a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--layer", action="append", choices=LAYERS, help="only this layer (may be repeated)"
        )
        parser.add_argument(
            "--name",
            action="append",
            default=[],
            metavar="LAYER=NAME",
            help="what the file calls a layer, for instance roads=street_centrelines",
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="COLUMN=NAME",
            help="what the file calls a column, for instance households=dwellings",
        )
        parser.add_argument("--source", default="", help="origin and licence, kept with the data")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            counts = load_ground(
                options["file"],
                actor=None,
                now=now,
                source=options["source"],
                layers=tuple(options["layer"] or LAYERS),
                names=_pairs(options["name"]),
                columns=_pairs(options["column"]),
            )
        except TerritoryError as refusal:
            raise CommandError(refusal.text) from refusal
        for layer, number in counts.items():
            self.stdout.write(f"{layer}: {number}")
        self.stdout.write(
            _("%(number)s places can be found by their words.")
            % {"number": rebuild_places(now=now)}
        )


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for one in given:
        ours, equals, theirs = one.partition("=")
        if not (ours and equals and theirs):
            raise CommandError(
                _("%(text)s is no pair such as households=dwellings.") % {"text": one}
            )
        pairs[ours] = theirs
    return pairs
