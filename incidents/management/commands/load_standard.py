"""Load the standard's categories, local matters, picture tiles, holidays and first rules."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents.services.standard import load_standard


class Command(BaseCommand):
    help = (
        "Load categories, limits, picture tiles, holidays and first routing rules. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = load_standard(actor=None, now=timezone.now())
        self.stdout.write(
            _(
                "Added: %(categories)d categories with %(filing_rules)d filing rules, "
                "%(tiles)d picture tiles, %(special_days)d special days, "
                "%(routing_rules)d routing rules."
            )
            % vars(loaded)
        )
        if loaded.special_days:
            self.stdout.write(
                _("Check the holidays against this year's official notice before you rely on them.")
            )
