"""Trials of the MySQL checks: a real MariaDB on one host, asked by an account that can read no row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from lab.faults import mysql
from lab.faults.mysql import DATABASE, SOURCE, made, sql
from lab.faults.preload import PRELOAD
from lab.host import Host
from lab.image import File, Layer
from lab.lab import Spec
from lab.suites import BOOKWORM, Suite
from lab.trials.healthy import HARDENED_HOST
from lab.trials.trial import Trial

HOST, INSTANCE, ACCOUNT = "db", "pharmacy", "his_monitor"
DEFAULTS = "/etc/maintkit-my.cnf"
PLACES = 12
SETTINGS = f"""
[mariadbd]
bind-address = 127.0.0.1
skip-name-resolve
server_id = 1
max_connections = {PLACES}
performance_schema = ON
innodb_buffer_pool_size = 8M
innodb_log_file_size = 16M
innodb_flush_log_at_trx_commit = 0
# Up to 10.5 the history list gets shorter only with every 128th turn of the purge, which a quiet server never comes to.
loose_innodb_purge_rseg_truncate_frequency = 1
"""
# The server that the instance receives from. Its socket bears no name that the inspection would take for a stranger's.
SECOND = """
[Unit]
After=mariadb.service
[Service]
User=mysql
ExecStart=/usr/sbin/mariadbd --no-defaults --datadir=/var/lib/mysql-source --socket=/run/mysqld/source.sock \
  --port=3307 --bind-address=127.0.0.1 --skip-name-resolve --server-id=2 --log-bin=binlog \
  --pid-file=/var/lib/mysql-source/pid --innodb-buffer-pool-size=8M --innodb-log-file-size=8M
