"""What the collector brings home, typed: the one source of the published schema.

`docs/schemas/facts-1.schema.json` is made from these models. The collector (plugins/module_utils/collector) is a
separate program that knows nothing of them: the two meet at the JSON document. Unknown fields are ignored, so that a
newer collector's result can be judged; a field that is not there is None, which no check reads as healthy.

Units are in the names: `_bytes`, `_percent` (0 to 100), `_s`, `_ms`; instants are epoch seconds (float, UTC) on the
host's own clock and end in `_at`.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = "maintkit.facts/1"

# What a counter of a kernel can hold. A number beyond it is no fact, and arithmetic with it could end an inspection.
Whole = Annotated[int, Field(ge=-(2**63), lt=2**64)]
Instant = Annotated[float, Field(ge=0, lt=253402300800)]  # up to the end of the year 9999

SectionStatus = Literal["ok", "absent", "denied", "timeout", "error"]


class Fact(BaseModel):
    """Base of every fact: immutable, tolerant of fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


DataT_co = TypeVar("DataT_co", bound=Fact, covariant=True)


class Section(Fact, Generic[DataT_co]):
    """One sub-collector's result.

    ok: `data` is there, perhaps without the fields named in `withheld` (field -> why, e.g. "needs root: /etc/shadow").
    absent: the host has no such thing (no systemd, no MD driver). denied: a privilege is missing, `reason` names it.
    timeout, error: `reason` says what happened.
    """

    status: SectionStatus
    reason: str | None = None
    how: tuple[str, ...] = ()
    took_ms: Whole = 0
    truncated: bool = False
    withheld: dict[str, str] = Field(default_factory=dict)
    data: DataT_co | None = None


# ---------------------------------------------------------------- host


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


class Interface(Fact):
    """One interface of /sys/class/net. `speed_mbps` None: unknown (virtual, or down)."""

    name: str
    physical: bool
    operstate: str
    carrier: bool | None = None
    admin_up: bool
    speed_mbps: Whole | None = None
    rx_packets: Whole
    rx_errors: Whole
    tx_packets: Whole
    tx_errors: Whole


class Network(Fact):
    interfaces: tuple[Interface, ...]


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


# ---------------------------------------------------------------- security


class Account(Fact):
    """One line of passwd, with what shadow says of it. `password` None: shadow could not be read."""

    name: str
    uid: Whole
    gid: Whole
    home: str
    shell: str
    login: bool  # the shell lets somebody in
    password: Literal["set", "empty", "locked"] | None = None
    password_changed_day: Whole | None = None  # days since 1970-01-01
    password_expires_day: Whole | None = None
    account_expires_day: Whole | None = None


class Accounts(Fact):
    accounts: tuple[Account, ...]


class SudoRule(Fact):
    """A rule line of sudoers, comments and aliases left out."""

    source: str
    text: str
    nopasswd: bool


class Sudo(Fact):
    rules: tuple[SudoRule, ...]


class Sshd(Fact):
    """The settings in force, lower-case names as `sshd -T` prints them; `basis` says how they were learnt."""

    basis: Literal["sshd -T", "files"]
    settings: dict[str, str]


class FailedLogin(Fact):
    user: str
    address: str
    count: Whole


class AcceptedLogin(Fact):
    user: str
    address: str
    method: str | None = None
    count: Whole
    last_at: float | None = None


class Logins(Fact):
    """Logins through sshd, login and su between `since_at` and the collection; the lists hold the most frequent 200.

    `failed_burst` is the largest number of failures within any ten minutes.
    """

    since_at: float
    source: str
    complete: bool = True
    failed_total: Whole
    failed_burst: Whole
    failed: tuple[FailedLogin, ...] = ()
    accepted: tuple[AcceptedLogin, ...] = ()


class AuthorizedKey(Fact):
    """A key that opens an account. `fingerprint` is OpenSSH's `SHA256:…`."""

    user: str
    source: str
    type: str
    fingerprint: str
    comment: str | None = None
    options: str | None = None


class AuthorizedKeys(Fact):
    keys: tuple[AuthorizedKey, ...]


