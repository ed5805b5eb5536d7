"""What reminders tell of besides duties, once and by one run alone; and the ways by TLS and through a proxy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sites
from bell import NOW, Bell, mail, wecom
from click.testing import CliRunner
from partners import closed_port
from posts import PASSWORD, postbox, proxy, robot

from maintkit.cli.main import cli
from maintkit.contract.reminders import Email

KEEP = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + '\\n')"
AS_AT = """
import sys
from datetime import datetime
from maintkit.cli.main import cli
from maintkit.clock import SystemClock
now = datetime.fromisoformat(sys.argv[1])
SystemClock.now = lambda _: now
sys.exit(cli(["due", "remind", "--site", sys.argv[2]], standalone_mode=False))
"""


@pytest.fixture(scope="module")
def bare_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sites.make_site(tmp_path_factory.mktemp("matters") / "site", {"all": {"hosts": {"his-app1": None}}})


@pytest.fixture
def bell(bare_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bell:
    return Bell(shutil.copytree(bare_site, tmp_path / "site"), monkeypatch)


def enter(bell: Bell, *argv: str) -> None:
    result = CliRunner().invoke(cli, [*argv, "--by", "张工", "--site", str(bell.root)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception


def report(bell: Bell, *, level: bool = True) -> None:
    enter(bell, "incident", "open", "--channel", "电话", "--reporter", "王护士", "--department", "急诊科",
          "--title", "患者李小明的医嘱打不开", "--system", "HIS")  # fmt: skip
    if level:
        enter(bell, "incident", "triage", "I20261125-1", "--scope", "hospital", "--kind", "stopped",
              "--stopped", "30")  # fmt: skip


def pager(told: Path, *about: str, name: str = "pager", **more: Any) -> dict[str, Any]:
    program = {"argv": [sys.executable, "-c", KEEP, str(told)]}
    return {"name": name, "command": program, **({"about": list(about)} if about else {}), **more}


def lines(told: Path) -> list[Any]:
    return [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()] if told.exists() else []


def test_a_clock_is_told_when_little_is_left_and_when_it_is_breached_once_each(bell: Bell, tmp_path: Path) -> None:
    """By number, level, clock and deadline; the title, the reporter and the department stay in the house."""
    told = tmp_path / "told"
    report(bell)
    bell.hooks(pager(told, "incident"))
    asked = []
    for minutes in (1, 10, 11, 15, 16, 40, 60 * 24 * 9):
        bell.now = NOW + timedelta(minutes=minutes)
        asked.append([outcome["matters"] for outcome in bell.ring()])
    assert asked[:5] == [[[]], [["I20261125-1 respond"]], [[]], [[]], [["I20261125-1 respond"]]]
    assert asked[5] == [["I20261125-1 on-site"]]
    assert sorted(asked[6][0]) == ["I20261125-1 on-site", "I20261125-1 restore"]
    assert bell.ring()[0]["matters"] == []
    first, second = lines(told)[:2]
    assert first["incidents"] == [
        {"incident": "I20261125-1", "state": "due-soon", "due": "2026-11-25T02:15:00.000000Z", "level": "P1",
         "clock": "respond", "left_s": 300}
    ]  # fmt: skip
    assert "即将到期：故障 I20261125-1（P1）响应时限 2026-11-25 10:15，还剩 5 分钟" in first["text"]
    assert "已逾期：故障 I20261125-1（P1）响应时限 2026-11-25 10:15，已超 1 分钟" in second["text"]
    for word in ("李小明", "医嘱", "王护士", "急诊", "张工"):
        assert word not in told.read_text(encoding="utf-8")


def test_a_clock_that_ended_or_rests_is_not_told(bell: Bell, tmp_path: Path) -> None:
    """Answered and solved faults need nobody; a pause moves the deadline, and with it what is told."""
    report(bell)
    bell.hooks(pager(tmp_path / "told", "incident"))
    enter(bell, "incident", "acknowledge", "I20261125-1", "--text", "接报")
    enter(bell, "incident", "pause", "I20261125-1", "--agreed-by", "李主任", "--text", "等待厂商")
    bell.now += timedelta(hours=5)
    assert bell.ring()[0]["matters"] == []
    enter(bell, "incident", "continue", "I20261125-1", "--text", "继续")
    bell.now += timedelta(minutes=50)
    assert bell.ring()[0]["matters"] == ["I20261125-1 on-site"]
    enter(bell, "incident", "resolve", "I20261125-1", "--text", "已恢复")
    bell.now += timedelta(hours=5)
    assert bell.ring()[0]["matters"] == []


def test_a_breach_is_told_once_whatever_moves_the_deadline_after_it(bell: Bell, tmp_path: Path) -> None:
    """A pause that is entered late and still goes on moves the deadline from minute to minute."""
    told = tmp_path / "told"
    report(bell)
    bell.hooks(pager(told, "incident"))
    bell.now += timedelta(minutes=20)
    assert bell.ring()[0]["matters"] == ["I20261125-1 respond"]
    rest = ("--agreed-by", "李主任", "--text", "等待厂商", "--at", "2026-11-25T10:02")
    enter(bell, "incident", "pause", "I20261125-1", *rest)
    for _ in range(2):
        bell.now += timedelta(minutes=7)
        assert bell.ring()[0]["matters"] == []


def test_a_lower_level_gives_time_and_its_own_breach_is_told_too(bell: Bell, tmp_path: Path) -> None:
    told = tmp_path / "told"
    report(bell)
    enter(bell, "incident", "acknowledge", "I20261125-1", "--text", "接报")
    enter(bell, "incident", "arrive", "I20261125-1", "--text", "到场")
    bell.now += timedelta(hours=9)
    lowered = ("--scope", "user", "--kind", "non-core", "--agreed-by", "李主任", "--why", "可替代")
    enter(bell, "incident", "triage", "I20261125-1", *lowered)
    bell.hooks(pager(told, "incident"))
    asked = []
    for hours in (0, 14, 20, 40):
        bell.now = NOW + timedelta(hours=9 + hours)
        asked.append(len(bell.ring()[0]["matters"]))
    assert asked == [1, 1, 1, 0]
    said = [one["text"].splitlines()[-1] for one in lines(told)]
    assert said == [
        "已逾期：故障 I20261125-1（P1）恢复时限 2026-11-25 12:00，已超 420 分钟",
        "即将到期：故障 I20261125-1（P3）恢复时限 2026-11-26 10:00，还剩 60 分钟",
        "已逾期：故障 I20261125-1（P3）恢复时限 2026-11-26 10:00，已超 300 分钟",
    ]


def test_a_fault_that_nobody_has_given_a_level_is_told_every_day(bell: Bell, tmp_path: Path) -> None:
    """It has no clock yet, and that is what somebody must know; nobody has to ask for it."""
    told = tmp_path / "told"
    report(bell, level=False)
    bell.hooks(pager(told, "incident"))
    assert bell.ring()[0]["matters"] == ["I20261125-1"]
    assert "手续不全：故障 I20261125-1 未定级，报告于 2026-11-25 10:00" in lines(told)[0]["text"]
    assert "李小明" not in told.read_text(encoding="utf-8")
    bell.now += timedelta(hours=2)
    assert bell.ring()[0]["matters"] == []
    bell.now += timedelta(days=1)
    assert bell.ring()[0]["matters"] == ["I20261125-1"]


def test_a_step_of_a_ticket_is_told_when_little_is_left_and_when_it_is_late(bell: Bell, tmp_path: Path) -> None:
    """An urgent bug: begun in 2 h, a plan in 24 h; nothing before it is accepted, nor of a step that was reached."""
    told = tmp_path / "told"
    bell.hooks(pager(told, "ticket"))
    enter(
        bell, "ticket", "open", "--requester", "王医生", "--department", "急诊科", "--title", "患者李小明的医嘱打不开"
    )
    assert bell.ring()[0]["matters"] == []
    enter(bell, "ticket", "accept", "T20261125-1", "--kind", "urgent-bug", "--accepted-by", "李主任", "--text", "同意")
    asked = []
    for minutes in (60, 90, 100, 121):
        bell.now = NOW + timedelta(minutes=minutes)
        asked.append(bell.ring()[0]["matters"])
    assert asked == [[], ["T20261125-1 start"], [], ["T20261125-1 start"]]
    enter(bell, "ticket", "reach", "T20261125-1", "plan", "--text", "已提供计划")
    bell.now = NOW + timedelta(hours=40)
    assert bell.ring()[0]["matters"] == []
    first = lines(told)[0]
    assert first["tickets"] == [
        {"ticket": "T20261125-1", "state": "due-soon", "due": "2026-11-25T04:00:00.000000Z", "kind": "urgent-bug",
         "step": "start", "left_s": 1800}
    ]  # fmt: skip
    line = "需求 T20261125-1 开始处理并采取临时措施期限 2026-11-25 12:00"
    assert f"即将到期：{line}，还剩 30 分钟" in first["text"]
    assert f"已逾期：{line}，已超 1 分钟" in lines(told)[1]["text"]
    for word in ("李小明", "王医生", "急诊", "李主任", "张工"):
        assert word not in told.read_text(encoding="utf-8")


def test_a_step_that_waits_for_an_agreed_date_is_told_once_a_week_until_there_is_one(
    bell: Bell, tmp_path: Path
) -> None:
    """The contract has no date for it: until somebody agrees on one, no clock would ever tell of it."""
    told = tmp_path / "told"
    enter(bell, "ticket", "open", "--requester", "王医生", "--department", "急诊科", "--title", "加一列")
    enter(bell, "ticket", "accept", "T20261125-1", "--kind", "urgent-change", "--accepted-by", "李主任", "--text", "好")
    enter(bell, "ticket", "reach", "T20261125-1", "assess", "--text", "已评估")
    bell.hooks(pager(told, "ticket"))
    asked = []
    for days in (0, 1, 7):
        bell.now = NOW + timedelta(days=days)
        asked.append(bell.ring()[0]["matters"])
    assert asked == [["T20261125-1 done"], [], ["T20261125-1 done"]]
    assert "手续不全：需求 T20261125-1 以最短可行时间完成，期限未定" in lines(told)[0]["text"]
    enter(
        bell, "ticket", "agree", "T20261125-1", "--until", "2026-12-09T17:00", "--agreed-by", "李主任", "--text", "定"
    )
    bell.now = NOW + timedelta(days=12)
    assert bell.ring()[0]["matters"] == ["T20261125-1 done"]
    assert lines(told)[-1]["tickets"][0]["due"] == "2026-12-09T09:00:00.000000Z"


def test_what_maintkit_does_not_see_is_told_once_a_week_when_its_deadline_has_passed(
    bell: Bell, tmp_path: Path
) -> None:
    """Whether it was handed over on paper nobody told: the person who knows has to say so."""
    told = tmp_path / "told"
    bell.hooks(pager(told, "duty"))
    asked = []
    for day in ("2026-12-15", "2026-12-16", "2027-01-04", "2027-01-05", "2027-01-11"):
        bell.now = datetime.fromisoformat(f"{day}T02:00:00+00:00")
        asked.append("documents-handover" in bell.ring()[0]["matters"])
    assert asked == [True, True, True, False, True]
    assert "手续不全：文档提交，期限 2026-12-31，已过 4 天，未见完成记录" in lines(told)[2]["text"]


def test_registers_and_articles_are_told_once_a_week_and_by_number_alone(bell: Bell, tmp_path: Path) -> None:
    """Undertakings, certificates, findings and reviews: neither a person's name nor what a finding says goes out."""
    told, article = tmp_path / "told", tmp_path / "kb-1.md"
    for kind, fields in {
        "person": {"name": "陈大力", "started": "2026-01-04", "undertaking": "2025-12-30", "until": "2026-12-10"},
        "certificate": {"name": "陈大力", "certificate": "系统规划与管理师", "until": "2026-11-20"},
        "assessment": {"source": "等保", "finding": "数据库弱口令", "owner": "陈大力", "due": "2026-11-30"},
        "manager": {"from": "王经理", "to": "乙", "effective": "2026-11-01"},
        "training": {"topic": "x", "held": "2026-01-01", "trainer": "y", "attendees": "z", "again": "2027-06-01"},
    }.items():
        enter(bell, "register", "add", kind, *(part for one in fields.items() for part in ("--set", "=".join(one))))
    article.write_text(
        "---\nid: kb-1\ntitle: 李小明的医嘱\nowner: 陈大力\nreview_by: 2026-12-01\n---\n正文\n", encoding="utf-8"
    )
    enter(bell, "knowledge", "add", str(article))
    bell.hooks(pager(told, "register", "knowledge"), pager(tmp_path / "faults", "incident", name="faults"))
    outcomes = {one["hook"]: one["matters"] for one in bell.ring()}
    assert outcomes == {"pager": ["person-1", "certificate-1", "assessment-1", "manager-1", "kb-1"], "faults": []}
    (said,) = lines(told)
    assert {one["item"]: (one["state"], one["days_left"]) for one in said["items"]} == {
        "certificate-1": ("overdue", -5),
        "manager-1": ("lacking", None),
        "assessment-1": ("due-soon", 5),
        "person-1": ("due-soon", 15),
    }
    assert [(one["article"], one["due"]) for one in said["articles"]] == [("kb-1", "2026-12-01")]
    assert "手续不全：项目经理变更 manager-1" in said["text"]
    for word in ("陈大力", "弱口令", "李小明", "规划"):
        assert word not in told.read_text(encoding="utf-8")
    bell.now += timedelta(days=6)
    assert bell.ring()[0]["matters"] == ["assessment-1"], "what is overdue now is told at once"
    bell.now += timedelta(days=1)
    assert bell.ring()[0]["matters"] == ["person-1", "certificate-1", "manager-1", "kb-1"]


