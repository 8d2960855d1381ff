"""Webhooks are configured here; messages and deliveries are looked at."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gridmgmt.core.admin import Audited, LookOnly
from gridmgmt.notifications import kinds
from gridmgmt.notifications.models import ChannelDelivery, Notification, WebhookEndpoint
from gridmgmt.notifications.models.webhook import DeliveryStatus


class WebhookForm(forms.ModelForm):
    """The secret is written, never shown; an empty field keeps the old one."""

    secret = forms.CharField(
        label=_("Secret"),
        widget=forms.PasswordInput,
        required=False,
        min_length=16,
        help_text=_("At least 16 characters. Leave empty to keep the present one."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds"), required=False, help_text=_("Choose none to hear every kind.")
    )

    class Meta:
        model = WebhookEndpoint
        fields = ["name", "url", "secret", "kinds", "active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored_secret = self.instance.secret if self.instance.pk else ""
        self.fields["kinds"].choices = [(code, code) for code in sorted(kinds.registered())]

    def clean_secret(self) -> str:
        secret = self.cleaned_data["secret"] or self.stored_secret
        if not secret:
            raise forms.ValidationError(_("A new webhook needs a secret."))
        return secret


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(Audited):
    form = WebhookForm
    list_display = ["name", "url", "active"]
    list_filter = ["active"]


@admin.register(ChannelDelivery)
class ChannelDeliveryAdmin(LookOnly):
    list_display = ["delivery_id", "endpoint", "kind", "status", "attempts", "error"]
    list_filter = ["status", "endpoint"]
    actions = ["send_again"]

    @admin.action(description=_("Send again"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        queryset.exclude(status=DeliveryStatus.DELIVERED).update(
            status=DeliveryStatus.WAITING, attempts=0, next_attempt_at=timezone.now()
        )


@admin.register(Notification)
class NotificationAdmin(LookOnly):
    list_display = ["created_at", "recipient", "kind", "urgent", "read_at"]
    list_filter = ["kind", "urgent"]
    list_select_related = ["recipient"]
