"""What happened around an incident on its hosts: findings, inspections and changes, found in the ledger each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from maintkit.desk.incident import Incident
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import ABNORMAL


@dataclass(frozen=True, kw_only=True)
class Links:
    """Names of events, inspections and runs, oldest first, and of incidents that were open at the same time."""

    findings: tuple[str, ...] = ()
    inspections: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    overlapping: tuple[str, ...] = ()


def links(ledger: Ledger, one: Incident, others: tuple[Incident, ...], *, before: timedelta, now: datetime) -> Links:
    """What lies between `before` the report and the end of the incident, on one of its hosts.

    A run that an incident was opened from is always linked.
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
    changes = dict.fromkeys(entry.run or "" for entry in _starts(ledger, "change.started", hosts, start, end))
    if one.run:
        changes = {one.run: None, **changes}
    return Links(
        findings=tuple(events),
        inspections=tuple(look.run or "" for look in looks),
        changes=tuple(changes),
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


def _overlap(one: Incident, other: Incident, now: datetime) -> bool:
    """Open at the same time, on a host or a system that both name."""
    if set(one.hosts).isdisjoint(other.hosts) and set(one.systems).isdisjoint(other.systems):
        return False
    ends = [each.first("resolved", "closed") or now for each in (one, other)]
    return one.reported <= ends[1] and other.reported <= ends[0]
