"""Signed calls to other systems, tried again with growing pauses until they are accepted.

Each call carries `X-Gridmgmt-Delivery` (the same at each attempt, so that a receiver can drop
doubles), `X-Gridmgmt-Timestamp` and `X-Gridmgmt-Signature: v1=` + hex HMAC-SHA256 of
`timestamp + "." + body` with the endpoint's secret.
"""

import hashlib
import hmac
import ipaddress
import json
import logging
import socket
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from gridmgmt.core import memory
from gridmgmt.notifications.channels.base import Message
from gridmgmt.notifications.models import ChannelDelivery, WebhookEndpoint
from gridmgmt.notifications.models.webhook import DeliveryStatus

TIMEOUT_S = (3.05, 10)
MOST_ATTEMPTS = 10
FIRST_PAUSE_S = 15
LONGEST_PAUSE_S = 4 * 3600
logger = logging.getLogger(__name__)


class DeliveryError(Exception):
    """The endpoint did not accept the call; the text says why."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What stands in the signature's header; receivers compute the same."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


class WebhookChannel:
    """Writes one delivery per listening endpoint; a task and a sweep send them."""

    code = "webhook"

    def accept(self, message: Message) -> None:
        listening = [
            endpoint
            for endpoint in WebhookEndpoint.objects.filter(active=True)
            if not endpoint.kinds or message.kind in endpoint.kinds
        ]
        if not listening:
            return
        payload = {
            "event_id": str(message.event_id),
            "kind": message.kind,
            "urgent": message.urgent,
            "url": message.url,
            "at": message.at.isoformat(),
            "params": message.params,
        }
        ChannelDelivery.objects.bulk_create(
            [
                ChannelDelivery(
                    endpoint=endpoint,
                    kind=message.kind,
                    event_id=message.event_id,
                    payload=payload,
                    next_attempt_at=message.at,
                )
                for endpoint in listening
            ],
            ignore_conflicts=True,
        )
        transaction.on_commit(_wake)

    def deliver(self, *, now: datetime, limit: int = 100) -> int:
        arrived = 0
        # An endpoint that failed waits for the next run, so that a dead one costs one timeout.
        failed: set[int] = set()
        for _attempt in range(limit):
            delivery = _deliver_next(now, failed)
            if delivery is None:
                break
            if delivery.status == DeliveryStatus.DELIVERED:
                arrived += 1
            else:
                failed.add(delivery.endpoint_id)
        return arrived


def _wake() -> None:
    if not memory.wake("notifications.deliver"):
        logger.warning("The queue is not reachable; webhooks wait for the sweep.")


@transaction.atomic
def _deliver_next(now: datetime, skipped: set[int]) -> ChannelDelivery | None:
    delivery = (
        ChannelDelivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("endpoint")
        .filter(status=DeliveryStatus.WAITING, next_attempt_at__lte=now, endpoint__active=True)
        .exclude(endpoint_id__in=skipped)
        .order_by("next_attempt_at", "id")
        .first()
    )
    if delivery is None:
        return None
    delivery.attempts += 1
    try:
        _call(delivery, now)
    except DeliveryError as error:
        delivery.error = str(error)[:500]
        pause_s = min(FIRST_PAUSE_S * 2 ** min(delivery.attempts, 20), LONGEST_PAUSE_S)
        delivery.next_attempt_at = now + timedelta(seconds=pause_s)
        if delivery.attempts >= MOST_ATTEMPTS:
            delivery.status = DeliveryStatus.FAILED
            logger.error("Webhook %s gave up delivery %s", delivery.endpoint_id, delivery.pk)
    else:
        delivery.status, delivery.error, delivery.delivered_at = DeliveryStatus.DELIVERED, "", now
    delivery.save()
    return delivery


def _call(delivery: ChannelDelivery, now: datetime) -> None:
    endpoint = delivery.endpoint
    body = _body(delivery.payload)
    timestamp = str(int(now.timestamp()))
    _refuse_private(endpoint.url)
    session = requests.Session()
    session.trust_env = False  # no proxy or netrc of the server's environment
    try:
        response = session.post(
            endpoint.url,
            data=body,
            timeout=TIMEOUT_S,
            allow_redirects=False,
            stream=True,
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "User-Agent": "gridmgmt-webhook/1",
                "X-Gridmgmt-Delivery": str(delivery.delivery_id),
                "X-Gridmgmt-Timestamp": timestamp,
                "X-Gridmgmt-Signature": signature(endpoint.secret, timestamp, body),
            },
        )
        response.close()
    except (requests.RequestException, ValueError) as error:  # ValueError: an impossible address
        raise DeliveryError(type(error).__name__) from error
    finally:
        session.close()
    if not 200 <= response.status_code < 300:
        raise DeliveryError(f"HTTP {response.status_code}")


def _body(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, cls=DjangoJSONEncoder, ensure_ascii=False).encode()


def _refuse_private(url: str) -> None:
    """With GRIDMGMT_WEBHOOK_PRIVATE off, an address inside the own network is not called."""
    if settings.WEBHOOK_PRIVATE_ADDRESSES:
        return
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or parts.scheme)
    except (OSError, ValueError) as error:  # ValueError: port 99999, a label over 63 characters
        raise DeliveryError("the name does not resolve") from error
    if not all(ipaddress.ip_address(item[4][0]).is_global for item in found):
        raise DeliveryError("private addresses are switched off")
