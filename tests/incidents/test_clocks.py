"""The four units of limits: every vector of the standard, and laws that hold at any moment."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents import choices, clocks
from incidents.clocks import Calendar, Light, Unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
PLAIN = Calendar(SHANGHAI)
FRIDAY = date(2026, 3, 6)
SATURDAY = FRIDAY + timedelta(days=1)
MONDAY = FRIDAY + timedelta(days=3)

pytestmark = pytest.mark.req("I-08")


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.combine(day, time(hour, minute), zone)


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        (at(FRIDAY, 17), 4, Unit.WORK_HOUR, at(MONDAY, 11)),
        (at(FRIDAY, 17), 1, Unit.WORK_DAY, at(MONDAY, 17)),
        (at(FRIDAY, 17), 2, Unit.URGENT_HOUR, at(FRIDAY, 19)),
        (at(FRIDAY, 17), 1, Unit.URGENT_DAY, at(SATURDAY, 17)),
        (at(FRIDAY, 12, 30), 4, Unit.WORK_HOUR, at(FRIDAY, 18)),
        (at(FRIDAY, 8), 4, Unit.WORK_HOUR, at(FRIDAY, 12)),
        (at(FRIDAY, 18), 1, Unit.WORK_HOUR, at(MONDAY, 9)),
        (at(SATURDAY, 3), 1, Unit.WORK_DAY, at(MONDAY, 18)),
    ],
)
def test_vectors_without_holiday(start, amount, unit, end):
    assert clocks.due(start, amount, unit, PLAIN) == end


def test_vector_of_a_made_up_saturday():
    calendar = Calendar(SHANGHAI, {SATURDAY: True})
    assert clocks.due(at(SATURDAY, 9), 4, "work_hour", calendar) == at(SATURDAY, 15)


def test_a_holiday_is_skipped_by_work_units_only():
    calendar = Calendar(SHANGHAI, {MONDAY: False})
    tuesday = MONDAY + timedelta(days=1)
    assert clocks.due(at(FRIDAY, 17), 4, "work_hour", calendar) == at(tuesday, 11)
    assert clocks.due(at(FRIDAY, 17), 3, "urgent_day", calendar) == at(MONDAY, 17)


def test_warning_after_four_fifths_of_clock_time():
    # 80 % of 5 work hours are 4: one on Friday evening, three on Monday morning.
    assert clocks.warn_moment(at(FRIDAY, 17), 5, "work_hour", PLAIN) == at(MONDAY, 11)
    assert clocks.warn_moment(at(FRIDAY, 17), 1, "urgent_hour", PLAIN) == at(FRIDAY, 17, 48)


def test_lights_change_just_after_80_and_100_percent():
    warn_at, due_at, second = at(FRIDAY, 11), at(FRIDAY, 12), timedelta(seconds=1)
    assert clocks.light(warn_at, warn_at, due_at) is Light.GREEN
    assert clocks.light(warn_at + second, warn_at, due_at) is Light.YELLOW
    assert clocks.light(due_at, warn_at, due_at) is Light.YELLOW
    assert clocks.light(due_at + second, warn_at, due_at) is Light.RED
    assert clocks.light(due_at, None, None) is Light.NONE


def test_overdue_is_negative_even_when_no_work_time_has_passed_since():
    assert clocks.remaining(at(FRIDAY, 20), at(FRIDAY, 18), "work_hour", PLAIN) == -1
    assert clocks.remaining(at(FRIDAY, 17), at(MONDAY, 11), "work_hour", PLAIN) == 4 * 3600
    assert clocks.remaining(at(FRIDAY, 19), at(FRIDAY, 17), "urgent_hour", PLAIN) == -7200


def test_the_words_are_those_of_the_database():
    assert set(Unit) == set(choices.ClockUnit.values)
    assert set(Light) == set(choices.Light.values)


@pytest.mark.parametrize(
    "call",
    [
        lambda: clocks.due(at(FRIDAY, 9), 0, "work_hour", PLAIN),
        lambda: clocks.due(at(FRIDAY, 9), 1, "fortnight", PLAIN),
        lambda: clocks.due(datetime(2026, 3, 6, 9), 1, "work_hour", PLAIN),  # noqa: DTZ001
        lambda: Calendar(SHANGHAI, spans=((time(14), time(18)), (time(8), time(12)))),
        lambda: clocks.due(
            at(FRIDAY, 9),
            1,
            "work_day",
            Calendar(SHANGHAI, {FRIDAY + timedelta(days=n): False for n in range(1000)}),
        ),
    ],
)
def test_what_makes_no_sense_is_refused(call):
    with pytest.raises(ValueError, match=r".+"):
        call()


ZONES = st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("Australia/Lord_Howe")])
# Both changes of daylight saving lie inside.
MOMENTS = st.datetimes(
    datetime(2025, 10, 1),  # noqa: DTZ001 - Hypothesis adds the zone
    datetime(2026, 12, 31),  # noqa: DTZ001
    timezones=st.just(ZoneInfo("UTC")),
).map(lambda moment: moment.replace(microsecond=0))
UNITS = st.sampled_from(list(Unit))
AMOUNTS = st.integers(1, 60)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    zone = draw(ZONES)
    days = draw(
        st.dictionaries(st.dates(date(2025, 10, 1), date(2027, 3, 1)), st.booleans(), max_size=30)
    )
    night = ((time(0, 30), time(5)), (time(22), time(23, 30)))
    return Calendar(zone, days, draw(st.sampled_from([clocks.DEFAULT_SPANS, night])))


@given(MOMENTS, MOMENTS, AMOUNTS, UNITS, calendars())
def test_later_starts_never_end_earlier(first, second, amount, unit, calendar):
    first, second = sorted((first, second))
    assert clocks.due(first, amount, unit, calendar) <= clocks.due(second, amount, unit, calendar)


@given(MOMENTS, AMOUNTS, AMOUNTS, UNITS, calendars())
def test_two_limits_in_a_row_are_their_sum(start, one, two, unit, calendar):
    between = clocks.due(start, one, unit, calendar)
    assert clocks.due(between, two, unit, calendar) == clocks.due(start, one + two, unit, calendar)


@given(MOMENTS, AMOUNTS, UNITS, calendars())
def test_what_was_given_is_what_remains(start, amount, unit, calendar):
    end = clocks.due(start, amount, unit, calendar)
    length = clocks.seconds_of(amount, unit, calendar)
    assert end > start
    assert clocks.remaining(start, end, unit, calendar) == length
    if unit.continuous:
        assert end - start == timedelta(seconds=length)
    else:
        assert calendar.is_work_time(end)
        assert clocks.work_seconds_between(start, end, calendar) == length


@given(MOMENTS, AMOUNTS, UNITS, calendars())
def test_the_warning_lies_between_start_and_end(start, amount, unit, calendar):
    warn_at = clocks.warn_moment(start, amount, unit, calendar)
    due_at = clocks.due(start, amount, unit, calendar)
    assert start < warn_at < due_at
    assert clocks.light(start, warn_at, due_at) is Light.GREEN


@given(MOMENTS, st.integers(1, 400_000), UNITS, calendars())
def test_going_back_undoes_going_forward_in_clock_time(start, seconds, unit, calendar):
    later = clocks.shift(start, seconds, unit, calendar)
    back = clocks.shift(later, -seconds, unit, calendar)
    # Outside work time many moments are the same moment of the clock.
    between = clocks.remaining(min(back, start), max(back, start), unit, calendar)
    assert between == 0


def test_night_shift_over_the_lost_hour_counts_real_time():
    calendar = Calendar(NEW_YORK, spans=((time(0, 30), time(5)),))
    change = date(2026, 3, 9)  # the Monday after; Sunday 8 March loses an hour
    assert clocks.due(at(change, 1, zone=NEW_YORK), 1, "work_hour", calendar) == at(
        change, 2, zone=NEW_YORK
    )
    sunday = Calendar(NEW_YORK, {date(2026, 3, 8): True}, spans=((time(0, 30), time(5)),))
    start = at(date(2026, 3, 8), 1, zone=NEW_YORK)
    assert clocks.due(start, 2, "work_hour", sunday) == at(date(2026, 3, 8), 4, zone=NEW_YORK)
