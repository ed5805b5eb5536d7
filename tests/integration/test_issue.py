"""Issuing documents: what counts, what is refused, and that an issue can be drawn again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from inprocess import Done, maintkit
from inspected import FINDING, STARTED
from sites import make_site

from maintkit.clock import FixedClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

NOW = datetime.now(UTC).replace(microsecond=0)
QUARTER = f"{(NOW - timedelta(days=90)).year}Q{((NOW - timedelta(days=90)).month + 2) // 3}"


def report(site: Path, *words: str) -> Done:
    return maintkit("report", *words, "--format", "html", "--site", str(site))


def inspected(ledger: Ledger, run: str, **finding: Any) -> None:
    """One inspection of one host, with one finding."""
    ledger.append("inspection.started", STARTED, run=run)
    ledger.append("facts.collected", {"status": "ok", "reason": "", "via": "ssh", "took_ms": 9, "facts": None,
                                      "carried": False, "redacted": 0}, run=run, subject="his1")  # fmt: skip
    ledger.append("host.judged", {"collection": "ok", "findings": [FINDING | finding]}, run=run, subject="his1")
    ledger.append("inspection.finished", {"ended": "complete", "coverage": {}, "counts": {}}, run=run)


def in_ledger(site: Path, at: datetime) -> Ledger:
    return Ledger.open(load_settings(site).ledger_url, clock=FixedClock(at=at), redactor=Redactor())


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A contract since a year, and an inspection that found nothing wrong, 90 days ago."""
    made = make_site(tmp_path / "site", {"all": {"hosts": {"his1": {}}}})
    contract = yaml.safe_load((made / "contract.yml").read_text(encoding="utf-8"))
    contract["signed"] = (NOW - timedelta(days=400)).date()
    contract["term"] = {"start": contract["signed"], "end": (NOW + timedelta(days=300)).date()}
    (made / "contract.yml").write_text(f"---\n{yaml.safe_dump(contract, allow_unicode=True)}", encoding="utf-8")
    with in_ledger(made, NOW - timedelta(days=90)) as ledger:
        inspected(ledger, "20260101-1")
    return made


def summary(site: Path, *words: str) -> Done:
    return report(site, "inspection-summary", "--quarter", QUARTER, *words)


def last(site: Path) -> dict[str, Any] | None:
    done = maintkit("due", "--json", "--site", str(site))
    found = {one["duty"]: one for one in json.loads(done.stdout)["duties"]}
    assert found["inspection-summary"]["state"] != "undetermined"
    told: dict[str, Any] | None = found["inspection-summary"]["last"]
    return told


def test_a_document_proves_its_duty_once_it_was_issued(site: Path) -> None:
    """Drawing it is looking at it; issuing it is an act with a name, and its hash is in the ledger."""
    assert summary(site).returncode == 0
    assert last(site) is None
    done = summary(site, "--issued-by", "张伟")
    assert (done.returncode, "version 1" in done.stderr) == (0, True)
    found = last(site)
    assert found is not None
    with in_ledger(site, NOW) as ledger:
        (entry,) = ledger.entries(kind="document.issued")
    assert found["source"] == f"entry {entry.seq}"
    (file,) = entry.body["files"]
    assert file["sha256"] == sha256(Path(done.stdout.strip()).read_bytes()).hexdigest()


def test_what_was_issued_is_drawn_again_to_the_byte_and_not_issued_twice(site: Path, tmp_path: Path) -> None:
    """The document says who issued it and when; the same content stays version 1."""
    first = summary(site, "--issued-by", "张伟", "--json")
    (path,) = json.loads(first.stdout)["written"]
    issued = Path(path).read_bytes()
    assert all(word in issued.decode() for word in ("修订记录", "第 1 版", "张伟"))
    (again,) = json.loads(summary(site, "--json", "--out", str(tmp_path / "again")).stdout)["written"]
    assert Path(again).read_bytes() == issued
    assert json.loads(summary(site, "--issued-by", "李工", "--json").stdout)["version"] == 1
    with in_ledger(site, NOW) as ledger:
        assert len(list(ledger.entries(kind="document.issued"))) == 1


def test_what_was_never_issued_says_so_where_its_issues_will_stand(site: Path) -> None:
    """A draft and a document that is ready alike; an issue takes the words away."""
    before = Path(summary(site).stdout.strip()).read_text(encoding="utf-8")
    assert before.index("修订记录") < before.index("尚未签发")
    after = Path(summary(site, "--issued-by", "张伟").stdout.strip()).read_text(encoding="utf-8")
    assert "尚未签发" not in after
    emergency = Path(report(site, "emergency-plan").stdout.strip()).read_text(encoding="utf-8")
    assert all(word in emergency for word in ("草稿", "修订记录", "尚未签发"))


def test_other_content_is_the_next_version(site: Path) -> None:
    """Here the number of the contract was wrong."""
    assert json.loads(summary(site, "--issued-by", "张伟", "--json").stdout)["version"] == 1
    contract = site / "contract.yml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("HT-2026-001", "HT-2026-002"), encoding="utf-8")
    done = summary(site, "--issued-by", "张伟", "--json")
    (path,) = json.loads(done.stdout)["written"]
    assert json.loads(done.stdout)["version"] == 2
    assert all(word in Path(path).read_text(encoding="utf-8") for word in ("第 1 版", "第 2 版"))


def test_a_draft_is_not_issued_and_nothing_is_entered(site: Path) -> None:
    """An event that nobody handled leaves the summary a draft."""
    with in_ledger(site, NOW - timedelta(days=89)) as ledger:
        inspected(
            ledger, "20260102-1", status="crit", value=99, event="20260102-1-001", first_seen="2026-08-20T02:00:00Z"
        )
    quarter = f"{(NOW - timedelta(days=89)).year}Q{((NOW - timedelta(days=89)).month + 2) // 3}"
    done = report(site, "inspection-summary", "--quarter", quarter, "--issued-by", "张伟")
    assert (done.returncode, "is a draft: it was not issued" in done.stderr) == (8, True), done.stderr
    with in_ledger(site, NOW) as ledger:
        assert not list(ledger.entries(kind="document.issued"))


def test_an_empty_name_issues_nothing(site: Path) -> None:
    done = summary(site, "--issued-by", " ")
    assert (done.returncode, "says nothing" in done.stderr) == (2, True)
