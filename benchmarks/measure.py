"""Runs one command and says what it cost its machine: wall, CPU of everything it started, peak memory.

    python benchmarks/measure.py COMMAND…      prints {"wall_s": …, "cpu_s": …, "peak_mib": …, "code": …}

A program of its own, so that the CPU of exactly this command is counted: it is the subreaper of what the command leaves
in the background (held ssh connections), ends that, and counts it too. Targets are children of somebody else.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

SAMPLE_S = 1.0  # reading smaps costs the machine that is being measured
PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = time.monotonic()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    over, peaks = threading.Event(), [0.0]
    sampler = threading.Thread(target=sample_memory, args=(process.pid, over, peaks), daemon=True)
    sampler.start()
    said = read_all(process)
    wall = time.monotonic() - began
    over.set()
    sampler.join()
    end_the_rest()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_mib": peaks[0], "code": process.returncode}
    print(json.dumps({**cost, "said": said[-2000:].decode("utf-8", "replace")}))


def read_all(process: subprocess.Popen[bytes]) -> bytes:
    """Standard error up to the end of the command; a held connection may keep the pipe open longer."""
    process.wait()
    os.set_blocking(process.stderr.fileno(), False)
    with contextlib.suppress(BlockingIOError):
        return process.stderr.read() or b""
    return b""


def end_the_rest() -> None:
    """End and reap what the command left in the background: our own children now, and nobody else's."""
    while True:
        for child in children(os.getpid()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def sample_memory(pid: int, over: threading.Event, peaks: list[float]) -> None:
    """The largest memory of the family, shared pages counted once (PSS)."""
    while not over.wait(SAMPLE_S):
        peaks[0] = max(peaks[0], sum(pss_mib(one) for one in family(pid)))


def family(pid: int) -> Iterator[int]:
    yield pid
    for child in children(pid):
        yield from family(child)


def children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def pss_mib(pid: int) -> float:
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return 0.0


if __name__ == "__main__":
    main()
