"""How a change stands, read from the ledger alone: while it goes on, after it, or after its controller died."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from maintkit.errors import NotFound
from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger

STARTED, RESUMED, FINISHED, WISH = "change.started", "change.resumed", "change.finished", "change.wish"
INTENT, OBSERVED = "phase.intent", "phase.observed"
HELD, CLOSED, REOPENED = "host.held", "host.closed", "host.reopened"


@dataclass(frozen=True, kw_only=True)
class Happened:
    """One thing that happened: at this instant, on this host (or to the run), in words."""

    at: datetime
    host: str | None
    what: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A run. `verdict` is None until it has finished; `hosts` says of each how it stands."""

    run: str
    plan: str
    procedure: str
    engineer: str
    ground: str
    started_at: datetime
    finished_at: datetime | None
    verdict: str | None
    overrun_s: int
    hosts: dict[str, str]
    happened: tuple[Happened, ...]


def runs(ledger: Ledger) -> Iterator[Standing]:
    """Every run, newest first."""
    for entry in ledger.entries(kind=STARTED, newest_first=True):
        yield standing(ledger, entry.run or "")


def undoing(ledger: Ledger, run: str) -> tuple[str, ...]:
    """The runs that were begun to undo this one, oldest first."""
    return tuple(entry.run or "" for entry in ledger.entries(kind=STARTED) if entry.body.get("undoes") == run)


def standing(ledger: Ledger, run: str) -> Standing:
    """One run; NotFound when there is none of this name."""
    entries = list(ledger.entries(run=run))
    started = next((entry for entry in entries if entry.kind == STARTED), None)
    if started is None:
        raise NotFound(f"no run {run!r} in the ledger", hint="`maintkit status` shows those there are")
    finished = next((entry for entry in reversed(entries) if entry.kind in (FINISHED, RESUMED)), None)
    ended = finished if finished and finished.kind == FINISHED else None
    return Standing(
        run=run,
        plan=started.subject or "",
        procedure=started.body["procedure"],
        engineer=started.body["engineer"],
        ground=started.body["ground"],
        started_at=started.at,
        finished_at=ended.at if ended else None,
        verdict=ended.body["verdict"] if ended else None,
        overrun_s=ended.body["overrun_s"] if ended else 0,
        hosts=_hosts(started, entries),
        happened=tuple(_happened(entries)),
    )


def _hosts(started: Entry, entries: list[Entry]) -> dict[str, str]:
    found = dict.fromkeys(started.body["hosts"], "waiting")
    for entry in entries:
        if entry.subject in found:
            found[entry.subject] = _state(entry) or found[entry.subject]
    return found


def _state(entry: Entry) -> str | None:
    body: dict[str, Any] = entry.body
    match entry.kind:
        case "phase.intent":
            return f"{body['phase']} begun"
        case "phase.observed":
            return f"{body['phase']} {body['outcome']}"
        case "host.closed":
            return str(body["state"])
        case "host.held":
            return f"not begun: {body['reason']}"
        case "host.reopened":
            return "looked at again"
        case _:
            return None


def _happened(entries: list[Entry]) -> Iterator[Happened]:
    for entry in entries:
        if entry.kind in (INTENT, OBSERVED, CLOSED, HELD):
            reason = entry.body.get("reason") if entry.kind == OBSERVED else None
            yield Happened(at=entry.at, host=entry.subject, what=f"{_state(entry)}{f': {reason}' if reason else ''}")
        elif entry.kind.startswith("change."):
            said = entry.body.get("verdict") or entry.body.get("wish") or entry.body.get("engineer") or ""
            yield Happened(at=entry.at, host=None, what=f"{entry.kind.removeprefix('change.')} {said}".strip())
