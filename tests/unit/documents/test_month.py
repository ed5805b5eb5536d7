"""A month as a report covers it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from maintkit.documents.views.month import Month, bounds, months
from maintkit.documents.views.quarter import Quarter

ZONE = ZoneInfo("Asia/Shanghai")


def test_an_instant_belongs_to_the_month_on_site() -> None:
    """17:00 UTC of the 31st is 01:00 of the 1st in Shanghai."""
    assert Month.of(datetime(2026, 10, 31, 17, tzinfo=UTC), ZONE) == Month(year=2026, number=11)


def test_the_months_beside_one_cross_the_year() -> None:
    assert Month(year=2026, number=1).previous() == Month(year=2025, number=12)
    assert Month(year=2026, number=12).following() == Month(year=2027, number=1)


def test_a_quarter_is_bounded_by_its_months() -> None:
    """The first quarter of a leap year, in UTC: from 16:00 the day before to 16:00 of 31 March."""
    quarter = Quarter(year=2028, number=1)
    assert [str(month) for month in months(quarter)] == ["2028-01", "2028-02", "2028-03"]
    assert bounds(quarter, ZONE) == (
        datetime(2027, 12, 31, 16, tzinfo=UTC), datetime(2028, 3, 31, 16, tzinfo=UTC),
    )  # fmt: skip


def test_every_month_is_read_back_as_it_is_written() -> None:
    for number in range(1, 13):
        month = Month(year=2026, number=number)
        assert Month.parse(str(month)) == month


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "10-2026", "2026-x", "2026Q4", "0000-01", "9999-12"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"month"):
        Month.parse(text)
