"""Add to each row of a CSV file the areas that are responsible for its point."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from gridmgmt.core.crs import UnknownCrsError, parse_crs
from grids.territory.errors import TerritoryError
from grids.territory.management.commands.import_boundaries import parse_effective
from grids.territory.services.point_files import route_file


class Command(BaseCommand):
    help = "Route the points of a CSV file; adds one column a tier, then answer and distance_m."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, metavar="IN.csv")
        parser.add_argument("target", type=Path, metavar="OUT.csv")
        parser.add_argument("--lon", help="column of the longitude")
        parser.add_argument("--lat", help="column of the latitude")
        parser.add_argument("--crs", default="wgs84", help="wgs84, cgcs2000, gcj02, bd09, EPSG:n")
        parser.add_argument("--on", metavar="DATE", help="as of the start of that day")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            moment = parse_effective(options["on"]) or timezone.now()
            crs = parse_crs(options["crs"])
            result = route_file(
                options["source"],
                options["target"],
                lon=options["lon"],
                lat=options["lat"],
                crs=crs,
                moment=moment,
            )
        except UnknownCrsError:
            raise CommandError(
                _(
                    "%(crs)s is no coordinate system that we know. Use wgs84, cgcs2000, gcj02, "
                    "bd09 or EPSG:n."
                )
                % {"crs": options["crs"]}
            ) from None
        except TerritoryError as refusal:
            raise CommandError(refusal.text) from refusal
        for fault in result.faults:
            self.stderr.write(fault)
        counts = ", ".join(f"{answer} {n}" for answer, n in result.answers.most_common())
        self.stdout.write(
            _("%(rows)s rows routed: %(counts)s.") % {"rows": result.rows, "counts": counts or "—"}
        )
