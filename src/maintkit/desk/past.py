"""The desk as it stood at an instant: faults and tickets by what had happened by then, however late it was entered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from maintkit.clock import from_text
from maintkit.contract.contract import Contract
from maintkit.contract.workdays import Calendar
from maintkit.desk import ticket as tickets_of
from maintkit.desk.clocks import Clock, clocks
from maintkit.desk.incident import OPENED, Incident, fold
from maintkit.desk.ticket import Due, Ticket, dues
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moment import Mark, newest


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An incident with its clocks at an instant; `mark` is the newest entry that it rests on."""

    incident: Incident
    clocks: tuple[Clock, ...]
    mark: Mark

    @property
    def over(self) -> datetime | None:
        """When it was solved or closed; None: it is open."""
        return self.incident.first("resolved", "closed")

    def open_at(self, at: datetime) -> bool:
        """Whether it was reported before an instant and not over by then; a duplicate is never open."""
        over = self.over
        own = self.incident.duplicate_of is None
        return own and self.incident.reported < at and (over is None or over >= at)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A ticket with what was due of it at an instant; `mark` is the newest entry that it rests on."""

    ticket: Ticket
    dues: tuple[Due, ...]
    mark: Mark

    @property
    def closed(self) -> datetime | None:
        """When it was closed; None: it is not."""
        return min((from_text(one.body["at"]) for one in self.ticket.of(tickets_of.CLOSED)), default=None)

    def open_at(self, at: datetime) -> bool:
        """Whether it was opened before an instant and not closed by then."""
        closed = self.closed
        return self.ticket.opened < at and (closed is None or closed >= at)


def faults(
    ledger: Ledger, contract: Contract, calendar: Calendar, *, before: datetime, now: datetime
) -> tuple[Fault, ...]:
    """Every incident by what happened before an instant, its clocks as of `now`, in the order of their reports."""
    made = []
    for own in _subjects(ledger, OPENED, "incident.", before):
        one = fold(own)
        found = clocks(one, contract.faults, calendar, contract.zone, now)
        made.append(Fault(incident=one, clocks=found, mark=newest(map(Mark.of, own))))
    return tuple(sorted(made, key=lambda fault: fault.incident.reported))


def wishes(
    ledger: Ledger, contract: Contract, calendar: Calendar, *, before: datetime, now: datetime
) -> tuple[Wish, ...]:
    """Every ticket by what happened before an instant, what is due as of `now`, in the order of their opening."""
    made = []
    for own in _subjects(ledger, tickets_of.OPENED, "ticket.", before):
        known = tickets_of.ticket(ledger, own[0].subject or "")
        one = replace(known, entries=tuple(own), efforts=tuple(tickets_of.efforts(own)))
        due = dues(one, contract.requests, calendar, contract.zone, now)
        made.append(Wish(ticket=one, dues=due, mark=newest(map(Mark.of, own))))
    return tuple(sorted(made, key=lambda wish: wish.ticket.opened))


def happened(entry: Entry) -> datetime:
    """When it happened; of a relation that is withdrawn, when it had been said: nothing was so in between."""
    return from_text(entry.body.get("since") or entry.body["at"])


def _subjects(ledger: Ledger, opened: str, family: str, before: datetime) -> Iterator[list[Entry]]:
    """What happened to each subject before an instant, its opening first."""
    for first in ledger.entries(kind=opened):
        every = (one for one in ledger.entries(subject=first.subject) if one.kind.startswith(family))
        own = [one for one in every if happened(one) < before]
        if own and own[0].kind == opened:
            yield own
