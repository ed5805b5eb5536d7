"""Which documents a handover takes along: all that the list names, in periods of which a day is asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from inprocess import maintkit
from inspected import FINDING, STARTED
from sites import make_site

from maintkit.cli.terminal.records import Period, records
from maintkit.clock import FixedClock
from maintkit.contract.load import load_site
from maintkit.documents.views.quarter import Quarter
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

OCTOBER, DECEMBER = datetime(2024, 10, 9, 2, tzinfo=UTC), datetime(2024, 12, 20, 2, tzinfo=UTC)
LISTS = {"移交清单", "文档提交清单"}


def in_ledger(site: Path, at: datetime) -> Ledger:
    return Ledger.open(load_settings(site).ledger_url, clock=FixedClock(at=at), redactor=Redactor())


def inspected(site: Path, run: str, at: datetime, **finding: Any) -> None:
    """One inspection of one host that told nothing of databases or backups."""
    told = {"status": "ok", "reason": "", "via": "ssh", "took_ms": 9, "facts": None, "carried": False, "redacted": 0}
    ended = {"ended": "complete", "coverage": {"expected": 1, "inspected": 1, "missed": {}}, "counts": {}}
    with in_ledger(site, at) as ledger:
        ledger.append("inspection.started", STARTED, run=run)
        ledger.append("facts.collected", told, run=run, subject="his1")
        ledger.append("host.judged", {"collection": "ok", "findings": [FINDING | finding]}, run=run, subject="his1")
        ledger.append("inspection.finished", ended, run=run)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An inspection in October, a word in December, and a key."""
    here = tmp_path_factory.mktemp("documents")
    made = make_site(here / "site", {"all": {"hosts": {"his1": {}}}})
    inspected(made, "20241009-1", OCTOBER)
    with in_ledger(made, DECEMBER) as ledger:
        judged = {"blank": "evaluation", "text": "良好", "by": "张伟"}
        ledger.append("document.judged", judged, subject="service-review 2024-10")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(here / "id")], check=True)
    return here


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Path:
    """A copy, to be changed."""
    return shutil.copytree(made, tmp_path / "here") / "site"


def drawn(site: Path, since: date | None = None, until: date | None = None) -> set[str]:
    """Kind and number of what is packed of a period."""
    place = load_site(site)
    period = Period(zone=place.contract.zone, since=since, until=until)
    with in_ledger(site, DECEMBER) as ledger:
        made = [drawing() for drawing in records(place, ledger, period)]
    return {f"{one.kind} {one.number}" for one in made}


