"""PostgreSQL on a booted host: sessions that are left open, objects that nobody should have made, a cluster at its end.

Everything is done by the superuser in the database `his`, and taken back at the end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from lab.faults import clock
from lab.host import Host
from lab.places import LabError

DATABASE = "his"
HELD = "lab-held"
PSQL = ("runuser", "-u", "postgres", "--", "psql", "-XAtq", "-d", DATABASE)
WAIT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The one cluster of a host, as Debian lays it out: its unit, its data directory and its server's programs."""

    unit: str
    data: str
    binaries: str


def cluster(host: Host) -> Cluster:
    """The cluster `main`, of whatever version the host's release brings."""
    version = host.run("ls", "/etc/postgresql").out.strip()
    return Cluster(
        unit=f"postgresql@{version}-main",
        data=f"/var/lib/postgresql/{version}/main",
        binaries=f"/usr/lib/postgresql/{version}/bin",
    )


def sql(host: Host, *statements: str, check: bool = True) -> str:
    """Run statements, each for itself; what they gave."""
    words = [word for statement in statements for word in ("-c", statement)]
    return host.run(*PSQL, "-v", "ON_ERROR_STOP=1", *words, check=check).out.strip()


def until(host: Host, condition: str) -> None:
    """Wait until a query says true."""
    end = time.monotonic() + WAIT_S
    while sql(host, f"SELECT ({condition})::text") != "true":
        if time.monotonic() > end:
            raise LabError(f"on {host.name} it does not come to: {condition}")
        time.sleep(0.2)


def restart(host: Host) -> None:
    """Stop and start the server."""
    host.run("systemctl", "restart", cluster(host).unit)


@contextmanager
def made(host: Host, *statements: str, undo: str, settled: str | None = None) -> Iterator[None]:
    """These statements were run, and `settled` became true; `undo`, statements too, takes it back.

    Each has a session of its own: what a session counts may reach the statistics only when it ends.
    """
    for statement in statements:
        sql(host, statement)
    try:
        if settled is not None:
            until(host, settled)
        yield
    finally:
        sql(host, *undo.split("; "))


@contextmanager
def held(host: Host, statement: str, *, count: int = 1, age_s: int = 0) -> Iterator[None]:
    """`count` sessions that ran `statement` and are still there, in their state for so long."""
    program = f"(echo '{statement}'; sleep 120) | PGAPPNAME={HELD} {' '.join(PSQL)}"
    host.sh(f"for _ in $(seq {count}); do ({program}) >/dev/null 2>&1 </dev/null & done")
    found = f"pg_stat_activity WHERE application_name = '{HELD}'"
    try:
        long_enough = f"AND state_change < clock_timestamp() - interval '{age_s} s' AND state IS NOT NULL"
        until(host, f"SELECT count(*) = {count} FROM {found} {long_enough}")  # noqa: S608  # our own words
        yield
    finally:
        sql(host, f"SELECT pg_terminate_backend(pid) FROM {found}")  # noqa: S608  # our own words
        until(host, f"SELECT count(*) = 0 FROM {found}")  # noqa: S608  # our own words


@contextmanager
def _earlier(host: Host, seconds: int) -> Iterator[None]:
    """The server sees the clock of so long ago."""
    try:
        with clock.seen(host, clock.Clock(ahead_s=-seconds)):
            restart(host)
            yield
    finally:
        restart(host)
        # What it archived then lies in the past of what failed before.
        sql(host, "SELECT pg_stat_reset_shared('archiver')")


@contextmanager
def prepared(host: Host, *, minutes: int) -> Iterator[None]:
    """A transaction was prepared so many minutes ago, and nobody has come back to it."""
    with _earlier(host, 60 * minutes):
        sql(host, "BEGIN; SELECT txid_current(); PREPARE TRANSACTION 'gtx-7'")
    try:
        yield
    finally:
        sql(host, "ROLLBACK PREPARED 'gtx-7'")


