"""Tell people something once, whatever the number of attempts."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from gridmgmt.notifications.channels import CHANNELS, Message
from gridmgmt.notifications.models import Notification


@transaction.atomic
def notify(
    recipients: Iterable[AbstractBaseUser | int],
    kind: str,
    *,
    params: dict[str, Any] | None = None,
    url: str = "",
    urgent: bool = False,
    event_id: uuid.UUID,
    now: datetime,
) -> None:
    """Tell `recipients` (users or their ids) about the event `event_id`.

    `kind` names the sentence (see `kinds.register`), `params` fill it, `url` is a path of this
    site that opens the matter. The same kind for the same event reaches each reader once, so a
    handler that runs again tells nobody twice.
    """
    message = Message(
        recipients=tuple(r if isinstance(r, int) else r.pk for r in recipients),
        kind=kind,
        params=params or {},
        url=url,
        urgent=urgent,
        event_id=event_id,
        at=now,
    )
    for channel in CHANNELS:
        channel.accept(message)


def mark_read(*, actor: AbstractBaseUser, notification_id: int, now: datetime) -> None:
    """Note that the reader has opened one message; somebody else's is not touched."""
    Notification.objects.of(actor.pk).unread().filter(pk=notification_id).update(read_at=now)


def mark_all_read(*, actor: AbstractBaseUser, now: datetime) -> int:
    """Note that the reader has seen the whole inbox; returns how many were unread."""
    return Notification.objects.of(actor.pk).unread().update(read_at=now)
