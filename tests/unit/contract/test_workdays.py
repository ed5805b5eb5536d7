"""Working days against a table made by hand from the published notices of 2025 and 2026."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from maintkit.contract.workdays import Calendar, Overlay, Undetermined

# 国办发明电〔2024〕12 号 (2025) and 〔2025〕7 号 (2026): first and last day off, then the weekends that are worked.
OFF = (
    ("2025-01-01", "2025-01-01"),
    ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
)
WORKED = (
    "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11", "2026-01-04",
    "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10",
)  # fmt: skip
DAYS = [date(2025, 1, 1) + timedelta(days=number) for number in range(730)]
TABLE = [
    day
    for day in DAYS
    if str(day) in WORKED or (day.isoweekday() < 6 and not any(first <= str(day) <= last for first, last in OFF))
]
NEXT = {"source": "通知", "holidays": ["2027-01-01"], "workdays": ["2027-01-09"]}


@pytest.mark.parametrize("day", DAYS)
def test_every_day_of_two_years_is_as_the_notices_say(day: date) -> None:
    """Holidays, and the weekends that make up for them."""
    assert Calendar().works(day) is (day in TABLE)


def test_three_working_days_after_the_eve_of_national_day_end_on_a_saturday() -> None:
    """8 and 9 October are worked, and so is Saturday the 10th."""
    assert Calendar().after(date(2026, 9, 30), 3) == date(2026, 10, 10)


@given(day=st.sampled_from(DAYS), count=st.integers(0, 40))
def test_the_nth_working_day_after_is_the_nth_of_the_table(day: date, count: int) -> None:
    """The day itself does not count; past the table nothing is said."""
    later = [worked for worked in TABLE if worked > day]
    found = Calendar().after(day, count)
    if count == 0:
        assert found == day
    elif count <= len(later):
        assert found == later[count - 1]
    else:
        assert isinstance(found, Undetermined)


def test_a_year_that_nobody_has_published_is_undetermined() -> None:
    """A weekday of 2027 is not taken for a working day, and no deadline is counted across it."""
    found = Calendar().after(date(2026, 12, 30), 2)
    assert found == Undetermined(reason="the working days of 2027 are not known to this calendar")


def test_a_site_may_add_a_year() -> None:
    """31 December, then 4 January (the 1st is off), and Saturday the 9th works."""
    calendar = Calendar(years=Overlay.model_validate({"years": {2027: NEXT}}).years)
    assert calendar.after(date(2026, 12, 30), 2) == date(2027, 1, 4)
    assert calendar.after(date(2027, 1, 8), 1) == date(2027, 1, 9)


@pytest.mark.parametrize(
    ("years", "said"),
    [
        ({2026: {"source": "x", "holidays": ["2026-10-10"]}}, "2026-01-01 is known to be off"),
        ({2027: NEXT | {"workdays": ["2027-01-08"]}}, "2027-01-08 is a Friday"),
        ({2027: NEXT | {"workdays": ["2028-01-08"]}}, "2028-01-08 is not in 2027"),
        ({2027: NEXT | {"holidays": ["2027-01-09"]}}, "is off and worked"),
    ],
)
def test_a_calendar_that_contradicts_itself_or_what_is_known_is_refused(years: dict[int, object], said: str) -> None:
    """Wrong years, worked Fridays, days both off and worked, and another 2026 than the published one."""
    with pytest.raises(ValidationError, match=said):
        Overlay.model_validate({"years": years})
