"""项目登记簿: people and undertakings, project managers, trainings, meetings, assessment findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from maintkit.documents import wording
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import (
    Block,
    Cell,
    Column,
    Document,
    EvidenceItem,
    EvidenceList,
    Heading,
    KeyValue,
    KeyValues,
    Note,
    Table,
    Tone,
)
from maintkit.errors import NotFound
from maintkit.evidence.entry import Head
from maintkit.evidence.registers import KINDS, Item, State

KIND = "registers"
STATE: dict[State, str] = {
    "valid": "有效",
    "due-soon": "即将到期",
    "overdue": "已逾期",
    "lacking": "缺签署或同意",
    "closed": "已关闭",
}
_TONE: dict[State, Tone] = {"due-soon": "warn", "overdue": "crit", "lacking": "crit"}
_ORDINALS = "一二三四五六七八九"
_STATEMENT = "双方确认：上列登记事项属实。"


def registers(items: Sequence[Item], head: Head, at: datetime, header: Header) -> Document:
    """All registers as they stand at the ledger's entry `head`, whose instant is `at`; NotFound when all are empty."""
    if not items:
        raise NotFound("nothing is registered", hint="`maintkit register add KIND` registers an item")
    return Document(
        kind=KIND,
        number=f"R{head.seq}",
        title="项目登记簿",
        organisation=header.hospital,
        cover=KeyValues(
            items=(
                *parties(header),
                KeyValue(label="编号", text=f"R{head.seq}"),
                KeyValue(label="截至", text=wording.instant(at, header.zone)),
            )
        ),
        blocks=(
            *_alerts(items, at, header),
            *_sections(items, at, header),
            Heading(text=f"{_ORDINALS[len(KINDS)]}、证据"),
            EvidenceList(
                items=(
                    EvidenceItem(label="台账序号", value=str(head.seq)),
                    EvidenceItem(label="台账链首（SHA-256）", value=head.hash),
                    *_files(items),
                )
            ),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 R{head.seq}　台账 #{head.seq} {head.hash[:16]}",
        dated=at,
    )


def _alerts(items: Sequence[Item], at: datetime, header: Header) -> tuple[Note, ...]:
    on = at.astimezone(header.zone).date()
    said = []
    for state, words in (("overdue", "已逾期"), ("lacking", "缺少事先的签署或书面同意")):
        named = [f"{KINDS[one.kind].title_zh} {one.id}" for one in items if one.state(on) == state]
        if named:
            said.append(f"{len(named)} 项{words}：{'、'.join(named[:10])}{' 等' if len(named) > 10 else ''}。")
    return tuple(Note(kind="alert", text=text) for text in said)


def _sections(items: Sequence[Item], at: datetime, header: Header) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for number, (name, kind) in enumerate(KINDS.items()):
        own = [one for one in items if one.kind == name]
        blocks += [Heading(text=f"{_ORDINALS[number]}、{kind.title_zh}"), _table(name, own, at, header)]
    return tuple(blocks)


def _table(name: str, items: Sequence[Item], at: datetime, header: Header) -> Table:
    fields = KINDS[name].fields
    return Table(
        columns=(
            Column(title="编号", width=14),
            *(Column(title=field.label_zh, width=12) for field in fields),
            Column(title="状态", width=12, align="center"),
            Column(title="关闭说明与证明", width=16),
        ),
        rows=tuple(
            (
                Cell(text=one.id),
                *(Cell(text=one.fields.get(field.name, wording.NOTHING)) for field in fields),
                _state(one, at, header),
                Cell(text=_closing(one, header)),
            )
            for one in items
        ),
        empty="没有登记",
    )


def _state(one: Item, at: datetime, header: Header) -> Cell:
    state = one.state(at.astimezone(header.zone).date())
    return Cell(text=STATE[state], tone=_TONE.get(state, "plain"))


def _closing(one: Item, header: Header) -> str:
    if one.closed_at is None:
        return wording.NOTHING
    proof = f"（证明 {len(one.proof)} 份）" if one.proof else ""
    return f"{wording.instant(one.closed_at, header.zone)[:10]} {one.closed_by}：{one.why}{proof}"


def _files(items: Sequence[Item]) -> tuple[EvidenceItem, ...]:
    return tuple(
        EvidenceItem(label=f"{one.id} {file.name}", value=file.sha256)
        for one in items
        for file in (*one.files, *one.proof)
    )
