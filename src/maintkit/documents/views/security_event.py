"""安全事件报告: what inspections found of access to the hosts, and what people found out and did about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from maintkit.documents import wording
from maintkit.documents.glossary import STATE, STATUS, TO_FILL_IN, TONE
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import (
    Cell,
    Column,
    Document,
    EvidenceItem,
    Heading,
    KeyValue,
    KeyValues,
    Note,
    Paragraph,
    Table,
)
from maintkit.documents.parts import events as parts
from maintkit.documents.parts import simulated, span
from maintkit.evidence.moment import Mark, newest
from maintkit.evidence.recorded import Event, Handling

KIND = "security-event"
TITLE = "安全事件报告"
# Checks that see who came in, who may come in, and what was changed so that somebody may.
ACCESS = (
    "logins.unknown-address", "logins.failed-burst", "keys.new", "accounts.uid0", "accounts.password", "drift.accounts",
    "drift.sudoers", "drift.ports", "drift.cron", "drift.units", "sudo.nopasswd",
)  # fmt: skip
_STATEMENT = "双方确认：上列安全事件的核查结论与处理情况属实。"


@dataclass(frozen=True, kw_only=True)
class SecurityEvents:
    """The events, each as it stood when somebody last said something of it, and the inspection where all are of one.

    `marks` are the entries that the report rests on, by what they say: judgements and handlings.
    """

    events: Sequence[Event]
    run: str | None
    marks: Sequence[tuple[str, Mark]]
    invented: Sequence[str] = ()  # the inspections among them whose hosts are not real

    @property
    def number(self) -> str:
        """The inspection, the one event, or the first event and a digest of all names, whatever their order."""
        names = sorted(one.name for one in self.events)
        if self.run:
            return self.run
        return names[0] if len(names) == 1 else f"{names[0]}-{sha256(' '.join(names).encode()).hexdigest()[:8]}"


def security_event(found: SecurityEvents, header: Header) -> Document:
    """The report; a draft until every event has a whole handling: conclusion, handling, owner and due date."""
    mark = newest(mark for _, mark in found.marks)
    open_ = _unhandled(found)
    return Document(
        kind=KIND,
        number=found.number,
        title=TITLE,
        organisation=header.hospital,
        cover=_cover(found, header),
        blocks=(
            *simulated.notes(simulated.resting_on(f"巡检 {run}" for run in found.invented)),
            *_alerts(found, open_),
            Heading(text="一、概况"),
            Paragraph(text=_sentence(found)),
            _overview(found, header),
            Heading(text="二、各事件的发现与处理"),
            *(_form(one, header) for one in found.events),
            Heading(text="三、处理过程"),
            _handlings(found, header),
            Heading(text="四、证据"),
            span.proof(
                mark, (EvidenceItem(label=said, value=f"台账 #{each.seq} {each.hash}") for said, each in found.marks)
            ),
            sign_off(header, _STATEMENT),
        ),
        footer=f"编号 {found.number}　台账 #{mark.seq} {mark.hash[:16]}",
        dated=mark.at,
        draft=bool(open_),
    )


def _unhandled(found: SecurityEvents) -> list[str]:
    handlings = {one.name: one.handlings for one in found.events}
    return [one.event or "" for one in parts.unhandled([each.finding for each in found.events], handlings)]


def _cover(found: SecurityEvents, header: Header) -> KeyValues:
    source = f"巡检 {found.run} 的全部访问类异常" if found.run else "、".join(one.name for one in found.events)
    hosts = dict.fromkeys(one.finding.host for one in found.events)
    first = min((one.finding.first_seen for one in found.events if one.finding.first_seen), default=None)
    return KeyValues(
        items=(
            *parties(header),
            KeyValue(label="报告范围", text=source, wide=True),
            KeyValue(label="涉及主机", text="、".join(hosts), wide=True),
            KeyValue(label="首次发现", text=wording.instant(first, header.zone)),
            KeyValue(label="事件数", text=f"{len(found.events)} 个"),
        )
    )


def _alerts(found: SecurityEvents, open_: Sequence[str]) -> Iterator[Note]:
    if open_:
        text = f"草稿：以下事件的核查结论、处理措施、责任人或期限尚未填写完整：{'、'.join(open_)}。"
        yield Note(kind="alert", text=text)
    still = [one.name for one in found.events if one.open]
    if still:
        yield Note(kind="alert", text=f"{len(still)} 个事件在最近一次核查时尚未关闭：{'、'.join(still)}。")


def _sentence(found: SecurityEvents) -> str:
    crit = sum(one.finding.status == "crit" for one in found.events)
    hosts = len({one.finding.host for one in found.events})
    return (
        f"共 {len(found.events)} 个访问类异常事件（严重 {crit} 个，警告 {len(found.events) - crit} 个），"
        f"涉及 {hosts} 台主机。"
        "程序只报告所见的变化，是否为未经授权的访问由人核查，结论见各事件的“核查结论”。"
    )


def _overview(found: SecurityEvents, header: Header) -> Table:
    def row(one: Event) -> tuple[Cell, ...]:
        last = one.handlings[-1] if one.handlings else None
        return (
            Cell(text=one.name),
            Cell(text=wording.subject(one.finding)),
            Cell(text=one.finding.title_zh),
            Cell(text=STATUS[one.finding.status], tone=TONE.get(one.finding.status, "plain")),
            Cell(text=wording.instant(one.finding.first_seen, header.zone)),
            Cell(text=_state(last)),
            Cell(text="未关闭" if one.open else "未再发现", tone="strong" if one.open else "plain"),
        )

    return Table(
        columns=(
            Column(title="事件编号", width=18),
            Column(title="对象", width=19),
            Column(title="巡检项", width=17),
            Column(title="结果", width=8, align="center"),
            Column(title="首次发现", width=15, align="center"),
            Column(title="处理状态", width=11, align="center"),
            Column(title="核查时", width=12, align="center"),
        ),
        rows=tuple(map(row, found.events)),
    )


def _form(one: Event, header: Header) -> KeyValues:
    finding, last = one.finding, one.handlings[-1] if one.handlings else None
    tone = TONE.get(finding.status, "plain")
    excerpt = str((finding.evidence or {}).get("excerpt") or "").strip()
    return KeyValues(
        caption=f"{one.name}　{finding.title_zh}　{wording.subject(finding)}",
        tone=tone,
        items=(
            KeyValue(label="结果", text=STATUS[finding.status], tone=tone),
            KeyValue(label="实测值", text=wording.quantity(finding.value, finding.unit)),
            KeyValue(label="首次发现", text=wording.instant(finding.first_seen, header.zone)),
            KeyValue(label="最近发现", text=f"{wording.instant(finding.collected_at, header.zone)}（{one.run}）"),
            KeyValue(label="发现内容", text=finding.conclusion_zh or wording.NOTHING, wide=True),
            *((KeyValue(label="原始依据", text=excerpt, wide=True),) if excerpt else ()),
            KeyValue(label="处置建议", text=finding.remedy_zh or wording.NOTHING, wide=True),
            KeyValue(label="核查结论", text=wording.filled(last.conclusion if last else ""), wide=True),
            KeyValue(label="处理措施", text=wording.filled(last.handling if last else ""), wide=True),
            KeyValue(label="责任人", text=wording.filled(last.owner if last else "")),
            KeyValue(label="完成期限", text=wording.day(last.due if last else None)),
            KeyValue(label="处理状态", text=_state(last)),
            KeyValue(label="填写人", text=last.by if last else TO_FILL_IN),
        ),
    )


def _state(last: Handling | None) -> str:
    return STATE.get(last.state, last.state) if last else TO_FILL_IN


def _handlings(found: SecurityEvents, header: Header) -> Table:
    said = sorted((each for one in found.events for each in one.handlings), key=lambda each: each.at)
    return Table(
        columns=(
            Column(title="时间", width=16, align="center"),
            Column(title="事件编号", width=18),
            Column(title="结论", width=22),
            Column(title="措施", width=22),
            Column(title="状态", width=10, align="center"),
            Column(title="填写人", width=12),
        ),
        rows=tuple(
            (
                Cell(text=wording.instant(one.at, header.zone)),
                Cell(text=one.event),
                Cell(text=one.conclusion or wording.NOTHING),
                Cell(text=one.handling or wording.NOTHING),
                Cell(text=STATE.get(one.state, one.state)),
                Cell(text=one.by),
            )
            for one in said
        ),
        empty="台账中没有处理记录",
    )
