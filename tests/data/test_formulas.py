"""The indicators as pure formulas, and what leaves public files."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data import statistics
from data.exports.frame import PARTS, make_frame
from data.services.grid_statistics import AreaRow, GridStatistics, Question
from data.services.periods import Period
from data.statistics import Counts
from grids.territory.models import Tier


@pytest.mark.req("X-01")
@pytest.mark.parametrize(
    ("name", "counts", "expected"),
    [
        ("handling_rate", Counts(handled=3, due=4), 0.75),
        ("on_time_handling_rate", Counts(handled_in_time=1, due=4), 0.25),
        ("closing_rate", Counts(closed=9, due_to_close=10), 0.9),
        ("on_time_closing_rate", Counts(closed_in_time=8, due_to_close=10), 0.8),
        ("on_time_filing_rate", Counts(filed_in_time=1, filed=2), 0.5),
        ("accurate_filing_rate", Counts(filed=10, voided=1), 0.9),
        ("accurate_dispatch_rate", Counts(right_first=3, dispatched=4), 0.75),
        ("valid_report_rate", Counts(valid=4, reported=5), 0.8),
        ("missed_rate", Counts(public=3, filed=6), 0.5),
        ("rework_rate", Counts(reworked=1, due_to_close=5), 0.2),
        ("satisfaction_rate", Counts(satisfied=2, fair=1, dissatisfied=1), 0.75),
    ],
)
def test_each_indicator(name: str, counts: Counts, expected: float) -> None:
    assert statistics.RATES[name](counts) == pytest.approx(expected)


def test_an_empty_denominator_says_nothing() -> None:
    assert all(rate(Counts()) is None for rate in statistics.RATES.values())
    assert statistics.shown_share(None) == "—"
    assert statistics.shown_share(0.873) == "87.3 %"
    assert statistics.per_thousand(5, 0) is None
    assert statistics.per_thousand(5, None) is None
    assert statistics.per_thousand(5, 2000) == 2.5
    assert statistics.change(5, 0) is None
    assert statistics.change(5, 4) == 0.25


TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 9), min_size=width, max_size=width), min_size=1, max_size=6
    )
)


@pytest.mark.req("X-01")
@given(TABLES)
def test_no_small_count_can_be_worked_out_from_sums(table: list[list[int]]) -> None:
    shown = statistics.suppressed(table)
    for line, original in zip(shown, table, strict=True):
        for value, count in zip(line, original, strict=True):
            assert value is None or (value == count and not 0 < count < 3)
    for lines, originals in ((shown, table), (_turned(shown), _turned(table))):
        for line, original in zip(lines, originals, strict=True):
            missing = [n for value, n in zip(line, original, strict=True) if value is None]
            others = [n for value, n in zip(line, original, strict=True) if value]
            # One alone is missing only where nothing else could hide it: its sum is as small.
            assert len(missing) != 1 or not others


def _turned(table: list[list]) -> list[list]:
    return [list(column) for column in zip(*table, strict=True)]


NOW = datetime(2026, 3, 6, 1, tzinfo=UTC)


def public_values(rows: list[tuple[Counts, list[int]]]) -> list[dict]:
    """What a public file says of neighbours with these counts and parts."""
    areas = [
        AreaRow(n, f"{n:03d}", "区", "", "11", 100, counts, dict(zip(PARTS, parts, strict=True)), 5)
        for n, (counts, parts) in enumerate(rows)
    ]
    question = Question(Period(date(2026, 3, 1), date(2026, 3, 5)), Tier(code="grid", name="格"))
    return make_frame(
        GridStatistics(question, NOW, NOW, rows=areas), who="x", now=NOW, public=True
    ).values


@pytest.mark.req("X-01")
@given(st.lists(st.lists(st.integers(0, 9), min_size=6, max_size=6), min_size=1, max_size=6))
@example([[0, 2, 0, 0, 0, 0], [0, 4, 0, 0, 6, 0], [0, 3, 0, 27, 0, 0], [0, 5, 0, 35, 0, 0]])
def test_no_sum_left_out_can_be_added_up_from_its_parts(table: list[list[int]]) -> None:
    rows = [[*parts, sum(parts)] for parts in table]
    values = public_values([(Counts(reported=row[-1]), row[:-1]) for row in rows])
    for line, original in zip(values, rows, strict=True):
        shown = [line[key] for key in (*PARTS, "reported")]
        missing = [n for value, n in zip(shown, original, strict=True) if value is None]
        # Parts and sum are one equation: a single unknown in it is no secret.
        assert len(missing) != 1


@pytest.mark.req("X-01")
def test_no_rate_tells_a_count_that_is_left_out() -> None:
    few = Counts(reported=3, due_to_close=3, closed=2, closed_in_time=2)
    many = Counts(reported=9, due_to_close=9, closed=9, closed_in_time=9)
    busy = Counts(reported=20, due_to_close=20, closed=20, closed_in_time=20)
    parts = [[counts.reported, 0, 0, 0, 0, 0] for counts in (few, many, busy)]
    told = public_values(list(zip((few, many, busy), parts, strict=True)))
    assert [line["closed"] for line in told] == [None, None, 20]
    assert [line["closing_rate"] for line in told] == [None, None, 1]
    assert [line["on_time_closing_rate"] for line in told] == [None, None, 1]
