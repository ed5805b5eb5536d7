"""One week of the watch: what it holds, and that later weeks are not read for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maintkit.clock import FixedClock, from_text, to_text
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.evidence.watch import watch_week
from maintkit.evidence.watch_weeks import watch_weeks
from maintkit.evidence.week import Week

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = from_text("2027-01-06T02:00:00Z")  # a Wednesday
FUNCTION = {"seq": 1, "system": "HIS", "suite_zh": "门诊", "category_zh": "挂号", "function_zh": "挂号",
            "probes": ["web"], "manual": "打印一张"}  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    clock = FixedClock(at=FIRST - timedelta(days=1))
    with Ledger.create(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock, redactor=Redactor()) as made:
        yield made


def watched(ledger: Ledger, week: int) -> None:
    """A run of one probe, and on Friday what a person had seen on Friday of the week before."""
    assert isinstance(ledger.clock, FixedClock)
    ledger.clock.at = FIRST + timedelta(days=7 * week)
    run = f"W{week}"
    ledger.append("watch.started", {"functions": [FUNCTION], "engineer": "李工", "asked": ["web"]}, run=run)
    body = {"covers": [1], "status": "ok", "reason": "answered", "detail": "", "took_ms": 3}
    ledger.append("watch.probed", body, run=run, subject="web")
    ledger.append("watch.finished", {"ended": "complete"}, run=run)
    ledger.clock.at += timedelta(days=2)
    seen = {"at": to_text(ledger.clock.at - timedelta(days=7)), "result": "ok", "note": "", "by": "李工"}
    ledger.append("watch.recorded", seen, subject="1")


def test_a_week_is_the_same_whether_it_is_read_alone_or_with_all_others(ledger: Ledger) -> None:
    """What was entered a week later is in it."""
    for week in range(6):
        watched(ledger, week)
    every = {one.week: one for one in watch_weeks(ledger, ZONE)}
    assert len(every) == 7
    assert {week: watch_week(ledger, week, ZONE) for week in every} == every


def test_of_later_weeks_only_what_people_saw_is_read(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their runs and probes are most of a ledger, and none of them is of an earlier week."""
    read: list[Entry] = []
    entries = Ledger.entries

    def counted(self: Ledger, **marks: Any) -> Iterator[Entry]:
        for entry in entries(self, **marks):
            read.append(entry)
            yield entry

    for week in range(20):
        watched(ledger, week)
    monkeypatch.setattr(Ledger, "entries", counted)
    found = watch_week(ledger, Week.of(FIRST, ZONE), ZONE)
    assert found is not None
    assert [(one.run, one.at) for one in found.runs] == [("W0", FIRST)]
    until = FIRST + timedelta(days=5)
    assert {entry.kind for entry in read if entry.at > until} == {"watch.recorded"}
