"""Facts of the host: its kernel, resources, disks, services and logs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maintkit.checks.facts.fact import Fact, Whole


class Host(Fact):
    """Who answered. `boot_id` and `machine_id` are None where the kernel or the image has none."""

    hostname: str
    machine_id: str | None = None
    boot_id: str | None = None
    os_id: str | None = None
    os_version: str | None = None
    os_name: str | None = None
    kernel: str
    arch: str
    virtualization: str | None = None
    uptime_s: float
    booted_at: float
    cores: Whole
    timezone: str | None = None


class Cpu(Fact):
    """Shares of the sample window, all cores together; load averages as the kernel gives them."""

    cores: Whole
    sample_s: float
    busy_percent: float
    iowait_percent: float
    steal_percent: float
    load1: float
    load5: float
    load15: float


class Pressure(Fact):
    """PSI `avg60` (some/full), percent. absent where the kernel has no PSI."""

    cpu_some_avg60: float | None = None
    cpu_some_avg300: float | None = None
    memory_some_avg60: float | None = None
    memory_full_avg60: float | None = None
    io_some_avg60: float | None = None
    io_full_avg60: float | None = None


class Memory(Fact):
    """/proc/meminfo. `available_estimated`: the kernel has no MemAvailable and free+buffers+cached stands for it."""

    total_bytes: Whole
    available_bytes: Whole
    available_estimated: bool = False
    free_bytes: Whole
    cached_bytes: Whole
    swap_total_bytes: Whole
    swap_free_bytes: Whole
    huge_pages: Whole | None = None  # set aside, used or not
    oom_kills: Whole | None = None  # since boot; None on kernels before 4.13


class Filesystem(Fact):
    """One mount of a real filesystem. `state` timeout: it did not answer (a dead NFS server); the numbers are None.

    `asked` False: time ran out on other mounts before it was this one's turn, so `timeout` says nothing of it.
    """

    mount: str
    device: str
    fstype: str
    state: Literal["ok", "timeout", "error"] = "ok"
    asked: bool = True
    reason: str | None = None
    size_bytes: Whole | None = None
    used_bytes: Whole | None = None
    free_bytes: Whole | None = None  # to an unprivileged user
    inodes_total: Whole | None = None  # 0 or None: the filesystem has no fixed number
    inodes_free: Whole | None = None
    read_only: bool = False
    fstab_read_only: bool | None = None  # None: not in /etc/fstab
    network: bool = False


class Filesystems(Fact):
    mounts: tuple[Filesystem, ...]


class Disk(Fact):
    """One block device. Await is per finished request in the sample window; None: no request finished in it."""

    device: str
    sample_s: float
    read_await_ms: float | None = None
    write_await_ms: float | None = None
    util_percent: float | None = None
    rotational: bool | None = None  # as the kernel says; None: it does not
    reads: Whole  # finished since boot
    writes: Whole
    read_ms: Whole  # spent, since boot
    write_ms: Whole


class Disks(Fact):
    devices: tuple[Disk, ...]


class Array(Fact):
    """One MD array of /proc/mdstat."""

    name: str
    level: str | None = None
    active: bool
    devices_total: Whole | None = None
    devices_up: Whole | None = None
    degraded: bool
    recovery: str | None = None


class Arrays(Fact):
    arrays: tuple[Array, ...]


class SmartDevice(Fact):
    """smartctl's verdict and raw values of attributes by number as text ("5", "187", "197", "198")."""

    device: str
    passed: bool | None = None
    attributes: dict[str, Whole] = Field(default_factory=dict)
    reason: str | None = None


class Smart(Fact):
    devices: tuple[SmartDevice, ...]


class Tables(Fact):
    """Kernel tables that fill up. None: the kernel does not have that table."""

    conntrack_count: Whole | None = None
    conntrack_max: Whole | None = None
    file_handles_used: Whole | None = None
    file_handles_max: Whole | None = None
    processes: Whole
    processes_max: Whole  # the lowest of pid_max and threads-max
    threads: Whole | None = None
    zombies: Whole = 0
    blocked: Whole = 0


class ClockFact(Fact):
    """Time keeping. `offset_s` is host minus reference, None when nothing on the host says it."""

    synchronised: bool | None = None
    offset_s: float | None = None
    source: str | None = None  # chrony, timesyncd, ntpd, kernel
    now_at: float


class Unit(Fact):
    """One systemd unit. `restarts` is NRestarts since the unit was loaded, None before systemd 235."""

    name: str
    load: str
    active: str
    sub: str
    enabled: str | None = None
    result: str | None = None
    restarts: Whole | None = None
    main_pid: Whole | None = None
    active_since_at: float | None = None


class Timer(Fact):
    """A systemd timer or a cron job whose last run is known. `result` is systemd's, "success" when fine."""

    name: str
    unit: str | None = None
    result: str | None = None
    last_at: float | None = None
    next_at: float | None = None


class Systemd(Fact):
    """`expected` holds every unit asked for, with load "not-found" when the host has none of that name."""

    state: str
    failed: tuple[Unit, ...]
    expected: tuple[Unit, ...]
    enabled: tuple[str, ...]
    timers: tuple[Timer, ...] = ()


class Kernel(Fact):
    """Versions as `uname -r` writes them. `newest` None: /boot and /lib/modules hold none (a container)."""

    running: str
    newest: str | None = None
    installed: tuple[str, ...] = ()
    reboot_required: bool | None = None
    reboot_reason: str | None = None


class Message(Fact):
    """A message with its varying parts (numbers, addresses, hex) replaced, and how often it came."""

    text: str
    count: Whole
    source: str | None = None


class Journal(Fact):
    """System messages of priority err and worse between `since_at` and the collection."""

    since_at: float
    until_at: float
    source: str  # journald, or the file read
    errors: Whole
    complete: bool = True  # False: the output cap or the start of the log cut the count short
    top: tuple[Message, ...] = ()


class AppLog(Fact):
    """One named application log. `errors` counts lines that match `pattern` in what was read."""

    path: str
    state: Literal["ok", "missing", "denied", "error"]
    reason: str | None = None
    pattern: str
    size_bytes: Whole | None = None
    modified_at: float | None = None
    since_at: float | None = None
    read_bytes: Whole = 0
    complete: bool = True
    errors: Whole | None = None
    top: tuple[Message, ...] = ()


class AppLogs(Fact):
    logs: tuple[AppLog, ...]


class Port(Fact):
    """A listening socket. `process` is withheld without root."""

    protocol: Literal["tcp", "tcp6", "udp", "udp6"]
    address: str
    port: Whole
    process: str | None = None
    uid: Whole | None = None


class Ports(Fact):
    listening: tuple[Port, ...]


class CronJob(Fact):
    """A cron entry. The command itself may hold secrets: its first word and a hash stand for it."""

    source: str
    user: str | None = None
    schedule: str
    program: str
    sha256: str


class Cron(Fact):
    jobs: tuple[CronJob, ...]
