"""The queue of a replay: worked by hand, and its laws."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.replay.axis import WorkAxis
from data.replay.queue import Job, hours_that_fit, late

pytestmark = pytest.mark.req("G-10")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Ten days of eight hours, 08–12 and 14–18.
SPANS = [
    (MONDAY + timedelta(days=day, hours=begin), MONDAY + timedelta(days=day, hours=begin + 4))
    for day in range(10)
    for begin in (8, 14)
]
AXIS = WorkAxis(SPANS)
MOMENTS = st.integers(0, 9 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))
JOBS = st.lists(
    st.builds(
        lambda arrived, limit, urgent: Job(arrived, arrived + timedelta(hours=limit), urgent),
        MOMENTS,
        st.integers(1, 60),
        st.booleans(),
    ),
    max_size=30,
)


def test_the_axis_counts_work_only() -> None:
    assert AXIS.seconds(MONDAY) == 0
    assert AXIS.seconds(MONDAY + 9 * HOUR) == 3600
    assert AXIS.seconds(MONDAY + 13 * HOUR) == 4 * 3600
    assert AXIS.seconds(MONDAY + 15 * HOUR) == 5 * 3600
    assert AXIS.moment(5 * 3600) == MONDAY + 15 * HOUR
    assert AXIS.moment(4 * 3600) == MONDAY + 12 * HOUR
    assert AXIS.moment(AXIS.total + 1) is None
    with pytest.raises(ValueError, match="work time"):
        WorkAxis([])


@given(seconds=st.floats(0, AXIS.total))
def test_the_axis_reads_back(seconds: float) -> None:
    assert AXIS.seconds(AXIS.moment(seconds)) == pytest.approx(seconds, abs=1e-3)


def test_two_cases_at_once_and_one_person() -> None:
    jobs = [Job(MONDAY + 8 * HOUR, MONDAY + 11 * HOUR) for _ in range(2)]
    assert late(jobs, 1, 2, AXIS) == 1  # the second ends at twelve
    assert late(jobs, 2, 2, AXIS) == 0
    assert late(jobs, 1, 1.5, AXIS) == 0
    assert late(jobs, 0, 0.1, AXIS) == 2
    assert late([], 0, 1, AXIS) == 0


def test_an_urgent_case_goes_before_older_ones_that_wait() -> None:
    jobs = [
        Job(MONDAY + 8 * HOUR, MONDAY + 20 * HOUR),
        Job(MONDAY + 8.2 * HOUR, MONDAY + 20 * HOUR),
        Job(MONDAY + 8.5 * HOUR, MONDAY + 12 * HOUR, urgent=True),
    ]
    assert late(jobs, 1, 2, AXIS) == 0
    calm = [Job(job.arrived, job.due) for job in jobs]
    assert late(calm, 1, 2, AXIS) == 1


def test_work_stops_at_night() -> None:
    evening = MONDAY + 17 * HOUR
    assert late([Job(evening, evening + 14 * HOUR)], 1, 2, AXIS) == 1  # one hour is left, then 9:00
    assert late([Job(evening, evening + 16 * HOUR)], 1, 2, AXIS) == 0


@settings(deadline=None)
@given(jobs=JOBS, people=st.integers(1, 4), hours=st.floats(0.1, 20))
def test_more_people_are_never_worse_and_no_case_is_lost(
    jobs: list[Job], people: int, hours: float
) -> None:
    calm = [Job(job.arrived, job.due) for job in jobs]  # urgent ones may trade places
    found = late(calm, people, hours, AXIS)
    assert 0 <= found <= len(jobs)
    assert late(calm, people + 1, hours, AXIS) <= found
    assert late(calm, people, hours * 2, AXIS) >= found


@settings(deadline=None, max_examples=30)
@given(jobs=JOBS, hours=st.floats(0.1, 20))
def test_the_hours_are_found_again_by_what_they_made_late(jobs: list[Job], hours: float) -> None:
    calm = [Job(job.arrived, job.due) for job in jobs]
    measured = late(calm, 1, hours, AXIS)
    fitted = hours_that_fit([(calm, 1)], measured, AXIS)
    assert late(calm, 1, fitted, AXIS) <= measured
    assert fitted >= hours - 0.01
