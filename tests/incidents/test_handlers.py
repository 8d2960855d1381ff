"""What follows from events: who is told, what wakes up, which cases a new division moves."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridmgmt.core import outbox
from gridmgmt.core.models import AuditEntry, OutboxDelivery, OutboxEvent
from gridmgmt.notifications.kinds import registered
from gridmgmt.notifications.models import Notification
from grids.territory.models import Boundary
from incidents import handlers, kinds
from incidents.choices import Action, Grade, Opinion, State
from incidents.models import Incident
from incidents.services.moves import perform_by_reporter
from incidents.services.rerouting import reroute
from tests.incidents.helpers import category, move, take, to_state
from tests.town import START


def hear():
    """Deliver everything that is due, as the worker would."""
    for _round in range(2):  # what is heard may move cases, which is heard of in turn
        outbox.deliver(now=timezone.now(), limit=500)
    failed = OutboxDelivery.objects.filter(done_at=None)
    assert not failed, [(d.handler, d.error) for d in failed]


def inbox(town, who: str, kind: str = "") -> list[Notification]:
    rows = Notification.objects.filter(recipient=town.users[who])
    return list(rows.filter(kind=kind) if kind else rows)


def test_all_kinds_have_their_sentences():
    for name in dir(kinds):
        if name.isupper() and not name.startswith("_"):
            assert getattr(kinds, name) in registered()


def test_the_owner_hears_of_a_report_once(town):
    take(town)
    hear()
    hear()
    (told,) = inbox(town, "owner")
    assert told.kind == kinds.ASSIGNED
    assert not told.urgent
    assert not inbox(town, "teammate")
    assert not inbox(town, "leader")


@pytest.mark.req("I-10")
def test_leaders_and_manager_hear_of_major_ones_loudly(town):
    take(town, category_id=category(grade=Grade.MAJOR).pk)
    hear()
    for who in ("leader", "owner"):
        (told,) = inbox(town, who)
        assert told.kind == kinds.MAJOR
        assert told.urgent
    assert inbox(town, "handler", kinds.ASSIGNED)[0].urgent


def test_the_manager_is_asked_to_verify_urgent_ones(town):
    take(town, category_id=category(urgent=True).pk)
    hear()
    assert inbox(town, "owner", kinds.TO_CONFIRM)[0].urgent
    assert inbox(town, "handler", kinds.ASSIGNED)
    assert not inbox(town, "leader")


def test_a_place_that_nobody_knows_is_told_to_dispatchers(town):
    take(town, lon=116.5, lat=40.01)
    hear()
    assert inbox(town, "dispatcher", kinds.ASSIGNED)


@pytest.mark.req("I-13")
def test_reporters_with_an_account_hear_in_plain_words(town):
    incident = to_state(town, State.CLOSED, actor="stranger")
    hear()
    told = inbox(town, "stranger")
    assert [n.kind for n in told if n.kind == kinds.REPORT_DONE]
    assert all(n.url == f"/follow/{incident.number}/" for n in told)
    perform_by_reporter(
        Action.RATE,
        incident.pk,
        actor=town.users["stranger"],
        now=incident.closed_at,
        opinion=Opinion.DISSATISFIED,
        note="又脏了",
    )
    hear()
    assert inbox(town, "supervisor", kinds.DISSATISFIED)


def test_all_reporters_of_merged_cases_hear(town):
    stays, goes = take(town), take(town, actor="stranger")
    move(town, "owner", Action.MERGE, goes, note="同一事", into=stays.pk)
    hear()
    assert inbox(town, "stranger", kinds.REPORT_MERGED)


@pytest.mark.req("I-21")
def test_urging_supervision_and_orders_reach_the_owner(town):
    incident = to_state(town, State.IN_HAND)
    hear()
    Notification.objects.all().delete()
    for who, action in (
        ("supervisor", Action.REMIND),
        ("supervisor", Action.SUPERVISE),
        ("leader", Action.ORDER),
    ):
        incident = move(town, who, action, incident, note="请快")
        hear()
    assert {n.kind for n in inbox(town, "handler")} == {
        kinds.URGED,
        kinds.SUPERVISED,
        kinds.ORDERED,
    }
    move(town, "handler", Action.REPLY, incident, note="今天")
    hear()
    assert inbox(town, "supervisor", kinds.REPLIED)


def test_the_department_of_a_part_hears_of_it(town):
    whole = to_state(town, State.FILED)
    hear()
    parts = [{"department_id": town.departments["sanitation"].pk, "description": "一半"}]
    move(town, "dispatcher", Action.SPLIT, whole, note="分办", parts=parts)
    hear()
    part = Incident.objects.get(split_from=whole)
    (told,) = inbox(town, "handler", kinds.ASSIGNED)
    assert told.params["number"] == part.number
    assert AuditEntry.objects.filter(action="incident.split", object_id=str(part.pk)).exists()


def test_a_suspended_case_wakes_unless_somebody_was_quicker(town):
    quick, slow = to_state(town, State.IN_HAND), to_state(town, State.IN_HAND)
    until = slow.updated_at + timedelta(days=2)
    for incident in (quick, slow):
        move(town, "supervisor", Action.SUSPEND, incident, note="等", until=until)
    move(town, "supervisor", Action.RESUME, quick)
    hear()
    quick.refresh_from_db()
    slow.refresh_from_db()
    assert slow.state == State.IN_HAND
    assert quick.history.filter(action=Action.RESUME).count() == 1
    assert slow.history.filter(action=Action.RESUME).count() == 1


@pytest.mark.req("I-09")
def test_an_overdue_clock_writes_history_and_tells(town):
    incident = to_state(town, State.IN_HAND)
    hear()
    event = OutboxEvent.objects.create(
        name="clock_overdue",
        payload={
            "incident": incident.pk,
            "clock": 1,
            "kind": "handle",
            "due_at": "",
            "step": 1,
            "grid": town.grids["home"].pk,
            "tier": "street",
            "persons": [town.users["supervisor"].person.pk],
        },
    )
    handlers.climb(event)
    line = incident.history.last()
    assert line.action == Action.ESCALATE
    assert line.data["step"] == 1
    assert inbox(town, "supervisor", kinds.OVERDUE)
    assert inbox(town, "handler", kinds.OVERDUE)


@pytest.mark.req("G-04")
def test_a_new_division_moves_open_cases_and_no_closed_one(town):
    open_case = to_state(town, State.REPORTED)
    handled = to_state(town, State.IN_HAND)
    closed = to_state(town, State.CLOSED)
    elsewhere = take(town, area="f1")
    hear()
    before = Incident.objects.filter(pk=closed.pk).values().get()
    # a1 goes over to a2: its own ends, the neighbour's grows.
    now = timezone.now()
    geometry = town.boundaries["a1"].geometry
    Boundary.objects.filter(pk=town.boundaries["a1"].pk).update(valid=DateTimeTZRange(START, now))
    Boundary.objects.filter(pk=town.boundaries["a2"].pk).update(valid=DateTimeTZRange(START, now))
    new = Boundary.objects.create(
        grid=town.grids["a2"],
        edition=_edition(now),
        parent=town.grids["a"],
        name="区a2",
        geometry=geometry,
        valid=DateTimeTZRange(now, None),
    )
    outbox.emit("edition_took_effect", {"edition_id": new.edition_id}, now=now)
    hear()
    open_case.refresh_from_db()
    assert open_case.owner_person == town.users["teammate"].person
    assert open_case.report_path == town.path("a1")
    line = open_case.history.last()
    assert (line.action, line.data["edition"]) == (Action.REROUTE, new.edition_id)
    handled.refresh_from_db()
    assert handled.owner_department == town.departments["sanitation"]
    assert not handled.history.filter(action=Action.REROUTE).exists()
    assert Incident.objects.filter(pk=closed.pk).values().get() == before
    assert not elsewhere.history.filter(action=Action.REROUTE).exists()
    assert inbox(town, "teammate", kinds.ASSIGNED)


@pytest.mark.req("G-04")
def test_routing_anew_asks_only_while_the_case_is_held(town):
    incident = to_state(town, State.REPORTED)
    with CaptureQueriesContext(connection) as asked:
        reroute(incident.pk, edition_id=None, now=timezone.now())
    first = next(q["sql"] for q in asked if 'FROM "incidents_incident"' in q["sql"])
    assert "FOR UPDATE" in first


def _edition(now):
    from grids.territory.choices import EditionStatus
    from grids.territory.models import Edition

    return Edition.objects.create(name="redrawn", status=EditionStatus.PUBLISHED, effective_at=now)