class Audit(Fact):
    """auditd. `running` None: unknown."""

    installed: bool
    running: bool | None = None


class Update(Fact):
    name: str
    installed: str
    candidate: str
    security: bool


class Packages(Fact):
    """Installed packages and pending updates. `lists_updated_at` is the age of what the host knows of updates."""

    manager: Literal["dpkg", "rpm"]
    installed: Whole
    fingerprint: str  # sha256 over the sorted name=version lines
    updates: tuple[Update, ...] | None = None  # None: could not be worked out, see withheld
    lists_updated_at: float | None = None


class InstalledSource(Fact):
    """Installed packages that were built from one version of one source."""

    name: str
    version: str  # of the source, which a binary that was built anew does not share
    binaries: tuple[str, ...]


class PackagesInstalled(Fact):
    """Every installed package, by source. Only in deep inspections, and where dpkg is."""

    manager: Literal["dpkg"]
    codename: str | None = None  # VERSION_CODENAME of os-release, like bookworm
    sources: tuple[InstalledSource, ...]


class Antivirus(Fact):
    """An engine's definitions. absent where no engine is installed."""

    engine: str
    definitions_at: float | None = None
    definitions_version: str | None = None
    running: bool | None = None


class RetainedLog(Fact):
    """How far back one log reaches and what its rotation promises, in days; None: unknown."""

    name: str
    oldest_at: float | None = None
    kept_days: float | None = None
    policy_days: float | None = None
    policy: str | None = None


class LogRetention(Fact):
    logs: tuple[RetainedLog, ...]


# ---------------------------------------------------------------- certificates, web, backup


class Certificate(Fact):
    """One leaf certificate, from a file or from a live port. `error` set: it could not be read, the rest is None."""

    source: Literal["file", "port"]
    where: str
    subject: str | None = None
    issuer: str | None = None
    names: tuple[str, ...] = ()
    not_before_at: float | None = None
    not_after_at: float | None = None
    sha256: str | None = None
    self_signed: bool | None = None
    error: str | None = None


class Certificates(Fact):
    certificates: tuple[Certificate, ...]


class Probe(Fact):
    """One HTTP request made on the host. `matched` None: no content was asked for."""

    name: str
    url: str
    status: Whole | None = None
    latency_ms: float | None = None
    matched: bool | None = None
    error: str | None = None


class Gauge(Fact):
    """One number read from a page in the Prometheus text format (queue depth, JVM heap)."""

    name: str
    url: str
    metric: str
    value: float | None = None
    error: str | None = None


class Web(Fact):
    probes: tuple[Probe, ...] = ()
    gauges: tuple[Gauge, ...] = ()


class BackupSet(Fact):
    """One backup of the tool's own catalogue."""

    label: str
    kind: str  # full, diff, incr
    started_at: float
    stopped_at: float
    size_bytes: Whole | None = None  # of the database
    repo_bytes: Whole | None = None  # what it took in the repository
    error: bool | None = None  # pages failed their checksum; pgBackRest says false also of a cluster without checksums
    wal_start: str | None = None  # first and last WAL segment without which it cannot be restored
    wal_stop: str | None = None


class WalRange(Fact):
    archive: str
    first: str | None = None
    last: str | None = None


class BackupJob(Fact):
    """One stanza, from pgBackRest's `info`. `status_code` 0 is its "ok"."""

    tool: Literal["pgbackrest"]
    name: str
    status_code: Whole
    status: str
    backups: tuple[BackupSet, ...] = ()
    wal: tuple[WalRange, ...] = ()
    repositories: Whole = 0
    off_host: bool | None = None  # None: the configuration could not be read
    target_free_bytes: Whole | None = None
    target_size_bytes: Whole | None = None


class Backups(Fact):
    jobs: tuple[BackupJob, ...]


# ---------------------------------------------------------------- PostgreSQL


class PostgresqlTransaction(Fact):
    """An open transaction of a client, a second old or more. What it runs is never told."""

    pid: Whole
    database: str | None = None
    user: str | None = None
    state: str | None = None
    transaction_s: float
    state_s: float | None = None
    blocks: Whole = 0  # sessions that wait for it


