"""The audit trail: entries written with the change, sealed into a hash chain afterwards.

Entries carry the transaction that wrote them, so that the sealer can chain them in commit order
without a lock that every writer would queue for. A trigger refuses update and delete on both
tables (migration 0002).
"""

from django.conf import settings
from django.db import models
from django.db.models import Func
from django.utils.translation import gettext_lazy as _


class CurrentTransaction(Func):
    """The identifier of the writing transaction, as bigint."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class AuditEntry(models.Model):
    """Who did what to which object, when. Personal values never stand in `data`."""

    at = models.DateTimeField(_("at"), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("actor"),
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(_("object type"), max_length=60)
    object_id = models.CharField(_("object"), max_length=60)
    data = models.JSONField(_("details"), default=dict)
    transaction_id = models.BigIntegerField(
        _("transaction"), db_default=CurrentTransaction(), editable=False
    )

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="audit_object"),
            models.Index(fields=["transaction_id", "id"], name="audit_transaction"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.object_type} {self.object_id}"


class AuditSeal(models.Model):
    """One link of the chain: sha256 over the previous link and the entry's canonical text."""

    sequence = models.BigIntegerField(_("sequence"), primary_key=True)
    entry = models.OneToOneField(
        AuditEntry, verbose_name=_("audit entry"), on_delete=models.PROTECT, related_name="seal"
    )
    previous_digest = models.CharField(_("digest of the one before"), max_length=64)
    digest = models.CharField(_("digest"), max_length=64)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")

    def __str__(self) -> str:
        return f"{self.sequence} {self.digest[:12]}"
