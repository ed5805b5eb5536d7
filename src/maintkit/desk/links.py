"""What happened around an incident: findings, inspections and changes on its hosts, watches over its systems.

Found in the ledger each time, by the hosts and systems that the incident has now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintkit.desk.incident import Incident
from maintkit.evidence import watch
from maintkit.evidence.changes import CLOSED, FINISHED, REOPENED, RESUMED, STARTED
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import ABNORMAL


@dataclass(frozen=True, kw_only=True)
class Links:
    """Names of events, inspections and runs, oldest first, and of incidents that were open at the same time.

    `watches` are runs that tried a function of its systems; `functions` the numbers of those that were abnormal then.
    """

    findings: tuple[str, ...] = ()
    inspections: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    functions: tuple[int, ...] = ()
    overlapping: tuple[str, ...] = ()


def links(ledger: Ledger, one: Incident, others: tuple[Incident, ...], *, before: timedelta, now: datetime) -> Links:
    """What lies between `before` the report and the end of the incident, on one of its hosts or systems.

    A change that began earlier is linked when it was not over on these hosts by then, as far as the ledger knows. A run
    that an incident was opened from is always linked.
    """
    hosts, start = set(one.hosts), one.reported - before
    end = one.first("resolved", "closed") or now
    looks = _starts(ledger, "inspection.started", hosts, start, end)
    events: dict[str, None] = {}
    for look in looks:
        for entry in ledger.entries(run=look.run):
            if entry.kind == "host.judged" and entry.subject in hosts:
                seen = [said for said in entry.body["findings"] if said["status"] in ABNORMAL and said["event"]]
                events.update(dict.fromkeys(said["event"] for said in seen))
    changes = dict.fromkeys(entry.run or "" for entry in _changes(ledger, hosts, start, end))
    watches = dict(_watches(ledger, set(one.systems), hosts, start, end))
    if one.run:
        changes = {one.run: None, **changes}
    return Links(
        findings=tuple(events),
        inspections=tuple(look.run or "" for look in looks),
        changes=tuple(changes),
        watches=tuple(watches),
        functions=tuple(sorted({seq for failed in watches.values() for seq in failed})),
        overlapping=tuple(other.id for other in others if other.id != one.id and _overlap(one, other, now)),
    )


def _starts(ledger: Ledger, kind: str, hosts: set[str], start: datetime, end: datetime) -> list[Entry]:
    found = []
    for entry in ledger.entries(kind=kind, newest_first=True):
        if entry.at < start:
            break
        if entry.at <= end and not hosts.isdisjoint(entry.body["hosts"]):
            found.append(entry)
    return found[::-1]


def _changes(ledger: Ledger, hosts: set[str], start: datetime, end: datetime) -> list[Entry]:
    """The changes that were begun or still going on in the time, by their beginnings."""
    marks = sorted((one for kind in (FINISHED, RESUMED) for one in ledger.entries(kind=kind)), key=lambda one: one.seq)
    over = {one.run: one.at if one.kind == FINISHED else None for one in marks}  # a resumed run goes on
    return [
        entry
        for entry in ledger.entries(kind=STARTED)
        if entry.at <= end
        and not hosts.isdisjoint(entry.body["hosts"])
        and (entry.at >= start or _going(ledger, entry, over.get(entry.run), hosts, start))
    ]


def _going(ledger: Ledger, begun: Entry, over: datetime | None, hosts: set[str], start: datetime) -> bool:
    """Whether a change was not over at `start`; one without an end goes on where a host of these was not closed."""
    if over is not None:
        return over >= start
    last: dict[str | None, Entry] = {}
    for entry in ledger.entries(run=begun.run):
        if entry.kind in (CLOSED, REOPENED):
            last[entry.subject] = entry
    ends = [last.get(host) for host in hosts.intersection(begun.body["hosts"])]
    return any(one is None or one.kind == REOPENED or one.at >= start for one in ends)


def _watches(
    ledger: Ledger, systems: set[str], hosts: set[str], start: datetime, end: datetime
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The runs with a probe of these hosts or of a function of these systems, with those that were abnormal."""
    begun = []
    for entry in ledger.entries(kind=watch.STARTED, newest_first=True):
        if entry.at < start:
            break
        if entry.at <= end:
            begun.append(entry)
    for entry in begun[::-1]:
        own = {row["seq"] for row in entry.body["functions"] if row["system"] in systems}
        asked = [one.body for one in ledger.entries(run=entry.run) if one.kind == watch.PROBED]
        here = [body for body in asked if not hosts.isdisjoint(body.get("hosts", ()))]
        tried = [body for body in asked if body in here or not own.isdisjoint(body["covers"])]
        if tried:
            bad = {seq for body in asked if body["status"] in watch.ABNORMAL for seq in body["covers"]}
            of_hosts = {seq for body in here for seq in body["covers"]}
            yield entry.run or "", tuple(sorted((own | of_hosts) & bad))


def _overlap(one: Incident, other: Incident, now: datetime) -> bool:
    """Open at the same time, on a host or a system that both name."""
    if set(one.hosts).isdisjoint(other.hosts) and set(one.systems).isdisjoint(other.systems):
        return False
    ends = [each.first("resolved", "closed") or now for each in (one, other)]
    return one.reported <= ends[1] and other.reported <= ends[0]
