"""Put a new newest key into the key file, and encrypt anew where asked."""

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models, transaction

from gridmgmt.core import crypto

BATCH = 500


class Command(BaseCommand):
    help = "Add a newest key. Older keys stay in the file and go on decrypting."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reencrypt", action="store_true", help="Encrypt every stored value with the new key."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.KEYS_FILE)
        if not path.exists():
            raise CommandError(f"{path} is missing. make_keys writes it.")
        crypto.rotate_keys(path)
        self.stdout.write(f"A new key stands first in {path}. Save a copy of the file.")
        if options["reencrypt"]:
            for model in apps.get_models():
                self._reencrypt(model)

    def _reencrypt(self, model: type[models.Model]) -> None:
        names = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, crypto.EncryptedTextField)
        ]
        if not names or not model._meta.managed:
            return
        last, done = 0, 0
        while True:
            # Locked in small groups, so that a change made meanwhile is not overwritten.
            with transaction.atomic():
                rows = list(
                    model._base_manager.select_for_update()
                    .only("pk", *names)
                    .filter(pk__gt=last)
                    .order_by("pk")[:BATCH]
                )
                if not rows:
                    break
                model._base_manager.bulk_update(rows, names)
            last, done = rows[-1].pk, done + len(rows)
        self.stdout.write(f"{model._meta.label}: {done} rows encrypted anew.")
