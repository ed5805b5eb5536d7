"""Who holds a file open, and how: by /proc, which shows every process to root alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .units import service_of

PAUSE_S = 0.2


@dataclass(frozen=True)
class Holder:
    """A process that has a file open once; `appends`: each of its writes goes to the end, wherever that is then."""

    pid: int
    name: str
    service: str | None
    writes: bool
    appends: bool


def holders(wanted: tuple) -> list[Holder]:
    """Every open handle of other processes to the file of this device and inode."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        with suppress(OSError):  # it has ended
            for handle in (process / "fd").iterdir():
                with suppress(OSError):  # it was closed meanwhile: the others count
                    seen = handle.stat()
                    if (seen.st_dev, seen.st_ino) == wanted:
                        found.append(_holder(process, handle.name))
    return found


def let_go(wanted: tuple, within_s: float) -> list[Holder]:
    """Who still writes to the file, or else reads it, when the time is over; empty as soon as nobody has it open."""
    until = time.monotonic() + within_s
    while True:
        left = holders(wanted)
        if not left or time.monotonic() >= until:
            return [one for one in left if one.writes] or left
        time.sleep(PAUSE_S)


def named(left: Iterable[Holder]) -> str:
    """Each process once, those of one name together: a server may have many."""
    pids: dict[str, dict[str, None]] = {}
    for one in left:
        pids.setdefault(one.name, {})[str(one.pid)] = None
    return ", ".join(f"process {' '.join(those)} ({name})" for name, those in pids.items())


def _holder(process: Path, handle: str) -> Holder:
    lines = _told(process / "fdinfo" / handle).splitlines()
    flags = next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
    return Holder(
        pid=int(process.name),
        name=_told(process / "comm").strip(),
        service=service_of(_told(process / "cgroup")),
        writes=flags & os.O_ACCMODE != os.O_RDONLY,
        appends=bool(flags & os.O_APPEND),
    )


def _told(file: Path) -> str:
    # The kernel cuts a name after 15 bytes, in the midst of a character.
    return file.read_bytes().decode(errors="replace")
