"""MariaDB or MySQL on a booted host, and a second one that it replicates from: sessions left open, odd tables.

Everything is done by root over the socket, and taken back at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.host import Host
from lab.image import File
from lab.places import LabError

OWN, SOURCE = "/run/mysqld/mysqld.sock", "/run/mysqld/source.sock"
SOURCE_UNIT = "lab-source"
NUMBERS = "numbers.upto"  # a table of the numbers from 1 to 100 000, in the column seq
# Figures as they are now, not as they were kept; only MySQL from 8.0.3 on reads it.
FRESH = "/*!80003 SET SESSION information_schema_stats_expiry = 0 */"
HISTORY = "(SELECT COUNT FROM information_schema.INNODB_METRICS WHERE NAME = 'trx_rseg_history_len')"
DATABASE, APPLICATION = "pharmacy", "app"
ATTEMPTS, ANSWER = "/root/lab-attempts", "/run/lab-held"
WAIT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Flavour:
    """What the two servers call differently: unit and client, and no temporary table in memory for a session."""

    unit: str
    client: str
    on_disk: str


MARIADB = Flavour(unit="mariadb", client="mariadb", on_disk="SET SESSION tmp_memory_table_size = 0")
MYSQL = Flavour(
    unit="mysql",
    client="mysql",
    on_disk="SET SESSION internal_tmp_mem_storage_engine = MEMORY, SESSION tmp_table_size = 1024",
)


def flavour(host: Host) -> Flavour:
    """Which of the two the host has."""
    return MARIADB if host.run("test", "-x", "/usr/sbin/mariadbd", check=False).code == 0 else MYSQL


def sql(host: Host, *statements: str, socket: str = OWN, check: bool = True) -> str:
    """Run statements in one session; what they gave."""
    argv = (flavour(host).client, "--batch", "--skip-column-names", f"--socket={socket}", "--user=root")
    return host.run(*argv, stdin=";\n".join((FRESH, *statements)) + ";\n", check=check).out.strip()


def until(host: Host, condition: str) -> None:
    """Wait until a query says 1."""
    end = time.monotonic() + WAIT_S
    while sql(host, f"SELECT ({condition})") != "1":
        if time.monotonic() > end:
            raise LabError(f"on {host.name} it does not come to: {condition}")
        time.sleep(0.2)


def replica(host: Host) -> str:
    """What the instance says of its replication, a line a field."""
    return host.run(flavour(host).client, "--vertical", "--user=root", "-e", "SHOW SLAVE STATUS").out


def replicating(host: Host) -> None:
    """Wait until the instance receives and applies, and is not behind."""
    wanted = ("Slave_IO_Running: Yes", "Slave_SQL_Running: Yes", "Seconds_Behind_Master: 0")
    _waited(host, lambda: all(words in replica(host) for words in wanted), "does not run")


def _lag(host: Host) -> int:
    """Seconds that the instance is behind by its own word, which several appliers give a moment late; -1 for none."""
    words = replica(host).partition("Seconds_Behind_Master:")[2].split()
    return int(words[0]) if words and words[0].isdigit() else -1


def _waited(host: Host, come: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + WAIT_S
    while not come():
        if time.monotonic() > end:
            raise LabError(f"on {host.name} the replica {what}: {replica(host)}")
        time.sleep(0.2)


@contextmanager
def made(host: Host, *statements: str, undo: str, settled: str | None = None) -> Iterator[None]:
    """These statements were run, and `settled` became true; `undo`, a statement too, takes it back."""
    try:
        sql(host, *statements)
        if settled is not None:
            until(host, settled)
        yield
    finally:
        sql(host, undo)


@contextmanager
def held(host: Host, statement: str, *, count: int = 1, age_s: int = 0) -> Iterator[None]:
    """`count` sessions of the application that ran `statement` and are still there, for so long."""
    client = f"{flavour(host).client} --batch --unbuffered --user={APPLICATION} --socket={OWN}"
    # One after the other, and again if the place was still that of somebody who has just left.
    host.sh(f"""
        for session in $(seq {count}); do
            for _ in $(seq 50); do
                ((echo 'SELECT 1; {statement}'; sleep 90) | {client}) >{ANSWER}.$session 2>&1 </dev/null &
                for _ in $(seq 1000); do [ -s {ANSWER}.$session ] && break; sleep 0.02; done
                grep -q ERROR {ANSWER}.$session || break
                : >{ANSWER}.$session
                sleep 0.1
            done
        done
    """)
    found = f"FROM information_schema.PROCESSLIST WHERE USER = '{APPLICATION}'"
    try:
        until(host, f"SELECT COUNT(*) = {count} {found} AND COMMAND = 'Sleep' AND TIME >= {age_s}")
        yield
    finally:
        sql(host, *sql(host, f"SELECT CONCAT('KILL ', ID) {found}").splitlines(), check=False)
        until(host, f"SELECT COUNT(*) = 0 {found}")


@contextmanager
def turned_away(host: Host, *, places: int, times: int) -> Iterator[None]:
    """All places were taken, that for the superuser too; so many came then, and the places are free again.

    For the last place the server asks who comes first, and counts him among the aborted ones.
    """
    client = f"{flavour(host).client} --batch --user={APPLICATION} --socket={OWN} -e 'SELECT 1'"
    host.put(File(path=ATTEMPTS, content=f"for _ in $(seq {times}); do {client} >/dev/null 2>&1; done\n".encode()))
    with held(host, "SELECT 1;", count=places):
        sql(host, f"\\! sh {ATTEMPTS}")
    yield


@contextmanager
def not_let_in(host: Host, *, times: int) -> Iterator[None]:
    """So many came with a name that nobody has."""
    client = f"{flavour(host).client} --batch --user=stranger --socket={OWN} -e 'SELECT 1'"
    host.sh(f"for _ in $(seq {times}); do {client} >/dev/null 2>&1 && exit 1; done; true")
    yield


@contextmanager
def unpurged(host: Host, *, changes: int) -> Iterator[None]:
    """A session looks at the data as they were before so many changes."""
    table = f"{DATABASE}.lab_changed"
    sql(host, f"CREATE TABLE {table} (id int PRIMARY KEY, n int)", f"INSERT INTO {table} VALUES (1, 0)")  # noqa: S608  # our own words
    try:
        with held(host, f"START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT * FROM {table};"):  # noqa: S608  # our own words
            sql(host, *[f"UPDATE {table} SET n = n + 1"] * changes)  # noqa: S608  # our own words
            yield
    finally:
        sql(host, f"DROP TABLE {table}")
        until(host, f"{HISTORY} < 100")


@contextmanager
def not_applying(host: Host) -> Iterator[None]:
    """The instance receives, and applies nothing."""
    sql(host, "STOP SLAVE SQL_THREAD")
    try:
        yield
    finally:
        sql(host, "START SLAVE")
        replicating(host)


@contextmanager
def source_gone(host: Host) -> Iterator[None]:
    """The server that it receives from is stopped."""
    host.run("systemctl", "stop", SOURCE_UNIT)
    try:
        _waited(host, lambda: "Slave_IO_Running: Yes" not in replica(host), "does not see that its source is gone")
        yield
    finally:
        host.run("systemctl", "start", SOURCE_UNIT)
        sql(host, "STOP SLAVE", "START SLAVE")
        replicating(host)


@contextmanager
def behind(host: Host, *, seconds: int) -> Iterator[None]:
    """A change of so long ago waits here for a lock that somebody holds."""
    table = f"{DATABASE}.lab_behind"
    sql(host, f"CREATE TABLE {table} (id int PRIMARY KEY)", socket=SOURCE)
    replicating(host)
    until(host, f"SELECT COUNT(*) = 1 FROM information_schema.TABLES WHERE TABLE_NAME = '{table.split('.')[1]}'")  # noqa: S608  # our own words
    try:
        with held(host, f"LOCK TABLES {table} READ;"):
            change = f"INSERT INTO {table} VALUES (1)"  # noqa: S608  # our own words
            # Beside a statement its duration would be told, which reaches from then to now; beside rows it is not.
            sql(host, "SET binlog_format = ROW", f"SET timestamp = UNIX_TIMESTAMP() - {seconds}", change, socket=SOURCE)
            until(host, "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock%'")
            _waited(host, lambda: _lag(host) >= seconds, "is not behind")
            yield
    finally:
        sql(host, f"DROP TABLE {table}", socket=SOURCE)
        replicating(host)


@contextmanager
def ran(host: Host, *statements: str) -> Iterator[None]:
    """These statements were run, in one session."""
    sql(host, *statements)
    yield


@contextmanager
def stopped(host: Host) -> Iterator[None]:
    """The server is stopped."""
    unit = flavour(host).unit
    host.run("systemctl", "stop", unit)
    try:
        yield
    finally:
        host.run("systemctl", "start", unit)
        replicating(host)
