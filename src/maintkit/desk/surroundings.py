"""What the ledger holds around incidents, read once however many of them ask: an export asks for each there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

from maintkit.evidence import watch
from maintkit.evidence.changes import CLOSED, FINISHED, REOPENED, RESUMED, STARTED
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.manual import LOOKED, looks
from maintkit.evidence.recorded import ABNORMAL, ManualLook

INSPECTION = "inspection.started"
Kept = TypeVar("Kept")


@dataclass(frozen=True, kw_only=True)
class Begun:
    """The beginning of a run that names hosts."""

    run: str
    at: datetime
    hosts: frozenset[str]


@dataclass(kw_only=True)
class _Newest(Generic[Kept]):
    """Beginnings of one kind as far back as somebody has asked for them, newest first."""

    rest: Iterator[tuple[datetime, Kept]]
    read: list[tuple[datetime, Kept]] = field(default_factory=list)

    def between(self, start: datetime, end: datetime) -> list[Kept]:
        """Those in this time, oldest first; reads no further back than the first before it."""
        while not self.read or self.read[-1][0] >= start:
            following = next(self.rest, None)
            if following is None:
                break
            self.read.append(following)
        return [kept for at, kept in reversed(self.read) if start <= at <= end]


class Surroundings:
    """Inspections, watches and changes by their time, each read from the ledger when it is first asked for.

    What is entered after that is not in it: make a new one for another look.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._inspections = _Newest(rest=_begun(ledger))
        self._watches = _Newest(
            rest=((entry.at, entry) for entry in ledger.entries(kind=watch.STARTED, newest_first=True))
        )
        self._events: dict[tuple[str, str], tuple[tuple[int, int, str], ...]] = {}
        self._probes: dict[str, tuple[Entry, ...]] = {}
        self._closings: dict[str, dict[str, Entry]] = {}

    def inspections(self, hosts: Iterable[str], start: datetime, end: datetime) -> list[Begun]:
        """Those of one of these hosts that were begun in this time, oldest first."""
        wanted = set(hosts)
        return [one for one in self._inspections.between(start, end) if not wanted.isdisjoint(one.hosts)]

    def watches(self, start: datetime, end: datetime) -> list[Entry]:
        """The beginnings of watches in this time, oldest first."""
        return self._watches.between(start, end)

    def events(self, run: str, hosts: Iterable[str]) -> list[str]:
        """The events of the abnormal findings of an inspection on these hosts, as they were judged."""
        found = sorted(one for host in set(hosts) for one in self._events_of(run, host))
        return [event for _, _, event in found]

    def _events_of(self, run: str, host: str) -> tuple[tuple[int, int, str], ...]:
        """Each with its place in the ledger: the number of the entry, and which of its findings it is."""
        if (run, host) not in self._events:
            self._events[run, host] = tuple(
                (entry.seq, place, finding["event"])
                for entry in self._ledger.entries(kind="host.judged", run=run, subject=host)
                for place, finding in enumerate(entry.body["findings"])
                if finding["status"] in ABNORMAL and finding["event"]
            )
        return self._events[run, host]

    def looked(self, hosts: Iterable[str], start: datetime, end: datetime) -> list[str]:
        """The events of what people saw on these hosts in this time, oldest first, as their last words have it."""
        wanted = set(hosts)
        return [one.event for one in self._looks if one.event and one.subject in wanted and start <= one.at <= end]

    @cached_property
    def _looks(self) -> list[ManualLook]:
        told = looks(self._ledger.entries(kind=LOOKED))
        return sorted((one for own in told.values() for one in own.values()), key=lambda one: (one.at, one.seq))

    def probes(self, run: str) -> tuple[Entry, ...]:
        """The answers of a watch, as they came."""
        if run not in self._probes:
            self._probes[run] = tuple(self._ledger.entries(kind=watch.PROBED, run=run))
        return self._probes[run]

    def changes(self, hosts: Iterable[str], start: datetime, end: datetime) -> list[str]:
        """The runs of changes of these hosts that were begun or still going on in this time, by their beginnings."""
        wanted = set(hosts)
        here = [one for one in self._changes if one.at <= end and not wanted.isdisjoint(one.hosts)]
        return [one.run for one in here if one.at >= start or self._going(one, wanted, start)]

    @cached_property
    def _changes(self) -> tuple[Begun, ...]:
        return tuple(_of(entry) for entry in self._ledger.entries(kind=STARTED))

    @cached_property
    def _over(self) -> dict[str | None, datetime | None]:
        """When a run was finished; None when it was gone on with after that."""
        marks = sorted(
            (one for kind in (FINISHED, RESUMED) for one in self._ledger.entries(kind=kind)), key=lambda one: one.seq
        )
        return {one.run: one.at if one.kind == FINISHED else None for one in marks}

    def _going(self, begun: Begun, hosts: set[str], start: datetime) -> bool:
        """Whether a change was not over at `start`; one without an end goes on where a host of these was not closed."""
        over = self._over.get(begun.run)
        if over is not None:
            return over >= start
        if begun.run not in self._closings:
            entries = self._ledger.entries(run=begun.run)
            last = {entry.subject or "": entry for entry in entries if entry.kind in (CLOSED, REOPENED)}
            self._closings[begun.run] = last
        ends = [self._closings[begun.run].get(host) for host in hosts & begun.hosts]
        return any(one is None or one.kind == REOPENED or one.at >= start for one in ends)


def _begun(ledger: Ledger) -> Iterator[tuple[datetime, Begun]]:
    for entry in ledger.entries(kind=INSPECTION, newest_first=True):
        yield entry.at, _of(entry)


def _of(entry: Entry) -> Begun:
    return Begun(run=entry.run or "", at=entry.at, hosts=frozenset(entry.body["hosts"]))
