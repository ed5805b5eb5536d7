"""Emergencies as records of a period show them: which changes were let run without approval, and which of them did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.plans.emergency import DECLARED, Emergency, emergency_of
from maintkit.plans.frozen import FROZEN
from maintkit.plans.record import USED


@dataclass(frozen=True, kw_only=True)
class Unapproved:
    """One declaration, entry `seq` of the ledger. `run` is the one that rested on it, empty when none did."""

    seq: int
    emergency: Emergency
    title_zh: str
    hosts: tuple[str, ...]
    run: str
    used_at: datetime | None


def unapproved(ledger: Ledger, *, since: datetime | None, until: datetime) -> tuple[Unapproved, ...]:
    """Emergencies declared or used after `since` and up to `until`, oldest first; None: from the beginning.

    What came later is left out, so that a record that is drawn again says the same.
    """
    found = (_told(ledger, entry, until) for entry in ledger.entries(kind=DECLARED) if entry.at <= until)
    return tuple(one for one in found if since is None or max(one.emergency.window.start, _used(one)) > since)


def _used(one: Unapproved) -> datetime:
    return one.used_at or one.emergency.window.start


def _told(ledger: Ledger, entry: Entry, until: datetime) -> Unapproved:
    plan = entry.subject or ""
    frozen = next(ledger.entries(kind=FROZEN, subject=plan, limit=1)).body
    use = next((one for one in _uses(ledger, plan, until) if _rests_on(ledger, one, entry)), None)
    return Unapproved(
        seq=entry.seq,
        emergency=emergency_of(entry),
        title_zh=frozen["title_zh"],
        hosts=tuple(frozen["hosts"]),
        run=use.run or "" if use else "",
        used_at=use.at if use else None,
    )


def _uses(ledger: Ledger, plan: str, until: datetime) -> Iterator[Entry]:
    for one in ledger.entries(kind=USED, subject=plan):
        if one.body["ground"] == "emergency" and one.at <= until:
            yield one


def _rests_on(ledger: Ledger, use: Entry, declared: Entry) -> bool:
    """A plan that was declared twice rests on the newest declaration before its run."""
    before = [one.seq for one in ledger.entries(kind=DECLARED, subject=declared.subject) if one.seq < use.seq]
    return bool(before) and before[-1] == declared.seq
