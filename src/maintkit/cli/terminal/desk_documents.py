"""The documents of the desk, each drawn from the ledger of a site: for `report`, and for what is handed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from maintkit.cli.terminal.calendar import calendar_of
from maintkit.cli.terminal.document import header
from maintkit.cli.terminal.security_documents import abnormal
from maintkit.clock import SystemClock
from maintkit.contract.due import due
from maintkit.contract.load import Site
from maintkit.contract.workdays import Calendar
from maintkit.desk.clocks import clocks
from maintkit.desk.incident import Incident, incident, incidents
from maintkit.desk.links import Links, links
from maintkit.desk.past import Fault, Wish, faults, wishes
from maintkit.desk.proofs import seen
from maintkit.desk.relations import answering, repeats
from maintkit.desk.surroundings import Surroundings
from maintkit.documents.model import Document
from maintkit.documents.parts.duties import within
from maintkit.documents.parts.faults import VERB
from maintkit.documents.views.incident_report import FaultReport, incident_report
from maintkit.documents.views.incident_summary import FaultMonth, incident_summary
from maintkit.documents.views.month import Covered, Month, bounds
from maintkit.documents.views.service_review import KIND as REVIEW
from maintkit.documents.views.service_review import Review, Served, service_review
from maintkit.documents.views.ticket_summary import WishPeriod, ticket_summary
from maintkit.evidence import registers
from maintkit.evidence.judgements import judgements
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moment import Basis, Mark, basis, newest
from maintkit.evidence.recorded import RecordedFinding
from maintkit.evidence.work import changed, told, work


@dataclass(frozen=True, kw_only=True)
class _Room:
    """A site, its ledger, and its calendar as it is now."""

    place: Site
    ledger: Ledger
    calendar: Calendar

    @classmethod
    def of(cls, place: Site, ledger: Ledger) -> _Room:
        return cls(place=place, ledger=ledger, calendar=calendar_of(place, SystemClock().now()))

    def basis(self, covered: Covered) -> Basis:
        return basis(self.ledger, *bounds(covered, self.place.contract.zone), str(covered))

    def whole(self, covered: Covered) -> Basis | None:
        """The basis of a period that the ledger holds whole; None for another one."""
        since, _ = bounds(covered, self.place.contract.zone)
        first = next(self.ledger.entries(limit=1), None)
        if first is None or first.at > since:
            return None
        found = self.basis(covered)
        return found if found.over else None

    def faults(self, had: Basis) -> tuple[Fault, ...]:
        return faults(self.ledger, self.place.contract, self.calendar, before=had.end, now=had.until)

    def wishes(self, had: Basis) -> tuple[Wish, ...]:
        return wishes(self.ledger, self.place.contract, self.calendar, before=had.end, now=had.until)

    def served(self, had: Basis) -> Served:
        return Served(
            basis=had,
            faults=self.faults(had),
            wishes=self.wishes(had),
            work=work(self.ledger, had.since, had.end),
        )


def fault_month(place: Site, ledger: Ledger, month: Month) -> Document:
    """月度故障汇总 of a month; NotFound when the ledger holds nothing of that time."""
    room = _Room.of(place, ledger)
    had, before = room.basis(month), room.whole(month.previous())
    found = FaultMonth(month=month, basis=had, faults=room.faults(had), before=room.faults(before) if before else None)
    return incident_summary(found, header(place))


def fault_report(place: Site, ledger: Ledger, id_: str) -> Document:
    """《故障分析报告》 of an incident. Clocks that still run are read as of the ledger's last entry."""
    room, one = _Room.of(place, ledger), incident(ledger, id_)
    contract, everyone = place.contract, incidents(ledger)
    own = [Mark.of(entry) for entry in ledger.entries(subject=id_) if entry.kind.startswith("incident.")]
    now = newest(own).at
    found = clocks(one, contract.faults, room.calendar, contract.zone, now)
    if any(clock.ended is None and clock.state != "not-asked" for clock in found):
        now = ledger.entry(ledger.head().seq).at
        found = clocks(one, contract.faults, room.calendar, contract.zone, now)
    before = timedelta(minutes=contract.faults.related_within.minutes)
    around = links(Surroundings(ledger), one, everyone, before=before, now=now)
    repeated = tuple(repeats(everyone, id_))
    others = [each for each in everyone if each.id in around.overlapping or each in repeated]
    report = FaultReport(
        fault=Fault(incident=one, clocks=found, mark=newest(own)),
        now=now,
        links=around,
        findings=tuple(_findings(ledger, around, one.hosts)),
        changes=tuple(changed(ledger, run) for run in around.changes),
        repeats=repeated,
        answering=answering(everyone, id_),
        marks=own,
        linked=(*_runs(ledger, around), *_others(ledger, others)),
    )
    return incident_report(report, header(place))


