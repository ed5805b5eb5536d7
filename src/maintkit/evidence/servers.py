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
    invented = {entry.run for entry in ledger.entries(kind="inspection.started") if entry.body.get("simulated")}
    last = None if until is None else until + 1
    newest: tuple[Look, datetime, bool] | None = None
    for entry in ledger.entries(kind="facts.collected", subject=host, newest_first=True, before=last):
        if entry.body["facts"] is None:
            continue
        simulated = entry.run in invented
        if newest is not None and (newest[2] != simulated or newest[1] - entry.at < LEAST):
            continue
        look = read(json.loads(ledger.attachment(entry.body["facts"])), host=host, facts=entry.body["facts"])
        if newest is not None:
            return Servers(now=newest[0], then=look)
        newest = look, entry.at, simulated
    return Servers(now=newest[0], then=None) if newest is not None else None
