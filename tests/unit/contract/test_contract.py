"""contract.yml: the template holds what the contract asks for, and every mistake is told by line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from maintkit.contract.contract import Contract
from maintkit.errors import SiteError
from maintkit.sitefile import read

DUTIES = {
    "monthly-inspection": ("monthly", ("日常系统巡检记录",)),
    "inspection-summary": ("quarterly", ("季度巡检记录汇总单",)),
    "deep-inspection": ("quarterly", ("季度深度巡检记录",)),
    "health-report": ("quarterly", ("系统健康检查与性能分析报告",)),
    "tuning": ("quarterly", ("性能优化实施记录", "重启评估与实施记录")),
    "backup-watch": ("monthly", ("日常系统巡检记录",)),
    "restore-drill": ("quarterly", ("备份恢复验证报告",)),
    "recovery-manual": ("yearly", ("数据恢复操作手册",)),
    "housekeeping": ("as-needed", ("维护记录",)),
    "function-watch": ("weekly", ("系统功能主动监测周报",)),
    "security-update": ("quarterly", ("安全补丁更新记录",)),
    "vulnerability-check": ("half-yearly", ("漏洞检查报告",)),
    "access-watch": ("monthly", ("日常系统巡检记录",)),
    "incident-summary": ("monthly", ("月度故障汇总",)),
    "knowledge-update": ("quarterly", ("知识库更新摘要",)),
    "documents-handover": ("quarterly", ("文档提交清单",)),
    "service-review": ("quarterly", ("服务回顾报告",)),
    "emergency-plan": ("once", ("重大故障应急响应预案",)),
    "disaster-plan": ("once", ("灾难恢复计划",)),
    "final-handover": ("at-end", ("移交清单",)),
}


@pytest.fixture
def template(site: Path) -> Contract:
    return read(site / "contract.yml", Contract)


def test_the_template_holds_every_duty(template: Contract) -> None:
    """All recurring duties with their rhythm and the names their documents must bear."""
    assert {duty.id: (duty.rhythm, duty.documents) for duty in template.duties} == DUTIES
    assert {duty.id for duty in template.duties if duty.at_least} == {
        "tuning",
        "restore-drill",
        "security-update",
        "vulnerability-check",
        "service-review",
    }


def test_the_template_holds_the_deadlines_of_duties(template: Contract) -> None:
    """The health report follows the deep inspection by seven working days, the plans the signing by a month; what sums
    up a period follows it."""
    within = {duty.id: f"{duty.within.span} after {duty.within.after}" for duty in template.duties if duty.within}
    assert within == {
        **dict.fromkeys(
            ("inspection-summary", "incident-summary", "knowledge-update", "service-review"), "7 wd after period"
        ),
        "health-report": "7 wd after deep-inspection",
        "emergency-plan": "1 month after signing",
        "disaster-plan": "1 month after signing",
    }
    assert {duty.id: duty.part_of for duty in template.duties if duty.part_of} == {
        "backup-watch": "monthly-inspection",
        "access-watch": "monthly-inspection",
    }
    manual = template.duty("recovery-manual")
    assert manual is not None
    assert manual.on_change == ("topology", "engine", "schedule")
    assert template.duty("no-such-duty") is None


def test_the_template_holds_the_clocks_of_faults(template: Contract) -> None:
    """P1 15 min, 1 h, 2 h; P2 30 min, 2 h, 4 h; P3 2 h, nobody has to come, 24 h; softer targets within P3."""
    clocks = {
        level.id: (str(level.respond), str(level.on_site) if level.on_site else None, str(level.restore))
        for level in template.faults.levels
    }
    assert clocks == {
        "P1": ("15 min", "1 h", "2 h"),
        "P2": ("30 min", "2 h", "4 h"),
        "P3": ("2 h", None, "24 h"),
    }
    assert [str(target.within) for target in template.faults.levels[2].targets] == ["5 min", "30 min", "1 h"]
    assert str(template.faults.urgent_on_site) == "2 h"
    assert (template.faults.report.levels, str(template.faults.report.within)) == (("P1", "P2"), "3 wd")


def test_the_template_holds_the_clocks_of_requests(template: Contract) -> None:
    """Bugs and changes with their steps; None is by agreement."""
    clocks = {
        kind.id: {step.id: str(step.within) if step.within else None for step in kind.steps}
        for kind in template.requests.kinds
    }
    assert clocks == {
        "urgent-bug": {"start": "2 h", "plan": "24 h"},
        "other-bug": {"plan": "3 wd", "done": "3 months"},
        "urgent-change": {"assess": "0 min", "done": None},
        "simple-change": {"done": "3 wd"},
        "medium-change": {"done": "7 wd"},
        "complex-change": {"done": "10 wd"},
    }
    assert template.requests.included_person_days == 5


def test_the_template_is_in_the_time_of_shanghai(template: Contract) -> None:
    """The zone is ready for datetime; the term holds both its days."""
    assert template.zone.key == "Asia/Shanghai"
    assert template.term.start < template.term.end
    assert isinstance(template.signed, date)


Edit = Callable[[str], str]


def swap(old: str, new: str) -> Edit:
    """The template with its first `old` replaced."""

    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return edit


@pytest.mark.parametrize(
    ("edit", "marker", "problem"),
    [
        (
            swap("end: 2026-12-31", "end: 2025-12-31"),
            "end: 2025",
            "the end 2025-12-31 is not after the start 2026-01-01",
        ),
        (swap("end: 2026-12-31", "end: 2026-02-30"), "end: 2026", "`term.end` is '2026-02-30'"),
        (swap("start: 2026-01-01", "start: 01/02/2026"), "start: 01", "allowed: a date as YYYY-MM-DD"),
        (swap("time_zone: Asia/Shanghai\n", ""), "title:", "`time_zone` is missing; allowed: an IANA time zone"),
        (swap("Asia/Shanghai", "Asia/Shanhai"), "time_zone:", "`time_zone` is 'Asia/Shanhai': no such time zone"),
        (swap("Asia/Shanghai", "../../etc/passwd"), "time_zone:", "no such time zone; allowed: an IANA time zone"),
        (swap("Asia/Shanghai", "Asia"), "time_zone:", "no such time zone"),
        (swap("Asia/Shanghai", "UTC+8"), "time_zone:", "no such time zone"),
        (swap("signed: 2025-12-20", "signed: 2027-01-01"), "signed:", "signed on 2027-01-01, after the term's end"),
        (
            swap("rhythm: monthly", "rhythm: montly"),
            "rhythm: montly",
            "(did you mean `monthly`?); allowed: weekly, monthly",
        ),
        (
            swap("id: inspection-summary", "id: monthly-inspection"),
            "id: monthly-inspection\n    title_zh: 季度",
            "duty `monthly-inspection` stands",
        ),
        (swap("id: tuning", "id: Tuning Up"), "id: Tuning Up", "allowed: lower-case words joined by -"),
        (
            swap("after: deep-inspection", "after: deep-inspektion"),
            "deep-inspektion",
            "did you mean `deep-inspection`?",
        ),
        (
            swap("part_of: monthly-inspection", "part_of: backup-watch"),
            "part_of: backup",
            "no other duty `backup-watch`",
        ),
        (swap("span: 7 wd", "span: 7 days"), "7 days", "is '7 days': not a length of time"),
        (swap("respond: 15 min", "respond: 3 wd"), "respond: 3 wd", "allowed: minutes or hours, like 15 min or 2 h"),
        (swap("restore: 2 h", "restore: 30 min"), "restore: 30", "`restore` 30 min is shorter than `on_site` 1 h"),
        (swap("id: P2", "id: P4"), "id: P4", "is 'P4'; allowed: P1, P2, P3"),
        (swap("id: P2", "id: P3"), "levels:\n    - id: P1", "the levels are P1, P3, P3; allowed: P1, P2, P3 in order"),
        (
            swap("id: other-bug", "id: urgent-bug"),
            "id: urgent-bug\n      title_zh: 一般",
            "kind `urgent-bug` stands twice",
        ),
        (
            swap("name: 赵经理", "name: 王经理"),
            "王经理\n    role_zh: 项目经理\n    phone: '010-00000004'",
            "both project managers",
        ),
        (
            swap("phone: '010-00000001'", "phone: 01000000001"),
            "phone: 0100",
            "put it in quotes; allowed: a telephone number",
        ),
        (swap("phone: '010-00000001'", "phone: call me"), "phone: call", "is 'call me'; allowed: a telephone number"),
        (
            swap("number: 'HT-2026-001'", "number: 2026001"),
            "number: 2026",
            "put it in quotes; allowed: the contract's number",
        ),
        (swap("[HIS, EMR,", "[HIS, HIS,"), "systems: [", "system `HIS` stands twice"),
        (
            swap("evidence: [drill run]", "evidence: []"),
            "evidence: []",
            "allowed: a list of words: what the contract names as proof",
        ),
        (
            swap("included_person_days: 5", "included_person_days: -1"),
            "included_person",
            "allowed: person-days, 0 or more",
        ),
    ],
)
def test_a_mistake_is_told_by_line(site: Path, edit: Edit, marker: str, problem: str) -> None:
    """The message stands at the line of the mistake, or of what lacks something, and says what is allowed."""
    path = site / "contract.yml"
    text = edit(path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    line = text[: text.index(marker)].count("\n") + 1
    with pytest.raises(SiteError) as caught:
        read(path, Contract)
    found = str(caught.value).splitlines()
    assert len(found) == 1
    assert found[0].startswith(f"{path}:{line}: ")
    assert problem in found[0]
