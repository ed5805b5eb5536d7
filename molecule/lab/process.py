"""Processes, known by number and start time, so that a number that was given away again is never taken for ours."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lab.places import LabError

POLL_S = 0.02


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process of this machine; `started` is field 22 of /proc/PID/stat, in clock ticks since boot."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The process that has this number now."""
        fields = _stat(pid)
        return None if fields is None else cls(pid=pid, started=int(fields[19]))

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `str` wrote."""
        pid, started = text.split()
        return cls(pid=int(pid), started=int(started))

    def __str__(self) -> str:
        return f"{self.pid} {self.started}"

    @property
    def alive(self) -> bool:
        """It is there, and it is no zombie."""
        fields = _stat(self.pid)
        return fields is not None and int(fields[19]) == self.started and fields[0] != "Z"

    def kill(self, *, wait_s: float = 60.0) -> None:
        """SIGKILL, and wait until it is gone."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
        until = time.monotonic() + wait_s
        while self.alive:
            if time.monotonic() > until:
                raise LabError(f"process {self.pid} does not end")
            time.sleep(POLL_S)


def children(pid: int) -> Iterator[int]:
    """Numbers of the direct children."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            yield from map(int, task.read_text().split())
        except OSError:
            continue


def run(*argv: object, check: bool = True, timeout_s: float = 600, stdin: str | None = None) -> str:
    """Run a program of this machine; its standard output. LabError holds what it said when it fails."""
    done = subprocess.run(
        list(map(str, argv)),
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        check=False,
    )
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(map(str, argv))} ended with {done.returncode}: {_last(done.stderr or done.stdout)}")
    return done.stdout


def _last(said: str) -> str:
    return "\n".join(said.strip().splitlines()[-12:])


def _stat(pid: int) -> Sequence[str] | None:
    """The fields of /proc/PID/stat from the third on; None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    except OSError:
        return None
