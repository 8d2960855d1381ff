"""What `manage.py load_standard` brings, and that it never overwrites an officer's work."""

import csv
from collections import Counter
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from gridmgmt.core.models import AuditEntry
from grids.people.choices import ManagementSystem
from incidents.choices import ClockUnit, Grade
from incidents.models import Category, FilingRule, PublicTile, RoutingRule, SpecialDay
from incidents.services import routing
from incidents.services.clocks import office_calendar
from incidents.services.standard import FILES, load_standard
from tests.incidents.cases import NOW


@pytest.fixture
def loaded(db):
    return load_standard(actor=None, now=NOW)


@pytest.mark.req("I-03")
@pytest.mark.req("I-11")
def test_every_class_of_the_standard_is_there_with_both_names_and_limits(loaded):
    standard = Category.objects.filter(standard="GB/T 30428")
    assert Counter(standard.values_list("kind", flat=True)) == {"event": 98, "component": 92}
    assert not Category.objects.filter(name_en="").exists()
    assert not Category.objects.filter(big_name_en="").exists()
    assert not Category.objects.filter(filing_rules=None).exists()
    assert set(FilingRule.objects.values_list("unit", flat=True)) == set(ClockUnit.values)
    # One name breaks over two lines in the source.
    collector = standard.get(kind="component", big_code="03", small_code="97")
    assert collector.name == "烟头收集器或灭烟处"
    cover = standard.get(kind="component", big_code="01", small_code="02")
    assert [(r.limit, r.unit) for r in cover.filing_rules.all()] == [
        (2, "urgent_hour"),
        (4, "work_hour"),
        (2, "work_day"),
        (5, "work_day"),
    ]
    building = standard.get(kind="event", big_code="01", small_code="01")
    assert [(r.condition_label, r.limit) for r in building.filing_rules.all()] == [
        ("正在搭建", 2),
        ("已经建成", 15),
    ]
    assert not FilingRule.objects.filter(closing_condition="").exists()


@pytest.mark.req("I-11")
def test_all_five_systems_have_local_matters_too(loaded):
    local = Category.objects.filter(standard="local")
    assert local.count() >= 40
    assert set(local.values_list("system", flat=True)) == set(ManagementSystem.values)
    assert set(Category.objects.filter(grade=Grade.MAJOR).values_list("urgent", flat=True)) == {
        True
    }
    assert local.filter(grade=Grade.MAJOR).count() >= 3


@pytest.mark.req("I-02")
def test_residents_choose_among_at_most_fourteen_tiles_each_with_a_category(loaded):
    tiles = PublicTile.objects.filter(active=True)
    assert 0 < tiles.count() <= 14
    pictures = Path(settings.BASE_DIR) / "gridmgmt" / "static" / "img" / "tiles"
    for tile in tiles:
        assert tile.categories.filter(is_tile_default=True).count() == 1, tile.code
        assert (pictures / f"{tile.icon}.svg").exists(), tile.icon


@pytest.mark.req("I-08")
def test_holidays_and_make_up_days_of_the_year(loaded):
    calendar = office_calendar()
    assert not calendar.is_working_day(date(2026, 2, 17))
    assert calendar.is_working_day(date(2026, 2, 14))
    assert not calendar.is_working_day(date(2026, 2, 21))
    for day, works in calendar.special.items():
        if works:
            assert day.weekday() >= 5, day


def test_a_second_run_adds_nothing_and_keeps_what_an_officer_changed(loaded):
    changed = Category.objects.get(standard="local", big_code="01", small_code="01")
    changed.name, changed.active = "改名", False
    changed.save()
    changed.filing_rules.all().delete()
    tile = PublicTile.objects.get(code="noise")
    tile.order = 0
    tile.save()
    RoutingRule.objects.filter(grade=Grade.SIMPLE).update(active=False)
    counts = [m.objects.count() for m in (Category, FilingRule, PublicTile, SpecialDay)]
    notes = AuditEntry.objects.count()
    out = StringIO()
    call_command("load_standard", stdout=out)
    assert counts == [m.objects.count() for m in (Category, FilingRule, PublicTile, SpecialDay)]
    assert AuditEntry.objects.count() == notes
    changed.refresh_from_db()
    assert (changed.name, changed.active) == ("改名", False)
    assert "0" in out.getvalue()
    assert RoutingRule.objects.filter(active=False).count() == 5


def test_what_was_removed_in_between_is_added_alone(loaded):
    SpecialDay.objects.filter(date=date(2026, 10, 1)).delete()
    again = load_standard(actor=None, now=NOW)
    assert (again.special_days, again.categories, again.routing_rules) == (1, 0, 0)


@pytest.mark.req("I-05")
def test_the_first_rules_bring_each_systems_case_to_its_department(town):
    load_standard(actor=None, now=NOW)
    place = routing.locate(*town.point_in("a1"), moment=NOW)
    for system in ManagementSystem.values:
        for grade in (Grade.GENERAL, Grade.PROMINENT):
            decision = routing.decide(
                "handle",
                responsibility=place,
                category=Category.objects.filter(system=system).first(),
                grade=grade,
                channel="web",
                urgent=False,
                now=NOW,
            )
            assert decision.department == town.departments[system]
            assert decision.rule is not None
    simple = routing.decide(
        "handle",
        responsibility=place,
        category=Category.objects.filter(grade=Grade.SIMPLE).first(),
        grade=Grade.SIMPLE,
        channel="web",
        urgent=False,
        now=NOW,
    )
    assert simple.person.person_id == town.users["owner"].person.pk
    assert simple.auto_dispatch


def test_files_are_whole():
    for name in ("categories.csv", "local.csv"):
        with (FILES / name).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                assert None not in row
                assert None not in row.values()
                number = len(row["limits"].split(";"))
                for field in ("conditions", "conditions_en"):
                    assert row[field] == "" or len(row[field].split(";")) == number, row