@contextmanager
def kept(host: Host) -> Iterator[None]:
    """The server is stopped, and whatever happens to its files, at the end they are what they were, and it runs."""
    unit, data = (found := cluster(host)).unit, found.data
    host.run("systemctl", "stop", unit)
    host.run("cp", "-a", data, f"{data}.kept")
    try:
        yield
    finally:
        host.sh(f"systemctl stop {unit}; rm -r {data}; mv {data}.kept {data}; systemctl start {unit}")


@contextmanager
def aged(host: Host, *, transactions: int) -> Iterator[None]:
    """The server has counted so many transactions since any table was frozen."""
    found = cluster(host)
    segment = f"{found.data}/pg_xact/{transactions // (1 << 20):04X}"
    with kept(host):
        host.sh(f"""
            dd if=/dev/zero of={segment} bs=256k count=1 status=none
            chown postgres: {segment}
            runuser -u postgres -- {found.binaries}/pg_resetwal -x {transactions} {found.data} >/dev/null
            systemctl start {found.unit}
        """)
        yield


@contextmanager
def damaged(host: Host) -> Iterator[None]:
    """A page of a table was written over on the disk, and somebody has read it since."""
    sql(host, "CREATE TABLE lab_damaged AS SELECT generate_series(1, 1000) AS number", "CHECKPOINT")
    found = cluster(host)
    file = sql(host, f"SELECT '{found.data}/' || pg_relation_filepath('lab_damaged')")
    host.sh(f"""
        systemctl stop {found.unit}
        printf damage | dd of={file} bs=1 seek=4000 conv=notrunc status=none
        systemctl start {found.unit}
    """)
    try:
        sql(host, "SELECT count(*) FROM lab_damaged", check=False)
        yield
    finally:
        sql(host, "DROP TABLE lab_damaged", "SELECT pg_stat_reset()")
        # Up to version 14 a process of its own counts, and is told without being waited for.
        until(host, "SELECT checksum_failures = 0 FROM pg_stat_database WHERE datname = current_database()")


@contextmanager
def behind(host: Host, *, segments: int) -> Iterator[None]:
    """Somebody receives WAL, has stopped reading, and so many segments of 16 MiB were written since."""
    place = "/var/tmp/lab-received"  # noqa: S108  # on the host, which nobody else uses
    host.sh(f"install -d -o postgres {place}")
    receiver = f"runuser -u postgres -- {cluster(host).binaries}/pg_receivewal -n -s 1 -D {place}"
    host.sh(f"{receiver} >/dev/null 2>&1 </dev/null &")
    try:
        until(host, "SELECT count(*) = 1 FROM pg_stat_replication WHERE write_lsn IS NOT NULL")
        host.run("pkill", "-STOP", "-x", "pg_receivewal")
        for _ in range(segments):
            sql(host, "SELECT txid_current()", "SELECT pg_switch_wal()")
        yield
    finally:
        host.sh(f"pkill -KILL -x pg_receivewal; rm -r {place}")
        until(host, "SELECT count(*) = 0 FROM pg_stat_replication")


@contextmanager
def not_archived(host: Host) -> Iterator[None]:
    """The command that archives WAL fails."""
    with _archives_by(host, "/bin/false"):
        sql(host, "SELECT txid_current()", "SELECT pg_switch_wal()")
        until(host, "SELECT last_failed_time > coalesce(last_archived_time, '-infinity') FROM pg_stat_archiver")
        yield


@contextmanager
def archiving_hangs(host: Host, *, age_s: int) -> Iterator[None]:
    """The command that archives WAL began so long ago, and does not end: nothing has failed."""
    mark = "/var/tmp/lab-hangs"  # noqa: S108  # on the host, which nobody else uses
    with _archives_by(host, f"while test -e {mark}; do sleep 0.1; done"):
        host.run("touch", mark)
        try:
            sql(host, "SELECT txid_current()", "SELECT pg_switch_wal()")
            oldest = "SELECT min(modification) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'"
            until(host, f"SELECT ({oldest}) < clock_timestamp() - interval '{age_s} s'")
            yield
        finally:
            host.run("rm", mark)


