"""Take a list of the roster in: Excel, or CSV in UTF-8 or GB18030."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from gridmgmt.core.tables.errors import ListError
from gridmgmt.core.tables.reading import read_table
from grids.people.services.roster_import import everything, import_roster


class Command(BaseCommand):
    help = (
        "Import people and posts from a list. Columns are recognised by their names in Chinese or "
        "English. Every row must be good, or nothing is written; the same file again adds nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check all, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            result = import_roster(
                read_table(options["file"]),
                scope=everything(now),
                actor=None,
                now=now,
                dry_run=options["dry_run"],
            )
        except ListError as error:
            raise CommandError(str(error)) from error
        used = ", ".join(f"{field} = {header}" for field, header in result.columns.items())
        self.stdout.write(_("Columns: %(used)s") % {"used": used})
        for outcome in result.outcomes:
            if outcome.warning:
                self.stderr.write(
                    _("Line %(line)s: %(reason)s")
                    % {"line": outcome.line, "reason": outcome.warning}
                )
        for refusal in result.refused:
            self.stderr.write(
                _("Line %(line)s: %(reason)s") % {"line": refusal.line, "reason": refusal.reason}
            )
        if result.refused:
            raise CommandError(
                _("%(refused)s rows were refused, so nothing was written.")
                % {"refused": len(result.refused)}
            )
        counts = {
            "people": result.people,
            "posts": result.posts,
            "changes": result.changes,
            "known": result.known,
        }
        self.stdout.write(
            _(
                "%(people)s new people, %(posts)s new posts, %(changes)s changes; %(known)s rows "
                "were known."
            )
            % counts
        )
        if not result.written:
            self.stdout.write(_("Nothing was written: this was a trial."))
