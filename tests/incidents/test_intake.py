"""Reports: what is written, who gets them, what is refused, and that nothing is half-written."""

import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gridmgmt.core.models import AuditEntry, OutboxEvent
from gridmgmt.core.permissions import Role
from grids.territory.choices import Answer
from incidents.choices import Channel, Grade, State
from incidents.models import CaseClock, HistoryEntry, Incident, RoutingDecision, UrgentReceipt
from incidents.services import numbers
from incidents.services.blur import blurred
from incidents.services.errors import KeyConflict
from incidents.services.intake import Report, report
from tests.incidents.helpers import NOW, category, take


def errors_of(excinfo) -> dict:
    return excinfo.value.message_dict


@pytest.mark.req("I-02")
@pytest.mark.req("I-05")
def test_a_report_finds_its_manager_and_is_written_in_every_book(town):
    incident = take(town, contact_phone="138 0000 1999", contact_name="张三")
    incident = Incident.objects.get(pk=incident.pk)
    assert incident.state == State.REPORTED
    assert incident.owner_person == town.users["owner"].person
    assert incident.owner_role == Role.MANAGER
    assert incident.owner_path == incident.report_path == town.path("a1")
    assert incident.report_boundary_ids[-1] == town.boundaries["a1"].pk
    assert incident.answer == Answer.INSIDE
    decision = RoutingDecision.objects.get(incident=incident)
    assert decision.person == town.users["owner"].person
    assert decision.reasons
    assert [line.action for line in incident.history.all()] == ["report"]
    clock = CaseClock.objects.get(incident=incident)
    assert clock.kind == "verify"
    assert (incident.warn_at, incident.due_at) == (clock.warn_at, clock.due_at)
    assert AuditEntry.objects.get(object_id=str(incident.pk)).action == "incident.reported"
    event = OutboxEvent.objects.get(name="incident_reported")
    assert event.payload["incident"] == incident.pk


@pytest.mark.req("P-03")
def test_contact_data_is_encrypted_and_never_in_the_trail(town):
    incident = take(town, contact_phone="138 0000 1999", contact_name="张三")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_phone, contact_name, contact_phone_index FROM incidents_incident"
        )
        phone, name, index = cursor.fetchone()
    assert "1380000" not in phone
    assert "张三" not in name
    assert len(index) == 64
    assert Incident.objects.get(pk=incident.pk).contact_phone == "13800001999"
    assert "1380000" not in str(AuditEntry.objects.get().data)
    assert "1380000" not in str(OutboxEvent.objects.get().payload)


@pytest.mark.req("P-03")
def test_the_published_point_is_the_same_for_the_whole_square(town, settings):
    settings.BLUR_DISTANCE_M = 100
    incident = take(town)
    assert incident.public_point.distance(incident.point) > 0
    centre = blurred(incident.point.x, incident.point.y)
    again = blurred(centre.x, centre.y)
    assert (centre.x, centre.y) == pytest.approx((again.x, again.y), abs=1e-9)


@pytest.mark.req("Z-06")
@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"description": "  \n "}, "description"),
        ({"description": "字" * 5001}, "description"),
        ({"lon": "nan", "lat": "40"}, "point"),
        ({"lon": 40.0, "lat": 116.0}, "point"),
        ({"lon": "far", "lat": "east"}, "point"),
        ({"lon": 116.3, "lat": None}, "point"),
        ({"lon": 1e9, "lat": 1e9}, "point"),
        ({"crs": "mars2000"}, "point"),
        ({"lon": None, "lat": None}, "place"),
        ({"lon": None, "lat": None, "place_words": "x" * 301}, "place_words"),
        ({"contact_phone": "call me"}, "contact_phone"),
        ({"category_id": 10**9}, "category"),
        ({"tile": "nothing"}, "tile"),
        ({"grade": "huge"}, "grade"),
        ({"channel": "smoke"}, "channel"),
        ({"idempotency_key": "k" * 201}, "idempotency_key"),
        ({"on_the_spot": True}, "result"),
    ],
)
def test_bad_input_is_named_by_its_field_and_writes_nothing(town, fields, name):
    with pytest.raises(ValidationError) as excinfo:
        take(town, **fields)
    assert name in errors_of(excinfo)
    assert all(message for messages in errors_of(excinfo).values() for message in messages)
    assert not Incident.objects.exists()
    assert not OutboxEvent.objects.exists()


def test_text_is_trimmed_and_5000_characters_are_taken(town):
    incident = take(town, description=" \x00" + "字" * 5000 + "\r\n")
    assert Incident.objects.get(pk=incident.pk).description == "字" * 5000


@pytest.mark.req("Z-06")
def test_swapped_axes_are_hinted_at_even_where_both_are_possible(town, db):
    from tests.town import rectangle

    boundary = town.boundaries["c"]
    boundary.geometry = rectangle(10, 50, 11, 51)
    boundary.save()
    with pytest.raises(ValidationError) as excinfo:
        take(town, lon=50.5, lat=10.5)
    assert "point" in errors_of(excinfo)
    assert take(town, lon=10.5, lat=50.5).report_grid == town.grids["c"]


@pytest.mark.req("G-04")
@pytest.mark.parametrize(("lon", "lat"), [(116.5, 40.01), (-150.0, 0.0)])
def test_outside_and_sea_are_taken_for_the_dispatchers(town, lon, lat):
    incident = take(town, lon=lon, lat=lat)
    assert incident.answer == Answer.OUTSIDE
    assert incident.owner_role == Role.DISPATCHER
    assert incident.owner_path == []
    assert incident.point is not None