class PostgresqlPrepared(Fact):
    """A prepared transaction (two-phase commit)."""

    name: str
    database: str | None = None
    age_s: float


class PostgresqlReplica(Fact):
    """Who receives WAL from here. `lag_bytes` is to what it has applied, or else kept."""

    name: str
    address: str | None = None
    state: str | None = None
    sync_state: str | None = None
    lag_bytes: Whole | None = None


class PostgresqlSlot(Fact):
    name: str
    kind: str | None = None
    database: str | None = None
    active: bool
    temporary: bool = False
    wal_status: str | None = None
    retained_bytes: Whole | None = None


class PostgresqlStandby(Fact):
    """Of an instance in recovery. `receiver` None: no WAL receiver runs."""

    replay_lag_bytes: Whole | None = None
    receiver: str | None = None


class PostgresqlArchiver(Fact):
    """Counters of the WAL archiver since `stats_reset_at`."""

    archived: Whole
    failed: Whole
    last_failed_wal: str | None = None
    last_archived_at: float | None = None
    last_failed_at: float | None = None
    stats_reset_at: float | None = None


class PostgresqlCheckpoints(Fact):
    """Checkpoints by cause since `stats_reset_at`."""

    timed: Whole
    requested: Whole
    stats_reset_at: float | None = None


class PostgresqlStatement(Fact):
    """A statement as pg_stat_statements normalises it, literals masked."""

    id: str | None = None
    database: str | None = None
    calls: Whole
    ms: float
    query: str


class PostgresqlStatements(Fact):
    """The ten statements that took most time of `total_ms`, since `since_at` (None: the version does not tell)."""

    since_at: float | None = None
    total_ms: float
    top: tuple[PostgresqlStatement, ...] = ()


class PostgresqlRelation(Fact):
    name: str
    size_bytes: Whole


class PostgresqlDead(Fact):
    """A table with more dead rows than the threshold at which autovacuum would come."""

    name: str
    dead: Whole
    live: Whole
    threshold: float
    autovacuum: bool = True  # not switched off for this table
    vacuumed_at: float | None = None


class PostgresqlStale(Fact):
    """A table of 10 000 rows or more of which over a fifth changed since it was last analysed."""

    name: str
    live: Whole
    modified: Whole
    analyzed_at: float | None = None


class PostgresqlSequence(Fact):
    """A sequence, or an integer primary key by the sequence that feeds it."""

    name: str
    type: str | None = None
    last_value: Annotated[int, Field(ge=-(2**63), lt=2**64)] | None = None
    used_percent: float


class PostgresqlIndex(Fact):
    """An index with something to be said of it. `twin_of`: another index that does the same and is the better one."""

    name: str
    table: str
    size_bytes: Whole
    valid: bool
    ready: bool = True
    twin_of: str | None = None
    unused: bool | None = None


class PostgresqlForeignKey(Fact):
    """A foreign key of a table of 1 MiB or more without an index that starts with its columns."""

    name: str
    table: str
    parent: str
    table_bytes: Whole


class PostgresqlBloat(Fact):
    """An index measured by pgstatindex; densities in percent of a page."""

    name: str
    size_bytes: Whole
    fillfactor: Whole
    leaf_density: float


class PostgresqlDatabase(Fact):
    """One database; what is in it only where `asked`. Counters count since `stats_reset_at` (None: never reset)."""

    name: str
    asked: bool = False
    may_connect: bool | None = None
    xid_age: Whole | None = None
    mxid_age: Whole | None = None
    size_bytes: Whole | None = None
    blks_hit: Whole | None = None
    blks_read: Whole | None = None
    temp_files: Whole | None = None
    temp_bytes: Whole | None = None
    deadlocks: Whole | None = None
    checksum_failures: Whole | None = None
    stats_reset_at: float | None = None
    stats_since_at: float | None = None  # they reach back at least so far
    sequences_seen: Whole | None = None
    sequences_hidden: Whole | None = None
    integer_keys: Whole | None = None
    tables: tuple[PostgresqlRelation, ...] = ()
    vacuum: tuple[PostgresqlDead, ...] = ()
    statistics: tuple[PostgresqlStale, ...] = ()
    sequences: tuple[PostgresqlSequence, ...] = ()
    keys: tuple[PostgresqlSequence, ...] = ()
    indexes: tuple[PostgresqlIndex, ...] = ()
    foreign_keys: tuple[PostgresqlForeignKey, ...] = ()
    bloat: tuple[PostgresqlBloat, ...] | None = None


