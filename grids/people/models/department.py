"""Departments of the five management systems, at every tier."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.models import BilingualName
from grids.people.choices import ManagementSystem
from grids.territory.models import Grid


class Department(BilingualName):
    """A unit that handles what its field owns, for the area of one grid (any tier)."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    system = models.CharField(
        _("management system"), max_length=20, choices=ManagementSystem.choices
    )
    grid = models.ForeignKey(
        Grid, verbose_name=_("area"), on_delete=models.PROTECT, related_name="departments"
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        indexes = [models.Index(fields=["system", "grid"], name="department_system_grid")]