def test_on_a_border_one_answers_and_the_decision_names_the_other(town):
    incident = take(town, lon=116.31, lat=40.01)
    assert incident.answer == Answer.BOUNDARY
    alternatives = incident.decisions.get().alternatives
    assert town.grids["a2"].pk in {other["id"] for other in alternatives}


def test_words_that_nobody_knows_go_to_the_pool(town):
    incident = take(town, lon=None, lat=None, place_words="老槐树底下")
    assert incident.point is None
    assert incident.report_path == []
    assert incident.owner_role == Role.DISPATCHER


@pytest.mark.req("I-12")
def test_the_raw_coordinates_stay_beside_the_converted_ones(town):
    lon, lat = town.point_in("a1")
    incident = take(town, lon=str(lon), lat=str(lat), crs="gcj02")
    assert (incident.raw_x, incident.raw_y, incident.raw_crs) == (str(lon), str(lat), "gcj02")
    assert 0.002 < abs(incident.point.x - lon) < 0.01


@pytest.mark.req("Z-04")
def test_the_same_key_gives_the_same_case_and_another_body_a_conflict(town):
    first = take(town, idempotency_key="one")
    again = take(town, idempotency_key="one")
    assert again.pk == first.pk
    assert again.repeated is True
    assert Incident.objects.count() == 1
    with pytest.raises(KeyConflict):
        take(town, idempotency_key="one", description="别的事")
    other = take(town, idempotency_key="one", actor="stranger")
    assert other.pk != first.pk


@pytest.mark.req("I-01")
def test_a_leaders_order_is_filed_directly_and_only_leaders_give_one(town):
    incident = take(town, actor="leader", channel=Channel.LEADER, category_id=category().pk)
    assert incident.state in {State.FILED, State.DISPATCHED}
    assert [line.action for line in incident.history.all()][:2] == ["report", "file"]
    with pytest.raises(PermissionDenied):
        take(town, actor="owner", channel=Channel.LEADER)
    assert Incident.objects.count() == 1


@pytest.mark.req("I-10")
def test_major_goes_to_leaders_and_manager_at_the_same_moment(town):
    kind = category(grade=Grade.MAJOR)
    incident = take(town, category_id=kind.pk)
    incident = Incident.objects.get(pk=incident.pk)
    assert incident.urgent
    assert incident.verification_owed
    assert incident.state == State.DISPATCHED
    receipts = UrgentReceipt.objects.filter(incident=incident)
    assert {r.person for r in receipts} == {
        town.users["leader"].person,
        town.users["owner"].person,
    }
    assert {r.sent_at for r in receipts} == {NOW}


@pytest.mark.req("I-10")
def test_other_urgent_ones_go_to_the_management_system_directly(town):
    incident = take(town, category_id=category(urgent=True).pk)
    assert incident.state == State.DISPATCHED
    assert incident.owner_department == town.departments["sanitation"]
    assert incident.verification_owed
    assert not UrgentReceipt.objects.exists()
    assert [line.action for line in incident.history.all()] == ["report", "file", "dispatch"]


def test_on_the_spot_is_reported_and_closed_at_once(town):
    incident = take(
        town, actor="coordinator", channel=Channel.PATROL, on_the_spot=True, result="已清扫"
    )
    incident = Incident.objects.get(pk=incident.pk)
    assert incident.state == State.CLOSED
    assert incident.on_the_spot
    assert incident.result_public == "已清扫"
    assert incident.closed_at == NOW


@pytest.mark.req("Z-01")
def test_on_the_spot_by_a_resident_takes_nothing_in(town):
    with pytest.raises(ValidationError):
        take(town, actor="stranger", on_the_spot=True, result="done")
    assert not Incident.objects.exists()
    assert not HistoryEntry.objects.exists()


def test_an_outside_number_is_taken_once(town):
    take(town, outside_source="12345", outside_number="A1")
    with pytest.raises(ValidationError) as excinfo:
        take(town, outside_source="12345", outside_number="A1")
    assert "outside_number" in errors_of(excinfo)


def test_a_report_needs_few_statements(town):
    kind = category()
    lon, lat = town.point_in("a1")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        report(
            Report(description="路灯不亮", lon=lon, lat=lat, category_id=kind.pk),
            actor=None,
            now=NOW,
        )
    sqls = [q["sql"][:60] for q in captured if "SAVEPOINT" not in q["sql"]]
    assert len(sqls) <= 13, sqls


def test_numbers_catch_slips():
    number = numbers.draw()
    assert re.fullmatch(r"[A-Z]+-\w{4}-\w{4}-\w{4}", number)
    assert numbers.normalise(number.lower().replace("-", " ")) == number
    prefix, letters = number.split("-", 1)
    plain = letters.replace("-", "")
    for place in range(len(plain)):
        wrong = next(c for c in numbers.ALPHABET if c != plain[place])
        assert numbers.normalise(prefix + plain[:place] + wrong + plain[place + 1 :]) is None
    for place in range(len(plain) - 1):
        pair = plain[place], plain[place + 1]
        if pair[0] != pair[1]:
            swapped = plain[:place] + pair[1] + pair[0] + plain[place + 2 :]
            assert numbers.normalise(prefix + swapped) is None
    assert numbers.normalise("") is None
    assert numbers.normalise("１２３") is None
