"""What of the ledger proves the weekly watch, and the check for vulnerabilities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maintkit.clock import FixedClock, from_text
from maintkit.contract.due import Seen
from maintkit.desk.proofs import seen
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

ZONE = ZoneInfo("Asia/Shanghai")
WEEK_47, WEEK_48 = "2026-11-18T02:00:00Z", "2026-11-25T02:00:00Z"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    clock = FixedClock(at=from_text("2026-11-01T00:00:00Z"))
    with Ledger.create(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock, redactor=Redactor()) as made:
        yield made


def at(ledger: Ledger, when: str) -> None:
    assert isinstance(ledger.clock, FixedClock)
    ledger.clock.at = from_text(when)


def function(seq: int, **covered: Any) -> dict[str, Any]:
    named = {"seq": seq, "system": "HIS", "suite_zh": "门诊", "category_zh": "挂号", "function_zh": f"功能 {seq}"}
    return named | {"probes": [], "manual": None} | covered


def watched(ledger: Ledger, when: str, *functions: dict[str, Any], by_hand: tuple[int, ...] = ()) -> None:
    """One run of all probes, and what people entered after it."""
    at(ledger, when)
    run = f"W{when[:10]}"
    ledger.append("watch.started", {"functions": list(functions), "engineer": "李工", "asked": ["web"]}, run=run)
    body = {"covers": [1], "status": "crit", "reason": "refused", "detail": "", "took_ms": 3}
    ledger.append("watch.probed", body, run=run, subject="web")
    ledger.append("watch.finished", {"ended": "complete"}, run=run)
    for seq in by_hand:
        ledger.append("watch.recorded", {"result": "ok", "note": "", "by": "李工"}, subject=str(seq))


def proof(ledger: Ledger, duty: str = "function-watch") -> Seen:
    return seen(ledger, [duty], ZONE)[duty]


def test_a_week_counts_when_every_function_was_tried_whatever_it_answered(ledger: Ledger) -> None:
    """In week 47 nobody looked at the function that a person has to look at."""
    functions = (function(1, probes=["web"]), function(2, manual="打印一张"))
    watched(ledger, WEEK_47, *functions)
    assert (proof(ledger).evidence, proof(ledger).automatic) == ((), True)
    watched(ledger, WEEK_48, *functions, by_hand=(2,))
    (found,) = proof(ledger).evidence
    assert (found.day, found.source, found.what) == (date(2026, 11, 25), "week 2026W48", "2 functions watched")


def test_a_function_that_nothing_covers_leaves_the_week_unproved(ledger: Ledger) -> None:
    watched(ledger, WEEK_48, function(1, probes=["web"]), function(2))
    assert proof(ledger).evidence == ()


def test_each_entry_of_the_watch_is_read_as_often_however_many_weeks_there_are(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three years of it are read in the time that three years take, and not in that of their square."""
    read: list[int] = []
    entries = Ledger.entries

    def counted(self: Ledger, **marks: Any) -> Iterator[Entry]:
        for entry in entries(self, **marks):
            read.append(entry.seq)
            yield entry

    monkeypatch.setattr(Ledger, "entries", counted)
    told = []
    for month in (1, 2, 3, 4):
        for day in (4, 11, 18, 25):
            watched(ledger, f"2027-{month:02}-{day:02}T02:00:00Z", function(1, probes=["web"]))
        read.clear()
        weeks = len(proof(ledger).evidence)
        told.append((weeks, len(read) / weeks))
    assert [weeks for weeks, _ in told] == [4, 8, 12, 16]
    assert len({each for _, each in told}) == 1


def test_a_check_for_vulnerabilities_proves_its_duty_when_it_has_looked_at_every_host(ledger: Ledger) -> None:
    """Without a deep inspection nobody's packages are known: such a check has looked at nothing."""
    at(ledger, "2026-11-25T16:30:00Z")
    for number, looked_at in ((2, 0), (3, 1)):
        ledger.append("vulnerability.checked", {"expected": 2, "looked_at": looked_at}, run=f"V20261126-{number}")
    assert (proof(ledger, "vulnerability-check").evidence, proof(ledger, "vulnerability-check").automatic) == ((), True)
    ledger.append("vulnerability.checked", {"expected": 2, "looked_at": 2}, run="V20261126-1")
    (found,) = proof(ledger, "vulnerability-check").evidence
    assert (found.day, found.source) == (date(2026, 11, 26), "V20261126-1")


@pytest.mark.parametrize(("scope", "counts"), [(None, True), ("his1", False)])
def test_an_inspection_of_some_hosts_is_none_of_the_site(ledger: Ledger, scope: str | None, *, counts: bool) -> None:
    at(ledger, WEEK_48)
    ledger.append("inspection.started", {"deep": False, "scope": scope}, run="20261125-1")
    ledger.append("inspection.finished", {"ended": "complete"}, run="20261125-1")
    assert bool(proof(ledger, "monthly-inspection").evidence) is counts
