"""The words and tables of a watch over functions."""

from __future__ import annotations

import re
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
# What the probes say of an answer (runs/probes), for a reader of the hospital; other words stand as they are.
_DETAILS = (
    (r"status (\d+) instead of (\d+)", r"状态码 \1，应为 \2"),
    (r"the page does not hold (.+)", r"页面中没有 \1"),
    (r"the output does not hold (.+)", r"输出中没有 \1"),
    (r"(\d+) ms, at most (\S+)", r"\1 毫秒，上限 \2 毫秒"),
    (r"(\d+) min old, at most (\S+)", r"\1 分钟前写入，上限 \2 分钟"),
    (r"no row, or its first value is null", "查询没有结果"),
    (r"the first value is not (.+)", r"查询结果不是 \1"),
    (r"the query was cut off", "查询超时被终止"),
    (r"the server refused the session", "服务器拒绝会话"),
    (r"the association was rejected", "关联被拒绝"),
    (r"no association", "未建立关联"),
    (r"no C-ECHO response", "没有 C-ECHO 应答"),
    (r"acknowledged with (\w+)", r"应答码 \1"),
    (r"the answer is no MLLP block", "应答不是 MLLP 报文"),
    (r"the answer has no MSA segment", "应答中没有 MSA 段"),
    (r"the acknowledgement is of another message", "应答对应另一条消息"),
    (r"exit code (\d+)", r"退出码 \1"),
    (r"this probe needs (\S+), which is not installed.*", r"缺少程序库 \1"),
    (r"its password was not to be had.*", "取不到探针的口令"),
)
HANDLING = {"open": "待处理", "in-progress": "处理中", "resolved": "已解决"}
SHOWN = 4


def detail(text: str) -> str:
    """What a probe said of an answer, in Chinese where it is one of its own sentences."""
    for pattern, words in _DETAILS:
        found = re.fullmatch(pattern, text)
        if found:
            return found.expand(words)
    return text


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
