"""需求处理汇总: bugs and changes of a month or a quarter, with what was due, what was agreed on, and person-days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from maintkit.clock import from_text
from maintkit.contract.sla import Requests
from maintkit.desk import ticket as tickets_of
from maintkit.desk.past import Wish
from maintkit.desk.ticket import Due
from maintkit.documents import wording
from maintkit.documents.header import Header, parties, sign_off
from maintkit.documents.model import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    KeyValues,
    Note,
    Paragraph,
    Table,
)
from maintkit.documents.parts import span
from maintkit.documents.parts.faults import why
from maintkit.documents.parts.tickets import NOT_ACCEPTED, by_kind, due_state, kind_name, marks
from maintkit.documents.views.month import Covered
from maintkit.evidence.entry import Entry
from maintkit.evidence.moment import Basis

KIND = "ticket-summary"
TITLE = "需求处理汇总"
_STATEMENT = "双方确认：本期需求与缺陷的处理情况、约定日期与工作量如上。"


@dataclass(frozen=True, kw_only=True)
class WishPeriod:
    """What the summary is drawn from: all tickets opened by the period's end, as they stood then."""

    covered: Covered
    basis: Basis
    wishes: Sequence[Wish]
    requests: Requests

    @property
    def told(self) -> list[Wish]:
        """Those open at the period's start or opened in it."""
        since = self.basis.since
        return [one for one in self.wishes if one.ticket.opened >= since or one.open_at(since)]


def ticket_summary(found: WishPeriod, header: Header) -> Document:
    """The summary of a period; a draft until the ledger has reached its end and all person-days were confirmed."""
    mark = span.head(found.basis, (one.mark for one in found.told))
    return Document(
        kind=KIND,
        number=str(found.covered),
        title=TITLE,
        organisation=header.hospital,
        cover=KeyValues(items=(*parties(header), *span.cover(found.covered, found.basis, header))),
        blocks=(
            *span.alerts(found.basis, header),
            *_alerts(found),
            Heading(text="一、概况"),
            Paragraph(text=_sentence(found)),
            by_kind(found.told, found.requests, found.basis),
            Heading(text="二、需求与缺陷"),
            _tickets(found, header),
            Heading(text="三、时限"),
            Paragraph(text="时限自书面受理起算；约定日期自约定之时起代替合同时限，此前已超时的仍为超时。"),
            _dues(found, header),
            Heading(text="四、约定日期"),
            _agreed(found, header),
            Heading(text="五、工作量（人日）"),
            *_efforts(found),
            Heading(text="六、证据"),
            span.proof(
                mark,
                marks(found.told),
            ),
            sign_off(header, _STATEMENT),
        ),
        footer=span.footer(found.covered, mark),
        dated=mark.at,
        draft=not found.basis.over or bool(unconfirmed(found)),
    )


def unconfirmed(found: WishPeriod) -> list[str]:
    """The period's tickets with person-days that the hospital has not confirmed: a draft because of them."""
    return [one.ticket.id for one in found.told if any(not effort.confirmed_by for effort in one.ticket.efforts)]


def _alerts(found: WishPeriod) -> Iterator[Note]:
    missing = unconfirmed(found)
    if missing:
        yield Note(kind="alert", text=f"草稿：以下需求有工作量尚未经采购人确认：{'、'.join(missing)}。")
    late = [one.ticket.id for one in found.told if any(due.breached_at for due in one.dues)]
    if late:
        yield Note(kind="alert", text=f"{len(late)} 项有时限超时：{'、'.join(late)}。")
    waiting = [one.ticket.id for one in found.told if one.ticket.accepted is None]
    if waiting:
        yield Note(kind="info", text=f"尚未书面受理，时限未起算：{'、'.join(waiting)}。")


def _sentence(found: WishPeriod) -> str:
    basis, told = found.basis, found.told
    if not told:
        return f"{found.covered.title}台账中没有提出或在办的需求与缺陷。"
    fresh = sum(one.ticket.opened >= basis.since for one in told)
    ended = sum(one.closed is not None for one in told)
    end = "期末" if basis.over else "截至台账末"
    return (
        f"{found.covered.title}期初在办 {len(told) - fresh} 项，新提出 {fresh} 项，办结 {ended} 项，"
        f"{end}在办 {len(told) - ended} 项。"
    )


