"""Every document that a ledger can give, one after the other: what a handover takes along.

A new document is handed over when it stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from maintkit.cli.terminal import desk_documents as desk
from maintkit.cli.terminal import drawing, knowing, readiness
from maintkit.cli.terminal import security_documents as security
from maintkit.cli.terminal.document import header
from maintkit.cli.terminal.offers.offer import Counter
from maintkit.cli.terminal.periods import periods
from maintkit.contract.load import Site
from maintkit.desk.incident import incidents
from maintkit.documents.model import Document
from maintkit.documents.views.change_report import MAY_BE_TUNING, change_report, kind_of
from maintkit.documents.views.drill_report import drill_report
from maintkit.documents.views.month import Covered, bounds, months
from maintkit.documents.views.quarter import Quarter
from maintkit.documents.views.service_review import KIND as REVIEW
from maintkit.documents.views.service_review import TITLE as REVIEW_TITLE
from maintkit.documents.views.ticket_summary import KIND as WISHES
from maintkit.documents.views.ticket_summary import TITLE as WISHES_TITLE
from maintkit.documents.views.upgrade_request import upgrade_request
from maintkit.documents.views.vulnerability_report import vulnerability_report
from maintkit.evidence import history, knowledge, registers, vulnerabilities, watch
from maintkit.evidence.changes import runs
from maintkit.evidence.drill_record import PROCEDURE
from maintkit.evidence.issued import issues
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.week import Week
from maintkit.plans.frozen import headlines
from maintkit.plans.implementation import implementation
from maintkit.plans.record import application


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days, both included, by the contract's calendar; None: no bound."""

    zone: ZoneInfo
    since: date | None = None
    until: date | None = None

    def holds(self, at: datetime) -> bool:
        """Whether an instant falls into it."""
        day = at.astimezone(self.zone).date()
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def meets(self, covered: Covered) -> bool:
        """Whether a day of a month or a quarter falls into it."""
        start, after = bounds(covered, self.zone)
        return self.overlaps(start.date(), after.date() - timedelta(days=1))

    def overlaps(self, first: date, last: date) -> bool:
        """Whether one of these days, both included, falls into it."""
        return (self.since is None or last >= self.since) and (self.until is None or first <= self.until)


Drawing = Callable[[], Document]


def records(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    """What the ledger gives of a period, each document drawn when called for.

    Registers and the configuration manual say how things stand at the ledger's end, whatever the period.
    """
    for source in (_inspections, _summaries, _applications, _changes, _watches, _vulnerabilities, *DESK, _at_the_end):
        yield from source(place, ledger, period)


def _inspections(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    for started in ledger.entries(kind="inspection.started"):
        if period.holds(started.at):
            run = started.run or ""
            yield partial(_inspection, place, ledger, run)
            if started.body["deep"]:
                yield partial(_health, place, ledger, run)


def _inspection(place: Site, ledger: Ledger, run: str) -> Document:
    return drawing.record(place, ledger, history.inspection(ledger, run))


def _health(place: Site, ledger: Ledger, run: str) -> Document:
    return drawing.health(place, ledger, history.inspection(ledger, run))


def _summaries(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    starts = (entry.at for entry in ledger.entries(kind="inspection.started"))
    for quarter in filter(period.meets, dict.fromkeys(Quarter.of(at, period.zone) for at in starts)):
        yield partial(drawing.summary, place, ledger, quarter)


def _applications(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    for plan in sorted(headlines(ledger), key=lambda one: (one.created_at, one.id)):
        if period.holds(plan.created_at):
            yield partial(_application, place, ledger, plan.id)


def _application(place: Site, ledger: Ledger, plan: str) -> Document:
    return upgrade_request(application(ledger, plan), header(place))


def _changes(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    for one in sorted(runs(ledger), key=lambda one: (one.started_at, one.run)):
        if period.holds(one.started_at):
            yield partial(_change, place, ledger, one.run)
            # Told as tuning it is another document, which is there when somebody has issued it.
            if one.procedure in MAY_BE_TUNING and issues(ledger, "change-tuning", one.run):
                yield partial(_tuning, place, ledger, one.run)


def _tuning(place: Site, ledger: Ledger, run: str) -> Document:
    return change_report(implementation(ledger, run), "tuning", header(place))


def _change(place: Site, ledger: Ledger, run: str) -> Document:
    done = implementation(ledger, run)
    if done.done.procedure == PROCEDURE:
        return drill_report(done, header(place))
    return change_report(done, kind_of(done), header(place))


def _watches(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    kinds = (watch.STARTED, watch.RECORDED)
    tried = (watch.seen_at(entry) for kind in kinds for entry in ledger.entries(kind=kind))
    planned = next(ledger.entries(kind=watch.STARTED, limit=1), None) is not None
    for week in sorted({Week.of(at, period.zone) for at in tried}):
        if planned and period.overlaps(week.monday, week.monday + timedelta(days=6)):
            yield partial(drawing.watched, place, ledger, week)


def _vulnerabilities(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    for entry in ledger.entries(kind=vulnerabilities.CHECKED):
        if period.holds(entry.at):
            yield partial(_vulnerability, place, ledger, entry.run or "")


def _vulnerability(place: Site, ledger: Ledger, number: str) -> Document:
    return vulnerability_report(*vulnerabilities.check(ledger, number), header(place))


def _faults(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    """The faults of each month of the period, and the analysis of each fault that was reported in it."""
    for month in desk.months_of(place, ledger):
        if period.meets(month):
            yield partial(desk.fault_month, place, ledger, month)
    for one in incidents(ledger):
        if period.holds(one.reported) and one.last("analysed"):
            yield partial(desk.fault_report, place, ledger, one.id)


def _service(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    """The tickets and the review of each month or quarter of which a day falls into the period."""
    counter, held = Counter.of(place, ledger), desk.months_of(place, ledger)
    for kind, title, draw in ((WISHES, WISHES_TITLE, desk.wish_period), (REVIEW, REVIEW_TITLE, desk.review)):
        for covered in periods(place, held, title, counter.numbers(kind)):
            # What was filled in for a time to come cannot be drawn yet.
            if period.meets(covered) and set(held) & set(months(covered)):
                yield partial(draw, place, ledger, covered)


def _security(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    for started in ledger.entries(kind="inspection.started"):
        if period.holds(started.at) and security.access_events(ledger, started.run or ""):
            yield partial(security.security_of_run, place, ledger, started.run or "")


def _knowledge(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    for quarter in filter(period.meets, sorted({Quarter.of(at, period.zone) for at in knowing.entered(ledger)})):
        yield partial(knowing.knowledge_update, place, ledger, quarter)
    if any(one.retired is None and one.now.front.kind == "faq" for one in knowledge.articles(ledger)):
        yield partial(knowing.questions, place, ledger)


DESK = (_faults, _service, _security, _knowledge)


def _at_the_end(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    del period
    if next(ledger.entries(kind=registers.ADDED, limit=1), None) is not None:
        yield partial(drawing.registered, place, ledger)
    newest = history.latest(ledger)
    if newest is not None:
        yield partial(drawing.manual, place, ledger, newest)
        yield partial(readiness.emergency_plan, place, ledger)
        yield partial(readiness.disaster_plan, place, ledger)
        yield partial(drawing.recovery, place, ledger, newest)
