"""Everyone is told once, in their own language, and reads only what is theirs."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import translation

from gridmgmt.core.models import User
from gridmgmt.notifications import kinds
from gridmgmt.notifications.models import Notification
from gridmgmt.notifications.services import mark_all_read, mark_read, notify

NOW = datetime(2026, 3, 3, 4, tzinfo=UTC)
CATEGORY = {"zh-hans": "暴露垃圾", "en": "Exposed rubbish"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def users():
    return [User.objects.create_user(name) for name in ("owner", "teammate", "stranger")]


def tell(recipients, kind="tested", *, event_id=None, urgent=False, url="/work/7/", now=NOW):
    notify(
        recipients,
        kind,
        params={"number": "20260303001", "category": CATEGORY},
        url=url,
        urgent=urgent,
        event_id=event_id or uuid.uuid4(),
        now=now,
    )


def test_told_once_however_often_the_handler_runs(users, tested_kind):
    owner, teammate, stranger = users
    event_id = uuid.uuid4()
    tell([owner, teammate.pk, owner], event_id=event_id)
    tell([owner, teammate], event_id=event_id, urgent=True)
    assert Notification.objects.count() == 2
    assert not Notification.objects.of(owner.pk).get().urgent
    tell([owner], "other", event_id=event_id)
    assert Notification.objects.of(owner.pk).count() == 2
    assert not Notification.objects.of(stranger.pk).exists()
    tell([])
    assert Notification.objects.count() == 3


def test_nobody_is_told_of_what_was_undone(users, tested_kind):
    with transaction.atomic():
        tell(users)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()


def test_each_reader_reads_in_their_own_language(users, tested_kind):
    tell(users[:1])
    message = Notification.objects.get()
    with translation.override("en"):
        assert message.title == str(message) == "Sign in"
        assert message.body == "20260303001 · Exposed rubbish"
    with translation.override("zh-hans"):
        assert message.body == "20260303001 · 暴露垃圾"
    with translation.override("fr"):
        assert message.body == "20260303001 · 暴露垃圾"


def test_unknown_kinds_and_missing_values_still_say_something(tested_kind):
    assert kinds.render("never-registered", {"x": 1}).title
    assert kinds.render("tested", {"number": 5, "category": {}}).body == "5 · "
    assert kinds.render("tested", {"number": 5}).body == "5 · —"


def test_reading_marks_only_ones_own(users, tested_kind):
    owner, teammate, _stranger = users
    event_id = uuid.uuid4()
    tell(users, event_id=event_id)
    theirs = Notification.objects.of(teammate.pk).get()
    mark_read(actor=owner, notification_id=theirs.pk, now=NOW)
    assert Notification.objects.unread().count() == 3
    mark_read(actor=teammate, notification_id=theirs.pk, now=NOW)
    mark_read(actor=teammate, notification_id=theirs.pk, now=NOW + timedelta(days=1))
    theirs.refresh_from_db()
    assert theirs.read_at == NOW
    assert mark_all_read(actor=owner, now=NOW) == 1
    assert Notification.objects.unread().get().recipient == users[2]


def test_the_page_the_bell_and_opening(client, users, tested_kind, django_assert_num_queries):
    owner = users[0]
    for number in range(3):
        tell([owner], now=NOW + timedelta(hours=number))
    tell([owner], urgent=True, url="https://elsewhere.example/", now=NOW + timedelta(hours=9))
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    newest = Notification.objects.order_by("-created_at").first()
    with django_assert_num_queries(3):  # session, user, numbers
        numbers = client.get("/inbox/unread.json")
    assert numbers.json() == {"unread": 4, "urgent": 1, "newest_urgent_id": newest.pk}
    assert "no-store" in numbers["Cache-Control"]
    page = client.get("/inbox/", HTTP_ACCEPT_LANGUAGE="en")
    assert page.context["page_obj"][0].pk == newest.pk
    assert page.context["unread"] == 4
    assert "Exposed rubbish" in page.content.decode()
    first = Notification.objects.order_by("created_at").first()
    assert client.get(f"/inbox/{first.pk}/open/").headers["Location"] == "/work/7/"
    assert client.get(f"/inbox/{newest.pk}/open/").headers["Location"] == "/inbox/"
    assert client.get("/inbox/unread.json").json()["unread"] == 2
    assert len(client.get("/inbox/?show=unread").context["page_obj"]) == 2
    client.post("/inbox/read/")
    assert client.get("/inbox/unread.json").json() == {
        "unread": 0,
        "urgent": 0,
        "newest_urgent_id": None,
    }


@pytest.mark.req("Z-01")
def test_the_stranger_opens_nobody_elses_message(client, users, tested_kind):
    owner, _teammate, stranger = users
    tell([owner])
    message = Notification.objects.get()
    assert client.get(f"/inbox/{message.pk}/open/").headers["Location"].startswith("/login/")
    client.force_login(stranger, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/inbox/{message.pk}/open/").status_code == 404
    assert "Exposed" not in client.get("/inbox/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    client.post("/inbox/read/")
    message.refresh_from_db()
    assert message.read_at is None
