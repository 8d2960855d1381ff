"""Events that survive a crash: `emit` writes a row with the change, workers deliver it.

A handler is a function of one argument, the OutboxEvent, registered with `@handles("name")` in a
room's `handlers.py`. It runs once per event: its database effects and the note that it ran are
committed together. A failing handler is tried again with growing pauses and blocks no other.
Celery only wakes the delivery; a sweep by the beat finds what a lost wake-up left behind.
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from gridmgmt.core import memory
from gridmgmt.core.models import OutboxDelivery, OutboxEvent

Handler = Callable[[OutboxEvent], None]
logger = logging.getLogger(__name__)
_handlers: dict[str, dict[str, Handler]] = defaultdict(dict)

BATCH = 100
LONGEST_PAUSE = timedelta(minutes=30)


def handles(name: str) -> Callable[[Handler], Handler]:
    """Register the decorated function for events of this name."""

    def register(function: Handler) -> Handler:
        _handlers[name][f"{function.__module__}.{function.__qualname__}"] = function
        return function

    return register


def emit(
    name: str, payload: dict[str, Any], *, now: datetime, due_at: datetime | None = None
) -> OutboxEvent:
    """Write an event in the current transaction; it is delivered after the commit.

    `due_at` holds it back until that moment (an edition that takes effect later).
    """
    made = event(name, payload, now=now, due_at=due_at)
    made.save(force_insert=True)
    wake_after_commit()
    return made


def event(
    name: str, payload: dict[str, Any], *, now: datetime, due_at: datetime | None = None
) -> OutboxEvent:
    """The same, unsaved: for those who write many in one go, and then `wake_after_commit`."""
    return OutboxEvent(name=name, payload=payload, created_at=now, due_at=due_at or now)


def wake_after_commit() -> None:
    """Have the events of this transaction delivered as soon as it is committed."""
    # One wake-up a transaction is enough: the worker takes all that waits.
    if not any(entry[1] is _wake for entry in transaction.get_connection().run_on_commit):
        transaction.on_commit(_wake)


def _wake() -> None:
    if not memory.wake("core.deliver_outbox"):
        # The change is committed and its event is stored: the sweep delivers it.
        logger.warning("The queue is not reachable; events wait for the sweep.")


def deliver(*, now: datetime | None = None, limit: int = BATCH) -> int:
    """Deliver up to `limit` waiting events, each in its own transaction; returns how many ended."""
    done = 0
    for _attempt in range(limit):
        outcome = _deliver_next(now or timezone.now())
        if outcome is None:
            break
        done += outcome
    return done


@transaction.atomic
def _deliver_next(now: datetime) -> int | None:
    event = (
        OutboxEvent.objects.select_for_update(skip_locked=True)
        .filter(delivered_at__isnull=True, due_at__lte=now)
        .order_by("due_at", "id")
        .first()
    )
    if event is None:
        return None
    results = [_run(event, name, function) for name, function in _handlers[event.name].items()]
    failures = [attempts for attempts in results if attempts]
    if failures:
        # The exponent is capped, because an event may fail for weeks.
        event.due_at = now + min(timedelta(seconds=2 ** min(max(failures), 20)), LONGEST_PAUSE)
        event.save(update_fields=["due_at"])
        return 0
    event.delivered_at = now
    event.save(update_fields=["delivered_at"])
    return 1


def _run(event: OutboxEvent, name: str, function: Handler) -> int:
    """Run one handler once; 0 when it is done, else the number of attempts so far."""
    delivery, _created = OutboxDelivery.objects.get_or_create(event=event, handler=name)
    if delivery.done_at:
        return 0
    delivery.attempts += 1
    try:
        with transaction.atomic():
            function(event)
    except Exception as error:  # any fault of a handler is kept and tried again
        logger.exception("Handler %s failed for %s", name, event)
        delivery.error = repr(error)[:2000]
        delivery.save(update_fields=["attempts", "error"])
        return delivery.attempts
    delivery.done_at = timezone.now()
    delivery.error = ""
    delivery.save(update_fields=["attempts", "error", "done_at"])
    return 0
