"""`maintkit report emergency-plan`, `disaster-plan` and `fill`, on a ledger with a drill, facts and registers."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
import pytest
import sample_configurations as configurations
import sample_runs as runs
import sites
import yaml
from click.testing import CliRunner

from maintkit.cli.main import cli
from maintkit.cli.terminal import drawing, readiness
from maintkit.clock import FixedClock, SystemClock
from maintkit.contract.load import load_site
from maintkit.documents.model import EvidenceList
from maintkit.errors import DocumentRefused, NotFound, SiteError
from maintkit.evidence import history, registers
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

LATER = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
BACKUPS = {
    "status": "ok", "reason": None,
    "data": {"jobs": [{"tool": "pgbackrest", "name": "his", "status_code": 0, "status": "ok", "repositories": 1,
                       "off_host": False, "backups": [{"label": "F", "stopped_at": 1796000000.0}]}]},
}  # fmt: skip
RECOVERY = {
    "systems": [{"system": "HIS", "rto": "1 min", "rpo": "15 min"}],
    "contacts": [{"name": "厂商", "phone": "400-12"}],
}

TOLD = (
    "his-db1",
    "10.1.2.21",
    "Debian GNU/Linux 12",
    "演练实测 RTO 1 分 3 秒，超过约定的 60 秒",
    "his 没有异机副本",
    "李强",
    "400-12",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drill of `his` passed; the host was inspected; a manager changed with consent."""
    site = sites.make_site(tmp_path_factory.mktemp("bad-day") / "site", {"his": {"hosts": {"his-db1": None}}})
    services = yaml.safe_load((site / "services.yml").read_text(encoding="utf-8"))
    services["hosts"] = {"his-db1": {"backups": [{"tool": "pgbackrest", "name": "his", "every_h": 24}]}}
    (site / "services.yml").write_text(yaml.safe_dump(services, allow_unicode=True), encoding="utf-8")
    shutil.rmtree(site / "ledger")
    (site / "ledger").mkdir()
    with runs.happened("drill-passed", str(site / "ledger")):
        pass
    url = f"sqlite:///{site / 'ledger' / 'ledger.db'}"
    with Ledger.open(url, clock=FixedClock(at=LATER), redactor=Redactor()) as ledger:
        _inspected(ledger)
        fields = {"from": "王经理", "to": "李强", "consent": "2026-05-06", "effective": "2026-05-10"}
        registers.add(ledger, "manager", fields, (), by="张伟")
    return site


def _inspected(ledger: Ledger) -> None:
    facts = {"sections": configurations.FACTS["sections"] | {"backups": BACKUPS}}
    kept = ledger.seal(json.dumps(facts).encode())
    host = {"groups": ["his"], "systems": ["HIS"], "address": "10.1.2.21", "checks": []}
    run = "20261201-1"
    ledger.append("inspection.started", {"deep": False, "engineer": "张工", "scope": None, "inventory_size": 1,
                  "period_from": None, "hosts": {"his-db1": host}, "version": "1", "carried": False,
                  "simulated": False}, run=run)  # fmt: skip
    ledger.append("facts.collected", {"status": "ok", "reason": "", "via": "ssh", "took_ms": 1, "carried": False,
                  "started_at": None, "facts": kept.sha256, "redacted": 0}, run=run, subject="his-db1",
                  attachments=[kept])  # fmt: skip
    ledger.append("host.judged", {"collection": "ok", "findings": []}, run=run, subject="his-db1")
    coverage = {"expected": 1, "inspected": 1, "missed": {}}
    ledger.append("inspection.finished", {"ended": "complete", "coverage": coverage, "counts": {}}, run=run)


