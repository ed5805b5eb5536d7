"""One fact in the ledger, its canonical text and its hash. docs/ledger.md gives the same preimage in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from maintkit.clock import from_text
from maintkit.errors import LedgerError
from maintkit.evidence.canonical import escaped

if TYPE_CHECKING:
    from maintkit.evidence.attach import Attachment

DOMAIN = "maintkit.ledger/1"
GENESIS = "0" * 64  # the `prev` of entry 1, and the head of an empty ledger

_KIND = re.compile(r"[a-z][a-z-]*(\.[a-z][a-z-]*)+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, kw_only=True)
class Head:
    """The last entry's sequence number and hash; 0 and GENESIS when the ledger is empty."""

    seq: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is to be recorded: not masked yet, not hashed yet. `kind` is dotted, as in docs/ledger-entries.md."""

    kind: str
    body: Mapping[str, Any]
    run: str | None = None
    subject: str | None = None
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A recorded fact, as it was stored.

    `attachments` are sha256 hex digests. `masked` counts the places that were masked when this entry was appended,
    attachments included; it is not stored, so an entry that was read back says 0.
    """

    seq: int
    at: datetime
    kind: str
    run: str | None
    subject: str | None
    body: dict[str, Any]
    attachments: tuple[str, ...]
    prev: str
    hash: str
    masked: int = field(default=0, compare=False)


@dataclass(frozen=True, kw_only=True)
class Row:
    """An entry as stored: every field is the very text that was hashed."""

    seq: int
    at: str
    kind: str
    run: str | None
    subject: str | None
    body: str
    attachments: str
    prev: str
    hash: str

    def digest(self, ledger_id: str) -> str:
        """What `hash` must be: sha256 over the fields, each framed as `<bytes>:<utf-8>,` and absence as `~`."""
        fields = (ledger_id, str(self.seq), self.at, self.kind, self.run, self.subject, self.prev, self.body)
        return sha256(b"".join(map(_frame, (DOMAIN, *fields, self.attachments)))).hexdigest()

    def entry(self) -> Entry:
        """The entry with its texts parsed; raises ValueError or KeyError where somebody has altered them."""
        return Entry(
            seq=self.seq,
            at=from_text(self.at),
            kind=self.kind,
            run=self.run,
            subject=self.subject,
            body=json.loads(self.body),
            attachments=tuple(json.loads(self.attachments)),
            prev=self.prev,
            hash=self.hash,
        )


def _frame(text: str | None) -> bytes:
    """Framed by length, so that no two lists of fields give the same bytes."""
    if text is None:
        return b"~"
    encoded = text.encode()
    return b"%d:%b," % (len(encoded), encoded)


def kind_of(draft: Draft) -> str:
    """The draft's kind; LedgerError when it is not dotted lower-case words."""
    if not _KIND.fullmatch(draft.kind):
        raise LedgerError(
            f"{draft.kind!r} is no kind of entry", hint="kinds are dotted lower-case words: `facts.collected`"
        )
    return draft.kind


def line(text: str) -> str:
    """The text as one line that UTF-8, PostgreSQL and a terminal can hold: for runs, subjects and names."""
    return _CONTROL.sub("\ufffd", escaped(text))
