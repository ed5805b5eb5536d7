"""What a document of a month or a quarter says of its time: until when it speaks, since when anything is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from maintkit.documents import wording
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, EvidenceItem, EvidenceList, KeyValue, Note, Paragraph, Table
from maintkit.documents.views.month import Covered
from maintkit.evidence.moment import Basis, Mark, newest


def cover(covered: Covered, basis: Basis, header: Header) -> tuple[KeyValue, ...]:
    """The period, and as of when it is told."""
    last = wording.instant(basis.until, header.zone) if not basis.over else "期末"
    return (KeyValue(label="期间", text=covered.title), KeyValue(label="截至", text=last))


def alerts(basis: Basis, header: Header) -> Iterator[Note]:
    """That the ledger does not reach to the period's end, holds nothing of it, or does not reach back to its start."""
    if not basis.over:
        last = wording.instant(basis.head.at, header.zone)
        yield Note(kind="alert", text=f"草稿：期末尚未到；台账最后一条记录为 {last}，此后发生的情况不在本文件内。")
    if basis.head.at < basis.since:
        yield Note(kind="alert", text="台账中没有本期的任何记录：只能说明无人录入，不能说明没有发生。")
    if basis.begins > basis.since:
        first = wording.instant(basis.begins, header.zone)
        yield Note(kind="alert", text=f"台账自 {first} 起才有记录，此前的情况不明，不得视为没有。")


def head(basis: Basis, marks: Iterable[Mark]) -> Mark:
    """The entry that a document rests on: the last of the period, or a later one about what happened in it."""
    return newest((basis.head, *marks))


def proof(mark: Mark, items: Iterable[EvidenceItem]) -> EvidenceList:
    """The ledger's entry and hash, and those of what is told."""
    return EvidenceList(
        items=(
            EvidenceItem(label="台账序号", value=str(mark.seq)),
            EvidenceItem(label="台账链首（SHA-256）", value=mark.hash),
            *items,
        )
    )


def footer(covered: Covered, mark: Mark) -> str:
    """The period and the entry it rests on."""
    return f"编号 {covered}　台账 #{mark.seq} {mark.hash[:16]}"


def compared(covered: Covered, before: Mapping[str, int] | None, now: Mapping[str, int]) -> Block:
    """The numbers of the period beside those of the one before; None: the ledger does not hold that one whole."""
    if before is None:
        return Paragraph(text=f"台账没有完整的{covered.previous().title}记录，无从比较。", tone="strong")
    return Table(
        columns=(
            Column(title="项目", width=40),
            Column(title=covered.previous().title, width=20, align="center"),
            Column(title=covered.title, width=20, align="center"),
            Column(title="增减", width=20, align="center"),
        ),
        rows=tuple(
            (
                Cell(text=name),
                Cell(text=str(before[name])),
                Cell(text=str(count)),
                Cell(text=f"{count - before[name]:+d}" if count != before[name] else "0"),
            )
            for name, count in now.items()
        ),
    )
