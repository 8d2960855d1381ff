"""Draw the keys that personal data is encrypted with."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from gridmgmt.core import crypto


class Command(BaseCommand):
    help = "Write a new key file (GRIDMGMT_KEYS_FILE). An existing one is never touched."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.KEYS_FILE)
        try:
            crypto.write_keys(path)
        except FileExistsError:
            raise CommandError(
                f"{path} exists. To put a new key on top of it use rotate_keys."
            ) from None
        self.stdout.write(f"Keys written to {path}. Keep a copy apart from the database's backups.")
