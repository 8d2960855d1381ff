"""What the roster lacks: each finding appears when its people go, and goes when they come."""

from datetime import timedelta

import pytest

from gridmgmt.core.permissions import Role
from grids.people.models import Person
from grids.people.services import roster
from grids.people.services.vacancies import vacancies

from .conftest import LONG_AGO, NOON

DAY = timedelta(days=1)


def kinds(moment=NOON):
    return [(v.kind, v.code[-3:] if v.code else "", v.person) for v in vacancies(moment)]


@pytest.fixture
def full(street):
    """A street where nothing is lacking."""
    street.chief = street.post("chief", Role.LEADER, street.street, kind="street_office")
    street.post("chief", Role.LEADER, street.community, kind="street_office")
    street.post("supervisor", Role.SUPERVISOR, street.street, kind="street_office")
    street.head = street.post("head", Role.GRID_HEAD, street.community)
    street.owner = street.post("owner", Role.MANAGER, street.west)
    street.teammate = street.post("teammate", Role.COORDINATOR, street.west)
    street.post("owner", Role.MANAGER, street.east)
    street.post("teammate", Role.COORDINATOR, street.east)
    assert vacancies(NOON) == []
    return street


@pytest.mark.req("S-08")
def test_a_community_needs_a_leader_of_the_street_office_and_a_leader_a_community(full):
    post = full.chief.posts.get(grid=full.community)
    roster.dismiss(post=post, actor=None, now=NOON)
    assert kinds() == [
        ("leader_unassigned", "008", "chief"),
        ("no_street_leader", "001", ""),
    ]
    # A leader of the community's own is not one of the street office.
    own = full.post("own", Role.LEADER, full.community)
    assert ("no_street_leader", "001", "") in kinds()
    roster.dismiss(post=own.posts.get(), actor=None, now=NOON)
    full.post("other chief", Role.LEADER, full.community, kind="street_office")
    assert kinds() == [("leader_unassigned", "008", "chief"), ("worker_without_grid", "001", "own")]


@pytest.mark.req("S-08", "S-04")
def test_a_community_worker_without_a_grid_is_missed_until_they_leave(full):
    newcomer = Person.objects.create(name="newcomer", kind="social_worker")
    Person.objects.create(name="volunteer", kind="volunteer")
    assert kinds() == [("worker_without_grid", "", "newcomer")]
    assert "newcomer" in vacancies(NOON)[0].sentence()
    newcomer.left_at = NOON.date() + DAY
    newcomer.save()
    assert kinds() == [("worker_without_grid", "", "newcomer")]
    assert kinds(NOON + 2 * DAY) == []
    # Whoever lost their post is shown where it was.
    for post in full.teammate.posts.all():
        roster.dismiss(post=post, actor=None, now=NOON)
    assert next(v for v in kinds() if v[2] == "teammate")[1] in {"001", "002"}


@pytest.mark.req("S-02", "S-03")
def test_a_sole_person_on_leave_needs_a_stand_in(full):
    def leave(person, stand_in=None, start=NOON):
        return roster.take_leave(
            person=person, start=start, end=start + DAY, stand_in=stand_in, actor=None, now=NOON
        )

    leave(full.head)
    [finding] = vacancies(NOON)
    assert (finding.kind, finding.role, finding.person) == ("nobody_present", "grid_head", "head")
    assert vacancies(NOON + DAY) == []
    leave(full.owner, full.teammate, start=NOON + DAY)
    assert vacancies(NOON + DAY) == []
    leave(full.teammate, start=NOON + DAY)  # the stand-in is away too
    assert {v.role for v in vacancies(NOON + DAY)} == {"manager", "coordinator"}
    full.post("deputy", Role.MANAGER, full.west, is_lead=False)
    left = [v.code[-3:] for v in vacancies(NOON + DAY) if v.role == "manager"]
    assert left == ["002"]  # a deputy is there for the west


@pytest.mark.req("S-03")
def test_every_finding_says_itself_in_both_lengths(full, settings):
    Person.objects.create(name="newcomer")
    roster.take_leave(person=full.head, start=NOON, end=None, stand_in=None, actor=None, now=NOON)
    for post in [*full.chief.posts.all(), *full.owner.posts.all()]:
        roster.dismiss(post=post, actor=None, now=NOON)
    found = vacancies(NOON)
    assert {v.kind for v in found} >= {"role_missing", "nobody_present", "worker_without_grid"}
    for vacancy in found:
        assert "%(" not in vacancy.sentence() + vacancy.short()
    assert vacancies(LONG_AGO - DAY) == []
