"""Recompute the chain of the audit trail."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from gridmgmt.core import audit


class Command(BaseCommand):
    help = "Verify the audit trail; ends with an error when a link is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seal", action="store_true", help="Seal what waits before verifying.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seal"]:
            while audit.seal(now=timezone.now()):
                continue
        result = audit.verify()
        if result.broken_at is not None:
            raise CommandError(
                f"The trail is broken at link {result.broken_at}: {result.reason}. "
                f"{result.sealed} links, {result.unsealed} entries not sealed yet."
            )
        self.stdout.write(
            f"The trail holds: {result.sealed} links, {result.unsealed} entries not sealed yet."
        )
