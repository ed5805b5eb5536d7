"""What a whole change came to, by what it came to on each host; a closed set of words, each with its exit code."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from maintkit.runs.phases import HostState

_GOOD = {HostState.DONE, HostState.UNCHANGED}


class Verdict(StrEnum):
    """How a change ended."""

    DONE = "done"
    ROLLED_BACK = "rolled-back"
    ROLLBACK_FAILED = "rollback-failed"
    PARTIAL = "partial"
    REFUSED = "refused"
    UNKNOWN = "unknown"

    @property
    def exit_code(self) -> int:
        """The command's status."""
        return EXIT_CODES[self]


EXIT_CODES = {
    Verdict.DONE: 0,
    Verdict.ROLLED_BACK: 40,
    Verdict.ROLLBACK_FAILED: 41,
    Verdict.PARTIAL: 42,
    Verdict.REFUSED: 43,
    Verdict.UNKNOWN: 44,
}


def verdict(states: Collection[HostState]) -> Verdict:
    """The worst that is true: a host that is not known or not put back outweighs all that went well.

    partial: some hosts are as planned and some are not. refused: nothing was changed anywhere.
    """
    found = set(states)
    if HostState.ROLLBACK_FAILED in found:
        return Verdict.ROLLBACK_FAILED
    if HostState.UNKNOWN in found:
        return Verdict.UNKNOWN
    if found and found <= _GOOD:
        return Verdict.DONE
    if HostState.DONE in found:
        return Verdict.PARTIAL
    return Verdict.ROLLED_BACK if HostState.ROLLED_BACK in found else Verdict.REFUSED
