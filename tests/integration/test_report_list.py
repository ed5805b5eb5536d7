"""`maintkit report --list`: what can be drawn, what it lacks, what was issued, and which duty it answers."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from inprocess import Done, maintkit
from inspected import FINDING, STARTED
from jsonschema import Draft202012Validator
from sites import make_site

from maintkit.cli.terminal.offers import listing
from maintkit.cli.terminal.offers.wanting import UNKNOWN
from maintkit.clock import FixedClock
from maintkit.contract.load import load_site
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

NOW = datetime.now(UTC).replace(microsecond=0)
PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas" / "report-list.schema.json"
WARNED = {"status": "warn", "event": "D1-001", "check": "accounts.uid0"}


def ledger_of(site: Path, at: datetime | None = None) -> Ledger:
    clock = FixedClock(at=at or datetime.now(UTC))
    return Ledger.open(load_settings(site).ledger_url, clock=clock, redactor=Redactor())


def inspected(ledger: Ledger, run: str, *, deep: bool = False, hosts: int = 1, **finding: Any) -> None:
    """One inspection; each host has one finding."""
    names = [f"his{number + 1}" for number in range(hosts)]
    started = STARTED | {"deep": deep, "hosts": dict.fromkeys(names, STARTED["hosts"]["his1"]), "inventory_size": hosts}
    ledger.append("inspection.started", started, run=run)
    told = {"status": "ok", "reason": "", "via": "ssh", "took_ms": 9, "facts": None, "carried": False, "redacted": 0}
    for name in names:
        ledger.append("facts.collected", told, run=run, subject=name)
        judged = {"collection": "ok", "findings": [FINDING | finding | {"host": name}]}
        ledger.append("host.judged", judged, run=run, subject=name)
    counted = {"expected": hosts, "inspected": hosts, "missed": {}}
    ledger.append("inspection.finished", {"ended": "complete", "coverage": counted, "counts": {}}, run=run)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A deep inspection that found an account it should not have."""
    made = make_site(tmp_path / "site", {"all": {"hosts": {"his1": {}}}})
    with ledger_of(made, NOW - timedelta(days=3)) as ledger:
        inspected(ledger, "D1", deep=True, **WARNED)
    return made


def run(site: Path, *words: str) -> Done:
    return maintkit(*words, "--site", str(site))


def listed(site: Path, *words: str) -> dict[str, dict[str, Any]]:
    """The list by kind and number; it is what the published schema says."""
    done = run(site, "report", "--list", "--json", *words)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    Draft202012Validator(json.loads(PUBLISHED.read_text("utf-8"))).validate(told)
    return {f"{one['document']} {one['number']}": one for one in told["documents"]}


def test_a_fresh_site_offers_the_plans_alone(tmp_path: Path) -> None:
    """They are owed a month after signing, whatever was done: their blanks are named as `fill` takes them."""
    found = listed(make_site(tmp_path / "site", {"all": {"hosts": {"his1": {}}}}))
    assert {one.split()[0] for one in found} == {"emergency-plan", "disaster-plan"}
    emergency = next(one for one in found.values() if one["document"] == "emergency-plan")
    assert emergency["duties"] == ["emergency-plan"]
    assert any(lack.startswith("blank command (") for lack in emergency["lacks"])
    assert "an inspection that has seen the hosts" in emergency["lacks"]


def test_what_the_contract_asks_for_and_is_not_there_is_told_with_what_it_needs(tmp_path: Path) -> None:
    """Every document of every duty is either offered or said to be not yet possible; never left out in silence."""
    fresh = make_site(tmp_path / "site", {"all": {"hosts": {"his1": {}}}})
    found = json.loads(run(fresh, "report", "--list", "--json").stdout)
    contract = load_site(fresh).contract
    asked = {title for duty in contract.duties for title in (*duty.documents, *duty.documents_if_found)}
    wanted = {one["title"]: one for one in found["not_yet"]}
    offered = {one["title"] for one in found["documents"]}
    assert {*asked, contract.faults.report.document} <= {*wanted, *offered}
    assert not {*wanted} & offered
    assert wanted["备份恢复验证报告"]["duties"] == ["restore-drill"]
    assert "maintkit plan restore-drill" in wanted["备份恢复验证报告"]["needs"]
    assert not [one for one in wanted.values() if one["needs"] == UNKNOWN]
    line = "季度深度巡检记录  not yet possible  deep-inspection  needs a deep inspection: `maintkit inspect --deep`"
    assert line in run(fresh, "report", "--list").stdout.splitlines()
    with ledger_of(fresh) as ledger:
        inspected(ledger, "D1", deep=True)
    assert line not in run(fresh, "report", "--list").stdout.splitlines()


def test_a_deep_inspection_offers_its_documents_and_says_what_they_lack(site: Path) -> None:
    """Record, health report, the report of the account, the summary, the manuals; each for its own duty."""
    found = listed(site)
    record, health, account = (found[f"{kind} D1"] for kind in ("inspection-record", "health-report", "security-event"))
    assert record["lacks"] == account["lacks"] == ["a whole handling of 1 events: D1-001"]
    assert [lack.split(" (")[0] for lack in health["lacks"]] == [
        "blank conclusion", "blank plan", "a whole handling of 1 events: D1-001"
    ]  # fmt: skip
    assert (record["duties"], health["duties"]) == (["deep-inspection"], ["health-report"])
    assert account["duties"] == ["access-watch"]
    assert {one["document"] for one in found.values()} >= {
        "inspection-summary", "configuration-manual", "recovery-manual", "incident-summary", "ticket-summary",
        "service-review",
    }  # fmt: skip


