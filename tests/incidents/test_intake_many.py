"""Many reports at once: the same cases, owners, clocks and traces as one by one."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from gridmgmt.core.models import AuditEntry, OutboxEvent
from gridmgmt.core.permissions import Role
from grids.people.models import Department, Person
from grids.people.services import roster
from grids.territory.choices import Answer
from incidents.choices import Channel, Grade
from incidents.models import (
    CaseClock,
    HistoryEntry,
    Incident,
    RoutingDecision,
    RoutingRule,
    UrgentReceipt,
)
from incidents.services.intake import Report, report
from incidents.services.intake_many import Entry, Outcome, report_many
from incidents.services.rules import save_rule
from tests.incidents.helpers import NOW, category
from tests.town import Town

pytestmark = pytest.mark.req("I-03")
# What differs between two takings of one report: what is drawn, or encrypted anew.
DRAWN = {"id", "number", "contact_name", "contact_phone", "incident_id", "transaction_id"}


def reports(town: Town) -> list[Report]:
    """Reports of every sort: sure places, borders, gaps, words, urgent ones, and bad ones."""
    plain, urgent = category(), category(small_code="902", urgent=True)
    a1, b1 = town.point_in("a1"), town.point_in("b1")
    base: list[dict[str, Any]] = [
        {"lon": a1[0], "lat": a1[1], "description": "甲\t乙\\N\n“引号” 'x' {\"a\": [1, null]} 🚲"},
        {"lon": a1[0], "lat": a1[1], "category_id": plain.pk, "contact_phone": "138 0000 1999"},
        {"lon": b1[0], "lat": b1[1], "category_id": plain.pk, "grade": Grade.MAJOR},
        {"lon": b1[0], "lat": b1[1], "category_id": urgent.pk, "channel": Channel.PHONE},
        {"lon": 116.31, "lat": 40.01, "category_id": urgent.pk},  # on a border
        {"lon": 116.35, "lat": 40.01},  # a community without grids
        {"lon": 118.0, "lat": 39.0},  # outside
        {"lon": 40.01, "lat": 116.305},  # axes exchanged: no place at all
        {"lon": "x", "lat": 40.0},
        {"place_words": "无人知道的地方"},
        {"lon": a1[0], "lat": a1[1], "contact_phone": "abc"},
        {"lon": a1[0], "lat": a1[1], "category_id": 999_999},
        {"lon": a1[0], "lat": a1[1], "outside_source": "12345", "outside_number": "7"},
    ]
    return [Report(**({"description": "楼前垃圾"} | values)) for values in base]


def rows(model: type, **filters: Any) -> list[dict[str, Any]]:
    """The table's rows in order, without what is drawn."""
    kept = []
    for row in model._default_manager.filter(**filters).order_by("pk"):
        values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        values = {name: value for name, value in values.items() if name not in DRAWN}
        kept.append({name: str(value) for name, value in values.items() if "digest" not in name})
    return kept


def everything() -> dict[str, list]:
    tables = (Incident, HistoryEntry, RoutingDecision, CaseClock, UrgentReceipt)
    found = {model.__name__: rows(model) for model in tables}
    found["phones"] = [(case.contact_phone, case.contact_name) for case in _cases()]
    found["trail"] = [(e.action, e.data["state"], e.data["answer"]) for e in _entries()]
    found["events"] = [(e.name, e.payload["state"], e.payload["grade"]) for e in _events()]
    return found


def _cases() -> list[Incident]:
    return list(Incident.objects.order_by("pk"))


def _entries() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action="incident.reported").order_by("pk"))


def _events() -> list[OutboxEvent]:
    return list(OutboxEvent.objects.filter(name="incident_reported").order_by("pk"))


def one_by_one(wanted: list[Report]) -> list[str]:
    said = []
    for entry in wanted:
        try:
            with transaction.atomic():
                report(entry, actor=None, now=NOW)
            said.append("")
        except ValidationError as error:
            said.append(str(error.message_dict))
    return said


def together(wanted: list[Report]) -> list[Outcome]:
    with transaction.atomic():
        return list(report_many((Entry(entry) for entry in wanted), actor=None, now=NOW))


def test_all_rows_are_those_that_single_reports_write(town: Town) -> None:
    wanted = reports(town)
    with transaction.atomic():
        said = one_by_one(wanted)
        singly = everything()
        transaction.set_rollback(True)
    outcomes = together(wanted)
    assert [str(o.refusal.message_dict) if o.refusal else "" for o in outcomes] == said
    assert sum(bool(text) for text in said) == 4
    many = everything()
    for table, kept in singly.items():
        assert len(many[table]) == len(kept)
        for one, other in zip(kept, many[table], strict=True):
            assert other == one


