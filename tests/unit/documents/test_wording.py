"""Instants, quantities and limits read the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from maintkit.documents import wording

AT = datetime(2026, 11, 23, 17, 5, tzinfo=UTC)


def test_instants_are_written_in_the_zone_of_the_contract() -> None:
    """Not in the zone of the machine that draws the document."""
    assert wording.instant(AT, ZoneInfo("Asia/Shanghai")) == "2026-11-24 01:05"
    assert wording.instant(AT, ZoneInfo("Asia/Urumqi")) == "2026-11-23 23:05"
    assert wording.instant(None, UTC) == "—"
    assert wording.offset(AT, ZoneInfo("Asia/Shanghai")) == "UTC+08:00"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (93.4, "%", "93.4 %"),
        (93.404, "percent", "93.4 %"),
        (3, "count", "3"),
        (0.0, "%", "0 %"),
        (0.0004, "s", "0.0004 秒"),
        (7301444403, "bytes", "6.8 GiB"),
        (512, "bytes", "512 B"),
        (-2048, "bytes", "-2 KiB"),
        ("符合", "", "符合"),
        (None, "%", "—"),
        ("", "", "—"),
    ],
)
def test_quantities_carry_their_unit(value: float | str | None, unit: str, shown: str) -> None:
    """Bytes in binary multiples; small fractions do not read as nothing."""
    assert wording.quantity(value, unit) == shown


def test_a_limit_names_both_bounds_and_where_they_come_from() -> None:
    """Who reads 警告 can see what line was crossed and whose line it is."""
    limit = {"op": ">", "unit": "%", "warn": 80, "crit": 90, "source": "ZL", "profile": "default"}
    assert wording.limit(limit) == "＞80 % 警告，＞90 % 严重"
    assert wording.limit(limit | {"warn": None}) == "＞90 % 严重"
    assert wording.basis(limit) == "default / ZL"
    assert wording.limit(None) == wording.basis(None) == "—"
