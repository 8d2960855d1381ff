"""Who sees a case: by where it was reported, by where its owner is, by department; and how much."""

from datetime import timedelta

import pytest

from grids.people.access import access_for
from incidents.choices import Action, Channel, Opinion
from incidents.models import Incident
from incidents.services import feedback
from incidents.services.contacts import masked_contact
from incidents.services.errors import MoveRefused
from tests.incidents import cases
from tests.incidents.helpers import NOW, take, to_state

EVERYBODY = (
    "owner",
    "teammate",
    "b1_manager",
    "coordinator",
    "grid_head",
    "supervisor",
    "leader",
    "dispatcher",
    "desk",
    "analyst",
    "administrator",
    "handler",
    "outsider",
    "away_supervisor",
    "stranger",
)
STREET = {"supervisor", "leader", "dispatcher", "desk", "administrator"}


def seen_by(town, case: Incident) -> set[str]:
    """Who of the town finds the case."""
    found = set()
    for who in EVERYBODY:
        access = access_for(town.users[who], NOW)
        if Incident.objects.visible_to(access).filter(pk=case.pk).exists():
            found.add(who)
    return found


@pytest.mark.req("Z-01")
def test_a_case_is_seen_where_it_was_reported_and_where_its_owner_is(town):
    at_home = cases.incident(town, "a1")
    assert seen_by(town, at_home) == STREET | {"owner", "coordinator", "grid_head"}
    # Reported in the other street, owned here: both streets see it, their other grids do not.
    owned_here = cases.incident(town, "f1", owner_path=town.path("a2"), owner_grid=town.grids["a2"])
    assert seen_by(town, owned_here) == STREET | {
        "teammate",
        "grid_head",
        "outsider",
        "away_supervisor",
    }


@pytest.mark.req("I-11")
def test_a_department_sees_what_it_owns_or_handled_and_nothing_else(town):
    sanitation, culture = town.departments["sanitation"], town.departments["civic_culture"]
    assert "handler" in seen_by(town, cases.incident(town, "b1", owner_department=sanitation))
    assert "handler" in seen_by(town, cases.incident(town, "b1", handled_department=sanitation))
    assert "handler" not in seen_by(town, cases.incident(town, "b1", owner_department=culture))


@pytest.mark.req("Z-01")
def test_without_a_place_dispatchers_alone_see_it(town):
    assert seen_by(town, cases.incident(town, None)) == {"dispatcher", "administrator"}


@pytest.mark.req("Z-03")
def test_a_confidential_reporter_is_not_even_masked(town):
    told = {"channel": Channel.PHONE, "actor": "desk"}
    told |= {"contact_name": "段某", "contact_phone": "18012341999"}
    assert masked_contact(take(town, **told)).phone == "180****1999"
    hidden = masked_contact(take(town, confidential=True, **told))
    assert (hidden.name, hidden.phone, hidden.masked) == ("", "", True)


@pytest.mark.req("I-13")
def test_thirty_days_after_closing_a_new_report_is_asked_for(town):
    case = to_state(town, "closed")
    late = case.closed_at + timedelta(days=30, minutes=1)
    dissatisfied = {"opinion": Opinion.DISSATISFIED, "reason": "还是不亮"}
    feedback.rate(case.number, **dissatisfied, now=case.closed_at + timedelta(days=29))
    with pytest.raises(MoveRefused):
        feedback.reopen(case.number, reason="请再看看", now=late)
    case.refresh_from_db()
    assert case.state == "closed"
    assert not case.history.filter(action=Action.REOPEN).exists()
    feedback.reopen(case.number, reason="请再看看", now=late - timedelta(minutes=2))
    case.refresh_from_db()
    assert case.state != "closed"


@pytest.mark.req("Z-01")
def test_a_telephone_number_finds_its_cases_only_for_who_may_open_contact_data(town, sign_in):
    case = take(town, channel=Channel.PHONE, actor="desk", contact_phone="18012341999")

    def found(who: str, path: str) -> bool:
        answer = sign_in(who).get(path, {"q": "18012341999", "tab": "all"})
        assert answer.status_code == 200
        return case.number in answer.content.decode()

    assert found("supervisor", "/api/v1/incidents/")
    for who in ("leader", "coordinator"):
        assert not found(who, "/api/v1/incidents/"), who
        assert not found(who, "/work/"), who
