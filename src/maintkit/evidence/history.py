"""Looking back at inspections, as the ledger holds them (docs/ledger-entries.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from maintkit.clock import from_text
from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.manual import LOOKED, looks, seen, standing
from maintkit.evidence.recorded import Coverage, Inspection, RecordedFinding, RecordedHost, finding_of


def inspections(ledger: Ledger, *, since: datetime | None = None) -> Iterator[Inspection]:
    """Every inspection, newest first, those that started before `since` left out."""
    for started in ledger.entries(kind="inspection.started", newest_first=True):
        if since is not None and started.at < since:
            return
        yield _inspection(ledger, started)


def inspection(ledger: Ledger, run: str) -> Inspection:
    """The inspection of this name; raises NotFound."""
    for started in ledger.entries(kind="inspection.started", run=run):
        return _inspection(ledger, started)
    raise NotFound(f"no inspection {run!r} in the ledger", hint="`maintkit report --list` shows those there are")


def latest_start(ledger: Ledger) -> datetime | None:
    """When the newest inspection began, finished or not."""
    return next((entry.at for entry in ledger.entries(kind="inspection.started", newest_first=True, limit=1)), None)


def latest(ledger: Ledger, *, deep: bool = False) -> Inspection | None:
    """The newest inspection (of the deep ones), finished or not."""
    for started in ledger.entries(kind="inspection.started", newest_first=True):
        if started.body["deep"] or not deep:
            return _inspection(ledger, started)
    return None


def known_hosts(ledger: Ledger) -> frozenset[str] | None:
    """The hosts of the newest inspection of the whole inventory and of those since; None when there is no such one."""
    names: set[str] = set()
    for started in ledger.entries(kind="inspection.started", newest_first=True):
        names.update(started.body["hosts"])
        if len(started.body["hosts"]) >= started.body["inventory_size"]:
            return frozenset(names)
    return None


def previous(ledger: Ledger, current: Inspection, *, deep: bool = False) -> Inspection | None:
    """The newest inspection (of the deep ones) before `current` that looked at one of its hosts and came to an end."""
    names = {host.name for host in current.hosts}
    older = ledger.entries(kind="inspection.started", before=_started_seq(ledger, current.run), newest_first=True)
    for started in older:
        if names.isdisjoint(started.body["hosts"]) or (deep and not started.body["deep"]):
            continue
        candidate = _inspection(ledger, started)
        if candidate.ended is not None:
            return candidate
    return None


def next_starts(ledger: Ledger, run: str) -> dict[str, datetime]:
    """When the next inspection of each host of this one began; a host that was not inspected again is left out."""
    started = next(ledger.entries(kind="inspection.started", run=run))
    found: dict[str, datetime] = {}
    for later in ledger.entries(kind="inspection.started", after=started.seq):
        found = {**{host: later.at for host in started.body["hosts"] if host in later.body["hosts"]}, **found}
        if len(found) == len(started.body["hosts"]):
            break
    return found


def last_facts(ledger: Ledger, host: str) -> tuple[str, bytes] | None:
    """Hash and content of the newest facts document of a host, or None when it never answered."""
    for entry in ledger.entries(kind="facts.collected", subject=host, newest_first=True):
        if entry.body["facts"] is not None:
            return entry.body["facts"], ledger.attachment(entry.body["facts"])
    return None


def last_findings(ledger: Ledger, host: str) -> tuple[RecordedFinding, ...]:
    """The findings of the newest judgement of a host, as people saw its rows; empty when it was never judged."""
    for entry in ledger.entries(kind="host.judged", subject=host, newest_first=True, limit=1):
        return standing(ledger, entry)
    return ()


def _inspection(ledger: Ledger, started: Entry) -> Inspection:
    run, body = started.run or "", started.body
    last, finished = started, None
    collected: dict[str, dict[str, Any]] = {}
    judged: dict[str, tuple[RecordedFinding, ...]] = {}
    looked: list[Entry] = []
    for entry in ledger.entries(run=run):
        last = entry
        if entry.kind == "facts.collected":
            collected[entry.subject or ""] = entry.body
        elif entry.kind == "host.judged":
            judged[entry.subject or ""] = tuple(finding_of(finding) for finding in entry.body["findings"])
        elif entry.kind == "inspection.finished":
            finished = entry
        elif entry.kind == LOOKED:
            looked.append(entry)
    own = looks(looked).get(run, {})
    hosts = tuple(
        _host(name, said, collected.get(name), tuple(seen(one, own) for one in judged.get(name, ())))
        for name, said in body["hosts"].items()
    )
    return Inspection(
        run=run,
        deep=body["deep"],
        engineer=body["engineer"],
        scope=body["scope"],
        started_at=started.at,
        finished_at=finished.at if finished else None,
        ended=finished.body["ended"] if finished else None,
        period_from=from_text(body["period_from"]) if body["period_from"] else None,
        hosts=hosts,
        coverage=_coverage(hosts, body["inventory_size"]),
        version=body["version"],
        carried=body["carried"],
        simulated=body["simulated"],
        head_seq=last.seq,
        head_hash=last.hash,
    )


def _coverage(hosts: Iterable[RecordedHost], inventory_size: int) -> Coverage:
    everyone = tuple(hosts)
    missed = {host.name: host.reason or "not reached" for host in everyone if host.collection != "ok"}
    return Coverage(
        expected=len(everyone),
        inspected=len(everyone) - len(missed),
        missed=missed,
        inventory_size=inventory_size,
    )


def _host(
    name: str, said: dict[str, Any], got: dict[str, Any] | None, findings: tuple[RecordedFinding, ...]
) -> RecordedHost:
    got = got or {"status": None, "reason": "no answer was recorded: the inspection was cut off before this host"}
    return RecordedHost(
        name=name,
        groups=tuple(said["groups"]),
        systems=tuple(said["systems"]),
        address=said["address"],
        checks=tuple(said["checks"]),
        collection=got["status"],
        reason=got["reason"],
        via=got.get("via", ""),
        took_ms=got.get("took_ms", 0),
        carried=got.get("carried", False),
        facts=got.get("facts"),
        findings=findings,
    )


def _started_seq(ledger: Ledger, run: str) -> int:
    return next(ledger.entries(kind="inspection.started", run=run)).seq
