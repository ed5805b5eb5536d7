"""Database servers as the ledger knows them: at the newest inspection, and at one a week or more before."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from maintkit.evidence.ledger import Ledger
from maintkit.evidence.server_facts import Look, Servers, read

LEAST = timedelta(days=7)  # between two looks whose counters are compared


def servers(ledger: Ledger, host: str, *, until: int | None = None) -> Servers | None:
    """What inspections have seen of a host, up to the entry of this number; None when it never answered.

    Real inspections are compared with real ones, and simulated ones with simulated ones.
    """
    last = None if until is None else until + 1
    newest: tuple[Look, datetime, bool] | None = None
    for entry in ledger.entries(kind="facts.collected", subject=host, newest_first=True, before=last):
        if entry.body["facts"] is None:
            continue
        if newest is not None and newest[1] - entry.at < LEAST:
            continue
        simulated = _simulated(ledger, entry.run)
        if newest is not None and newest[2] != simulated:
            continue
        look = read(json.loads(ledger.attachment(entry.body["facts"])), host=host, facts=entry.body["facts"])
        if newest is not None:
            return Servers(now=newest[0], then=look)
        newest = look, entry.at, simulated
    return Servers(now=newest[0], then=None) if newest is not None else None


def _simulated(ledger: Ledger, run: str | None) -> bool:
    started = next(ledger.entries(kind="inspection.started", run=run, limit=1), None) if run else None
    return bool(started and started.body.get("simulated"))
