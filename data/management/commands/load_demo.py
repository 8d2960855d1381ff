"""Load the demonstration: 清华园街道 with simulated people and a simulated year of cases."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from data.demo_loader.accounts import FILE_NAME, Accounts
from data.demo_loader.load import is_loaded, load_demo, renew_accounts
from grids.territory.models import Boundary


class Command(BaseCommand):
    help = "Load the demonstration street office. Does nothing when it is there already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cases", type=int, default=2500, help="how many cases (2500)")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MODE == "production":
            raise CommandError(
                _("This is a production system; simulated people and cases do not belong into it.")
            )
        if is_loaded():
            self._already()
            return
        if Boundary.objects.exists():
            raise CommandError(
                _("This database holds a division already. Give the demonstration an empty one.")
            )
        if options["cases"] < 1:
            raise CommandError(_("--cases must be at least 1."))
        loaded = load_demo(
            cases=options["cases"],
            now=timezone.now(),
            local_dir=settings.LOCAL_DIR,
            say=lambda text: self.stdout.write(f"· {text}"),
        )
        self.stdout.write(
            _("Loaded: %(areas)s areas, %(people)s simulated people, %(cases)s simulated cases.")
            % {"areas": loaded.areas, "people": loaded.people, "cases": loaded.cases}
        )
        self._show(loaded.accounts)

    def _already(self) -> None:
        if (settings.LOCAL_DIR / FILE_NAME).exists():
            self.stdout.write(_("The demonstration is loaded already."))
            return
        self.stdout.write(_("The demonstration is loaded already; its accounts get new passwords."))
        self._show(renew_accounts(settings.LOCAL_DIR))

    def _show(self, accounts: Accounts) -> None:
        width = max(map(len, accounts), default=0)
        for role, account in accounts.items():
            self.stdout.write(
                f"  {role:<{width}}  {account['username']:<20}  {account['password']}"
            )
