"""That an urgent case reached the people it was sent to."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from grids.people.models import Person
from incidents.models.incident import Incident


class UrgentReceipt(models.Model):
    """Sent, seen, acknowledged, ordered, arrived: one row per case and person."""

    incident = models.ForeignKey(
        Incident, verbose_name=_("case"), on_delete=models.PROTECT, related_name="receipts"
    )
    person = models.ForeignKey(
        Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="urgent_receipts"
    )
    role = models.CharField(_("role"), max_length=20)
    sent_at = models.DateTimeField(_("sent at"))
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    ordered_at = models.DateTimeField(_("ordered at"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("arrived at"), null=True, blank=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [models.UniqueConstraint(fields=["incident", "person"], name="receipt_once")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.person_id}"
