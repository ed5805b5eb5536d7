"""`maintkit report` of faults, tickets, the service and security, on a real site and ledger with the real clock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from inprocess import Done, maintkit
from sample_desk import Autumn, access, on_site
from sites import make_site

from maintkit.cli.terminal.records import Period, records
from maintkit.clock import FixedClock, SystemClock
from maintkit.contract.load import load_site
from maintkit.errors import DocumentRefused, NotFound
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

ZONE = ZoneInfo("Asia/Shanghai")
WHO = ("--channel", "电话", "--reporter", "王护士", "--department", "门诊部", "--by", "张工")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that was inspected in January with something of access found, and has a fault and a ticket of today."""
    made = make_site(tmp_path_factory.mktemp("desk") / "site", {"all": {"hosts": {"his-app1": {}}}})
    january = FixedClock(at=on_site("01-05 09:00"))
    with Ledger.open(load_settings(made).ledger_url, clock=january, redactor=Redactor()) as ledger:
        found = access("his-app1", "keys.new", "新增登录密钥", "warn", "20260105-1-001", "01-05 09:00", "新增一把密钥")
        Autumn(ledger, january).inspected("01-05 09:00", found)
    assert maintkit("incident", "open", *WHO, "--title", "挂号停", "--at", ago(30), "--site", str(made)).returncode == 0
    opened = ("ticket", "open", "--requester", "王护士", "--department", "门诊部", "--title", "打印", "--by", "张工")
    assert maintkit(*opened, "--site", str(made)).returncode == 0
    return made


def ago(minutes: int) -> str:
    return f"{datetime.now(ZONE) - timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


def report(site: Path, *words: str) -> Done:
    return maintkit("report", *words, "--site", str(site), "--format", "html", "--json")


def page(done: Done) -> tuple[str, dict[str, Any]]:
    """The page that was written, and what the command said of it."""
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    (path,) = said["written"]
    return Path(path).read_text(encoding="utf-8"), said


def incident_of(site: Path) -> str:
    done = maintkit("incident", "list", "--json", "--site", str(site))
    return str(json.loads(done.stdout)[0]["incident"])


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (("incident-summary",), "月度故障汇总"),
        (("ticket-summary",), "需求处理汇总"),
        (("ticket-summary", "--month", f"{datetime.now(ZONE):%Y-%m}"), "需求处理汇总"),
        (("service-review",), "服务回顾报告"),
        (("security-event", "--run", "20260105-1"), "安全事件报告"),
        (("security-event", "20260105-1-001"), "安全事件报告"),
    ],
)
def test_each_is_written_and_the_present_period_is_a_draft(site: Path, words: tuple[str, ...], title: str) -> None:
    text, said = page(report(site, *words))
    assert title in text
    assert said["draft"] is True


def test_a_fault_is_a_draft_until_it_was_solved_and_analysed(site: Path) -> None:
    id_ = incident_of(site)
    text, said = page(report(site, "incident", id_))
    assert ("待填写" in text, said["draft"]) == (True, True)
    words = ("--text", "挂号停了", "--by", "张工", "--site", str(site))
    assert maintkit("incident", "resolve", id_, "--at", ago(5), *words).returncode == 0
    assert maintkit("incident", "analyse", id_, "--cause", "磁盘满", "--prevention", "告警", *words).returncode == 0
    text, said = page(report(site, "incident", id_))
    assert ("磁盘满" in text, said["draft"]) == (True, False)


def test_a_month_long_over_says_that_nobody_reported_a_fault(site: Path) -> None:
    """January: the ledger has gone on since, so it is no draft."""
    text, said = page(report(site, "incident-summary", "--month", "2026-01"))
    assert "台账中没有故障报告" in text
    assert said["draft"] is False


def test_a_month_that_is_over_is_issued_and_drawn_again_to_the_byte(site: Path) -> None:
    """Nothing that was entered since is in it but its own issue; the present month cannot be issued."""
    issued = ("incident-summary", "--month", "2026-01", "--issued-by", "张工")
    first, said = page(report(site, *issued))
    assert said["version"] == 1
    assert page(report(site, *issued)) == (first, said)
    assert page(report(site, *issued[:3]))[0] == first
    assert report(site, "incident-summary", "--issued-by", "张工").returncode == DocumentRefused.exit_code


