"""Tickets (需求/缺陷): bugs and changes from the written acceptance on, as a pure fold over entries; their clocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from maintkit.clock import from_text
from maintkit.contract.sla import Requests, Step
from maintkit.contract.workdays import Calendar
from maintkit.desk.promise import AT_ONCE, BY_AGREEMENT, Promise, Terms, breach, promises
from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger

OPENED, ACCEPTED, AGREED, REACHED, EFFORT, CONFIRMED, PLANNED, CLOSED = (
    "ticket.opened",
    "ticket.accepted",
    "ticket.agreed",
    "ticket.reached",
    "ticket.effort",
    "ticket.confirmed",
    "ticket.planned",
    "ticket.closed",
)
State = Literal["running", "met", "breached", "undetermined", "not-asked"]
LATE_WORD = "what was agreed on and entered after the breach does not undo it"


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Person-days spent, and who of the hospital confirmed them, then or later (empty: nobody yet)."""

    entry: int
    days: float
    text: str
    confirmed_by: str


@dataclass(frozen=True, kw_only=True)
class Due:
    """One step that is due. `agreed_by` is who agreed to the date in force, empty when the contract's clock is.

    `not-asked`: the ticket was closed without it, and in time. `reason` says why there is no date, or that somebody's
    later word moved it after it had passed.
    """

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
        """The written acceptance; the latest one gives the kind, the first one starts the clocks."""
        return max(self.of(ACCEPTED), key=lambda entry: (entry.body["at"], entry.seq), default=None)

    @property
    def accepted(self) -> datetime | None:
        """When the clocks began."""
        return min((from_text(entry.body["at"]) for entry in self.of(ACCEPTED)), default=None)

    @property
    def kind(self) -> str | None:
        """The kind of the contract that it was accepted as."""
        return str(self.acceptance.body["kind"]) if self.acceptance else None

    def steps(self, terms: Terms) -> dict[str, Step]:
        """The steps of its kind; none before the acceptance, or when the contract has the kind no longer."""
        kind = terms.requests.kind(self.kind)
        return {step.id: step for step in kind.steps} if kind else {}

    @property
    def plans(self) -> tuple[str, ...]:
        """The plans that deliver it."""
        return tuple(dict.fromkeys(str(entry.body["plan"]) for entry in self.of(PLANNED)))

    @property
    def closed(self) -> bool:
        """Whether the hospital agreed that it is over."""
        return self.closed_at is not None

    @property
    def closed_at(self) -> datetime | None:
        """When the hospital agreed that it is over."""
        return min((from_text(entry.body["at"]) for entry in self.of(CLOSED)), default=None)

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


def tickets(ledger: Ledger) -> tuple[Ticket, ...]:
    """Every ticket, in the order they were entered."""
    return tuple(ticket(ledger, entry.subject or "") for entry in ledger.entries(kind=OPENED))


def ticket(ledger: Ledger, id_: str) -> Ticket:
    """The ticket of this id; raises NotFound."""
    own = tuple(entry for entry in ledger.entries(subject=id_) if entry.kind.startswith("ticket."))
    if not own:
        raise NotFound(f"no ticket {id_!r} in the ledger", hint="`maintkit ticket list` shows those there are")
    return Ticket(id=id_, opened=from_text(own[0].body["at"]), entries=own, efforts=tuple(efforts(own)))


def dues(one: Ticket, requests: Requests, calendar: Calendar, zone: ZoneInfo, now: datetime) -> tuple[Due, ...]:
    """What is due for a ticket, by when, and whether it was reached in time; nothing before the acceptance.

    The closing ends what was not reached. What was late under an earlier kind stays late, also where its kind now asks
    for no such step.
    """
    terms = Terms(requests=requests, calendar=calendar, zone=zone)
    own = one.steps(terms)
    kinds = [terms.requests.kind(str(entry.body["kind"])) for entry in one.of(ACCEPTED)]
    former = {step.id: step for kind in kinds if kind for step in kind.steps if step.id not in own}
    late = (due for due in (_due(one, step, terms, now) for step in former.values()) if due.breached_at)
    return (*(_due(one, step, terms, now) for step in own.values()), *late)


def _due(one: Ticket, step: Step, terms: Terms, now: datetime) -> Due:
    reached = min((from_text(had.body["at"]) for had in one.of(REACHED) if had.body["step"] == step.id), default=None)
    told = _tellings(one, step, terms, reached or now)
    found = breach(told)
    # The last telling has every word: what is in force. Of a step that its kind no longer has, what was breached is.
    asked = step.id in one.steps(terms)
    promise = told[-1][0][-1] if asked or found is None else found[1]
    final = breach(told[-1:])
    late = found is not None and (final is None or final[0] > found[0])
    return Due(
        step=step.id,
        title_zh=step.title_zh,
        state="breached" if found else _state(promise, reached, one.closed_at),
        deadline=promise.date,
        reached=reached,
        breached_at=found[0] if found else None,
        agreed_by=promise.agreed_by,
        reason=LATE_WORD if late else _reason(one, promise, reached, now) if found is None else "",
    )


def _tellings(one: Ticket, step: Step, terms: Terms, until: datetime) -> list[tuple[tuple[Promise, ...], datetime]]:
    """The dates of a step as they were known, entry by entry, each with the instant up to which they are judged."""
    said = [entry for entry in one.entries if entry.kind in (ACCEPTED, AGREED, CLOSED)]
    told = []
    for place, entry in enumerate(said):
        known = [each for each in said[: place + 1] if each.kind != CLOSED]
        # The hospital's word that it is over is one of them: entered late, it ends nothing that was late before.
        over = [from_text(entry.body["at"])] if entry.kind == CLOSED else []
        later = [said[place + 1].at] if place + 1 < len(said) else []
        told.append((promises(step.id, known, AGREED, terms), min((until, *over, *later))))
    return told


def _state(promise: Promise, reached: datetime | None, closed: datetime | None) -> State:
    """How a step that was not late stands."""
    if reached:
        return "met" if promise.date or promise.reason == BY_AGREEMENT else "undetermined"
    if closed:
        return "not-asked"
    return "running" if promise.date else "undetermined"


def _reason(one: Ticket, promise: Promise, reached: datetime | None, now: datetime) -> str:
    if one.closed_at and not reached:
        return "closed before it was reached"
    if promise.reason == AT_ONCE and one.accepted:
        minutes = int(((reached or now) - one.accepted).total_seconds() // 60)
        return f"{AT_ONCE}: {minutes} min {'passed' if reached else 'so far'}"
    return "" if promise.date else promise.reason


def efforts(entries: Iterable[Entry]) -> Iterator[Effort]:
    """The person-days that stand among the entries of a ticket, with the first confirmation of each."""
    every = tuple(entries)
    later: dict[int, str] = {}
    for entry in every:
        if entry.kind == CONFIRMED:
            later.setdefault(int(entry.body["effort"]), str(entry.body["confirmed_by"]))
    for entry in every:
        if entry.kind == EFFORT:
            body = entry.body
            who = str(body["confirmed_by"]) or later.get(entry.seq, "")
            yield Effort(entry=entry.seq, days=float(body["days"]), text=body["text"], confirmed_by=who)
