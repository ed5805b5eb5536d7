"""What inspections found abnormal, read of as few judgements as will do: a judgement of a host is some 40 KB."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select

from maintkit.evidence import tables
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.manual import LOOKED, looks, seen
from maintkit.evidence.recorded import RecordedFinding, finding_of

# One of these stands in every judgement that holds an event, an abnormal finding or a row for a person; a string of a
# host's own cannot hold it, as quotes inside of strings are escaped.
_TOLD = ('"event":"', '"status":"warn"', '"status":"crit"', '"status":"manual"')


class Looks:
    """Looks into inspections until `most` judgements were read; None: no bound. Each is read once."""

    def __init__(self, ledger: Ledger, most: int | None) -> None:
        self._ledger, self._left = ledger, most
        self._known: dict[str, Mapping[str, tuple[RecordedFinding, ...]] | None] = {}

    def of(self, run: str, hosts: Collection[str]) -> Mapping[str, tuple[RecordedFinding, ...]] | None:
        """Each judged host of an inspection of `hosts` with what it carries: events, warn or crit, rows for a person.

        None when the bound was reached before. Whoever asks for the newest first, has the newest.
        """
        if run not in self._known:
            left = self._left
            self._known[run] = None if left is not None and left < len(hosts) else self._read(run)
            self._left = None if left is None else left - len(hosts)
        return self._known[run]

    def _read(self, run: str) -> dict[str, tuple[RecordedFinding, ...]]:
        entry = tables.entry.c
        rows = self._ledger.rows(select(tables.entry).where(entry.run == run).where(entry.kind == "host.judged"))
        own = looks(self._ledger.entries(kind=LOOKED, run=run)).get(run, {})
        return {
            row.subject or "": tuple(
                seen(finding_of(raw), own)
                for raw in row.entry().body["findings"]
                if raw["event"] is not None or raw["status"] in ("warn", "crit", "manual")
            )
            if any(told in row.body for told in _TOLD)
            else ()
            for row in rows
        }
