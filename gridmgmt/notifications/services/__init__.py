"""Verbs of the notifications room: tell, and mark as read."""

from gridmgmt.notifications.services.notify import mark_all_read, mark_read, notify

__all__ = ["mark_all_read", "mark_read", "notify"]
