"""Where a host stands in a change, and what comes next: pure, so that going on after a crash is the same as going on.

precheck → backup → change → verify → done
                      └──────┴────→ rollback → precheck → rolled-back
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Literal

# What a phase's run came to. `begun`: nothing was heard yet, or ever, because the controller died. `lost`: the host
# could not be reached or did not answer in time, so what was done there is not known.
Outcome = Literal["begun", "ok", "nothing", "failed", "lost"]
PATIENCE = 6  # lost in a row: with the engine's pauses this is some minutes, in which a host can reboot


class Phase(StrEnum):
    """One part of a change on one host."""

    PRECHECK = "precheck"
    BACKUP = "backup"
    CHANGE = "change"
    VERIFY = "verify"
    ROLLBACK = "rollback"


class HostState(StrEnum):
    """How a change ended for one host."""

    DONE = "done"
    UNCHANGED = "unchanged"  # it is as the plan wants it already
    UNTOUCHED = "untouched"  # nothing was changed there
    ROLLED_BACK = "rolled-back"
    ROLLBACK_FAILED = "rollback-failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One run of a phase on a host, as the journal has it."""

    phase: Phase
    outcome: Outcome


def next_step(marks: Sequence[Mark]) -> Phase | HostState:
    """What to do next on a host, by all that was done there in this run, oldest first; or how it has ended.

    A phase without outcome is run again: each procedure's phases first look at what the host already has of this run
    (docs/procedures.md), so that nothing is done twice.
    """
    if not marks:
        return Phase.PRECHECK
    last = marks[-1]
    if last.outcome == "begun":
        return last.phase
    if last.outcome == "lost":
        return _after_loss(marks)
    if last.outcome == "failed":
        return _after_failure(marks)
    return _after_success(marks)


def _after_success(marks: Sequence[Mark]) -> Phase | HostState:
    last = marks[-1]
    match last.phase:
        case Phase.PRECHECK if _was(marks, Phase.ROLLBACK):
            return HostState.ROLLED_BACK
        case Phase.PRECHECK:
            return HostState.UNCHANGED if last.outcome == "nothing" else Phase.BACKUP
        case Phase.BACKUP:
            return Phase.CHANGE
        case Phase.CHANGE:
            return Phase.VERIFY
        case Phase.VERIFY:
            return HostState.DONE
        case Phase.ROLLBACK:
            # The checks from before the change say whether the host is what it was.
            return Phase.PRECHECK


def _after_failure(marks: Sequence[Mark]) -> Phase | HostState:
    if _was(marks, Phase.ROLLBACK):
        return HostState.ROLLBACK_FAILED
    return Phase.ROLLBACK if _was(marks, Phase.CHANGE) else HostState.UNTOUCHED


def _after_loss(marks: Sequence[Mark]) -> Phase | HostState:
    phase = marks[-1].phase
    lost = sum(1 for _ in takewhile(lambda mark: mark == Mark(phase=phase, outcome="lost"), reversed(marks)))
    if lost < PATIENCE and _was(marks, Phase.CHANGE):
        return phase
    # Before the change a host that is away costs nothing but its turn.
    return HostState.UNKNOWN if _was(marks, Phase.CHANGE) else HostState.UNTOUCHED


def _was(marks: Sequence[Mark], phase: Phase) -> bool:
    return any(mark.phase == phase for mark in marks)
