"""What happened around an incident: findings, inspections and changes on its hosts, watches over its systems.

Found in the ledger each time, by the hosts and systems that the incident has now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintkit.desk.incident import Incident
from maintkit.desk.surroundings import Surroundings
from maintkit.evidence import watch


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


def links(
    around: Surroundings, one: Incident, others: tuple[Incident, ...], *, before: timedelta, now: datetime
) -> Links:
    """What lies between `before` the report and the end of the incident, on one of its hosts or systems.

    A change that began earlier is linked when it was not over on these hosts by then, as far as the ledger knows. A run
    that an incident was opened from is always linked.
    """
    start, end = one.reported - before, one.first("resolved", "closed") or now
    looks = around.inspections(one.hosts, start, end)
    events = [event for look in looks for event in around.events(look.run, one.hosts)]
    events += around.looked(one.hosts, start, end)
    changes = dict.fromkeys(around.changes(one.hosts, start, end))
    watches = dict(_watches(around, one, start, end))
    if one.run:
        changes = {one.run: None, **changes}
    return Links(
        findings=tuple(dict.fromkeys(events)),
        inspections=tuple(look.run for look in looks),
        changes=tuple(changes),
        watches=tuple(watches),
        functions=tuple(sorted({seq for failed in watches.values() for seq in failed})),
        overlapping=tuple(other.id for other in others if other.id != one.id and _overlap(one, other, now)),
    )


def _watches(
    around: Surroundings, one: Incident, start: datetime, end: datetime
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The runs with a probe of its hosts or of a function of its systems, with those that were abnormal."""
    hosts, systems = set(one.hosts), set(one.systems)
    for entry in around.watches(start, end):
        own = {row["seq"] for row in entry.body["functions"] if row["system"] in systems}
        asked = [probe.body for probe in around.probes(entry.run or "")]
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
