"""Rules that officers edit: no two can ever tie, versions rise, one target each."""

from datetime import time

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from gridmgmt.core.models import AuditEntry, OutboxEvent
from gridmgmt.core.permissions import Role
from incidents import rule_order
from incidents.choices import CategoryKind, Channel, Grade
from incidents.models import Category, RoutingRule
from incidents.services.rules import save_rule, switch_off
from tests.incidents.cases import NOW, category

pytestmark = pytest.mark.req("I-05")


def save(**fields):
    fields = {"name": "规则", "target_system": "sanitation"} | fields
    return save_rule(RoutingRule(**fields), actor=None, now=NOW)


def test_saving_raises_the_version_and_is_noted(town):
    rule = save(system="sanitation")
    assert rule.version == 1
    rule.name = "新名"
    assert save_rule(rule, actor=town.users["administrator"], now=NOW).version == 2
    entry = AuditEntry.objects.filter(action="rule.saved").latest("pk")
    assert entry.data == {"version": 2, "active": True}
    assert entry.actor_id == town.users["administrator"].pk
    assert OutboxEvent.objects.filter(name="rule_saved").count() == 2


def test_a_tie_is_refused_and_names_the_other_rule(town):
    first = save(name="第一条", name_en="The first", system="sanitation")
    with override("en"), pytest.raises(ValidationError) as caught:
        save(name="第二条", system="sanitation")
    assert "The first" in " ".join(caught.value.messages)
    assert RoutingRule.objects.count() == 1
    switch_off(first, actor=None, now=NOW)
    assert save(name="第二条", system="sanitation").pk
    first.active = True
    with pytest.raises(ValidationError):
        save_rule(first, actor=None, now=NOW)


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        ({"system": "sanitation"}, {"system": "health_care"}, False),
        ({"system": "sanitation"}, {"category_kind": "event"}, True),
        ({"system": "sanitation"}, {"system": "sanitation", "grade": "simple"}, False),
        ({"grade": "simple"}, {"grade": "major"}, False),
        ({"grade": "simple"}, {"channel": "web"}, False),
        ({"grid": "a"}, {"grid": "b"}, False),
        ({"grid": "a"}, {"grid": "a"}, True),
        ({"grid": "a"}, {"grid": "a1"}, False),
        (
            {"time_from": time(8), "time_to": time(12)},
            {"time_from": time(12), "time_to": time(18)},
            False,
        ),
        (
            {"time_from": time(22), "time_to": time(6)},
            {"time_from": time(5), "time_to": time(8)},
            True,
        ),
        (
            {"category_kind": "event", "big_code": "01"},
            {"category_kind": "component", "big_code": "01"},
            False,
        ),
        ({}, {}, True),
    ],
)
def test_which_pairs_are_refused(town, one, other, refused):
    for fields in (one, other):
        if "grid" in fields:
            fields["grid"] = town.grids[fields["grid"]]
    save(**one)
    if refused:
        with pytest.raises(ValidationError) as caught:
            save(**other)
        assert any(error.code == "rival" for error in caught.value.error_dict["__all__"])
    else:
        save(**other)


@pytest.mark.parametrize(
    "fields",
    [
        {"target_system": ""},
        {"target_role": Role.MANAGER},
        {"big_code": "01"},
        {"time_from": time(8)},
        {"time_from": time(8), "time_to": time(8)},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_words(town, fields):
    with pytest.raises(ValidationError) as caught:
        save(**fields)
    assert all(message for message in caught.value.messages)
    assert not RoutingRule.objects.exists()


def test_different_small_classes_never_meet(town):
    save(category=category())
    save(category=category())
    assert RoutingRule.objects.count() == 2


TIMES = st.sampled_from([None, (time(8), time(12)), (time(11), time(20)), (time(22), time(6))])


@st.composite
def rules(draw):
    window = draw(TIMES)
    category_ = draw(
        st.sampled_from(
            [
                None,
                Category(pk=1, kind="event", big_code="01", system="sanitation"),
                Category(pk=2, kind="component", big_code="01", system="health_care"),
            ]
        )
    )
    kind = "" if category_ else draw(st.sampled_from(["", *CategoryKind.values]))
    return RoutingRule(
        category=category_,
        category_kind=kind,
        big_code=draw(st.sampled_from(["", "01", "02"])) if kind else "",
        system="" if category_ else draw(st.sampled_from(["", "sanitation", "health_care"])),
        grade=draw(st.sampled_from(["", *Grade.values])),
        channel=draw(st.sampled_from(["", *Channel.values[:2]])),
        time_from=window and window[0],
        time_to=window and window[1],
    )


def applies(rule, kind, grade, channel, moment):
    return (
        rule.category_id in (None, kind.pk)
        and rule.category_kind in ("", kind.kind)
        and rule.big_code in ("", kind.big_code)
        and rule.system in ("", kind.system)
        and rule.grade in ("", grade)
        and rule.channel in ("", channel)
        and rule_order.in_window(moment, rule.time_from, rule.time_to)
    )


@given(
    rules(),
    rules(),
    st.permutations(rule_order.DIMENSIONS),
    st.sampled_from(
        [
            Category(pk=1, kind="event", big_code="01", system="sanitation"),
            Category(pk=2, kind="component", big_code="01", system="health_care"),
            Category(pk=3, kind="matter", big_code="02", system="sanitation"),
        ]
    ),
    st.sampled_from(Grade.values),
    st.sampled_from(Channel.values[:2]),
    st.times(),
)
def test_two_rules_that_both_apply_are_told_apart_or_refused(
    one, other, order, kind, grade, channel, moment
):
    case = (kind, grade, channel, moment)
    if applies(one, *case) and applies(other, *case):
        apart = rule_order.ordered(one, order) != rule_order.ordered(other, order)
        assert apart != rule_order.tie(one, other)
    assert rule_order.tie(one, other) == rule_order.tie(other, one)
