"""服务回顾报告: what was promised for a month or a quarter and what was done, beside the period before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from maintkit.contract.due import Standing
from maintkit.contract.owed import Evidence
from maintkit.contract.sla import Requests
from maintkit.desk.attained import attained, counted
from maintkit.desk.past import Fault, Wish
from maintkit.documents import wording
from maintkit.documents.glossary import TO_FILL_IN
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import (
    Block,
    Cell,
    Column,
    Document,
    EvidenceItem,
    Heading,
    KeyValues,
    Note,
    Paragraph,
    Table,
)
from maintkit.documents.parts import duties, fault_months, faults, performed, proof, span, tickets
from maintkit.documents.views.month import Covered, months
from maintkit.evidence.judgements import Judgement
from maintkit.evidence.moment import Basis
from maintkit.evidence.registers import Item
from maintkit.evidence.work import Work

KIND = "service-review"
TITLE = "服务回顾报告"
BLANKS = {"evaluation": "服务评价", "next": "下期工作计划"}  # what only a person can write
_MEETING = ("held", "topic", "attendees", "decisions")
_STATEMENT = "双方确认：本期服务履行情况、时限达成情况与下期计划如上。"


@dataclass(frozen=True, kw_only=True)
class Served:
    """What one period held: faults and tickets as they stood at its end, the work done in it."""

    basis: Basis
    faults: Sequence[Fault]
    wishes: Sequence[Wish]
    work: Work

    @property
    def reported(self) -> list[Fault]:
        """Faults reported in the period, without duplicates."""
        return [
            one for one in self.faults if one.incident.reported >= self.basis.since and not one.incident.duplicate_of
        ]

    @property
    def told(self) -> list[Fault]:
        """Those and the ones that were open at its start."""
        return [*self.reported, *(one for one in self.faults if one.open_at(self.basis.since))]

    @property
    def rested(self) -> list[Fault]:
        """Those, and the ones that were over by then of which a clock counts in it, such as the one of the analysis."""
        since, until = self.basis.since, self.basis.until
        over = (one for one in self.faults if one.incident.reported < since and not one.open_at(since))
        return [*self.told, *(one for one in over if counted(one, since, until))]

    @property
    def asked(self) -> list[Wish]:
        """Tickets open at its start or opened in it."""
        since = self.basis.since
        return [one for one in self.wishes if one.ticket.opened >= since or one.open_at(since)]


@dataclass(frozen=True, kw_only=True)
class Review:
    """What the review is drawn from; `before` None: the ledger does not hold the whole period before.

    `done` is the evidence of each duty in the period, `standings` how each stood on its last day.
    """

    covered: Covered
    served: Served
    before: Served | None
    requests: Requests
    standings: Sequence[Standing]
    done: Mapping[str, Sequence[Evidence]]
    meetings: Sequence[Item]
    judged: Mapping[str, Judgement]


def service_review(review: Review, header: Header) -> Document:
    """The review of a period; a draft until the ledger has reached its end and every blank is written."""
    served = review.served
    marks = (*(one.mark for one in served.rested), *(one.mark for one in served.asked))
    mark = span.head(served.basis, marks)
    return Document(
        kind=KIND,
        number=str(review.covered),
        title=TITLE,
        organisation=header.hospital,
        cover=KeyValues(items=(*parties(header), *span.cover(review.covered, served.basis, header))),
        blocks=(
            *span.alerts(served.basis, header),
            *_alerts(review),
            Heading(text="一、服务评价"),
            Paragraph(text=_sentence(review)),
            _blank(review, "evaluation", header),
            Heading(text="二、服务义务履行情况"),
            duties.table(review.standings, review.done),
            Heading(text="三、故障时限达成情况"),
            *_levels(served),
            faults.attained_table(attained(served.faults, served.basis.since, served.basis.until)),
            Heading(text="四、需求处理情况"),
            tickets.by_kind(served.asked, review.requests, served.basis),
            Heading(text="五、巡检、变更、演练与监测"),
            *performed.section(served.work, header),
            Heading(text="六、与上期比较"),
            *fault_months.charts(served.faults, served.basis, months(review.covered)[-1], header.zone),
            span.compared(review.covered, _numbers(review.before) if review.before else None, _numbers(served)),
            Heading(text="七、服务回顾会议"),
            _meetings(review.meetings),
            Heading(text="八、下期工作计划"),
            _blank(review, "next", header),
            Heading(text="九、证据"),
            span.proof(mark, _proof(review)),
            sign_off(header, _STATEMENT),
        ),
        footer=span.footer(review.covered, mark),
        dated=mark.at,
        draft=not served.basis.over or bool(_missing(review)),
    )


def _missing(review: Review) -> list[str]:
    return [blank for blank in BLANKS if blank not in review.judged]


def _alerts(review: Review) -> Iterator[Note]:
    missing = _missing(review)
    if missing:
        said = "，".join(f"“{BLANKS[blank]}”{TO_FILL_IN}" for blank in missing)
        yield Note(kind="alert", text=f"草稿：{said}，填写前不作为正式报告签署。")
    for state, words in (("overdue", "已逾期"), ("undetermined", "未能判定，不得视为已履行")):
        named = [one.duty.title_zh for one in review.standings if one.state == state]
        if named:
            yield Note(kind="alert", text=f"{len(named)} 项服务义务{words}：{'、'.join(named)}。")
    work = review.served.work
    if any(one.simulated for one in work.inspections) or any(one.simulated for one in work.changes):
        yield Note(kind="alert", text="含模拟数据：标有“模拟”的巡检与实施不是真实主机的结果，不得作为履约凭据。")


def _sentence(review: Review) -> str:
    states = [one.state for one in review.standings]
    missed = sum(bool(one.missed) for one in review.standings)
    counts = "，".join(f"{words} {states.count(state)} 项" for state, words in duties.STATE.items())
    end, served = "期末" if review.served.basis.over else "截至台账末", review.served
    return (
        f"合同约定服务义务 {len(states)} 项，{end}{counts}；自合同生效以来有未按期期次的 {missed} 项。"
        f"本期报告故障 {len(served.reported)} 起，新提出需求与缺陷 {_numbers(served)['新提出的需求与缺陷']} 项。"
    )


def _blank(review: Review, blank: str, header: Header) -> Paragraph:
    found = review.judged.get(blank)
    if found is None:
        return Paragraph(text=f"{BLANKS[blank]}：{TO_FILL_IN}", tone="strong")
    return Paragraph(text=f"{found.text}（{found.by}　{wording.instant(found.at, header.zone)}）")


def _levels(served: Served) -> tuple[Block, ...]:
    if not served.told:
        return (Paragraph(text="台账中没有本期报告或期初未解决的故障；没有案例的时限不计达成率。"),)
    levels = [faults.level(one.incident) for one in served.reported]
    said = "，".join(f"{level} {levels.count(level)} 起" for level in ("P1", "P2", "P3", faults.NO_LEVEL))
    return (Paragraph(text=f"本期报告：{said}；期初未解决 {len(served.told) - len(served.reported)} 起。"),)


def _numbers(served: Served) -> dict[str, int]:
    work, decided = served.work, attained(served.faults, served.basis.since, served.basis.until)
    clocks = [one for one in decided if not one.target]
    return {
        "报告的故障": len(served.reported),
        "其中 P1、P2": sum(faults.level(one.incident) in ("P1", "P2") for one in served.reported),
        "期末未解决的故障": sum(one.open_at(served.basis.until) for one in served.told),
        "达标的故障时限": sum(one.met for one in clocks),
        "超时的故障时限": sum(one.breached for one in clocks),
        "新提出的需求与缺陷": sum(one.ticket.opened >= served.basis.since for one in served.asked),
        "办结的需求与缺陷": sum(one.closed is not None for one in served.asked),
        "完整的巡检": sum(one.ended == "complete" for one in work.inspections),
        "成功的变更与演练": sum(one.well for one in work.changes),
        "未成功的变更与演练": sum(not one.well for one in work.changes),
        "功能监测": len(work.watches),
    }


def _meetings(found: Sequence[Item]) -> Table:
    return Table(
        columns=(
            Column(title="日期", width=14, align="center"),
            Column(title="议题", width=26),
            Column(title="参加人员", width=22),
            Column(title="决议", width=26),
            Column(title="登记", width=12),
        ),
        rows=tuple(
            (
                *(Cell(text=one.fields.get(name) or wording.NOTHING) for name in _MEETING),
                Cell(text=f"{one.id}\n台账 #{one.seq}"),
            )
            for one in found
        ),
        empty="本期没有登记服务回顾会议",
    )


def _proof(review: Review) -> Iterator[EvidenceItem]:
    served = review.served
    yield from faults.marks(served.rested)
    yield from tickets.marks(served.asked)
    for run, mark in served.work.marks:
        yield EvidenceItem(label=run, value=f"台账 #{mark.seq} {mark.hash}")
    yield from proof.registered(review.meetings)
    yield from proof.written(review.judged, BLANKS)
