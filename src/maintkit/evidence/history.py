"""Looking back: inspections, events, handlings and waivers, read from the ledger (docs/ledger-entries.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from maintkit.clock import from_text
from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.recorded import (
    ABNORMAL,
    Comparison,
    Coverage,
    Handling,
    Inspection,
    RecordedFinding,
    RecordedHost,
)

SEEN = (*ABNORMAL, "waived")  # an event whose matter was looked at and is still there

__all__ = [
    "ABNORMAL",
    "Comparison",
    "Coverage",
    "Event",
    "Handling",
    "Inspection",
    "RecordedFinding",
    "RecordedHost",
    "RecordedWaiver",
    "active_waivers",
    "compare",
    "event",
    "handlings",
    "inspection",
    "inspections",
    "last_abnormal",
    "last_facts",
    "last_findings",
    "latest",
    "latest_start",
    "open_events",
    "previous",
]


@dataclass(frozen=True, kw_only=True)
class RecordedWaiver:
    """A waiver in force: who lets the findings of `check` on `subject` stand, why, until when."""

    check: str
    subject: str
    who: str
    why: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Event:
    """An abnormal matter: its newest finding, the handlings in order, and whether the last look still saw it."""

    name: str
    finding: RecordedFinding
    run: str
    open: bool
    handlings: tuple[Handling, ...]


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


def latest(ledger: Ledger) -> Inspection | None:
    """The newest inspection, finished or not."""
    return next(inspections(ledger), None)


def previous(ledger: Ledger, current: Inspection) -> Inspection | None:
    """The newest inspection before `current` that looked at one of its hosts and came to an end."""
    names = {host.name for host in current.hosts}
    older = ledger.entries(kind="inspection.started", before=_started_seq(ledger, current.run), newest_first=True)
    for started in older:
        if names.isdisjoint(started.body["hosts"]):
            continue
        candidate = _inspection(ledger, started)
        if candidate.ended is not None:
            return candidate
    return None


def compare(current: Inspection, before: Inspection | None) -> Comparison:
    """What is new, still open, closed and unseen in `current` against `before`, by event name."""
    if before is None:
        return Comparison(previous_run=None, new=tuple(_events(current.findings)))
    now, then = _events(current.findings), _events(before.findings)
    looked_at = {(finding.check, finding.subject): finding for finding in current.findings}
    gone = [finding for name, finding in then.items() if name not in now]
    scope = {host.name for host in current.hosts}
    return Comparison(
        previous_run=before.run,
        new=tuple(name for name in now if name not in then and now[name].status in SEEN),
        still_open=tuple(name for name in now if name in then and now[name].status in SEEN),
        closed=tuple(finding for finding in gone if _is_well(finding, looked_at, scope)),
        unseen=tuple(name for name, finding in now.items() if finding.status not in SEEN)
        + tuple(finding.event or "" for finding in gone if _is_unseen(finding, looked_at, scope)),
    )


def last_facts(ledger: Ledger, host: str) -> tuple[str, bytes] | None:
    """Hash and content of the newest facts document of a host, or None when it never answered."""
    for entry in ledger.entries(kind="facts.collected", subject=host, newest_first=True):
        if entry.body["facts"] is not None:
            return entry.body["facts"], ledger.attachment(entry.body["facts"])
    return None


def last_findings(ledger: Ledger, host: str) -> tuple[RecordedFinding, ...]:
    """The findings of the newest judgement of a host; empty when it was never judged."""
    for entry in ledger.entries(kind="host.judged", subject=host, newest_first=True, limit=1):
        return tuple(_finding(finding) for finding in entry.body["findings"])
    return ()


def last_abnormal(ledger: Ledger, finding: RecordedFinding) -> RecordedFinding:
    """The finding of the same event when it was last seen; itself if that is what it is."""
    if finding.status in SEEN:
        return finding
    for judged in ledger.entries(kind="host.judged", subject=finding.host, newest_first=True):
        raw = next((one for one in judged.body["findings"] if one["event"] == finding.event), None)
        if raw is not None and raw["status"] in SEEN:
            return _finding(raw)
    return finding


def active_waivers(ledger: Ledger, now: datetime) -> tuple[RecordedWaiver, ...]:
    """Waivers granted, not withdrawn since, and not past their end."""
    granted: dict[str, RecordedWaiver] = {}
    for entry in _merged(ledger, ("finding.waived", "finding.waiver-withdrawn")):
        key = f"{entry.body['check']} {entry.body['subject']}"
        granted.pop(key, None)
        if entry.kind == "finding.waived":
            granted[key] = RecordedWaiver(
                check=entry.body["check"],
                subject=entry.body["subject"],
                who=entry.body["who"],
                why=entry.body["why"],
                until=from_text(entry.body["until"]),
            )
    return tuple(waiver for waiver in granted.values() if waiver.until > now)


def handlings(ledger: Ledger) -> dict[str, tuple[Handling, ...]]:
    """What people entered, by event, oldest first."""
    found: dict[str, tuple[Handling, ...]] = {}
    for entry in ledger.entries(kind="finding.handled"):
        handling = _handling(entry)
        found[handling.event] = (*found.get(handling.event, ()), handling)
    return found


def open_events(ledger: Ledger) -> tuple[Event, ...]:
    """Events that the newest judgement of their host still carries, in the order they were first seen."""
    entered = handlings(ledger)
    hosts: dict[str, None] = {}
    for started in ledger.entries(kind="inspection.started"):
        hosts.update(dict.fromkeys(started.body["hosts"]))
    found = [
        Event(name=name, finding=finding, run=judged.run or "", open=True, handlings=entered.get(name, ()))
        for host in hosts
        for judged in ledger.entries(kind="host.judged", subject=host, newest_first=True, limit=1)
        for name, finding in _events(_finding(raw) for raw in judged.body["findings"]).items()
    ]
    return tuple(sorted(found, key=lambda event: (event.finding.first_seen is None, event.finding.first_seen)))


def event(ledger: Ledger, name: str) -> Event:
    """The event of this name, as it was last seen; raises NotFound."""
    run = name.rpartition("-")[0]
    opened = next((host for host in _judged_in(ledger, run) if name in _names(host)), None)
    if opened is None or opened.subject is None:
        raise NotFound(f"no event {name!r} in the ledger", hint="`maintkit finding list` shows the open ones")
    newest_first = ledger.entries(kind="host.judged", subject=opened.subject, newest_first=True)
    for newest, judged in enumerate(newest_first):
        seen = _events(_finding(raw) for raw in judged.body["findings"]).get(name)
        if seen is not None:
            entered = handlings(ledger).get(name, ())
            return Event(name=name, finding=seen, run=judged.run or "", open=newest == 0, handlings=entered)
    raise AssertionError(name)


def _inspection(ledger: Ledger, started: Entry) -> Inspection:
    run, body = started.run or "", started.body
    last, finished = started, None
    collected: dict[str, dict[str, Any]] = {}
    judged: dict[str, list[dict[str, Any]]] = {}
    for entry in ledger.entries(run=run):
        last = entry
        if entry.kind == "facts.collected":
            collected[entry.subject or ""] = entry.body
        elif entry.kind == "host.judged":
            judged[entry.subject or ""] = entry.body["findings"]
        elif entry.kind == "inspection.finished":
            finished = entry
    hosts = tuple(_host(name, said, collected.get(name), judged.get(name, [])) for name, said in body["hosts"].items())
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


def _host(name: str, said: dict[str, Any], got: dict[str, Any] | None, raw: list[dict[str, Any]]) -> RecordedHost:
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
        findings=tuple(_finding(finding) for finding in raw),
    )


def _finding(raw: dict[str, Any]) -> RecordedFinding:
    instants = {key: from_text(raw[key]) if raw[key] else None for key in ("collected_at", "first_seen")}
    return RecordedFinding(**(raw | instants))


def _handling(entry: Entry) -> Handling:
    body = entry.body
    return Handling(
        event=entry.subject or "",
        at=entry.at,
        conclusion=body["conclusion"],
        handling=body["handling"],
        owner=body["owner"],
        due=date.fromisoformat(body["due"]) if body["due"] else None,
        state=body["state"],
        by=body["by"],
    )


def _events(findings: Iterable[RecordedFinding]) -> dict[str, RecordedFinding]:
    return {finding.event: finding for finding in findings if finding.event is not None}


def _is_well(then: RecordedFinding, looked_at: dict[tuple[str, str], RecordedFinding], scope: set[str]) -> bool:
    """Whether `current` really saw that a matter of last time is over, and did not just fail to look."""
    if then.host not in scope:
        return False
    now = looked_at.get((then.check, then.subject))
    if now is not None:
        return now.status in ("ok", "waived", "not-applicable")
    # The instance is gone from a list that was looked at: the check answered for the host as a whole or others.
    answers = [
        finding.status for (check, _), finding in looked_at.items() if check == then.check and finding.host == then.host
    ]
    return bool(answers) and not {"unknown", "error", "skipped"} & set(answers)


def _is_unseen(then: RecordedFinding, looked_at: dict[tuple[str, str], RecordedFinding], scope: set[str]) -> bool:
    """Neither seen well nor seen again under a new event, as after somebody had declared it resolved."""
    now = looked_at.get((then.check, then.subject))
    return not _is_well(then, looked_at, scope) and (now is None or now.status not in SEEN)


def _started_seq(ledger: Ledger, run: str) -> int:
    return next(ledger.entries(kind="inspection.started", run=run)).seq


def _judged_in(ledger: Ledger, run: str) -> Iterator[Entry]:
    return (entry for entry in ledger.entries(run=run) if entry.kind == "host.judged")


def _names(judged: Entry) -> set[str | None]:
    return {finding["event"] for finding in judged.body["findings"]}


def _merged(ledger: Ledger, kinds: tuple[str, ...]) -> list[Entry]:
    return sorted((entry for kind in kinds for entry in ledger.entries(kind=kind)), key=lambda entry: entry.seq)
