"""An inspection, from the hosts that are expected to the findings in the ledger (DESIGN.md, An inspection)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from maintkit import __version__
from maintkit.checks.coverage import coverage
from maintkit.checks.facts.document import Facts
from maintkit.checks.follow import apply_waivers, carry
from maintkit.checks.judge import judge, unreached
from maintkit.checks.limits import LimitsFile, resolve
from maintkit.checks.model import Case, Check, Finding, Waiver
from maintkit.checks.registry import expected_on
from maintkit.clock import Clock, to_text
from maintkit.contract.expectations import HostExpectations, expectations, systems_of
from maintkit.contract.load import Site, check_names
from maintkit.evidence import history
from maintkit.evidence.attach import Attachment
from maintkit.evidence.drill_record import last_passed
from maintkit.evidence.figures import figures_of
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import Inspection
from maintkit.evidence.redact import Redactor
from maintkit.evidence.space import fills_of
from maintkit.runs import carried, expect
from maintkit.runs.answer import carried_result, facts_of
from maintkit.runs.baseline import Baseline, baseline, left_open, resolved_events, waivers
from maintkit.runs.driver import CollectRequest, Driver, ExpectedHosts, HostResult, Parameters
from maintkit.runs.judged import finding_json, worst
from maintkit.runs.tally import Tally


class Watcher(Protocol):
    """Who shows an inspection while it goes on."""

    def expects(self, run: str, hosts: tuple[str, ...]) -> None:
        """The inspection begins; `run` is its name in the ledger."""
        ...

    def started(self, host: str) -> None:
        """A host is being asked."""
        ...

    def judged(self, host: str, status: str, worst: str) -> None:
        """A host is done: the collection's status, and the worst finding's."""
        ...


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to inspect. `scope` is an Ansible host pattern, None for all; `carried` results are not asked for.

    `simulated`: the hosts are not real. Every record then says so.
    """

    scope: str | None
    deep: bool
    engineer: str
    carried: tuple[carried.Carried, ...] = ()
    simulated: bool = False


@dataclass(frozen=True, kw_only=True)
class _HostTask:
    """What one host is held to in this inspection."""

    declared: HostExpectations
    checks: tuple[Check, ...]
    groups: tuple[str, ...]


def inspect(
    site: Site,
    limits: LimitsFile,
    ledger: Ledger,
    driver: Driver,
    order: Order,
    *,
    clock: Clock,
    watcher: Watcher,
    cancelled: Callable[[], bool],
) -> Inspection:
    """Inspect the hosts of the scope and record it; returns what the ledger then holds.

    Raises NothingMatched, RunFailed, ImportRefused before anything is recorded, and LedgerError at any time. However
    it ends, the ledger says which expected hosts were looked at and which were not.
    """
    settings = site.settings
    request = CollectRequest(
        site=site.root,
        inventory=settings.inventory,
        scope=order.scope,
        forks=settings.forks,
        host_timeout_s=int(settings.host_timeout_s),
        connect_timeout_s=int(settings.connect_timeout_s),
    )
    with ledger.writing("inspection"):
        run = _Run(site=site, limits=limits, ledger=ledger, order=order, clock=clock, watcher=watcher)
        try:
            driver.collect(request, run, cancelled=cancelled)
        finally:
            if run.name:
                run.finish(interrupted=cancelled())
    return history.inspection(ledger, run.name)


