"""The indicators as pure formulas, and what leaves public files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import statistics
from data.statistics import Counts


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
