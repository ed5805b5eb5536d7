"""An incident of level P1: a host of a change that could not be put back. Incidents proper begin with such entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from maintkit.evidence.entry import Draft, Entry
from maintkit.evidence.ledger import Ledger

P1 = "host.alarm"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One P1: the host, why it could not be put back, and how a person does it (docs/ledger-entries.md)."""

    seq: int
    at: datetime
    run: str
    host: str
    reason: str
    manual: Mapping[str, Any]


def draft(run: str, host: str, *, plan: str, procedure: str, reason: str, manual: Mapping[str, Any]) -> Draft:
    """The entry, to be appended together with the host's end."""
    body = {"level": "P1", "plan": plan, "procedure": procedure, "reason": reason, "manual": manual}
    return Draft(kind=P1, run=run, subject=host, body=body)


def alarms(ledger: Ledger, run: str | None = None) -> Iterator[Alarm]:
    """Every P1, or those of a run, oldest first."""
    for entry in ledger.entries(kind=P1, run=run):
        yield _alarm(entry)


def _alarm(entry: Entry) -> Alarm:
    return Alarm(
        seq=entry.seq,
        at=entry.at,
        run=entry.run or "",
        host=entry.subject or "",
        reason=entry.body["reason"],
        manual=entry.body["manual"],
    )
