"""Messages in the inbox, webhook endpoints, and what still has to be delivered to them."""

from gridmgmt.notifications.models.notification import Notification
from gridmgmt.notifications.models.webhook import ChannelDelivery, WebhookEndpoint

__all__ = ["ChannelDelivery", "Notification", "WebhookEndpoint"]
