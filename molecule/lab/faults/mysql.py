"""MariaDB on a booted host, and a second one that it replicates from: sessions left open, tables nobody should make.

Everything is done by root over the socket, and taken back at the end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.host import Host
from lab.image import File
from lab.places import LabError

UNIT, SOURCE = "mariadb", "mariadb-source"
SOCKETS = {UNIT: "/run/mysqld/mysqld.sock", SOURCE: "/run/mysqld/source.sock"}
DATABASE, APPLICATION = "pharmacy", "app"
ATTEMPTS, ANSWER = "/root/lab-attempts", "/run/lab-held"
WAIT_S = 60.0


def sql(host: Host, *statements: str, server: str = UNIT, check: bool = True) -> str:
    """Run statements in one session; what they gave."""
    argv = ("mariadb", "--batch", "--skip-column-names", f"--socket={SOCKETS[server]}", "--user=root")
    return host.run(*argv, stdin=";\n".join(statements) + ";\n", check=check).out.strip()


def until(host: Host, condition: str) -> None:
    """Wait until a query says 1."""
    end = time.monotonic() + WAIT_S
    while sql(host, f"SELECT ({condition})") != "1":
        if time.monotonic() > end:
            raise LabError(f"on {host.name} it does not come to: {condition}")
        time.sleep(0.2)


def status(name: str) -> str:
    """A status variable, as part of a condition."""
    return f"(SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = '{name}')"  # noqa: S608  # our own words


def replica(host: Host) -> str:
    """What the instance says of its replication, a line a field."""
    return host.run("mariadb", "--vertical", "--user=root", "-e", "SHOW SLAVE STATUS").out


def replicating(host: Host) -> None:
    """Wait until the instance receives and applies, and is not behind."""
    end = time.monotonic() + WAIT_S
    wanted = ("Slave_IO_Running: Yes", "Slave_SQL_Running: Yes", "Seconds_Behind_Master: 0")
    while not all(words in replica(host) for words in wanted):
        if time.monotonic() > end:
            raise LabError(f"on {host.name} the replica does not run: {replica(host)}")
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
    client = f"mariadb --batch --unbuffered --user={APPLICATION} --socket={SOCKETS[UNIT]}"
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
        sql(host, f"KILL USER {APPLICATION}", check=False)
        until(host, f"SELECT COUNT(*) = 0 {found}")


@contextmanager
def turned_away(host: Host, *, places: int, times: int) -> Iterator[None]:
    """All places were taken, that for the superuser too; so many came then, and the places are free again.

    For the last place the server asks who comes first, and counts him among the aborted ones.
    """
    client = f"mariadb --batch --user={APPLICATION} --socket={SOCKETS[UNIT]} -e 'SELECT 1'"
    host.put(File(path=ATTEMPTS, content=f"for _ in $(seq {times}); do {client} >/dev/null 2>&1; done\n".encode()))
    with held(host, "SELECT 1;", count=places):
        sql(host, f"\\! sh {ATTEMPTS}")
    yield


@contextmanager
def not_let_in(host: Host, *, times: int) -> Iterator[None]:
    """So many came with a name that nobody has."""
    client = f"mariadb --batch --user=stranger --socket={SOCKETS[UNIT]} -e 'SELECT 1'"
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
        until(host, f"{status('Innodb_history_list_length')} < 100")


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
    host.run("systemctl", "stop", SOURCE)
    try:
        end = time.monotonic() + WAIT_S
        while "Slave_IO_Running: Yes" in replica(host):
            if time.monotonic() > end:
                raise LabError(f"on {host.name} the replica does not see that its source is gone")
            time.sleep(0.2)
        yield
    finally:
        host.run("systemctl", "start", SOURCE)
        sql(host, "STOP SLAVE", "START SLAVE")
        replicating(host)


@contextmanager
def behind(host: Host, *, seconds: int) -> Iterator[None]:
    """A change of so long ago waits here for a lock that somebody holds."""
    table = f"{DATABASE}.lab_behind"
    sql(host, f"CREATE TABLE {table} (id int PRIMARY KEY)", server=SOURCE)
    replicating(host)
    until(host, f"SELECT COUNT(*) = 1 FROM information_schema.TABLES WHERE TABLE_NAME = '{table.split('.')[1]}'")  # noqa: S608  # our own words
    try:
        with held(host, f"LOCK TABLES {table} READ;"):
            change = f"INSERT INTO {table} VALUES (1)"  # noqa: S608  # our own words
            # Beside a statement its duration would be told, which reaches from then to now; beside rows it is not.
            sql(host, "SET binlog_format = ROW", f"SET timestamp = UNIX_TIMESTAMP() - {seconds}", change, server=SOURCE)
            until(host, "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock%'")
            yield
    finally:
        sql(host, f"DROP TABLE {table}", server=SOURCE)
        replicating(host)


@contextmanager
def ran(host: Host, *statements: str) -> Iterator[None]:
    """These statements were run, in one session."""
    sql(host, *statements)
    yield


@contextmanager
def stopped(host: Host) -> Iterator[None]:
    """The server is stopped."""
    host.run("systemctl", "stop", UNIT)
    try:
        yield
    finally:
        host.run("systemctl", "start", UNIT)
        replicating(host)
