"""Photos of a case. Stored re-encoded without metadata, not public until released."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.choices import AttachmentStage
from incidents.models.incident import Incident


class Attachment(models.Model):
    """A picture, with how far its own recorded position lay from the reported point."""

    incident = models.ForeignKey(
        Incident, verbose_name=_("case"), on_delete=models.PROTECT, related_name="attachments"
    )
    stage = models.CharField(_("stage"), max_length=10, choices=AttachmentStage.choices)
    file = models.FileField(_("file"), upload_to="photos/%Y/%m/")
    thumbnail = models.FileField(_("thumbnail"), upload_to="photos/%Y/%m/", blank=True)
    public = models.BooleanField(_("released to the public"), default=False)
    sha256 = models.CharField(_("checksum (SHA-256)"), max_length=64)
    width = models.PositiveIntegerField(_("width (pixels)"))
    height = models.PositiveIntegerField(_("height (pixels)"))
    position_offset_m = models.FloatField(
        _("distance of the photo's position (m)"), null=True, blank=True
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("added by"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")

    def __str__(self) -> str:
        return f"{self.incident_id} {self.stage}"
