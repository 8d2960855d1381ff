"""Exactly one owner for every case, always with its reasons."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import connection
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from gridmgmt.core.permissions import Role
from grids.people.choices import ManagementSystem
from grids.people.models import Absence, Department, Person, Post
from grids.territory.choices import Answer
from grids.territory.models import Boundary, Grid
from incidents.choices import Channel, Grade, Purpose
from incidents.models import RoutingDecision, RoutingRule
from incidents.services import routing
from incidents.services.rules import save_rule
from incidents.services.standard import load_standard
from tests import town as town_module
from tests.incidents.cases import NOW, category, incident

pytestmark = [pytest.mark.req("I-05")]
OUTSIDE = (0.0, 0.0)


def ask(town, purpose="handle", area="a1", **given):
    values = {
        "category": None,
        "grade": Grade.GENERAL,
        "channel": Channel.WEB,
        "urgent": False,
        "now": NOW,
    } | given
    if "responsibility" not in values:
        point = OUTSIDE if area is None else town.point_in(area)
        values["responsibility"] = routing.locate(*point, moment=values["now"])
    return routing.decide(purpose, **values)


def codes(decision):
    return [reason["code"] for reason in decision.reasons]


def person(town, username):
    return town.users[username].person.pk


def rule(**fields):
    fields = {"name": "规则", "name_en": "Rule"} | fields
    return save_rule(RoutingRule(**fields), actor=None, now=NOW)


# Verification: the manager of the leaf, and who comes after


@pytest.mark.req("G-06")
def test_the_manager_of_the_grid_verifies(town):
    decision = ask(town, "verify")
    assert decision.person.person_id == person(town, "owner")
    assert decision.role == Role.MANAGER
    assert decision.path == tuple(town.path("a1"))
    assert decision.tier_id == town.tiers["grid"].pk
    assert codes(decision) == ["place_inside", "lead"]
    with override("en"):
        assert routing.explain(decision.reasons) == [
            "The place lies in Area a1 (110108999001001).",
            "Grid manager of Area a1 is responsible.",
        ]


@pytest.mark.req("S-02")
def test_an_absent_manager_is_followed_by_the_deputy_then_by_the_stand_in(town):
    deputy, stand_in = Person.objects.create(name="副"), town.users["teammate"].person
    during = (NOW - timedelta(days=1), NOW + timedelta(days=1))
    Absence.objects.create(person=town.users["owner"].person, stand_in=stand_in, during=during)
    decision = ask(town, "verify")
    assert (decision.person.person_id, codes(decision)[-1]) == (stand_in.pk, "stand_in")
    Post.objects.create(
        person=deputy,
        role=Role.MANAGER,
        grid=town.grids["a1"],
        is_lead=False,
        valid=town_module.ALWAYS,
    )
    decision = ask(town, "verify")
    assert (decision.person.person_id, codes(decision)[-1]) == (deputy.pk, "deputy")
    assert ask(town, "verify", now=NOW + timedelta(days=3)).person.person_id == person(
        town, "owner"
    )


@pytest.mark.req("S-03")
def test_a_vacant_grid_goes_to_the_tier_above_else_to_the_dispatcher(town):
    decision = ask(town, "verify", "b2")
    assert (decision.role, decision.person.person_id) == (
        Role.DISPATCHER,
        person(town, "dispatcher"),
    )
    assert codes(decision) == ["place_inside", "vacant"]
    head = Person.objects.create(name="社区网格长")
    Post.objects.create(
        person=head, role=Role.GRID_HEAD, grid=town.grids["b"], valid=town_module.ALWAYS
    )
    decision = ask(town, "verify", "b2")
    assert (decision.role, decision.person.person_id) == (Role.GRID_HEAD, head.pk)
    assert (codes(decision)[-1], decision.path) == ("parent_tier", tuple(town.path("b")))
    above = Person.objects.create(name="社区经理")
    Post.objects.create(
        person=above, role=Role.MANAGER, grid=town.grids["b"], valid=town_module.ALWAYS
    )
    decision = ask(town, "verify", "b2")
    assert (decision.person.person_id, codes(decision)[-1]) == (above.pk, "parent_tier")
    assert decision.path == tuple(town.path("b"))


def test_the_supervisor_checks_but_never_what_they_handled(town):
    decision = ask(town, "check")
    assert (decision.role, decision.person.person_id) == (
        Role.SUPERVISOR,
        person(town, "supervisor"),
    )
    assert codes(decision)[-1] == "above"
    second = Person.objects.create(name="督导二")
    Post.objects.create(
        person=second, role=Role.SUPERVISOR, grid=town.grids["home"], valid=town_module.ALWAYS
    )
    decision = ask(town, "check", avoid_user_id=town.users["supervisor"].pk)
    assert decision.person.person_id == second.pk
    assert "avoided" in codes(decision)


def test_dispatching_is_the_nearest_dispatchers(town):
    decision = ask(town, "dispatch", "b2")
    assert (decision.role, decision.person.person_id) == (
        Role.DISPATCHER,
        person(town, "dispatcher"),
    )


# Places that are none


@pytest.mark.parametrize("purpose", Purpose.values)
@pytest.mark.parametrize("answer", ["outside", "none"])
def test_without_a_place_in_the_territory_the_dispatchers_own_it(town, purpose, answer):
    place = {"responsibility": None} if answer == "none" else {"area": None}
    decision = ask(town, purpose, category=category(), **place)
    assert (decision.role, decision.path, decision.department) == (Role.DISPATCHER, (), None)
    assert codes(decision)[0] == f"place_{answer}"


@pytest.mark.req("G-04")
def test_on_a_border_the_other_grid_is_kept_as_an_alternative(town):
    place = routing.locate(116.31, 40.013, moment=NOW)
    decision = ask(town, "verify", responsibility=place)
    assert decision.responsibility.answer == Answer.BOUNDARY
    assert decision.path == tuple(town.path("a1"))
    [other] = [o for o in decision.alternatives if o["kind"] == "area"]
    assert other["id"] == town.grids["a2"].pk
    with override("en"):
        assert "Area a2" in routing.explain(decision.reasons)[0]


def test_holes_and_second_parts_of_an_area_are_told_apart(town):
    grid = Grid.objects.create(tier=town.tiers["grid"], code="110108999003001")
    ring = Polygon(
        (
            (116.341, 40.001),
            (116.349, 40.001),
            (116.349, 40.009),
            (116.341, 40.009),
            (116.341, 40.001),
        ),
        (
            (116.343, 40.003),
            (116.347, 40.003),
            (116.347, 40.007),
            (116.343, 40.007),
            (116.343, 40.003),
        ),
    )
    island = Polygon.from_bbox((116.352, 40.012, 116.358, 40.018))
    Boundary.objects.create(
        grid=grid,
        edition=town.edition,
        parent=town.grids["c"],
        name="环",
        geometry=MultiPolygon(ring, island, srid=4326),
        valid=town_module.ALWAYS,
    )
    for point, answer in (
        ((116.342, 40.005), Answer.INSIDE),
        ((116.355, 40.015), Answer.INSIDE),
        ((116.345, 40.005), Answer.PARENT),
    ):
        place = routing.locate(*point, moment=NOW)
        decision = ask(town, "handle", responsibility=place, category=category())
        assert place.answer == answer
        assert decision.department == town.departments["sanitation"]
        assert codes(decision)[0] == f"place_{answer}"


# Rules


def test_without_any_rule_the_nearest_department_of_the_system_handles(town):
    near = Department.objects.create(
        code="near", name="近", system="sanitation", grid=town.grids["a"]
    )
    decision = ask(town, category=category())
    assert decision.department == near
    assert decision.path == tuple(town.path("a"))
    assert codes(decision) == ["place_inside", "no_rule", "department_nearest"]
    assert ask(town, area="b1", category=category()).department == town.departments["sanitation"]
    near.active = False
    near.save()
    decision = ask(town, category=category())
    assert decision.department == town.departments["sanitation"]
    assert decision.person.person_id == person(town, "handler")


def test_no_rule_and_no_category_leaves_it_to_the_dispatcher(town):
    decision = ask(town)
    assert (decision.role, codes(decision)[-1]) == (Role.DISPATCHER, "no_owner")


def test_the_narrower_rule_wins_and_the_others_are_named(town):
    kind = category()
    wide = rule(name="wide", system="sanitation", target_system="sanitation")
    small = rule(name="small", category=kind, target_system="civic_culture")
    here = rule(name="here", grid=town.grids["a"], target_system="health_care")
    decision = ask(town, category=kind)
    assert (decision.rule, decision.rule_version) == (here, 1)
    assert [o["id"] for o in decision.alternatives] == [small.pk, wide.pk]
    assert ask(town, area="b1", category=kind).rule == small
    assert ask(town, area="b1", category=category()).rule == wide


def test_the_order_of_the_dimensions_is_a_setting(town, settings):
    kind = category()
    here = rule(name="here", grid=town.grids["a1"], target_system="health_care")
    small = rule(name="small", category=kind, target_system="civic_culture")
    assert ask(town, category=kind).rule == here
    settings.ROUTING_ORDER = ["category", "place", "grade", "answer", "channel", "time"]
    assert ask(town, category=kind).rule == small


def test_each_condition_keeps_other_cases_out(town):
    border = routing.locate(116.31, 40.013, moment=NOW)
    special = {
        "grade": (Grade.PROMINENT, {"grade": Grade.PROMINENT}),
        "channel": (Channel.PHONE, {"channel": Channel.PHONE}),
        "answer": (Answer.BOUNDARY, {"responsibility": border}),
        "category_kind": ("event", {"category": category()}),
        "system": ("health_care", {"category": category("health_care", kind="matter")}),
    }
    for field, (value, case) in special.items():
        made = rule(name=field, target_system="civic_culture", **{field: value})
        assert ask(town, **case).rule == made, field
        assert ask(town).rule is None, field
        made.delete()
    night = rule(name="night", time_from="22:00", time_to="06:00", target_system="civic_culture")
    assert ask(town).rule is None
    assert ask(town, now=NOW.replace(hour=23)).rule == night
    assert ask(town, now=NOW.replace(hour=5)).rule == night
    # The time of day is the office's, whatever zone the moment comes in.
    assert ask(town, now=datetime(2026, 3, 6, 15, tzinfo=UTC)).rule == night


def test_a_rule_whose_target_is_gone_gives_way_and_is_mentioned(town):
    kind = category()
    gone = Department.objects.create(
        code="gone", name="撤", system="sanitation", grid=town.grids["a"], active=False
    )
    first = rule(name="first", category=kind, department=gone)
    second = rule(name="second", system="sanitation", target_role=Role.MANAGER)
    decision = ask(town, category=kind)
    assert decision.rule == second
    assert decision.person.person_id == person(town, "owner")
    assert codes(decision) == ["place_inside", "rule_empty", "rule", "lead"]
    assert decision.reasons[1]["params"]["rule"]["name"] == first.name
    # The grid's managers are gone as well: the category's system at last.
    decision = ask(town, area="b2", category=kind)
    assert decision.department == town.departments["sanitation"]


def test_a_role_at_an_upper_tier_and_a_named_department_of_another_street(town):
    rule(
        name="head",
        category_kind="event",
        target_role=Role.GRID_HEAD,
        target_tier=town.tiers["community"],
    )
    decision = ask(town, category=category())
    assert (decision.role, decision.path) == (Role.GRID_HEAD, tuple(town.path("a")))
    far = Department.objects.create(
        code="far", name="远", system="civic_culture", grid=town.grids["f"]
    )
    rule(name="far", grade=Grade.PROMINENT, department=far, category_kind="event")
    decision = ask(town, category=category(), grade=Grade.PROMINENT)
    assert decision.department == far
    assert decision.path == tuple(town.path("f"))


def test_rules_for_outside_must_say_so(town):
    named = town.departments["civic_culture"]
    rule(name="all", department=named)
    assert ask(town, area=None).role == Role.DISPATCHER
    outside = rule(name="outside", answer=Answer.OUTSIDE, department=named)
    decision = ask(town, area=None)
    assert (decision.rule, decision.department) == (outside, named)


@pytest.mark.req("I-20")
def test_routing_costs_few_queries_however_many_rules(town, django_assert_max_num_queries):
    kind = category()
    RoutingRule.objects.bulk_create(
        RoutingRule(name=f"r{n}", category=category(), target_system="sanitation")
        for n in range(50)
    )
    place = routing.locate(*town.point_in("a1"), moment=NOW)
    with django_assert_max_num_queries(4):
        ask(town, category=kind, responsibility=place)
    with django_assert_max_num_queries(2):
        ask(town, "verify", category=kind, responsibility=place)


def test_among_many_rules_the_candidates_come_from_an_index(town):
    Grid.objects.bulk_create(Grid(tier=town.tiers["grid"], code=f"X{n}") for n in range(5_000))
    first = rule(name="first", target_system="sanitation", channel=Channel.SMS)
    columns = ", ".join(
        connection.ops.quote_name(field.column)
        for field in RoutingRule._meta.concrete_fields
        if field.name not in ("id", "grid")
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE territory_grid")
        cursor.execute(
            f"INSERT INTO incidents_routingrule (grid_id, {columns}) "  # noqa: S608 - our own names
            f"SELECT g.grid, {columns} FROM incidents_routingrule r, generate_series(1, 10), "
            "(SELECT id AS grid FROM territory_grid WHERE code LIKE 'X%%') g WHERE r.id = %s",
            [first.pk],
        )
        cursor.execute("ANALYZE incidents_routingrule")
    plan = RoutingRule.objects.that_can_apply(
        path=town.path("a1"), category=category(), grade="general", answer="inside", channel="web"
    ).explain()
    assert "Seq Scan on incidents_routingrule" not in plan


# Urgent and major


@pytest.mark.req("I-10")
def test_a_major_emergency_informs_leaders_and_manager_at_once(town):
    decision = ask(town, category=category("public_security"), grade=Grade.MAJOR)
    assert {holder.person_id for holder in decision.inform} == {
        person(town, "leader"),
        person(town, "owner"),
    }
    assert decision.department == town.departments["public_security"]
    assert decision.auto_dispatch
    assert codes(decision)[-2:] == ["major", "urgent"]


@pytest.mark.req("I-10")
def test_other_urgent_cases_go_to_the_system_directly(town):
    decision = ask(town, category=category("health_care"), urgent=True)
    assert decision.auto_dispatch
    assert decision.inform == ()
    assert decision.department == town.departments["health_care"]
    assert not ask(town, category=category("health_care")).auto_dispatch
    assert not ask(town, urgent=True).auto_dispatch


@pytest.mark.req("I-10")
def test_a_major_emergency_without_a_place_informs_the_leaders_of_every_street(town):
    decision = ask(town, responsibility=None, grade=Grade.MAJOR)
    assert [holder.person_id for holder in decision.inform] == [person(town, "leader")]


# What is kept


def test_the_decision_is_kept_and_the_owner_written(town):
    kind = category()
    made = rule(name="wide", system="sanitation", target_system="sanitation", auto_dispatch=True)
    case = incident(town, category=kind)
    decision = ask(town, category=kind)
    kept = routing.decision_row(case, decision, now=NOW)
    kept.save()
    kept = RoutingDecision.objects.get(pk=kept.pk)
    assert (kept.rule, kept.rule_version, kept.purpose) == (made, 1, Purpose.HANDLE)
    assert kept.path == town.path("home")
    assert kept.boundary_ids == [town.boundaries[name].pk for name in ("home", "a", "a1")]
    assert (kept.point_x, kept.point_y) == pytest.approx(town.point_in("a1"))
    assert (kept.department, kept.tier) == (town.departments["sanitation"], town.tiers["street"])
    assert kept.auto_dispatch
    with override("zh-hans"):
        assert all(routing.explain(kept.reasons))
    fields = routing.apply_owner(case, decision)
    case.save(update_fields=fields)
    case.refresh_from_db()
    assert case.owner_department == town.departments["sanitation"]
    assert case.owner_path == town.path("home")
    assert case.owner_person_id == person(town, "handler")
    save_rule(made, actor=None, now=NOW)
    assert RoutingDecision.objects.get(pk=kept.pk).rule_version == 1


def test_reasons_hold_no_names_of_people(town):
    names = {shown for _role, _area, shown in town_module.STAFF.values()}
    for purpose in Purpose.values:
        decision = ask(town, purpose, category=category(), grade=Grade.MAJOR)
        text = str((decision.reasons, decision.alternatives))
        assert not [name for name in names if name in text]


class AnyCase(TestCase):
    """Any point × category × time × purpose: exactly one owner, and an explanation."""

    @classmethod
    def setUpTestData(cls):
        cls.town = town_module.build()
        load_standard(actor=None, now=NOW)
        kinds = [*ManagementSystem.values, None]
        cls.categories = [system and category(system) for system in kinds]

    @settings(max_examples=150, deadline=None)
    @given(
        st.tuples(
            st.one_of(st.sampled_from([116.30, 116.31, 116.32, 116.36]), st.floats(116.29, 116.37)),
            st.one_of(st.sampled_from([39.98, 40.00, 40.02]), st.floats(39.97, 40.03)),
        )
        | st.tuples(st.floats(-180, 180), st.floats(-90, 90))
        | st.none(),
        st.integers(0, 5),
        st.sampled_from(Purpose.values),
        st.sampled_from(Grade.values),
        st.sampled_from(Channel.values),
        st.booleans(),
        st.datetimes(datetime(2024, 6, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    )
    def test_one_owner_and_one_explanation(
        self, point, kind, purpose, grade, channel, urgent, moment
    ):
        place = routing.locate(*point, moment=moment) if point else None
        decision = routing.decide(
            purpose,
            responsibility=place,
            category=self.categories[kind],
            grade=grade,
            channel=channel,
            urgent=urgent,
            now=moment,
        )
        # A department, or a role: never both, never neither.
        assert (decision.department is not None) == (decision.role == Role.DEPARTMENT_HANDLER)
        assert decision.role in Role.values
        if decision.role not in (Role.DISPATCHER, Role.DEPARTMENT_HANDLER):
            assert decision.person is not None
            assert decision.grid_id is not None
        if decision.grid_id is not None:
            assert decision.path[-1] == decision.grid_id
        assert codes(decision)[0].startswith("place_")
        for language in ("en", "zh-hans"):
            with override(language):
                sentences = routing.explain(decision.reasons)
            assert len(sentences) == len(decision.reasons)
            assert all(sentence and "%(" not in sentence for sentence in sentences)
        again = routing.decide(
            purpose,
            responsibility=place,
            category=self.categories[kind],
            grade=grade,
            channel=channel,
            urgent=urgent,
            now=moment,
        )
        assert again == decision