def packed(site: Path, *words: str) -> dict[str, Any]:
    """The manifest of a package of it, at `package` beside it."""
    here = site.parent
    pack = ("handover", "pack", str(here / "package"), "--site", str(site), "--key", str(here / "id"))
    done = maintkit(*pack, "--format", "html", *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((here / "package" / "manifest.json").read_text(encoding="utf-8"))
    return found


def documents(manifest: dict[str, Any]) -> set[str]:
    return {one["path"] for one in manifest["files"] if one["kind"] == "document"}


def test_a_quarter_of_which_a_day_is_asked_for_is_packed(site: Path) -> None:
    """From November on, the fourth quarter is not over: its summary, tickets and review belong to it."""
    found = drawn(site, since=date(2024, 11, 1))
    assert {"service-review 2024Q4", "ticket-summary 2024Q4", "inspection-summary 2024Q4"} <= found
    assert "inspection-record 20241009-1" not in found
    assert "service-review 2024-10" not in found
    assert not {one for one in drawn(site, since=date(2025, 1, 1)) if "2024Q4" in one}


def test_a_review_of_a_month_is_packed_when_somebody_wrote_it(site: Path) -> None:
    """Whatever the contract's rhythm; and of every month where a monthly duty names it."""
    assert "service-review 2024-10" in drawn(site)
    contract = site / "contract.yml"
    text = contract.read_text(encoding="utf-8")
    head, named, duty = text.partition("  - id: service-review")
    contract.write_text(head + named + duty.replace("rhythm: quarterly", "rhythm: monthly", 1), encoding="utf-8")
    found = drawn(site)
    assert {f"service-review 2024-{month}" for month in (10, 11, 12)} <= found
    assert "service-review 2024Q4" not in found


def test_a_package_holds_what_the_list_names(site: Path) -> None:
    """The manual for recovery too, which says itself that no backup job is known."""
    told = json.loads(maintkit("report", "--list", "--all", "--json", "--site", str(site)).stdout)["documents"]
    assert "recovery-manual 20241009-1" in drawn(site)
    assert {f"{one['document']} {one['number']}" for one in told} == drawn(site)


def test_the_lists_say_how_they_are_revised(site: Path) -> None:
    """They are signed with the package, and so never issued by themselves."""
    manifest = packed(site)
    listed = [one["path"] for one in manifest["files"] if one["kind"] == "list"]
    assert {Path(one).name.partition("-")[0] for one in listed} == LISTS
    for path in listed:
        text = (site.parent / "package" / path).read_text(encoding="utf-8")
        assert "修订记录" in text
        assert "随移交包签署" in text


NOW = datetime.now(UTC).replace(microsecond=0)
SINCE = ("--from", f"{NOW - timedelta(days=1):%F}")


def issued(site: Path) -> tuple[str, bytes]:
    """The summary of the present quarter, issued after an inspection that found nothing wrong: its number and bytes."""
    inspected(site, "N1", NOW)
    quarter = str(Quarter.of(NOW, load_site(site).contract.zone))
    done = summary(site, quarter, "--issued-by", "张伟")
    return quarter, done.read_bytes()


def summary(site: Path, quarter: str, *words: str) -> Path:
    done = maintkit(
        "report", "inspection-summary", "--quarter", quarter, "--format", "html", "--site", str(site), *words
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def drawn_over(site: Path, quarter: str) -> None:
    """An event that nobody has handled makes it a draft, which is drawn over the file that was issued."""
    inspected(site, "N2", datetime.now(UTC), status="crit", value=99, event="N2-001", first_seen="2024-12-20T02:00:00Z")
    assert "草稿" in summary(site, quarter).read_text(encoding="utf-8")


def test_what_was_issued_is_packed_though_it_was_drawn_anew_as_a_draft(site: Path) -> None:
    """Byte for byte as the hospital has it; the draft is beside it and marked, and the list of documents has both."""
    quarter, content = issued(site)
    drawn_over(site, quarter)
    manifest, package = packed(site, *SINCE), site.parent / "package"
    assert (package / "documents" / f"季度巡检记录汇总单-{quarter}-第1版.html").read_bytes() == content
    drafts = {one["path"]: one["draft"] for one in manifest["files"] if f"汇总单-{quarter}" in one["path"]}
    assert drafts == {
        f"documents/季度巡检记录汇总单-{quarter}-第1版.html": False,
        f"documents/季度巡检记录汇总单-{quarter}.html": True,
    }
    (listed,) = (package / "lists").glob("文档提交清单*.html")
    assert "已签发" in listed.read_text(encoding="utf-8")


def test_an_issued_file_that_was_altered_is_left_out_and_named(site: Path) -> None:
    """Never another one in its place."""
    quarter, _ = issued(site)
    drawn_over(site, quarter)
    (kept,) = (load_settings(site).reports / "issued").iterdir()
    kept.write_text("altered", encoding="utf-8")
    manifest = packed(site, *SINCE)
    name = f"documents/季度巡检记录汇总单-{quarter}-第1版.html"
    assert name not in documents(manifest)
    assert "not kept" in {one["path"]: one["reason"] for one in manifest["left_out"]}[name]


def test_what_is_as_it_was_issued_is_packed_once(site: Path) -> None:
    quarter, content = issued(site)
    found = [one for one in documents(packed(site, *SINCE)) if f"汇总单-{quarter}" in one]
    assert found == [f"documents/季度巡检记录汇总单-{quarter}.html"]
    assert (site.parent / "package" / found[0]).read_bytes() == content
