"""What faults and tickets give: the summary of each month, analyses, and the tickets and review of each period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from maintkit.cli.terminal.desk_documents import months_of
from maintkit.cli.terminal.offers.offer import NOT_OVER, Counter, Offer
from maintkit.cli.terminal.periods import periods, words_of
from maintkit.clock import from_text
from maintkit.contract.sla import FaultReport
from maintkit.desk import ticket as tickets_of
from maintkit.desk.incident import OPENED, Incident, fold
from maintkit.desk.past import Fault, Wish, happened
from maintkit.documents.views.incident_report import KIND as ANALYSIS
from maintkit.documents.views.incident_report import TITLE as ANALYSIS_TITLE
from maintkit.documents.views.incident_summary import KIND as SUMMARY
from maintkit.documents.views.incident_summary import TITLE as SUMMARY_TITLE
from maintkit.documents.views.incident_summary import FaultMonth, unlevelled
from maintkit.documents.views.month import Covered, Month, bounds
from maintkit.documents.views.service_review import BLANKS as OF_REVIEW
from maintkit.documents.views.service_review import KIND as REVIEW
from maintkit.documents.views.service_review import TITLE as REVIEW_TITLE
from maintkit.documents.views.ticket_summary import KIND as WISHES
from maintkit.documents.views.ticket_summary import TITLE as WISHES_TITLE
from maintkit.documents.views.ticket_summary import WishPeriod, unconfirmed
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moment import Basis, Mark, newest


def offers(counter: Counter) -> Iterator[Offer]:
    """Months newest first, then analyses, then the periods of tickets and reviews."""
    faults = [(fold(own), own) for own in _subjects(counter.ledger, OPENED, "incident.")]
    tickets = list(_subjects(counter.ledger, tickets_of.OPENED, "ticket."))
    months = months_of(counter.place, counter.ledger)[::-1]
    yield from (_month(counter, month, faults) for month in months)
    for one, _ in reversed(faults):
        yield from _analysis(counter, one)
    for covered in periods(counter.place, months, WISHES_TITLE, counter.numbers(WISHES)):
        yield _wishes(counter, covered, tickets)
    for covered in periods(counter.place, months, REVIEW_TITLE, counter.numbers(REVIEW)):
        yield _review(counter, covered)


def _subjects(ledger: Ledger, opened: str, family: str) -> Iterator[list[Entry]]:
    for first in ledger.entries(kind=opened):
        yield [one for one in ledger.entries(subject=first.subject) if one.kind.startswith(family)]


def _by(own: Sequence[Entry], end: datetime) -> list[Entry]:
    """What had happened by an instant, however late it was entered; nothing when it had not been opened."""
    found = [one for one in own if happened(one) < end]
    return found if found and found[0] is own[0] else []


def _basis(counter: Counter, covered: Covered) -> Basis:
    """What the period's documents ask of it: its bounds, and whether it is over."""
    since, end = bounds(covered, counter.place.contract.zone)
    nothing = Mark(seq=0, hash="", at=since)
    return Basis(since=since, end=end, head=nothing, begins=since, over=counter.now >= end)


def _month(counter: Counter, month: Month, faults: Sequence[tuple[Incident, Sequence[Entry]]]) -> Offer:
    had = _basis(counter, month)
    told = [
        Fault(incident=fold(own), clocks=(), mark=newest(map(Mark.of, own)))
        for one, every in faults
        if _may_be_of(one, had) and (own := _by(every, had.end))
    ]
    found = FaultMonth(month=month, basis=had, faults=told, before=None)
    missing = unlevelled(found)
    lacks = [NOT_OVER] if not had.over else []
    lacks += [f"a level of {', '.join(missing)}: `maintkit incident triage`"] if missing else []
    words = ("report", "incident-summary", "--month", str(month))
    return _offer(counter, SUMMARY, SUMMARY_TITLE, month, words, lacks)


def _may_be_of(one: Incident, had: Basis) -> bool:
    """Whether it was reported by the period's end and not over before it; the rest is asked of what was known then."""
    over = one.first("resolved", "closed")
    return one.reported < had.end and (one.reported >= had.since or over is None or over >= had.since)


def _analysis(counter: Counter, one: Incident) -> Iterator[Offer]:
    """The report that the contract asks for, that somebody began, or that was issued."""
    kind, asked = ANALYSIS, counter.place.contract.faults.report
    if not (_wanted(one, asked) or one.last("analysed") or (kind, one.id) in counter.issued):
        return
    lacks = [] if one.first("resolved") else ["its solution: `maintkit incident resolve`"]
    lacks += [] if one.last("analysed") else ["its analysis: `maintkit incident analyse`"]
    yield Offer(
        kind=kind, number=one.id, title=ANALYSIS_TITLE, day=counter.day(one.reported),
        words=("report", "incident", one.id), lacks=tuple(lacks),
    )  # fmt: skip


def _wanted(one: Incident, asked: FaultReport) -> bool:
    own = one.duplicate_of is None
    return own and any(level.level in asked.levels or level.scope in asked.scopes for level in one.levels)


def _wishes(counter: Counter, covered: Covered, tickets: Sequence[Sequence[Entry]]) -> Offer:
    had = _basis(counter, covered)
    wishes = [_wish(own) for own in (_by(each, had.end) for each in tickets) if own]
    requests = counter.place.contract.requests
    found = WishPeriod(covered=covered, basis=had, wishes=wishes, requests=requests)
    missing = unconfirmed(found)
    lacks = [NOT_OVER] if not had.over else []
    lacks += [f"the hospital's word on person-days of {', '.join(missing)}"] if missing else []
    return _offer(counter, WISHES, WISHES_TITLE, covered, words_of(WISHES, covered), lacks)


def _wish(own: Sequence[Entry]) -> Wish:
    first = own[0]
    made = tickets_of.Ticket(
        id=first.subject or "", opened=from_text(first.body["at"]), entries=tuple(own),
        efforts=tuple(tickets_of.efforts(own)),
    )  # fmt: skip
    return Wish(ticket=made, dues=(), mark=newest(map(Mark.of, own)))


def _review(counter: Counter, covered: Covered) -> Offer:
    kind = REVIEW
    lacks = [*([] if _basis(counter, covered).over else [NOT_OVER])]
    lacks += counter.blanks(kind, str(covered), OF_REVIEW)
    return _offer(counter, kind, REVIEW_TITLE, covered, words_of(kind, covered), lacks)


def _offer(
    counter: Counter, kind: str, title: str, covered: Covered, words: tuple[str, ...], lacks: Sequence[str]
) -> Offer:
    day = (bounds(covered, counter.place.contract.zone)[1] - datetime.resolution).date()
    return Offer(kind=kind, number=str(covered), title=title, day=day, words=words, lacks=tuple(lacks))
