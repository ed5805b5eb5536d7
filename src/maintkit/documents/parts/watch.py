"""The words and tables of a watch over functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maintkit.documents.header import Header
from maintkit.documents.model import Cell, Column, Table, Tone
from maintkit.evidence.watch import State, Watched, WatchWeek

STATE: Mapping[State, str] = {
    "ok": "正常",
    "warn": "缓慢",
    "crit": "异常",
    "error": "未能探测",
    "not-run": "未执行",
    "uncovered": "未覆盖",
}
TONE: Mapping[State, Tone] = {
    "ok": "plain",
    "warn": "warn",
    "crit": "crit",
    "error": "strong",
    "not-run": "strong",
    "uncovered": "strong",
}
REASON: Mapping[str, str] = {
    "as-expected": "符合预期",
    "slow": "应答超过时限",
    "no-answer": "无应答",
    "connection-refused": "连接被拒绝",
    "name-unknown": "主机名无法解析",
    "untrusted-certificate": "证书不受信任",
    "wrong-answer": "应答内容不符",
    "rejected": "请求被对方拒绝",
    "not-understood": "应答无法解读",
    "stale": "文件过旧",
    "absent": "文件不存在",
    "not-asked": "探针未能执行",
    "seen-bad": "人工判定异常",
}
HANDLING = {"open": "待处理", "in-progress": "处理中", "resolved": "已解决"}
SHOWN = 4


def names(functions: Sequence[Watched]) -> str:
    """The first functions by number and name, and how many more."""
    said = "、".join(f"{one.seq} {one.function_zh}" for one in functions[:SHOWN])
    more = len(functions) - SHOWN
    return f"{said} 等 {len(functions)} 项" if more > 0 else said or "目录中已无此功能"


def by_system(week: WatchWeek, header: Header) -> Table:
    """How many functions of each system are in each state, and of all."""
    systems = dict.fromkeys(one.system for one in week.functions)

    def row(title: str, counts: Mapping[State, int]) -> tuple[Cell, ...]:
        cells = [Cell(text=str(count), tone=TONE[state] if count else "plain") for state, count in counts.items()]
        return (Cell(text=title), Cell(text=str(sum(counts.values()))), *cells)

    states = (Column(title=title, width=10, align="center") for title in STATE.values())
    return Table(
        columns=(Column(title="系统", width=30), Column(title="功能数", width=10, align="center"), *states),
        rows=(*(row(header.system(one), week.counts(one)) for one in systems), row("合计", week.counts())),
    )


def changes(week: WatchWeek, before: WatchWeek | None, header: Header) -> Table:
    """The functions whose state is another than in the week before."""
    earlier = {one.seq: one.state for one in before.functions} if before else {}
    rows = [
        (
            Cell(text=str(one.seq)),
            Cell(text=header.system(one.system)),
            Cell(text=one.function_zh),
            Cell(text=STATE[earlier[one.seq]] if one.seq in earlier else "目录中没有"),
            Cell(text=STATE[one.state], tone=TONE[one.state]),
        )
        for one in week.functions
        if before and earlier.get(one.seq) != one.state
    ]
    return Table(
        columns=(
            Column(title="序号", width=8, align="center"),
            Column(title="系统", width=26),
            Column(title="功能", width=38),
            Column(title="上周", width=14, align="center"),
            Column(title="本周", width=14, align="center"),
        ),
        rows=tuple(rows),
        empty="各项功能与上周相同" if before else "台账中没有上周及以前的监测，无从比较",
    )
