"""Facts of MySQL and MariaDB instances."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maintkit.checks.facts.fact import Fact, Whole


class MysqlCounters(Fact):
    """What the server counted since it started."""

    connections: Whole | None = None
    aborted_connects: Whole | None = None  # clients that gave up or were let in by no account
    connection_errors_max_connections: Whole | None = None  # clients for whom no connection was left
    innodb_buffer_pool_read_requests: Whole | None = None
    innodb_buffer_pool_reads: Whole | None = None  # of those, what had to come from the disk
    created_tmp_tables: Whole | None = None
    created_tmp_disk_tables: Whole | None = None
    slow_queries: Whole | None = None
    questions: Whole | None = None
    opened_tables: Whole | None = None
    innodb_os_log_written: Whole | None = None  # bytes of redo
    innodb_log_waits: Whole | None = None  # times that the log buffer was too small


class MysqlTransaction(Fact):
    """An open InnoDB transaction, a second old or more. What it runs is never told."""

    pid: Whole
    user: str | None = None
    database: str | None = None
    command: str | None = None
    state: str | None = None
    transaction_s: float
    changed: Whole | None = None
    blocks: Whole | None = None  # transactions that wait for it


class MysqlChannel(Fact):
    """A channel by which this server receives from another. Of its errors only the numbers are told."""

    name: str = ""
    source: str | None = None
    io: str | None = None
    sql: str | None = None
    lag_s: float | None = None
    delay_s: float | None = None  # how late it is meant to be
    io_error: Whole | None = None
    sql_error: Whole | None = None


class MysqlDatabase(Fact):
    """Data and indexes of a database, as the engines estimate them."""

    name: str
    size_bytes: Whole | None = None
    tables: Whole | None = None


class MysqlTable(Fact):
    """One of the 100 largest tables. `shared`: it has no tablespace of its own, and `free_bytes` is that of many."""

    name: str
    engine: str | None = None
    size_bytes: Whole | None = None
    free_bytes: Whole | None = None
    shared: bool | None = None
    stats_at: float | None = None  # when InnoDB last counted it


class MysqlIndex(Fact):
    """An index with something to be said of it. `redundant_to`: an index of its table that does all that it does."""

    name: str
    redundant_to: str | None = None
    unused: bool | None = None
    size_bytes: Whole | None = None


class MysqlStatement(Fact):
    """A statement as performance_schema digests it, literals masked."""

    id: str
    database: str | None = None
    calls: Whole | None = None
    ms: float | None = None
    rows_examined: Whole | None = None
    rows_sent: Whole | None = None
    no_index: Whole | None = None  # calls that used no index
    temp_disk: Whole | None = None  # temporary tables that were put on the disk
    query: str = ""


class MysqlInstance(Fact):
    """One instance. Only where `state` is up there is more than its name; `withheld` says what is not whole, and why.

    down: nothing answers. full: it has no connection left. refused: it did not let us in. undeclared: a server listens,
    and the site does not name it.
    """

    name: str
    state: Literal["up", "down", "full", "refused", "undeclared"]
    reason: str | None = None
    withheld: dict[str, str] = Field(default_factory=dict)
    version: str | None = None
    flavour: Literal["mysql", "mariadb"] | None = None
    now_at: float | None = None
    started_at: float | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    max_connections: Whole | None = None
    connections: Whole | None = None
    most_connections: Whole | None = None  # at one time, since it started
    open_tables: Whole | None = None
    read_only: bool | None = None
    performance_schema: bool | None = None
    counters: MysqlCounters | None = None
    history: Whole | None = None
    transactions: tuple[MysqlTransaction, ...] | None = None
    channels: tuple[MysqlChannel, ...] | None = None
    databases: tuple[MysqlDatabase, ...] | None = None
    tables: tuple[MysqlTable, ...] | None = None
    indexes: tuple[MysqlIndex, ...] | None = None
    statements: tuple[MysqlStatement, ...] | None = None
    statements_ms: float | None = None  # that all statements took


class Mysql(Fact):
    instances: tuple[MysqlInstance, ...]
