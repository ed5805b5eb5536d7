"""What of the ledger proves which duty."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maintkit.clock import FixedClock, from_text
from maintkit.contract.due import Seen
from maintkit.desk.proofs import seen
from maintkit.documents.parts.duties import reason_zh
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


def test_what_is_entered_of_a_week_later_proves_that_week_and_no_other(ledger: Ledger) -> None:
    """On Monday somebody enters what was seen on Friday, and how a failure was handled."""
    watched(ledger, WEEK_47, function(1, probes=["web"]), function(2, manual="打印一张"))
    at(ledger, "2026-11-23T02:00:00Z")
    seen_on = {"at": "2026-11-20T08:00:00Z", "result": "ok", "note": "", "by": "李工"}
    ledger.append("watch.recorded", seen_on, subject="2")
    handling = {
        "week": "2026W47",
        "handling": "已处理",
        "owner": "李工",
        "due": None,
        "state": "resolved",
        "by": "李工",
    }
    ledger.append("watch.handled", handling, subject="1")
    (found,) = proof(ledger).evidence
    assert (found.day, found.source) == (date(2026, 11, 20), "week 2026W47")


def test_the_end_of_the_term_is_met_by_a_package_of_everything_and_a_period_by_one_of_it(ledger: Ledger) -> None:
    body = {"manifest": "0" * 64, "files": 3, "signer": None, "receiver": "李主任", "by": "张伟"}
    ledger.append("handover.delivered", {**body, "since": "2026-10-01", "until": None})
    assert (len(proof(ledger, "documents-handover").evidence), proof(ledger, "final-handover").evidence) == (1, ())
    ledger.append("handover.delivered", {**body, "since": None, "until": None})
    (found,) = proof(ledger, "final-handover").evidence
    assert (found.source, "a package of everything" in proof(ledger, "final-handover").note) == ("entry 2", True)


def test_a_further_try_does_not_take_the_week_from_the_days_before_it(ledger: Ledger) -> None:
    """It may lie in another month, whose review is another one."""
    watched(ledger, WEEK_48, function(1, probes=["web"]))
    watched(ledger, "2026-11-27T02:00:00Z", function(1, probes=["web"]))
    told = {day: seen(ledger, ["function-watch"], ZONE, date(2026, 11, day))["function-watch"] for day in (24, 26, 27)}
    assert {day: [one.day.day for one in had.evidence] for day, had in told.items()} == {24: [], 26: [25], 27: [27]}


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


def test_a_run_that_went_on_later_is_told_as_it_had_ended_by_the_day(ledger: Ledger) -> None:
    at(ledger, WEEK_47)
    changed(ledger, "C1", "vacuum")
    at(ledger, WEEK_48)
    ledger.append("change.finished", {"verdict": "done"}, run="C1", subject="p")
    days = {day: seen(ledger, ["tuning"], ZONE, date(2026, 11, day))["tuning"].evidence for day in (17, 18, 25)}
    assert {day: [one.day.day for one in found] for day, found in days.items()} == {17: [], 18: [18], 25: [25]}


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


def changed(ledger: Ledger, run: str, procedure: str, *, verdict: str = "done", **parameters: Any) -> None:
    plan = ledger.seal(json.dumps({"parameters": parameters}).encode(), media_type="application/json")
    frozen = ledger.append("plan.frozen", {"sha256": plan.sha256}, subject="p", attachments=[plan])
    ledger.append("change.started", {"procedure": procedure, "sha256": frozen.body["sha256"]}, run=run, subject="p")
    ledger.append("change.finished", {"verdict": verdict}, run=run, subject="p")


def test_a_setting_whose_figures_were_taken_is_tuning_and_so_is_a_vacuum(ledger: Ledger) -> None:
    """What is advised is planned with figures before and after; a file that is put on a host without any is not."""
    at(ledger, WEEK_48)
    changed(ledger, "C1", "config", dest="/etc/motd")
    changed(ledger, "C2", "config", dest="/x/zz-maintkit-work-mem.conf", measures=[{"name": "work_mem", "argv": ["x"]}])
    changed(ledger, "C3", "config", verdict="rolled-back", measures=[{"name": "work_mem", "argv": ["x"]}])
    changed(ledger, "C4", "vacuum")
    assert [one.source for one in proof(ledger, "tuning").evidence] == ["C2", "C4"]


def test_what_changed_at_the_site_is_told_by_the_words_of_the_contract(ledger: Ledger) -> None:
    """Hosts that came or moved, upgrades that were done, files that say when something runs or is backed up."""
    at(ledger, WEEK_48)
    hosts = {"his1": {"systems": ["HIS"], "address": "10.0.0.1"}}
    ledger.append("inspection.started", {"deep": False, "scope": None, "hosts": hosts}, run="first")
    ledger.append("inspection.started", {"deep": False, "scope": "db1", "hosts": {"db1": hosts["his1"]}}, run="one")
    ledger.append("inspection.started", {"deep": False, "scope": None, "hosts": hosts}, run="same")
    changed(ledger, "C1", "upgrade")
    changed(ledger, "C2", "upgrade", verdict="rolled-back")
    changed(ledger, "C3", "config", dest="/etc/pgbackrest.conf")
    changed(ledger, "C4", "config", dest="/etc/hosts")
    moved = {"his1": {"systems": ["HIS"], "address": "10.0.0.2"}}
    ledger.append("inspection.started", {"deep": False, "scope": None, "hosts": moved}, run="moved")
    told = proof(ledger, "recovery-manual").changes
    assert {word: [one.source for one in found] for word, found in told.items()} == {
        "topology": ["moved"],
        "engine": ["C1"],
        "schedule": ["C3"],
    }
