"""Trials of the PostgreSQL checks: a real server on one host, asked by a role that has no more than pg_monitor."""

from __future__ import annotations

from functools import partial

from lab.faults import postgresql
from lab.faults.postgresql import made
from lab.trials.postgresql_host import IN_DATABASE, INSTANCE
from lab.trials.postgresql_tables import ON_TABLES, table
from lab.trials.trial import Trial

UNSEEN = tuple(
    f"postgresql.{name}"
    for name in [
        "connections",
        "idle-transaction",
        "long-transaction",
        "prepared",
        "wraparound",
        "checksums",
        "lag",
        "slots",
        "archive",
        "sequences",
        "integer-keys",
        "pending-restart",
        "invalid-indexes",
        "duplicate-indexes",
        "unused-indexes",
        "foreign-keys",
        "dead-tuples",
        "statistics",
        "bloat",
        "cache-hit",
        "temp-files",
        "deadlocks",
        "checkpoints",
        "statements",
        "growth",
    ]
)

TRIALS = (
    Trial(
        check="postgresql.up",
        words="the server is stopped",
        fault=postgresql.stopped,
        status="crit",
        instance=INSTANCE,
        value="无应答",
        explains=UNSEEN,
    ),
    Trial(
        check="postgresql.up",
        words="17 of 20 connections taken, which leaves those of superusers",
        fault=partial(postgresql.held, statement="SELECT 1;", count=17),
        status="crit",
        instance=INSTANCE,
        value="连接已满",
        explains=UNSEEN,
    ),
    Trial(
        check="postgresql.connections",
        words="15 of 20 connections taken, and one by the inspection",
        fault=partial(postgresql.held, statement="SELECT 1;", count=15),
        status="warn",
        instance=INSTANCE,
        value=80,
    ),
    Trial(
        check="postgresql.idle-transaction",
        words="a session idle in its transaction for 3 s, where the site allows 1.2 s",
        fault=partial(postgresql.held, statement="BEGIN; SELECT 1;", age_s=3),
        status="warn",
        instance=f"{INSTANCE} his/postgres *",
        limits={"postgresql.idle-transaction": {"warn": 0.02}},
    ),
    Trial(
        check="postgresql.long-transaction",
        words="a statement that runs for 3 s, where the site allows 1.2 s",
        fault=partial(postgresql.held, statement="SELECT pg_sleep(100);", age_s=3),
        status="warn",
        instance=f"{INSTANCE} his/postgres *",
        limits={"postgresql.long-transaction": {"warn": 0.02}},
    ),
    Trial(
        check="postgresql.prepared",
        words="a transaction prepared ten minutes ago, by the clock that the server saw then (which is a view)",
        fault=partial(postgresql.prepared, minutes=10),
        status="warn",
        instance=f"{INSTANCE} his gtx-7",
        view=True,
    ),
    Trial(
        check="postgresql.wraparound",
        words="1.2 billion transactions since the tables were frozen",
        fault=partial(postgresql.aged, transactions=1_200_000_000),
        status="warn",
        instance=INSTANCE,
        value=55.9,
    ),
    Trial(
        check="postgresql.checksums",
        words="a page of a table was written over on the disk, and read",
        fault=postgresql.damaged,
        status="crit",
        instance=INSTANCE,
    ),
    Trial(
        check="postgresql.lag",
        words="a receiver of WAL that has stopped reading, four segments ago",
        fault=partial(postgresql.behind, segments=4),
        status="warn",
        instance=f"{INSTANCE} pg_receivewal",
    ),
    Trial(
        check="postgresql.slots",
        words="a replication slot that nobody reads",
        fault=lambda host: made(
            host,
            "SELECT pg_create_physical_replication_slot('lab_old', true)",
            undo="SELECT pg_drop_replication_slot('lab_old')",
        ),
        status="crit",
        instance=f"{INSTANCE} lab_old",
    ),
    Trial(
        check="postgresql.archive",
        words="the command that archives WAL fails",
        fault=postgresql.not_archived,
        status="crit",
        instance=INSTANCE,
        value="失败",
    ),
    Trial(
        check="postgresql.archive",
        words="the command that archives WAL hangs for 3 s, where the site allows 1.2 s",
        fault=partial(postgresql.archiving_hangs, age_s=3),
        status="warn",
        instance=INSTANCE,
        limits={"postgresql.archive-wait": {"warn": 0.02}},
    ),
    Trial(
        check="postgresql.sequences",
        words="a sequence that has given out 80 % of its numbers",
        fault=lambda host: made(
            host,
            "CREATE SEQUENCE lab_numbers MAXVALUE 1001",
            "SELECT setval('lab_numbers', 801)",
            undo="DROP SEQUENCE lab_numbers",
        ),
        status="warn",
        instance=f"{IN_DATABASE} public.lab_numbers",
        value=80,
    ),
    Trial(
        check="postgresql.integer-keys",
        words="an integer primary key at 60 % of its type",
        fault=lambda host: made(
            host,
            "CREATE TABLE lab_key (id serial PRIMARY KEY)",
            "SELECT setval('lab_key_id_seq', 1288490188)",
            undo="DROP TABLE lab_key",
        ),
        status="warn",
        instance=f"{IN_DATABASE} public.lab_key.id",
        value=60,
    ),
    Trial(
        check="postgresql.pending-restart",
        words="max_connections changed without a restart",
        fault=postgresql.setting_changed,
        status="warn",
        instance=INSTANCE,
        value=1,
    ),
    *ON_TABLES,
    Trial(
        check="postgresql.cache-hit",
        words="a table three times as large as the cache is read ten times, where the site judges 1000 blocks",
        fault=lambda host: made(
            host,
            *table("lab_cold", 400_000, "ANALYZE lab_cold", *["SELECT sum(number) FROM lab_cold"] * 10),
            undo="DROP TABLE lab_cold",
        ),
        status="warn",
        instance=IN_DATABASE,
        limits={"postgresql.cache-blocks": {"warn": 1000}},
    ),
    Trial(
        check="postgresql.temp-files",
        words="a sort that spills 14 MB to the disk, where the site allows 5 MiB a day",
        fault=lambda host: postgresql.ran(
            host,
            "SET work_mem = '64kB'",
            "SELECT count(*) FROM (SELECT n FROM generate_series(1, 1000000) n ORDER BY -n OFFSET 1) t",
        ),
        status="warn",
        instance=IN_DATABASE,
        limits={"postgresql.temp-files": {"warn": 0.005}},
    ),
    Trial(
        check="postgresql.deadlocks",
        words="six deadlocks",
        fault=partial(postgresql.deadlocked, pairs=6),
        status="warn",
        instance=IN_DATABASE,
        value=6,
    ),
    Trial(
        check="postgresql.checkpoints",
        words="twelve checkpoints that were asked for",
        fault=lambda host: postgresql.ran(host, *["CHECKPOINT"] * 12),
        status="warn",
        instance=INSTANCE,
        value=100,
    ),
    Trial(
        check="postgresql.statements",
        words="eight sessions that run the same slow statement, where the site judges seconds",
        fault=lambda host: postgresql.ran(host, "SELECT pg_sleep(2)", at_once=8),
        status="warn",
        instance=f"{IN_DATABASE} *",
        limits={"postgresql.statement-hours": {"warn": 0}, "postgresql.statement-load": {"warn": 20}},
    ),
    Trial(
        check="postgresql.growth",
        words="a database four times as large as a day before",
        fault=lambda host: made(
            host, *table("lab_growth", 700_000, "ANALYZE lab_growth"), undo="DROP TABLE lab_growth"
        ),
        status="warn",
        instance=IN_DATABASE,
        days_later=1,
    ),
)
