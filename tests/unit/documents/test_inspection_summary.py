"""季度巡检记录汇总单: what was done in a quarter, and what was not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sample_inspections as sample

from maintkit.documents.model import Document, texts
from maintkit.documents.views import Quarter, inspection_summary
from maintkit.errors import NotFound
from maintkit.evidence.recorded import Inspection

FOURTH = Quarter(year=2026, number=4)


def at(month: int, run: str, found: Inspection) -> Inspection:
    started = datetime(2026, month, 24, 1, 30, tzinfo=UTC)
    return replace(found, run=run, started_at=started, finished_at=started + timedelta(minutes=5))


def summary(*inspections: Inspection) -> Document:
    return inspection_summary(FOURTH, inspections, {}, sample.HEADER, emergencies=())


def said(document: Document) -> str:
    return "\n".join(texts(document))


def test_a_month_without_an_inspection_is_said() -> None:
    """The record of a duty not done is part of the summary."""
    document = summary(at(10, "20261024-1", sample.fleet()), at(11, "20261124-1", sample.fleet()))
    assert "2026 年 12 月在台账中没有巡检记录" in document.alerts[0].text
    assert "台账中没有本月的巡检记录" in said(document)


def test_months_are_those_of_the_contracts_zone() -> None:
    """An inspection at 23:30 UTC on 30 September is one of October in China."""
    early = replace(sample.fleet(2), started_at=datetime(2026, 9, 30, 23, 30, tzinfo=UTC))
    assert Quarter.of(early.started_at, ZoneInfo("Asia/Shanghai")) == FOURTH
    assert "2026 年 11、12 月在台账中没有巡检记录" in summary(early).alerts[0].text


def test_open_events_are_those_of_each_hosts_newest_look() -> None:
    """An event that a later inspection saw well is not open at the end."""
    healthy = sample.inspection((sample.host("his-app03", (sample.finding("his-app03", 3, instance="/data"),)),))
    both = summary(at(10, "20261024-1", sample.fleet()), at(11, "20261124-1", healthy))
    assert "20261124-1-001" in said(summary(at(10, "20261024-1", sample.fleet())))
    assert "20261124-1-001" not in said(both)
    assert "20261024-1-002" in said(both), "his-app05 was not looked at again: its event stays open"


def test_inspections_after_the_quarter_are_not_looked_at() -> None:
    """A summary drawn later says the same."""
    later = replace(sample.fleet(), run="20270105-1", started_at=datetime(2027, 1, 5, tzinfo=UTC))
    fourth = at(11, "20261124-1", sample.fleet())
    assert summary(fourth, later) == summary(fourth)


def test_a_quarter_with_nothing_before_it_is_refused() -> None:
    """There is no ledger entry to date such a summary by."""
    with pytest.raises(NotFound, match="no inspection in or before 2026Q4"):
        summary()


@pytest.mark.parametrize("text", ["2026", "2026Q5", "Q4", "2026-4"])
def test_what_is_not_a_quarter_is_refused(text: str) -> None:
    """`2026Q4` is the one spelling."""
    with pytest.raises(ValueError, match="quarter"):
        Quarter.parse(text)


def test_quarters_are_read_and_written() -> None:
    """Both ways."""
    assert Quarter.parse("2026q4") == FOURTH
    assert str(FOURTH) == "2026Q4"
    assert FOURTH.months == (10, 11, 12)
    assert FOURTH.title == "2026 年第四季度"
