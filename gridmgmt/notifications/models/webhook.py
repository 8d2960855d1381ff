"""Other systems that want to hear, and the deliveries that they still owe an answer to."""

import uuid

from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.crypto import EncryptedTextField


class WebhookEndpoint(models.Model):
    """An address that is called with signed messages. Without kinds it hears everything."""

    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(
        _("address"), max_length=500, validators=[URLValidator(schemes=["http", "https"])]
    )
    secret = EncryptedTextField(
        _("secret"), help_text=_("Signs each message; the receiver checks it with the same one.")
    )
    kinds = models.JSONField(
        _("kinds"), default=list, blank=True, help_text=_("Empty: every kind.")
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting", _("waiting")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("given up")


class ChannelDelivery(models.Model):
    """One message to one endpoint, until it is accepted or given up."""

    delivery_id = models.UUIDField(_("number"), default=uuid.uuid4, unique=True, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        verbose_name=_("webhook"),
        on_delete=models.CASCADE,
        related_name="deliveries",
    )
    kind = models.CharField(_("kind"), max_length=60)
    event_id = models.UUIDField(_("event"))
    payload = models.JSONField(_("message"), default=dict)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=DeliveryStatus.choices,
        default=DeliveryStatus.WAITING,
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    error = models.CharField(_("last error"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event_id", "kind"], name="channel_delivery_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="channel_delivery_waiting",
                condition=models.Q(status=DeliveryStatus.WAITING),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.endpoint_id}"
