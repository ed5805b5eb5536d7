"""A filesystem that will be full within a quarter is a risk of the health report, with owner and day by a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from inprocess import Done, maintkit
from inspected import FINDING, STARTED
from sites import make_site

from maintkit.clock import FixedClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

GIB = 2**30
NOW = datetime.now(UTC).replace(microsecond=0)
WEEKS = 26
BLANKS = {"owner:his1:/data": "王工", "due:his1:/data": "2026-12-20"}


def told(week: int) -> dict[str, Any]:
    """/data grows by 1 GiB a day; of its 300 GiB, 235 are used at the end, so that 80 % are met in 5 days."""
    used = (60 + 7 * week) * GIB
    return {
        "status": "ok", "reason": "", "via": "ssh", "took_ms": 9, "carried": False, "redacted": 0, "figures": {},
        "fills": {"/data": {"used": used, "free": 300 * GIB - used}},
    }  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """26 weekly inspections, of which the last is a deep one that finds nothing wrong."""
    made = make_site(tmp_path / "site", {"all": {"hosts": {"his1": {}}}})
    clock = FixedClock(at=NOW)
    with Ledger.open(load_settings(made).ledger_url, clock=clock, redactor=Redactor()) as ledger:
        for week in range(WEEKS):
            clock.at = NOW - timedelta(days=7 * (WEEKS - week))
            run = f"D{week}"
            ledger.append("inspection.started", STARTED | {"deep": week == WEEKS - 1}, run=run)
            facts = ledger.seal(b'{"collected_at": 0, "sections": {}}')
            body = told(week) | {"facts": facts.sha256}
            ledger.append("facts.collected", body, run=run, subject="his1", attachments=[facts])
            ledger.append("host.judged", {"collection": "ok", "findings": [FINDING]}, run=run, subject="his1")
            seen = {"expected": 1, "inspected": 1, "missed": {}}
            ledger.append("inspection.finished", {"ended": "complete", "coverage": seen, "counts": {}}, run=run)
    return made


def run(site: Path, *words: str) -> Done:
    return maintkit(*words, "--site", str(site))


def fill(site: Path, blank: str, text: str) -> Done:
    return run(
        site, "report", "fill", "health-report", f"D{WEEKS - 1}", "--blank", blank, "--text", text, "--by", "王工"
    )


def lacks(site: Path) -> list[str]:
    found = json.loads(run(site, "report", "--list", "--json").stdout)["documents"]
    lacks: list[str] = next(one["lacks"] for one in found if one["document"] == "health-report")
    return lacks


def drawn(site: Path, tmp_path: Path) -> dict[str, Any]:
    words = ("report", "health", "--format", "html", "--out", str(tmp_path / "out"), "--json")
    done = run(site, *words)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_what_will_be_full_lacks_an_owner_and_a_day_until_both_are_filled_in(site: Path, tmp_path: Path) -> None:
    """The list names both blanks as `fill` takes them; the document is a draft until then, and says both."""
    assert [lack.split(" (")[0] for lack in lacks(site)] == [
        f"blank {name}" for name in ("conclusion", "plan", *BLANKS)
    ]
    assert "(his1 /data 存储容量风险的责任人)" in lacks(site)[2]
    for blank in ("conclusion", "plan"):
        assert fill(site, blank, "见各节").returncode == 0
    assert drawn(site, tmp_path)["draft"] is True
    for blank, text in BLANKS.items():
        assert fill(site, blank, text).returncode == 0
    made = drawn(site, tmp_path)
    assert (lacks(site), made["draft"]) == ([], False)
    text = Path(made["written"][0]).read_text("utf-8")
    assert all(words in text for words in ("存储容量：按现有增长预计", "王工", "2026-12-20", "处理中"))


@pytest.mark.parametrize(
    ("blank", "text", "said"),
    [
        ("due:his1:/data", "下月", "is a day like 2026-12-01, not 下月"),
        ("owner:his1:/home", "王工", "has the blanks conclusion and plan and owner:his1:/data and due:his1:/data"),
    ],
)
def test_a_day_that_is_none_and_a_blank_that_is_not_there_are_refused(
    site: Path, blank: str, text: str, said: str
) -> None:
    done = fill(site, blank, text)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
