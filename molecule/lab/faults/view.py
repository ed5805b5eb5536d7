"""What a host shows in place of a value that the kernel has only once: a file bound over the kernel's own.

The same way that lxcfs gives containers their /proc. Nothing but what reads the file on that host sees it.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from lab.faults.preload import SHOWN
from lab.host import Host
from lab.image import File
from lab.places import LabError

FOLDER = "/run/lab-view"
MIB = 1024
CALM = {
    "/proc/loadavg": "0.10 0.10 0.10 1/150 4000\n",
    "/proc/uptime": "864000.00 1700000.00\n",
    "/proc/mdstat": "Personalities : \nunused devices: <none>\n",
    "/proc/diskstats": "   8       0 sda 5000 0 200000 9000 8000 0 300000 16000 0 20000 25000\n",
    "/proc/sys/fs/file-nr": "2000\t0\t100000\n",
    "/proc/sys/net/netfilter/nf_conntrack_count": "100\n",
    "/proc/sys/net/netfilter/nf_conntrack_max": "262144\n",
}
PRESSURE = "some avg10=0.00 avg60={some:.2f} avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
_numbers = itertools.count(1)


@contextmanager
def text(host: Host, path: str, shown: str) -> Iterator[None]:
    """View: `path` reads as `shown`. Views of one path may lie over each other.

    A file that the kernel does not have is shown by the library of `preload`, to programs that start meanwhile.
    """
    if not (host.root / path.lstrip("/")).exists():
        with _instead(host, f"{SHOWN}{path}", shown):
            yield
        return
    file = f"{FOLDER}/{next(_numbers)}"
    host.put(File(path=file, content=shown.encode()))
    with _bound(host, file, path):
        yield


@contextmanager
def altered(host: Host, path: str, lines: Mapping[str, str]) -> Iterator[None]:
    """View: `path` reads as it does now, each line that a pattern matches from its start put in another's place."""
    shown = host.run("cat", path).out
    for pattern, line in lines.items():
        shown, found = re.subn(rf"^{pattern}.*$", line, shown, flags=re.MULTILINE)
        if not found:
            shown += f"{line}\n"
    with text(host, path, shown):
        yield


@contextmanager
def moving(host: Host, path: str, step: str) -> Iterator[None]:
    """View: `path` reads as now, and goes on as the Python statements `step` say every 20 ms.

    They find the words of the file's lines in `rows`, a list of lists, and change them in place.
    """
    number = next(_numbers)
    file, unit = f"{FOLDER}/{number}", f"lab-view-{number}"
    body = "\n".join(f"    {line}" for line in step.splitlines())
    program = (
        f"import os, time\nfile = os.open({file!r}, os.O_RDWR)\n"
        "rows = [line.split(' ') for line in os.read(file, 1 << 20).decode().splitlines()]\n"
        f"while True:\n{body}\n"
        "    shown = '\\n'.join(' '.join(map(str, row)) for row in rows) + '\\n'\n"
        "    os.pwrite(file, shown.encode(), 0)\n    time.sleep(0.02)\n"
    )
    content = re.sub(r"[ \t]+", " ", host.run("cat", path).out).replace("\n ", "\n").strip()
    host.put(File(path=file, content=f"{content}\n".encode()), File(path=f"{file}.py", content=program.encode()))
    host.run("systemd-run", "--quiet", f"--unit={unit}", "/usr/bin/python3", f"{file}.py")
    try:
        with _bound(host, file, path):
            yield
    finally:
        host.run("systemctl", "stop", unit)


@contextmanager
def calm(host: Host) -> Iterator[None]:
    """View: an idle machine of its own, whatever the machine that the lab runs on is doing."""
    with ExitStack() as views:
        for path, shown in CALM.items():
            views.enter_context(text(host, path, shown))
        for resource in ("cpu", "memory", "io"):
            views.enter_context(pressure(host, resource, some_percent=0))
        views.enter_context(memory(host, available_percent=70, swap_free_percent=100))
        views.enter_context(altered(host, "/proc/vmstat", {"oom_kill ": "oom_kill 0"}))
        yield


@contextmanager
def load(host: Host, *, load1: float, load5: float) -> Iterator[None]:
    """View: these means of the run queue over one and five minutes."""
    with text(host, "/proc/loadavg", f"{load1:.2f} {load5:.2f} {load5:.2f} 1/150 4000\n"):
        yield


@contextmanager
def busy(host: Host) -> Iterator[None]:
    """View: every core busy with the work of programs, and the load of the last five minutes says the same."""
    cores = int(host.run("nproc").out)
    work = "rows[0][1] = int(rows[0][1]) + 8  # jiffies of user time"
    with moving(host, "/proc/stat", work), load(host, load1=cores, load5=cores):
        yield


