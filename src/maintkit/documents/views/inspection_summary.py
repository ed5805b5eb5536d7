"""季度巡检记录汇总单: the inspections of a quarter, the months without one, and what was open at its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from maintkit.documents import wording
from maintkit.documents.glossary import ENDED
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
    Paragraph,
    Table,
)
from maintkit.documents.parts import events, results, urgent
from maintkit.documents.views.quarter import Quarter
from maintkit.errors import NotFound
from maintkit.evidence.comparison import compare
from maintkit.evidence.recorded import ABNORMAL, Comparison, Inspection, RecordedFinding
from maintkit.plans.unapproved import Unapproved

__all__ = ["Quarter", "inspection_summary"]
_STATEMENT = "双方确认：本季度巡检记录已按上表移交，未关闭事件的责任人与期限如上。"


def inspection_summary(
    quarter: Quarter,
    inspections: Sequence[Inspection],
    handlings: events.Handlings,
    header: Header,
    *,
    emergencies: Sequence[Unapproved],
) -> Document:
    """The summary of a quarter, from all inspections the ledger holds, in any order.

    `emergencies` are those of the quarter. Older inspections serve the comparison and the open events only; those after
    the quarter are not looked at.
    Raises NotFound when no inspection falls into the quarter or before it: there is nothing to date a summary by.
    """
    zone = header.zone
    known = sorted(
        (one for one in inspections if Quarter.of(one.started_at, zone) <= quarter), key=lambda one: one.started_at
    )
    if not known:
        raise NotFound(
            f"the ledger holds no inspection in or before {quarter}",
            hint="`maintkit report --list` shows those there are",
        )
    inside = [one for one in known if Quarter.of(one.started_at, zone) == quarter]
    open_ = _open_events(known)
    last = known[-1]
    return Document(
        kind="inspection-summary",
        number=str(quarter),
        title="季度巡检记录汇总单",
        organisation=header.hospital,
        cover=_cover(quarter, inside, header),
        blocks=(
            *_alerts(quarter, inside, header),
            *urgent.alerts(emergencies),
            *events.draft_note(open_, handlings),
            Heading(text="一、本季度巡检"),
            Paragraph(text=_sentence(quarter, inside, open_)),
            _inspections(inside, known, header),
            Heading(text="二、各月巡检情况"),
            _months(quarter, inside, header),
            Heading(text="三、季度末未关闭事件"),
            events.open_table(open_, handlings, header, empty="季度末无未关闭事件"),
            *_unseen(known),
            *urgent.section("四、紧急变更", emergencies, header),
            Heading(text="五、证据"),
            _proof(inside),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {quarter}　台账 #{last.head_seq} {last.head_hash[:16]}",
        dated=last.finished_at or last.started_at,
        draft=bool(events.unhandled(open_, handlings)),
    )


def _cover(quarter: Quarter, inside: Sequence[Inspection], header: Header) -> KeyValues:
    engineers = "、".join(dict.fromkeys(one.engineer for one in inside)) or wording.NOTHING
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="季度", text=quarter.title),
            KeyValue(label="巡检次数", text=f"{len(inside)} 次（其中深度巡检 {sum(one.deep for one in inside)} 次）"),
            KeyValue(label="巡检工程师", text=engineers, wide=True),
        )
    )


def _alerts(quarter: Quarter, inside: Sequence[Inspection], header: Header) -> tuple[Note, ...]:
    said = []
    if any(one.simulated for one in inside):
        said.append("含模拟数据：标有“模拟”的巡检不是真实主机的巡检结果，不得作为履约凭据。")
    empty = [month for month in quarter.months if not _of_month(inside, month, header)]
    if empty:
        said.append(f"{quarter.year} 年 {'、'.join(map(str, empty))} 月在台账中没有巡检记录。")
    if not any(one.deep for one in inside):
        said.append("本季度在台账中没有深度巡检记录。")
    return tuple(Note(kind="alert", text=text) for text in said)


def _sentence(quarter: Quarter, inside: Sequence[Inspection], open_: Sequence[RecordedFinding]) -> str:
    whole = sum(one.ended == "complete" for one in inside)
    return (
        f"{quarter.title}台账记有巡检 {len(inside)} 次，其中完整 {whole} 次，不完整或中断 {len(inside) - whole} 次；"
        f"季度末未关闭的异常事件 {len(open_)} 个。"
    )


def _inspections(inside: Sequence[Inspection], known: Sequence[Inspection], header: Header) -> Table:
    return Table(
        columns=(
            Column(title="巡检编号", width=14),
            Column(title="开始时间", width=13, align="center"),
            Column(title="类型与范围", width=16),
            Column(title="工程师", width=9),
            Column(title="应检/实检\n/未检", width=12, align="center"),
            Column(title="结果", width=22),
            Column(title="事件新增\n/关闭", width=11, align="center"),
            Column(title="完成情况", width=12, align="center"),
        ),
        rows=tuple(_inspection(one, _compared(one, known), header) for one in inside),
        empty="本季度没有巡检记录",
    )


def _inspection(one: Inspection, comparison: Comparison, header: Header) -> tuple[Cell, ...]:
    kind = ("深度巡检" if one.deep else "日常巡检") + ("（模拟）" if one.simulated else "")
    cover = one.coverage
    return (
        Cell(text=one.run),
        Cell(text=wording.instant(one.started_at, header.zone)),
        Cell(text=f"{kind}\n{one.scope or '清单内全部主机'}"),
        Cell(text=one.engineer),
        Cell(
            text=f"{cover.expected}/{cover.inspected}/{len(cover.missed)}", tone="strong" if cover.missed else "plain"
        ),
        Cell(text=results.counts_text(results.count(one.findings))),
        Cell(text=f"{events.tally(one, comparison)[0]}/{len(comparison.closed)}"),
        Cell(text=ENDED.get(one.ended, str(one.ended)), tone="plain" if one.ended == "complete" else "strong"),
    )


def _compared(one: Inspection, known: Sequence[Inspection]) -> Comparison:
    """Against the newest older inspection that came to an end and shares a host."""
    names = {host.name for host in one.hosts}
    older = [other for other in known if other.started_at < one.started_at and other.ended is not None]
    shared = [other for other in older if not names.isdisjoint(host.name for host in other.hosts)]
    return compare(one, shared[-1] if shared else None)


def _months(quarter: Quarter, inside: Sequence[Inspection], header: Header) -> Table:
    def row(month: int) -> tuple[Cell, ...]:
        runs = _of_month(inside, month, header)
        return (
            Cell(text=f"{quarter.year} 年 {month} 月"),
            Cell(text=f"{len(runs)} 次" if runs else "无", tone="plain" if runs else "strong"),
            Cell(text="、".join(one.run for one in runs) or "台账中没有本月的巡检记录"),
        )

    return Table(
        columns=(
            Column(title="月份", width=20),
            Column(title="巡检次数", width=15, align="center"),
            Column(title="巡检编号", width=65),
        ),
        rows=tuple(row(month) for month in quarter.months),
    )


def _of_month(inside: Sequence[Inspection], month: int, header: Header) -> list[Inspection]:
    return [one for one in inside if one.started_at.astimezone(header.zone).month == month]


def _newest_looks(known: Sequence[Inspection]) -> dict[str, tuple[datetime, tuple[RecordedFinding, ...]]]:
    """The newest findings of every host, with when the inspection began."""
    return {host.name: (one.started_at, host.findings) for one in known for host in one.hosts if host.findings}


def _open_events(known: Sequence[Inspection]) -> tuple[RecordedFinding, ...]:
    found = [
        finding
        for _, findings in _newest_looks(known).values()
        for finding in findings
        if finding.event is not None and finding.status not in ("ok", "waived", "not-applicable")
    ]
    return tuple(sorted(found, key=lambda finding: (finding.status not in ABNORMAL, finding.event)))


def _unseen(known: Sequence[Inspection]) -> tuple[Block, ...]:
    """Hosts whose newest judgement has no answer behind it, said so that their events are not read as fresh."""
    newest = {host.name: host for one in known for host in one.hosts}
    missed = [name for name, host in newest.items() if host.collection != "ok"]
    if not missed:
        return ()
    return (Paragraph(text=f"最近一次巡检未检的主机：{'、'.join(missed)}；其事件以此前记录为准。", tone="strong"),)


def _proof(inside: Sequence[Inspection]) -> EvidenceList:
    return EvidenceList(
        items=tuple(EvidenceItem(label=one.run, value=f"台账 #{one.head_seq} {one.head_hash}") for one in inside)
        or (EvidenceItem(label="本季度", value="没有巡检记录"),)
    )
