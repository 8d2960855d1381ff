"""Imported lists: the mapping of their columns by name, and each run."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportMapping(models.Model):
    """Which column of a kind of list holds which field. The name is the list's source too:
    outside numbers are unique below it."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    columns = models.JSONField(
        _("columns"), default=dict, help_text=_("Field of the case → header of the column.")
    )
    crs = models.CharField(_("coordinate system"), max_length=30, blank=True)
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("updated at"))

    class Meta:
        verbose_name = _("import mapping")
        verbose_name_plural = _("import mappings")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ImportBatch(models.Model):
    """One run over one file: what came in, what was there already, what was refused."""

    file_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(_("checksum (SHA-256)"), max_length=64)
    mapping = models.ForeignKey(
        ImportMapping,
        verbose_name=_("mapping"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="batches",
    )
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("actor"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    at = models.DateTimeField(_("at"))
    row_count = models.PositiveIntegerField(_("rows"))
    created_count = models.PositiveIntegerField(_("new cases"))
    known_count = models.PositiveIntegerField(_("known already"))
    refused_count = models.PositiveIntegerField(_("refused"))

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.file_name} {self.at:%Y-%m-%d %H:%M}"
