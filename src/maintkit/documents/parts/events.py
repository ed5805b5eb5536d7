"""异常事件与处理: the abnormal events of an inspection, and what people entered about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from maintkit.documents import wording
from maintkit.documents.glossary import STATE, STATUS, TO_FILL_IN, TONE
from maintkit.documents.header import Header
from maintkit.documents.model import Block, Cell, Column, Heading, KeyValue, KeyValues, Note, Paragraph, Table
from maintkit.evidence.recorded import ABNORMAL, RESOLVED, Comparison, Handling, Inspection, RecordedFinding

MOST_FORMS = 30  # above this a form an event would fill more pages than anybody reads: a table then

MOST_EARLIER = 3  # of what was said of an event before its last handling; the ledger has the rest

Handlings = Mapping[str, Sequence[Handling]]


def abnormal_events(inspection: Inspection) -> tuple[RecordedFinding, ...]:
    """The findings that are warn or crit, the severe first, otherwise in the order of the inventory."""
    found = [finding for finding in inspection.findings if finding.status in ABNORMAL]
    return tuple(sorted(found, key=lambda finding: finding.status != "crit"))


def unhandled(events: Sequence[RecordedFinding], handlings: Handlings) -> tuple[RecordedFinding, ...]:
    """The events about which nobody has entered a whole handling: conclusion, handling, owner, and day or solution."""
    latest = ((event, _latest(event, handlings)) for event in events)
    return tuple(event for event, said in latest if said is None or not said.whole)


def section(
    title: str, inspection: Inspection, comparison: Comparison, handlings: Handlings, header: Header
) -> tuple[Block, ...]:
    """The section: a form an event, or one table when there are many."""
    events = abnormal_events(inspection)
    heading = Heading(text=title)
    if not events:
        return (heading, Paragraph(text=f"本次实检的 {inspection.coverage.inspected} 台主机未发现异常事件。"))
    open_ = unhandled(events, handlings)
    whole = len(events) - len(open_)
    state = f"其中 {whole} 个已填写处理情况，{len(open_)} 个{TO_FILL_IN}" if open_ else "处理情况均已填写"
    lead = f"共 {len(events)} 个异常事件，{state}。"
    blocks: list[Block] = [heading, Paragraph(text=lead)]
    if len(events) > MOST_FORMS:
        return (*blocks, _table(events, comparison, handlings))
    forms = (_form(event, comparison, handlings, header.zone) for event in events)
    return (*blocks, *forms)


def tally(inspection: Inspection, comparison: Comparison) -> tuple[int, int]:
    """How many abnormal events are new, and how many were open before; waived ones have an event and are neither."""
    abnormal = {finding.event for finding in abnormal_events(inspection)}
    return len(abnormal & set(comparison.new)), len(abnormal & set(comparison.still_open))


def novelty(event: RecordedFinding, comparison: Comparison) -> str:
    """新增, 持续, or 首次巡检 when there is nothing to compare with."""
    if comparison.previous_run is None:
        return "首次巡检"
    return "持续" if event.event in comparison.still_open else "新增"


def entered(event: RecordedFinding, handlings: Handlings) -> Sequence[Handling]:
    """What was entered about the event, oldest first."""
    return handlings.get(event.event or "", ())


def open_table(events: Sequence[RecordedFinding], handlings: Handlings, header: Header, empty: str = "无") -> Table:
    """Open events with owner, due date and state, one line each."""
    return Table(
        columns=(
            Column(title="事件编号", width=18),
            Column(title="对象", width=16),
            Column(title="巡检项", width=18),
            Column(title="结果", width=8, align="center"),
            Column(title="首次发现", width=13, align="center"),
            Column(title="责任人", width=9),
            Column(title="期限", width=13, align="center"),
            Column(title="处理状态", width=11, align="center"),
        ),
        rows=tuple(_open_row(event, _latest(event, handlings), header.zone) for event in events),
        empty=empty,
    )


def _open_row(event: RecordedFinding, handling: Handling | None, zone: tzinfo) -> tuple[Cell, ...]:
    return (
        Cell(text=event.event or wording.NOTHING),
        Cell(text=wording.subject(event)),
        Cell(text=event.title_zh),
        _status(event),
        Cell(text=wording.instant(event.first_seen, zone)),
        Cell(text=wording.filled(handling.owner if handling else "")),
        Cell(text=until(handling)),
        Cell(text=_state(handling)),
    )


def _form(event: RecordedFinding, comparison: Comparison, handlings: Handlings, zone: tzinfo) -> KeyValues:
    said = entered(event, handlings)
    latest = said[-1] if said else None
    return KeyValues(
        caption=f"{event.event or '未编号'}　{event.title_zh}　{wording.subject(event)}",
        tone=TONE.get(event.status, "plain"),
        items=(
            KeyValue(label="结果", text=STATUS[event.status], tone=TONE.get(event.status, "plain")),
            KeyValue(label="与上期比", text=novelty(event, comparison)),
            KeyValue(label="实测值", text=wording.quantity(event.value, event.unit)),
            KeyValue(label="判定限值", text=_limit(event)),
            KeyValue(label="首次发现", text=wording.instant(event.first_seen, zone)),
            KeyValue(label="本次发现", text=wording.instant(event.collected_at, zone)),
            KeyValue(label="判定结论", text=event.conclusion_zh or wording.NOTHING, wide=True),
            *_excerpt(event),
            KeyValue(label="处置建议", text=event.remedy_zh or wording.NOTHING, wide=True),
            *_earlier(said[:-1], zone),
            KeyValue(label="处理结论", text=wording.filled(latest.conclusion if latest else ""), wide=True),
            KeyValue(label="处理措施", text=wording.filled(latest.handling if latest else ""), wide=True),
            KeyValue(label="责任人", text=wording.filled(latest.owner if latest else "")),
            KeyValue(label="完成期限", text=until(latest)),
            KeyValue(label="处理状态", text=_state(latest)),
            KeyValue(label="填写", text=_by(latest, zone)),
        ),
    )


def _earlier(said: Sequence[Handling], zone: tzinfo) -> tuple[KeyValue, ...]:
    """The newest of what was said before, in its order; how much there is besides, where there is more."""
    lines = [_line(handling, zone) for handling in said[-MOST_EARLIER:]]
    left = len(said) - len(lines)
    lines += [f"另有 {left} 条更早的记录，见台账。"] if left else []
    return tuple(KeyValue(label="此前记录", text=text, wide=True) for text in lines)


def _table(events: Sequence[RecordedFinding], comparison: Comparison, handlings: Handlings) -> Table:
    return Table(
        columns=(
            Column(title="事件编号\n与上期比", width=17),
            Column(title="对象与巡检项", width=18),
            Column(title="结果\n实测值", width=10, align="center"),
            Column(title="判定结论与处置建议", width=28),
            Column(title="处理结论与措施", width=18),
            Column(title="责任人\n期限\n状态", width=13),
        ),
        rows=tuple(_row(event, comparison, _latest(event, handlings)) for event in events),
    )


def _row(event: RecordedFinding, comparison: Comparison, handling: Handling | None) -> tuple[Cell, ...]:
    tone = TONE.get(event.status, "plain")
    advice = f"\n建议：{event.remedy_zh}" if event.remedy_zh else ""
    done = f"{handling.conclusion}\n{handling.handling}".strip() if handling else ""
    owner = (wording.filled(handling.owner if handling else ""), until(handling))
    return (
        Cell(text=f"{event.event or '未编号'}\n{novelty(event, comparison)}"),
        Cell(text=f"{wording.subject(event)}\n{event.title_zh}"),
        Cell(text=f"{STATUS[event.status]}\n{wording.quantity(event.value, event.unit)}", tone=tone),
        Cell(text=f"{event.conclusion_zh}{advice}"),
        Cell(text=wording.filled(done)),
        Cell(text="\n".join((*owner, _state(handling)))),
    )


def draft_note(events: Sequence[RecordedFinding], handlings: Handlings) -> tuple[Note, ...]:
    """The words that call the record a draft while an event lacks its handling."""
    open_ = unhandled(events, handlings)
    if not open_:
        return ()
    said = f"草稿：{len(open_)} 个异常事件的处理情况尚未填写完整，填写前不作为正式记录签署。"
    return (Note(kind="alert", text=said),)


def _latest(event: RecordedFinding, handlings: Handlings) -> Handling | None:
    said = entered(event, handlings)
    return said[-1] if said else None


def until(handling: Handling | None) -> str:
    """By when it is to be done; nothing where it is resolved and no day was set."""
    if handling and handling.due is None and handling.state == RESOLVED:
        return wording.NOTHING
    return wording.day(handling.due if handling else None)


def _state(handling: Handling | None) -> str:
    return STATE.get(handling.state, handling.state) if handling else TO_FILL_IN


def _by(handling: Handling | None, zone: tzinfo) -> str:
    return f"{handling.by}　{wording.instant(handling.at, zone)}" if handling else TO_FILL_IN


def _line(handling: Handling, zone: tzinfo) -> str:
    said = "；".join(part for part in (handling.conclusion, handling.handling) if part.strip())
    return f"{wording.instant(handling.at, zone)}　{handling.by}：{said}（{_state(handling)}）"


def _limit(event: RecordedFinding) -> str:
    if not event.limit:
        return wording.NOTHING
    return f"{wording.limit(event.limit)}（{wording.basis(event.limit)}）"


def _excerpt(event: RecordedFinding) -> tuple[KeyValue, ...]:
    shown = str((event.evidence or {}).get("excerpt") or "").strip()
    return (KeyValue(label="原始依据", text=shown, wide=True),) if shown else ()


def _status(event: RecordedFinding) -> Cell:
    return Cell(text=STATUS[event.status], tone=TONE.get(event.status, "plain"))
