from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    name = "incidents"
    label = "incidents"
    verbose_name = _("Incidents")

    def ready(self) -> None:
        from incidents import kinds

        kinds.register()
