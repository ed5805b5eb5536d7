"""What was done in a stretch of time, in brief: inspections, changes, watches and checks by their ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from maintkit.evidence import vulnerabilities, watch
from maintkit.evidence.accomplished import NOTHING, Accomplished, accomplished_by
from maintkit.evidence.changes import FINISHED, RESUMED, STARTED, standing
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.moment import Mark, newest

BEGAN, ENDED = "inspection.started", "inspection.finished"
_TOLD = (BEGAN, ENDED, watch.STARTED, watch.FINISHED, STARTED, RESUMED, FINISHED)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """An inspection in brief. `ended` None: it has no end in the ledger, and then nothing is known of its counts."""

    run: str
    at: datetime
    deep: bool
    simulated: bool
    scope: str | None
    ended: str | None
    expected: int
    inspected: int | None
    counts: Mapping[str, int]
    mark: Mark


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A change in brief, drills among them; `verdict` None: it has no end in the ledger.

    `came`: what one that ended well has done, and what it did not come to.
    """

    run: str
    at: datetime
    procedure: str
    title_zh: str
    verdict: str | None
    hosts: tuple[str, ...]
    mark: Mark
    simulated: bool = False
    came: Accomplished = NOTHING

    @property
    def well(self) -> bool:
        """Whether it ended well, and nothing that was planned is left."""
        return self.verdict == "done" and not self.came.left


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A watch over functions or a check for vulnerabilities: its name, how it ended and what it counted."""

    run: str
    at: datetime
    ended: str | None
    counts: Mapping[str, int]
    mark: Mark


@dataclass(frozen=True, kw_only=True)
class Work:
    """All of it that began in the time, oldest first."""

    inspections: tuple[Looked, ...]
    changes: tuple[Changed, ...]
    watches: tuple[Ran, ...]
    checks: tuple[Ran, ...]

    @property
    def marks(self) -> tuple[tuple[str, Mark], ...]:
        """Each by its name, with its newest entry."""
        return (
            *((one.run, one.mark) for one in self.inspections),
            *((one.run, one.mark) for one in self.changes),
            *((one.run, one.mark) for one in (*self.watches, *self.checks)),
        )


def work(ledger: Ledger, since: datetime, end: datetime) -> Work:
    """What began from `since` to before `end`, and how it came out as far as it ended before `end`."""
    return Work(
        inspections=tuple(_looked(ledger, one, end) for one in _began(ledger, BEGAN, since, end)),
        changes=tuple(changed(ledger, one.run or "", end) for one in _began(ledger, "change.started", since, end)),
        watches=tuple(_watched(ledger, one, end) for one in _began(ledger, watch.STARTED, since, end)),
        checks=tuple(
            Ran(run=one.run or "", at=one.at, ended="complete", counts=one.body["counts"], mark=Mark.of(one))
            for one in _began(ledger, vulnerabilities.CHECKED, since, end)
        ),
    )


def changed(ledger: Ledger, run: str, end: datetime | None = None) -> Changed:
    """One change in brief, by its own title of the plan; a verdict of `end` or later is not known yet."""
    found = standing(ledger, run)
    frozen = next(ledger.entries(kind="plan.frozen", subject=found.plan, limit=1), None)
    own = [one for one in ledger.entries(run=run) if end is None or one.at < end]
    ended = found.finished_at is not None and (end is None or found.finished_at < end)
    return Changed(
        run=run,
        at=found.started_at,
        procedure=found.procedure,
        title_zh=frozen.body["title_zh"] if frozen else found.procedure,
        verdict=found.verdict if ended else None,
        hosts=tuple(found.hosts),
        mark=Mark.of(own[-1]),
        came=accomplished_by(ledger, run) if ended and found.verdict == "done" else NOTHING,
        simulated=any(bool(one.body.get("simulated")) for one in own if one.kind == STARTED),
    )


def told(ledger: Ledger, run: str) -> Mark:
    """The entry that ended an inspection, a watch or a change, or while it goes on the one that began it.

    ValueError when the ledger holds no such run.
    """
    return newest(Mark.of(entry) for kind in _TOLD for entry in ledger.entries(kind=kind, run=run))


def _began(ledger: Ledger, kind: str, since: datetime, end: datetime) -> list[Entry]:
    found = []
    for entry in ledger.entries(kind=kind, newest_first=True):
        if entry.at < since:
            break
        if entry.at < end:
            found.append(entry)
    return found[::-1]


def _end(ledger: Ledger, kind: str, run: str | None, end: datetime) -> Entry | None:
    return next((one for one in ledger.entries(kind=kind, run=run) if one.at < end), None)


def _looked(ledger: Ledger, started: Entry, end: datetime) -> Looked:
    finished = _end(ledger, ENDED, started.run, end)
    told: dict[str, Any] = finished.body if finished else {}
    return Looked(
        run=started.run or "",
        at=started.at,
        deep=started.body["deep"],
        simulated=started.body["simulated"],
        scope=started.body["scope"],
        ended=told.get("ended"),
        expected=len(started.body["hosts"]),
        inspected=told["coverage"]["inspected"] if told else None,
        counts=told.get("counts", {}),
        mark=Mark.of(finished or started),
    )


def _watched(ledger: Ledger, started: Entry, end: datetime) -> Ran:
    finished = _end(ledger, watch.FINISHED, started.run, end)
    return Ran(
        run=started.run or "",
        at=started.at,
        ended=finished.body["ended"] if finished else None,
        counts=finished.body.get("counts", {}) if finished else {},
        mark=Mark.of(finished or started),
    )
