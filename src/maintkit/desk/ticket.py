"""Tickets (需求/缺陷): bugs and changes from the written acceptance on, as a pure fold over entries; their clocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from maintkit.clock import from_text
from maintkit.contract.sla import RequestKind, Requests, Step
from maintkit.contract.span import Span
from maintkit.contract.workdays import Calendar, Undetermined
from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger

OPENED, ACCEPTED, AGREED, REACHED, EFFORT, PLANNED, CLOSED = (
    "ticket.opened",
    "ticket.accepted",
    "ticket.agreed",
    "ticket.reached",
    "ticket.effort",
    "ticket.planned",
    "ticket.closed",
)
State = Literal["running", "met", "breached", "undetermined"]


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Person-days spent, and who of the hospital confirmed them (empty: nobody yet)."""

    days: float
    text: str
    confirmed_by: str


@dataclass(frozen=True, kw_only=True)
class Due:
    """One step that is due. `agreed_by` is who agreed to the date in force, empty when the contract's clock is."""

    step: str
    title_zh: str
    state: State
    deadline: datetime | None = None
    reached: datetime | None = None
    breached_at: datetime | None = None
    agreed_by: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A bug or a change. `kind` and `accepted` are None until the hospital has it in writing that it is accepted."""

    id: str
    opened: datetime
    entries: tuple[Entry, ...]
    efforts: tuple[Effort, ...]

    @property
    def title(self) -> str:
        """What it is, in a sentence."""
        return str(self.entries[0].body["text"])

    @property
    def acceptance(self) -> Entry | None:
        """The written acceptance; the newest one gives the kind, the first one starts the clocks."""
        return self._newest(ACCEPTED)

    @property
    def accepted(self) -> datetime | None:
        """When the clocks began."""
        return min((from_text(entry.body["at"]) for entry in self.of(ACCEPTED)), default=None)

    @property
    def kind(self) -> str | None:
        """The kind of the contract that it was accepted as."""
        return str(self.acceptance.body["kind"]) if self.acceptance else None

    @property
    def plans(self) -> tuple[str, ...]:
        """The plans that deliver it."""
        return tuple(dict.fromkeys(str(entry.body["plan"]) for entry in self.of(PLANNED)))

    @property
    def closed(self) -> bool:
        """Whether the hospital agreed that it is over."""
        return self._newest(CLOSED) is not None

    @property
    def confirmed_days(self) -> float:
        """Person-days that the hospital confirmed."""
        return sum(one.days for one in self.efforts if one.confirmed_by)

    def above(self, requests: Requests) -> float:
        """Confirmed person-days above those that the contract includes: agreed on and paid."""
        return max(0.0, self.confirmed_days - requests.included_person_days)

    def of(self, kind: str) -> tuple[Entry, ...]:
        """The entries of a kind."""
        return tuple(entry for entry in self.entries if entry.kind == kind)

    def _newest(self, kind: str) -> Entry | None:
        return next(reversed(self.of(kind)), None)


def tickets(ledger: Ledger) -> tuple[Ticket, ...]:
    """Every ticket, in the order they were entered."""
    return tuple(ticket(ledger, entry.subject or "") for entry in ledger.entries(kind=OPENED))


def ticket(ledger: Ledger, id_: str) -> Ticket:
    """The ticket of this id; raises NotFound."""
    own = tuple(entry for entry in ledger.entries(subject=id_) if entry.kind.startswith("ticket."))
    if not own:
        raise NotFound(f"no ticket {id_!r} in the ledger", hint="`maintkit ticket list` shows those there are")
    return Ticket(id=id_, opened=from_text(own[0].body["at"]), entries=own, efforts=tuple(efforts(own)))


def kind_of(requests: Requests, one: Ticket) -> RequestKind | None:
    """The contract's kind of a ticket; None when it was not accepted, or the contract has it no longer."""
    return next((kind for kind in requests.kinds if kind.id == one.kind), None)


def dues(one: Ticket, requests: Requests, calendar: Calendar, zone: ZoneInfo, now: datetime) -> tuple[Due, ...]:
    """What is due for a ticket, by when, and whether it was reached in time; nothing before the acceptance."""
    kind, start = kind_of(requests, one), one.accepted
    if kind is None or start is None:
        return ()
    return tuple(_due(one, step, start, calendar, zone, now) for step in kind.steps)


def _due(one: Ticket, step: Step, start: datetime, calendar: Calendar, zone: ZoneInfo, now: datetime) -> Due:
    reached = min((from_text(had.body["at"]) for had in one.of(REACHED) if had.body["step"] == step.id), default=None)
    agreed = [had for had in one.of(AGREED) if had.body["step"] == step.id]
    promised = _after(start, step.within, calendar, zone) if step.within else None
    dates = [(start, promised)] if isinstance(promised, datetime) else []
    dates += [(from_text(had.body["at"]), from_text(had.body["until"])) for had in agreed]
    if not dates:
        reason = promised.reason if isinstance(promised, Undetermined) else "by agreement: no date was agreed on yet"
        state: State = "met" if reached and promised is None else "undetermined"
        return Due(step=step.id, title_zh=step.title_zh, state=state, reached=reached, reason=reason)
    breached = _breach(dates, reached or now)
    return Due(
        step=step.id,
        title_zh=step.title_zh,
        state="breached" if breached else "met" if reached else "running",
        deadline=dates[-1][1],
        reached=reached,
        breached_at=breached,
        agreed_by=str(agreed[-1].body["agreed_by"]) if agreed else "",
    )


def _breach(dates: list[tuple[datetime, datetime]], until: datetime) -> datetime | None:
    """The first moment at which the date then in force had passed: agreeing on another one later hides nothing."""
    for place, (since, date) in enumerate(dates):
        end = dates[place + 1][0] if place + 1 < len(dates) else None
        moment = max(date, since)
        if moment < until and (end is None or moment < end):
            return moment
    return None


def _after(start: datetime, span: Span, calendar: Calendar, zone: ZoneInfo) -> datetime | Undetermined:
    """Minutes and hours around the clock; working days and months to the end of the day on site."""
    if span.unit in ("min", "h"):
        return start + timedelta(minutes=span.minutes)
    first = start.astimezone(zone).date()
    day = calendar.after(first, span.count) if span.unit == "wd" else first + relativedelta(months=span.count)
    return day if isinstance(day, Undetermined) else datetime.combine(day, time(23, 59, 59), tzinfo=zone)


def efforts(entries: Iterable[Entry]) -> Iterator[Effort]:
    """The person-days that stand among the entries of a ticket."""
    for entry in entries:
        if entry.kind == EFFORT:
            body = entry.body
            yield Effort(days=float(body["days"]), text=body["text"], confirmed_by=body["confirmed_by"])
