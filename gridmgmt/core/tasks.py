"""Tasks of the core: deliver events, seal the audit trail, show life. The beat calls all three."""

from celery import shared_task
from django.utils import timezone

from gridmgmt.core import audit, health, memory, outbox


@shared_task(name="core.deliver_outbox")
def deliver_outbox() -> int:
    memory.woken("core.deliver_outbox")
    return outbox.deliver()


@shared_task(name="core.seal_audit")
def seal_audit() -> int:
    return audit.seal(now=timezone.now())


@shared_task(name="core.heartbeat")
def heartbeat() -> None:
    health.beat_once("worker", timezone.now())
