"""What a probe came back with, and how long it may take for it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from maintkit.errors import WatchFailed

Status = Literal["ok", "warn", "crit", "error"]
Reason = Literal[
    "as-expected", "slow", "no-answer", "connection-refused", "name-unknown", "untrusted-certificate", "wrong-answer",
    "rejected", "not-understood", "stale", "absent", "not-asked",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`error`: maintkit could not ask, which tells nothing of the function; every other missing answer is crit.

    `detail` holds figures and words of the protocol, never what the function's data say.
    """

    status: Status
    reason: Reason
    detail: str = ""


WELL = Answer(status="ok", reason="as-expected")


def bad(reason: Reason, detail: str = "") -> Answer:
    """The function did not answer as it must."""
    return Answer(status="crit", reason=reason, detail=detail)


class Deadline:
    """The time that is left of a probe's whole limit, however many steps it takes."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds, above 0; TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def connection_fault(error: OSError) -> Answer:
    """A connection that was not to be had, in the words of `Reason`."""
    if isinstance(error, TimeoutError):
        return bad("no-answer")
    if isinstance(error, ConnectionRefusedError):
        return bad("connection-refused")
    if error.__class__.__name__ == "gaierror":
        return bad("name-unknown")
    return bad("no-answer", (error.strerror or error.__class__.__name__).lower())


def library(name: str) -> Any:
    """A module of the extra `watch`; WatchFailed names the extra when it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise WatchFailed(
            f"this probe needs {name}, which is not installed", hint="install it: `pip install 'maintkit[watch]'`"
        ) from error
