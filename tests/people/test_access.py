"""Posts decide what one may do and where; a stranger may nothing."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone

from gridmgmt.core.guards import HasRight, requires
from gridmgmt.core.models import User
from gridmgmt.core.permissions import ROLE_RIGHTS, Right, Role
from grids.people.access import NOTHING, access_for
from grids.people.middleware import AccessMiddleware
from grids.people.services import roster

from .conftest import LONG_AGO, NOON


@pytest.mark.req("Z-01")
def test_the_stranger_and_the_unknown_may_nothing(street, django_assert_num_queries):
    stranger = User.objects.create_user("stranger")
    with django_assert_num_queries(1):
        access = access_for(stranger, NOON)
    assert access.grid_ids == access.department_ids == access.rights == frozenset()
    assert not any(access.may(right) for right in Right)
    assert access.grids_for(Right.SEE_CASES) == frozenset()
    with django_assert_num_queries(0):
        assert access_for(AnonymousUser(), NOON) is NOTHING
    owner = street.post("owner", Role.MANAGER, street.west, user=True)
    owner.user.is_active = False
    assert access_for(owner.user, NOON) is NOTHING


@pytest.mark.req("Z-01")
@pytest.mark.parametrize("role", [r for r in Role if r != Role.DEPARTMENT_HANDLER])
@pytest.mark.parametrize("tier", ["street", "community", "west"])
def test_matrix_role_by_tier_by_right(street, role, tier):
    user = street.post("owner", role, getattr(street, tier), user=True).user
    access = access_for(user, NOON)
    inside = street.path
    outside = [street.street.pk + 1000]
    for right in Right:
        held = right in ROLE_RIGHTS[role]
        assert access.may(right) is held
        assert access.may(right, inside) is held
        assert access.may(right, outside) is False
    neighbour = [street.street.pk, street.community.pk, street.east.pk]
    reach = {right for right in Right if access.may(right, neighbour)}
    assert reach == (set() if tier == "west" else ROLE_RIGHTS[role])


def test_two_posts_do_not_lend_each_other_their_area(street):
    """Analyst of everything and manager of one grid: verifying stays on the grid."""
    street.post("owner", Role.MANAGER, street.west, user=True)
    user = street.post("owner", Role.ANALYST).user
    access = access_for(user, NOON)
    assert access.grid_ids is None
    assert access.grids_for(Right.VERIFY) == {street.west.pk}
    assert access.grids_for(Right.EXPORT) is None
    assert access.may(Right.EXPORT, [street.east.pk])
    assert not access.may(Right.VERIFY, [street.east.pk])


def test_a_handler_acts_for_the_department(street):
    user = street.post(
        "handler", Role.DEPARTMENT_HANDLER, department=street.department, user=True
    ).user
    access = access_for(user, NOON)
    assert access.department_ids == {street.department.pk}
    assert access.systems == {"sanitation"}
    assert access.grids_for(Right.SEE_CASES) == frozenset()
    assert access.may(Right.HANDLE, street.path)
    assert not access.may(Right.HANDLE, [-1])


@pytest.mark.req("S-02")
def test_a_stand_in_holds_the_posts_while_the_leave_lasts(street, django_assert_num_queries):
    owner = street.post("owner", Role.MANAGER, street.west, user=True)
    teammate = street.post("teammate", Role.COORDINATOR, street.east, user=True)
    day = timedelta(days=1)
    roster.take_leave(
        person=owner, start=NOON, end=NOON + day, stand_in=teammate, actor=None, now=NOON
    )
    before = access_for(teammate.user, NOON - day)
    assert not before.may(Right.VERIFY, street.path)
    with django_assert_num_queries(1):
        during = access_for(teammate.user, NOON)
    assert during.may(Right.VERIFY, street.path)
    assert during.person_id == teammate.pk
    assert during.grid_ids == {street.west.pk, street.east.pk}
    assert not access_for(teammate.user, NOON + day).may(Right.VERIFY, street.path)


def test_posts_of_other_times_do_not_count(street):
    user = street.post(
        "former", Role.MANAGER, street.west, user=True, end=NOON, start=LONG_AGO
    ).user
    assert access_for(user, NOON - timedelta(seconds=1)).may(Right.VERIFY)
    assert not access_for(user, NOON).may(Right.VERIFY)


def test_the_superuser_may_everything(db):
    access = access_for(User.objects.create_superuser("root"), NOON)
    assert access.grid_ids is None
    assert access.grids_for(Right.VERIFY) is None
    assert access.rights == set(Right)
    assert all(access.may(right, [1]) for right in Right)


def test_the_guard_of_pages(street, rf):
    @requires(Right.URGE, Right.ORDER)
    def view(request):
        return HttpResponse("in")

    def ask(user):
        request = rf.get("/work/?state=open")
        request.user = user
        request.access = access_for(user, timezone.now())
        return view(request)

    answer = ask(AnonymousUser())
    assert answer.status_code == 302
    assert "next=/work/%3Fstate%3Dopen" in answer["Location"]
    with pytest.raises(PermissionDenied):
        ask(User.objects.create_user("stranger"))
    supervisor = street.post("supervisor", Role.SUPERVISOR, street.street, user=True)
    assert ask(supervisor.user).content == b"in"


def test_the_permission_of_the_interface(street, rf):
    class View:
        required_rights = (Right.URGE,)

    def ask(user, view=View):
        request = rf.get("/api/")
        request.user = user
        request.access = access_for(user, timezone.now())
        return HasRight().has_permission(request, view())

    supervisor = street.post("supervisor", Role.SUPERVISOR, street.street, user=True).user
    assert ask(supervisor)
    assert not ask(supervisor, type("Undeclared", (), {}))
    assert not ask(User.objects.create_user("stranger"))
    assert not ask(AnonymousUser())


def test_an_unknown_visitor_gets_an_access_that_holds_nothing(rf):
    request = rf.get("/")
    request.user = AnonymousUser()
    AccessMiddleware(lambda request: HttpResponse())(request)
    assert not request.access.may(Right.REPORT)
