"""Any roster: the nearest present person answers; rows and actions agree about every place."""

from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmgmt.core.permissions import ROLE_RIGHTS, Right, Role
from grids.people.access import Access, Holding
from grids.people.models import Absence, Person, Post
from grids.people.services import roster

from .conftest import LONG_AGO, NOON

posts = st.lists(
    st.tuples(
        st.integers(0, 2),  # level on the path, 2 is the leaf
        st.sampled_from([Role.MANAGER, Role.GRID_HEAD, Role.COORDINATOR]),
        st.booleans(),  # lead
        st.sampled_from(["here", "away", "stood_in", "stand_in_away", "former"]),
    ),
    max_size=7,
)


def place(street, number, level, role, lead, state):
    """One person in a post; who should answer for it, or None."""
    person = Person.objects.create(name=f"person {number}")
    end = NOON if state == "former" else None
    Post.objects.create(
        person=person,
        role=role,
        grid_id=street.path[level],
        is_lead=lead,
        valid=(LONG_AGO, end),
    )
    if state in {"here", "former"}:
        return person if state == "here" else None
    stand_in = Person.objects.create(name=f"stand-in {number}") if state != "away" else None
    today = (NOON, NOON + timedelta(days=1))
    Absence.objects.create(person=person, stand_in=stand_in, during=today)
    if state == "stand_in_away":
        Absence.objects.create(person=stand_in, during=today)
    return stand_in if state == "stood_in" else None


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(posts=posts)
def test_the_nearest_present_person_answers(street, posts):
    with transaction.atomic():
        expected = []
        for number, (level, role, lead, state) in enumerate(posts):
            person = place(street, number, level, role, lead, state)
            counts = role == Role.MANAGER or (role == Role.GRID_HEAD and level < 2)
            if person is not None and counts:
                rank = 2 if state == "stood_in" else int(not lead)
                expected.append(((-level, role != Role.MANAGER, rank, person.pk), level))
        answer = roster.responsible_person(street.path, Role.MANAGER, NOON)
        if not expected:
            assert answer is None
        else:
            order, level = min(expected)
            assert answer is not None
            assert answer.person_id == order[-1]
            assert (answer.why == roster.PARENT_TIER) is (level < 2)
        transaction.set_rollback(True)


holdings = st.lists(
    st.builds(
        Holding,
        role=st.sampled_from([r for r in Role if r != Role.DEPARTMENT_HANDLER]),
        grid_id=st.none() | st.integers(1, 6),
    ),
    max_size=5,
)


@given(
    holdings=holdings,
    path=st.lists(st.integers(1, 8), max_size=4, unique=True),
    right=st.sampled_from(Right),
)
def test_rows_and_actions_agree(holdings, path, right):
    access = Access(user_id=1, holdings=tuple(holdings))
    grids = access.grids_for(right)
    by_rows = grids is None or not grids.isdisjoint(path)
    assert access.may(right, path) is by_rows
    assert access.may(right) is (right in access.rights)
    assert access.may(right) is any(right in ROLE_RIGHTS[h.role] for h in holdings)
    if access.may(right, path):
        assert access.may(right)
