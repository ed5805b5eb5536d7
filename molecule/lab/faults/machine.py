"""The whole host: frozen, without power, out of memory, just started."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import cgroup
from lab.faults.view import altered, text
from lab.host import Host
from lab.places import LabError

MEMORY = 64 * 1024 * 1024
GREEDY = f"""
held = bytearray({4 * MEMORY})
for at in range(0, len(held), 4096):
    held[at] = 1
"""
UNIT, GO = "lab-greedy", "/run/lab-greedy"


@contextmanager
def frozen(host: Host) -> Iterator[None]:
    """Every process stands still: the host neither answers nor closes anything."""
    host.freeze()
    try:
        yield
    finally:
        host.thaw()


@contextmanager
def off(host: Host) -> Iterator[None]:
    """Without power; what it had not written to its disk may be lost."""
    host.cut_power()
    try:
        yield
    finally:
        host.start()
        host.wait()


@contextmanager
def just_started(host: Host) -> Iterator[None]:
    """View: started two minutes ago."""
    with text(host, "/proc/uptime", "120.00 200.00\n"):
        yield


@contextmanager
def killed_for_memory(host: Host) -> Iterator[None]:
    """A program of the host wanted more memory than its control group may have, and the kernel has killed it.

    The kernel counts such kills once for the whole machine. The host therefore sees this one in a view of the count;
    hosts without a view see it as well.
    """
    before = _kills()
    wait = f"until [ -e {GO} ]; do sleep 0.02; done; /usr/bin/python3 -c '{GREEDY}' || true"
    limits = (f"--property=MemoryMax={MEMORY}", "--property=MemorySwapMax=0", "--property=OOMPolicy=continue")
    host.run("systemd-run", "--quiet", "--collect", f"--unit={UNIT}", *limits, "/bin/sh", "-c", wait)
    _limit(host)
    host.run("touch", GO)
    until = time.monotonic() + 20
    while host.run("systemctl", "is-active", "--quiet", UNIT, check=False).code == 0:
        if time.monotonic() > until:
            raise LabError(f"the kernel has killed nothing on {host.name}")
        time.sleep(0.05)
    host.run("rm", GO)
    kills = _kills() - before
    if not kills:
        raise LabError(f"the kernel has counted no kill on {host.name}")
    with altered(host, "/proc/vmstat", {"oom_kill ": f"oom_kill {kills}"}):
        yield


def _limit(host: Host) -> None:
    """Where memory is of the old hierarchies, systemd's limit has no effect: the program gets a group with one."""
    inner = host.run("systemctl", "show", "--property=MainPID", "--value", UNIT).out.strip()
    for folder in cgroup.folders(host.lab, host.name):
        if (folder / "memory.limit_in_bytes").exists():
            group = folder / UNIT
            group.mkdir(exist_ok=True)
            (group / "memory.limit_in_bytes").write_text(str(MEMORY))
            (group / "cgroup.procs").write_text(str(host.outer(inner)))


def _kills() -> int:
    lines = Path("/proc/vmstat").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("oom_kill ")))
