from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from grids.territory.defaults import add_default_tiers


class TerritoryConfig(AppConfig):
    name = "grids.territory"
    label = "territory"
    verbose_name = _("Territory")

    def ready(self) -> None:
        # `flush` empties the tiers and ends with this signal: no deployment is without tiers.
        post_migrate.connect(_restore_tiers, sender=self)


def _restore_tiers(sender: AppConfig, **_kwargs: Any) -> None:
    add_default_tiers(sender.get_model("Tier"))
