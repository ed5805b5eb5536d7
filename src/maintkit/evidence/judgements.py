"""What a person has judged in a document: the newest word on each blank stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger

JUDGED = "document.judged"


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One filled blank: what was written, by whom, when, and the entry that holds it."""

    text: str
    by: str
    at: datetime
    seq: int
    hash: str


def judgements(ledger: Ledger, document: str, number: str) -> Mapping[str, Judgement]:
    """The filled blanks of one document, by the blank's name."""
    entries = ledger.entries(kind=JUDGED, subject=f"{document} {number}")
    return {entry.body["blank"]: _of(entry) for entry in entries}


def judge(ledger: Ledger, document: str, number: str, *, blank: str, text: str, by: str) -> None:
    """Fill a blank of a document; an earlier text stays in the ledger and no longer stands."""
    ledger.append(JUDGED, {"blank": blank, "text": text, "by": by}, subject=f"{document} {number}")


def _of(entry: Entry) -> Judgement:
    return Judgement(text=entry.body["text"], by=entry.body["by"], at=entry.at, seq=entry.seq, hash=entry.hash)
