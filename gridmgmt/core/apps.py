from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "gridmgmt.core"
    label = "core"
    verbose_name = _("Core")

    def ready(self) -> None:
        # Each room's handlers.py registers what it hears (core/outbox).
        autodiscover_modules("handlers")