def begun(bell: Bell) -> subprocess.Popen[bytes]:
    """`due remind` in a process of its own, at the bell's time."""
    argv = [sys.executable, "-c", AS_AT, bell.now.isoformat(), str(bell.root)]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def slow(told: Path, seconds: float) -> dict[str, Any]:
    code = f"import time; time.sleep({seconds}); {KEEP}"
    return {"name": "pager", "within_s": 40, "command": {"argv": [sys.executable, "-c", code, str(told)]}}


def test_of_two_runs_at_one_moment_one_tells(bell: Bell, tmp_path: Path) -> None:
    """The first to claim tells; the other has nothing new. Both end well."""
    told = tmp_path / "told"
    bell.hooks(slow(told, 2))
    both = [begun(bell), begun(bell)]
    assert [(one.communicate(timeout=60)[1], one.returncode) for one in both] == [(b"", 0)] * 2
    assert len(lines(told)) == 1
    assert len(bell.entries("reminder.claimed")) == len(bell.entries()) == 1


def test_what_a_run_had_claimed_that_was_killed_is_told_once_its_claim_is_over(bell: Bell, tmp_path: Path) -> None:
    """Not before: nobody can tell a run that crashed from one that still tells."""
    told = tmp_path / "told"
    bell.hooks(slow(told, 30))
    run = begun(bell)
    end = time.monotonic() + 40
    while not bell.entries("reminder.claimed"):
        assert run.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    run.kill()
    run.communicate(timeout=30)
    bell.hooks(pager(told, within_s=40))
    bell.now += timedelta(seconds=99)
    assert bell.ring()[0]["matters"] == []
    bell.now += timedelta(seconds=2)
    assert bell.ring()[0]["matters"] != []
    assert len(lines(told)) == 1


