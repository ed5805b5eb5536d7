"""Logs that are too large, rules that would rotate them, and a process that writes to one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CAN = os.geteuid() == 0 and Path("/usr/sbin/logrotate").exists()
NOBODY, ADM = 65534, 4
# Writes numbered lines without end; opens its log anew at HUP, as far as it hears.
WRITER = """
import os, signal, sys, time
path, flags, hears = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "hears"
def opened(*_):
    held = os.open(path, flags, 0o640)
    os.dup2(held, 9)
    os.close(held)
opened()
signal.signal(signal.SIGHUP, opened if hears else signal.SIG_IGN)
print("ready", flush=True)
for number in range(10 ** 9):
    os.write(9, b"line %d\\n" % number)
    time.sleep(0.0005)
"""
APPENDS = os.O_WRONLY | os.O_CREAT | os.O_APPEND


@contextmanager
def writer(log: Path, *, flags: int = APPENDS, hears: bool = True) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes to the log while we look."""
    argv = [sys.executable, "-c", WRITER, str(log), str(flags), "hears" if hears else "deaf"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


def large(path: Path, lines: int = 20000) -> Path:
    path.write_text("".join(f"old {number}\n" for number in range(lines)))
    return path


def rule(path: Path, **changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "path": str(path), "pattern": "*.log", "keep_days": None, "action": "rotate", "log": True, "recurse": False,
        "larger_than": 1000, "writer": "copytruncate", "service": None, "signal": None, "compress": True,
        "also_by_host": False,
    }  # fmt: skip
    return said | changes


def look(part: Callable, *rules: dict[str, Any], most: int = 100) -> dict[str, Any]:
    seen: dict[str, Any] = part("rules").look(list(rules), floor_days=184, now=time.time(), most=most)
    return seen


def refused(part: Callable, *rules: dict[str, Any]) -> str:
    """The one reason."""
    (one,) = look(part, *rules)["refused"]
    return str(one["why"])


def listed(directory: Path) -> list[str]:
    """The names, with `-WHEN` for the time of a rotation."""
    return sorted(re.sub(r"-\d{8}-\d{10}", "-WHEN", one.name) for one in directory.iterdir())
