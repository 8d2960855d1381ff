"""The people room: who stands on the grids."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "grids.people"
    label = "people"
    verbose_name = _("People")

    def ready(self) -> None:
        """Fill the ports of the territory; models can be imported only now."""
        from grids.people.services import grid_people, planned_posts
        from grids.territory import ports

        grid_people.check_settings()
        ports.on_publish(planned_posts.carry_out)
        ports.on_withdraw(planned_posts.call_back)