def test_a_failed_hook_gives_its_claim_back(bell: Bell, tmp_path: Path) -> None:
    """The next run tells at once; why it failed stands in the ledger, without an address."""
    bell.hooks({"name": "pager", "command": {"argv": ["/nonexistent/program"]}})
    assert bell.quick()["pager"].failed == "the program cannot be started"
    ((_, body),) = bell.entries("reminder.failed")
    assert body == {"on": "2026-11-25", "claim": 1, "attempts": 1, "reason": "the program cannot be started"}
    bell.hooks(pager(tmp_path / "told"))
    assert bell.quick()["pager"].matters == ("monthly-inspection",)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_mail_crosses_tls_from_the_first_byte(bell: Bell, tmp_path: Path) -> None:
    """SMTPS: the certificate and the password count as with STARTTLS, and the two ways are not mixed up."""
    with postbox(tmp_path, implicit=True) as box:
        ca = str(tmp_path / "server.pem")
        safe = {"security": "tls", "user": "maint", "password": bell.secret("smtp", PASSWORD)}
        bell.hooks(mail(box.port, **safe, ca=ca))
        assert bell.quick()["it-mail"].failed == ""
        bell.hooks(mail(box.port, **safe) | {"name": "stranger"})
        assert bell.quick()["stranger"].failed == "its certificate is not trusted"
        wrong = safe | {"password": bell.secret("wrong", "Xk7-other")}
        bell.hooks(mail(box.port, **wrong, ca=ca) | {"name": "wrong"})
        assert bell.quick()["wrong"].failed == "the server did not accept user and password (535)"
        assert len(box.taken) == 1
    assert box.mails()[0]["To"] == "xxk@hospital.example"
    assert PASSWORD.encode() not in bell.held()
    with postbox() as box:
        bell.hooks(mail(box.port, **safe, ca=ca) | {"name": "clear"})
        assert bell.quick()["clear"].failed == "it does not speak TLS from the first byte at this port"
        assert box.tries == 0


