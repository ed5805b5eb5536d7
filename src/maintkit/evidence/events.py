"""Abnormal events over time, what people entered about them, and what they let stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from maintkit.clock import from_text
from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.manual import LOOKED, looks, seen, standing
from maintkit.evidence.recorded import SEEN, Event, Handling, RecordedFinding, RecordedWaiver, events_of, finding_of


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
        for name, finding in events_of(standing(ledger, judged)).items()
    ]
    return tuple(sorted(found, key=lambda event: (event.finding.first_seen is None, event.finding.first_seen)))


def event(ledger: Ledger, name: str) -> Event:
    """The event of this name, as it was last seen; raises NotFound."""
    run = name.rpartition("-")[0]
    opened = next((entry for entry in _opening(ledger, run) if name in _names(entry)), None)
    if opened is None or opened.subject is None:
        raise NotFound(f"no event {name!r} in the ledger", hint="`maintkit finding list` shows the open ones")
    told = looks(ledger.entries(kind=LOOKED, subject=opened.subject))
    newest_first = ledger.entries(kind="host.judged", subject=opened.subject, newest_first=True)
    for newest, judged in enumerate(newest_first):
        own = told.get(judged.run or "", {})
        found = standing(ledger, judged) if newest == 0 else (seen(finding_of(raw), own) for raw in _raw(judged))
        last = events_of(found).get(name)
        if last is not None:
            entered = tuple(map(_handling, ledger.entries(kind="finding.handled", subject=name)))
            return Event(name=name, finding=last, run=judged.run or "", open=newest == 0, handlings=entered)
    raise NotFound(
        f"event {name!r} was entered by mistake, and the row says otherwise since",
        hint="`maintkit finding list` shows the open ones",
    )


def last_abnormal(ledger: Ledger, finding: RecordedFinding) -> RecordedFinding:
    """The finding of the same event when it was last seen; itself if that is what it is."""
    if finding.status in SEEN:
        return finding
    told = looks(ledger.entries(kind=LOOKED, subject=finding.host))
    for judged in ledger.entries(kind="host.judged", subject=finding.host, newest_first=True):
        own = told.get(judged.run or "", {})
        for raw in _raw(judged):
            if finding.event == raw["event"] or raw["status"] == "manual":
                one = seen(finding_of(raw), own)
                if one.event == finding.event and one.status in SEEN:
                    return one
    return finding


def handlings(ledger: Ledger) -> dict[str, tuple[Handling, ...]]:
    """What people entered, by event, oldest first."""
    found: dict[str, tuple[Handling, ...]] = {}
    for entry in ledger.entries(kind="finding.handled"):
        handling = _handling(entry)
        found[handling.event] = (*found.get(handling.event, ()), handling)
    return found


def handlings_of(
    entered: Mapping[str, Sequence[Handling]], findings: Iterable[RecordedFinding], ends: Mapping[str, datetime]
) -> dict[str, tuple[Handling, ...]]:
    """What was entered about the events of an inspection until the next one of their host began, at `ends`.

    What comes later is told of the next one. Where nobody had said all of it by then, the first who did says it of this
    one, too.
    """
    found: dict[str, tuple[Handling, ...]] = {}
    for finding in findings:
        if finding.event is not None:
            said, end = tuple(entered.get(finding.event, ())), ends.get(finding.host)
            own = said if end is None else tuple(one for one in said if one.at < end)
            late = () if own and own[-1].whole else tuple(one for one in said[len(own) :] if one.whole)[:1]
            found[finding.event] = (*own, *late)
    return found


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


def _opening(ledger: Ledger, run: str) -> Iterator[Entry]:
    """What opens events: judgements of hosts, and what people saw."""
    return (entry for entry in ledger.entries(run=run) if entry.kind in ("host.judged", LOOKED))


def _names(entry: Entry) -> set[str | None]:
    return {entry.body["event"]} if entry.kind == LOOKED else {finding["event"] for finding in _raw(entry)}


def _raw(judged: Entry) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = judged.body["findings"]
    return findings


def _merged(ledger: Ledger, kinds: tuple[str, ...]) -> list[Entry]:
    return sorted((entry for kind in kinds for entry in ledger.entries(kind=kind)), key=lambda entry: entry.seq)
