"""What reminders tell of besides duties, and when: once, by number, without a name."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from bell import NOW, Bell, lines, pager
from click.testing import CliRunner

from maintkit.cli.main import cli


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
