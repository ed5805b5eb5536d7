"""What of the ledger proves which duty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from proving import WEEK_47, WEEK_48, ZONE, at, proof

from maintkit.desk.proofs import seen
from maintkit.documents.parts.duties import reason_zh
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger


def function(seq: int, **covered: Any) -> dict[str, Any]:
    named = {"seq": seq, "system": "HIS", "suite_zh": "门诊", "category_zh": "挂号", "function_zh": f"功能 {seq}"}
    return named | {"probes": [], "manual": None} | covered


def watched(
    ledger: Ledger, when: str, *functions: dict[str, Any], by_hand: tuple[int, ...] = (), status: str = "crit"
) -> None:
    """One run of all probes, and what people entered after it."""
    at(ledger, when)
    run = f"W{when[:10]}"
    ledger.append("watch.started", {"functions": list(functions), "engineer": "李工", "asked": ["web"]}, run=run)
    body = {"covers": [1], "status": status, "reason": "refused", "detail": "", "took_ms": 3}
    ledger.append("watch.probed", body, run=run, subject="web")
    ledger.append("watch.finished", {"ended": "complete"}, run=run)
    for seq in by_hand:
        ledger.append("watch.recorded", {"result": "ok", "note": "", "by": "李工"}, subject=str(seq))


def test_a_week_counts_when_every_function_was_tried_whatever_it_answered(ledger: Ledger) -> None:
    """In week 47 nobody looked at the function that a person has to look at."""
    functions = (function(1, probes=["web"]), function(2, manual="打印一张"))
    watched(ledger, WEEK_47, *functions)
    assert (proof(ledger).evidence, proof(ledger).automatic) == ((), True)
    watched(ledger, WEEK_48, *functions, by_hand=(2,))
    (found,) = proof(ledger).evidence
    assert (found.day, found.source, found.what) == (date(2026, 11, 25), "week 2026W48", "2 functions watched")


def test_a_probe_that_could_not_ask_proves_nothing(ledger: Ledger) -> None:
    """A library or a password is missing, all week, or beside another probe that failed; once it asked, it has."""
    watched(ledger, WEEK_47, function(1, probes=["web"]), status="error")
    watched(ledger, "2026-11-19T02:00:00Z", function(1, probes=["web", "other"]))
    assert proof(ledger).evidence == ()
    watched(ledger, WEEK_48, function(1, probes=["web"]))
    watched(ledger, "2026-11-27T02:00:00Z", function(1, probes=["web"]), status="error")
    assert [one.source for one in proof(ledger).evidence] == ["week 2026W48"]


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


def changed(
    ledger: Ledger, run: str, procedure: str, *, verdict: str = "done", steps: int = 1, **parameters: Any
) -> None:
    plan = ledger.seal(json.dumps({"parameters": parameters}).encode(), media_type="application/json")
    frozen = ledger.append("plan.frozen", {"sha256": plan.sha256}, subject="p", attachments=[plan])
    ledger.append("change.started", {"procedure": procedure, "sha256": frozen.body["sha256"]}, run=run, subject="p")
    told = {"steps": [{"action": "x", "target": "y"}] * steps}
    document = ledger.seal(json.dumps(told).encode(), media_type="application/json")
    observed = {"phase": "change", "outcome": "ok", "document": document.sha256}
    ledger.append("phase.observed", observed, run=run, subject="his1", attachments=[document])
    ledger.append("change.finished", {"verdict": verdict}, run=run, subject="p")


@pytest.mark.parametrize("duty", ["tuning", "housekeeping"])
def test_a_run_that_ended_well_and_did_nothing_proves_nothing_and_is_named(ledger: Ledger, duty: str) -> None:
    """Its time was up before the first index could be begun."""
    at(ledger, WEEK_47)
    changed(ledger, "C1", "reindex", steps=0)
    assert (proof(ledger, duty).evidence, proof(ledger, duty).note) == ((), "C1 does not count: nothing was done in it")
    assert reason_zh(proof(ledger, duty).note) == "实施 C1 不计入：各项均未做"
    at(ledger, WEEK_48)
    changed(ledger, "C2", "reindex")
    assert ([one.source for one in proof(ledger, duty).evidence], proof(ledger, duty).note) == (["C2"], "")


def test_a_run_that_went_on_later_is_told_as_it_had_ended_by_the_day(ledger: Ledger) -> None:
    at(ledger, WEEK_47)
    changed(ledger, "C1", "vacuum")
    at(ledger, WEEK_48)
    ledger.append("change.finished", {"verdict": "done"}, run="C1", subject="p")
    days = {day: seen(ledger, ["tuning"], ZONE, date(2026, 11, day))["tuning"].evidence for day in (17, 18, 25)}
    assert {day: [one.day.day for one in found] for day, found in days.items()} == {17: [], 18: [18], 25: [25]}


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
