"""Officers change rules, categories and holidays without code, and read why."""

import pytest
from django.urls import reverse

from gridmgmt.core.models import AuditEntry
from incidents.models import Category, RoutingRule, SpecialDay
from incidents.services import routing
from incidents.services.standard import load_standard
from tests.incidents.cases import NOW, incident
from tests.incidents.helpers import take


@pytest.fixture
def admin(town, sign_in):
    load_standard(actor=None, now=NOW)
    return sign_in("administrator")


def form(**fields):
    names = [
        "name_en",
        "grid",
        "category",
        "category_kind",
        "big_code",
        "system",
        "grade",
        "answer",
        "channel",
        "time_from",
        "time_to",
        "department",
        "target_system",
        "target_role",
        "target_tier",
    ]
    return dict.fromkeys(names, "") | {"active": "on"} | fields


@pytest.mark.req("G-11")
def test_a_rule_is_added_changed_and_its_rival_refused(admin, town):
    add = reverse("admin:incidents_routingrule_add")
    fields = form(name="电话", channel="phone", target_role="dispatcher")
    assert admin.post(add, fields).status_code == 302
    rule = RoutingRule.objects.get(name="电话")
    change = reverse("admin:incidents_routingrule_change", args=[rule.pk])
    assert admin.post(change, fields | {"auto_dispatch": "on"}).status_code == 302
    rule.refresh_from_db()
    assert (rule.version, rule.auto_dispatch) == (2, True)
    answer = admin.post(add, fields | {"name": "又一条"})
    assert answer.status_code == 200
    assert "电话" in str(answer.context["errors"])
    assert AuditEntry.objects.filter(action="rule.saved", object_id=str(rule.pk)).count() == 2


@pytest.mark.req("G-11")
def test_switching_on_a_rival_says_why_not(admin):
    first = RoutingRule.objects.filter(system="sanitation", grade="").get()
    url = reverse("admin:incidents_routingrule_changelist")
    admin.post(url, {"action": "switch_rules_off", "_selected_action": [first.pk]})
    first.refresh_from_db()
    assert not first.active
    second = RoutingRule.objects.create(
        name="新条", system="sanitation", target_system="sanitation"
    )
    answer = admin.post(
        url, {"action": "switch_rules_on", "_selected_action": [first.pk]}, follow=True
    )
    assert second.name in answer.content.decode()
    first.refresh_from_db()
    assert not first.active


def test_every_list_and_form_opens(admin, town):
    case = incident(town)
    place = routing.locate(*town.point_in("a1"), moment=NOW)
    decision = routing.decide(
        "verify",
        responsibility=place,
        category=None,
        grade="general",
        channel="web",
        urgent=False,
        now=NOW,
    )
    kept = routing.decision_row(case, decision, now=NOW)
    kept.save()
    for name in [
        "category",
        "publictile",
        "specialday",
        "routingrule",
        "routingdecision",
        "caseclock",
    ]:
        assert admin.get(reverse(f"admin:incidents_{name}_changelist")).status_code == 200
    for name, thing in (
        ("category", Category.objects.first()),
        ("routingrule", RoutingRule.objects.first()),
        ("specialday", SpecialDay.objects.first()),
    ):
        url = reverse(f"admin:incidents_{name}_change", args=[thing.pk])
        assert admin.get(url).status_code == 200
    page = admin.get(reverse("admin:incidents_routingdecision_change", args=[kept.pk]))
    assert routing.explain(kept.reasons)[0] in page.content.decode()


@pytest.mark.req("Z-01")
def test_a_stranger_comes_nowhere(town, sign_in):
    for username in ("stranger", "supervisor"):
        answer = sign_in(username).get(reverse("admin:incidents_routingrule_changelist"))
        assert answer.status_code == 302


@pytest.mark.req("P-03")
def test_a_case_shows_no_contact_in_clear_and_none_of_a_confidential_one(admin, town):
    for confidential, shown in ((False, True), (True, False)):
        case = take(town, contact_phone="13800001999", confidential=confidential)
        page = admin.get(
            reverse("admin:incidents_incident_change", args=[case.pk])
        ).content.decode()
        assert case.number in page
        assert ("138****1999" in page) is shown
        assert "13800001999" not in page