@dataclass(kw_only=True)
class _Run:
    """Listens to the driver and writes what comes; `name` is empty until something was recorded."""

    site: Site
    limits: LimitsFile
    ledger: Ledger
    order: Order
    clock: Clock
    watcher: Watcher
    name: str = ""
    tasks: dict[str, _HostTask] = field(default_factory=dict)
    pasts: dict[str, Baseline] = field(default_factory=dict)
    collected: dict[str, tuple[str, str]] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    drills: Mapping[str, datetime] = field(default_factory=dict)
    waived: Mapping[tuple[str, str], Waiver] = field(default_factory=dict)
    resolved: frozenset[str] = frozenset()
    next_event: int = 1

    def expected(self, hosts: ExpectedHosts) -> Mapping[str, Parameters]:
        """Record who is expected, take in what was carried, and say what to ask the others for."""
        now = self.clock.now()
        # A misspelt group would leave its hosts' services unlooked at, and nobody would know.
        check_names(self.site.services_file, hosts=hosts.inventory_hosts, groups=hosts.inventory_groups)
        self.ledger.redactor = Redactor(hosts.secrets, self.site.settings.redact_patterns)
        self.tasks = {name: self._task(name, host.groups) for name, host in hosts.hosts.items()}
        self.resolved = resolved_events(self.ledger)
        self.drills = last_passed(self.ledger)
        brought = carried.match(self.order.carried, self.tasks)
        for host, document in brought.items():
            result = carried_result(host, document)
            facts, told = facts_of(self._seal(result), result)
            carried.refuse_unfit(told, facts, known=self._past(host).collected_at, now=now.timestamp())
        self.waived = waivers(self.ledger, now)
        name = self._next_name(now)
        self.ledger.append("inspection.started", self._started(hosts, brought), run=name)
        self.name = name
        self.watcher.expects(name, tuple(self.tasks))
        for host, document in brought.items():
            self._take(carried_result(host, document), by_hand=True)
        return {host: self._parameters(host) for host in self.tasks if host not in brought}

    def started(self, host: str) -> None:
        """Pass it on."""
        self.watcher.started(host)

    def received(self, result: HostResult) -> None:
        """Record what a host answered, then judge it."""
        self._take(result, by_hand=False)

    def finish(self, *, interrupted: bool) -> None:
        """Say of every host that did not answer that it did not, and how the inspection ended."""
        left = [host for host in self.tasks if host not in self.collected]
        why = "interrupted before it answered" if interrupted else "the collection ended before it answered"
        for host in left:
            self._judged(host, "unknown", self._unseen(host, "unknown", why))
        seen = coverage(self.tasks, self.collected)
        ended = "interrupted" if interrupted else "complete" if seen.complete else "incomplete"
        self.ledger.append(
            "inspection.finished",
            {
                "ended": ended,
                "coverage": {
                    "expected": len(seen.expected),
                    "inspected": len(seen.inspected),
                    "missed": dict(seen.missed),
                },
                **self.tally.body(deep=self.order.deep),
            },
            run=self.name,
        )

    def _task(self, host: str, groups: tuple[str, ...]) -> _HostTask:
        declared = expectations(self.site.services, host, groups)
        checks = expected_on(expect.for_checks(declared), deep=self.order.deep)
        return _HostTask(declared=declared, checks=checks, groups=groups)

    def _next_name(self, now: datetime) -> str:
        day = f"{now.astimezone(ZoneInfo(self.site.contract.time_zone)):%Y%m%d}"
        newest = next(self.ledger.entries(kind="inspection.started", newest_first=True, limit=1), None)
        number = int(newest.run[9:]) + 1 if newest and newest.run and newest.run.startswith(f"{day}-") else 1
        return f"{day}-{number}"

    def _started(self, hosts: ExpectedHosts, brought: Mapping[str, Any]) -> dict[str, Any]:
        last = history.latest_start(self.ledger)
        return {
            "deep": self.order.deep,
            "engineer": self.order.engineer,
            "scope": self.order.scope,
            "inventory_size": len(hosts.inventory_hosts),
            "period_from": to_text(last) if last else None,
            "hosts": {
                name: {
                    "groups": list(host.groups),
                    "systems": list(systems_of(self.site.services, name, host.groups)),
                    "address": host.address,
                    "checks": [check.id for check in self.tasks[name].checks],
                }
                for name, host in hosts.hosts.items()
            },
            "version": __version__,
            "carried": bool(brought),
            "simulated": self.order.simulated,
        }

    def _past(self, host: str) -> Baseline:
        if host not in self.pasts:
            self.pasts[host] = baseline(self.ledger, host, resolved=self.resolved)
        return self.pasts[host]

    def _parameters(self, host: str) -> Parameters:
        since = self._past(host).collected_at
        return expect.for_collector(self.tasks[host].declared, since_at=since, deep=self.order.deep)

    def _take(self, result: HostResult, *, by_hand: bool) -> None:
        kept = self._seal(result)
        facts, result = facts_of(kept, result)
        document = json.loads(kept.content) if kept and facts else None
        self.ledger.append(
            "facts.collected",
            {
                "status": result.status,
                "reason": result.reason,
                "via": "carried" if by_hand else result.via,
                "took_ms": result.took_ms,
                "started_at": to_text(datetime.fromtimestamp(result.started_at, UTC)),
                "carried": by_hand,
                "facts": kept.sha256 if kept and facts else None,
                "fills": None if document is None else fills_of(document),
                "figures": None if document is None else figures_of(document),
                "redacted": kept.masked if kept else 0,
            },
            run=self.name,
            subject=result.host,
            attachments=(kept,) if kept and facts else (),
        )
        self.collected[result.host] = (result.status, result.reason)
        if facts is None or kept is None:
            findings: Iterable[Finding] = self._unseen(result.host, result.status, result.reason)
        else:
            # A carried document is as old as it is: its own clock stands for the controller's.
            at = facts.collected_at if by_hand else result.started_at + result.took_ms / 1000
            findings = self._judge(result.host, facts, kept.sha256, now=datetime.fromtimestamp(at, UTC))
        self._judged(result.host, result.status, findings)

    def _seal(self, result: HostResult) -> Attachment | None:
        """What is kept of the document, masked: findings are drawn from this and from nothing else.

        None for a document that nests deeper than Python follows; such a host must not end the inspection.
        """
        if result.document is None:
            return None
        try:
            return self.ledger.seal(json.dumps(result.document).encode())
        except RecursionError:
            return None

    def _judge(self, host: str, facts: Facts, sha256: str, *, now: datetime) -> tuple[Finding, ...]:
        task = self.tasks[host]
        case = Case(
            host=host,
            now=now,
            facts=facts,
            previous=self._past(host).facts,
            limits=resolve(self.limits, host, task.groups),
            expected=expect.for_checks(task.declared),
            last_drills=self.drills,
        )
        return judge(case, task.checks, facts_sha256=sha256)

    def _unseen(self, host: str, status: str, reason: str) -> tuple[Finding, ...]:
        return unreached(self.tasks[host].checks, host, status=status, reason=reason, now=self.clock.now())

    def _judged(self, host: str, status: str, findings: Iterable[Finding]) -> None:
        now, past = self.clock.now(), self._past(host)
        named = carry(findings, past.opened, run=self.name, now=now, first=self.next_event)
        self.next_event += sum(1 for one in named if one.event and one.event.startswith(f"{self.name}-"))
        left = left_open(past, self.tasks[host].checks, named, now)
        stands = {(finding.check, finding.subject) for finding in left}
        everything = (*(one for one in named if (one.check, one.subject) not in stands), *left)
        final = apply_waivers(everything, self.waived, now=now)
        body = {"collection": status, "findings": [finding_json(finding) for finding in final]}
        self.ledger.append("host.judged", body, run=self.name, subject=host)
        self.tally.add(final)
        self.pasts.pop(host, None)
        self.watcher.judged(host, status, worst(final))
