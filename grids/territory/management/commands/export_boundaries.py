"""Write the division to a map file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from grids.territory.errors import TerritoryError
from grids.territory.management.commands.import_boundaries import parse_effective
from grids.territory.models import Edition
from grids.territory.services import boundary_export


class Command(BaseCommand):
    help = "Write areas to GeoPackage, Shapefile (.zip), GeoJSON or KML, by the file's ending."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tier", default="", help="street, community, grid, … (default: all)")
        parser.add_argument("--on", metavar="DATE", help="as it was on this day (default: now)")
        parser.add_argument("--edition", help="a draft by its name, laid over what is in force")
        parser.add_argument(
            "--crs", default="wgs84", help="wgs84, cgcs2000, gcj02, bd09 or EPSG:n (wgs84)"
        )
        parser.add_argument(
            "--encoding", default="UTF-8", help="of a Shapefile's text: UTF-8 or GB18030 (UTF-8)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            areas = self._areas(options)
            path: Path = options["file"]
            ending = path.suffix.lower().lstrip(".")
            ending = "shp" if ending == "zip" else ending
            if path.suffix.lower() == ".shp":
                raise TerritoryError(
                    _("A Shapefile is several files; give a name that ends in .zip.")
                )
            boundary_export.write(
                areas,
                path,
                ending=ending,
                crs=boundary_export.wanted_crs(options["crs"], ending),
                encoding=options["encoding"],
            )
        except TerritoryError as refusal:
            raise CommandError(refusal.text) from refusal
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            _("%(number)s areas are in %(file)s.") % {"number": len(areas), "file": path}
        )

    def _areas(self, options: dict[str, Any]) -> list[boundary_export.ExportArea]:
        if options["edition"]:
            if options["on"]:
                raise TerritoryError(_("Give --on or --edition, not both."))
            edition = Edition.objects.filter(name=options["edition"]).first()
            if edition is None:
                raise TerritoryError(
                    _("There is no edition named %(name)s.") % {"name": options["edition"]}
                )
            return boundary_export.areas_of_draft(edition, tier=options["tier"])
        moment = parse_effective(options["on"]) or timezone.now()
        return boundary_export.areas_in_force(moment, tier=options["tier"])
