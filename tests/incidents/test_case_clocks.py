"""The clock of a case in the database, and what it says as time goes by."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from gridmgmt.core.models import OutboxEvent, User
from gridmgmt.core.permissions import Role
from grids.people.models import Person, Post
from incidents.choices import ClockKind, DayKind
from incidents.models import CaseClock, Incident, SpecialDay
from incidents.services import clocks, escalation
from incidents.tasks import tick_clocks
from tests.incidents.cases import NOW, SHANGHAI, category, incident, multiply
from tests.town import ALWAYS

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def said(name: str) -> list[dict]:
    return list(
        OutboxEvent.objects.filter(name=name).order_by("id").values_list("payload", flat=True)
    )


def mirrored(case: Incident) -> tuple:
    return tuple(Incident.objects.values_list("warn_at", "due_at").get(pk=case.pk))


@pytest.mark.req("I-08")
def test_starting_copies_the_moments_to_the_case_and_ends_the_clock_before(town):
    case = incident(town)
    first = clocks.start_clock(case, ClockKind.VERIFY, 4, "work_hour", now=NOW)
    # Four work hours from nine: three before noon, one after two.
    assert first.due_at == at(6, 15)
    assert first.warn_at == at(6, 14, 12)
    assert mirrored(case) == (first.warn_at, first.due_at) == (case.warn_at, case.due_at)
    second = clocks.start_clock(case, ClockKind.HANDLE, 1, "urgent_hour", now=at(6, 15, 30))
    first.refresh_from_db()
    assert (first.ended_at, first.in_time) == (at(6, 15, 30), False)
    assert mirrored(case)[1] == second.due_at == at(6, 16, 30)
    clocks.stop_clock(case, now=at(6, 16, 30))
    second.refresh_from_db()
    assert second.in_time is True
    assert second.next_step_at is None
    assert mirrored(case) == (None, None)


@pytest.mark.req("I-08")
def test_two_running_clocks_of_one_case_are_refused_by_the_database(town):
    case = incident(town)
    clocks.start_clock(case, ClockKind.VERIFY, 4, "work_hour", now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        clocks.first_clock(
            case, ClockKind.HANDLE, 4, "work_hour", clocks.office_calendar(), now=NOW
        ).save()


@pytest.mark.req("I-08")
def test_special_days_of_the_table_move_the_limit(town):
    SpecialDay.objects.create(date=date(2026, 3, 9), kind=DayKind.HOLIDAY)
    SpecialDay.objects.create(date=date(2026, 3, 7), kind=DayKind.MAKE_UP)
    clock = clocks.start_clock(incident(town), "handle", 2, "work_day", now=at(6, 17))
    assert clock.due_at == at(10, 17)


@pytest.mark.req("I-08")
def test_a_paused_clock_stands_and_goes_on_with_the_rest(town):
    case = incident(town)
    clock = clocks.start_clock(case, "handle", 5, "work_hour", now=NOW)
    case.suspended_until = at(9, 8)
    paused = clocks.pause_clock(case, now=at(6, 11))
    assert paused.remaining_seconds == 3 * 3600
    assert mirrored(case) == (None, None)
    assert escalation.tick(now=at(20, 12)) == 0
    [event] = OutboxEvent.objects.filter(name="suspension_ended")
    assert event.due_at == at(9, 8)
    assert event.payload == {"incident": case.pk, "until": at(9, 8).isoformat()}
    clocks.resume_clock(case, now=at(9, 8))
    clock.refresh_from_db()
    assert (clock.due_at, clock.warn_at) == (at(9, 11), at(9, 10))
    assert mirrored(case) == (at(9, 10), at(9, 11))
    assert clocks.resume_clock(case, now=at(9, 8)) is None


@pytest.mark.req("I-08")
def test_a_pause_does_not_wash_an_overdue_case_clean(town):
    case = incident(town)
    clocks.start_clock(case, "handle", 1, "work_hour", now=at(6, 17))
    clocks.pause_clock(case, now=at(6, 19))
    clocks.resume_clock(case, now=at(6, 20))
    assert case.due_at < at(6, 20)
    assert clocks.stop_clock(case, now=at(6, 20)).in_time is False


@pytest.mark.req("I-07")
def test_extending_gives_the_limit_once_more_at_most_twice_and_never_late(town, settings):
    case = incident(town)
    clock = clocks.start_clock(case, "handle", 4, "work_hour", now=at(6, 8))
    escalation.tick(now=at(6, 11, 30))
    assert len(said("clock_nearly_due")) == 1
    clock = clocks.extend_clock(case, now=at(6, 11, 30))
    assert clock.due_at == at(6, 18)
    # 80 % of eight hours are 6.4.
    assert clock.warn_at == at(6, 16, 24)
    assert clock.warned_at is None
    clocks.extend_clock(case, now=at(6, 17))
    with pytest.raises(ValidationError) as caught:
        clocks.extend_clock(case, now=at(9, 9))
    assert caught.value.code == "extended_enough"
    assert "2" in caught.value.messages[0]
    settings.EXTENSIONS_MAX = 9
    with pytest.raises(ValidationError) as caught:
        clocks.extend_clock(case, now=at(9, 12) + MINUTE)
    assert caught.value.code == "overdue"
    clocks.stop_clock(case, now=at(9, 13))
    with pytest.raises(ValidationError) as caught:
        clocks.extend_clock(case, now=at(9, 13))
    assert caught.value.code == "no_clock"


def test_limits_come_from_the_filing_rule_then_the_category_then_the_setting(town):
    kind = category()
    second = kind.filing_rules.create(limit=2, unit="urgent_hour", order=1)
    case = incident(town, category=kind)
    assert clocks.limit_for(case, "handle") == (4, "work_hour")
    case.filing_rule = second
    assert clocks.limit_for(case, "handle") == (2, "urgent_hour")
    bare = incident(town)
    assert clocks.limit_for(bare, "handle") == (5, "work_day")
    bare.urgent = True
    assert clocks.limit_for(bare, "verify") == (1, "urgent_hour")


@pytest.mark.req("I-08")
@pytest.mark.req("I-09")
def test_warned_once_then_up_the_tree_once_a_step(town):
    case = incident(town)
    clock = clocks.start_clock(case, "handle", 4, "work_hour", now=at(6, 8))
    assert escalation.tick(now=clock.warn_at) == 0
    assert escalation.tick(now=clock.warn_at + MINUTE) == 1
    assert escalation.tick(now=clock.warn_at + MINUTE) == 0
    assert escalation.tick(now=clock.due_at) == 0
    for _repeat in range(2):
        escalation.tick(now=clock.due_at + MINUTE)
    person = {name: user.person.pk for name, user in town.users.items() if name != "stranger"}
    # The grid itself has no supervisor or head: the community's head hears first.
    [first] = said("clock_overdue")
    assert (first["step"], first["tier"], first["persons"]) == (
        2,
        "community",
        [person["grid_head"]],
    )
    assert first["incident"] == case.pk
    # One work day later (the limit was Friday noon) the street's supervisor, then the leader.
    for _repeat in range(2):
        escalation.tick(now=at(9, 12) + MINUTE)
    assert [event["step"] for event in said("clock_overdue")] == [2, 3]
    assert said("clock_overdue")[1]["persons"] == [person["supervisor"]]
    for later in range(10, 15):
        escalation.tick(now=at(later, 18))
    events = said("clock_overdue")
    assert [event["step"] for event in events] == [2, 3, 4]
    assert (events[2]["tier"], events[2]["persons"]) == ("street", [person["leader"]])
    assert len(said("clock_nearly_due")) == 1
    clock.refresh_from_db()
    assert clock.next_step_at is None


@pytest.mark.req("I-09")
def test_after_a_long_standstill_every_tier_hears_once_and_no_warning_comes_late(town):
    case = incident(town)
    clocks.start_clock(case, "handle", 4, "work_hour", now=at(6, 8))
    escalation.tick(now=at(20, 8))
    escalation.tick(now=at(20, 9))
    assert [event["step"] for event in said("clock_overdue")] == [2, 3, 4]
    assert said("clock_nearly_due") == []


@pytest.mark.req("I-09")
def test_a_case_of_nobodys_place_goes_to_the_dispatchers(town):
    case = incident(town, None)
    everywhere = Person.objects.create(user=User.objects.create_user("d0"), name="总调度")
    Post.objects.create(person=everywhere, role=Role.DISPATCHER, valid=ALWAYS)
    clock = clocks.start_clock(case, "verify", 1, "urgent_hour", now=NOW)
    escalation.tick(now=clock.due_at + MINUTE)
    [event] = said("clock_overdue")
    assert (event["grid"], event["tier"], event["persons"]) == (None, None, [everywhere.pk])


@pytest.mark.req("I-09")
@pytest.mark.req("Z-04")
def test_a_worker_that_dies_leaves_the_step_to_the_next(town, monkeypatch):
    good, bad = incident(town), incident(town)
    for case in (bad, good):
        clocks.start_clock(case, "handle", 4, "work_hour", now=at(6, 8))
    real = escalation.outbox.emit

    def dies(name, payload, *, now, due_at=None):
        real(name, payload, now=now, due_at=due_at)
        if payload["incident"] == bad.pk:
            raise ConnectionError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(escalation.outbox, "emit", dies)
        assert escalation.tick(now=at(6, 13)) == 1
    assert [event["incident"] for event in said("clock_overdue")] == [good.pk]
    assert escalation.tick(now=at(6, 13)) == 1
    assert [event["incident"] for event in said("clock_overdue")] == [good.pk, bad.pk]


@pytest.mark.req("I-09")
@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_worker_holds_is_passed_over(town):
    case = incident(town)
    clock = clocks.start_clock(case, "handle", 4, "work_hour", now=at(6, 8))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM incidents_caseclock WHERE id = %s FOR UPDATE", [clock.pk])
            assert escalation.tick(now=at(6, 13)) == 0
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert escalation.tick(now=at(6, 13)) == 1


@pytest.mark.req("I-09")
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_say_everything_once(town):
    for _number in range(40):
        clocks.start_clock(incident(town), "handle", 4, "work_hour", now=at(6, 8))
    started = Barrier(2)

    def work():
        started.wait()
        try:
            return escalation.tick(now=at(6, 13))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        served = [future.result() for future in [pool.submit(work), pool.submit(work)]]
    cases = [event["incident"] for event in said("clock_overdue")]
    assert len(cases) == len(set(cases)) == 40 == sum(served)


def test_the_task_serves_by_the_clock_on_the_wall(town):
    clocks.start_clock(incident(town), "handle", 4, "work_hour", now=at(6, 8))
    assert tick_clocks() == 1
    assert tick_clocks() == 0


@pytest.mark.req("I-09")
def test_among_many_clocks_the_due_ones_are_found_by_the_index(town):
    multiply(incident(town), 50_000)
    with connection.cursor() as cursor:
        # Nearly all have ended, as in an old office; some hundreds run, a few are due.
        cursor.execute(
            """
            INSERT INTO incidents_caseclock (incident_id, kind, "limit", unit, started_at, warn_at,
                due_at, extensions, escalation_step, ended_at, next_step_at)
            SELECT id, 'handle', 4, 'work_hour', %(now)s, %(now)s, %(now)s, 0, 0,
                CASE WHEN id %% 100 > 0 THEN %(now)s END,
                CASE WHEN id %% 100 = 0 THEN %(now)s + id * interval '1 minute' END
            FROM incidents_incident WHERE number LIKE 'M%%'
            """,
            {"now": NOW},
        )
        cursor.execute("ANALYZE incidents_caseclock")
    soon = (
        CaseClock.objects.running().order_by("next_step_at").values_list("next_step_at", flat=True)
    )
    plan = CaseClock.objects.step_due(soon[5]).values("pk")[:500].explain()
    assert "clock_next_step" in plan
    assert "Seq Scan" not in plan
