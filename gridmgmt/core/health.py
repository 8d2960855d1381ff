"""Whether the parts work: database, Redis, worker, beat, events, trail. It tells no secrets."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from celery.signals import after_task_publish
from django.db import DatabaseError
from django.db import connection as database
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gridmgmt.core import audit, memory
from gridmgmt.core.models import OutboxEvent

HEARTBEAT_LATE = timedelta(seconds=60)
EVENTS_LATE = timedelta(minutes=2)
FAILURES = 6  # of one handler: some two minutes of growing pauses
SEAL_LATE = timedelta(minutes=10)


@dataclass(frozen=True)
class Check:
    """One part. `value` is a figure in `unit` (None: unknown)."""

    code: str
    label: Any
    ok: bool
    value: float | None = None
    unit: str = ""


def check_all(now: datetime) -> list[Check]:
    """Every check, in a fixed order; a part that cannot be asked counts as not working."""
    return [check for ask in _CHECKS for check in _asked(ask, now)]


def _asked(ask: "Ask", now: datetime) -> list[Check]:
    try:
        return ask.function(now)
    except (DatabaseError, redis.RedisError):
        return [Check(code, label, ok=False) for code, label in ask.parts]


def _database(now: datetime) -> list[Check]:
    started = timezone.now()
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    duration_ms = (timezone.now() - started) / timedelta(milliseconds=1)
    return [Check("database", _("Database"), ok=True, value=round(duration_ms, 1), unit="ms")]


def _redis(now: datetime) -> list[Check]:
    started = timezone.now()
    memory.connection().ping()
    duration_ms = (timezone.now() - started) / timedelta(milliseconds=1)
    return [Check("redis", _("Redis"), ok=True, value=round(duration_ms, 1), unit="ms")]


def _heartbeats(now: datetime) -> list[Check]:
    found = []
    for code, label in (("worker", _("Worker")), ("beat", _("Scheduler"))):
        mark = memory.connection().get(memory.key("heartbeat", code))
        age_s = None if mark is None else max(0.0, now.timestamp() - float(mark))
        ok = age_s is not None and age_s <= HEARTBEAT_LATE.total_seconds()
        found.append(Check(code, label, ok, None if age_s is None else round(age_s, 1), "s"))
    return found


def _events(now: datetime) -> list[Check]:
    open_events = OutboxEvent.objects.filter(delivered_at__isnull=True)
    waiting = open_events.filter(due_at__lte=now).count()
    # Each failure puts the next attempt off, so a failing event is never long overdue.
    failing = open_events.filter(
        due_at__gt=now, deliveries__attempts__gte=FAILURES, deliveries__done_at__isnull=True
    ).distinct()
    late = open_events.filter(due_at__lt=now - EVENTS_LATE)
    ok = not (late.exists() or failing.exists())
    return [Check("events", _("Events waiting"), ok, waiting + failing.count())]


def _trail(now: datetime) -> list[Check]:
    tail = audit.unsealed().aggregate(oldest=Min("at"), count=Count("pk"))
    ok = tail["oldest"] is None or now - tail["oldest"] <= SEAL_LATE
    return [Check("unsealed", _("Audit entries not sealed yet"), ok, tail["count"])]


@dataclass(frozen=True)
class Ask:
    """A question and the parts that count as broken when it cannot be answered."""

    function: Callable[[datetime], list[Check]]
    parts: tuple[tuple[str, Any], ...]


_CHECKS = (
    Ask(_database, (("database", _("Database")),)),
    Ask(_redis, (("redis", _("Redis")),)),
    Ask(_heartbeats, (("worker", _("Worker")), ("beat", _("Scheduler")))),
    Ask(_events, (("events", _("Events waiting")),)),
    Ask(_trail, (("unsealed", _("Audit entries not sealed yet")),)),
)


def beat_once(part: str, now: datetime) -> None:
    """Note that `part` (worker, beat) lived at `now`."""
    memory.connection().set(memory.key("heartbeat", part), now.timestamp(), ex=3600)


@after_task_publish.connect(sender="core.heartbeat")
def _beat_published(**kwargs: Any) -> None:
    """The scheduler has just put the heartbeat into the queue, so it lives."""
    beat_once("beat", timezone.now())
