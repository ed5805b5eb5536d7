"""What people are reminded of: a duty, a clock of a fault or a ticket, a registered item, an article.

It is told by numbers, kinds and dates alone: nothing that somebody typed of a fault, a finding or a person is in a
matter, for a reminder leaves the hospital's network. But for the ids of articles: people type them, and
docs/knowledge.md tells them to use numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from maintkit.clock import to_text
from maintkit.contract.contract import Contract
from maintkit.contract.due import Standing
from maintkit.contract.reminders import About, State
from maintkit.contract.workdays import Calendar
from maintkit.desk.clocks import Clock, clocks
from maintkit.desk.incident import Incident
from maintkit.desk.ticket import Due, Ticket, dues
from maintkit.evidence.knowledge import Article
from maintkit.evidence.registers import KINDS, Item

WEEK = timedelta(days=6)  # an item is told of again on the seventh day
CLOCKS = {"respond": "响应", "on-site": "到场", "restore": "恢复"}
Key = tuple[About, str, str, str | None]


@dataclass(frozen=True, kw_only=True)
class Matter:
    """One thing to tell of. `due` is a day or an instant, as an entry holds it; `told_from`: told before is told again.

    `more` is for a program: numbers, dates and names of kinds.
    """

    about: About
    id: str
    state: State
    due: str | None
    title_zh: str
    when_zh: str
    told_from: date
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What is told once: of what, how it stands, by when."""
        return self.about, self.id, self.state, self.due


def of_duties(standings: Iterable[Standing], on: date) -> Iterator[Matter]:
    """Duties that are due soon, overdue or undetermined; told once a day.

    One that maintkit does not see lacks a person's word once its deadline has passed: told once a week.
    """
    for one in standings:
        if one.state in ("overdue", "due-soon", "undetermined"):
            lacking = one.state == "undetermined" and one.days_left is not None and one.days_left < 0
            yield Matter(
                about="duty",
                id=one.duty.id,
                state="lacking" if lacking else one.state,
                due=one.next_due.isoformat() if one.next_due else None,
                title_zh=one.duty.title_zh,
                when_zh=_days(one.next_due, one.days_left) + ("，未见完成记录" if lacking else ""),
                told_from=on - WEEK if lacking else on,
                more={"title_zh": one.duty.title_zh, "days_left": one.days_left},
            )


def of_incidents(
    incidents: Iterable[Incident], contract: Contract, calendar: Calendar, now: datetime, *, left_percent: int
) -> Iterator[Matter]:
    """Clocks that still run and are breached, or have no more than so many percent of their time left; told once each.

    A fault without a level has no clock yet, though one may run out: that it lacks a level is told once a day. A clock
    that rests is told when it goes on; softer targets are not told.
    """
    for one in incidents:
        if one.state in ("closed", "duplicate"):
            continue
        if one.level is None:
            yield _untriaged(one, contract.zone, now)
            continue
        for clock in clocks(one, contract.faults, calendar, contract.zone, now):
            yield from _clock(one, clock, contract.zone, now, left_percent)


def of_tickets(
    tickets: Iterable[Ticket], contract: Contract, calendar: Calendar, now: datetime, *, left_percent: int
) -> Iterator[Matter]:
    """Steps of accepted tickets, told like faults' clocks. One of which no date is known lacks it: told once a week."""
    for one in tickets:
        for due in dues(one, contract.requests, calendar, contract.zone, now):
            yield from _step(one, due, contract.zone, now, left_percent)


def of_items(items: Iterable[Item], on: date) -> Iterator[Matter]:
    """Registered items that end or are due, or lack a signature; told once a week."""
    for one in items:
        state = one.state(on)
        if state in ("overdue", "lacking", "due-soon"):
            yield _dated("register", one.id, state, one.ends(), on, title_zh=KINDS[one.kind].title_zh, kind=one.kind)


def of_articles(articles: Iterable[Article], on: date) -> Iterator[Matter]:
    """Articles of the knowledge base that are to be looked through; told once a week."""
    for one in articles:
        state = one.review(on)
        if state in ("overdue", "due-soon"):
            yield _dated("knowledge", one.id, state, one.review_by, on, title_zh="知识库文章复审", kind="article")


