"""`maintkit incident` on a real site and ledger, as an engineer at the desk uses it."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from inprocess import Done, maintkit
from sites import make_site

from maintkit.clock import SystemClock
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor
from maintkit.settings import load_settings

WHO = ("--channel", "电话", "--reporter", "王护士", "--department", "门诊部")
BY = ("--by", "张工")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose ledger holds a change that could not be put back on one of two hosts."""
    made = make_site(tmp_path_factory.mktemp("incident") / "site", {"all": {"hosts": {"his1": {}}}})
    with Ledger.open(load_settings(made).ledger_url, clock=SystemClock(), redactor=Redactor()) as ledger:
        body = {"procedure": "upgrade", "engineer": "张工", "ground": "signed", "hosts": ["his1", "his2"]}
        ledger.append("change.started", body, run="C20261124-1", subject="P1")
        ledger.append("host.closed", {"state": "done"}, run="C20261124-1", subject="his1")
        ledger.append("host.closed", {"state": "rollback-failed"}, run="C20261124-1", subject="his2")
        ledger.append(
            "change.finished", {"verdict": "rollback-failed", "overrun_s": 0}, run="C20261124-1", subject="P1"
        )
    return made


def run(site: Path, *words: str) -> Done:
    return maintkit("incident", *words, "--site", str(site))


def said(site: Path, *words: str) -> Any:
    done = run(site, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ago(minutes: int) -> str:
    """A time on site, so many minutes ago."""
    return f"{datetime.now(ZoneInfo('Asia/Shanghai')) - timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


def test_a_fault_goes_from_the_report_to_the_closing(site: Path) -> None:
    """Reported 40 minutes ago and answered at once, said late; the answer is met, and the level names its rule."""
    id_ = said(site, "open", *WHO, *BY, "--title", "挂号停", "--system", "HIS", "--at", ago(40))["incident"]
    triaged = said(site, "triage", id_, "--scope", "rooms", "--kind", "stopped", *BY)
    assert (triaged["level"], triaged["rule"]) == ("P1", "rooms-stopped")
    for step, at in (("acknowledge", 35), ("arrive", 20), ("progress", 15), ("mitigate", 10), ("resolve", 5)):
        said(site, step, id_, "--text", "做了", "--at", ago(at), *BY)
    said(site, "feedback", id_, "--text", "已告知", *BY)
    closed = said(site, "close", id_, "--text", "同意", *BY)
    clocks = {clock["clock"]: clock["state"] for clock in closed["clocks"]}
    assert clocks == {"respond": "met", "on-site": "met", "restore": "met", "故障分析报告": "running"}
    assert closed["state"] == "closed"
    done = said(site, "analyse", id_, "--text", "经过", "--cause", "磁盘满", "--prevention", "告警", *BY)
    assert {clock["clock"]: clock["state"] for clock in done["clocks"]}["故障分析报告"] == "met"
    shown = run(site, "show", id_)
    assert (shown.returncode, "rooms-stopped" in shown.stdout, "(entered " in shown.stdout) == (0, True, True)


def test_where_a_fault_is_may_be_corrected_and_the_ledger_keeps_both(site: Path) -> None:
    """What is not said stays; an unknown system, or nothing at all, is refused and enters nothing."""
    id_ = said(site, "open", *WHO, *BY, "--title", "检验单打不开", "--system", "HIS", "--host", "his1")["incident"]
    moved = said(site, "locate", id_, "--host", "his2", "--text", "实为备机", *BY)
    assert (moved["systems"], moved["hosts"], moved["steps"][-1]["text"]) == (["HIS"], ["his2"], "实为备机")
    for words, told in ((("--system", "HSI"), "no system 'HSI'"), ((), "say where it is")):
        refused = run(site, "locate", id_, *words, "--text", "x", *BY)
        assert (refused.returncode, told in refused.stderr) == (2, True), refused.stderr
    assert len(said(site, "show", id_)["steps"]) == 2
    assert "HIS, his2" in run(site, "show", id_).stdout


def test_a_run_that_failed_opens_an_incident_of_the_hosts_it_left(site: Path) -> None:
    """Only the host that was not put back; the run is linked, and the title is the run's verdict."""
    made = said(site, "open", *WHO, *BY, "--from-run", "C20261124-1")
    assert (made["hosts"], made["run"], made["links"]["changes"]) == (["his2"], "C20261124-1", ["C20261124-1"])
    assert made["title"] == "upgrade C20261124-1: rollback-failed"


def test_another_level_than_the_rules_needs_the_hospitals_word(site: Path) -> None:
    """Without who and why nothing is entered; with them both stand beside the level."""
    id_ = said(site, "open", *WHO, *BY, "--title", "=cmd|打印慢")["incident"]
    words = ("triage", id_, "--scope", "user", "--kind", "degraded", "--level", "P2", *BY)
    refused = run(site, *words)
    assert (refused.returncode, "--agreed-by and --why" in refused.stderr) == (2, True)
    agreed = said(site, *words, "--agreed-by", "李主任", "--why", "专家门诊")
    assert (agreed["level"], agreed["levels"][0]["rule"], agreed["levels"][0]["agreed_by"]) == ("P2", None, "李主任")
    rows = list(csv.DictReader(io.StringIO(run(site, "export").stdout)))
    assert next(row for row in rows if row["incident"] == id_)["title"] == "'=cmd|打印慢"
    assert any(one["incident"] == id_ for one in said(site, "list", "--open"))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("open", *WHO[2:], *BY, "--title", "x", "--channel", "微博"), 2, "--channel is one of 电话"),
        (("open", *WHO, *BY, "--title", "x", "--system", "HSI"), 2, "did you mean `HIS`?"),
        (("open", *WHO, *BY), 2, "say what the fault is"),
        (("open", *WHO, *BY, "--title", " "), 2, "'--title': an empty text"),
        (("open", *WHO, "--by", " ", "--title", "x"), 2, "'--by': an empty text"),
        (("open", *WHO[:2], "--reporter", "", *WHO[4:], *BY, "--title", "x"), 2, "'--reporter': an empty text"),
        (("open", *WHO[:4], "--department", "　", *BY, "--title", "x"), 2, "'--department': an empty text"),
        (("pause", "I1", *BY, "--agreed-by", " ", "--text", "x"), 2, "'--agreed-by': an empty text"),
        (("analyse", "I1", *BY, "--text", "x", "--cause", " ", "--prevention", "x"), 2, "'--cause': an empty text"),
        (("acknowledge", "I1", *BY, "--text", " "), 2, "'--text': an empty text"),
        (
            ("open", *WHO, *BY, "--title", "x", "--at", "2025-12-19T23:59"),
            50,
            "before the contract was signed, 2025-12-20",
        ),
        (("open", *WHO, *BY, "--title", "x", "--at", "2999-01-01T00:00"), 50, "still to come"),
        (("open", *WHO, *BY, "--from-run", "C1"), 7, "no run 'C1'"),
        (("show", "I1"), 7, "no incident 'I1'"),
        (("acknowledge", "I1", *BY, "--text", "x"), 7, "no incident 'I1'"),
        (("relate", "I1", *BY), 2, "one of --duplicate-of, --recurs and --no-duplicate"),
        (("relate", "I1", "--recurs", "I2", "--no-duplicate", *BY), 2, "one of --duplicate-of, --recurs and"),
        (("relate", "I1", "--no-duplicate", "--why", "x", *BY), 2, "it needs --agreed-by and --why"),
        (("relate", "I1", "--recurs", "I2", "--why", "x", *BY), 2, "it needs --agreed-by and --why"),
    ],
)
def test_a_wrong_word_is_told_and_enters_nothing(site: Path, words: tuple[str, ...], code: int, told: str) -> None:
    """What, where, and an exit code of its own."""
    before = said(site, "list")
    done = run(site, *words)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert said(site, "list") == before


