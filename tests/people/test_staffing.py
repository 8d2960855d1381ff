"""Transfer, lead and deputy, return from leave, phones: the past stays, the trail tells."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import translation

from gridmgmt.core.models import AuditEntry
from gridmgmt.core.permissions import Role
from grids.people.models import Person, Post
from grids.people.services import roster, staffing

from .conftest import LONG_AGO, NOON


@pytest.fixture(autouse=True)
def english():
    """Sentences are compared in English."""
    with translation.override("en"):
        yield


DAY = timedelta(days=1)


def leads(grid, moment):
    posts = Post.objects.held_at(moment).filter(grid=grid, is_lead=True)
    return sorted(posts.values_list("person__name", flat=True))


@pytest.mark.req("S-02")
def test_a_new_lead_takes_the_place_of_the_old_and_the_past_stays(street):
    street.post("owner", Role.MANAGER, street.west)
    deputy = street.post("teammate", Role.MANAGER, street.west, is_lead=False)
    post = deputy.posts.get()
    changed = staffing.set_lead(post=post, lead=True, actor=None, now=NOON)
    assert leads(street.west, NOON) == ["teammate"]
    assert leads(street.west, NOON - DAY) == ["owner"]
    assert Post.objects.held_at(NOON).filter(grid=street.west).count() == 2
    staffing.set_lead(post=changed, lead=False, actor=None, now=NOON)
    assert leads(street.west, NOON) == []
    with pytest.raises(ValidationError):
        staffing.set_lead(post=post, lead=True, actor=None, now=NOON)  # it has ended
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert list(actions).count("post.made_lead") == 1
    assert list(actions).count("post.made_deputy") == 2


@pytest.mark.req("S-02")
def test_a_transfer_leaves_no_gap_and_no_double(street):
    person = street.post("owner", Role.MANAGER, street.west)
    post = person.posts.get()
    moved = staffing.transfer(
        post=post,
        grid=street.east,
        role=Role.MANAGER,
        is_lead=True,
        start=NOON + DAY,
        actor=None,
        now=NOON,
    )
    assert roster.holders(street.path, Role.MANAGER, NOON)[0].person_id == person.pk
    assert roster.holders(street.path, Role.MANAGER, NOON + DAY) == []
    assert moved.valid.lower == NOON + DAY
    with pytest.raises(ValidationError):
        staffing.transfer(
            post=moved,
            grid=street.east,
            role=Role.MANAGER,
            is_lead=False,
            start=NOON + 2 * DAY,
            actor=None,
            now=NOON,
        )
    street.post("owner", Role.COORDINATOR, street.east)
    before = list(Post.objects.order_by("pk").values_list("pk", "valid"))
    with pytest.raises(ValidationError):  # holds that one already: nothing is ended either
        staffing.transfer(
            post=moved,
            grid=street.east,
            role=Role.COORDINATOR,
            is_lead=True,
            start=NOON + 2 * DAY,
            actor=None,
            now=NOON,
        )
    assert list(Post.objects.order_by("pk").values_list("pk", "valid")) == before


@pytest.mark.req("S-02")
def test_back_from_leave_and_a_stand_in_named_later(street):
    person = street.post("owner", Role.MANAGER, street.west)
    stand_in = street.post("teammate", Role.COORDINATOR, street.west)
    absence = roster.take_leave(
        person=person, start=NOON, end=None, stand_in=None, actor=None, now=NOON
    )
    assert roster.holders(street.path, Role.MANAGER, NOON) == []
    staffing.name_stand_in(absence=absence, stand_in=stand_in, actor=None, now=NOON)
    assert roster.holders(street.path, Role.MANAGER, NOON)[0].why == "stand_in"
    with pytest.raises(ValidationError):
        staffing.name_stand_in(absence=absence, stand_in=person, actor=None, now=NOON)
    staffing.end_leave(absence=absence, actor=None, now=NOON + DAY)
    assert roster.holders(street.path, Role.MANAGER, NOON + DAY)[0].why == "lead"
    assert roster.holders(street.path, Role.MANAGER, NOON)[0].why == "stand_in"
    with pytest.raises(ValidationError):
        staffing.end_leave(absence=absence, actor=None, now=NOON + DAY)
    later = roster.take_leave(
        person=person, start=NOON + 5 * DAY, end=None, stand_in=None, actor=None, now=NOON
    )
    staffing.end_leave(absence=later, actor=None, now=NOON + 2 * DAY)
    assert roster.holders(street.path, Role.MANAGER, NOON + 6 * DAY)[0].why == "lead"


@pytest.mark.req("S-04", "Z-01")
def test_a_phone_is_opened_for_a_reason_that_is_on_record(street):
    person = street.post("owner", Role.MANAGER, street.west)
    with pytest.raises(PermissionDenied):
        staffing.open_phone(person, may=False, reason="fire", actor=None, now=NOON)
    with pytest.raises(ValidationError):
        staffing.open_phone(person, may=True, reason="  ", actor=None, now=NOON)
    assert not AuditEntry.objects.filter(action="person.phone_opened").exists()
    got = staffing.open_phone(person, may=True, reason="fire", actor=None, now=NOON)
    assert got == "13800001999"
    [entry] = AuditEntry.objects.filter(action="person.phone_opened")
    assert entry.data == {"reason": "fire"}
    assert "1999" not in str(entry.data)


def test_whoever_leaves_must_have_handed_over(street):
    person = street.post("owner", Role.MANAGER, street.west)
    person.left_at = NOON.date()
    with pytest.raises(ValidationError, match="End them first"):
        staffing.change_person(person, ["left_at"], actor=None, now=NOON)
    roster.dismiss(post=person.posts.get(), actor=None, now=LONG_AGO + DAY)
    staffing.change_person(person, ["left_at"], actor=None, now=NOON)
    assert Person.objects.get(pk=person.pk).left_at == NOON.date()


def test_a_staff_number_is_given_once(street):
    staffing.add_person(Person(name="one", staff_number="7"), actor=None, now=NOON)
    staffing.add_person(Person(name="none"), actor=None, now=NOON)
    staffing.add_person(Person(name="nothing"), actor=None, now=NOON)
    with pytest.raises(ValidationError, match="staff number"):
        staffing.add_person(Person(name="two", staff_number="7"), actor=None, now=NOON)
