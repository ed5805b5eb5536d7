"""A change as it was carried out, from the ledger alone: all that its documents say (docs/ledger-entries.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maintkit.clock import from_text
from maintkit.errors import NotFound
from maintkit.evidence.changes import CLOSED, FINISHED, HELD, INTENT, OBSERVED, REOPENED, RESUMED, STARTED, WISH
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.phase_document import PhaseDocument, phase_document

ASSESSED = "change.assessed"


@dataclass(frozen=True, kw_only=True)
class PhaseRecord:
    """One run of a phase on a host. `outcome` begun: nothing was heard of it, so what was done there is not known.

    `seq` is the entry that says the outcome, or that it was about to begin.
    """

    phase: str
    begun_at: datetime
    ended_at: datetime | None
    outcome: str
    reason: str
    changed: bool
    took_ms: int | None
    document: PhaseDocument | None
    seq: int


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something that was said at an instant: why a host was held, who asked for a pause, who went on."""

    at: datetime
    seq: int
    text: str
    by: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class HostRecord:
    """One host of a change. `state` None: it has no end in the ledger."""

    name: str
    state: str | None
    closed_at: datetime | None
    phases: tuple[PhaseRecord, ...]
    held: tuple[Remark, ...]
    reopened: tuple[Remark, ...]

    def of(self, phase: str) -> tuple[PhaseRecord, ...]:
        """Every run of one phase, oldest first."""
        return tuple(one for one in self.phases if one.phase == phase)

    def document(self, phase: str) -> PhaseDocument | None:
        """The newest document of a phase; one that failed may have left less of it, and counts all the same."""
        return next((one.document for one in reversed(self.of(phase)) if one.document is not None), None)

    @property
    def change_begun(self) -> bool:
        """Whether something may have been changed there."""
        return bool(self.of("change"))


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What a person entered about a change: its effect, the cause of a failure, what is still to be done."""

    at: datetime
    seq: int
    effect: str
    cause: str
    remaining: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ChangeRecord:
    """One run. `verdict` None: it has not finished, or its controller died. `window` is that of its permission.

    `entries` are all that the ledger holds under the run's name, oldest first.
    """

    run: str
    plan: str
    sha256: str
    procedure: str
    engineer: str
    ground: str
    by: tuple[str, ...]
    detail: str
    window: tuple[datetime, datetime]
    version: str
    started_at: datetime
    finished_at: datetime | None
    verdict: str | None
    overrun_s: int
    hosts: tuple[HostRecord, ...]
    wishes: tuple[Remark, ...]
    resumptions: tuple[Remark, ...]
    assessments: tuple[Assessment, ...]
    entries: tuple[Entry, ...]
    simulated: bool = False


def sealed_by(record: ChangeRecord) -> Entry:
    """The entry that ended a run, or the newest of one without an end: its hash proves it and all before it."""
    ends = [entry for entry in record.entries if entry.kind == FINISHED]
    return (ends or record.entries)[-1]


def change_record(ledger: Ledger, run: str) -> ChangeRecord:
    """The run of this name; NotFound when there is none."""
    entries = tuple(ledger.entries(run=run))
    started = next((entry for entry in entries if entry.kind == STARTED), None)
    if started is None:
        raise NotFound(f"no run {run!r} in the ledger", hint="`maintkit status` shows those there are")
    said = started.body
    last = next((entry for entry in reversed(entries) if entry.kind in (FINISHED, RESUMED)), None)
    ended = last if last is not None and last.kind == FINISHED else None
    start, end = (from_text(text) for text in said["window"])
    return ChangeRecord(
        run=run,
        plan=started.subject or "",
        sha256=said["sha256"],
        procedure=said["procedure"],
        engineer=said["engineer"],
        ground=said["ground"],
        by=tuple(said["by"]),
        detail=said["detail"],
        window=(start, end),
        version=said["version"],
        started_at=started.at,
        finished_at=ended.at if ended else None,
        verdict=ended.body["verdict"] if ended else None,
        overrun_s=ended.body["overrun_s"] if ended else 0,
        hosts=tuple(_host(ledger, name, entries, ended) for name in said["hosts"]),
        wishes=tuple(_remark(one, one.body["wish"]) for one in entries if one.kind == WISH),
        resumptions=tuple(_remark(one, one.body["version"]) for one in entries if one.kind == RESUMED),
        assessments=tuple(_assessment(one) for one in entries if one.kind == ASSESSED),
        entries=entries,
        simulated=bool(said.get("simulated")),
    )


def host_record(ledger: Ledger, run: str, name: str) -> HostRecord:
    """One host of a run as the ledger has it now, also before the run has ended."""
    return _host(ledger, name, tuple(ledger.entries(run=run, subject=name)), None)


def assess(ledger: Ledger, run: str, *, effect: str, cause: str, remaining: str, by: str) -> Assessment:
    """Enter what a person has to say of a run; NotFound when there is none. What is empty stands as entered before."""
    found = change_record(ledger, run)
    before = found.assessments[-1] if found.assessments else None
    body = {
        "effect": effect or (before.effect if before else ""),
        "cause": cause or (before.cause if before else ""),
        "remaining": remaining or (before.remaining if before else ""),
        "by": by,
    }
    return _assessment(ledger.append(ASSESSED, body, run=run, subject=found.plan))


def _host(ledger: Ledger, name: str, entries: Sequence[Entry], ended: Entry | None) -> HostRecord:
    own = [entry for entry in entries if entry.subject == name]
    last = next((entry for entry in reversed(own) if entry.kind in (CLOSED, REOPENED)), None)
    closed = last if last is not None and last.kind == CLOSED else None
    state = closed.body["state"] if closed else ended.body["hosts"].get(name) if ended else None
    return HostRecord(
        name=name,
        state=state,
        closed_at=closed.at if closed else None,
        phases=tuple(_phases(ledger, own)),
        held=tuple(_remark(one, one.body["reason"]) for one in own if one.kind == HELD),
        reopened=tuple(_remark(one, "") for one in own if one.kind == REOPENED),
    )


def _phases(ledger: Ledger, own: Iterable[Entry]) -> Iterator[PhaseRecord]:
    """Intents with what was observed of them; an intent that another one follows was never observed."""
    open_: PhaseRecord | None = None
    for entry in own:
        if entry.kind == INTENT:
            if open_ is not None:
                yield open_
            open_ = _begun(entry)
        elif entry.kind == OBSERVED and open_ is not None:
            yield _observed(ledger, open_, entry)
            open_ = None
    if open_ is not None:
        yield open_


def _begun(entry: Entry) -> PhaseRecord:
    return PhaseRecord(
        phase=entry.body["phase"],
        begun_at=entry.at,
        ended_at=None,
        outcome="begun",
        reason="",
        changed=False,
        took_ms=None,
        document=None,
        seq=entry.seq,
    )


def _observed(ledger: Ledger, begun: PhaseRecord, entry: Entry) -> PhaseRecord:
    body, named = entry.body, entry.body["document"]
    return replace(
        begun,
        ended_at=entry.at,
        outcome=body["outcome"],
        reason=body["reason"],
        changed=body["changed"],
        took_ms=body["took_ms"],
        document=phase_document(named, _parsed(ledger.attachment(named))) if named else None,
        seq=entry.seq,
    )


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _remark(entry: Entry, text: str) -> Remark:
    said = str(entry.body.get("by") or entry.body.get("engineer") or "")
    return Remark(at=entry.at, seq=entry.seq, text=text, by=said, why=str(entry.body.get("why") or ""))


def _assessment(entry: Entry) -> Assessment:
    body = entry.body
    return Assessment(
        at=entry.at,
        seq=entry.seq,
        effect=body["effect"],
        cause=body["cause"],
        remaining=body["remaining"],
        by=body["by"],
    )
