"""The inbox inside the platform: accepting is delivering."""

from datetime import datetime

from gridmgmt.notifications.channels.base import Message
from gridmgmt.notifications.models import Notification


class InboxChannel:
    """One row per reader; a reader who has the message already keeps the first."""

    code = "inbox"

    def accept(self, message: Message) -> None:
        Notification.objects.bulk_create(
            [
                Notification(
                    recipient_id=user_id,
                    kind=message.kind,
                    params=message.params,
                    url=message.url,
                    urgent=message.urgent,
                    event_id=message.event_id,
                    created_at=message.at,
                )
                for user_id in dict.fromkeys(message.recipients)
            ],
            ignore_conflicts=True,
        )

    def deliver(self, *, now: datetime, limit: int = 100) -> int:
        return 0