def _tickets(found: WishPeriod, header: Header) -> Table:
    def row(one: Wish) -> tuple[Cell, ...]:
        first, taken = one.ticket.entries[0], one.ticket.acceptance
        since = wording.instant(one.ticket.accepted, header.zone)
        accepted = f"{since}\n{taken.body['accepted_by']}" if taken else NOT_ACCEPTED
        return (
            Cell(text=f"{one.ticket.id}\n{wording.instant(one.ticket.opened, header.zone)}"),
            Cell(text=one.ticket.title),
            Cell(text=f"{first.body['requester']}\n{first.body['department']}"),
            Cell(text=kind_name(one, found.requests)),
            Cell(text=accepted, tone="plain" if taken else "strong"),
            Cell(text=f"已关闭\n{wording.instant(one.closed, header.zone)}" if one.closed else "在办"),
            Cell(text="、".join(one.ticket.plans) or wording.NOTHING),
        )

    return Table(
        columns=(
            Column(title="编号\n提出时间", width=18),
            Column(title="内容", width=17),
            Column(title="提出人\n科室", width=10),
            Column(title="类别", width=10, align="center"),
            Column(title="书面受理\n受理人", width=18, align="center"),
            Column(title="状态", width=18, align="center"),
            Column(title="交付计划", width=13),
        ),
        rows=tuple(map(row, found.told)),
        empty="没有提出或在办的需求与缺陷",
    )


def _dues(found: WishPeriod, header: Header) -> Table:
    def row(one: Wish, due: Due) -> tuple[Cell, ...]:
        text, tone = due_state(due)
        late = wording.instant(due.breached_at, header.zone) if due.breached_at else ""
        note = "\n".join(filter(None, (late, why(due.reason))))
        return (
            Cell(text=one.ticket.id),
            Cell(text=due.title_zh),
            Cell(text=wording.instant(due.deadline, header.zone)),
            Cell(text=f"约定（{due.agreed_by}）" if due.agreed_by else "合同"),
            Cell(text=wording.instant(due.reached, header.zone)),
            Cell(text=text, tone=tone),
            Cell(text=note or wording.NOTHING),
        )

    return Table(
        columns=(
            Column(title="编号", width=14),
            Column(title="事项", width=17),
            Column(title="截止时间", width=18, align="center"),
            Column(title="依据", width=11),
            Column(title="完成时间", width=18, align="center"),
            Column(title="结果", width=8, align="center"),
            Column(title="超时起点\n或说明", width=18),
        ),
        rows=tuple(row(one, due) for one in found.told for due in one.dues),
        empty="没有已受理、需要计时的事项",
    )


def _agreed(found: WishPeriod, header: Header) -> Table:
    def row(one: Wish, entry: Entry) -> tuple[Cell, ...]:
        kind = found.requests.kind(one.ticket.kind)
        titles = {str(step.id): step.title_zh for step in kind.steps} if kind else {}
        step = str(entry.body["step"])
        return (
            Cell(text=one.ticket.id),
            Cell(text=titles.get(step, step)),
            Cell(text=wording.instant(from_text(entry.body["until"]), header.zone)),
            Cell(text=entry.body["agreed_by"]),
            Cell(text=f"{wording.instant(_at(entry), header.zone)}\n{wording.instant(entry.at, header.zone)}"),
            Cell(text=entry.body["text"]),
        )

    return Table(
        columns=(
            Column(title="编号", width=15),
            Column(title="事项", width=20),
            Column(title="约定日期", width=18, align="center"),
            Column(title="同意人", width=12),
            Column(title="约定时间\n录入时间", width=18, align="center"),
            Column(title="依据", width=20),
        ),
        rows=tuple(row(one, entry) for one in found.told for entry in one.ticket.of(tickets_of.AGREED)),
        empty="没有约定日期",
    )


def _at(entry: Entry) -> datetime:
    return from_text(entry.body["at"])


def _efforts(found: WishPeriod) -> tuple[Block, ...]:
    included, since = found.requests.included_person_days, found.basis.since
    rows, sums = [], [0.0, 0.0, 0.0, 0.0]
    for one in found.told:
        ticket = one.ticket
        if not ticket.efforts:
            continue
        fresh = sum(float(entry.body["days"]) for entry in ticket.of(tickets_of.EFFORT) if _at(entry) >= since)
        total, above = sum(effort.days for effort in ticket.efforts), ticket.above(found.requests)
        people = "、".join(dict.fromkeys(effort.confirmed_by for effort in ticket.efforts if effort.confirmed_by))
        days = (fresh, total, ticket.confirmed_days, above)
        sums = [had + more for had, more in zip(sums, days, strict=True)]
        rows.append((ticket.id, *map(wording.number, days[:3]), people or "未确认", wording.number(days[3])))
    if rows:
        rows.append(("合计", *map(wording.number, sums[:3]), "", wording.number(sums[3])))
    table = Table(
        columns=(
            Column(title="编号", width=20),
            Column(title="本期录入", width=14, align="right"),
            Column(title="累计录入", width=14, align="right"),
            Column(title="累计确认", width=14, align="right"),
            Column(title="确认人", width=20),
            Column(title="超出包含部分", width=18, align="right"),
        ),
        rows=tuple(
            tuple(Cell(text=text, tone="strong" if row[0] == "合计" or text == "未确认" else "plain") for text in row)
            for row in rows
        ),
        empty="没有录入工作量",
    )
    note = (
        f"每项需求经采购人确认的工作量，{wording.number(included)} 人日以内已包含在合同中，超出部分另行商定；"
        "未经确认的不计。"
    )
    return (Paragraph(text=note), table)
