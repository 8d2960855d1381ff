"""Places that words can name: roads, estates, buildings, addresses. Searched without internet."""

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from gridmgmt.core.models import BilingualName
from grids.territory.choices import PlaceKind


class Place(BilingualName):
    """One entry of the offline gazetteer, with the terms it is found by (core/search)."""

    kind = models.CharField(_("kind"), max_length=10, choices=PlaceKind.choices)
    road = models.CharField(_("road"), max_length=100, blank=True)
    number = models.CharField(pgettext_lazy("house", "number"), max_length=30, blank=True)
    aliases = ArrayField(
        models.CharField(max_length=200), verbose_name=_("aliases"), default=list, blank=True
    )
    point = models.PointField(_("point"), srid=4326, spatial_index=False)
    extent_m = models.FloatField(
        _("extent (m)"), default=0, help_text=_("How far from the point the place reaches.")
    )
    terms = ArrayField(
        models.CharField(max_length=60),
        verbose_name=_("search terms"),
        default=list,
        editable=False,
    )
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        indexes = [
            GinIndex(fields=["terms"], name="place_terms"),
            GistIndex(fields=["point"], name="place_point"),
        ]
