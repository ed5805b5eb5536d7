"""巡检、变更、演练与监测: what was done in a period, one line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from maintkit.documents import wording
from maintkit.documents.glossary import ENDED, STATUS
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Table
from maintkit.documents.parts import left
from maintkit.documents.parts.watch import STATE as WATCHED
from maintkit.evidence.work import Changed, Looked, Ran, Work

VULNERABILITY = {"fixable": "可修复", "open": "暂无修复版本", "undetermined": "数据未能判定"}


def section(work: Work, header: Header) -> tuple[Block, ...]:
    """Three tables; one of which nothing was done says so."""
    return (
        _inspections(work.inspections, header),
        _changes(work.changes, header),
        _watches(work.watches, work.checks, header),
    )


def counts_text(counts: Mapping[str, int], words: Mapping[Any, str]) -> str:
    """`正常 41，警告 2`: what is not nought, in the order of the words."""
    return "，".join(f"{word} {counts[key]}" for key, word in words.items() if counts.get(key))


def _inspections(found: Sequence[Looked], header: Header) -> Table:
    def row(one: Looked) -> tuple[Cell, ...]:
        kind = ("深度巡检" if one.deep else "日常巡检") + ("（模拟）" if one.simulated else "")
        inspected = "?" if one.inspected is None else str(one.inspected)
        return (
            Cell(text=one.run),
            Cell(text=wording.instant(one.at, header.zone)),
            Cell(text=kind),
            Cell(text=f"{inspected}/{one.expected}", tone="plain" if one.inspected == one.expected else "strong"),
            Cell(text=counts_text(one.counts, STATUS) or wording.NOTHING),
            Cell(text=ENDED.get(one.ended, str(one.ended)), tone="plain" if one.ended == "complete" else "strong"),
        )

    return Table(
        columns=(
            Column(title="巡检编号", width=15),
            Column(title="开始时间", width=17, align="center"),
            Column(title="类型", width=12),
            Column(title="实检/应检", width=11, align="center"),
            Column(title="结果", width=30),
            Column(title="完成情况", width=15, align="center"),
        ),
        rows=tuple(map(row, found)),
        empty="台账中没有本期的巡检",
        caption="巡检",
    )


def _changes(found: Sequence[Changed], header: Header) -> Table:
    def row(one: Changed) -> tuple[Cell, ...]:
        return (
            Cell(text=one.run),
            Cell(text=wording.instant(one.at, header.zone)),
            Cell(text=one.title_zh + ("（模拟）" if one.simulated else "")),
            Cell(text="、".join(one.hosts)),
            left.conclusion(one),
        )

    return Table(
        columns=(
            Column(title="实施编号", width=16),
            Column(title="开始时间", width=17, align="center"),
            Column(title="操作", width=26),
            Column(title="主机", width=28),
            Column(title="结论", width=13, align="center"),
        ),
        rows=tuple(map(row, found)),
        empty="台账中没有本期的变更与演练",
        caption="变更与演练",
    )


def _watches(watches: Sequence[Ran], checks: Sequence[Ran], header: Header) -> Table:
    def row(one: Ran, kind: str, counts: str) -> tuple[Cell, ...]:
        return (
            Cell(text=one.run),
            Cell(text=wording.instant(one.at, header.zone)),
            Cell(text=kind),
            Cell(text=counts or wording.NOTHING),
            Cell(text="完整" if one.ended == "complete" else "未结束", tone="plain" if one.ended else "strong"),
        )

    return Table(
        columns=(
            Column(title="编号", width=16),
            Column(title="时间", width=17, align="center"),
            Column(title="类型", width=16),
            Column(title="结果", width=38),
            Column(title="完成情况", width=13, align="center"),
        ),
        rows=(
            *(row(one, "功能监测（探针）", counts_text(one.counts, WATCHED)) for one in watches),
            *(row(one, "漏洞检查", counts_text(one.counts, VULNERABILITY)) for one in checks),
        ),
        empty="台账中没有本期的功能监测与漏洞检查",
        caption="功能监测与漏洞检查",
    )
