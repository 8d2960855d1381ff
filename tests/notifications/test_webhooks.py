"""Other systems are called with signed messages until they accept them."""

import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from gridmgmt.notifications.channels import WebhookChannel
from gridmgmt.notifications.models import ChannelDelivery, WebhookEndpoint
from gridmgmt.notifications.services import notify
from gridmgmt.notifications.tasks import deliver

NOW = datetime(2026, 3, 3, 4, tzinfo=UTC)

pytestmark = [pytest.mark.django_db, pytest.mark.req("X-03")]


def tell(kind="tested", event_id=None):
    event_id = event_id or uuid.uuid4()
    notify([], kind, params={"number": "号1"}, url="/case/1/", event_id=event_id, now=NOW)
    return event_id


def send(now=NOW):
    return WebhookChannel().deliver(now=now)


def test_signed_so_that_the_receiver_can_check_it(endpoint, receiver):
    event_id = tell()
    assert send() == 1
    [(headers, body)] = receiver.calls
    timestamp = headers["X-Gridmgmt-Timestamp"]
    expected = hmac.new(
        b"a-secret-of-both-sides", timestamp.encode() + b"." + body, hashlib.sha256
    ).hexdigest()
    assert headers["X-Gridmgmt-Signature"] == f"v1={expected}"
    assert int(timestamp) == int(NOW.timestamp())
    message = json.loads(body)
    assert message["event_id"] == str(event_id)
    assert message["params"] == {"number": "号1"}
    assert headers["X-Gridmgmt-Delivery"] == str(ChannelDelivery.objects.get().delivery_id)
    assert send() == 0


def test_only_listening_endpoints_and_each_once(endpoint, receiver):
    WebhookEndpoint.objects.create(name="all", url=receiver.url, secret="s" * 16)
    WebhookEndpoint.objects.create(name="off", url=receiver.url, secret="s" * 16, active=False)
    event_id = tell()
    tell(event_id=event_id)
    tell("other")
    assert ChannelDelivery.objects.count() == 3
    assert send() == 3


@pytest.mark.parametrize("code", [500, 404, 302, 429])
def test_refused_calls_are_tried_again_with_growing_pauses(endpoint, receiver, code):
    receiver.codes = [code, code]
    tell()
    assert send() == 0
    delivery = ChannelDelivery.objects.get()
    assert (delivery.status, delivery.error) == ("waiting", f"HTTP {code}")
    first_pause = delivery.next_attempt_at - NOW
    assert send(NOW + first_pause - timedelta(seconds=1)) == 0
    assert len(receiver.calls) == 1
    assert send(NOW + first_pause) == 0
    delivery.refresh_from_db()
    assert delivery.next_attempt_at - (NOW + first_pause) == 2 * first_pause
    assert send(delivery.next_attempt_at) == 1
    delivery.refresh_from_db()
    assert (delivery.status, delivery.error, delivery.attempts) == ("delivered", "", 3)
    numbers = {headers["X-Gridmgmt-Delivery"] for headers, _body in receiver.calls}
    assert len(numbers) == 1


def test_a_dead_endpoint_is_given_up_at_last_and_blocks_no_other(endpoint, receiver):
    dead = WebhookEndpoint.objects.create(name="dead", url="http://127.0.0.1:1/", secret="s" * 16)
    tell()
    assert send() == 1
    now = NOW
    for _ in range(20):
        now += timedelta(hours=5)
        send(now)
    delivery = ChannelDelivery.objects.get(endpoint=dead)
    assert (delivery.status, delivery.attempts) == ("failed", 10)
    assert "ConnectionError" in delivery.error


def test_a_refusing_endpoint_is_asked_once_a_run(endpoint, receiver):
    receiver.codes = [500] * 5
    for _ in range(3):
        tell()
    assert send() == 0
    assert len(receiver.calls) == 1


def test_private_addresses_can_be_switched_off(endpoint, receiver, settings):
    settings.WEBHOOK_PRIVATE_ADDRESSES = False
    tell()
    assert send() == 0
    assert receiver.calls == []
    assert "private" in ChannelDelivery.objects.get().error
    endpoint.url = "http://no-such-name.invalid/"
    endpoint.save()
    send(NOW + timedelta(days=1))
    assert "resolve" in ChannelDelivery.objects.get().error


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("address", ["http://127.0.0.1:99999/", f"http://{'a' * 64}.example/"])
def test_an_impossible_address_is_a_failure_like_any_other(endpoint, settings, private, address):
    settings.WEBHOOK_PRIVATE_ADDRESSES = private
    endpoint.url = address
    endpoint.save()
    tell()
    assert send() == 0
    delivery = ChannelDelivery.objects.get()
    assert (delivery.attempts, delivery.status) == (1, "waiting")
    assert delivery.error


def test_a_switched_off_endpoint_waits(endpoint, receiver):
    tell()
    WebhookEndpoint.objects.update(active=False)
    assert send() == 0
    WebhookEndpoint.objects.update(active=True)
    assert send() == 1


def test_the_sweep_delivers_what_a_lost_wake_up_left(endpoint, receiver):
    tell()
    assert deliver() == 1


def test_the_secret_is_unreadable_in_the_database_and_in_the_admin(endpoint, sign_in):
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM notifications_webhookendpoint")
        assert "both-sides" not in cursor.fetchone()[0]
    client = sign_in("administrator")
    address = f"/admin/notifications/webhookendpoint/{endpoint.pk}/change/"
    assert "both-sides" not in client.get(address).content.decode()
    form = {"name": "renamed", "url": endpoint.url, "secret": "", "active": "on"}
    assert client.post(address, form).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.name, endpoint.secret) == ("renamed", "a-secret-of-both-sides")
    answer = client.post("/admin/notifications/webhookendpoint/add/", form)
    assert answer.status_code == 200
    assert "secret" in answer.context["adminform"].form.errors
    client.post("/admin/notifications/webhookendpoint/add/", form | {"url": "ftp://x/"})
    assert WebhookEndpoint.objects.count() == 1


def test_given_up_deliveries_can_be_sent_again_from_the_admin(endpoint, receiver, sign_in):
    tell()
    ChannelDelivery.objects.update(status="failed", attempts=10)
    delivery = ChannelDelivery.objects.get()
    sign_in("administrator").post(
        "/admin/notifications/channeldelivery/",
        {"action": "send_again", "_selected_action": [delivery.pk]},
    )
    assert deliver() == 1