@contextmanager
def pressure(host: Host, resource: str, *, some_percent: float) -> Iterator[None]:
    """View: some task stalled on `resource` (cpu, memory, io) in that share of the last minute."""
    with text(host, f"/proc/pressure/{resource}", PRESSURE.format(some=some_percent)):
        yield


@contextmanager
def memory(host: Host, *, available_percent: float, swap_free_percent: float) -> Iterator[None]:
    """View: 8 GiB of memory and 2 GiB of swap, and what is left of them."""
    total, swap = 8192 * MIB, 2048 * MIB
    lines = {
        "MemTotal:": total,
        "MemFree:": total * available_percent / 200,
        "MemAvailable:": total * available_percent / 100,
        "SwapTotal:": swap,
        "SwapFree:": swap * swap_free_percent / 100,
    }
    with altered(host, "/proc/meminfo", {name: f"{name} {kib:.0f} kB" for name, kib in lines.items()}):
        yield


@contextmanager
def slow_disk(host: Host, *, reading: bool, wait_ms: int, busy_ms: int = 1) -> Iterator[None]:
    """View: requests go on finishing on the disk sda, each after `wait_ms`, of which it was at work for `busy_ms`."""
    count, spent = (3, 6) if reading else (7, 10)
    step = (
        f"rows[0][{count}] = int(rows[0][{count}]) + 1\nrows[0][{spent}] = int(rows[0][{spent}]) + {wait_ms}\n"
        f"rows[0][12] = int(rows[0][12]) + {busy_ms}"
    )
    with moving(host, "/proc/diskstats", step):
        yield


@contextmanager
def degraded_array(host: Host) -> Iterator[None]:
    """View: an MD mirror that has lost one of its two disks."""
    shown = (
        "Personalities : [raid1]\nmd0 : active raid1 sdb1[1] sda1[0](F)\n"
        "      976630464 blocks super 1.2 [2/1] [_U]\n\nunused devices: <none>\n"
    )
    with text(host, "/proc/mdstat", shown):
        yield


@contextmanager
def failing_disk(host: Host, *, pending: int = 0, passed: bool = True) -> Iterator[None]:
    """View: smartctl speaks of a disk /dev/sda, with this verdict and this many pending sectors."""
    verdict = "PASSED" if passed else "FAILED!"
    told = (
        "smartctl 7.3 2022-02-28 r5338 [x86_64-linux-6.1.0] (local build)\n"
        "Copyright (C) 2002-22, Bruce Allen, Christian Franke, www.smartmontools.org\n\n"
        "=== START OF READ SMART DATA SECTION ===\n"
        f"SMART overall-health self-assessment test result: {verdict}\n\n"
        "ID# ATTRIBUTE_NAME          FLAG     VALUE WORST THRESH TYPE      UPDATED  WHEN_FAILED RAW_VALUE\n"
        "  5 Reallocated_Sector_Ct   0x0033   100   100   010    Pre-fail  Always       -       0\n"
        f"197 Current_Pending_Sector  0x0012   100   100   000    Old_age   Always       -       {pending}\n"
    )
    scan = "[ \"$1\" = --scan ] && echo '/dev/sda -d scsi # /dev/sda, SCSI device' && exit"
    answer = f"#!/bin/sh\n{scan}\ncat <<'END'\n{told}END\n"
    with written(host, File(path="/usr/sbin/smartctl", content=answer.encode(), mode=0o755)):
        yield


@contextmanager
def machine(host: Host) -> Iterator[None]:
    """View: nothing says that the host is a container."""
    with text(host, "/run/systemd/container", ""):
        yield


@contextmanager
def written(host: Host, *files: File) -> Iterator[None]:
    """Files that are not there before (LabError if one is), and not afterwards."""
    for file in files:
        if os.path.lexists(host.root / file.path.lstrip("/")):
            raise LabError(f"{file.path} is there already on {host.name}")
    host.put(*files)
    try:
        yield
    finally:
        host.run("rm", "-f", *(file.path for file in files))


@contextmanager
def _instead(host: Host, path: str, shown: str) -> Iterator[None]:
    before = host.run("cat", path, check=False)
    host.put(File(path=path, content=shown.encode()))
    try:
        yield
    finally:
        if before.code == 0:
            host.put(File(path=path, content=before.out.encode()))
        else:
            host.run("rm", path)


@contextmanager
def _bound(host: Host, file: str, path: str) -> Iterator[None]:
    host.run("mount", "--bind", file, path)
    try:
        yield
    finally:
        host.run("umount", "--lazy", path)
