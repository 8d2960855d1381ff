"""Boundaries: where an area lies, under which parent and name, during which time."""

from django.contrib.gis.db import models
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.models import BilingualName
from grids.territory.choices import GridKind
from grids.territory.models.edition import Edition
from grids.territory.models.grid import Grid
from grids.territory.querysets import BoundaryQuerySet


class Boundary(BilingualName):
    """One version of an area. `valid` is null in a draft; a tombstone has no geometry.

    A published tombstone ends its grid: it keeps `valid` null, and the grid's last range is
    closed. Ranges of one grid never overlap, by constraint.
    """

    grid = models.ForeignKey(
        Grid, verbose_name=_("grid"), on_delete=models.PROTECT, related_name="boundaries"
    )
    edition = models.ForeignKey(
        Edition, verbose_name=_("edition"), on_delete=models.PROTECT, related_name="boundaries"
    )
    parent = models.ForeignKey(
        Grid,
        verbose_name=_("parent"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="child_boundaries",
        db_index=False,  # boundary_parent below
    )
    replaces = models.ForeignKey(
        "self",
        verbose_name=_("replaces"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="successors",
        help_text=_("The version this one was drawn from; publishing refuses when it is gone."),
    )
    kind = models.CharField(
        _("kind"), max_length=12, choices=GridKind.choices, default=GridKind.BASIC
    )
    geometry = models.MultiPolygonField(
        _("geometry"), srid=4326, null=True, blank=True, spatial_index=False
    )
    valid = DateTimeRangeField(_("valid"), null=True, blank=True)
    households = models.PositiveIntegerField(_("households"), null=True, blank=True)
    population = models.PositiveIntegerField(_("population"), null=True, blank=True)
    source = models.CharField(
        _("source"), max_length=200, blank=True, help_text=_("Origin of the outline.")
    )
    source_crs = models.CharField(_("CRS of the source"), max_length=30, blank=True)

    confirmed = models.BooleanField(
        _("confirmed"),
        default=True,
        help_text=_("No: the outline was derived from a list and nobody has looked at it yet."),
    )

    objects = BoundaryQuerySet.as_manager()

    class Meta:
        verbose_name = _("boundary")
        verbose_name_plural = _("boundaries")
        constraints = [
            models.UniqueConstraint(fields=["edition", "grid"], name="boundary_once_per_edition"),
            ExclusionConstraint(
                name="boundary_one_at_a_time",
                expressions=[("grid", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=models.Q(valid__isnull=False),
            ),
            models.CheckConstraint(
                condition=models.Q(valid__isnull=True) | models.Q(geometry__isnull=False),
                name="boundary_valid_has_geometry",
            ),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("grid")),
                name="boundary_not_its_own_parent",
            ),
        ]
        indexes = [
            GistIndex(fields=["geometry"], name="boundary_geometry"),
            models.Index(fields=["parent"], name="boundary_parent"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.grid_id})"
