"""What a change has done, in the ledger: the intent is on the disk before the step, what was seen after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from maintkit.evidence.alarm import draft
from maintkit.evidence.canonical import escaped
from maintkit.evidence.change_record import host_record
from maintkit.evidence.changes import CLOSED, FINISHED, HELD, INTENT, OBSERVED, REOPENED, WISH
from maintkit.evidence.entry import Draft, Entry
from maintkit.evidence.ledger import Ledger
from maintkit.plans.manual import manual
from maintkit.plans.model import Plan
from maintkit.plans.predict import TIMED
from maintkit.runs.driver import PhaseResult
from maintkit.runs.phases import HostState, Mark, Phase


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The journal of the change `run`; every method that writes returns when the entry is on the disk."""

    ledger: Ledger
    run: str

    def intend(self, host: str, phase: Phase) -> None:
        """A phase is about to be run on a host."""
        self.ledger.append(INTENT, {"phase": phase.value}, run=self.run, subject=host)

    def observe(self, host: str, phase: Phase, result: PhaseResult) -> None:
        """What the phase came to; its document is attached."""
        # JSON can name half a character, which UTF-8 cannot hold: a host must not end the run by writing one.
        kept = None if result.document is None else self.ledger.seal(escaped(result.text).encode())
        body = {
            "phase": phase.value,
            "outcome": result.outcome,
            "reason": result.reason,
            "changed": result.changed,
            "took_ms": result.took_ms,
            "document": kept.sha256 if kept else None,
        }
        self.ledger.append(OBSERVED, body, run=self.run, subject=host, attachments=(kept,) if kept else ())

    def time(self, procedure: str, phase: str, host: str, *, took_ms: int, size: int) -> None:
        """How long a phase took for so many things to do: what later plans estimate by."""
        body = {"host": host, "seconds": took_ms / 1000, "size": size}
        self.ledger.append(TIMED, body, run=self.run, subject=f"{procedure} {phase}")

    def hold(self, host: str, reason: str) -> None:
        """A host is not begun."""
        self.ledger.append(HELD, {"reason": reason}, run=self.run, subject=host)

    def close(self, host: str, state: HostState, *, plan: Plan | None = None) -> None:
        """A host has ended. One that could not be put back is a P1, entered in the same transaction."""
        ended = Draft(kind=CLOSED, run=self.run, subject=host, body={"state": state.value})
        alarm = (self._alarm(host, plan),) if plan and state is HostState.ROLLBACK_FAILED else ()
        self.ledger.append_all((ended, *alarm))

    def _alarm(self, host: str, plan: Plan) -> Draft:
        record = host_record(self.ledger, self.run, host)
        told = asdict(manual(plan, record))
        why = "; ".join(dict.fromkeys(one.reason for one in record.phases if one.outcome == "failed" and one.reason))
        return draft(self.run, host, plan=plan.id, procedure=plan.procedure, reason=why, manual=told)

    def reopen(self, host: str) -> None:
        """A host that had ended unknown, or untouched, is looked at again."""
        self.ledger.append(REOPENED, {}, run=self.run, subject=host)

    def ask(self, wish: str, *, by: str, why: str) -> None:
        """Somebody wants the change to pause or to end after the host at work."""
        self.ledger.append(WISH, {"wish": wish, "by": by, "why": why}, run=self.run)

    def finish(self, body: Mapping[str, Any]) -> None:
        """The change has ended."""
        self.ledger.append(FINISHED, body, run=self.run)

    def marks(self, host: str) -> tuple[Mark, ...]:
        """What was done on a host, oldest first."""
        return marks(self.ledger.entries(run=self.run, subject=host))

    def closed(self) -> dict[str, HostState]:
        """Hosts that have ended, and how; one that was reopened has not."""
        found: dict[str, HostState] = {}
        for entry in self.ledger.entries(run=self.run):
            if entry.kind == CLOSED:
                found[entry.subject or ""] = HostState(entry.body["state"])
            elif entry.kind == REOPENED:
                del found[entry.subject or ""]
        return found


def marks(entries: Iterable[Entry]) -> tuple[Mark, ...]:
    """Intents and observations paired: an intent without observation is `begun`, as is what was reopened."""
    found: list[Mark] = []
    for entry in entries:
        if entry.kind == INTENT:
            found.append(Mark(phase=Phase(entry.body["phase"]), outcome="begun"))
        elif entry.kind == OBSERVED:
            found[-1] = Mark(phase=Phase(entry.body["phase"]), outcome=entry.body["outcome"])
        elif entry.kind == REOPENED:
            # What was not changed is checked again from the beginning.
            changed = any(mark.phase == Phase.CHANGE for mark in found)
            found.append(Mark(phase=found[-1].phase if changed else Phase.PRECHECK, outcome="begun"))
    return tuple(found)
