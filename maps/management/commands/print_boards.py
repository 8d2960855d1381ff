"""Boards, cards, plans and lists of an area and all below it, as PDF files in a directory."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from gridmgmt.core import paper
from maps.services.batches import leaves_below
from maps.services.grid_page import in_force
from maps.services.sheets import SHEETS, Ask, title_of


class Command(BaseCommand):
    help = "Write boards (or other sheets) of an area and all below it as PDF files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--within", required=True, metavar="CODE")
        parser.add_argument("--out", required=True, type=Path, metavar="DIR")
        parser.add_argument("--sheet", choices=sorted(SHEETS), default="board")
        parser.add_argument("--one-file", action="store_true", help="all sheets in one PDF")
        parser.add_argument("--language", choices=["zh-hans", "en"], default=settings.LANGUAGE_CODE)
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="https://… for the QR codes")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if not options["url"]:
            raise CommandError(
                "The QR codes need an address: give --url https://… or set GRIDMGMT_PUBLIC_URL."
            )
        found = in_force(options["within"], now)
        if not found:
            raise CommandError(f"No area with the code {options['within']} is in force.")
        out: Path = options["out"]
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"{out} cannot be written to: {error}") from error
        whole = options["sheet"] in {"plan", "list"}
        areas = found[:1] if whole else leaves_below(found[0], now)
        with translation.override(options["language"]):
            self._write(areas, options, now)

    def _write(self, areas: list, options: dict[str, Any], now: Any) -> None:
        sheet, out = options["sheet"], options["out"]
        bodies = {
            area.grid.code: (area, SHEETS[sheet](Ask(area, now, options["url"]))) for area in areas
        }
        if options["one_file"]:
            path = out / f"{options['within']}-{sheet}.pdf"
            title = _("Sheets of %(code)s") % {"code": options["within"]}
            path.write_bytes(
                paper.pdf(paper.document(title, *(body for _area, body in bodies.values())))
            )
            self.stdout.write(str(path))
            return
        for code, (area, body) in bodies.items():
            path = out / f"{code}-{sheet}.pdf"
            path.write_bytes(paper.pdf(paper.document(title_of(sheet, area), body)))
            self.stdout.write(str(path))