@pytest.fixture
def site(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, the day after."""
    monkeypatch.setattr(SystemClock, "now", lambda _: LATER + timedelta(days=1))
    return shutil.copytree(made, tmp_path / "site")


def maintkit(site: Path, *words: str) -> str:
    result = CliRunner().invoke(cli, ["report", *words, "--site", str(site)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.stdout


def promise(site: Path, recovery: dict[str, Any]) -> None:
    with (site / "contract.yml").open("a", encoding="utf-8") as file:
        file.write(yaml.safe_dump({"recovery": recovery}, allow_unicode=True))


def drawn(site: Path, document: str, *more: str) -> tuple[str, bool]:
    said = json.loads(maintkit(site, document, "--format", "html", "--json", *more))
    return Path(said["written"][0]).read_text(encoding="utf-8"), said["draft"]


def test_the_plan_is_drawn_from_contract_registers_facts_and_drills(site: Path) -> None:
    """Measured over promised is a gap; the manager is the one whom the hospital consented to."""
    promise(site, RECOVERY)
    text, draft = drawn(site, "disaster-plan")
    assert draft
    assert [said for said in TOLD if said not in text] == []
    assert "王经理" not in text


def test_a_plan_is_issued_once_its_blanks_are_filled(site: Path) -> None:
    """A draft is refused; so is a blank that it does not have. What was issued is drawn again to the letter."""
    with pytest.raises(DocumentRefused, match="is a draft"):
        drawn(site, "emergency-plan", "--issued-by", "张伟")
    with pytest.raises(click.UsageError, match="command and substitute and communication"):
        maintkit(site, "fill", "emergency-plan", "--blank", "plan", "--text", "x", "--by", "李主任")
    with pytest.raises(NotFound, match="has the number HT-2026-001"):
        maintkit(site, "fill", "emergency-plan", "HT-1", "--blank", "command", "--text", "x", "--by", "李主任")
    for blank in ("command", "substitute", "communication"):
        maintkit(
            site, "fill", "emergency-plan", "--blank", blank, "--text", f"由信息科主任决定 {blank}", "--by", "李主任"
        )
    text, draft = drawn(site, "emergency-plan", "--issued-by", "张伟")
    assert not draft
    assert "由信息科主任决定 substitute" in text
    assert "修订记录" in text
    again, _ = drawn(site, "emergency-plan")
    assert again == text


def test_a_promise_for_a_system_that_is_not_there_is_told_by_line(site: Path) -> None:
    """Before anything is drawn."""
    promise(site, {"systems": [{"system": "HSI", "rto": "2 h", "rpo": "1 h", "backups": ["hsi"]}]})
    with pytest.raises(SiteError, match=r"contract\.yml:\d+: services\.yml has no backup job") as raised:
        maintkit(site, "disaster-plan")
    assert "did you mean `HIS`?" in str(raised.value)


def test_the_register_entry_behind_a_contact_is_cited(made: Path) -> None:
    """Of the project manager whom the hospital consented to; nobody else of the plan is from the register."""
    url = f"sqlite:///{made / 'ledger' / 'ledger.db'}"
    with Ledger.open(url, clock=FixedClock(at=LATER), redactor=Redactor()) as ledger:
        (entry,) = ledger.entries(kind=registers.ADDED)
        plan = readiness.emergency_plan(load_site(made), ledger)
    told = [item for block in plan.blocks if isinstance(block, EvidenceList) for item in block.items]
    assert [one.value for one in told if one.label.startswith("登记")] == [f"台账 #{entry.seq} {entry.hash}"]


def test_without_an_inspection_both_plans_are_drafts_that_say_so(tmp_path: Path) -> None:
    """They are due a month after signing, when nothing may have been looked at yet."""
    site = sites.make_site(tmp_path / "site", {"all": {"hosts": {"his-app1": None}}})
    for document in ("emergency-plan", "disaster-plan"):
        text, draft = drawn(site, document)
        assert draft
        assert "台账中没有巡检" in text


def test_the_contract_and_the_drill_are_cited_with_their_hashes(made: Path) -> None:
    """contract.yml as it lies there, and the entry that ended the drill: a reader holds them against his own copy."""
    place = load_site(made)
    url = f"sqlite:///{made / 'ledger' / 'ledger.db'}"
    with Ledger.open(url, clock=FixedClock(at=LATER), redactor=Redactor()) as ledger:
        (end,) = [entry for entry in ledger.entries(kind="change.finished") if entry.run]
        newest = history.latest(ledger)
        assert newest is not None
        drawn = (
            readiness.emergency_plan(place, ledger),
            readiness.disaster_plan(place, ledger),
            drawing.recovery(place, ledger, newest),
        )
    contract = sha256((made / "contract.yml").read_bytes()).hexdigest()
    for document in drawn:
        told = [item.value for block in document.blocks if isinstance(block, EvidenceList) for item in block.items]
        assert any(f"sha256 {contract}" in value for value in told), document.title
        assert any(f"#{end.seq}　sha256 {end.hash}" in value for value in told), document.title
