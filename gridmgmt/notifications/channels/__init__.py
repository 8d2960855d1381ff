"""Ways to reach someone. A new one (SMS, WeCom) is a class like these two and a line below."""

from gridmgmt.notifications.channels.base import Channel, Message
from gridmgmt.notifications.channels.inbox import InboxChannel
from gridmgmt.notifications.channels.webhook import WebhookChannel

CHANNELS: tuple[Channel, ...] = (InboxChannel(), WebhookChannel())

__all__ = ["CHANNELS", "Channel", "InboxChannel", "Message", "WebhookChannel"]
