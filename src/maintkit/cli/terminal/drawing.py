"""One document each, drawn from the ledger of a site: for `report`, and for what is handed over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from maintkit.analysis.advice import Said
from maintkit.analysis.advice.applying import ByHand, Planned
from maintkit.cli.terminal.advising import advised
from maintkit.cli.terminal.document import header
from maintkit.cli.terminal.forecasts import as_known, baselines, forecasts, outlooks
from maintkit.cli.terminal.readiness import contract_sha256
from maintkit.contract.expectations import expectations
from maintkit.contract.load import Site
from maintkit.documents.model import Document
from maintkit.documents.views.configuration_manual import Manual, configuration_manual
from maintkit.documents.views.health_report import KIND as HEALTH
from maintkit.documents.views.health_report import Health, health_report
from maintkit.documents.views.inspection_record import inspection_record
from maintkit.documents.views.inspection_summary import inspection_summary
from maintkit.documents.views.quarter import Quarter
from maintkit.documents.views.recovery_manual import KIND as RECOVERY
from maintkit.documents.views.recovery_manual import Recovery, recovery_manual
from maintkit.documents.views.registers import registers as registers_of
from maintkit.documents.views.watch_report import watch_report
from maintkit.errors import NotFound
from maintkit.evidence import events, history, registers
from maintkit.evidence.comparison import compare
from maintkit.evidence.configuration import configuration
from maintkit.evidence.entry import Head
from maintkit.evidence.judgements import judgements
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection
from maintkit.evidence.recovery import drills, holdings
from maintkit.evidence.servers import servers
from maintkit.evidence.watch import required_week, watch_week
from maintkit.evidence.week import Week
from maintkit.plans.unapproved import unapproved

QUARTER_DAYS = 90


def record(place: Site, ledger: Ledger, found: Inspection) -> Document:
    """日常系统巡检记录, or 季度深度巡检记录 of a deep inspection."""
    return inspection_record(
        found,
        compare(found, history.previous(ledger, found)),
        events.handlings_of(events.handlings(ledger), found.findings, history.next_starts(ledger, found.run)),
        header(place),
        emergencies=unapproved(ledger, since=found.period_from, until=found.finished_at or found.started_at),
    )


def summary(place: Site, ledger: Ledger, quarter: Quarter) -> Document:
    """季度巡检记录汇总单 of a quarter."""
    zone = place.contract.zone
    since, until = quarter.span(zone)
    return inspection_summary(
        quarter,
        tuple(_up_to(ledger, quarter, place)),
        events.handlings(ledger),
        header(place),
        emergencies=unapproved(ledger, since=since, until=until),
    )


def _up_to(ledger: Ledger, quarter: Quarter, place: Site) -> Iterator[Inspection]:
    """The inspections of the quarter and of the one before, which the first ones are compared with."""
    for found in history.inspections(ledger):
        when = Quarter.of(found.started_at, place.contract.zone)
        if when > quarter:
            continue
        yield found
        if when < quarter.previous():
            return


def health(place: Site, ledger: Ledger, deep: Inspection) -> Document:
    """系统健康检查与性能分析报告 of a deep inspection, with the trends of all inspections before it."""
    before = history.previous(ledger, deep, deep=True)
    ended = deep.finished_at or deep.started_at
    known = as_known(place, ledger, deep)
    return health_report(
        Health(
            inspection=deep,
            comparison=compare(deep, before),
            forecasts=tuple(forecasts(known)),
            outlooks=tuple(outlooks(known)),
            compared=tuple(baselines(known, place.contract.zone)),
            unopened=known.told.unopened,
            handlings=events.handlings(ledger),
            judged=judgements(ledger, HEALTH, deep.run),
            emergencies=unapproved(ledger, since=before.started_at if before else None, until=ended),
            advice=dict(_advice(place, ledger, deep)),
        ),
        header(place),
    )


def _advice(
    place: Site, ledger: Ledger, deep: Inspection
) -> Iterator[tuple[str, list[tuple[Said, Planned | ByHand | None]]]]:
    """Of each host that has database servers, as the deep inspection knew them."""
    for host in deep.hosts:
        known = servers(ledger, host.name, until=deep.head_seq) if host.facts else None
        if known is not None and (known.now.postgresql or known.now.mysql):
            yield host.name, list(advised(place, known, host.groups))


def manual(place: Site, ledger: Ledger, newest: Inspection, since: datetime | None = None) -> Document:
    """系统配置手册 of the hosts of the newest inspection, with what changed since an instant (90 days before it)."""
    start = since or newest.started_at - timedelta(days=QUARTER_DAYS)
    now = {host.name: configuration(ledger, host.name) for host in newest.hosts}
    then = {host.name: configuration(ledger, host.name, before=start) for host in newest.hosts}
    drawn_from = Manual(
        inspection=newest,
        now={name: found for name, found in now.items() if found},
        then={name: found for name, found in then.items() if found},
        since=start,
    )
    return configuration_manual(drawn_from, header(place))


def recovery(place: Site, ledger: Ledger, newest: Inspection) -> Document:
    """数据恢复操作手册 of the databases and backups of the newest inspection, with what drills have measured."""
    groups = {host.name: host.groups for host in newest.hosts}
    declared = {name: expectations(place.services, name, of) for name, of in groups.items()}
    found = Recovery(
        inspection=newest,
        hosts=tuple(one for host in newest.hosts if (one := holdings(ledger, host.name)) is not None),
        drills=drills(ledger),
        schedules={(name, job.name): job.every_h for name, one in declared.items() for job in one.backups},
        contract=place.contract,
        contract_sha256=contract_sha256(place),
        judged=judgements(ledger, RECOVERY, newest.run),
    )
    return recovery_manual(found, header(place))


def watched(place: Site, ledger: Ledger, week: Week) -> Document:
    """系统功能主动监测周报 of a week; NotFound when nothing was watched in it or before."""
    zone = place.contract.zone
    found = required_week(ledger, week, zone)
    over = week.span(zone)[1] <= ledger.clock.now()
    return watch_report(found, watch_week(ledger, week.previous(), zone), header(place), over=over)


def registered(place: Site, ledger: Ledger) -> Document:
    """项目登记簿 as of the ledger's last entry; NotFound when nothing is registered."""
    last = next(ledger.entries(newest_first=True, limit=1), None)
    if last is None:
        raise NotFound("the ledger is empty", hint="`maintkit register add KIND` registers an item")
    head = Head(seq=last.seq, hash=last.hash)
    return registers_of(tuple(registers.items(ledger)), head, last.at, header(place))
