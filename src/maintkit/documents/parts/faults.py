"""The words and tables of faults: levels, clocks, what was attained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from maintkit.desk.attained import Attained
from maintkit.desk.clocks import Clock
from maintkit.desk.clocks import State as ClockState
from maintkit.desk.incident import Incident, State, Verb
from maintkit.desk.past import Fault
from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Cell, Column, EvidenceItem, Table, Tone

SCOPE: Mapping[str, str] = {
    "hospital": "全院", "department": "科室", "rooms": "多个诊室", "room": "单个诊室", "user": "单个用户",
}  # fmt: skip
KIND: Mapping[str, str] = {
    "stopped": "业务中断", "key-function": "关键功能不可用", "degraded": "运行缓慢但可用", "non-core": "非核心功能故障",
}  # fmt: skip
SEVERITY: Mapping[str, str] = {"patient-safety": "影响患者安全", "serious": "严重", "ordinary": "一般"}
STATE: Mapping[State, str] = {
    "open": "待响应", "acknowledged": "处理中", "mitigated": "已有替代方案", "resolved": "已解决", "closed": "已关闭",
    "duplicate": "重复报告",
}  # fmt: skip
VERB: Mapping[Verb, str] = {
    "opened": "报告", "triaged": "定级", "acknowledged": "响应", "arrived": "到场", "progressed": "进展通报",
    "mitigated": "启用替代方案", "resolved": "解决", "feedback": "反馈", "closed": "关闭", "paused": "计时暂停",
    "continued": "恢复计时", "analysed": "故障分析", "related": "关联", "separated": "撤销重复", "located": "更正范围",
}  # fmt: skip
CLOCK: Mapping[str, str] = {"respond": "响应", "on-site": "到场", "restore": "恢复"}
CLOCK_STATE: Mapping[ClockState, str] = {
    "met": "达标", "breached": "超时", "running": "计时中", "resting": "暂停计时", "undetermined": "未能判定",
    "not-asked": "不要求",
}  # fmt: skip
CLOCK_TONE: Mapping[ClockState, Tone] = {"breached": "crit", "undetermined": "strong"}
NO_LEVEL = "未定级"
_REASONS = (
    (r"not triaged: it has no level yet", "尚未定级"),
    (r"which target is its own was not said", "定级时未说明适用哪项目标"),
    (r"the contract states no minutes for it", "合同文件未写明“立即”为多少分钟"),
    (r"the contract has no such target any more", "合同文件中已无此目标"),
    (r"runs from the solution: none yet", "自解决之时起算，尚未解决"),
    (r"a pause that was entered after the breach does not undo it", "暂停在超时之后录入，不撤销已发生的超时"),
    (
        r"what was agreed on and entered after the breach does not undo it",
        "约定、类别或关闭在超时之后录入，不撤销已发生的超时",
    ),
    (r"the contract states no minutes for it: (\d+) min so far", r"合同文件未写明“立即”为多少分钟，已历时 \1 分钟"),
    (r"the contract states no minutes for it: (\d+) min passed", r"合同文件未写明“立即”为多少分钟，历时 \1 分钟"),
    (r"closed before it was reached", "完成之前已关闭"),
    (r"its kind asks for no such step", "现类别不含此事项"),
    (r"by agreement: no date was agreed on yet", "由双方商定，尚未约定日期"),
    (r"the working days of (\d+) are not known to this calendar.*", r"\1 年的工作日历未知"),
)


def why(reason: str) -> str:
    """Why a clock cannot be read, in Chinese."""
    for pattern, words in _REASONS:
        found = re.fullmatch(pattern, reason)
        if found:
            return found.expand(words)
    return reason


def level(one: Incident) -> str:
    """`P1`, or that it has none."""
    return one.level.level if one.level else NO_LEVEL


def kind(one: Incident) -> str:
    """The class that it was triaged as."""
    last = one.last("triaged")
    return KIND[last.body["kind"]] if last else NO_LEVEL


def cause(one: Incident) -> str:
    """The cause of its newest analysis; empty when there is none."""
    last = one.last("analysed")
    return str(last.body["cause"]) if last else ""


def systems(one: Incident, header: Header) -> str:
    """The printed names of its systems."""
    return "、".join(map(header.system, one.systems)) or "未指明系统"


def clock_name(name: str) -> str:
    """The printed name of a clock; documents and targets are named by the contract."""
    return CLOCK.get(name, name)


def clock_line(clock: Clock, header: Header) -> str:
    """`响应：超时（10-08 09:45 起）`: a clock in a line, with the moment of a breach."""
    said = CLOCK_STATE[clock.state]
    if clock.breached_at:
        said += f"（{_short(clock.breached_at, header)} 起）"
    elif clock.state == "running":
        said += f"（至 {_short(clock.deadline, header)}）"
    elif clock.reason:
        said += f"（{why(clock.reason)}）"
    return f"{clock_name(clock.name)}：{said}"


def clocks(found: Sequence[Clock], header: Header) -> Table:
    """Every clock of a fault: by when, when it ended, how it stands, from when it was breached."""

    def row(clock: Clock) -> tuple[Cell, ...]:
        said, tone = CLOCK_STATE[clock.state], CLOCK_TONE.get(clock.state, "plain")
        if clock.target:
            said, tone = f"目标（{_aim(clock)}）", "plain"
        said_of = (wording.second(clock.breached_at, header.zone) if clock.breached_at else "", why(clock.reason))
        note = "\n".join(filter(None, said_of))
        note = note or ("截止时间随暂停顺延" if clock.state == "resting" else wording.NOTHING)
        return (
            Cell(text=clock_name(clock.name)),
            Cell(text=wording.instant(clock.deadline, header.zone)),
            Cell(text=wording.instant(clock.ended, header.zone)),
            Cell(text=said, tone=tone),
            Cell(text=note),
        )

    return Table(
        columns=(
            Column(title="时限", width=20),
            Column(title="截止时间", width=18, align="center"),
            Column(title="完成时间", width=18, align="center"),
            Column(title="结果", width=18, align="center"),
            Column(title="超时起点或说明", width=26),
        ),
        rows=tuple(map(row, found)),
        empty="没有单独的时限",
    )


def attained_table(found: Iterable[Attained]) -> Table:
    """Counts and, where there are cases, the rate, by level and clock."""
    return Table(
        columns=(
            Column(title="级别", width=10, align="center"),
            Column(title="时限", width=24),
            Column(title="达标", width=10, align="center"),
            Column(title="超时", width=10, align="center"),
            Column(title="计时中", width=10, align="center"),
            Column(title="未起算或\n未能判定", width=14, align="center"),
            Column(title="达成率", width=22, align="center"),
        ),
        rows=tuple(map(_attained, found)),
        empty="本期没有需要计时的故障",
    )


def faults_table(faults: Sequence[Fault], header: Header, empty: str) -> Table:
    """Faults, one line each, with every clock."""
    return Table(
        columns=(
            Column(title="故障编号\n报告时间", width=18),
            Column(title="级别", width=8, align="center"),
            Column(title="系统\n类别", width=13),
            Column(title="故障与原因", width=17),
            Column(title="状态\n解决时间", width=18, align="center"),
            Column(title="时限", width=30),
        ),
        rows=tuple(_fault(fault, header) for fault in faults),
        empty=empty,
    )


def marks(faults: Iterable[Fault]) -> tuple[EvidenceItem, ...]:
    """The newest entry that each fault rests on, with its hash."""
    return tuple(EvidenceItem(label=one.incident.id, value=f"台账 #{one.mark.seq} {one.mark.hash}") for one in faults)


def lasted(start: datetime, end: datetime | None) -> str:
    """`2 小时 5 分钟`, or a dash while it goes on."""
    return wording.duration(int((end - start).total_seconds())) if end else wording.NOTHING


def _short(at: datetime | None, header: Header) -> str:
    """`10-08 09:45`: for lines of a table that has the year."""
    return wording.instant(at, header.zone)[5:] if at else wording.NOTHING


def _fault(fault: Fault, header: Header) -> tuple[Cell, ...]:
    one, breached = fault.incident, any(clock.breached_at for clock in fault.clocks)
    ended = wording.instant(fault.over, header.zone) if fault.over else "未解决"
    found = cause(one)
    shown = [clock for clock in fault.clocks if clock.state != "not-asked" and not clock.target]
    return (
        Cell(text=f"{one.id}\n{wording.instant(one.reported, header.zone)}"),
        Cell(text=level(one), tone="plain" if one.level else "strong"),
        Cell(text=f"{systems(one, header)}\n{kind(one)}"),
        Cell(text=f"{one.title}\n原因：{found}" if found else one.title),
        Cell(text=f"{STATE[one.state]}\n{ended}", tone="plain" if fault.over else "strong"),
        Cell(text="\n".join(clock_line(clock, header) for clock in shown) or "—", tone="crit" if breached else "plain"),
    )


def _attained(one: Attained) -> tuple[Cell, ...]:
    rate = "无案例" if one.percent is None else f"{one.percent:.1f} %（{one.met}/{one.met + one.breached}）"
    return (
        Cell(text=one.level or NO_LEVEL),
        Cell(text=f"{clock_name(one.clock)}{'（目标）' if one.target else ''}"),
        Cell(text=str(one.met)),
        Cell(text=str(one.breached), tone="crit" if one.breached and not one.target else "plain"),
        Cell(text=str(one.running)),
        Cell(text=str(one.undetermined), tone="strong" if one.undetermined else "plain"),
        Cell(text="目标，不计达成率" if one.target else rate),
    )


def _aim(clock: Clock) -> str:
    if clock.state == "undetermined":
        return CLOCK_STATE["undetermined"]
    if clock.ended is None:
        return "计时中" if clock.left and clock.left > timedelta() else "已过"
    return "达到" if clock.deadline and clock.ended <= clock.deadline else "未达到"
