"""What stands on the ground: the base map, and what a division is weighed by."""

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from grids.territory.models.grid import Grid


class GroundFeature(models.Model):
    """Name and origin that all ground features carry."""

    name = models.CharField(_("name"), max_length=200, blank=True)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=40, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    source_id = models.CharField(_("number in the source"), max_length=60, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name or self.source_id


class Building(GroundFeature):
    """A building with its dwellings; it lies in exactly one leaf by its representative point."""

    footprint = models.PolygonField(_("footprint"), srid=4326, spatial_index=False)
    point = models.PointField(
        _("representative point"), srid=4326, spatial_index=False, help_text=_("Lies inside.")
    )
    levels = models.PositiveSmallIntegerField(_("levels"), null=True, blank=True)
    households = models.PositiveIntegerField(_("households"), default=0)
    estate = models.CharField(_("estate"), max_length=100, blank=True)
    street = models.CharField(_("road"), max_length=100, blank=True)
    number = models.CharField(pgettext_lazy("house", "number"), max_length=30, blank=True)
    grid = models.ForeignKey(
        Grid,
        verbose_name=_("grid"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="buildings",
        help_text=_("Cached; refreshed when an edition takes effect."),
    )

    class Meta:
        verbose_name = _("building")
        verbose_name_plural = _("buildings")
        indexes = [
            GistIndex(fields=["footprint"], name="building_footprint"),
            GistIndex(fields=["point"], name="building_point"),
        ]


class Road(GroundFeature):
    """A stretch of road; `kind` is its class (OpenStreetMap's highway value)."""

    line = models.LineStringField(pgettext_lazy("geometry", "line"), srid=4326, spatial_index=False)

    class Meta:
        verbose_name = _("road")
        verbose_name_plural = _("roads")
        indexes = [GistIndex(fields=["line"], name="road_line")]


class Water(GroundFeature):
    """A sheet of water."""

    area = models.MultiPolygonField(_("area"), srid=4326, spatial_index=False)

    class Meta:
        verbose_name = _("water")
        verbose_name_plural = _("waters")
        indexes = [GistIndex(fields=["area"], name="water_area")]
