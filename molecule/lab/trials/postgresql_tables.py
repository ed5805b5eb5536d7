"""Trials of what the PostgreSQL checks find in tables and indexes."""

from __future__ import annotations

from functools import partial

from lab.faults import postgresql
from lab.faults.postgresql import made
from lab.trials.postgresql_host import IN_DATABASE
from lab.trials.trial import Trial


def table(name: str, rows: int, *then: str, options: str = "autovacuum_enabled = false") -> tuple[str, ...]:
    """Statements that make a table of so many numbers."""
    make = f"CREATE TABLE {name} WITH ({options}) AS SELECT number FROM generate_series(1, {rows}) AS number"  # noqa: S608  # our own words
    return (make, *then)


ON_TABLES = (
    Trial(
        check="postgresql.invalid-indexes",
        words="a unique index whose concurrent build failed",
        fault=postgresql.broken_index,
        status="warn",
        instance=f"{IN_DATABASE} public.lab_broken",
    ),
    Trial(
        check="postgresql.duplicate-indexes",
        words="two indexes on the same column",
        fault=lambda host: made(
            host,
            *table("lab_twins", 10, "CREATE INDEX lab_one ON lab_twins (number)"),
            "CREATE INDEX lab_two ON lab_twins (number)",
            undo="DROP TABLE lab_twins",
        ),
        status="warn",
        instance=f"{IN_DATABASE} public.lab_two",
        value="public.lab_one",
    ),
    Trial(
        check="postgresql.unused-indexes",
        words="an index of 15 MiB that no query used in 40 days, by the clock of then (which is a view)",
        fault=partial(postgresql.never_used, days=40),
        status="warn",
        instance=f"{IN_DATABASE} public.lab_unused_number",
        view=True,
    ),
    Trial(
        check="postgresql.foreign-keys",
        words="a foreign key of a table of 17 MiB without an index",
        fault=lambda host: made(
            host,
            "CREATE TABLE lab_ward (id int PRIMARY KEY)",
            "INSERT INTO lab_ward VALUES (1)",
            *table("lab_stay", 500_000, "ALTER TABLE lab_stay ADD ward int DEFAULT 1 REFERENCES lab_ward"),
            "ANALYZE lab_stay",
            undo="DROP TABLE lab_stay, lab_ward",
        ),
        status="warn",
        instance=f"{IN_DATABASE} public.lab_stay *",
    ),
    Trial(
        check="postgresql.dead-tuples",
        words="three times as many dead rows as bring autovacuum, which is off for the table",
        fault=lambda host: made(
            host,
            *table("lab_dead", 20_000, "ANALYZE lab_dead", "DELETE FROM lab_dead WHERE number > 7850"),
            settled="SELECT n_dead_tup > 12000 FROM pg_stat_user_tables WHERE relname = 'lab_dead'",
            undo="DROP TABLE lab_dead",
        ),
        status="warn",
        instance=f"{IN_DATABASE} public.lab_dead",
        value=3,
    ),
    Trial(
        check="postgresql.statistics",
        words="a table of 20 000 rows that was never analysed",
        fault=lambda host: made(
            host,
            *table("lab_stale", 20_000),
            settled="SELECT n_mod_since_analyze >= 20000 FROM pg_stat_user_tables WHERE relname = 'lab_stale'",
            undo="DROP TABLE lab_stale",
        ),
        status="warn",
        instance=f"{IN_DATABASE} public.lab_stale",
        value=100,
    ),
    Trial(
        check="postgresql.bloat",
        words="an index of which two of three entries are gone",
        fault=lambda host: made(
            host,
            *table("lab_bloat", 200_000, "ALTER TABLE lab_bloat ADD PRIMARY KEY (number)"),
            "DELETE FROM lab_bloat WHERE number % 3 > 0",
            "VACUUM ANALYZE lab_bloat",
            settled="SELECT last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'lab_bloat'",
            undo="DROP TABLE lab_bloat",
        ),
        status="warn",
        instance=f"{IN_DATABASE} public.lab_bloat_pkey",
    ),
)
