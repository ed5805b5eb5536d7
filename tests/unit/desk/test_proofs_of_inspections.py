"""Which inspections prove which duty, and what the others lack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from proving import WEEK_47, WEEK_48, ZONE, at, proof

from maintkit.desk.proofs import seen
from maintkit.documents.parts.duties import reason_zh
from maintkit.evidence.ledger import Ledger


@pytest.mark.parametrize(("scope", "counts"), [(None, True), ("his1", False)])
def test_an_inspection_of_some_hosts_is_none_of_the_site(ledger: Ledger, scope: str | None, *, counts: bool) -> None:
    at(ledger, WEEK_48)
    ledger.append("inspection.started", {"deep": False, "scope": scope}, run="20261125-1")
    ledger.append("inspection.finished", {"ended": "complete"}, run="20261125-1")
    assert bool(proof(ledger, "monthly-inspection").evidence) is counts


RUN = "20261125-1"
SEEN = {
    "backup.age": {"ok": 1, "unknown": 1},
    "logins.failed-burst": {"ok": 2},
    "accounts.uid0": {"ok": 1, "crit": 1},
    "sudo.nopasswd": {"warn": 1},
    "port.listening": {"ok": 2},
}


def inspected(
    ledger: Ledger,
    when: str = WEEK_48,
    *,
    run: str = RUN,
    critical: tuple[str, ...] = (),
    unlike: Mapping[str, Any] | None = None,
) -> None:
    """A complete one; `critical` are checks with a critical finding each, `unlike` what it saw otherwise."""
    at(ledger, when)
    ledger.append("inspection.started", {"deep": False, "scope": None}, run=run)
    bad = [
        {"event": f"{run}-{number:03}", "check": check, "subject": "his1"} for number, check in enumerate(critical, 1)
    ]
    checks = {**SEEN, **(unlike or {})}
    ledger.append("inspection.finished", {"ended": "complete", "checks": checks, "critical": bad}, run=run)


def counts(ledger: Ledger) -> list[bool]:
    """Whether there is evidence of the inspection, of backups and of access."""
    return [bool(proof(ledger, duty).evidence) for duty in ("monthly-inspection", "backup-watch", "access-watch")]


def test_an_inspection_that_saw_no_backups_and_no_logins_is_evidence_of_neither(ledger: Ledger) -> None:
    """No answer and no such thing on the host are no sight of it; which was not seen is said."""
    nothing = {"unknown": 1, "not-applicable": 1, "manual": 1}
    inspected(ledger, unlike={"backup.age": nothing, "logins.failed-burst": nothing})
    assert counts(ledger) == [True, False, False]
    assert proof(ledger, "backup-watch").note == f"{RUN} does not count: saw no backup jobs"
    assert proof(ledger, "access-watch").note == f"{RUN} does not count: saw no logins"
    inspected(ledger, run="20261125-2")
    assert counts(ledger) == [True, True, True]
    assert proof(ledger, "backup-watch").note == ""


@pytest.mark.parametrize(
    ("check", "met"),
    [
        ("backup.age", [False, False, True]),
        ("accounts.uid0", [False, True, False]),
        ("disk.space", [False, True, True]),
    ],
)
def test_a_critical_finding_of_which_nobody_has_said_a_word_leaves_its_duties_undone(
    ledger: Ledger, check: str, met: list[bool]
) -> None:
    """The contract asks for what was done about it; from the day of the first word on, the inspection counts."""
    inspected(ledger, critical=(check,))
    assert counts(ledger) == met
    assert f"{RUN}-001" in proof(ledger, "monthly-inspection").note
    at(ledger, "2026-11-27T02:00:00Z")
    ledger.append("finding.handled", {"handling": "已安排", "state": "open"}, subject=f"{RUN}-001")
    assert counts(ledger) == [True, True, True]
    (found,) = proof(ledger, "monthly-inspection").evidence
    assert (found.day, found.since) == (date(2026, 11, 25), date(2026, 11, 27))
    assert not found.counts(date(2026, 11, 26))


def test_what_an_inspection_lacks_is_told_as_it_was_on_the_day_that_is_asked_for(ledger: Ledger) -> None:
    """A later inspection says nothing of an earlier day, and neither does a word that came after it."""
    inspected(ledger, WEEK_47, run="20261118-1", critical=("backup.age",))
    inspected(ledger, critical=("backup.age",))
    at(ledger, "2026-11-27T02:00:00Z")
    ledger.append("finding.handled", {"handling": "已安排", "state": "open"}, subject="20261118-1-001")
    told = {day: seen(ledger, ["backup-watch"], ZONE, date(2026, 11, day))["backup-watch"] for day in (17, 18, 26, 27)}
    silent = "does not count: critical findings of which nobody has said a word (`maintkit finding handle`)"
    assert {day: one.note for day, one in told.items()} == {
        17: "",
        18: f"20261118-1 {silent}: 20261118-1-001",
        26: f"{RUN} {silent}: {RUN}-001",
        27: f"{RUN} {silent}: {RUN}-001",
    }
    assert [len(one.evidence) for one in told.values()] == [0, 0, 0, 1]


def test_a_waiver_of_what_was_found_is_a_word_too_and_an_older_one_is_not(ledger: Ledger) -> None:
    """What was let stand before, and has run out, was not let stand now."""
    waiver = {"check": "disk.space", "subject": "his1"}
    at(ledger, WEEK_47)
    ledger.append("finding.waived", waiver, subject="disk.space his1")
    inspected(ledger, critical=("disk.space",))
    assert counts(ledger)[0] is False
    ledger.append("finding.waived", waiver, subject="disk.space his1")
    assert counts(ledger)[0] is True


def test_an_inspection_of_an_older_maintkit_does_not_say_what_it_saw_and_counts(ledger: Ledger) -> None:
    """What was met before an upgrade of maintkit is met after it."""
    at(ledger, WEEK_48)
    ledger.append("inspection.started", {"deep": False, "scope": None}, run=RUN)
    ledger.append("inspection.finished", {"ended": "complete"}, run=RUN)
    assert counts(ledger) == [True, True, True]


def test_a_deep_inspection_counts_when_a_person_has_looked_at_every_row(ledger: Ledger) -> None:
    """On the day of the last look, from the day on which it was said; a correction moves neither back."""
    at(ledger, WEEK_47)
    ledger.append("inspection.started", {"deep": True, "scope": None}, run=RUN)
    ledger.append("inspection.finished", {"ended": "complete", "checks": SEEN, "critical": [], "rows": 2}, run=RUN)
    room = {"check": "manual.room", "at": "2026-11-19T02:00:00Z", "result": "ok", "note": "正常", "event": None}
    at(ledger, "2026-11-20T02:00:00Z")
    ledger.append("finding.looked", room, run=RUN, subject="his1")
    found = proof(ledger, "deep-inspection")
    lacks = f"{RUN} does not count: nobody has looked at 1 of 2 rows (`maintkit finding look`)"
    assert (found.evidence, found.note) == ((), lacks)
    assert reason_zh(found.note) == f"深度巡检 {RUN} 不计入：2 个人工检查项有 1 个未填写"
    for when in (WEEK_48, "2026-11-27T02:00:00Z"):
        at(ledger, when)
        ledger.append("finding.looked", room, run=RUN, subject="his2")
    (counted,) = proof(ledger, "deep-inspection").evidence
    assert (counted.day, counted.since) == (date(2026, 11, 19), date(2026, 11, 25))
    assert proof(ledger, "monthly-inspection").evidence[0].day == date(2026, 11, 18)
