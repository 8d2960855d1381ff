"""The number in the bell."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from gridmgmt.notifications.models import Notification


def unread(request: HttpRequest) -> dict[str, Any]:
    """`unread`: counted only when a template shows it, and never for who is not signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"unread": 0}
    return {"unread": SimpleLazyObject(lambda: Notification.objects.of(user.pk).unread().count())}