"""
MARIADB = Layer(
    name="mariadb",
    packages=("mariadb-server",),
    files=(
        File(path="/etc/mysql/mariadb.conf.d/90-trials.cnf", content=SETTINGS.encode()),
        File(path=f"/etc/systemd/system/{SOURCE}.service", content=SECOND.encode()),
    ),
    script="systemctl -q enable mariadb",
)


def specs(suite: Suite = BOOKWORM) -> list[Spec]:
    """One database host."""
    return [Spec(name=HOST, layers=(PRELOAD, HARDENED_HOST, MARIADB), suite=suite)]


def declared() -> dict[str, Any]:
    """What services.yml says of the instance."""
    return {"name": INSTANCE, "defaults_file": DEFAULTS, "role": "replica"}


def let_in(host: Host, password: str) -> None:
    """The file from which the client takes account and password."""
    owner = tuple(int(host.run("id", option, "mysql").out) for option in ("-u", "-g"))
    text = f"[client]\nuser={ACCOUNT}\npassword={password}\n"
    host.put(File(path=DEFAULTS, content=text.encode(), mode=0o600, owner=(owner[0], owner[1])))


@contextmanager
def served(host: Host, password: str) -> Iterator[None]:
    """The database, what it receives from, and the account of an inspection with the rights of docs/mysql.md."""
    host.sh(f"""
        install -d -o mysql -g mysql /var/lib/mysql-source
        mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/mysql-source --force --skip-test-db >/dev/null
        systemctl start {SOURCE}
    """)
    wait = "for _ in $(seq 300); do [ -S {} ] && exit 0; sleep 0.2; done; exit 1"
    for socket in mysql.SOCKETS.values():
        host.sh(wait.format(socket))
    sql(host, f"CREATE USER repl@'127.0.0.1' IDENTIFIED BY '{password}'", server=SOURCE)
    sql(host, "GRANT REPLICATION SLAVE ON *.* TO repl@'127.0.0.1'", "RESET MASTER", server=SOURCE)
    sql(
        host,
        f"CREATE USER {ACCOUNT}@localhost IDENTIFIED BY '{password}'",
        f"GRANT PROCESS, SHOW VIEW, SLAVE MONITOR ON *.* TO {ACCOUNT}@localhost",
        *(f"GRANT SELECT ON mysql.innodb_{what}_stats TO {ACCOUNT}@localhost" for what in ("index", "table")),
        f"GRANT SELECT ON performance_schema.* TO {ACCOUNT}@localhost",
        f"CREATE USER {mysql.APPLICATION}@localhost",
        f"GRANT ALL ON *.* TO {mysql.APPLICATION}@localhost",
        f"REVOKE SUPER, CONNECTION ADMIN ON *.* FROM {mysql.APPLICATION}@localhost",
        f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 3307, MASTER_USER = 'repl',"
        f" MASTER_PASSWORD = '{password}', MASTER_CONNECT_RETRY = 1, MASTER_USE_GTID = slave_pos",
        "START SLAVE",
    )
    sql(
        host,
        f"CREATE DATABASE {DATABASE}",
        f"CREATE TABLE {DATABASE}.stock (drug int PRIMARY KEY, amount int)",
        server=SOURCE,
    )
    mysql.replicating(host)
    let_in(host, password)
    yield


def _table(name: str, rows: int, columns: str = "", *, length: int = 200) -> tuple[str, ...]:
    """Statements that make a table of so many rows in it."""
    make = f"CREATE TABLE {name} (id int PRIMARY KEY, n int, words char({length}) NOT NULL{columns}) CHARSET latin1"
    fill = f"INSERT INTO {name} SELECT seq, seq, REPEAT('x', {length}) FROM {DATABASE}.seq_1_to_{rows}"  # noqa: S608  # our own words
    return (make, fill)


APART = "lab"  # a database that was not there at the inspection before, and so did not grow
NEW = f"CREATE DATABASE {APART}"
GONE = f"DROP DATABASE {APART}"
UNSEEN = tuple(
    f"mysql.{name}"
    for name in [
        "connections",
        "refusals",
        "long-transaction",
        "replication",
        "lag",
        "buffer-pool",
        "temp-tables",
        "slow-queries",
        "history-list",
        "redundant-indexes",
        "unused-indexes",
        "fragmentation",
        "growth",
    ]
)
ON_DISK = "SELECT COUNT(*) FROM (SELECT seq FROM pharmacy.seq_1_to_9 UNION SELECT 1) AS told"
# Each row by its key, so that no page is read ahead: three reads of which one comes from the disk.
BY_KEY = (
    f"SELECT COUNT(b.words) FROM {DATABASE}.seq_1_to_20000 s STRAIGHT_JOIN {APART}.large b"  # noqa: S608  # our own words
    " ON b.id = (s.seq * 7919) % 100000 + 1"
)

TRIALS = (
    Trial(
        check="mysql.up",
        words="MariaDB is stopped",
        fault=mysql.stopped,
        status="crit",
        instance=INSTANCE,
        value="无应答",
        explains=UNSEEN,
    ),
    Trial(
        check="mysql.up",
        words="12 of 12 connections taken, which leaves that of the superuser",
        fault=partial(mysql.held, statement="SELECT 1;", count=PLACES),
        status="crit",
        instance=INSTANCE,
        value="连接已满",
        explains=UNSEEN,
    ),
    Trial(
        check="mysql.connections",
        words="9 of 12 connections taken, and one by the inspection",
        fault=partial(mysql.held, statement="SELECT 1;", count=9),
        status="warn",
        instance=INSTANCE,
    ),
    Trial(
        check="mysql.refusals",
        words="three clients came when all connections were taken",
        fault=partial(mysql.turned_away, places=PLACES, times=3),
        status="warn",
        instance=INSTANCE,
        value=3,
    ),
    Trial(
        check="mysql.refusals",
        words="15 logins with an account that is not there",
        fault=partial(mysql.not_let_in, times=15),
        status="warn",
        instance=f"{INSTANCE} aborted",
        value=15,
    ),
    Trial(
        check="mysql.long-transaction",
        words="a transaction open for 3 s, where the site allows 1.2 s",
        fault=partial(mysql.held, statement=f"BEGIN; INSERT INTO {DATABASE}.stock VALUES (7, 7);", age_s=3),  # noqa: S608  # our own words
        status="warn",
        instance=f"{INSTANCE} */app *",
        limits={"mysql.long-transaction": {"warn": 0.02}},
    ),
    Trial(
        check="mysql.replication",
        words="the applying of what was received is stopped",
        fault=mysql.not_applying,
        status="crit",
        instance=INSTANCE,
        value="未在回放",
        explains=("mysql.lag",),
    ),
    Trial(
        check="mysql.replication",
        words="the server that it receives from is stopped",
        fault=mysql.source_gone,
        status="crit",
        instance=INSTANCE,
        value="未在接收",
        explains=("mysql.lag",),
    ),
    Trial(
        check="mysql.lag",
        words="a change of 90 s ago that waits for a lock",
        fault=partial(mysql.behind, seconds=90),
        status="warn",
        instance=INSTANCE,
    ),
    Trial(
        check="mysql.buffer-pool",
        words="20 000 rows read five times by their keys from 25 MB, by a buffer pool of 8 MiB (of which 1000 tell)",
        fault=lambda host: made(host, NEW, *_table(f"{APART}.large", 100_000), *[BY_KEY] * 5, undo=GONE),
        status="warn",
        instance=INSTANCE,
        limits={"mysql.buffer-pool-least": {"warn": 1000}},
    ),
    Trial(
        check="mysql.temp-tables",
        words="60 queries that may keep no temporary table in memory (and 50 tables are enough to tell)",
        fault=lambda host: mysql.ran(host, "SET SESSION tmp_memory_table_size = 0", *[ON_DISK] * 60),
        status="warn",
        instance=INSTANCE,
        limits={"mysql.temp-tables-least": {"warn": 50}},
    ),
    Trial(
        check="mysql.slow-queries",
        words="150 statements of a session that takes each for slow",
        fault=lambda host: mysql.ran(host, "SET SESSION long_query_time = 0", *["SELECT 1"] * 150),
        status="warn",
        instance=INSTANCE,
    ),
    Trial(
        check="mysql.history-list",
        words="1000 changes that a session's old look at the data keeps from being cleared, where the site allows 500",
        fault=partial(mysql.unpurged, changes=1000),
        status="warn",
        instance=INSTANCE,
        limits={"mysql.history-list": {"warn": 500}},
    ),
    Trial(
        check="mysql.redundant-indexes",
        words="an index with whose column another begins",
        fault=lambda host: made(
            host,
            f"CREATE TABLE {DATABASE}.lab_twins (a int, b int, KEY one (a), KEY two (a, b))",
            undo=f"DROP TABLE {DATABASE}.lab_twins",
        ),
        status="warn",
        instance=f"{INSTANCE} {DATABASE}.lab_twins.one",
        value="two",
    ),
    Trial(
        check="mysql.unused-indexes",
        words="an index of over 12 MiB that nobody has used, 40 days later",
        fault=lambda host: made(
            host,
            NEW,
            *_table(f"{APART}.unused", 60_000, ", KEY idle (words, id)"),
            f"ANALYZE TABLE {APART}.unused",
            undo=GONE,
        ),
        status="warn",
        instance=f"{INSTANCE} {APART}.unused.idle",
        days_later=40,
    ),
    Trial(
        check="mysql.fragmentation",
        words="nine of ten rows deleted from 25 MB, where the site counts from 8 MiB",
        fault=lambda host: made(
            host,
            NEW,
            *_table(f"{APART}.holes", 100_000),
            f"DELETE FROM {APART}.holes WHERE id > 10000",  # noqa: S608  # our own words
            f"ANALYZE TABLE {APART}.holes",
            settled=f"SELECT DATA_FREE > 10 << 20 FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{APART}'",  # noqa: S608  # our own words
            undo=GONE,
        ),
        status="warn",
        instance=f"{INSTANCE} {APART}.holes",
        limits={"mysql.fragmentation-least": {"warn": 8}},
    ),
    Trial(
        check="mysql.growth",
        words="a database many times as large as a day before",
        fault=lambda host: made(
            host,
            *_table(f"{DATABASE}.lab_growth", 100_000),
            f"ANALYZE TABLE {DATABASE}.lab_growth",
            undo=f"DROP TABLE {DATABASE}.lab_growth",
        ),
        status="warn",
        instance=f"{INSTANCE}/{DATABASE}",
        days_later=1,
    ),
)
