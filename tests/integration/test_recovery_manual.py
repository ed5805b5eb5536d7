"""数据恢复操作手册 from the command line: drawn from what an inspection collected, filled in, issued, counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sample_recovery as sample
import yaml
from inprocess import Done, maintkit
from sites import make_site

from maintkit.clock import FixedClock
from maintkit.documents.views.recovery_manual import BLANKS
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

NOW = datetime.now(UTC).replace(microsecond=0)
RUN = "20260101-1"
FACTS = {"sections": {"postgresql": sample.section({"instances": [sample.SERVER]}),
                      "backups": sample.section({"jobs": [sample.JOB]})}}  # fmt: skip
STARTED: dict[str, Any] = {
    "deep": False, "engineer": "李工", "scope": None, "inventory_size": 1, "period_from": None, "version": "1",
    "carried": False, "simulated": False,
    "hosts": {"his-db1": {"groups": [], "systems": ["HIS"], "address": "10.0.0.21", "checks": []}},
}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A database host that declares its backup job, inspected a week ago."""
    made = make_site(tmp_path / "site", {"all": {"hosts": {"his-db1": {}}}})
    contract = yaml.safe_load((made / "contract.yml").read_text(encoding="utf-8"))
    contract["signed"] = (NOW - timedelta(days=400)).date()
    contract["term"] = {"start": contract["signed"], "end": (NOW + timedelta(days=300)).date()}
    (made / "contract.yml").write_text(f"---\n{yaml.safe_dump(contract, allow_unicode=True)}", encoding="utf-8")
    services = yaml.safe_load((made / "services.yml").read_text(encoding="utf-8"))
    services["hosts"] = {"his-db1": {"backups": [{"tool": "pgbackrest", "name": "his", "every_h": 24}]}}
    (made / "services.yml").write_text(f"---\n{yaml.safe_dump(services, allow_unicode=True)}", encoding="utf-8")
    clock = FixedClock(at=NOW - timedelta(days=7))
    with Ledger.open(load_settings(made).ledger_url, clock=clock, redactor=Redactor()) as ledger:
        ledger.append("inspection.started", STARTED, run=RUN)
        kept = ledger.seal(json.dumps(FACTS).encode())
        told = {"status": "ok", "reason": "", "via": "ssh", "took_ms": 9, "facts": kept.sha256, "carried": False,
                "redacted": 0}  # fmt: skip
        ledger.append("facts.collected", told, run=RUN, subject="his-db1", attachments=[kept])
        ledger.append("host.judged", {"collection": "ok", "findings": []}, run=RUN, subject="his-db1")
        ledger.append("inspection.finished", {"ended": "complete", "coverage": {}, "counts": {}}, run=RUN)
    return made


def manual(site: Path, *words: str) -> Done:
    return maintkit("report", "recovery-manual", "--format", "html", "--json", *words, "--site", str(site))


def fill(site: Path, blank: str, run: str = RUN) -> Done:
    words = ("--blank", blank, "--text", "由信息科主任决定", "--by", "张伟")
    return maintkit("report", "fill", "recovery-manual", run, *words, "--site", str(site))


def last(site: Path) -> Any:
    done = maintkit("due", "--json", "--site", str(site))
    return next(one["last"] for one in json.loads(done.stdout)["duties"] if one["duty"] == "recovery-manual")


def test_filled_in_and_issued_it_proves_its_duty(site: Path) -> None:
    """A draft is not issued; with every blank filled it is, and `due` knows."""
    drawn = json.loads(manual(site).stdout)
    assert drawn["draft"]
    page = Path(drawn["written"][0]).read_text(encoding="utf-8")
    assert all(word in page for word in ("每 24 小时", "20261122-010003F_20261123-180003D", "PostgreSQL 15.14"))
    assert "备份任务 his 没有通过的恢复验证" in page
    assert manual(site, "--issued-by", "张伟").returncode == 8
    assert [fill(site, blank).returncode for blank in BLANKS] == [0, 0, 0]
    assert last(site) is None
    done = manual(site, "--issued-by", "张伟")
    assert (done.returncode, json.loads(done.stdout)["version"]) == (0, 1)
    assert last(site) is not None


def test_what_is_no_blank_of_it_and_no_inspection_is_refused(site: Path) -> None:
    refused = fill(site, "conclusion")
    assert (refused.returncode, "has the blanks decision and order and notice, not conclusion" in refused.stderr) == (
        2,
        True,
    )
    assert "no inspection '20200101-1'" in fill(site, "decision", run="20200101-1").stderr
