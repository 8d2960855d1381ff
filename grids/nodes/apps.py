from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NodesConfig(AppConfig):
    name = "grids.nodes"
    label = "nodes"
    verbose_name = _("Nodes")
