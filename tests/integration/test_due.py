"""`maintkit due` on a real site and ledger."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar
from inprocess import Done, maintkit
from sites import make_site

from maintkit.clock import FixedClock, from_text
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

NEXT_YEAR = """---
years:
  2027:
    source: 国务院办公厅关于 2027 年部分节假日安排的通知
    holidays: [2027-01-01]
    workdays: [2027-01-09]
"""


def run(site: Path, *words: str) -> Done:
    return maintkit("due", *words, "--site", str(site))


def duties(site: Path, on: str) -> tuple[int, dict[str, Any]]:
    done = run(site, "--on", on, "--json")
    assert done.stderr == ""
    return done.returncode, {one["duty"]: one for one in json.loads(done.stdout)["duties"]}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a daily inspection on 5 January, a broken one on 6 February, a deep one and a patch in December."""
    made = make_site(tmp_path_factory.mktemp("due") / "site", {"all": {"hosts": {"his1": {}}}})
    contract = (made / "contract.yml").read_text(encoding="utf-8")
    # Nobody watches here: a weekly duty would be overdue on every day that the tests ask about.
    seldom = contract.replace("rhythm: weekly", "rhythm: yearly")
    (made / "contract.yml").write_text(seldom, encoding="utf-8")
    clock = FixedClock(at=from_text("2026-01-05T02:00:00Z"))
    with Ledger.open(load_settings(made).ledger_url, clock=clock, redactor=Redactor()) as ledger:
        for day, deep, ended in (
            ("2026-01-05", False, "complete"),
            ("2026-02-06", False, "incomplete"),
            ("2026-12-28", True, "complete"),
        ):
            clock.at = from_text(f"{day}T02:00:00Z")
            ledger.append("inspection.started", {"deep": deep, "simulated": False}, run=f"{day}-1")
            ledger.append("inspection.finished", {"ended": ended}, run=f"{day}-1")
        clock.at = from_text("2026-12-29T02:00:00Z")
        ledger.append("change.started", {"procedure": "patch", "undoes": "C9"}, run="C0")
        ledger.append("change.finished", {"verdict": "done"}, run="C0")
        clock.at = from_text("2026-12-31T16:30:00Z")  # the first of January on site, after the term
        ledger.append("change.started", {"procedure": "patch"}, run="C1")
        ledger.append("change.finished", {"verdict": "done"}, run="C1")
    return made


def test_runs_of_the_ledger_are_evidence_and_a_broken_one_is_not(site: Path) -> None:
    """January's inspection was complete; February's was not, so February is overdue in March, with exit code 14."""
    code, found = duties(site, "2026-01-20")
    assert (code, found["monthly-inspection"]["state"]) == (0, "met")
    assert found["monthly-inspection"]["last"]["source"] == "2026-01-05-1"
    code, found = duties(site, "2026-03-01")
    assert code == 14
    assert (found["monthly-inspection"]["state"], found["monthly-inspection"]["missed"]) == ("overdue", ["2026-02"])
    handed = {
        on: duties(site, on)[1]["documents-handover"]["state"] for on in ("2026-03-01", "2026-03-11", "2026-04-01")
    }
    assert list(handed.values()) == ["not-due", "due-soon", "undetermined"]


def test_a_patch_after_midnight_on_site_is_of_the_next_day(site: Path) -> None:
    """16:30 UTC on 31 December is 1 January in Shanghai; and a run that undid a patch is none."""
    _, found = duties(site, "2026-12-31")
    assert (found["security-update"]["last"], found["security-update"]["state"]) == (None, "overdue")


