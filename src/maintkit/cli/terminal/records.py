"""Every document that a ledger can give, one after the other: what a handover takes along.

A new document is handed over when it stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from maintkit.checks.limits import load_limits
from maintkit.cli.terminal.document import header
from maintkit.cli.terminal.forecasts import LIMITS, LOOK_BACK_DAYS, forecasts
from maintkit.contract.load import Site
from maintkit.documents.model import Document
from maintkit.documents.views.change_report import change_report, kind_of
from maintkit.documents.views.health_report import KIND as HEALTH
from maintkit.documents.views.health_report import Health, health_report
from maintkit.documents.views.inspection_record import inspection_record
from maintkit.documents.views.inspection_summary import inspection_summary
from maintkit.documents.views.quarter import Quarter
from maintkit.documents.views.registers import registers as registers_of
from maintkit.documents.views.upgrade_request import upgrade_request
from maintkit.documents.views.vulnerability_report import vulnerability_report
from maintkit.errors import NotFound
from maintkit.evidence import events, history, registers, vulnerabilities
from maintkit.evidence.changes import runs
from maintkit.evidence.comparison import compare
from maintkit.evidence.entry import Head
from maintkit.evidence.judgements import judgements
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection
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


Drawing = Callable[[], Document]


def records(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    """What the ledger gives of a period, each document drawn when called for; registers as they stand at its end."""
    for source in (_inspections, _summaries, _applications, _changes, _vulnerabilities, _registers):
        yield from source(place, ledger, period)


def _inspections(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    for started in ledger.entries(kind="inspection.started"):
        if period.holds(started.at):
            run = started.run or ""
            yield partial(_inspection, place, ledger, run)
            if started.body["deep"]:
                yield partial(_health, place, ledger, run)


def _inspection(place: Site, ledger: Ledger, run: str) -> Document:
    found = history.inspection(ledger, run)
    return inspection_record(
        found, compare(found, history.previous(ledger, found)), events.handlings(ledger), header(place)
    )


def _health(place: Site, ledger: Ledger, run: str) -> Document:
    return health(place, ledger, history.inspection(ledger, run))


def health(place: Site, ledger: Ledger, deep: Inspection) -> Document:
    """系统健康检查与性能分析报告 of a deep inspection, with the trends of all inspections before it."""
    limits = load_limits(place.root / LIMITS)
    since = deep.started_at - timedelta(days=LOOK_BACK_DAYS)
    return health_report(
        Health(
            inspection=deep,
            comparison=compare(deep, history.previous(ledger, deep, deep=True)),
            forecasts=tuple(forecasts(ledger, limits, since=since, until=deep)),
            handlings=events.handlings(ledger),
            judged=judgements(ledger, HEALTH, deep.run),
        ),
        header(place),
    )


def _summaries(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    zone = period.zone
    starts = [entry.at for entry in ledger.entries(kind="inspection.started") if period.holds(entry.at)]
    for quarter in dict.fromkeys(Quarter.of(at, zone) for at in starts):
        yield partial(summary, place, ledger, quarter)


def summary(place: Site, ledger: Ledger, quarter: Quarter) -> Document:
    """季度巡检记录汇总单 of a quarter."""
    held = tuple(_up_to(ledger, quarter, ZoneInfo(place.contract.time_zone)))
    return inspection_summary(quarter, held, events.handlings(ledger), header(place))


def _up_to(ledger: Ledger, quarter: Quarter, zone: ZoneInfo) -> Iterator[Inspection]:
    """The inspections of the quarter and of the one before, which the first ones are compared with."""
    for found in history.inspections(ledger):
        when = Quarter.of(found.started_at, zone)
        if when > quarter:
            continue
        yield found
        if when < quarter.previous():
            return


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


def _change(place: Site, ledger: Ledger, run: str) -> Document:
    done = implementation(ledger, run)
    return change_report(done, kind_of(done), header(place))


def _vulnerabilities(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    for entry in ledger.entries(kind=vulnerabilities.CHECKED):
        if period.holds(entry.at):
            yield partial(_vulnerability, place, ledger, entry.run or "")


def _vulnerability(place: Site, ledger: Ledger, number: str) -> Document:
    return vulnerability_report(*vulnerabilities.check(ledger, number), header(place))


def _registers(place: Site, ledger: Ledger, period: Period) -> Iterator[Drawing]:
    del period
    if next(ledger.entries(kind=registers.ADDED, limit=1), None) is not None:
        yield partial(registered, place, ledger)


def registered(place: Site, ledger: Ledger) -> Document:
    """项目登记簿 as of the ledger's last entry."""
    last = next(ledger.entries(newest_first=True, limit=1), None)
    if last is None:
        raise NotFound("the ledger is empty", hint="`maintkit register add KIND` registers an item")
    head = Head(seq=last.seq, hash=last.hash)
    return registers_of(tuple(registers.items(ledger)), head, last.at, header(place))