@pytest.mark.parametrize(("security", "port"), [("tls", 465), ("starttls", 587), ("none", 587)])
def test_the_port_follows_the_security(security: str, port: int) -> None:
    """As RFC 8314 and RFC 6409 have it; a port that is given stands."""
    way = {"host": "mail.hospital.example", "security": security, "sender": "a@b", "to": ["c@d"]}
    assert Email.model_validate(way).at_port == port
    assert Email.model_validate(way | {"port": 2525}).at_port == 2525


def test_a_robot_is_reached_through_the_proxy_that_is_set(
    bell: Bell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy learns where to, and nothing of the address's secret; one of the environment is not used."""
    with robot(place=tmp_path) as group, proxy() as tunnel, proxy() as other:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, other.url)
        ca = str(tmp_path / "server.pem")
        hook = wecom(bell, group.url)
        hook["wecom"] |= {"ca": ca, "proxy": tunnel.url}
        bell.hooks(hook)
        assert bell.quick()["group"].failed == ""
        assert tunnel.asked == [group.url.split("/")[2]]
        assert len(tunnel.saw) > 500
        assert b"very-secret" not in tunnel.saw
        hook["wecom"].pop("proxy")
        bell.hooks(hook | {"name": "direct"})
        assert bell.quick()["direct"].failed == ""
        assert (len(group.posted), len(tunnel.asked), other.asked) == (2, 1, [])


def test_a_proxy_that_refuses_or_is_gone_is_told(bell: Bell, tmp_path: Path) -> None:
    """Nothing goes around it, and nothing of the address is in the error."""
    with robot(place=tmp_path) as group, proxy(403) as tunnel:
        hook = wecom(bell, group.url, within_s=1)
        for url, failed in (
            (tunnel.url, "the proxy did not let it through"),
            (f"http://127.0.0.1:{closed_port()}", "the connection was refused"),
        ):
            hook["wecom"] |= {"ca": str(tmp_path / "server.pem"), "proxy": url}
            bell.hooks(hook)
            assert bell.quick()["group"].failed == failed
        assert group.posted == []
