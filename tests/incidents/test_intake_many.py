"""Many reports at once: the same cases, owners, clocks and traces as one by one."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from gridmgmt.core.models import AuditEntry, OutboxEvent
from incidents.choices import Channel, Grade
from incidents.models import CaseClock, HistoryEntry, Incident, RoutingDecision, UrgentReceipt
from incidents.services.intake import Report, report
from incidents.services.intake_many import Entry, Outcome, report_many
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
