"""Trials of the MySQL checks: a real MariaDB or MySQL on one host, asked by an account that can read no row."""

from __future__ import annotations

from functools import partial

from lab.faults import mysql
from lab.faults.mysql import DATABASE, NUMBERS, made
from lab.trials.mysql_host import INSTANCE, PLACES
from lab.trials.trial import Trial


def _table(name: str, rows: int, columns: str = "", *, length: int = 200) -> tuple[str, ...]:
    """Statements that make a table of so many rows in it."""
    make = f"CREATE TABLE {name} (id int PRIMARY KEY, n int, words char({length}) NOT NULL{columns}) CHARSET latin1"
    fill = f"INSERT INTO {name} SELECT seq, seq, REPEAT('x', {length}) FROM {NUMBERS} WHERE seq <= {rows}"  # noqa: S608  # our own words
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
ON_DISK = f"SELECT COUNT(*) FROM (SELECT DISTINCT REPEAT(seq, 300) FROM {NUMBERS} WHERE seq < 30) AS told"  # noqa: S608  # our own words
# Each row by its key, so that no page is read ahead: three reads of which one comes from the disk.
BY_KEY = (
    f"SELECT COUNT(b.words) FROM {NUMBERS} s STRAIGHT_JOIN {APART}.large b"  # noqa: S608  # our own words
    " ON b.id = (s.seq * 7919) % 100000 + 1 WHERE s.seq <= 20000"
)

TRIALS = (
    Trial(
        check="mysql.up",
        words="MariaDB or MySQL is stopped",
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
        words="20 000 rows read five times by their keys from 25 MB, by a buffer pool of 8 MiB (of which 20 000 tell)",
        fault=lambda host: made(host, NEW, *_table(f"{APART}.large", 100_000), *[BY_KEY] * 5, undo=GONE),
        status="warn",
        instance=INSTANCE,
        limits={"mysql.buffer-pool-least": {"warn": 20_000}},
    ),
    Trial(
        check="mysql.temp-tables",
        words="60 queries that may keep no temporary table in memory (and 50 tables are enough to tell)",
        fault=lambda host: mysql.ran(host, mysql.flavour(host).on_disk, *[ON_DISK] * 60),
        status="warn",
        instance=INSTANCE,
        limits={"mysql.temp-tables-least": {"warn": 50}},
        explains=("mysql.buffer-pool",),  # through which MySQL reads them
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
