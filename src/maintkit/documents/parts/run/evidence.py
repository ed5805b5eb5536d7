"""证据: every entry of the ledger that the document rests on, with its hash and the documents attached to it."""

from __future__ import annotations

from maintkit.documents import wording
from maintkit.documents.glossary import ENTRY, PHASE
from maintkit.documents.header import Header
from maintkit.documents.model import Annex, Block, Cell, Column, EvidenceItem, EvidenceList, Paragraph, Table
from maintkit.evidence.entry import Entry
from maintkit.plans.implementation import Implementation

MOST_ENTRIES_ON_PAPER = 300


def section(done: Implementation) -> tuple[Block, ...]:
    """Plan, run, head of what is used here, version."""
    sealed = "一致" if done.plan.sha256 == done.done.sha256 else f"不一致：实施时记录的是 {done.done.sha256}"
    return (
        Paragraph(text="本文件全部内容取自维护台账；以下编号与校验值可用 maintkit ledger verify 核对，各条目见附表。"),
        EvidenceList(
            items=(
                EvidenceItem(label="实施编号", value=done.done.run),
                EvidenceItem(label="计划编号", value=done.plan.id),
                EvidenceItem(label="计划校验值（SHA-256）", value=done.plan.sha256),
                EvidenceItem(label="与实施时的计划", value=sealed),
                EvidenceItem(label="台账编号", value=done.plan.ledger),
                EvidenceItem(label="引用的最后条目", value=f"#{done.head.seq} {done.head.hash}"),
                EvidenceItem(label="程序版本", value=f"maintkit {done.done.version}"),
            )
        ),
    )


def annex(done: Implementation, header: Header) -> Annex:
    """A line an entry."""
    long = len(done.entries) > MOST_ENTRIES_ON_PAPER
    where = "见本文件电子表格（xlsx）的同名工作表" if long else "附件为阶段结果文件或计划原文，以校验值命名存于台账"
    return Annex(
        title="附表　台账条目",
        note=f"共 {len(done.entries)} 条，{where}。",
        workbook_only=long,
        table=Table(
            columns=(
                Column(title="序号", width=7, align="center"),
                Column(title="时间", width=16, align="center"),
                Column(title="条目", width=18),
                Column(title="对象", width=11),
                Column(title="条目校验值与附件（SHA-256）", width=48),
            ),
            rows=tuple(_row(entry, header) for entry in done.entries),
        ),
    )


def _row(entry: Entry, header: Header) -> tuple[Cell, ...]:
    phase = entry.body.get("phase")
    title = f"{ENTRY.get(entry.kind, entry.kind)}{f'：{PHASE.get(str(phase), str(phase))}' if phase else ''}"
    attached = "".join(f"\n附件 {name}" for name in entry.attachments)
    return (
        Cell(text=f"#{entry.seq}"),
        Cell(text=wording.moment(entry.at, header.zone)),
        Cell(text=title),
        Cell(text=entry.subject or wording.NOTHING),
        Cell(text=f"{entry.hash}{attached}"),
    )
