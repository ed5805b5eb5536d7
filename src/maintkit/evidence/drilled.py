"""What the ledger knows of coming back: restore drills by backup job, and the jobs as the hosts last told of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from maintkit.evidence.change_record import ChangeRecord, change_record, sealed_by
from maintkit.evidence.changes import STARTED
from maintkit.evidence.drill_record import PROCEDURE, Drill, drill_of
from maintkit.evidence.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """One drill of a backup job. `passed`: the run ended well and every part of it is shown; times in seconds.

    `seq` and `hash` are those of the entry that ended it.
    """

    run: str
    at: datetime
    passed: bool
    rto_s: float | None
    rpo_s: float | None
    size: int | None
    stages: tuple[tuple[str, float | None], ...]
    seq: int
    hash: str
    simulated: bool = False
    engine: str = "postgresql"


@dataclass(frozen=True, kw_only=True)
class JobSeen:
    """A backup job as a host told of it. `last` None: its catalogue holds no backup; `off_host` None: it is unknown."""

    name: str
    host: str
    at: datetime
    last: datetime | None
    status: str
    off_host: bool | None
    repositories: int


def drills(ledger: Ledger) -> Mapping[str, tuple[Drilled, ...]]:
    """Every drill that came to a mark, by the backup job that was restored, oldest first."""
    found: dict[str, list[Drilled]] = {}
    for entry in ledger.entries(kind=STARTED):
        if entry.body.get("procedure") == PROCEDURE:
            record = change_record(ledger, entry.run or "")
            for drill in map(drill_of, record.hosts):
                if drill is not None:
                    found.setdefault(drill.stanza, []).append(_drilled(record, drill))
    return {name: tuple(own) for name, own in found.items()}


def jobs(ledger: Ledger, hosts: Iterable[str]) -> tuple[JobSeen, ...]:
    """The backup jobs that the newest facts of these hosts tell of; a host without such facts tells nothing."""
    return tuple(job for host in hosts for job in _jobs(ledger, host))


def _drilled(record: ChangeRecord, drill: Drill) -> Drilled:
    times = tuple((name, _seconds(one.took_ms)) for name, one in drill.stages.items())
    end = sealed_by(record)
    return Drilled(
        run=record.run,
        at=record.finished_at or record.started_at,
        passed=record.verdict == "done" and drill.all_passed,
        rto_s=drill.rto_s,
        rpo_s=drill.rpo_s,
        size=drill.set.size_bytes,
        stages=times,
        seq=end.seq,
        hash=end.hash,
        simulated=record.simulated,
        engine=drill.engine,
    )


def _seconds(milliseconds: int | None) -> float | None:
    return milliseconds / 1000 if milliseconds is not None else None


def _jobs(ledger: Ledger, host: str) -> Iterator[JobSeen]:
    entries = ledger.entries(kind="facts.collected", subject=host, newest_first=True)
    entry = next((one for one in entries if one.body["facts"] is not None), None)
    if entry is None:
        return
    section = json.loads(ledger.attachment(entry.body["facts"])).get("sections", {}).get("backups") or {}
    for job in (section.get("data") or {}).get("jobs", ()):
        good = [one["stopped_at"] for one in job.get("backups", ()) if not one.get("error")]
        yield JobSeen(
            name=job["name"],
            host=host,
            at=entry.at,
            last=_instant(max(good, default=None)),
            status=str(job.get("status", "")),
            off_host=job.get("off_host"),
            repositories=int(job.get("repositories") or 0),
        )


def _instant(seconds: Any) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None
