"""A host's clock as its programs see it, by the library of `preload`.

The machine's clock is never set. Programs that ran before, and the times of files, stay with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.faults.preload import CLOCK
from lab.host import Host
from lab.image import File


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What a host's new processes see: seconds ahead of the machine, and what the kernel says of its time keeping."""

    ahead_s: int = 0
    offset_ms: float = 0
    synchronised: bool = True


@contextmanager
def seen(host: Host, clock: Clock) -> Iterator[None]:
    """View: this clock, on a host with the layer `PRELOAD`."""
    before = host.run("cat", CLOCK, check=False).out
    _tell(host, f"{clock.ahead_s} {clock.offset_ms * 1000:.0f} {int(clock.synchronised)}\n")
    try:
        yield
    finally:
        _tell(host, before)


def _tell(host: Host, told: str) -> None:
    """Whole or not at all, for processes start at any time; nothing said is no file."""
    if told:
        host.put(File(path=f"{CLOCK}.new", content=told.encode()))
        host.run("mv", f"{CLOCK}.new", CLOCK)
    else:
        host.run("rm", "-f", CLOCK)
