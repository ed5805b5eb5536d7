"""Verifying: does every entry still say what was recorded, and is the end still there?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

from maintkit.errors import LedgerCorrupt, SigningFailed
from maintkit.evidence.anchor import Anchor, anchor_files, parse, signer
from maintkit.evidence.attach import Fault
from maintkit.evidence.entry import GENESIS, Head, Row

What = Literal[
    "altered",  # the fields of an entry do not give its hash
    "gap",  # an entry is not where its number should be
    "unlinked",  # an entry does not continue the one before
    "unreadable",  # a stored value is not text, or not JSON
    "attachment-missing",
    "attachment-altered",
    "cut",  # an anchor saw an entry beyond the end: the tail was cut, or an old copy was restored
    "rewritten",  # an anchor saw another hash at its number
    "anchor-unreadable",
    "anchor-foreign",  # it belongs to another ledger
    "anchor-unsigned",  # its signature is missing, wrong, or of a signer that is not allowed
    "triggers-missing",
]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong, and at which entry; `seq` None: not with one entry."""

    what: What
    detail: str
    seq: int | None = None

    def __str__(self) -> str:
        return self.detail if self.seq is None else f"entry {self.seq}: {self.detail}"


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The result. `entries` and `head` reach to the last good entry; the first of `problems` is the first bad entry.

    With no anchors checked, a tail that was cut off cannot be seen.
    """

    ledger: str
    entries: int
    head: Head
    anchors_checked: int
    problems: tuple[Problem, ...] = field(default=())

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


class Source(Protocol):
    """What can be verified: an open ledger, or an exported file."""

    id: str

    def rows(self) -> Iterator[Row]:
        """Entries as stored, by number."""
        ...

    def attachment_fault(self, sha256: str) -> Fault | None:
        """Whether an attachment is there and whole; asked for right after the entry that names it."""
        ...

    def missing_triggers(self) -> tuple[str, ...]:
        """Triggers that are not in force."""
        ...


def verify(
    ledger: Source, anchors: Path | None = None, signers: Path | None = None, *, revoked: Path | None = None
) -> Verification:
    """Walk the chain once, in flat memory, up to the first bad entry, and hold it against the anchors.

    `anchors` is a directory; each anchor in it must be signed by one of the allowed `signers`, by a key that is not in
    the `revoked` list (an OpenSSH KRL or a list of public keys).
    """
    trusted, problems = _trusted(ledger.id, anchors, signers, revoked)
    walk = _Walk(ledger)
    marks = {made.head.seq: made for made in trusted}
    for head in walk:
        if head.seq in marks and marks[head.seq].head.hash != head.hash:
            walk.problem = Problem(
                what="rewritten", seq=head.seq, detail=f"its hash is not the one that {_name(marks[head.seq])} signs"
            )
            break
    found = [walk.problem] if walk.problem else [cut for made in trusted if (cut := _cut(made, walk.head))][:1]
    if missing := ledger.missing_triggers():
        problems.append(
            Problem(what="triggers-missing", detail=f"nothing refuses changes any more: {', '.join(missing)} missing")
        )
    return Verification(
        ledger=ledger.id,
        entries=walk.head.seq,
        head=walk.head,
        anchors_checked=len(trusted),
        problems=(*found, *problems),
    )


class _Walk:
    """Yields each good head, beginning with the empty one; stops at the first bad entry, `problem`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._fault = lru_cache(maxsize=4096)(source.attachment_fault)
        self.head = Head(seq=0, hash=GENESIS)
        self.problem: Problem | None = None

    def __iter__(self) -> Iterator[Head]:
        yield self.head
        rows = self._source.rows()
        try:
            for row in rows:
                self.problem = self._check(row, rows)
                if self.problem is not None:
                    return
                self.head = Head(seq=row.seq, hash=row.hash)
                yield self.head
        except LedgerCorrupt as error:
            self.problem = Problem(what="unreadable", seq=self.head.seq + 1, detail=str(error))

    def _check(self, row: Row, rest: Iterator[Row]) -> Problem | None:
        expected = self.head.seq + 1
        if row.seq != expected:
            return Problem(what="gap", seq=expected, detail=f"missing; after entry {self.head.seq} comes {row.seq}")
        try:
            digest = row.digest(self._source.id)
            names = json.loads(row.attachments)
        except (AttributeError, TypeError, ValueError):
            return Problem(what="unreadable", seq=row.seq, detail="a stored value is not the text it must be")
        if digest != row.hash:
            return Problem(what="altered", seq=row.seq, detail=_altered(row, digest, next(rest, None)))
        if row.prev != self.head.hash:
            return Problem(what="unlinked", seq=row.seq, detail=f"does not continue entry {self.head.seq}")
        return next((self._attachment(row.seq, name, fault) for name in names if (fault := self._fault(name))), None)

    def _attachment(self, seq: int, name: str, fault: Fault) -> Problem:
        if fault == "missing":
            return Problem(what="attachment-missing", seq=seq, detail=f"its attachment {name} is missing")
        return Problem(what="attachment-altered", seq=seq, detail=f"its attachment {name} was altered")


def _altered(row: Row, digest: str, following: Row | None) -> str:
    """The next entry remembers the hash that was there, and so tells what was touched."""
    if following is not None and following.prev == digest:
        return f"its hash was altered; entry {following.seq} still names the true one"
    if following is not None and following.prev == row.hash:
        return f"its content was altered; entry {following.seq} still names its hash"
    return "its content does not give its hash"


def _trusted(
    ledger_id: str, directory: Path | None, signers: Path | None, revoked: Path | None
) -> tuple[list[Anchor], list[Problem]]:
    """Anchors of this ledger whose signature holds, by number; and what is wrong with the others."""
    trusted: list[Anchor] = []
    problems: list[Problem] = []
    for path in anchor_files(directory) if directory is not None and directory.exists() else ():
        try:
            made = parse(path)
        except (OSError, ValueError) as error:
            problems.append(Problem(what="anchor-unreadable", detail=f"anchor {path.name}: {error}"))
            continue
        problem = _distrust(made, ledger_id, signers, revoked)
        if problem is None:
            trusted.append(made)
        else:
            problems.append(problem)
    return sorted(trusted, key=lambda made: made.head.seq), problems


def _distrust(made: Anchor, ledger_id: str, signers: Path | None, revoked: Path | None) -> Problem | None:
    if made.ledger != ledger_id:
        return Problem(what="anchor-foreign", detail=f"anchor {_name(made)} is of another ledger, {made.ledger}")
    if signers is None:
        return Problem(what="anchor-unsigned", detail=f"anchor {_name(made)}: no signers were named to check it by")
    try:
        signer(made, signers=signers, revoked=revoked)
    except SigningFailed as error:
        return Problem(what="anchor-unsigned", detail=f"anchor {_name(made)}: {error}")
    return None


def _cut(made: Anchor, head: Head) -> Problem | None:
    if made.head.seq <= head.seq:
        return None
    return Problem(
        what="cut",
        seq=head.seq + 1,
        detail=f"missing up to {made.head.seq}, which {_name(made)} signs: cut off, or an old copy was restored",
    )


def _name(made: Anchor) -> str:
    return made.path.name if made.path else made.name
