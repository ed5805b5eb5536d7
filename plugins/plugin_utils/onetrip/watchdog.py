"""Ends what a killed controller leaves behind.

A controller that is killed runs none of its own cleanup. This small process, in a session of its own, is told of every
process group that is started and ended; when its standard input closes because the controller is gone, it kills those
that are left, and only those.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import Self

PROGRAM = """
import os, sys
live = set()
for line in sys.stdin:
    (live.add if line[0] == "+" else live.discard)(int(line[1:]))
for group in live:
    try:
        os.killpg(group, 9)
    except OSError:
        pass
"""


class Watchdog:
    """A context manager: while it is entered, groups can be put under its guard.

    `descriptor` is the end of its pipe, which a forked child must close, or the watchdog would not see the end.
    """

    def __enter__(self) -> Self:
        ours, self.descriptor = os.pipe()
        argv = [sys.executable, "-I", "-S", "-c", PROGRAM]
        self._process = subprocess.Popen(argv, stdin=ours, start_new_session=True)
        os.close(ours)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)
        self._process.wait()

    def guard(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def release(self, group: int) -> None:
        self._tell(f"-{group}\n")

    def _tell(self, line: str) -> None:
        # Without its watchdog the run goes on: only the cleanup after a kill is lost.
        with contextlib.suppress(OSError):
            os.write(self.descriptor, line.encode())