def test_a_fault_says_which_softer_target_is_its_own_and_who_agreed(site: Path) -> None:
    """Unsaid it is undetermined; `--simple` needs the hospital's word; a level without targets and a slip are told."""
    id_ = said(site, "open", *WHO, *BY, "--title", "忘记密码", "--system", "HIS", "--at", ago(30))["incident"]
    words = ("triage", id_, "--scope", "user", "--kind", "degraded", *BY)
    unsaid = {clock["clock"]: clock["state"] for clock in said(site, *words)["clocks"] if clock["target"]}
    assert unsaid == dict.fromkeys(("简单问题", "日常问题", "其他问题"), "undetermined")
    agreed = ("--agreed-by", "李主任", "--why", "重设密码")
    for wrong, told in (
        (("--simple",), "it needs --agreed-by and --why"),
        (("--target", "daly", *agreed), "P3 has no target 'daly'; it has simple, daily, other"),
        (("--level", "P2", "--simple", *agreed), "P2 has no target 'simple'; it has none"),
    ):
        refused = run(site, *words, *wrong)
        assert (refused.returncode, told in refused.stderr) == (2, True), refused.stderr
    chosen = said(site, *words, "--simple", *agreed)
    assert [clock["clock"] for clock in chosen["clocks"] if clock["target"]] == ["简单问题"]
    assert (chosen["levels"][-1]["target"], chosen["levels"][-1]["agreed_by"]) == ("简单问题", "李主任")
    said(site, "resolve", id_, "--text", "已重设", "--at", ago(26), *BY)
    shown = run(site, "show", id_).stdout
    assert "target 简单问题, agreed by 李主任: 重设密码" in shown


