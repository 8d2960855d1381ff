"""Spans of time read as sentences in lists of the administration."""

from datetime import UTC, datetime

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import override

from gridmgmt.core.periods import period_text

BEGIN = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
END = datetime(2026, 4, 1, 1, 30, tzinfo=UTC)


@pytest.mark.req("Z-07")
@pytest.mark.parametrize(
    ("lower", "upper", "english", "chinese"),
    [
        (
            BEGIN,
            END,
            "2026-03-01 08:00 to 2026-04-01 09:30",
            "2026-03-01 08:00 至 2026-04-01 09:30",
        ),
        (BEGIN, None, "since 2026-03-01 08:00", "自 2026-03-01 08:00 起"),
        (None, END, "until 2026-04-01 09:30", "至 2026-04-01 09:30 止"),
        (None, None, "always", "长期"),
    ],
)
def test_open_and_closed_ends_are_said_in_both_languages(
    lower: datetime | None, upper: datetime | None, english: str, chinese: str
) -> None:
    """Local time, and no brackets of a database."""
    period = DateTimeTZRange(lower, upper)
    with override("en"):
        assert period_text(period) == english
    with override("zh-hans"):
        assert period_text(period) == chinese


def test_nothing_is_said_of_no_period() -> None:
    """Neither a boundary of a draft nor a period that was emptied has one."""
    assert period_text(None) == ""
    assert period_text(DateTimeTZRange(empty=True)) == ""
