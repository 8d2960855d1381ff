"""Deliver what channels hold; the beat calls it as a sweep."""

from celery import shared_task
from django.utils import timezone

from gridmgmt.core import memory
from gridmgmt.notifications.channels import CHANNELS


@shared_task(name="notifications.deliver")
def deliver() -> int:
    memory.woken("notifications.deliver")
    return sum(channel.deliver(now=timezone.now()) for channel in CHANNELS)
