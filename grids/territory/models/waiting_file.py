"""Files that wait on the server between upload and confirmation."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from grids.territory.models.edition import Edition


class WaitingFile(models.Model):
    """An uploaded file, seen by its owner alone, until it is imported, discarded or expires.

    The file itself lies in a folder named by the token; see services/waiting_files.py.
    """

    class Purpose(models.TextChoices):
        AREAS = "areas", _("areas with outlines")
        LIST = "list", _("list of buildings")

    token = models.UUIDField(_("token"), default=uuid.uuid4, unique=True, editable=False)
    edition = models.ForeignKey(
        Edition, verbose_name=_("edition"), on_delete=models.CASCADE, related_name="waiting_files"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=models.CASCADE,
        related_name="+",
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    name = models.CharField(_("name"), max_length=200)
    data_file = models.CharField(_("file to read"), max_length=300)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"), db_index=True)

    class Meta:
        verbose_name = _("waiting file")
        verbose_name_plural = _("waiting files")

    def __str__(self) -> str:
        return self.name