def test_every_command_of_the_list_draws_the_document_that_it_names(site: Path, tmp_path: Path) -> None:
    """To the letter: number, title, and whether it is a draft."""
    for one in listed(site).values():
        done = run(site, *one["command"], "--format", "html", "--out", str(tmp_path / "out"), "--json")
        assert done.returncode == 0, (one, done.stderr)
        drawn = json.loads(done.stdout)
        assert [Path(path).stem for path in drawn["written"]] == [f"{one['title']}-{one['number']}"]
        assert drawn["draft"] is bool(one["lacks"]), one


def test_what_was_handled_is_ready_and_then_issued_and_then_gone_with_its_inspection(site: Path) -> None:
    """The manual of an earlier inspection is still told, with who issued it and when, and no command draws it."""
    handled = ("--conclusion", "属实", "--handling", "已删除", "--owner", "王工", "--due", f"{NOW:%Y-%m-%d}")
    assert run(site, "finding", "handle", "D1-001", *handled, "--by", "张工").returncode == 0
    assert listed(site)["inspection-record D1"]["state"] == "ready"
    words = ("report", "inspection", "--run", "D1", "--format", "html", "--issued-by", "张工")
    assert run(site, *words).returncode == 0
    record = listed(site)["inspection-record D1"]
    assert (record["state"], [(one["version"], one["by"]) for one in record["issues"]]) == ("issued", [(1, "张工")])
    with ledger_of(site) as ledger:
        body = {"document": "recovery-manual", "number": "D0", "title": "数据恢复操作手册", "version": 2, "by": "李工",
                "at": "2026-01-05T00:00:00Z", "content": "0" * 64, "files": []}  # fmt: skip
        ledger.append("document.issued", body, subject="recovery-manual D0")
    gone = listed(site)["recovery-manual D0"]
    assert (gone["command"], gone["state"], gone["title"]) == (None, "issued", "数据恢复操作手册")
    text = run(site, "report", "--list").stdout
    assert "issued: version 2, 2026-01-05 by 李工  recovery-manual  no longer drawn" in text


def handle(site: Path, *words: str) -> None:
    said = ("--handling", "已安排", "--owner", "王工", "--by", "张工")
    assert run(site, "finding", "handle", "D1-001", *said, *words).returncode == 0


def record_of(site: Path, number: str, tmp_path: Path) -> str:
    words = ("report", "inspection", "--run", number, "--format", "html", "--out", str(tmp_path / "out"))
    assert run(site, *words).returncode == 0
    return next((tmp_path / "out").glob(f"*-{number}.html")).read_text("utf-8")


def test_what_is_said_after_the_next_inspection_stands_in_its_record_and_not_in_the_one_before(
    site: Path, tmp_path: Path
) -> None:
    """What was whole stays so, and a record that was handed over says the same for ever."""
    due = ("--due", f"{NOW:%Y-%m-%d}")
    handle(site, "--conclusion", "初判", *due)
    first = record_of(site, "D1", tmp_path)
    with ledger_of(site) as ledger:
        inspected(ledger, "D2", **WARNED)
    handle(site, "--conclusion", "复查", *due)
    handle(site, "--conclusion", "了结", "--state", "resolved")
    assert record_of(site, "D1", tmp_path) == first
    second = record_of(site, "D2", tmp_path)
    assert all(word in second for word in ("初判", "复查", "了结"))
    found = listed(site)
    assert (found["inspection-record D1"]["lacks"], found["inspection-record D2"]["state"]) == ([], "ready")


def test_a_record_that_waited_for_a_handling_takes_the_first_whole_one(site: Path, tmp_path: Path) -> None:
    """However late: else it would be a draft for ever."""
    with ledger_of(site) as ledger:
        inspected(ledger, "D2", **WARNED)
        body = {"conclusion": "不全", "handling": "", "owner": "", "due": None, "state": "in-progress", "by": "张工"}
        ledger.append("finding.handled", body, run="D1", subject="D1-001")
    for conclusion, due in (("补记", ("--due", f"{NOW:%Y-%m-%d}")), ("再议", ("--due", "2030-01-01"))):
        handle(site, "--conclusion", conclusion, *due)
    assert listed(site)["inspection-record D1"]["lacks"] == []
    text = record_of(site, "D1", tmp_path)
    assert ("不全" in text, "补记" in text, "再议" in text) == (False, True, False)


def test_old_inspections_are_looked_into_when_asked(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound nothing is said of what they lack, and that is said: never that they lack nothing."""
    with ledger_of(site) as ledger:
        inspected(ledger, "D2", hosts=2)
    monkeypatch.setattr(listing, "MOST_LOOKS", 2)
    bounded = run(site, "report", "--list").stdout
    assert "1 older inspections were not looked into" in bounded
    old = listed(site)["inspection-record D1"]
    assert (old["state"], old["lacks"]) == ("not-looked-at", None)
    assert listed(site, "--all")["inspection-record D1"]["state"] == "draft"


def test_a_command_is_a_line_for_a_shell(site: Path) -> None:
    lines = [line for line in run(site, "report", "--list").stdout.splitlines() if "inspection --run D1" in line]
    (words,) = [shlex.split(line.rpartition("  ")[2]) for line in lines]
    assert words == ["maintkit", "report", "inspection", "--run", "D1"]


def test_the_published_schema_is_that_of_the_list(tmp_path: Path) -> None:
    """`python -m maintkit.cli.terminal.offers.listing docs/schemas/report-list.schema.json` makes it."""
    assert listing.main([str(tmp_path / "schema.json")]) == 0
    assert (tmp_path / "schema.json").read_text("utf-8") == PUBLISHED.read_text("utf-8") == listing.schema()
    assert listing.main([]) == 2
