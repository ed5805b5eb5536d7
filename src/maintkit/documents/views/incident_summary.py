"""月度故障汇总: the faults of a month by level, system, class and cause, with their clocks, beside the month before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from maintkit.desk.attained import attained, counted, outcome
from maintkit.desk.past import Fault
from maintkit.desk.relations import answering
from maintkit.documents import wording
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import Block, Cell, Column, Document, Heading, KeyValues, Note, Paragraph, Table
from maintkit.documents.parts import faults as words
from maintkit.documents.parts import span
from maintkit.documents.views.month import Month
from maintkit.evidence.moment import Basis

KIND = "incident-summary"
TITLE = "月度故障汇总"
NO_CAUSE = "尚未填写故障分析"
_STATEMENT = "双方确认：本月故障及其处理情况如上。"


@dataclass(frozen=True, kw_only=True)
class FaultMonth:
    """What the summary is drawn from: all faults reported by the month's end, and by its start, as they stood then.

    `before` None: the ledger does not reach back to the whole month before.
    """

    month: Month
    basis: Basis
    faults: Sequence[Fault]
    before: Sequence[Fault] | None

    @property
    def own(self) -> list[Fault]:
        """Reported in the month, each fault once: without the duplicates."""
        return [one for one in self._reported() if not one.incident.duplicate_of]

    @property
    def duplicates(self) -> list[Fault]:
        """Reported in the month as another one's duplicate."""
        return [one for one in self._reported() if one.incident.duplicate_of]

    @property
    def carried(self) -> list[Fault]:
        """Reported before the month and open at its start."""
        return [one for one in self.faults if one.open_at(self.basis.since)]

    @property
    def settled(self) -> list[Fault]:
        """Over before the month, with a clock that counts in it, such as the one of the analysis."""
        since, until = self.basis.since, self.basis.until
        before = (one for one in self.faults if one.incident.reported < since and not one.open_at(since))
        return [one for one in before if counted(one, since, until)]

    @property
    def told(self) -> list[Fault]:
        """All that the document speaks of."""
        return [*self.own, *self.duplicates, *self.carried, *self.settled]

    def _reported(self) -> list[Fault]:
        return [one for one in self.faults if one.incident.reported >= self.basis.since]


def incident_summary(found: FaultMonth, header: Header) -> Document:
    """The summary of a month; a draft until the ledger has reached the month's end and every fault has its level."""
    mark = span.head(found.basis, (one.mark for one in found.told))
    return Document(
        kind=KIND,
        number=str(found.month),
        title=TITLE,
        organisation=header.hospital,
        cover=KeyValues(items=(*parties(header), *span.cover(found.month, found.basis, header))),
        blocks=(
            *span.alerts(found.basis, header),
            *_alerts(found),
            Heading(text="一、本月概况"),
            Paragraph(text=_sentence(found)),
            *_sorted(found, header),
            Heading(text="二、时限达成情况"),
            Paragraph(text="每个时限在其完成或超时的月份计一次；上月已计的不再计入，仍在计时的另列。"),
            words.attained_table(attained(found.faults, found.basis.since, found.basis.until)),
            Heading(text="三、本月故障"),
            words.faults_table(found.own, header, "台账中没有本月报告的故障"),
            Heading(text="四、上月转入的故障"),
            words.faults_table(found.carried, header, "没有上月转入的故障"),
            *_settled(found, header),
            Heading(text="五、重复报告与复发"),
            _related(found, header),
            Heading(text="六、与上月比较"),
            span.compared(found.month, _before(found, header), _numbers([*found.own, *found.duplicates])),
            Heading(text="七、证据"),
            span.proof(mark, words.marks(found.told)),
            sign_off(header, _STATEMENT),
        ),
        footer=span.footer(found.month, mark),
        dated=mark.at,
        draft=not found.basis.over or bool(unlevelled(found)),
    )


def unlevelled(found: FaultMonth) -> list[str]:
    """The month's faults that nobody has given a level: a draft because of them."""
    return [one.incident.id for one in (*found.own, *found.carried) if one.incident.level is None]


def _alerts(found: FaultMonth) -> Iterable[Note]:
    missing = unlevelled(found)
    if missing:
        yield Note(kind="alert", text=f"草稿：以下故障尚未定级，时限未能判定：{'、'.join(missing)}。")
    late = [one.incident.id for one in (*found.own, *found.carried, *found.settled) if _late(one, found.basis)]
    if late:
        yield Note(kind="alert", text=f"{len(late)} 起故障在本月有时限超时：{'、'.join(late)}。")


def _settled(found: FaultMonth, header: Header) -> tuple[Block, ...]:
    if not found.settled:
        return ()
    said = Paragraph(text="以下故障此前已解决，仍有时限（如故障分析报告）在本月计入：")
    return said, words.faults_table(found.settled, header, "")


