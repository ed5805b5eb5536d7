"""The rows of a deep inspection that a person looks at: entered, corrected, late; and what each leaves unfinished."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from inprocess import Done, maintkit
from inspected import FINDING, STARTED
from sites import make_site

from maintkit.clock import FixedClock, SystemClock
from maintkit.evidence import history
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.runs.baseline import baseline
from maintkit.settings import load_settings

ZONE = ZoneInfo("Asia/Shanghai")
BEGAN = datetime(2026, 11, 23, 8, tzinfo=ZONE)
HOSTS, CHECKS = ("his1", "his2"), ("manual.server", "manual.room")
ROOM = {
    "check": "manual.room", "title_zh": "机房环境（现场）", "instance": "", "status": "manual", "value": None,
    "unit": "", "reason": "looked at on site by the engineer: temperature",
}  # fmt: skip
SAID = ("--by", "王工")


def judged(ledger: Ledger, run: str, rows: tuple[str, ...], *, deep: bool = True, carried: str | None = None) -> None:
    """One inspection of both hosts, on which nothing is wrong; `carried` is an event that his1 still has."""
    started = STARTED | {
        "deep": deep, "hosts": dict.fromkeys(HOSTS, STARTED["hosts"]["his1"]), "inventory_size": 2,
        "period_from": "2026-11-16T00:00:00Z",
    }  # fmt: skip
    ledger.append("inspection.started", started, run=run)
    told = {"status": "ok", "reason": "", "via": "ssh", "took_ms": 9, "facts": None, "carried": False, "redacted": 0}
    for host in HOSTS:
        ledger.append("facts.collected", told, run=run, subject=host)
        found = [FINDING | {"host": host}, *(FINDING | ROOM | {"host": host, "check": check} for check in rows)]
        if carried and host == "his1":
            found.append(FINDING | ROOM | {"host": host, "status": "skipped", "event": carried})
        ledger.append("host.judged", {"collection": "ok", "findings": found}, run=run, subject=host)
    ended = {
        "ended": "complete", "coverage": {"expected": 2, "inspected": 2, "missed": {}}, "checks": {}, "critical": [],
        "counts": {"manual": 2 * len(rows)}, "rows": 2 * len(rows),
    }  # fmt: skip
    ledger.append("inspection.finished", ended, run=run)


class Site:
    """A site whose clock a test turns, with a deep inspection of 23 November."""

    def __init__(self, root: Path, clock: FixedClock) -> None:
        self.root, self.clock = root, clock

    def ledger(self) -> Ledger:
        return Ledger.open(load_settings(self.root).ledger_url, clock=self.clock, redactor=Redactor())

    def run(self, *words: str) -> Done:
        return maintkit(*words, "--site", str(self.root))

    def told(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def look(self, check: str, *hosts: str, result: str = "ok", note: str = "温湿度正常", at: str = "") -> Done:
        words = ("finding", "look", "20261123-1", check, *hosts, "--result", result, "--note", note, *SAID)
        return self.run(*words, *(("--at", at) if at else ()))

    def everything(self) -> None:
        for check in CHECKS:
            assert self.look(check, *HOSTS).returncode == 0

    def lacks(self, document: str) -> Mapping[str, Any]:
        found = self.told("report", "--list")["documents"]
        lacks: Mapping[str, Any] = next(one["lacks"] for one in found if one["document"] == document)
        return lacks

    def duty(self, on: str) -> dict[str, Any]:
        done = self.run("due", "--on", on, "--json")
        assert done.returncode in (0, 14), done.stderr
        told: list[dict[str, Any]] = json.loads(done.stdout)["duties"]
        return next(one for one in told if one["duty"] == "deep-inspection")

    def text(self, document: str) -> str:
        out = self.root / "out"
        done = self.run("report", document, "--run", "20261123-1", "--format", "html", "--out", str(out))
        assert done.returncode == 0, done.stderr
        (path,) = out.glob("*.html")
        found = path.read_text("utf-8")
        path.unlink()
        return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = FixedClock(at=datetime(2025, 12, 20, tzinfo=UTC))
    with patch.object(SystemClock, "now", lambda _self: clock.now()):
        root = make_site(tmp_path / "site", {"all": {"hosts": {name: {} for name in HOSTS}}})
        (root / "ledger" / "ledger.db").unlink()
        clock.at = BEGAN
        Ledger.create(f"sqlite:///{root}/ledger/ledger.db", clock=clock, redactor=Redactor()).close()
        made = Site(root, clock)
        with made.ledger() as ledger:
            judged(ledger, "20261123-1", CHECKS)
        clock.at += timedelta(hours=2)
        yield made


def test_a_deep_inspection_is_a_draft_and_no_evidence_until_every_row_is_looked_at(site: Site) -> None:
    """Its record, the health report and its duty wait for the same rows; the list names them."""
    wanting = (
        "a person's look (`maintkit finding look`) at 4 rows: manual.server his1, manual.room his1, manual.server his2,"
        " manual.room his2"
    )
    assert site.lacks("inspection-record") == [wanting]
    assert wanting in site.lacks("health-report")
    assert "草稿：4 个人工检查项的结果尚未填写" in site.text("inspection")
    assert "4 个人工检查项的结果尚未填写" in site.text("health")
    duty = site.duty("2026-11-23")
    assert (duty["state"] != "met", "nobody has looked at 4 of 4 rows" in duty["reason"]) == (True, True), duty
    site.everything()
    assert site.lacks("inspection-record") == []
    record = site.text("inspection")
    assert ("草稿" in record, "待填写" in record, "正常：温湿度正常" in record) == (False, False, True)
    assert "4 项由人工检查，结果见第六节" in record
    assert "人工检查项的结果尚未填写" not in site.text("health")
    assert site.duty("2026-11-23")["state"] == "met"


def test_a_look_that_is_entered_late_bears_both_times_and_is_evidence_from_the_day_it_was_entered(site: Site) -> None:
    """Seen on Tuesday and said on Thursday: the inspection was done on Tuesday, and on Wednesday nobody knew."""
    site.look("manual.server", *HOSTS)
    site.clock.at = BEGAN + timedelta(days=3)
    assert site.look("manual.room", *HOSTS, at="2026-11-24T16:30").returncode == 0
    assert "王工\n2026-11-24 16:30\n补记于 2026-11-26 08:00" in site.text("inspection").replace("<br>", "\n")
    assert site.duty("2026-11-25")["state"] != "met"
    duty = site.duty("2026-11-26")
    assert (duty["state"], duty["last"]["on"]) == ("met", "2026-11-24"), duty


def test_a_later_word_corrects_a_row_and_both_are_kept(site: Site) -> None:
    """What was bad by mistake is no event any more; one that is bad again keeps its name."""
    site.look("manual.room", "his1", result="crit", note="UPS 故障")
    assert "20261123-1-001" in site.run("finding", "list").stdout
    site.look("manual.room", "his1", note="误填，UPS 正常")
    assert "no open events" in site.run("finding", "list").stdout
    shown = site.run("finding", "show", "20261123-1-001")
    assert (shown.returncode, "entered by mistake" in shown.stderr) == (7, True)
    record = site.text("inspection")
    assert ("误填，UPS 正常" in record, "UPS 故障" in record, "更正台账 #" in record) == (True, False, True)
    site.look("manual.room", "his1", result="warn", note="UPS 电池老化")
    assert [one["event"] for one in site.told("finding", "list")] == ["20261123-1-001"]


def test_what_is_bad_is_an_event_with_owner_and_date_in_both_documents(site: Site) -> None:
    """Each host has its own; they are handled like any other, and the documents wait for that."""
    site.everything()
    site.look("manual.room", *HOSTS, result="warn", note="空调滤网积尘")
    assert [one["event"] for one in site.told("finding", "list")] == ["20261123-1-001", "20261123-1-002"]
    assert site.lacks("inspection-record") == ["a whole handling of 2 events: 20261123-1-001, 20261123-1-002"]
    said = ("--conclusion", "属实", "--handling", "清洗", "--owner", "赵工", "--due", "2026-12-01", *SAID)
    for event in ("20261123-1-001", "20261123-1-002"):
        assert site.run("finding", "handle", event, *said).returncode == 0
    assert site.lacks("inspection-record") == []
    for document in ("inspection", "health"):
        text = site.text(document)
        assert all(words in text for words in ("空调滤网积尘", "赵工", "2026-12-01")), document


def test_what_is_said_after_the_next_inspection_stands_open_until_the_row_is_looked_at_again(site: Site) -> None:
    """The next inspections do not ask for the row, and do not close what was seen."""
    site.clock.at = BEGAN + timedelta(days=7)
    with site.ledger() as ledger:
        judged(ledger, "20261130-1", (), deep=False)
    site.look("manual.room", "his1", result="crit", note="UPS 故障", at="2026-11-23T15:00")
    (found,) = site.told("finding", "list")
    assert (found["event"], found["status"], found["open"]) == ("20261123-1-001", "crit", True)
    with site.ledger() as ledger:
        past = baseline(ledger, "his1", resolved=()).open
        assert past["manual.room", "his1"].conclusion_zh == "UPS 故障"
        judged(ledger, "20261130-2", (), deep=False, carried="20261123-1-001")
        assert baseline(ledger, "his1", resolved=()).open["manual.room", "his1"].status == "crit"
    assert site.told("finding", "show", "20261123-1-001")["run"] == "20261130-2"
    site.look("manual.room", "his1", note="UPS 已更换", at="2026-11-23T15:00")
    assert site.told("finding", "list") == []
    with site.ledger() as ledger:
        assert not baseline(ledger, "his1", resolved=()).open
        assert "UPS 已更换" in "\n".join(one.conclusion_zh for one in history.inspection(ledger, "20261123-1").findings)


def test_what_a_person_saw_is_not_waived(site: Site) -> None:
    """No inspection looks at it again, so nothing would ever be shown as waived."""
    site.look("manual.room", "his1", result="warn", note="空调滤网积尘")
    done = site.run("finding", "waive", "20261123-1-001", "--who", "李主任", "--why", "下月换", *SAID)
    assert (done.returncode, "is what a person saw" in done.stderr) == (2, True)
    with site.ledger() as ledger:
        assert list(ledger.entries(kind="finding.waived")) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("20261101-1", "manual.room", "his1"), 7, "no inspection '20261101-1'"),
        (("20261123-1", "manual.room", "his1", "web9"), 7, "has no host web9"),
        (("20261123-1", "disk.space", "his1"), 7, "its rows are manual.server, manual.room"),
        (("20261123-1", "manual.room", "his1", "--at", "2026-12-01T08:00"), 2, "is still to come"),
        (("20261123-1", "manual.room", "his1", "--at", "2026-11-15T08:00"), 2, "is no look of 20261123-1"),
        (("20261123-1", "manual.room"), 2, "HOST"),
    ],
)
def test_what_nobody_is_asked_to_look_at_is_refused_and_nothing_is_entered(
    site: Site, words: tuple[str, ...], code: int, said: str
) -> None:
    done = site.run("finding", "look", *words, "--result", "ok", "--note", "正常", *SAID)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    with site.ledger() as ledger:
        assert list(ledger.entries(kind="finding.looked")) == []


def test_a_daily_inspection_has_no_rows_and_says_where_they_are(site: Site) -> None:
    with site.ledger() as ledger:
        judged(ledger, "20261123-2", (), deep=False)
    words = ("finding", "look", "20261123-2", "manual.room", "his1", "--result", "ok", "--note", "正常", *SAID)
    assert "only `maintkit inspect --deep` has such rows" in site.run(*words).stderr


def test_what_was_entered_is_told_to_a_script(site: Site) -> None:
    words = ("finding", "look", "20261123-1", "manual.room", *HOSTS, "--result", "crit", "--note", "积水", *SAID)
    entries = site.told(*words)
    assert [(one["kind"], one["subject"], one["body"]["event"]) for one in entries] == [
        ("finding.looked", "his1", "20261123-1-001"),
        ("finding.looked", "his2", "20261123-1-002"),
    ]
