"""Facts of PostgreSQL instances."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from maintkit.checks.facts.fact import Fact, Whole


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
    """Counters of the WAL archiver since `stats_reset_at`, and what waits for it (None: not seen)."""

    archived: Whole
    failed: Whole
    last_failed_wal: str | None = None
    last_archived_wal: str | None = None
    last_archived_at: float | None = None
    last_failed_at: float | None = None
    stats_reset_at: float | None = None
    wal_bytes: Whole | None = None  # the place in the WAL where the server is, counted from its beginning
    segment_bytes: Whole | None = None
    waiting: Whole | None = None  # files that are finished and not archived
    oldest_at: float | None = None  # since when the first of them is


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
    rows: Whole | None = None
    blks_hit: Whole | None = None  # blocks of tables and indexes from the cache
    blks_read: Whole | None = None  # and from elsewhere
    temp_blks: Whole | None = None  # blocks of temporary files, read or written
    query: str


class PostgresqlStatements(Fact):
    """Statements that took most time of `total_ms`, or most time a call, blocks or temporary files.

    They are counted since `since_at` (None: the version does not tell).
    """

    since_at: float | None = None
    total_ms: float
    top: tuple[PostgresqlStatement, ...] = ()


class PostgresqlRelation(Fact):
    name: str
    size_bytes: Whole


class PostgresqlSetting(Fact):
    """A setting as pg_settings shows it: `setting` in `unit`. `sourcefile` None: no file sets it, or it is hidden."""

    name: str
    setting: str
    unit: str | None = None
    source: str | None = None
    sourcefile: str | None = None
    context: str | None = None


class PostgresqlActivity(Fact):
    """A table of 8 MiB or more, among the largest or the most read from end to end; counters since the reset."""

    name: str
    size_bytes: Whole
    live: Whole
    dead: Whole
    seq_scan: Whole
    seq_tup_read: Whole
    idx_scan: Whole = 0
    vacuum_scale: float | None = None  # its own autovacuum_vacuum_scale_factor


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
    """An index with something to be said of it. `twin_of`: another index that does the same and is the better one.

    `prefix_of`: a longer one begins with all of it. `attached`: it belongs to an index of a partitioned table.
    """

    name: str
    table: str
    size_bytes: Whole
    valid: bool
    ready: bool = True
    twin_of: str | None = None
    prefix_of: str | None = None
    attached: bool = False
    unused: bool | None = None


class PostgresqlForeignKey(Fact):
    """A foreign key of a table of 1 MiB or more without an index that starts with its columns."""

    name: str
    table: str
    parent: str
    table_bytes: Whole
    columns: str | None = None  # as SQL writes them


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
    activity: tuple[PostgresqlActivity, ...] = ()


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
    archiving: bool | None = None  # a standby does so only where archive_mode is `always`
    sees_archive: bool | None = None  # the role may see what waits to be archived
    transactions: tuple[PostgresqlTransaction, ...] | None = None
    prepared: tuple[PostgresqlPrepared, ...] | None = None
    replicas: tuple[PostgresqlReplica, ...] | None = None
    slots: tuple[PostgresqlSlot, ...] | None = None
    standby: PostgresqlStandby | None = None
    archiver: PostgresqlArchiver | None = None
    checkpoints: PostgresqlCheckpoints | None = None
    pending_restart: tuple[str, ...] | None = None
    settings: tuple[PostgresqlSetting, ...] | None = None
    databases: tuple[PostgresqlDatabase, ...] | None = None
    statements: PostgresqlStatements | None = None


class Postgresql(Fact):
    instances: tuple[PostgresqlInstance, ...]