def wish_period(place: Site, ledger: Ledger, covered: Covered) -> Document:
    """需求处理汇总 of a month or a quarter; NotFound when the ledger holds nothing of that time."""
    room = _Room.of(place, ledger)
    had = room.basis(covered)
    found = WishPeriod(covered=covered, basis=had, wishes=room.wishes(had), requests=place.contract.requests)
    return ticket_summary(found, header(place))


def review(place: Site, ledger: Ledger, covered: Covered) -> Document:
    """服务回顾报告 of a month or a quarter; NotFound when the ledger holds nothing of that time."""
    room, contract = _Room.of(place, ledger), place.contract
    had, before = room.basis(covered), room.whole(covered.previous())
    last = (had.end - timedelta(days=1) if had.over else had.until).astimezone(contract.zone).date()
    evidence = seen(ledger, [duty.id for duty in contract.duties], contract.zone, last)
    first = had.since.date()
    found = Review(
        covered=covered,
        served=room.served(had),
        before=room.served(before) if before else None,
        requests=contract.requests,
        standings=due(contract, room.calendar, evidence, last, ended=had.over),
        done={duty: within(had_seen.evidence, first, last) for duty, had_seen in evidence.items()},
        meetings=[
            one for one in registers.items(ledger, "meeting") if (day := one.day("held")) and first <= day <= last
        ],
        judged=judgements(ledger, REVIEW, str(covered)),
    )
    return service_review(found, header(place))


def _findings(ledger: Ledger, around: Links, hosts: Sequence[str]) -> Iterator[RecordedFinding]:
    """The linked events, each as the last of the linked inspections saw it."""
    newest_of = {one.event: one for one in abnormal(ledger, around.inspections) if one.host in hosts}
    yield from (newest_of[name] for name in around.findings if name in newest_of)


def _runs(ledger: Ledger, around: Links) -> Iterator[tuple[str, Mark]]:
    """What is linked, by the entry that says how it came out."""
    for run in (*around.inspections, *around.watches, *around.changes):
        yield run, told(ledger, run)


def _others(ledger: Ledger, found: Iterable[Incident]) -> Iterator[tuple[str, Mark]]:
    """Other faults by their report, and those that are duplicates by the word that they are."""
    for one in found:
        called = [step for step in one.steps if step.verb == "related" and step.body["duplicate_of"]]
        for step in (one.steps[0], *(called[-1:] if one.duplicate_of else ())):
            yield f"{one.id} {VERB[step.verb]}", Mark.of(ledger.entry(step.entry))


def months_of(place: Site, ledger: Ledger) -> list[Month]:
    """The months of which the ledger holds something, from its first entry to its last, in order."""
    first = next(ledger.entries(limit=1), None)
    if first is None:
        return []
    zone, last = place.contract.zone, ledger.entry(ledger.head().seq).at
    found = [Month.of(first.at, zone)]
    while found[-1] < Month.of(last, zone):
        found.append(found[-1].following())
    return found
