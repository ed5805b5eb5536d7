"""风险清单与优化建议: what is wrong, ranked, with owner and date; and what to do about it, once for all hosts alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from maintkit.analysis.capacity import Forecast
from maintkit.documents import wording
from maintkit.documents.glossary import STATE, STATUS, TO_FILL_IN, TONE
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, Paragraph, Table
from maintkit.documents.parts.events import Handlings, entered, until
from maintkit.documents.parts.health.capacity import soon
from maintkit.documents.parts.health.tight import Tight, due, owner, words
from maintkit.evidence.judgements import Judgement
from maintkit.evidence.recorded import RecordedFinding


def section(
    title: str,
    events: Sequence[RecordedFinding],
    handlings: Handlings,
    tight: Sequence[Tight],
    judged: Mapping[str, Judgement],
    header: Header,
) -> tuple[Block, ...]:
    """The severe first: of these the abnormal events, those open the longest first, then what will be full, by day."""
    aged = sorted(events, key=lambda event: event.first_seen or event.collected_at or datetime.max.replace(tzinfo=UTC))
    rows = [
        row
        for severe in (True, False)
        for row in (
            *(_risk(event, handlings, header) for event in aged if (event.status == "crit") is severe),
            *(_capacity(one, judged, header) for one in tight if one.severe is severe),
        )
    ]
    table = Table(
        columns=(
            Column(title="序号", width=7, align="center"),
            Column(title="风险", width=29),
            Column(title="对象", width=18),
            Column(title="等级", width=8, align="center"),
            Column(title="首次发现", width=14, align="center"),
            Column(title="责任人", width=10, align="center"),
            Column(title="期限", width=16, align="center"),
            Column(title="状态", width=10, align="center"),
        ),
        rows=tuple((Cell(text=str(number)), *row) for number, row in enumerate(rows, 1)),
        empty="已判定的项目中没有异常，也没有在一个季度内达到限值的容量",
    )
    return (Heading(text=title), table)


def advice(title: str, events: Sequence[RecordedFinding], forecasts: Sequence[Forecast]) -> tuple[Block, ...]:
    """What to do, a line each; the same advice for several subjects is one line."""
    alike: dict[tuple[str, str], list[RecordedFinding]] = {}
    for event in events:
        if event.remedy_zh:
            alike.setdefault((event.title_zh, event.remedy_zh), []).append(event)
    rows = [(what, remedy, [wording.subject(event) for event in found]) for (what, remedy), found in alike.items()]
    tight = [f"{one.host} {one.mount}" for one in soon(forecasts)]
    if tight:
        rows.append(
            ("存储容量", "在预计达到警告限之前完成扩容、归档或清理；执行后登记时间，以便后续预测分段计算。", tight)
        )
    table = Table(
        columns=(
            Column(title="项目", width=18),
            Column(title="建议", width=52),
            Column(title="对象", width=30),
        ),
        rows=tuple(
            (Cell(text=what, tone="strong"), Cell(text=remedy), Cell(text="、".join(on))) for what, remedy, on in rows
        ),
        empty="无",
    )
    note = "建议均须另行提出变更申请，经批准后在时间窗口内实施；本报告不构成批准。"
    return (Heading(text=title), table, Paragraph(text=note, tone="muted"))


def _risk(event: RecordedFinding, handlings: Handlings, header: Header) -> tuple[Cell, ...]:
    said = entered(event, handlings)
    last = said[-1] if said else None
    return (
        Cell(text=event.conclusion_zh or event.title_zh),
        Cell(text=wording.subject(event)),
        Cell(text=STATUS[event.status], tone=TONE.get(event.status, "plain")),
        Cell(text=wording.instant(event.first_seen, header.zone)),
        Cell(text=wording.filled(last.owner if last else "")),
        Cell(text=until(last)),
        Cell(text=STATE.get(last.state, last.state) if last else TO_FILL_IN),
    )


def _capacity(one: Tight, judged: Mapping[str, Judgement], header: Header) -> tuple[Cell, ...]:
    """What is to come has been seen by this inspection first; it is in hand when somebody answers for it by a day."""
    status = "crit" if one.severe else "warn"
    who, until = owner(one, judged), due(one, judged)
    return (
        Cell(text=words(one, header.zone)),
        Cell(text=one.subject),
        Cell(text=STATUS[status], tone=TONE[status]),
        Cell(text=wording.instant(one.since, header.zone)),
        Cell(text=wording.filled(who)),
        Cell(text=wording.day(until)),
        Cell(text=STATE["in-progress"] if who and until else TO_FILL_IN),
    )