@contextmanager
def _archives_by(host: Host, command: str) -> Iterator[None]:
    """Another archive command is in force; when it is taken back, all that waited is archived."""
    try:
        sql(host, f"ALTER SYSTEM SET archive_command = '{command}'", "SELECT pg_reload_conf()")
        until(host, f"current_setting('archive_command') = '{command}'")
        yield
    finally:
        sql(host, "ALTER SYSTEM RESET archive_command", "SELECT pg_reload_conf()")
        well = "last_archived_time > coalesce(last_failed_time, '-infinity')"
        waits = "EXISTS (SELECT FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')"
        end = time.monotonic() + WAIT_S
        while sql(host, f"SELECT {well} AND NOT {waits} FROM pg_stat_archiver") != "t":  # noqa: S608  # our own words
            if time.monotonic() > end:
                raise LabError(f"on {host.name} WAL is still not archived")
            # Each segment that ends wakes the archiver, which else waits for a minute.
            sql(host, "SELECT txid_current()", "SELECT pg_switch_wal()")
            time.sleep(0.3)


def setting_changed(host: Host) -> AbstractContextManager[None]:
    """A setting was changed that holds only after a restart."""
    return made(
        host,
        "ALTER SYSTEM SET max_connections = 30",
        "SELECT pg_reload_conf()",
        settled="SELECT pending_restart FROM pg_settings WHERE name = 'max_connections'",
        undo="ALTER SYSTEM RESET max_connections; SELECT pg_reload_conf()",
    )


@contextmanager
def broken_index(host: Host) -> Iterator[None]:
    """A unique index was built concurrently over rows that are not unique."""
    sql(host, "CREATE TABLE lab_twice AS SELECT 1 AS number FROM generate_series(1, 2)")
    try:
        sql(host, "CREATE UNIQUE INDEX CONCURRENTLY lab_broken ON lab_twice (number)", check=False)
        yield
    finally:
        sql(host, "DROP TABLE lab_twice")


@contextmanager
def never_used(host: Host, *, days: int) -> Iterator[None]:
    """An index that no query has used, in statistics that are so many days old."""
    table = "CREATE TABLE lab_unused AS SELECT generate_series(1, 700000) AS number"
    with made(
        host, table, "CREATE INDEX lab_unused_number ON lab_unused (number)", "ANALYZE", undo="DROP TABLE lab_unused"
    ):
        with _earlier(host, 86400 * days):
            sql(host, "SELECT pg_stat_reset()")
        yield


@contextmanager
def deadlocked(host: Host, *, pairs: int) -> Iterator[None]:
    """So many pairs of sessions wanted each other's locks."""
    take = "SET deadlock_timeout = 50; SELECT pg_advisory_lock({}); SELECT pg_sleep(1); SELECT pg_advisory_lock({})"
    lines = []
    for first in range(1, 2 * pairs, 2):
        for order in ((first, first + 1), (first + 1, first)):
            words = " ".join(f"-c '{part}'" for part in take.format(*order).split("; "))
            lines.append(f"{' '.join(PSQL)} {words} >/dev/null 2>&1 </dev/null &")
    host.sh("\n".join([*lines, "wait"]))
    yield


@contextmanager
def ran(host: Host, *statements: str, at_once: int = 1) -> Iterator[None]:
    """These statements were run, by so many sessions at once."""
    words = " ".join(f'-c "{statement}"' for statement in statements)
    host.sh("\n".join([*[f"{' '.join(PSQL)} {words} >/dev/null </dev/null &"] * at_once, "wait"]))
    yield


@contextmanager
def stopped(host: Host) -> Iterator[None]:
    """The server is stopped."""
    unit = cluster(host).unit
    host.run("systemctl", "stop", unit)
    try:
        yield
    finally:
        host.run("systemctl", "start", unit)
