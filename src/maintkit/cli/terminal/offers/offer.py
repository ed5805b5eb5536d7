"""One document that can be drawn now, and the desk at which all sources of them look things up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from maintkit.contract.load import Site
from maintkit.documents.parts.events import Handlings, unhandled
from maintkit.evidence.events import handlings, handlings_of
from maintkit.evidence.issued import Issue, all_issues
from maintkit.evidence.judgements import JUDGED
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.manual import blank
from maintkit.evidence.recorded import RecordedFinding

NO_END = "the ledger has no end of it"
NOT_OVER = "its time is not over"
_NAMED = 5  # events or rows named before the rest is counted


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A document that a command draws now. `kind` and `number` are what it is issued under; `day` is what it is about.

    `lacks` says why it is a draft, nothing when it is none, and None when that was not looked at. `came` is what came
    of the run that it is of. `words` empty: it was issued, and no command draws it any more.
    """

    kind: str
    number: str
    title: str
    day: date
    words: tuple[str, ...]
    lacks: tuple[str, ...] | None = ()
    came: str = ""


@dataclass(frozen=True, kw_only=True)
class Counter:
    """A site, its ledger, and what of it every source asks for. `now` is the ledger's clock."""

    place: Site
    ledger: Ledger
    now: datetime
    issued: Mapping[tuple[str, str], Sequence[Issue]]
    handlings: Handlings
    filled: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, place: Site, ledger: Ledger) -> Counter:
        """Reads what was issued, handled and filled in, once."""
        filled: dict[str, frozenset[str]] = {}
        for entry in ledger.entries(kind=JUDGED):
            subject = entry.subject or ""
            filled[subject] = filled.get(subject, frozenset()) | {entry.body["blank"]}
        return cls(
            place=place,
            ledger=ledger,
            now=ledger.clock.now(),
            issued=all_issues(ledger),
            handlings=handlings(ledger),
            filled=filled,
        )

    def day(self, at: datetime) -> date:
        """The day of an instant in the contract's time zone."""
        return at.astimezone(self.place.contract.zone).date()

    def numbers(self, kind: str) -> Iterator[str]:
        """The numbers under which documents of a kind were issued or filled in."""
        yield from (number for named, number in self.issued if named == kind)
        yield from (subject.partition(" ")[2] for subject in self.filled if subject.startswith(f"{kind} "))

    def blanks(self, kind: str, number: str, blanks: Mapping[str, str]) -> tuple[str, ...]:
        """What nobody has written yet, by the names that `maintkit report fill --blank` takes."""
        filled = self.filled.get(f"{kind} {number}", frozenset())
        return tuple(f"blank {name} ({title})" for name, title in blanks.items() if name not in filled)

    def unhandled(
        self, findings: Sequence[RecordedFinding], ends: Mapping[str, datetime] | None = None
    ) -> tuple[str, ...]:
        """That events lack a whole handling, named; nothing when none does. `ends`: as `handlings_of` takes them."""
        said = self.handlings if ends is None else handlings_of(self.handlings, findings, ends)
        names = [one.event or one.subject for one in unhandled(findings, said)]
        return (f"a whole handling of {len(names)} events: {_named(names)}",) if names else ()

    def unlooked(self, findings: Sequence[RecordedFinding]) -> tuple[str, ...]:
        """That nobody has looked at rows for a person, named; nothing when somebody has at each."""
        names = [f"{one.check} {one.subject}" for one in blank(findings)]
        return (f"a person's look (`maintkit finding look`) at {len(names)} rows: {_named(names)}",) if names else ()


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