def test_a_person_may_say_that_a_duty_was_done_with_a_paper(tmp_path: Path) -> None:
    """The word stands in the ledger with the file and its hash, and the duty is met by it."""
    site = make_site(tmp_path / "site", {"all": {"hosts": {"his1": {}}}})
    contract = site / "contract.yml"
    said = contract.read_text(encoding="utf-8").replace("start: 2026-01-01", "start: 2025-12-01")
    contract.write_text(said.replace("signed: 2025-12-20", "signed: 2025-11-20"), encoding="utf-8")
    paper = tmp_path / "汇总.pdf"
    paper.write_bytes(b"%PDF-1.7 signed")
    words = ("--on", "2025-12-30", "--by", "张伟", "--what", "交付汇总单", "--file", str(paper))
    done = run(site, "record", "inspection-summary", *words, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["file"]["name"] == "汇总.pdf"
    _, found = duties(site, "2026-01-02")
    assert (found["inspection-summary"]["state"], found["inspection-summary"]["last"]["by"]) == ("met", "张伟")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("inspection-sumary", "--on", "2026-01-30"), 7, "did you mean `inspection-summary`?"),
        (("tuning", "--on", "2999-01-30"), 2, "is not over yet"),
        (("tuning", "--on", "2020-01-30"), 2, "is outside 2025-12-20 to 2026-12-31"),
        (("tuning", "--on", "30.1.2026"), 2, "does not match the format"),
    ],
)
def test_a_wrong_word_is_told_and_enters_nothing(site: Path, words: tuple[str, ...], code: int, said: str) -> None:
    """An unknown duty, a day to come, one outside the contract, one that is none."""
    done = run(site, "record", *words, "--by", "张伟", "--what", "x")
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_a_year_that_is_not_known_is_undetermined_until_the_hospital_signs_it(site: Path, tmp_path: Path) -> None:
    """The report after 28 December + 7 wd: without a signature nothing is counted, with the hospital's it is."""
    _, found = duties(site, "2026-12-29")
    assert found["health-report"]["state"] == "undetermined"
    assert "2027 are not known" in found["health-report"]["reason"]
    calendar = site / "calendar.yml"
    calendar.write_text(NEXT_YEAR, encoding="utf-8")
    assert "calendar.yml is not signed" in duties(site, "2026-12-29")[1]["health-report"]["reason"]
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "maintkit-calendar@maintkit", "-f", key, calendar]
    subprocess.run(sign, check=True, capture_output=True)
    public = " ".join((tmp_path / "key.pub").read_text().split()[:2])
    (site / "signers" / "allowed_signers").write_text(f"li@hospital.example {public}\n")
    assert "nobody of the hospital" in duties(site, "2026-12-29")[1]["health-report"]["reason"]
    person = "people:\n  - {name: 李主任, of: hospital, principals: [li@hospital.example]}\n"
    (site / "signers" / "roles.yml").write_text(person, encoding="utf-8")
    assert duties(site, "2026-12-29")[1]["health-report"]["next_due"] == str(date(2027, 1, 7))
    calendar.write_text(NEXT_YEAR.replace("2027-01-09", "2027-01-10"), encoding="utf-8")
    assert "does not count" in duties(site, "2026-12-29")[1]["health-report"]["reason"]
    calendar.unlink()


def test_the_calendar_file_is_read_by_another_parser(site: Path, tmp_path: Path) -> None:
    """Lines of 75 octets at most, CRLF; every deadline comes back as a whole day; the UID of a duty never changes."""
    file = tmp_path / "due.ics"
    assert run(site, "--on", "2026-01-20", "--ics", str(file)).returncode == 0
    raw = file.read_bytes()
    lines = raw.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 75
    plain = raw.replace(b"\r\n ", b"").decode()  # by hand: RFC 5545, 3.1
    starts = [line.partition(":")[2] for line in plain.split("\r\n") if line.startswith("DTSTART")]
    _, found = duties(site, "2026-01-20")
    dated = [one["next_due"].replace("-", "") for one in found.values() if one["next_due"]]
    assert starts == dated
    events = Calendar.from_ical(raw).walk("VEVENT")
    assert all(event["DTEND"].dt > event["DTSTART"].dt for event in events)
    assert len({str(event["UID"]) for event in events}) == len(dated)
    assert run(site, "--on", "2026-04-20", "--ics", str(file)).returncode == 14
    again = {str(event["UID"]) for event in Calendar.from_ical(file.read_bytes()).walk("VEVENT")}
    monthly = {str(event["UID"]) for event in events if "monthly-inspection" in event["SUMMARY"]}
    assert monthly <= again