def test_the_blanks_of_a_review_are_filled_and_stand_in_it(site: Path) -> None:
    words = ("--by", "王经理", "--site", str(site))
    for blank in ("evaluation", "next"):
        done = maintkit(
            "report", "fill", "service-review", "2026q1", "--blank", blank, "--text", f"写好 {blank}", *words
        )
        assert done.returncode == 0, done.stderr
    text, said = page(report(site, "service-review", "--quarter", "2026Q1"))
    assert "写好 evaluation（王经理" in text
    assert said["draft"] is False


def test_a_review_of_a_quarter_that_is_over_says_what_was_missed_on_its_last_day(site: Path) -> None:
    """Nobody drilled in the first quarter of 2026; its last day was the deadline, and is past."""
    text, _ = page(report(site, "service-review", "--quarter", "2026Q1"))
    (row,) = [one for one in text.split("<tr>") if "备份恢复验证" in one and "每季度" in one]
    assert ("已逾期" in row, "未按期：2026Q1" in row, "即将到期" in row) == (True, True, False)
    (alert,) = [one for one in text.split("<p") if "项服务义务已逾期" in one]
    assert "备份恢复验证" in alert


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("incident-summary", "--month", "2026-13"), 2, "month 13 is not 1 to 12"),
        (("incident-summary", "--month", "2025-12"), None, "begins at 2026-01-05, after 2025-12"),
        (("ticket-summary", "--month", "2099-01"), None, "2099-01 has not begun"),
        (("ticket-summary", "--month", "2026-01", "--quarter", "2026Q1"), 2, "one of --month and --quarter"),
        (("service-review", "--quarter", "2026Q5"), 2, "quarter 5"),
        (("incident", "I20260101-9"), None, "no incident 'I20260101-9'"),
        (("security-event", "20260105-1-009"), None, "no event '20260105-1-009'"),
        (("security-event", "20260105-1-001", "--run", "20260105-1"), 2, "not both"),
        (("security-event", "--run", "20990101-1"), None, "no inspection '20990101-1'"),
    ],
)
def test_what_cannot_be_drawn_is_one_clear_error(
    site: Path, words: tuple[str, ...], code: int | None, said: str
) -> None:
    """Usage is exit code 2, what the ledger does not hold that of NotFound."""
    done = report(site, *words)
    assert said in done.stderr
    assert done.returncode == (NotFound.exit_code if code is None else code)


def test_a_blank_of_another_document_is_refused(site: Path) -> None:
    words = ("--blank", "plan", "--text", "x", "--by", "y", "--site", str(site))
    done = maintkit("report", "fill", "service-review", "2026Q1", *words)
    assert (done.returncode, "has the blanks evaluation and next, not plan" in done.stderr) == (2, True)
    done = maintkit("report", "fill", "service-review", "2026", "--blank", "next", *words[2:])
    assert (done.returncode, "not a month" in done.stderr) == (2, True)


def test_they_are_handed_over_month_by_month_and_quarter_by_quarter(site: Path) -> None:
    """From the first month of the ledger on; inspections that found something of access; of faults the analysed."""
    place, january = load_site(site), datetime(2026, 1, 1, tzinfo=ZONE).date()
    with Ledger.open(place.settings.ledger_url, clock=SystemClock(), redactor=Redactor(), read_only=True) as ledger:
        period = Period(zone=ZONE, since=january, until=january.replace(month=3, day=31))
        drawn = [drawing() for drawing in records(place, ledger, period)]
    told = [(one.kind, one.number) for one in drawn if one.kind != "inspection-record"]
    assert [number for kind, number in told if kind == "incident-summary"] == ["2026-01", "2026-02", "2026-03"]
    assert ("service-review", "2026Q1") in told
    assert ("ticket-summary", "2026Q1") in told
    assert ("security-event", "20260105-1") in told
    assert not [kind for kind, _ in told if kind == "incident-report"]
