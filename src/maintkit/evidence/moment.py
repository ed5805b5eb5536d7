"""The ledger at an instant. Instants of entries never go back (ClockSetBack), so a place in it is found by halving."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An entry by its number, its hash and its instant: what a document rests on."""

    seq: int
    hash: str
    at: datetime

    @classmethod
    def of(cls, entry: Entry) -> Mark:
        """The mark of an entry."""
        return cls(seq=entry.seq, hash=entry.hash, at=entry.at)


def newest(marks: Iterable[Mark]) -> Mark:
    """The one that was entered last; ValueError when there is none."""
    return max(marks, key=lambda mark: mark.seq)


def last_before(ledger: Ledger, until: datetime) -> Mark | None:
    """The last entry before an instant; None when there is none. Reads as many entries as halving takes steps."""
    low, high = 0, ledger.head().seq
    while low < high:
        middle = (low + high + 1) // 2
        if ledger.entry(middle).at < until:
            low = middle
        else:
            high = middle - 1
    return Mark.of(ledger.entry(low)) if low else None


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What the ledger holds of a stretch of time, from `since` up to before `end`.

    `head` is its last entry by then, `begins` the instant of the first entry of all. `over`: the end has passed, so
    that nothing of the time is still to come but what is entered late.
    """

    since: datetime
    end: datetime
    head: Mark
    begins: datetime
    over: bool

    @property
    def until(self) -> datetime:
        """The instant as of which clocks are read: the end, or that of the last entry before it, and no "now"."""
        return self.end if self.over else max(self.head.at, self.since)


def basis(ledger: Ledger, since: datetime, end: datetime, name: str) -> Basis:
    """The basis of a stretch called `name`; NotFound when the ledger begins after it, or it has not begun."""
    head, first = last_before(ledger, end), next(ledger.entries(limit=1), None)
    if head is None or first is None:
        began = f"begins at {first.at:%Y-%m-%d}, after" if first else "is empty: it holds nothing of"
        raise NotFound(f"the ledger {began} {name}", hint="name a later one; what was before the ledger is not known")
    now = ledger.clock.now()
    if now < since:
        raise NotFound(f"{name} has not begun", hint="name an earlier one; nothing is known yet of this one")
    return Basis(since=since, end=end, head=head, begins=first.at, over=now >= end)
