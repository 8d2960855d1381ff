"""Limits on what is open to everyone, counted per address in Redis with one round trip.

Windows are fixed (a minute, an hour), which is enough against floods and cheap enough for the
responsibility lookup. Without Redis nothing is limited: a report is worth more than the count.
"""

import functools
import ipaddress
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from rest_framework.throttling import BaseThrottle

from gridmgmt.core import memory

logger = logging.getLogger(__name__)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


@dataclass(frozen=True)
class Verdict:
    """`wait_s`: seconds until the next call is welcome; 0 when this one is."""

    allowed: bool
    wait_s: int = 0


def client_address(request: HttpRequest) -> str:
    """The caller's address. X-Forwarded-For counts only as far as our own proxies wrote it.

    IPv6 callers count by their /64 network, which is what one subscriber has. An IPv4 caller of a
    server that listens on `::` arrives as ::ffff:a.b.c.d: all of them share one /64, so each
    counts by its own address.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if settings.PROXIES:
        chain = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        address = chain[-min(settings.PROXIES, len(chain))] or address
    if ":" not in address:
        return address
    try:
        caller = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if caller.ipv4_mapped is not None:
        return str(caller.ipv4_mapped)
    return str(ipaddress.IPv6Network((caller, 64), strict=False).network_address)


@functools.lru_cache(maxsize=32)
def parse_rate(rate: str) -> tuple[int, int]:
    """`600/min` → (600, 60 seconds)."""
    count, _slash, period = rate.partition("/")
    return int(count), _SECONDS[period[0]]


@functools.cache
def _counter() -> Any:
    return memory.connection().register_script(_COUNT)


def hit(scope: str, caller: str) -> Verdict:
    """Count one call of `caller` in `scope` (a key of DEFAULT_THROTTLE_RATES)."""
    limit, period_s = parse_rate(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"][scope])
    now = time.time()
    key = memory.key("throttle", scope, caller, str(int(now // period_s)))
    try:
        count = int(_counter()(keys=[key], args=[period_s]))
    except redis.RedisError:
        logger.warning("Redis is not reachable; calls are not limited.")
        return Verdict(True)
    if count <= limit:
        return Verdict(True)
    return Verdict(False, math.ceil(period_s - now % period_s))


def throttled(scope: str) -> Callable[[Callable], Callable]:
    """Decorate a plain Django view: over the limit it answers 429 with Retry-After, as JSON."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            verdict = hit(scope, client_address(request))
            if verdict.allowed:
                return view(request, *args, **kwargs)
            detail = _("Too many requests. Please try again in %(seconds)d seconds.") % {
                "seconds": verdict.wait_s
            }
            return JsonResponse(
                {"detail": detail}, status=429, headers={"Retry-After": str(verdict.wait_s)}
            )

        return limited

    return decorate


class AddressThrottle(BaseThrottle):
    """The same limit for REST views; subclasses name their scope."""

    scope: str

    def __init__(self) -> None:
        self.verdict = Verdict(True)

    def allow_request(self, request: Any, view: Any) -> bool:
        self.verdict = hit(self.scope, client_address(request))
        return self.verdict.allowed

    def wait(self) -> float:
        return self.verdict.wait_s


class PublicReadThrottle(AddressThrottle):
    """Reading what is open to everyone."""

    scope = "public_read"


class PublicReportThrottle(AddressThrottle):
    """Reporting without an account."""

    scope = "public_report"
