from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    name = "incidents"
    label = "incidents"
    verbose_name = _("Incidents")

    def ready(self) -> None:
        from grids.territory import ports
        from incidents import kinds
        from incidents.services.case_points import case_points

        kinds.register()
        ports.provide_points(ports.CASES, case_points)
