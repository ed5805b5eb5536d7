"""Quarters are those of the contract's calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from maintkit.documents.views.quarter import Quarter


def test_an_instant_falls_into_the_quarter_of_the_contracts_zone() -> None:
    """Eight hours before the new year in UTC it is already the new year in Shanghai."""
    at = datetime(2026, 12, 31, 18, tzinfo=UTC)
    assert Quarter.of(at, ZoneInfo("Asia/Shanghai")) == Quarter(year=2027, number=1)
    assert Quarter.of(at, ZoneInfo("UTC")) == Quarter(year=2026, number=4)


@pytest.mark.parametrize(("quarter", "before"), [("2026Q4", "2026Q3"), ("2026Q2", "2026Q1"), ("2026Q1", "2025Q4")])
def test_the_quarter_before(quarter: str, before: str) -> None:
    """It crosses the year."""
    assert str(Quarter.parse(quarter).previous()) == before


@pytest.mark.parametrize("text", ["2026", "Q1", "2026Q5", "2026Q0", "2026-Q1x", ""])
def test_anything_else_is_no_quarter(text: str) -> None:
    """The message names what was given."""
    with pytest.raises(ValueError, match="quarter"):
        Quarter.parse(text)
