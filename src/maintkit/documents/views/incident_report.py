"""《故障分析报告》: one fault from its report to what shall prevent it, as people entered it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from maintkit.desk.incident import Incident, Verb
from maintkit.desk.links import Links
from maintkit.desk.past import Fault
from maintkit.documents import wording
from maintkit.documents.glossary import STATUS, TO_FILL_IN, TONE
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
from maintkit.documents.parts import fault_history as history
from maintkit.documents.parts import faults as words
from maintkit.documents.parts import left
from maintkit.evidence.moment import Mark
from maintkit.evidence.recorded import RecordedFinding
from maintkit.evidence.work import Changed

KIND = "incident-report"
TITLE = "故障分析报告"
_MEASURES: tuple[Verb, ...] = ("arrived", "progressed", "mitigated", "resolved")
_STATEMENT = "双方确认：已阅本报告，故障原因、处置经过与预防措施如上。"


@dataclass(frozen=True, kw_only=True)
class FaultReport:
    """What the report is drawn from. `now` is the instant as of which clocks that still run are read.

    `findings` and `changes` are what the links name; `repeats` are its duplicates, and theirs. `answering` is the id
    whose clocks count: its own, or where it is a duplicate that of the other fault. `marks` are the entries of the
    incident itself, in order, `linked` those of what the links and repeats name, by what they say.
    """

    fault: Fault
    now: datetime
    links: Links
    findings: Sequence[RecordedFinding]
    changes: Sequence[Changed]
    repeats: Sequence[Incident]
    answering: str
    marks: Sequence[Mark]
    linked: Sequence[tuple[str, Mark]]


def incident_report(found: FaultReport, header: Header) -> Document:
    """The report of an incident; a draft until it is solved and its analysis was entered."""
    one, mark = found.fault.incident, found.fault.mark
    analysis = one.last("analysed")
    return Document(
        kind=KIND,
        number=one.id,
        title=TITLE,
        organisation=header.hospital,
        cover=_cover(found, header),
        blocks=(
            *_alerts(found),
            Heading(text="一、事件经过"),
            Paragraph(text=f"报告内容：{one.title}"),
            _written("经过", analysis.text if analysis else ""),
            Heading(text="二、影响范围与级别"),
            _scope(one, header),
            history.levels(one, header),
            Heading(text="三、时间线"),
            history.steps(one.steps, header),
            Heading(text="四、时限"),
            words.clocks(found.fault.clocks, header),
            *history.rests(one, header),
            Heading(text="五、根本原因"),
            _written("根本原因", str(analysis.body["cause"]) if analysis else ""),
            Heading(text="六、处置步骤"),
            history.steps([step for step in one.steps if step.verb in _MEASURES], header, "台账中没有处置步骤"),
            Heading(text="七、预防措施"),
            _written("预防措施", str(analysis.body["prevention"]) if analysis else ""),
            Heading(text="八、相关巡检、变更与故障"),
            *_related(found, header),
            Heading(text="九、证据"),
            _proof(found),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {one.id}　台账 #{mark.seq} {mark.hash[:16]}",
        dated=mark.at,
        draft=analysis is None or one.first("resolved") is None,
    )


def _cover(found: FaultReport, header: Header) -> KeyValues:
    one = found.fault.incident
    author = one.last("analysed")
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="故障编号", text=one.id),
            KeyValue(label="故障级别", text=words.level(one)),
            KeyValue(label="报告时间", text=wording.second(one.reported, header.zone)),
            KeyValue(label="报告渠道", text=one.channel),
            KeyValue(label="报告人", text=f"{one.reporter}（{one.department}）"),
            KeyValue(label="当前状态", text=words.STATE[one.state]),
            KeyValue(label="解决时间", text=wording.second(one.first("resolved"), header.zone)),
            KeyValue(label="历时", text=words.lasted(one.reported, one.first("resolved"))),
            KeyValue(label="分析人", text=author.by if author else TO_FILL_IN),
            KeyValue(label="时限截至", text=wording.instant(found.now, header.zone)),
        )
    )


def _alerts(found: FaultReport) -> Iterator[Note]:
    one = found.fault.incident
    if one.duplicate_of:
        yield Note(kind="alert", text=f"本故障是 {found.answering} 的重复报告，时限以该故障为准。")
    wanting = [] if one.first("resolved") else ["故障尚未解决"]
    wanting += [] if one.last("analysed") else ["故障分析待填写"]
    if wanting:
        yield Note(kind="alert", text=f"草稿：{'，'.join(wanting)}，此前不作为正式报告签署。")


def _written(label: str, text: str) -> Paragraph:
    return Paragraph(text=text) if text else Paragraph(text=f"{label}：{TO_FILL_IN}", tone="strong")


def _scope(one: Incident, header: Header) -> KeyValues:
    last = one.last("triaged")
    body = last.body if last else {}
    stood = f"{body['stopped_minutes']} 分钟（定级时）" if body.get("stopped_minutes") else wording.NOTHING
    return KeyValues(
        items=(
            KeyValue(label="影响范围", text=words.SCOPE[body["scope"]] if body else words.NO_LEVEL),
            KeyValue(label="故障类别", text=words.kind(one)),
            KeyValue(label="严重程度", text=words.SEVERITY[body["severity"]] if body else words.NO_LEVEL),
            KeyValue(label="业务中断", text=stood),
            KeyValue(label="涉及系统", text=words.systems(one, header)),
            KeyValue(label="涉及主机", text="、".join(one.hosts) or wording.NOTHING),
        )
    )


def _related(found: FaultReport, header: Header) -> tuple[Block, ...]:
    one, links = found.fault.incident, found.links
    looks = "、".join(links.inspections) or "无"
    said = [f"故障前后有关主机上的巡检：{looks}。"]
    if links.watches:
        failed = "、".join(map(str, links.functions)) or "无"
        said.append(f"故障前后对有关系统的功能监测：{'、'.join(links.watches)}；其中异常的功能（目录序号）：{failed}。")
    if one.recurs:
        said.append(f"本故障为 {one.recurs} 的复发。")
    if found.repeats:
        said.append(f"重复报告：{'、'.join(f'{each.id}（{each.reporter}）' for each in found.repeats)}。")
    others = [name for name in links.overlapping if name not in {each.id for each in found.repeats}]
    if others:
        said.append(f"同一时间在相同系统或主机上的其他故障：{'、'.join(others)}。")
    return (*(Paragraph(text=text) for text in said), _findings(found.findings), _changes(found.changes, header))


def _findings(findings: Sequence[RecordedFinding]) -> Table:
    return Table(
        columns=(
            Column(title="事件编号", width=20),
            Column(title="对象", width=20),
            Column(title="巡检项", width=18),
            Column(title="结果", width=10, align="center"),
            Column(title="结论", width=32),
        ),
        rows=tuple(
            (
                Cell(text=one.event or wording.NOTHING),
                Cell(text=wording.subject(one)),
                Cell(text=one.title_zh),
                Cell(text=STATUS[one.status], tone=TONE.get(one.status, "plain")),
                Cell(text=one.conclusion_zh or wording.NOTHING),
            )
            for one in findings
        ),
        empty="有关巡检没有异常事件，或没有有关巡检",
        caption="有关主机的异常事件",
    )


def _changes(changes: Sequence[Changed], header: Header) -> Table:
    return Table(
        columns=(
            Column(title="实施编号", width=20),
            Column(title="操作", width=20),
            Column(title="开始时间", width=20, align="center"),
            Column(title="结论", width=15, align="center"),
            Column(title="主机", width=25),
        ),
        rows=tuple(
            (
                Cell(text=one.run),
                Cell(text=one.title_zh),
                Cell(text=wording.instant(one.at, header.zone)),
                left.conclusion(one),
                Cell(text="、".join(one.hosts)),
            )
            for one in changes
        ),
        empty="有关主机上没有变更",
        caption="有关主机的变更",
    )


def _proof(found: FaultReport) -> EvidenceList:
    own = (
        EvidenceItem(label=f"#{mark.seq} {words.VERB[step.verb]}", value=mark.hash)
        for mark, step in zip(found.marks, found.fault.incident.steps, strict=True)
    )
    linked = (EvidenceItem(label=said, value=f"台账 #{mark.seq} {mark.hash}") for said, mark in found.linked)
    return EvidenceList(items=(*own, *linked))