def _dated(about: About, id_: str, state: State, ends: date | None, on: date, *, title_zh: str, kind: str) -> Matter:
    left = (ends - on).days if ends else None
    return Matter(
        about=about,
        id=id_,
        state=state,
        due=ends.isoformat() if ends else None,
        title_zh=f"{title_zh} {id_}",
        when_zh=_days(ends, left),
        told_from=on - WEEK,
        more={"kind": kind, "title_zh": title_zh, "days_left": left},
    )


def _untriaged(one: Incident, zone: ZoneInfo, now: datetime) -> Matter:
    return Matter(
        about="incident",
        id=one.id,
        state="lacking",
        due=None,
        title_zh=f"故障 {one.id} 未定级",
        when_zh=f"，报告于 {one.reported.astimezone(zone):%Y-%m-%d %H:%M}",
        told_from=now.astimezone(zone).date(),
        more={"level": None, "clock": None, "left_s": None},
    )


def _clock(one: Incident, clock: Clock, zone: ZoneInfo, now: datetime, percent: int) -> Iterator[Matter]:
    """A breach by its moment, which no later word moves; and the deadline, where it lies after that one."""
    if clock.target or clock.ended or clock.deadline is None or clock.state not in ("running", "breached"):
        return
    breached = clock.breached_at
    if breached:
        yield _deadline(one, clock, breached, zone, now)
    # A lower level or a pause gave more time since; what rests is told when it goes on.
    if (breached is None or clock.deadline > breached) and not one.resting(now):
        left, whole = clock.deadline - now, clock.whole or timedelta()
        if left * 100 <= whole * percent:
            yield _deadline(one, clock, clock.deadline, zone, now)


def _deadline(one: Incident, clock: Clock, at: datetime, zone: ZoneInfo, now: datetime) -> Matter:
    left = at - now
    held = [had.level for had in one.levels if had.since <= at] or [had.level for had in one.levels[:1]]
    level = held[-1] if held else None
    name = CLOCKS.get(clock.name, clock.name)
    return Matter(
        about="incident",
        id=f"{one.id} {clock.name}",
        state="overdue" if left < timedelta() else "due-soon",
        due=to_text(at),
        title_zh=f"故障 {one.id}（{level}）{name}时限 {at.astimezone(zone):%Y-%m-%d %H:%M}",
        when_zh=_minutes(left),
        told_from=_since(one.reported, zone),
        more={"incident": one.id, "level": level, "clock": clock.name, "left_s": round(left.total_seconds())},
    )


def _step(one: Ticket, due: Due, zone: ZoneInfo, now: datetime, percent: int) -> Iterator[Matter]:
    if due.reached or one.closed:
        return
    begun = one.accepted or one.opened
    name, more = f"需求 {one.id} {due.title_zh}", {"ticket": one.id, "kind": one.kind, "step": due.step}
    if due.deadline is None:
        yield Matter(
            about="ticket",
            id=f"{one.id} {due.step}",
            state="lacking",
            due=None,
            title_zh=name,
            when_zh="，期限未定",
            told_from=now.astimezone(zone).date() - WEEK,
            more={**more, "left_s": None},
        )
        return
    left = due.deadline - now
    late = left < timedelta()
    if late or left * 100 <= (due.deadline - begun) * percent:
        yield Matter(
            about="ticket",
            id=f"{one.id} {due.step}",
            state="overdue" if late else "due-soon",
            due=to_text(due.deadline),
            title_zh=f"{name}期限 {due.deadline.astimezone(zone):%Y-%m-%d %H:%M}",
            when_zh=_minutes(left),
            told_from=_since(begun, zone),
            more={**more, "left_s": round(left.total_seconds())},
        )


def _since(begun: datetime, zone: ZoneInfo) -> date:
    """Before its report nothing was told of it: each is told once for good."""
    return begun.astimezone(zone).date()


def _days(due: date | None, left: int | None) -> str:
    said = f"，期限 {due}" if due else ""
    if left is None:
        return said
    if left < 0:
        return f"{said}，已过 {-left} 天"
    return f"{said}，今天到期" if left == 0 else f"{said}，还剩 {left} 天"


def _minutes(left: timedelta) -> str:
    minutes = abs(int(left.total_seconds() // 60)) if left < timedelta() else int(left.total_seconds() // 60)
    return f"，已超 {minutes} 分钟" if left < timedelta() else f"，还剩 {minutes} 分钟"