def test_a_host_that_no_inspection_has_seen_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """An inspection of a part makes nobody unknown, and one of all knows them, also the host that did not answer."""
    made = make_site(tmp_path / "site", {"all": {"hosts": {"his1": {}}}})
    words = ("open", *WHO, *BY, "--title", "x", "--host")

    def inspected(run_: str, *names: str) -> None:
        with Ledger.open(load_settings(made).ledger_url, clock=SystemClock(), redactor=Redactor()) as ledger:
            ledger.append("inspection.started", {"hosts": {name: {} for name in names}, "inventory_size": 2}, run=run_)

    assert run(made, *words, "his9").returncode == 0
    inspected("1", "lis1")
    assert run(made, *words, "his9").returncode == 0
    inspected("2", "his1", "lis1")
    inspected("3", "lis1")
    refused = run(made, *words, "hsi1")
    assert (refused.returncode, "did you mean `his1`?" in refused.stderr) == (2, True), refused.stderr


def test_a_breach_does_not_go_because_the_fault_is_said_to_be_another_ones_duplicate(site: Path) -> None:
    """The earlier report, not triaged yet, was breached nowhere; once it is as urgent, its clocks show the same."""
    opened = ("open", *WHO, *BY, "--system", "HIS", "--title")
    first = said(site, *opened, "打印慢", "--at", ago(301))["incident"]
    second = said(site, *opened, "挂号停", "--at", ago(300))["incident"]
    said(site, "triage", second, "--scope", "rooms", "--kind", "stopped", *BY)
    relate = ("relate", second, "--duplicate-of", first, *BY)
    refused = run(site, *relate)
    assert refused.returncode == 50, refused.stderr
    assert f"{second} was breached (respond at " in refused.stderr
    assert f"and {first} was not" in refused.stderr
    assert f"`maintkit incident triage {first}` first" in refused.stderr
    assert said(site, "show", second)["state"] == "open"
    said(site, "triage", first, "--scope", "rooms", "--kind", "stopped", *BY)
    assert said(site, *relate)["state"] == "duplicate"
    breached = {clock["clock"] for clock in said(site, "show", first)["clocks"] if clock["breached_at"]}
    assert breached >= {"respond", "restore"}


def test_a_more_urgent_report_is_no_duplicate_of_one_with_more_time(site: Path) -> None:
    """Nothing was breached yet; not triaged it is none either. The way out: the earlier one says how urgent it is."""
    opened = ("open", *WHO, *BY, "--system", "HIS", "--title")
    first = said(site, *opened, "打印慢", "--at", ago(9))["incident"]
    said(site, "triage", first, "--scope", "user", "--kind", "degraded", *BY)
    second = said(site, *opened, "发药停", "--at", ago(8))["incident"]
    relate = ("relate", second, "--duplicate-of", first, *BY)
    refused = run(site, *relate)
    assert refused.returncode == 50, refused.stderr
    assert f"{second} is not triaged: as P1 it would have clocks that {first} has not" in refused.stderr
    worse = ("--kind", "stopped", "--severity", "patient-safety", *BY)
    said(site, "triage", second, "--scope", "rooms", *worse)
    refused = run(site, *relate)
    assert refused.returncode == 50, refused.stderr
    assert f"{second} is P1, {first} is P3 and does not carry its clocks: respond, on-site, restore" in refused.stderr
    assert f"`maintkit incident triage {first}` first" in refused.stderr
    assert said(site, "show", second)["state"] == "open"
    agreed = ("--agreed-by", "李主任", "--why", "与后一报告同一故障")
    said(site, "triage", first, "--scope", "rooms", *worse, *agreed)
    assert said(site, *relate)["state"] == "duplicate"
    third = said(site, *opened, "发药停", "--at", ago(7))["incident"]
    assert said(site, "relate", third, "--duplicate-of", first, *BY)["state"] == "duplicate"


def test_a_wrong_duplicate_is_withdrawn_and_both_words_are_shown(site: Path) -> None:
    """One mistyped number: the fault is open again, with its clocks and its 故障分析报告."""
    opened = ("open", *WHO, *BY, "--system", "HIS", "--title")
    first, second = (said(site, *opened, "发药停", "--at", ago(minutes))["incident"] for minutes in (9, 8))
    for one in (first, second):
        said(site, "triage", one, "--scope", "rooms", "--kind", "stopped", *BY)
    clocks = [clock["clock"] for clock in said(site, "show", second)["clocks"]]
    assert said(site, "relate", second, "--duplicate-of", first, *BY)["clocks"] == []
    agreed = ("--no-duplicate", "--why", "编号写错", "--agreed-by", "李主任", *BY)
    found = said(site, "relate", second, *agreed)
    assert (found["state"], found["duplicate_of"]) == ("open", None)
    assert [clock["clock"] for clock in found["clocks"]] == clocks
    assert [step["text"] for step in found["steps"][-2:]] == [
        f"a duplicate of {first}",
        f"no duplicate of {first}, agreed by 李主任: 编号写错",
    ]
    assert f"no duplicate of {first}, agreed by 李主任: 编号写错" in run(site, "show", second).stdout
    assert run(site, "relate", second, *agreed).returncode == 50