def many_rules(town: Town) -> list[Report]:
    """Rules of every sort, people who are away, and urgent cases of all places that they meet."""
    plain, urgent = category(), category("civic_culture", small_code="902", urgent=True)
    far = Department.objects.create(
        system="health_care", name="外街卫生", code="away-health", grid=town.grids["away"]
    )
    wanted: list[dict[str, Any]] = [
        {"name": "wide", "system": "sanitation", "target_system": "sanitation"},
        {"name": "here", "grid": town.grids["a1"], "target_role": Role.MANAGER},
        {"name": "part", "grid": town.grids["b"], "category": urgent, "department": far},
        {"name": "day", "time_from": "06:00", "time_to": "22:00", "category": plain}
        | {"target_system": "health_care"},
        {"name": "night", "time_from": "22:00", "time_to": "06:00", "category": urgent}
        | {"target_role": Role.LEADER},
        {"name": "grade", "grade": Grade.MAJOR, "target_role": Role.SUPERVISOR},
        {"name": "border", "answer": Answer.BOUNDARY, "department": far},
        {"name": "outside", "answer": Answer.OUTSIDE, "department": far},
        {"name": "phone", "channel": Channel.PHONE, "category": plain, "auto_dispatch": True}
        | {"target_system": "civic_culture"},
    ]
    for values in wanted:
        save_rule(RoutingRule(**values), actor=None, now=NOW)
    # The manager of a1 is away with somebody standing in, the one of b1 without anybody.
    away = {name: Person.objects.get(user=town.users[name]) for name in ("owner", "b1_manager")}
    stand_in = Person.objects.get(user=town.users["teammate"])
    for name, other in (("owner", stand_in), ("b1_manager", None)):
        roster.take_leave(
            person=away[name], start=NOW, end=None, stand_in=other, actor=None, now=NOW
        )
    spots = [town.point_in(name) for name in ("a1", "a2", "b1", "b2", "f1", "f2")]
    spots += [(116.31, 40.01), (116.33, 40.0), (116.35, 40.01), (118.0, 39.0)]
    ways: list[dict[str, Any]] = [
        {"urgent": True},
        {"grade": Grade.MAJOR},
        {"channel": Channel.PHONE},
    ]
    return [
        Report(description="楼前垃圾", lon=lon, lat=lat, category_id=kind, **way)
        for lon, lat in spots
        for kind in (plain.pk, urgent.pk, None)
        for way in ways
    ]


def test_rules_and_absences_lead_to_the_same_owners_as_one_by_one(town: Town) -> None:
    wanted = many_rules(town)
    with transaction.atomic():
        said = one_by_one(wanted)
        singly = everything()
        transaction.set_rollback(True)
    together(wanted)
    many = everything()
    assert not any(said)
    for table, kept in singly.items():
        assert many[table] == kept
    used = set(RoutingDecision.objects.values_list("rule__name", flat=True))
    assert used >= {"here", "part", "day", "grade", "border", "outside"}
    assert UrgentReceipt.objects.exists()


def test_a_list_reads_the_roster_of_its_own_moment(town: Town) -> None:
    lon, lat = town.point_in("a1")
    entry = Report(description="楼前垃圾", lon=lon, lat=lat)
    (before,) = together([entry])
    owner = Person.objects.get(user=town.users["owner"])
    roster.take_leave(person=owner, start=NOW, end=None, actor=None, now=NOW)
    (after,) = together([entry])
    assert before.incident
    assert after.incident
    assert before.incident.owner_person_id == owner.pk
    assert after.incident.owner_person_id != owner.pk


def test_a_key_makes_one_case_within_a_list_and_beside_an_earlier_report(town: Town) -> None:
    lon, lat = town.point_in("a1")

    def keyed(key: str, text: str) -> Report:
        return Report(description=text, lon=lon, lat=lat, idempotency_key=key)

    first = report(keyed("k1", "甲"), actor=None, now=NOW)
    outcomes = together(
        [
            keyed("k1", "甲"),
            keyed("k1", "别的"),
            keyed("k2", "乙"),
            keyed("k2", "乙"),
            keyed("k2", "丙"),
        ]
    )
    assert [(o.repeated, o.refusal is not None) for o in outcomes] == [
        (True, False),
        (False, True),
        (False, False),
        (True, False),
        (False, True),
    ]
    assert outcomes[0].incident == first
    assert Incident.objects.count() == 2


def test_a_number_taken_meanwhile_refuses_its_row_only(town: Town) -> None:
    lon, lat = town.point_in("a1")

    def numbered(number: str) -> Report:
        return Report(
            description="噪声", lon=lon, lat=lat, outside_source="12345", outside_number=number
        )

    report(numbered("8"), actor=None, now=NOW)
    outcomes = together([numbered("7"), numbered("8"), numbered("9")])
    assert [o.refusal is None for o in outcomes] == [True, False, True]
    assert set(Incident.objects.values_list("outside_number", flat=True)) == {"7", "8", "9"}


def test_the_moment_of_the_report_is_kept_and_clocks_run_from_now(town: Town) -> None:
    lon, lat = town.point_in("a1")
    earlier = NOW.replace(year=2024)
    with transaction.atomic():
        (outcome,) = report_many(
            [Entry(Report(description="旧案", lon=lon, lat=lat), earlier)], actor=None, now=NOW
        )
    case = Incident.objects.get(pk=outcome.incident.pk)
    assert case.reported_at == earlier
    assert CaseClock.objects.get(incident=case).started_at == NOW


def test_questions_do_not_grow_with_the_rows(
    town: Town, django_assert_max_num_queries: Any
) -> None:
    lon, lat = town.point_in("a1")
    kind = category()
    many = [
        Report(description=f"第{n}件", lon=lon, lat=lat, category_id=kind.pk) for n in range(300)
    ]
    together(many[:1])  # what a process asks once
    with django_assert_max_num_queries(30):
        together(many[1:])


def test_urgent_cases_of_many_places_ask_no_more_than_those_of_one(
    town: Town, django_assert_max_num_queries: Any
) -> None:
    kinds = [category(small_code=f"91{n}", urgent=True).pk for n in range(5)]
    spots = [town.point_in(name) for name in ("a1", "a2", "b1", "b2", "f1", "f2")]
    many = [
        Report(description="井盖缺失", lon=lon, lat=lat, category_id=kind)
        for lon, lat in spots
        for kind in kinds
    ]
    together(many[:1])
    with django_assert_max_num_queries(55):
        together(many)
