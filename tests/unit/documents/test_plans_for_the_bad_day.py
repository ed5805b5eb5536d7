"""《重大故障应急响应预案》 and 《灾难恢复计划》: promised against measured, and everything that is lacking."""

from __future__ import annotations

from typing import Any

import pytest
import sample_plans as sample
from sample_inspections import HEADER

from maintkit.documents.model import Document, Heading, Table, texts
from maintkit.documents.parts.readiness.ready import Job, gaps
from maintkit.documents.views import disaster_plan, emergency_plan
from maintkit.documents.views.disaster_plan import BLANKS as OF_DISASTER
from maintkit.documents.views.emergency_plan import BLANKS as OF_EMERGENCY

HIS = "医院信息系统（HIS）"


def table(document: Document, title: str) -> Table:
    place = next(at for at, one in enumerate(document.blocks) if isinstance(one, Heading) and title in one.text)
    found = next(one for one in document.blocks[place + 1 :] if isinstance(one, Table))
    assert isinstance(found, Table)
    return found


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"drills": ()}, ["备份任务 his 没有通过的恢复演练，能否恢复及所需时间未经验证"]),
        ({"drills": (sample.drilled(passed=False),)}, ["备份任务 his 没有通过的恢复演练，能否恢复及所需时间未经验证"]),
        (
            {"drills": (sample.drilled(), sample.drilled("C20261129-1", passed=False))},
            ["备份任务 his 最近一次恢复演练（C20261129-1）未通过"],
        ),
        ({"drills": (sample.drilled(rto_s=7200.0),)}, []),
        ({"drills": (sample.drilled(rto_s=7201.0),)}, ["演练实测 RTO 120 分 1 秒，超过约定的 2 小时"]),
        ({"drills": (sample.drilled(rpo_s=901.0),)}, ["演练实测 RPO 15 分 1 秒，超过约定的 15 分钟"]),
        ({"seen": None}, ["最近的采集结果中没有备份任务 his，备份与异机副本的情况不明"]),
        ({"seen": sample.seen("his", off_host=False)}, ["备份任务 his 没有异机副本"]),
        ({"seen": sample.seen("his", off_host=None)}, ["备份任务 his 是否有异机副本未能确认"]),
        ({"seen": sample.seen("his", last=None)}, ["备份任务 his 的目录中没有有效备份"]),
        ({}, []),
    ],
)
def test_what_is_lacking_is_told_of_each_job(job: dict[str, Any], said: list[str]) -> None:
    """At the promise to the second it is kept; one second more is a gap."""
    base = {"name": "his", "tool": "pgbackrest", "every_h": 24, "systems": ("his",), "seen": sample.seen("his")}
    made = Job(**(base | {"drills": (sample.drilled(),)} | job))
    ready = sample.filled(*OF_DISASTER)
    ready = sample.replace(ready, jobs=(made, ready.jobs[1]), contract=sample.contract(*sample.PROMISED))
    assert [gap.text for gap in gaps(ready, HEADER) if gap.system == HIS] == said


def test_a_system_with_two_jobs_takes_both_times_and_the_worse_loss() -> None:
    """One after the other; with one of them not measured, nothing is said."""
    own = {"tool": "pgbackrest", "every_h": 24, "systems": ("his",), "seen": None}
    first = Job(name="a", drills=(sample.drilled(rto_s=100.0, rpo_s=5.0),), **own)  # type: ignore[arg-type]
    second = Job(name="b", drills=(sample.drilled(rto_s=20.0, rpo_s=50.0),), **own)  # type: ignore[arg-type]
    both = sample.ready(jobs=(first, second))
    assert (both.rto_s("his"), both.rpo_s("his")) == (120.0, 50.0)
    half = sample.ready(jobs=(first, Job(name="b", drills=(), **own)))  # type: ignore[arg-type]
    assert (half.rto_s("his"), half.rpo_s("his")) == (None, None)
    assert sample.ready().rto_s("pharmacy") is None


@pytest.mark.parametrize(("draw", "blanks"), [(emergency_plan, OF_EMERGENCY), (disaster_plan, OF_DISASTER)])
def test_a_plan_is_a_draft_until_every_blank_is_written(draw: Any, blanks: dict[str, str]) -> None:
    """And while no inspection has seen the hosts; gaps alone do not make it one, they are framed."""
    assert draw(sample.ready(), HEADER).draft
    assert draw(sample.filled(*list(blanks)[1:]), HEADER).draft
    whole = draw(sample.filled(*blanks), HEADER)
    assert (whole.draft, whole.alerts) == (False, ())
    assert draw(sample.filled(*blanks, inspection=None, machines=()), HEADER).draft
    lacking = draw(sample.ready(judged=sample.filled(*blanks).judged), HEADER)
    assert not lacking.draft
    assert "恢复能力存在 5 项缺口" in lacking.alerts[0].text


def test_the_clocks_are_those_of_the_contract() -> None:
    """Levels with respond, on site and restore, by the hand-made table of the template."""
    levels = table(emergency_plan(sample.ready(), HEADER), "故障分级")
    assert [[cell.text for cell in row][0:1] + [cell.text for cell in row][2:] for row in levels.rows] == [
        ["P1", "15 分钟", "1 小时", "2 小时"],
        ["P2", "30 分钟", "2 小时", "4 小时"],
        ["P3", "2 小时", "不要求", "24 小时"],
    ]


@pytest.mark.parametrize(
    ("scopes", "said"),
    [
        ((), "P1、P2 级故障在解决后"),
        (("department", "hospital"), "P1、P2 级及影响范围为科室、全院的故障在解决后"),
    ],
)
def test_the_faults_that_owe_a_report_are_those_of_the_contract(scopes: tuple[str, ...], said: str) -> None:
    """By level or by scope, as the clock of the report asks for it."""
    had = sample.contract()
    report = had.faults.report.model_copy(update={"scopes": scopes})
    faults = had.faults.model_copy(update={"report": report})
    drawn = emergency_plan(sample.ready(contract=had.model_copy(update={"faults": faults})), HEADER)
    assert f"6. 分析：{said}" in " ".join(texts(drawn))


def test_promised_stands_beside_measured_and_nothing_is_invented() -> None:
    """A system that was never drilled is 未验证, one without a promise 未约定."""
    rows = table(disaster_plan(sample.ready(), HEADER), "恢复目标").rows
    assert [[cell.text for cell in row] for row in rows] == [
        [HIS, "2 小时", "38 秒", "达到", "15 分钟", "41 秒", "达到"],
        ["门急诊电子病历", "4 小时", "—", "未验证", "15 分钟", "—", "未验证"],
        ["智慧药学", "未约定", "—", "未验证", "未约定", "—", "未验证"],
    ]


def test_what_a_drill_does_to_prove_itself_is_no_step_of_a_recovery() -> None:
    """Damage done on purpose and the wiping of a copy would be the worst on the day itself."""
    said = " ".join(texts(disaster_plan(sample.filled(*OF_DISASTER), HEADER)))
    assert "恢复到标记点" in said
    assert "制造损坏" not in said
    assert "清除副本" not in said
