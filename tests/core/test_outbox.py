"""No event is lost and none counts twice, whoever dies and whenever."""

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection, transaction

from gridmgmt.core import memory, outbox
from gridmgmt.core.models import OutboxDelivery, OutboxEvent, User
from gridmgmt.core.tasks import deliver_outbox

from .conftest import NOW

pytestmark = pytest.mark.req("Z-04")
LATER = NOW + timedelta(days=2)


@pytest.fixture
def hear(monkeypatch):
    """Register handlers for one test only."""
    monkeypatch.setattr(outbox, "_handlers", defaultdict(dict))

    def register(function):
        outbox._handlers["tested"][function.__name__] = function
        return function

    return register


def other_process(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Run `code` in a process of its own on this test's database."""
    preamble = """
        import os, signal, django
        django.setup()
        from datetime import UTC, datetime
        from django.db import transaction
        from gridmgmt.core import outbox
        from gridmgmt.core.models import User, OutboxEvent
        NOW = datetime(2026, 3, 3, 4, tzinfo=UTC)
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(preamble) + textwrap.dedent(code)],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "gridmgmt.settings",
            "GRIDMGMT_DATABASE": connection.settings_dict["NAME"],
        }
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.django_db
def test_a_handler_hears_once_and_unheard_events_end_too(hear):
    heard = []

    @hear
    def listener(event):
        heard.append(event.payload)

    outbox.emit("tested", {"case": 1}, now=NOW)
    outbox.emit("nobody_listens", {}, now=NOW)
    assert outbox.deliver(now=NOW) == 2
    assert outbox.deliver(now=LATER) == 0
    assert heard == [{"case": 1}]


@pytest.mark.django_db
def test_what_happened_first_is_heard_first(hear):
    heard = []

    @hear
    def listener(event):
        heard.append(event.payload["n"])

    for number in range(3):
        outbox.emit("tested", {"n": number}, now=NOW)
    outbox.emit("tested", {"n": "before"}, now=NOW - timedelta(minutes=1))
    outbox.deliver(now=LATER)
    assert heard == ["before", 0, 1, 2]


@pytest.mark.django_db
def test_one_that_is_due_later_waits(hear):
    heard = []
    hear(lambda event: heard.append(event.name))
    outbox.emit("tested", {}, now=NOW, due_at=LATER)
    assert outbox.deliver(now=NOW) == 0
    assert outbox.deliver(now=LATER) == 1
    assert heard == ["tested"]


@pytest.mark.django_db
def test_a_failing_handler_is_tried_again_and_blocks_nobody(hear):
    broken = [True]
    heard = []

    @hear
    def fails(event):
        User.objects.create_user("half-written")
        if broken[0]:
            raise ValueError("not today")

    @hear
    def works(event):
        heard.append(event.pk)

    outbox.emit("tested", {}, now=NOW)
    assert outbox.deliver(now=NOW) == 0
    assert len(heard) == 1
    assert not User.objects.exists()
    delivery = OutboxDelivery.objects.get(handler="fails")
    assert delivery.attempts == 1
    assert "not today" in delivery.error
    assert outbox.deliver(now=NOW) == 0  # not before the pause is over
    broken[0] = False
    assert outbox.deliver(now=NOW + timedelta(seconds=3)) == 1
    assert User.objects.count() == len(heard) == 1


@pytest.mark.django_db
def test_pauses_grow_to_half_an_hour_and_no_further(hear):
    @hear
    def fails(event):
        raise ValueError

    event = outbox.emit("tested", {}, now=NOW)
    OutboxDelivery.objects.create(event=event, handler="fails", attempts=5000)
    outbox.deliver(now=NOW)
    event.refresh_from_db()
    assert event.due_at == NOW + timedelta(minutes=30)


@pytest.mark.django_db
def test_one_wake_up_a_transaction(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        for _ in range(3):
            outbox.emit("tested", {}, now=NOW)
    assert len(callbacks) == 1


@pytest.mark.django_db
def test_an_event_of_an_undone_change_never_existed(hear):
    with transaction.atomic():
        outbox.emit("tested", {}, now=NOW)
        transaction.set_rollback(True)
    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_killed_between_commit_and_wake_up(hear):
    heard = []
    hear(lambda event: heard.append(event.payload["case"]))
    result = other_process("""
        with transaction.atomic():
            transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
            outbox.emit("tested", {"case": 7}, now=NOW)
    """)
    assert result.returncode == -signal.SIGKILL, result.stderr
    assert outbox.deliver(now=NOW) == 1
    assert heard == [7]


@pytest.mark.django_db(transaction=True)
def test_killed_inside_a_handler_leaves_nothing_half_done(hear):
    outbox.emit("tested", {}, now=NOW)
    result = other_process("""
        def listener(event):
            User.objects.create_user("effect")
            os.kill(os.getpid(), signal.SIGKILL)
        outbox._handlers["tested"]["listener"] = listener
        outbox.deliver(now=NOW)
    """)
    assert result.returncode == -signal.SIGKILL, result.stderr
    assert not User.objects.exists()

    @hear
    def listener(event):
        User.objects.create_user("effect")

    assert outbox.deliver(now=NOW) == 1
    assert outbox.deliver(now=LATER) == 0
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_work(hear):
    for number in range(30):
        outbox.emit("tested", {"number": number}, now=NOW)
    code = """
        def listener(event):
            User.objects.create_user(f"effect-{event.payload['number']}")
        outbox._handlers["tested"]["listener"] = listener
        print(outbox.deliver(now=NOW))
    """
    hear(lambda event: User.objects.create_user(f"effect-{event.payload['number']}"))
    outbox._handlers["tested"] = {"listener": outbox._handlers["tested"].popitem()[1]}
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(other_process, code)
        done = 0
        while not other.done():
            done += outbox.deliver(now=NOW, limit=1)
    result = other.result()
    assert result.returncode == 0, result.stderr
    done += outbox.deliver(now=NOW)
    assert done + int(result.stdout) == 30
    assert User.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_an_unreachable_queue_loses_nothing_and_keeps_nobody_waiting(hear):
    heard = []
    hear(lambda event: heard.append(event.payload["case"]))
    result = other_process(
        """
        import time
        started = time.monotonic()
        with transaction.atomic():
            outbox.emit("tested", {"case": 8}, now=NOW)
        print(time.monotonic() - started)
        """,
        REDIS_URL="redis://127.0.0.1:1/0",
    )
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) < 2
    assert "events wait for the sweep" in result.stderr
    assert outbox.deliver(now=NOW) == 1
    assert heard == [8]


@pytest.fixture
def queue(settings):
    """A queue of this test's own, emptied afterwards."""
    name = f"test-{uuid.uuid4().hex}"
    current_app.conf.task_default_queue, before = name, current_app.conf.task_default_queue
    current_app.amqp.queues.create_missing = True
    yield lambda: memory.connection().llen(name)
    memory.connection().delete(name)
    current_app.conf.task_default_queue = before


@pytest.mark.django_db(transaction=True)
def test_wake_ups_do_not_pile_up_and_none_is_missed(queue, hear):
    heard = []
    hear(lambda event: heard.append(event.pk))
    for _ in range(5):
        outbox.emit("tested", {}, now=NOW)
    assert queue() == 1
    deliver_outbox()
    assert len(heard) == 5
    outbox.emit("tested", {}, now=NOW)
    assert queue() == 2
