"""Signing in and out, the first page of each role, the account, health, and who may see what."""

import json
import logging
from datetime import timedelta

import pytest
import redis
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gridmgmt.core import health, tokens
from gridmgmt.core.logs import JsonFormatter
from gridmgmt.core.models import AuditEntry, OutboxDelivery, OutboxEvent, User

PASSWORD = "a-long-password"
LOGIN = "/login/"


def sign_in(client, username="wang", password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": username, "password": password} | extra)


def test_signing_in_leads_on_and_only_inside_this_site(client, person):
    assert sign_in(client).headers["Location"] == "/start/"
    assert client.get(LOGIN).headers["Location"] == "/start/"
    client.post("/logout/")
    assert sign_in(client, next="/inbox/").headers["Location"] == "/inbox/"
    client.post("/logout/")
    assert sign_in(client, next="https://elsewhere.example/").headers["Location"] == "/start/"


@pytest.mark.req("Z-03")
def test_wrong_passwords_pause_the_door_for_this_name_only(client, person, settings):
    settings.AXES_FAILURE_LIMIT = 3
    User.objects.create_user("li", password=PASSWORD)
    codes = [sign_in(client, password="wrong").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    answer = sign_in(client)
    assert answer.status_code == 429
    assert "core/locked_out.html" in [t.name for t in answer.templates]
    assert sign_in(client, username="li").status_code == 302
    assert sign_in(Client(REMOTE_ADDR="192.0.2.7")).status_code == 302


@pytest.mark.req("S-01")
@pytest.mark.parametrize(
    ("username", "page"),
    [
        ("owner", "/work/"),
        ("coordinator", "/field/"),
        ("supervisor", "/map/"),
        ("grid_head", "/map/"),
        ("leader", "/today/"),
        ("dispatcher", "/work/"),
        ("desk", "/work/"),
        ("handler", "/work/"),
        ("analyst", "/statistics/"),
        ("administrator", "/admin/"),
        ("stranger", "/account/"),
    ],
)
def test_each_role_begins_where_its_work_is(sign_in, username, page):
    assert sign_in(username).get("/start/").headers["Location"] == page


def test_an_administrator_without_the_admin_site_sees_health(sign_in, town):
    town.users["administrator"].is_superuser = town.users["administrator"].is_staff = False
    town.users["administrator"].save()
    assert sign_in("administrator").get("/start/").headers["Location"] == "/health/page/"


@pytest.mark.req("Z-03")
def test_signing_out_everywhere_ends_other_sessions(person):
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client)
        assert client.get("/account/").status_code == 200
    assert here.get("/account/sign-out-everywhere/").status_code == 405
    assert here.post("/account/sign-out-everywhere/").headers["Location"] == LOGIN
    assert there.get("/account/").headers["Location"].startswith(LOGIN)
    assert AuditEntry.objects.filter(action="user.signed_out_everywhere").count() == 1
    sign_in(here)
    assert here.get("/account/").status_code == 200


def test_own_tokens_are_shown_and_revoked_but_nobody_elses(client, person):
    other = User.objects.create_user("li")
    now = timezone.now()
    own, text = tokens.make_token(user=person, name="mine", scopes=["read"], actor=None, now=now)
    theirs, _text = tokens.make_token(
        user=other, name="theirs", scopes=["read"], actor=None, now=now
    )
    sign_in(client)
    page = client.get("/account/").content.decode()
    assert "mine" in page
    assert "theirs" not in page
    assert text not in page
    assert client.post(f"/account/tokens/{theirs.pk}/revoke/").status_code == 404
    assert client.post(f"/account/tokens/{own.pk}/revoke/").status_code == 302
    own.refresh_from_db()
    theirs.refresh_from_db()
    assert own.revoked_at
    assert theirs.revoked_at is None


@pytest.mark.req("Z-01")
@pytest.mark.parametrize(
    ("name", "anonymous", "stranger"),
    [
        ("core:login", 200, 302),
        ("core:privacy", 200, 200),
        ("core:health", 503, 503),
        ("core:metrics", 200, 200),
        ("core:account", 302, 200),
        ("core:start", 302, 302),
        ("core:health_page", 302, 403),
        ("core:sign_out_everywhere", 302, 405),
        ("core:logout", 405, 405),
        ("notifications:inbox", 302, 200),
        ("notifications:unread", 401, 200),
        ("notifications:read_all", 302, 405),
        ("schema", 200, 200),
        ("api_docs", 200, 200),
        ("admin:index", 302, 302),
    ],
)
def test_anonymous_and_stranger_on_every_page(client, sign_in, name, anonymous, stranger):
    assert client.get(reverse(name)).status_code == anonymous
    assert sign_in("stranger").get(reverse(name)).status_code == stranger


@pytest.mark.req("Z-01")
@pytest.mark.parametrize("username", ["owner", "supervisor", "leader", "analyst"])
def test_health_in_words_is_for_administrators(sign_in, username):
    assert sign_in(username).get("/health/page/").status_code == 403


@pytest.mark.req("Z-08")
def test_health_says_what_is_broken_and_when_it_works(client, sign_in):
    before = client.get("/health/")
    assert before.status_code == 503
    body = before.json()
    assert not body["ok"]
    assert body["checks"]["database"]["ok"]
    assert body["checks"]["redis"]["ok"]
    assert not body["checks"]["worker"]["ok"]
    for part in ("worker", "beat"):
        health.beat_once(part, timezone.now())
    after = client.get("/health/")
    assert after.status_code == 200
    assert after.json()["ok"]
    assert b'gridmgmt_up{part="worker"} 1' in client.get("/metrics").content
    page = sign_in("administrator").get("/health/page/")
    assert page.status_code == 200
    assert len(page.context["checks"]) == 6


@pytest.mark.req("Z-08")
@pytest.mark.django_db
def test_late_heartbeats_events_and_seals_are_seen(person):
    now = timezone.now()
    late = now - timedelta(hours=1)
    for part in ("worker", "beat"):
        health.beat_once(part, late)
    OutboxEvent.objects.create(name="x", due_at=late)
    OutboxEvent.objects.create(name="y", due_at=now + timedelta(days=1))
    AuditEntry.objects.create(at=late, action="x", object_type="x", object_id="1")
    found = {check.code: check for check in health.check_all(now)}
    assert [code for code, check in found.items() if not check.ok] == [
        "worker",
        "beat",
        "events",
        "unsealed",
    ]
    assert found["events"].value == found["unsealed"].value == 1


@pytest.mark.req("Z-08")
@pytest.mark.django_db
def test_events_that_fail_again_and_again_are_seen_between_their_attempts():
    now = timezone.now()
    event = OutboxEvent.objects.create(name="x", due_at=now + timedelta(minutes=30))
    delivery = OutboxDelivery.objects.create(event=event, handler="h", attempts=2, error="e")

    def seen() -> tuple[bool, float | None]:
        check = next(check for check in health.check_all(now) if check.code == "events")
        return check.ok, check.value

    assert seen() == (True, 0)
    delivery.attempts = 40
    delivery.save()
    assert seen() == (False, 1)
    event.delivered_at = now
    event.save()
    assert seen() == (True, 0)


@pytest.mark.django_db
def test_health_survives_a_dead_redis(client, monkeypatch):

    dead = redis.Redis(host="127.0.0.1", port=1, retry=None)
    monkeypatch.setattr(health.memory, "connection", lambda: dead)
    checks = client.get("/health/").json()["checks"]
    assert [code for code, check in checks.items() if not check["ok"]] == [
        "redis",
        "worker",
        "beat",
    ]


@pytest.mark.django_db
def test_health_tells_no_secret(client, settings):
    text = client.get("/health/").content.decode() + client.get("/metrics").content.decode()
    for secret in (settings.SECRET_KEY, settings.DATABASES["default"]["NAME"], settings.REDIS_URL):
        assert secret not in text


@pytest.mark.req("Z-08")
def test_logs_as_json_are_one_line_with_the_traceback_inside():
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        record = logging.LogRecord(
            "gridmgmt", logging.ERROR, __file__, 1, "案件 %s", ("A1",),
            (type(error), error, error.__traceback__),
        )  # fmt: skip
    record.fields = {"case": 7, "level": "forged"}
    text = JsonFormatter().format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert line["message"] == "案件 A1"
    assert line["level"] == "ERROR"
    assert line["case"] == 7
    assert "two" in line["traceback"]


@pytest.mark.req("Z-01")
def test_the_menu_shows_only_what_one_may_open(sign_in, client, django_assert_max_num_queries):
    def menu(username):
        return [entry["url"] for entry in sign_in(username).get("/inbox/").context["nav"]]

    assert "/health/page/" in menu("administrator")
    assert "/health/page/" not in menu("owner")
    assert menu("stranger") == []
    with django_assert_max_num_queries(0):
        assert client.get("/privacy/").status_code == 200


def test_the_menu_marks_where_one_is(sign_in):
    page = sign_in("administrator").get("/health/page/")
    assert [entry["url"] for entry in page.context["nav"] if entry["active"]] == ["/health/page/"]
    assert 'aria-current="page"' in page.content.decode()


@pytest.mark.req("X-03")
@pytest.mark.django_db
def test_the_description_names_the_question_and_its_docs_need_no_inline_script(client):
    schema = client.get("/api/schema/?format=json").json()
    answer = schema["paths"]["/api/v1/responsibility/"]["get"]
    assert {p["name"] for p in answer["parameters"]} == {"lon", "lat", "crs", "on", "at", "people"}
    page = client.get("/api/docs/")
    assert "unsafe" not in page["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    assert b"<script>" not in page.content
    assert (
        client.get("/api/docs/?script=")
        .headers["Content-Type"]
        .startswith("application/javascript")
    )


@pytest.mark.req("Z-02")
def test_the_trail_in_the_admin_is_to_look_at_only(sign_in, town):
    client = sign_in("administrator")
    entry = AuditEntry.objects.create(at=timezone.now(), action="x", object_type="x", object_id="1")
    assert client.get("/admin/core/auditentry/").status_code == 200
    assert client.get("/admin/core/auditentry/add/").status_code == 403
    assert client.get(f"/admin/core/auditentry/{entry.pk}/change/").status_code == 200
    assert client.post(f"/admin/core/auditentry/{entry.pk}/change/").status_code == 403
    assert client.post(f"/admin/core/auditentry/{entry.pk}/delete/").status_code == 403


def test_the_admin_signs_others_out_and_revokes(sign_in, town):
    client, owner = sign_in("administrator"), sign_in("owner")
    now = timezone.now()
    token, _text = tokens.make_token(
        user=town.users["owner"], name="t", scopes=["read"], actor=None, now=now
    )
    assert owner.get("/account/").status_code == 200
    chosen = {"action": "sign_out_everywhere", "_selected_action": [town.users["owner"].pk]}
    client.post("/admin/core/user/", chosen)
    assert owner.get("/account/").status_code == 302
    client.post("/admin/core/apitoken/", {"action": "revoke", "_selected_action": [token.pk]})
    token.refresh_from_db()
    assert token.revoked_at


@pytest.mark.req("Z-02")
def test_what_the_admin_does_to_accounts_is_in_the_trail_without_values(sign_in, town):
    client, owner = sign_in("administrator"), town.users["owner"]
    page = client.get(f"/admin/core/user/{owner.pk}/change/")
    form = page.context["adminform"].form
    values = {name: form[name].value() for name in form.fields if name != "password"}
    values = {name: value for name, value in values.items() if value not in (None, False, [])}
    values |= {"date_joined_0": "2025-01-01", "date_joined_1": "08:00", "full_name": "Somebody"}
    answer = client.post(f"/admin/core/user/{owner.pk}/change/", values | {"is_staff": "on"})
    assert answer.status_code == 302, answer.context["errors"]
    secret = "a-secret-of-nobody-else"
    answer = client.post(
        f"/admin/core/user/{owner.pk}/password/",
        {"usable_password": "true", "password1": secret, "password2": secret},
    )
    assert answer.status_code == 302, answer.context["errors"]
    entries = AuditEntry.objects.filter(action="user.changed", object_id=str(owner.pk))
    changed, password = entries.order_by("pk")
    assert {"full_name", "is_staff"} <= set(changed.data["fields"])
    assert password.data == {"fields": ["password"]}
    assert changed.actor == town.users["administrator"]
    assert "Somebody" not in str(list(entries.values_list("data", flat=True)))
    chosen = {"action": "delete_selected", "post": "yes"}
    stranger = town.users["stranger"].pk
    client.post("/admin/core/user/", chosen | {"_selected_action": [stranger]})
    assert AuditEntry.objects.filter(action="user.deleted", object_id=str(stranger)).exists()


@pytest.mark.parametrize(
    "model",
    [
        "core/user", "core/apitoken", "core/auditentry", "core/auditseal", "core/outboxevent",
        "people/person", "people/post", "people/department", "people/absence",
        "notifications/notification", "notifications/webhookendpoint",
        "notifications/channeldelivery",
    ],
)  # fmt: skip
def test_every_list_of_the_admin_opens_for_the_administrator_alone(sign_in, model):
    assert sign_in("administrator").get(f"/admin/{model}/").status_code == 200
    assert sign_in("owner").get(f"/admin/{model}/").status_code == 302
