"""Lengths of time as a contract writes them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from maintkit.contract.span import Deadline, Elapsed, Span

DEADLINE: TypeAdapter[Span] = TypeAdapter(Deadline)
ELAPSED: TypeAdapter[Span] = TypeAdapter(Elapsed)


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [("15 min", 15, "min"), ("2 h", 2, "h"), ("7 wd", 7, "wd"), ("1 month", 1, "month"), ("3 months", 3, "month")],
)
def test_a_span_reads_as_it_is_written(text: str, count: int, unit: str) -> None:
    """Every unit of a contract is read, and written again in the same words."""
    span = DEADLINE.validate_python(text)
    assert (span.count, span.unit, str(span)) == (count, unit, text)
    assert DEADLINE.dump_python(span) == text


@pytest.mark.parametrize("text", ["", "2", "h", "-2 h", "2 hours", "1.5 h", "2 h 5 min", "٣ h", 5, None, "99999 h"])
def test_anything_else_is_refused(text: object) -> None:
    """No guessing: a deadline that is read wrongly is a breach of contract."""
    with pytest.raises(ValidationError):
        DEADLINE.validate_python(text)


@pytest.mark.parametrize("text", ["3 wd", "1 month"])
def test_a_clock_around_the_clock_knows_no_calendar(text: str) -> None:
    """Working days and months have no fixed number of minutes, so no fault clock may hold them."""
    with pytest.raises(ValidationError):
        ELAPSED.validate_python(text)
    with pytest.raises(ValueError, match="no fixed number of minutes"):
        _ = DEADLINE.validate_python(text).minutes


def test_minutes_count_hours() -> None:
    """Minutes are what clocks are compared in."""
    assert [ELAPSED.validate_python(text).minutes for text in ("0 min", "45 min", "24 h")] == [0, 45, 1440]
