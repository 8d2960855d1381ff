"""First and direct responsible persons, wherever the grid is shown."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import translation

from gridmgmt.core.permissions import Role
from grids.people.services import roster
from grids.people.services.grid_people import check_settings, grid_people

from .conftest import NOON

DAY = timedelta(days=1)


def names(street, grid=None, moment=NOON):
    found = grid_people([(grid or street.west).pk], moment)[(grid or street.west).pk]
    return tuple(m and m.name for m in (found.first, found.direct))


@pytest.mark.req("S-08")
def test_the_nearest_area_counts_and_then_the_order_of_the_roles(street):
    assert names(street) == (None, None)
    street.post("chief", Role.LEADER, street.street)
    assert names(street) == ("chief", None)
    street.post("street head", Role.GRID_HEAD, street.street)
    assert names(street) == ("street head", None)  # grid_head stands before leader
    street.post("community leader", Role.LEADER, street.community)
    street.post("manager", Role.MANAGER, street.west)
    street.post("deputy", Role.MANAGER, street.west, is_lead=False)
    assert names(street) == ("community leader", "manager")
    assert names(street, street.east) == ("community leader", None)


@pytest.mark.req("S-08", "S-02")
def test_who_is_away_gives_way_to_the_deputy_and_the_stand_in(street):
    head = street.post("head", Role.GRID_HEAD, street.community)
    manager = street.post("manager", Role.MANAGER, street.west)
    stand_in = street.post("stand-in", Role.COORDINATOR, street.east)

    def leave(person, stand_in=None):
        roster.take_leave(
            person=person, start=NOON, end=NOON + DAY, stand_in=stand_in, actor=None, now=NOON
        )

    leave(manager, stand_in)
    leave(head)
    assert names(street) == (None, "stand-in")
    [member] = grid_people([street.west.pk], NOON)[street.west.pk].members
    assert (member.holder, member.name, member.why, member.away) == (
        "manager",
        "stand-in",
        "stand_in",
        True,
    )
    assert names(street, moment=NOON + DAY) == ("head", "manager")


@pytest.mark.req("S-08")
def test_which_role_is_which_is_a_setting(street, settings):
    street.post("supervisor", Role.SUPERVISOR, street.street)
    street.post("coordinator", Role.COORDINATOR, street.west)
    settings.FIRST_RESPONSIBLE = ["supervisor"]
    settings.DIRECT_RESPONSIBLE = ["manager", "coordinator"]
    assert names(street) == ("supervisor", "coordinator")
    settings.DIRECT_RESPONSIBLE = ["analyst"]
    with pytest.raises(ImproperlyConfigured, match="GRIDMGMT_DIRECT_RESPONSIBLE names analyst"):
        check_settings()


def test_two_queries_however_many_grids(town, django_assert_num_queries):
    with django_assert_num_queries(2):
        found = grid_people([grid.pk for grid in town.grids.values()], NOON)
    assert len(found) == len(town.grids)
    assert found[town.grids["a1"].pk].first.name == "陈静"
    assert found[town.grids["a1"].pk].direct.name == "王芳"
    assert found[town.grids["b1"].pk].first.name == "赵主任"


@pytest.mark.req("S-01")
def test_an_office_names_its_roles(street, settings):
    settings.ROLE_NAMES = {"manager": ("网格长", "Grid keeper"), "coordinator": ("网格员", "")}
    post = street.post("owner", Role.MANAGER, street.west).posts.get()
    with translation.override("zh-hans"):
        assert str(post.get_role_display()) == str(Role.MANAGER.label) == "网格长"
        assert str(Role.COORDINATOR.label) == "网格员"
    with translation.override("en"):
        assert str(post.get_role_display()) == "Grid keeper"
        assert str(Role.COORDINATOR.label) == "Grid coordinator"
    with translation.override(None):  # as migrations are made
        assert str(Role.MANAGER.label) == "Grid manager"
    settings.ROLE_NAMES = {"boss": ("老板", "")}
    with pytest.raises(ImproperlyConfigured, match="boss"):
        check_settings()