class PostgresqlInstance(Fact):
    """One instance. Only where `state` is up there is more than its name; `withheld` says what is not whole, and why.

    down: nothing answers. full: it has no connection left. refused: it did not let us in. undeclared: a server listens,
    and the site does not name it.
    """

    name: str
    state: Literal["up", "down", "full", "refused", "undeclared"]
    reason: str | None = None
    withheld: dict[str, str] = Field(default_factory=dict)
    version_num: Whole | None = None
    in_recovery: bool | None = None
    now_at: float | None = None
    sees_all: bool | None = None  # the role may read all statistics
    sees_settings: bool | None = None  # and all settings
    started_at: float | None = None
    max_connections: Whole | None = None
    connections: Whole | None = None
    data_checksums: bool | None = None
    autovacuum: bool | None = None
    archiving: bool | None = None
    transactions: tuple[PostgresqlTransaction, ...] | None = None
    prepared: tuple[PostgresqlPrepared, ...] | None = None
    replicas: tuple[PostgresqlReplica, ...] | None = None
    slots: tuple[PostgresqlSlot, ...] | None = None
    standby: PostgresqlStandby | None = None
    archiver: PostgresqlArchiver | None = None
    checkpoints: PostgresqlCheckpoints | None = None
    pending_restart: tuple[str, ...] | None = None
    databases: tuple[PostgresqlDatabase, ...] | None = None
    statements: PostgresqlStatements | None = None


class Postgresql(Fact):
    instances: tuple[PostgresqlInstance, ...]


# ---------------------------------------------------------------- the document


class Collector(Fact):
    """Which collector ran, and as whom."""

    version: str
    sha256: str | None = None
    python: str
    euid: Whole
    user: str | None = None
    deep: bool = False


class Sections(Fact):
    """Every sub-collector by name. None: this document does not hold the section at all."""

    host: Section[Host] | None = None
    cpu: Section[Cpu] | None = None
    pressure: Section[Pressure] | None = None
    memory: Section[Memory] | None = None
    filesystems: Section[Filesystems] | None = None
    disks: Section[Disks] | None = None
    arrays: Section[Arrays] | None = None
    smart: Section[Smart] | None = None
    network: Section[Network] | None = None
    tables: Section[Tables] | None = None
    clock: Section[ClockFact] | None = None
    systemd: Section[Systemd] | None = None
    kernel: Section[Kernel] | None = None
    journal: Section[Journal] | None = None
    applogs: Section[AppLogs] | None = None
    ports: Section[Ports] | None = None
    cron: Section[Cron] | None = None
    accounts: Section[Accounts] | None = None
    sudo: Section[Sudo] | None = None
    sshd: Section[Sshd] | None = None
    logins: Section[Logins] | None = None
    authorized_keys: Section[AuthorizedKeys] | None = None
    audit: Section[Audit] | None = None
    packages: Section[Packages] | None = None
    packages_installed: Section[PackagesInstalled] | None = None
    antivirus: Section[Antivirus] | None = None
    log_retention: Section[LogRetention] | None = None
    certificates: Section[Certificates] | None = None
    web: Section[Web] | None = None
    backups: Section[Backups] | None = None
    postgresql: Section[Postgresql] | None = None


class Facts(Fact):
    """One host's document, schema `maintkit.facts/1`."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, title=SCHEMA)

    format: Annotated[Literal["maintkit.facts/1"], Field(alias="schema")]
    collector: Collector
    collected_at: Instant
    took_ms: Whole
    sections: Sections
