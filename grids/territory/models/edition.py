"""Editions are long transactions: a draft holds only what it changes of the division."""

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.utils.translation import gettext_lazy as _

from grids.territory.choices import EditionStatus, FindingKind, repair_sentence
from grids.territory.models.grid import Grid, Tier


class Edition(models.Model):
    """A set of boundary changes that takes effect as one."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    status = models.CharField(
        _("status"), max_length=12, choices=EditionStatus.choices, default=EditionStatus.DRAFT
    )
    base = models.ForeignKey(
        "self",
        verbose_name=_("based on"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    note = models.TextField(_("note"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("published by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    effective_at = models.DateTimeField(_("takes effect"), null=True, blank=True)

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status=EditionStatus.PUBLISHED)
                | models.Q(effective_at__isnull=False),
                name="edition_published_has_moment",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Lineage(models.Model):
    """Which grid came from which, with the shares that went over (0–1)."""

    edition = models.ForeignKey(
        Edition, verbose_name=_("edition"), on_delete=models.CASCADE, related_name="lineages"
    )
    origin = models.ForeignKey(
        Grid, verbose_name=_("comes from"), on_delete=models.PROTECT, related_name="descendants"
    )
    heir = models.ForeignKey(
        Grid, verbose_name=_("new area"), on_delete=models.PROTECT, related_name="ancestry"
    )
    area_share = models.FloatField(_("share of area"))
    household_share = models.FloatField(_("share of households"), null=True, blank=True)

    class Meta:
        verbose_name = _("lineage")
        verbose_name_plural = _("lineages")
        constraints = [
            models.UniqueConstraint(fields=["edition", "origin", "heir"], name="lineage_once"),
            models.CheckConstraint(
                condition=models.Q(area_share__gte=0, area_share__lte=1),
                name="lineage_share_between_0_and_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin} → {self.heir}"


class Finding(models.Model):
    """One fault of an edition: what, where, how large, whom it touches, how to mend it."""

    edition = models.ForeignKey(
        Edition, verbose_name=_("edition"), on_delete=models.CASCADE, related_name="findings"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=FindingKind.choices)
    tier = models.ForeignKey(Tier, verbose_name=_("tier"), on_delete=models.PROTECT)
    area = models.ForeignKey(
        Grid,
        verbose_name=_("checked area"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The divided area, or for faults of one outline its own area."),
    )
    codes = ArrayField(models.CharField(max_length=40), verbose_name=_("codes"), default=list)
    area_m2 = models.FloatField(_("area (m²)"), null=True, blank=True)
    geometry = models.GeometryField(_("geometry"), srid=4326, null=True, blank=True)
    repair = models.CharField(
        _("proposed repair"), max_length=200, blank=True, help_text=_("A verb and a code.")
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("accepted by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    accepted_reason = models.TextField(_("reason for accepting"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")

    def __str__(self) -> str:
        return f"{self.kind} {', '.join(self.codes)}"

    @property
    def repair_text(self) -> str:
        """The proposed repair as a sentence in the reader's language."""
        return repair_sentence(self.repair)
