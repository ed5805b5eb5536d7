"""Trials of the checks of a host's resources: processor, memory, disks, network, tables of the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from lab.faults import disk, machine, network, view
from lab.host import Host
from lab.trials.healthy import DATA
from lab.trials.trial import Trial

PACS = "/srv/pacs"


@contextmanager
def _few_processes(host: Host) -> Iterator[None]:
    """View: the kernel allows so few processes that those of a calm host (150) are most of them."""
    with view.text(host, "/proc/sys/kernel/pid_max", "170\n"):
        yield


TRIALS = (
    Trial(
        check="cpu.busy",
        words="all cores busy, and a load of one a core for five minutes",
        fault=view.busy,
        status="warn",
        view=True,
    ),
    Trial(
        check="cpu.load",
        words="a load of 40 for one minute",
        fault=partial(view.load, load1=40, load5=0.5),
        status="warn",
        view=True,
    ),
    Trial(
        check="disk.space",
        words="a filesystem filled to 85 %",
        fault=partial(disk.filled, path=DATA, percent=85),
        status="warn",
        instance=DATA,
    ),
    Trial(
        check="disk.space",
        words="a filesystem filled to 93 %",
        fault=partial(disk.filled, path=DATA, percent=93),
        status="crit",
        instance=DATA,
    ),
    Trial(
        check="disk.free",
        words="a filesystem filled to 96 %",
        fault=partial(disk.filled, path=DATA, percent=96),
        status="warn",
        instance=DATA,
        explains=("disk.space",),
    ),
    Trial(
        check="disk.free",
        words="the root filesystem filled to 99 %",
        fault=partial(disk.filled, path="/root", percent=99),
        status="crit",
        instance="/",
        explains=("disk.space",),
    ),
    Trial(
        check="disk.inodes",
        words="15 % of a filesystem's inodes left",
        fault=partial(disk.without_inodes, path=DATA, free_percent=15),
        status="warn",
        instance=DATA,
    ),
    Trial(
        check="disk.inodes",
        words="5 % of a filesystem's inodes left",
        fault=partial(disk.without_inodes, path=DATA, free_percent=5),
        status="crit",
        instance=DATA,
    ),
    Trial(
        check="disk.array",
        words="a mirror that has lost one of its two disks",
        fault=view.degraded_array,
        status="crit",
        instance="md0",
        value="1/2",
        view=True,
    ),
    Trial(
        check="disk.smart",
        words="smartctl tells of three pending sectors",
        fault=partial(view.failing_disk, pending=3),
        status="warn",
        instance="/dev/sda",
        value=3,
        view=True,
    ),
    Trial(
        check="disk.smart",
        words="smartctl says FAILED",
        fault=partial(view.failing_disk, passed=False),
        status="crit",
        instance="/dev/sda",
        value="FAILED",
        view=True,
    ),
    Trial(
        check="disk.busy",
        words="always at work, and each write takes 60 ms",
        fault=partial(view.slow_disk, reading=False, wait_ms=60, busy_ms=1000),
        status="warn",
        instance="sda",
        value=100,
        explains=("disk.write-await",),
        view=True,
    ),
    Trial(
        check="disk.read-await",
        words="each read takes 45 ms",
        fault=partial(view.slow_disk, reading=True, wait_ms=45),
        status="warn",
        instance="sda",
        value=45,
        view=True,
    ),
    Trial(
        check="disk.write-await",
        words="each write takes 60 ms",
        fault=partial(view.slow_disk, reading=False, wait_ms=60),
        status="warn",
        instance="sda",
        value=60,
        view=True,
    ),
    Trial(
        check="memory.available",
        words="20 % of the memory available",
        fault=partial(view.memory, available_percent=20, swap_free_percent=100),
        status="warn",
        value=20,
        view=True,
    ),
    Trial(
        check="memory.used",
        words="95 % of the memory used",
        fault=partial(view.memory, available_percent=5, swap_free_percent=100),
        status="warn",
        value=95,
        explains=("memory.available",),
        view=True,
    ),
    Trial(
        check="memory.swap",
        words="30 % of the swap free",
        fault=partial(view.memory, available_percent=70, swap_free_percent=30),
        status="warn",
        value=30,
        view=True,
    ),
    Trial(
        check="memory.oom",
        words="the kernel has killed a program that wanted more memory than its control group may have",
        fault=machine.killed_for_memory,
        status="crit",
        value=1,
    ),
    Trial(
        check="disk.mounts",
        words="a FUSE mount whose server never answers",
        fault=partial(disk.silent, path=PACS),
        status="crit",
        instance=PACS,
        value="无响应",
        explains=("disk.space", "disk.free", "disk.inodes", "disk.read-only"),  # not known of this mount
    ),
    Trial(
        check="disk.mounts",
        words="a filesystem of fstab that is not mounted any more",
        fault=partial(disk.gone, path=DATA),
        status="warn",
        instance=DATA,
        value="未挂载",
    ),
    Trial(
        check="disk.read-only",
        words="a filesystem remounted read-only",
        fault=partial(disk.read_only, path=DATA),
        status="crit",
        instance=DATA,
        value="只读",
    ),
    Trial(
        check="network.busy",
        words="98 % of a network card's 20 Mbit/s sent",
        fault=partial(network.filled, mbps=20),
        status="warn",
        instance=network.CARD,
        view=True,
        explains=("network.link",),  # 20 instead of 1000 Mbit/s
    ),
    Trial(
        check="network.errors",
        words="a tunnel to an address that has no route",
        fault=network.erring,
        status="warn",
        instance=network.TUNNEL,
        explains=("drift.ports",),  # the tunnel's own
    ),
    Trial(
        check="network.link",
        words="the far end of a network card's link is down",
        fault=network.unplugged,
        status="crit",
        instance=network.CARD,
        value="断开",
        view=True,
    ),
    Trial(
        check="network.link",
        words="a network card at 100 instead of 1000 Mbit/s",
        fault=partial(network.slower, mbps=100),
        status="warn",
        instance=network.CARD,
        value=100,
        view=True,
    ),
    Trial(
        check="pressure.memory",
        words="tasks stalled on memory 25 % of the last minute",
        fault=partial(view.pressure, resource="memory", some_percent=25),
        status="warn",
        value=25,
        view=True,
    ),
    Trial(
        check="pressure.io",
        words="tasks stalled on storage 70 % of the last minute",
        fault=partial(view.pressure, resource="io", some_percent=70),
        status="crit",
        value=70,
        view=True,
    ),
    Trial(
        check="kernel.conntrack",
        words="80 % of the connection table in use",
        fault=partial(view.text, path="/proc/sys/net/netfilter/nf_conntrack_count", shown="209716\n"),
        status="warn",
        value=80,
        view=True,
    ),
    Trial(
        check="kernel.file-handles",
        words="75 % of the file handles in use",
        fault=partial(view.text, path="/proc/sys/fs/file-nr", shown="75000\t0\t100000\n"),
        status="warn",
        value=75,
        view=True,
    ),
    Trial(
        check="kernel.processes",
        words="150 processes and threads where the kernel allows 170",
        fault=_few_processes,
        status="warn",
        view=True,
    ),
)
