"""安全事件报告, drawn from the ledger of a site: of an inspection, or of named events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from maintkit.cli.terminal.document import header
from maintkit.contract.load import Site
from maintkit.documents.model import Document
from maintkit.documents.views.security_event import ACCESS, SecurityEvents, security_event
from maintkit.errors import NotFound
from maintkit.evidence import events
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moment import Mark
from maintkit.evidence.recorded import ABNORMAL, SEEN, Event, RecordedFinding, finding_of


def security_of_run(place: Site, ledger: Ledger, run: str) -> Document:
    """安全事件报告 of all that an inspection found of access; NotFound when it found nothing of that kind."""
    names = access_events(ledger, run)
    if not names:
        raise NotFound(
            f"inspection {run} found nothing abnormal of access",
            hint="`maintkit report inspection` says what it looked at; name events to report those",
        )
    return security_event(_security(ledger, names, run), header(place))


def security_of_events(place: Site, ledger: Ledger, names: Sequence[str]) -> Document:
    """安全事件报告 of named events; NotFound for one that is none, or is not of access."""
    found = _security(ledger, tuple(dict.fromkeys(names)), None)
    for one in found.events:
        if one.finding.check not in ACCESS:
            raise NotFound(
                f"event {one.name} is of {one.finding.check}, which says nothing of access",
                hint=f"a security event is of one of {', '.join(ACCESS)}",
            )
    return security_event(found, header(place))


def access_events(ledger: Ledger, run: str) -> tuple[str, ...]:
    """The names of the abnormal events of access that an inspection saw; NotFound when there is no such inspection."""
    if next(ledger.entries(kind="inspection.started", run=run, limit=1), None) is None:
        raise NotFound(f"no inspection {run!r} in the ledger", hint="`maintkit report --list` shows those there are")
    return tuple(dict.fromkeys(one.event or "" for one in abnormal(ledger, (run,)) if one.check in ACCESS))


def _security(ledger: Ledger, names: Iterable[str], run: str | None) -> SecurityEvents:
    told = [_event(ledger, name) for name in names]
    ranked = sorted((one for one, _ in told), key=lambda one: (one.finding.status != "crit", one.name))
    marks = {said: mark for _, own in told for said, mark in own}
    return SecurityEvents(
        events=ranked,
        run=run,
        marks=sorted(marks.items(), key=lambda pair: pair[1].seq),
        invented=[name for name in dict.fromkeys(one.run for one in ranked) if _invented(ledger, name)],
    )


def _invented(ledger: Ledger, run: str) -> bool:
    return any(entry.body["simulated"] for entry in ledger.entries(kind="inspection.started", run=run))


def _event(ledger: Ledger, name: str) -> tuple[Event, list[tuple[str, Mark]]]:
    """An event as it stood when somebody last said something of it, and the entries that say so.

    What later inspections see of it is theirs to tell: a report that is finished stays as it is. As long as nobody has
    said anything, it is told as the newest inspection saw it.
    """
    known = events.event(ledger, name)
    handled = list(ledger.entries(kind="finding.handled", subject=name))
    before, host = handled[-1].seq if handled else None, known.finding.host
    looks = ledger.entries(kind="host.judged", subject=host, before=before, newest_first=True)
    last = seen_in = next(looks)
    finding = _seen(last, name)
    while finding is None:
        seen_in = next(looks)
        finding = _seen(seen_in, name)
    looked = [last] if last.seq == seen_in.seq else [last, seen_in]
    marks = [(f"{entry.run} {host}", Mark.of(entry)) for entry in looked]
    marks += [(f"{name} 处理 #{entry.seq}", Mark.of(entry)) for entry in handled]
    # What the last look could not see is carried on by it, and is not over.
    carried = any(raw["event"] == name for raw in last.body["findings"])
    return replace(known, finding=finding, run=seen_in.run or "", open=carried), marks


def _seen(judged: Entry, name: str) -> RecordedFinding | None:
    """The event in a judgement, when it was looked at and is there."""
    found = (finding_of(raw) for raw in judged.body["findings"] if raw["event"] == name)
    return next((one for one in found if one.status in SEEN), None)


def abnormal(ledger: Ledger, runs: Iterable[str]) -> Iterator[RecordedFinding]:
    """The abnormal findings of inspections, with their events."""
    for run in runs:
        for entry in ledger.entries(run=run):
            if entry.kind == "host.judged":
                found = map(finding_of, entry.body["findings"])
                yield from (one for one in found if one.event and one.status in ABNORMAL)
