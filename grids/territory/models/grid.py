"""The identity of areas. Everything that changes with time stands in Boundary."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.models import BilingualName


class Tier(BilingualName):
    """One level of the tree. `order` grows downwards: street 1, community 2, grid 3."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    order = models.PositiveSmallIntegerField(_("order"), unique=True)
    code_length = models.PositiveSmallIntegerField(
        _("code length"), null=True, blank=True, help_text=_("Empty: foreign codes of any length.")
    )
    household_min = models.PositiveIntegerField(_("least households"), null=True, blank=True)
    household_max = models.PositiveIntegerField(_("most households"), null=True, blank=True)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["order"]


class Grid(models.Model):
    """An area's identity: tier and code, unique in the tier and never used again."""

    tier = models.ForeignKey(
        Tier, verbose_name=_("tier"), on_delete=models.PROTECT, related_name="grids"
    )
    code = models.CharField(_("code"), max_length=40)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("grid")
        verbose_name_plural = _("grids")
        constraints = [models.UniqueConstraint(fields=["tier", "code"], name="grid_code_once")]
        indexes = [models.Index(fields=["code"], name="grid_code")]

    def __str__(self) -> str:
        return self.code
