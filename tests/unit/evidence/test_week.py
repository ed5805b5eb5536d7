"""Weeks as ISO 8601 counts them, in the contract's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from maintkit.evidence.week import Week

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("at", "week"),
    [
        (datetime(2026, 11, 22, 15, 59, tzinfo=UTC), "2026W47"),  # Sunday, a minute to midnight in Shanghai
        (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), "2026W48"),
        (datetime(2027, 1, 1, 4, 0, tzinfo=UTC), "2026W53"),
        (datetime(2024, 12, 31, 4, 0, tzinfo=UTC), "2025W01"),
    ],
)
def test_an_instant_falls_into_the_week_of_the_place(at: datetime, week: str) -> None:
    """A week begins on Monday where the hospital is, and belongs to the year of its Thursday."""
    assert str(Week.of(at, SHANGHAI)) == week


def test_a_week_spans_from_monday_to_the_next() -> None:
    """2026W48 begins on 23 November, and the first week of 2027 follows the 53rd of 2026."""
    since, until = Week.parse("2026w48").span(SHANGHAI)
    assert (since.date(), until.date()) == (date(2026, 11, 23), date(2026, 11, 30))
    assert Week.parse("2027W1").previous() == Week(year=2026, number=53)


@pytest.mark.parametrize(
    "text", ["2026", "2026W54", "2025W53", "2026W0", "W48", "2026Q4", "2026W-1", "9999W52", "1W1", f"{10**30}W1"]
)
def test_what_is_no_week_is_refused(text: str) -> None:
    """Also a 53rd week of a year that has none, and one beside which the calendar has no other."""
    with pytest.raises(ValueError, match=r"."):
        Week.parse(text)
