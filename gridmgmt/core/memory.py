"""What processes share for a moment, in Redis: counts, heartbeats, wake-ups. Nothing to keep."""

import functools

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

WAKE_LASTS_S = 5  # a lost wake-up holds back the next one no longer than the sweep's pause


@functools.cache
def connection() -> redis.Redis:
    """One pool of connections a process. A Redis that is away answers within seconds."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=2,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 1),
    )


def key(*parts: str) -> str:
    """The name of a value of this deployment; several may share one Redis."""
    return ":".join((settings.CACHES["default"]["KEY_PREFIX"], *parts))


def wake(task: str) -> bool:
    """Put a sweeping task into the queue unless one is on its way; False without the queue.

    Asking costs a tenth of what queueing costs, and under load most callers only ask. The task
    calls `woken` before it looks for work, so whatever was committed before is found.
    """
    try:
        if connection().set(key("wake", task), 1, nx=True, ex=WAKE_LASTS_S):
            current_app.send_task(task, retry=False)
    except (redis.RedisError, OperationalError, OSError):
        return False
    return True


def woken(task: str) -> None:
    """From here on a new change needs a new wake-up."""
    connection().delete(key("wake", task))
