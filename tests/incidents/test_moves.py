"""Moves: the straight way, the side ways, what is refused, and that a refusal changes nothing."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from gridmgmt.core.models import AuditEntry, OutboxEvent
from gridmgmt.core.permissions import Role
from grids.people.access import access_for
from incidents.choices import Action, ClockKind, Grade, Opinion, State
from incidents.models import CaseClock, Incident, RoutingDecision, RoutingRule, UrgentReceipt
from incidents.services.errors import CaseMoved, MoveRefused, NotYours
from incidents.services.moves import (
    available_actions,
    perform,
    perform_by_reporter,
    perform_by_system,
)
from tests.incidents.helpers import NOW, WAY, category, move, take, to_state


def clocks_of(incident):
    return list(
        CaseClock.objects.filter(incident=incident, ended_at=None).values_list("kind", flat=True)
    )


@pytest.mark.req("I-07")
def test_the_straight_way_from_report_to_rating(town):
    incident = to_state(town, State.REPORTED)
    expected = (
        (State.REPORTED, Role.MANAGER, ClockKind.VERIFY),
        (State.VERIFIED, Role.MANAGER, ClockKind.VERIFY),
        (State.FILED, Role.DISPATCHER, ClockKind.DISPATCH),
        (State.DISPATCHED, Role.DEPARTMENT_HANDLER, ClockKind.HANDLE),
        (State.IN_HAND, Role.DEPARTMENT_HANDLER, ClockKind.HANDLE),
        (State.HANDLED, Role.SUPERVISOR, ClockKind.CHECK),
        (State.CHECKED, Role.SUPERVISOR, ClockKind.CHECK),
    )
    for (state, role, kind), (_name, who, action, data) in zip(expected, WAY, strict=True):
        incident.refresh_from_db()
        assert incident.state == state
        assert incident.owner_role == role
        assert clocks_of(incident) == [kind]
        version = incident.version
        incident = move(town, who, action, incident, version=version, **data)
        assert incident.version == version + 1
    incident.refresh_from_db()
    assert incident.state == State.CLOSED
    assert clocks_of(incident) == []
    assert incident.due_at is None
    assert incident.closed_at == incident.updated_at
    assert incident.result_public == "垃圾已清运"
    perform_by_reporter(
        Action.RATE, incident.pk, actor=None, now=incident.closed_at, opinion=Opinion.SATISFIED
    )
    lines = [line.action for line in incident.history.all()]
    assert lines == ["report", *(str(row[2]) for row in WAY), "rate"]
    assert OutboxEvent.objects.filter(name="incident_moved").count() == 8
    assert AuditEntry.objects.filter(action__startswith="incident.").count() == 9


@pytest.mark.req("Z-06")
def test_a_case_that_someone_else_has_moved_is_not_touched(town):
    incident = to_state(town, State.REPORTED)
    seen = incident.version
    move(town, "owner", Action.VERIFY, incident)
    history, events = incident.history.count(), OutboxEvent.objects.count()
    with pytest.raises(CaseMoved) as excinfo:
        move(town, "owner", Action.NOT_FILE, incident, version=seen, note="重复")
    assert excinfo.value.who == "王芳"
    assert excinfo.value.version == seen + 1
    incident.refresh_from_db()
    assert incident.state == State.VERIFIED
    assert (incident.history.count(), OutboxEvent.objects.count()) == (history, events)


def test_an_effect_that_fails_leaves_nothing(town):
    incident = to_state(town, State.FILED)
    before = Incident.objects.filter(pk=incident.pk).values().get()
    with pytest.raises(MoveRefused):
        move(town, "dispatcher", Action.DISPATCH, incident, department_id=10**9)
    assert Incident.objects.filter(pk=incident.pk).values().get() == before


@pytest.mark.req("I-05")
def test_filing_dispatches_at_once_where_a_rule_says_so(town):
    RoutingRule.objects.create(
        name="直派", system="sanitation", target_system="sanitation", auto_dispatch=True
    )
    incident = to_state(town, State.VERIFIED)
    incident = move(town, "owner", Action.FILE, incident)
    assert incident.state == State.DISPATCHED
    assert incident.owner_department == town.departments["sanitation"]
    actions = list(incident.history.values_list("action", "from_state", "to_state"))
    assert actions[-2:] == [
        ("file", "verified", "filed"),
        ("dispatch", "filed", "dispatched"),
    ]


@pytest.mark.req("I-15")
def test_a_case_handed_back_is_not_simply_sent_there_again(town):
    incident = to_state(town, State.DISPATCHED)
    incident = move(town, "handler", Action.RETURN, incident, note="非本部门职责")
    assert incident.state == State.FILED
    assert incident.returned_count == 1
    for data in ({}, {"department_id": town.departments["sanitation"].pk}):
        with pytest.raises(MoveRefused):
            move(town, "dispatcher", Action.DISPATCH, incident, **data)
    with pytest.raises(MoveRefused):
        move(town, "dispatcher", Action.DISPATCH, incident, order=True)
    other = town.departments["civic_culture"].pk
    elsewhere = move(town, "dispatcher", Action.DISPATCH, incident, department_id=other)
    assert elsewhere.owner_department_id == other


def test_an_order_with_a_reason_sends_it_there_all_the_same(town):
    incident = to_state(town, State.DISPATCHED)
    incident = move(town, "handler", Action.RETURN, incident, note="非本部门职责")
    incident = move(town, "dispatcher", Action.DISPATCH, incident, order=True, note="职责清单第3条")
    assert incident.owner_department == town.departments["sanitation"]
    assert incident.history.last().data["order"] is True


def test_who_handled_neither_checks_nor_closes(town):
    incident = to_state(town, State.HANDLED)
    Incident.objects.filter(pk=incident.pk).update(handled_by=town.users["supervisor"])
    for action in (Action.CHECK, Action.REWORK):
        with pytest.raises(NotYours):
            move(town, "supervisor", action, incident, note="x")


def test_rework_goes_back_to_who_handled_it(town):
    incident = to_state(town, State.HANDLED)
    incident = move(town, "supervisor", Action.REWORK, incident, note="没清干净")
    assert incident.state == State.IN_HAND
    assert incident.owner_department == town.departments["sanitation"]
    assert incident.owner_person == town.users["handler"].person
    assert clocks_of(incident) == [ClockKind.HANDLE]


@pytest.mark.req("I-06")
def test_on_the_spot_closes_and_leaves_no_clock(town):
    incident = to_state(town, State.REPORTED)
    incident = move(town, "coordinator", Action.SELF_HANDLE, incident, note="已扫")
    assert incident.state == State.CLOSED
    assert incident.on_the_spot
    assert clocks_of(incident) == []


def test_suspended_once_and_it_wakes_by_itself(town):
    incident = to_state(town, State.IN_HAND)
    due = incident.due_at
    until = incident.updated_at + timedelta(days=3)
    with pytest.raises(MoveRefused):
        move(town, "supervisor", Action.SUSPEND, incident, note="等材料", until=NOW)
    incident = move(town, "supervisor", Action.SUSPEND, incident, note="等材料", until=until)
    assert incident.state == State.SUSPENDED
    assert incident.due_at is None
    event = OutboxEvent.objects.get(name="suspension_ended")
    assert event.due_at == until
    incident = perform_by_system(Action.RESUME, incident.pk, now=until)
    assert incident.state == State.IN_HAND
    assert incident.due_at > due
    assert clocks_of(incident) == [ClockKind.HANDLE]
    with pytest.raises(MoveRefused):
        move(
            town,
            "supervisor",
            Action.SUSPEND,
            incident,
            note="再等",
            until=until + timedelta(days=9),
        )


def test_extended_twice_at_most_and_only_before_it_is_overdue(town):
    incident = to_state(town, State.IN_HAND)
    due = incident.due_at
    for _time in range(2):
        incident = move(town, "handler", Action.EXTEND, incident, note="下雨")
        assert incident.due_at > due
        due = incident.due_at
    with pytest.raises(ValidationError):
        move(town, "handler", Action.EXTEND, incident, note="下雨")
    late = to_state(town, State.IN_HAND)
    with pytest.raises(ValidationError):
        move(
            town,
            "handler",
            Action.EXTEND,
            late,
            now=late.due_at + timedelta(minutes=1),
            note="晚了",
        )
    assert Incident.objects.get(pk=late.pk).extended_count == 0


@pytest.mark.req("I-12")
def test_merging_links_follows_and_tells(town):
    stays, goes, older = (to_state(town, State.REPORTED) for _n in range(3))
    move(town, "owner", Action.MERGE, older, note="同一事", into=goes.pk)
    goes = move(town, "owner", Action.MERGE, goes, note="同一事", into=stays.pk)
    assert goes.state == State.MERGED
    assert goes.merged_into == stays
    older.refresh_from_db()
    assert older.merged_into == stays
    assert stays.history.filter(data__merged=goes.pk).exists()
    for wrong in (stays.pk, 10**9, None, goes.pk):
        with pytest.raises(MoveRefused):
            move(town, "owner", Action.MERGE, stays, note="x", into=wrong)


@pytest.mark.req("I-16")
def test_parts_go_to_their_departments_and_end_before_the_whole(town):
    incident = to_state(town, State.FILED)
    culture = town.departments["civic_culture"]
    incident = move(
        town,
        "dispatcher",
        Action.SPLIT,
        incident,
        note="两家一起",
        parts=[{"department_id": culture.pk, "description": "墙上涂写"}],
    )
    part = incident.sub_cases.get()
    assert part.state == State.DISPATCHED
    assert part.owner_department == culture
    assert clocks_of(part) == [ClockKind.HANDLE]
    assert part.history.get().data["whole"] == incident.pk
    for who, action, data in (
        ("dispatcher", Action.DISPATCH, {}),
        ("handler", Action.ACCEPT, {}),
        ("handler", Action.HANDLE, {"note": "完成"}),
        ("supervisor", Action.CHECK, {}),
    ):
        incident = move(town, who, action, incident, **data)
    with pytest.raises(MoveRefused):
        move(town, "supervisor", Action.CLOSE, incident)


@pytest.mark.req("I-21")
def test_urging_counts_and_supervision_owes_a_reply(town):
    incident = to_state(town, State.IN_HAND)
    incident = move(town, "supervisor", Action.REMIND, incident)
    assert incident.urged_count == 1
    with pytest.raises(MoveRefused):
        move(town, "handler", Action.REPLY, incident, note="马上")
    incident = move(town, "supervisor", Action.SUPERVISE, incident, note="请说明")
    assert incident.supervised
    incident = move(town, "handler", Action.REPLY, incident, note="今天完成")
    assert not incident.supervised


def test_reassigning_before_filing_goes_to_another_grids_manager(town):
    incident = to_state(town, State.REPORTED)
    report_path = incident.report_path
    incident = move(
        town, "supervisor", Action.REASSIGN, incident, note="在隔壁", grid_id=town.grids["a2"].pk
    )
    assert incident.owner_person == town.users["teammate"].person
    assert incident.owner_path == town.path("a2")
    assert incident.report_path == report_path
    with pytest.raises(MoveRefused):
        move(
            town,
            "supervisor",
            Action.REASSIGN,
            incident,
            note="x",
            department_id=town.departments["sanitation"].pk,
        )


def test_reassigning_in_hand_keeps_state_and_limit(town):
    incident = to_state(town, State.IN_HAND)
    due = incident.due_at
    incident = move(
        town,
        "supervisor",
        Action.REASSIGN,
        incident,
        note="归文明办",
        department_id=town.departments["civic_culture"].pk,
    )
    assert incident.state == State.IN_HAND
    assert incident.due_at == due
    assert incident.owner_department == town.departments["civic_culture"]
    with pytest.raises(NotYours):
        move(town, "handler", Action.HANDLE, incident, note="x")


def test_a_correction_of_the_category_routes_anew(town):
    incident = to_state(town, State.REPORTED)
    other = category("civic_culture", "955", grade=Grade.MAJOR)
    decisions = RoutingDecision.objects.filter(incident=incident).count()
    incident = move(town, "owner", Action.CLASSIFY, incident, category_id=other.pk)
    assert incident.category == other
    assert incident.urgent
    assert RoutingDecision.objects.filter(incident=incident).count() == decisions + 1
    assert UrgentReceipt.objects.filter(incident=incident).count() == 2


@pytest.mark.req("I-10")
def test_the_managers_verification_of_an_urgent_case_follows(town):
    incident = take(town, category_id=category(urgent=True).pk)
    names = {row.action for row in available_actions(incident, _access(town, "owner"), None)}
    assert Action.CONFIRM in names
    incident = move(town, "owner", Action.CONFIRM, incident, note="属实")
    assert not incident.verification_owed
    assert incident.state == State.DISPATCHED
    with pytest.raises(MoveRefused):
        move(town, "owner", Action.CONFIRM, incident)


@pytest.mark.req("I-13")
def test_an_opinion_changes_for_seven_days_and_dissatisfaction_reopens(town):
    incident = to_state(town, State.CLOSED)
    now = incident.closed_at

    def rate(days, **data):
        return perform_by_reporter(
            Action.RATE, incident.pk, actor=None, now=now + timedelta(days=days), **data
        )

    with pytest.raises(MoveRefused):
        rate(0, opinion="five stars")
    with pytest.raises(MoveRefused):
        rate(0, opinion=Opinion.DISSATISFIED)
    rate(0, opinion=Opinion.SATISFIED)
    with pytest.raises(MoveRefused):
        perform_by_reporter(Action.REOPEN, incident.pk, actor=None, now=now, note="还在")
    rate(6, opinion=Opinion.DISSATISFIED, note="又脏了")
    with pytest.raises(MoveRefused):
        rate(8, opinion=Opinion.SATISFIED)
    again = perform_by_reporter(Action.REOPEN, incident.pk, actor=None, now=now, note="还在")
    assert again.state == State.FILED
    assert again.closed_at is None
    assert again.opinion == Opinion.DISSATISFIED
    assert clocks_of(again) == [ClockKind.DISPATCH]


@pytest.mark.req("P-03")
def test_releasing_publishes_what_was_chosen_and_can_be_taken_back(town):
    incident = to_state(town, State.REPORTED)
    incident = move(town, "desk", Action.RELEASE, incident, description="路边垃圾")
    assert incident.released
    assert incident.public_description == "路边垃圾"
    incident = move(town, "desk", Action.RELEASE, incident, withdraw=True)
    assert not incident.released
    secret = take(town, confidential=True)
    with pytest.raises(MoveRefused):
        move(town, "desk", Action.RELEASE, secret)


def test_the_dispatchers_pool_belongs_to_every_dispatcher_and_to_nobody_else(town):
    incident = take(town, lon=116.5, lat=40.01)
    moved = move(
        town, "dispatcher", Action.REASSIGN, incident, note="在a1", grid_id=town.grids["a1"].pk
    )
    assert moved.owner_person == town.users["owner"].person
    other = take(town, lon=116.5, lat=40.01)
    with pytest.raises(NotYours):
        move(town, "supervisor", Action.REASSIGN, other, note="x", grid_id=town.grids["a1"].pk)


def test_what_pages_offer_is_what_the_service_does(town):
    incident = to_state(town, State.DISPATCHED)
    names = {str(row.action) for row in available_actions(incident, _access(town, "handler"), None)}
    assert {"accept", "return"} <= names
    assert not {"handle", "verify", "check", "remind", "rate", "reroute"} & names
    assert available_actions(incident, _access(town, "stranger"), town.users["stranger"]) == []


def test_a_case_that_is_not_there(town):
    with pytest.raises(Incident.DoesNotExist):
        perform(Action.VERIFY, 10**9, actor=None, access=_access(town, "owner"), now=NOW)
    with pytest.raises(MoveRefused):
        perform("fly", 1, actor=None, access=_access(town, "owner"), now=NOW)


def _access(town, who):
    return access_for(town.users[who], NOW)
