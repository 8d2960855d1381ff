"""Lead, deputy, stand-in, upper tier: someone always answers, and it is said why."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from gridmgmt.core.models import AuditEntry, OutboxEvent
from gridmgmt.core.permissions import Role
from grids.people.models import Absence, Department, Post
from grids.people.services import roster
from grids.people.services.vacancies import vacancies

from .conftest import LONG_AGO, NOON

DAY = timedelta(days=1)


def away(person, stand_in=None, start=NOON):
    return roster.take_leave(
        person=person, start=start, end=start + DAY, stand_in=stand_in, actor=None, now=NOON
    )


@pytest.mark.req("S-02")
def test_leaf_first_then_lead_deputy_stand_in(street, django_assert_num_queries):
    upper = street.post("upper", Role.MANAGER, street.community)
    deputy = street.post("deputy", Role.MANAGER, street.west, is_lead=False)
    lead = street.post("lead", Role.MANAGER, street.west)
    street.post("neighbour", Role.MANAGER, street.east)
    stand_in = street.post("stand-in", Role.COORDINATOR, street.west)
    with django_assert_num_queries(1):
        found = roster.holders(street.path, Role.MANAGER, NOON)
    assert [(h.person_id, h.why) for h in found] == [
        (lead.pk, "lead"),
        (deputy.pk, "deputy"),
        (upper.pk, "lead"),
    ]
    away(lead, stand_in)
    found = roster.holders(street.path, Role.MANAGER, NOON)
    assert [(h.person_id, h.why) for h in found][:2] == [
        (deputy.pk, "deputy"),
        (stand_in.pk, "stand_in"),
    ]
    assert found[1].stands_in_for == lead.pk


@pytest.mark.req("S-02")
def test_who_answers_when_people_are_missing(street, django_assert_num_queries):
    def answer():
        holder = roster.responsible_person(street.path, Role.MANAGER, NOON)
        return holder and (holder.name, holder.why)

    assert answer() is None
    assert roster.responsible_person([], Role.MANAGER, NOON) is None
    street.post("head of the leaf", Role.GRID_HEAD, street.west)
    assert answer() is None  # a head of the same grid is no manager of it
    street.post("street head", Role.GRID_HEAD, street.street)
    assert answer() == ("street head", "parent_tier")
    street.post("community manager", Role.MANAGER, street.community)
    assert answer() == ("community manager", "parent_tier")
    lead = street.post("lead", Role.MANAGER, street.west)
    assert answer() == ("lead", "lead")
    stand_in = street.post("stand-in", Role.COORDINATOR, street.east)
    away(lead, stand_in)
    assert answer() == ("stand-in", "stand_in")
    away(stand_in)
    with django_assert_num_queries(1):
        assert answer() == ("community manager", "parent_tier")
    street.post("deputy", Role.MANAGER, street.west, is_lead=False)
    assert answer() == ("deputy", "deputy")


def test_departments_nearest_first_and_only_active(street):
    assert roster.department_for("sanitation", street.path) == street.department
    assert roster.department_for("health_care", street.path) is None
    near = Department.objects.create(
        name="near", code="near", system="sanitation", grid=street.community
    )
    assert roster.department_for("sanitation", street.path) == near
    near.active = False
    near.save()
    assert roster.department_for("sanitation", street.path) == street.department
    handler = street.post("handler", Role.DEPARTMENT_HANDLER, department=street.department)
    assert [h.person_id for h in roster.handlers_of(street.department, NOON)] == [handler.pk]
    away(handler)
    assert roster.handlers_of(street.department.pk, NOON) == []


def test_officers_of_the_whole_deployment_come_after_those_of_the_place(street):
    whole = street.post("whole", Role.DISPATCHER)
    near = street.post("near", Role.DISPATCHER, street.street)
    street.post("elsewhere", Role.DISPATCHER, street.east)
    found = roster.officers(Role.DISPATCHER, NOON, street.path)
    assert [h.person_id for h in found] == [near.pk, whole.pk]


@pytest.mark.req("S-02")
def test_appointing_twice_is_refused_and_nothing_is_written(street):
    person = street.post("owner", Role.MANAGER, street.west)
    written = AuditEntry.objects.count(), OutboxEvent.objects.count()
    with pytest.raises(ValidationError):
        street.post("owner", Role.MANAGER, street.west)
    with pytest.raises(ValidationError):
        roster.appoint(person=person, role=Role.MANAGER, actor=None, now=NOON)
    with pytest.raises(ValidationError):
        roster.appoint(person=person, role=Role.DEPARTMENT_HANDLER, actor=None, now=NOON)
    with pytest.raises(ValidationError):
        roster.take_leave(person=person, start=NOON, end=NOON, actor=None, now=NOON)
    with pytest.raises(ValidationError):
        away(person, person)
    assert (AuditEntry.objects.count(), OutboxEvent.objects.count()) == written
    assert Post.objects.count() == 1
    assert not Absence.objects.exists()


@pytest.mark.req("S-02")
@pytest.mark.parametrize("role", [Role.DEPARTMENT_HANDLER, Role.DISPATCHER])
def test_a_post_without_a_grid_is_held_once_at_a_time_too(street, role):
    department = street.department if role == Role.DEPARTMENT_HANDLER else None
    person = street.post("one", role, department=department)
    with pytest.raises(ValidationError):
        street.post("one", role, department=department)
    roster.dismiss(post=person.posts.get(), actor=None, now=NOON)
    street.post("one", role, department=department, start=NOON)
    assert person.posts.count() == 2


@pytest.mark.req("S-02")
def test_one_person_two_grids_and_the_end_of_a_post(street):
    person = street.post("owner", Role.MANAGER, street.west)
    street.post("owner", Role.MANAGER, street.east)
    post = person.posts.get(grid=street.west)
    roster.dismiss(post=post, actor=None, now=NOON)
    assert roster.holders(street.path, Role.MANAGER, NOON) == []
    assert roster.holders(street.path, Role.MANAGER, NOON - DAY)[0].person_id == person.pk
    with pytest.raises(ValidationError):
        roster.dismiss(post=post, actor=None, now=NOON + DAY)
    future = roster.appoint(
        person=person, role=Role.MANAGER, grid=street.west, actor=None, now=NOON, start=NOON + DAY
    )
    roster.dismiss(post=future, actor=None, now=NOON)
    assert roster.holders(street.path, Role.MANAGER, NOON + 2 * DAY) == []
    assert AuditEntry.objects.filter(action="post.dismissed").count() == 2
    assert OutboxEvent.objects.filter(name="roster_changed").count() == 5


@pytest.mark.req("S-03")
def test_vacancies_are_findings(street, django_assert_num_queries):
    with django_assert_num_queries(2):
        found = vacancies(NOON)
    assert [(v.code[-3:], v.kind, v.role) for v in found] == [
        ("001", "too_few_full_timers", None),
        ("001", "no_leader", None),
        ("001", "no_street_leader", None),
        ("001", "role_missing", "coordinator"),
        ("001", "role_missing", "manager"),
        ("001", "role_missing", "supervisor"),
        ("002", "role_missing", "coordinator"),
        ("002", "role_missing", "manager"),
        ("002", "role_missing", "supervisor"),
    ]
    assert all(v.name in v.sentence() for v in found)
    street.post("supervisor", Role.SUPERVISOR, street.street, kind="street_office")
    street.post("police", Role.LEADER, street.community, kind="police")
    for grid in (street.west, street.east):
        street.post("one", Role.COORDINATOR, grid)
        street.post("two", Role.MANAGER, grid)
    assert [v.kind for v in vacancies(NOON)] == ["no_leader", "no_street_leader"]
    street.post("one", Role.LEADER, street.community)
    street.post("chief", Role.LEADER, street.community, kind="street_office")
    assert vacancies(NOON) == []
    assert vacancies(LONG_AGO - DAY) == []