def _late(fault: Fault, basis: Basis) -> bool:
    """Whether one of its clocks was breached in the month."""
    clocks = (clock for clock in fault.clocks if not clock.target)
    return any(outcome(clock, basis.since, basis.until) == "breached" for clock in clocks)


def _sentence(found: FaultMonth) -> str:
    if not found.own:
        return f"{found.month.title}台账中没有故障报告。这只说明没有人报告故障，不是对系统状态的结论。"
    levels = Counter(words.level(one.incident) for one in found.own)
    said = "，".join(f"{level} {count} 起" for level, count in sorted(levels.items()))
    still = sum(one.open_at(found.basis.until) for one in (*found.own, *found.carried))
    return (
        f"{found.month.title}报告故障 {len(found.own)} 起（{said}），"
        f"另有重复报告 {len(found.duplicates)} 次，不重复计数；"
        f"上月转入 {len(found.carried)} 起；{'月末' if found.basis.over else '截至台账末'}未解决 {still} 起。"
    )


def _sorted(found: FaultMonth, header: Header) -> tuple[Block, ...]:
    """Counts by system, class and cause, each by level; a fault of several systems counts for each."""
    if not found.own:
        return ()
    sorts: tuple[tuple[str, Callable[[Fault], Sequence[str]]], ...] = (
        ("系统", lambda one: [header.system(name) for name in one.incident.systems] or ["未指明系统"]),
        ("类别", lambda one: [words.kind(one.incident)]),
        ("原因", lambda one: [words.cause(one.incident) or NO_CAUSE]),
    )
    several = any(len(one.incident.systems) > 1 for one in found.own)
    note = (Paragraph(text="涉及几个系统的故障在各系统下分别计数。", tone="muted"),) if several else ()
    return (*(_table(title, found.own, of) for title, of in sorts), *note)


def _table(title: str, faults: Sequence[Fault], of: Callable[[Fault], Sequence[str]]) -> Table:
    levels = ("P1", "P2", "P3", words.NO_LEVEL)
    counts: dict[str, Counter[str]] = {}
    for fault in faults:
        for name in of(fault):
            counts.setdefault(name, Counter())[words.level(fault.incident)] += 1
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    return Table(
        columns=(
            Column(title=title, width=48),
            *(Column(title=level, width=10, align="center") for level in levels),
            Column(title="合计", width=12, align="center"),
        ),
        rows=tuple(
            (Cell(text=name), *(Cell(text=str(own[level])) for level in levels), Cell(text=str(own.total())))
            for name, own in ranked
        ),
    )


def _related(found: FaultMonth, header: Header) -> Table:
    everyone = [one.incident for one in found.faults]
    rows = [(one, "重复报告", answering(everyone, one.incident.id)) for one in found.duplicates]
    rows += [(one, "复发", one.incident.recurs or "") for one in found.own if one.incident.recurs]
    return Table(
        columns=(
            Column(title="故障编号", width=15),
            Column(title="报告时间", width=18, align="center"),
            Column(title="报告人", width=17),
            Column(title="故障", width=24),
            Column(title="关系", width=10, align="center"),
            Column(title="所指故障", width=16),
        ),
        rows=tuple(
            (
                Cell(text=one.incident.id),
                Cell(text=wording.instant(one.incident.reported, header.zone)),
                Cell(text=f"{one.incident.reporter}（{one.incident.department}）"),
                Cell(text=one.incident.title),
                Cell(text=relation),
                Cell(text=other or wording.NOTHING),
            )
            for one, relation, other in rows
        ),
        empty="没有登记重复报告或复发",
    )


def _before(found: FaultMonth, header: Header) -> dict[str, int] | None:
    """The numbers of the month before; what was reported earlier than that is of neither month."""
    if found.before is None:
        return None
    month = found.month.previous()
    return _numbers([one for one in found.before if Month.of(one.incident.reported, header.zone) == month])


def _numbers(faults: Sequence[Fault]) -> dict[str, int]:
    own = [one for one in faults if not one.incident.duplicate_of]
    found = {"报告的故障": len(own)}
    found |= {f"其中 {level}": sum(words.level(one.incident) == level for one in own) for level in ("P1", "P2", "P3")}
    found["其中未定级"] = sum(one.incident.level is None for one in own)
    found["复发"] = sum(one.incident.recurs is not None for one in own)
    found["重复报告"] = len(faults) - len(own)
    found["有时限超时的故障（至当月末）"] = sum(any(clock.breached_at for clock in one.clocks) for one in own)
    found["当月末未解决"] = sum(one.over is None for one in own)
    return found
