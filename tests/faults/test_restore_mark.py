"""The mark of a drill on a real PostgreSQL: what is marked can be restored, or the source is not marked."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from drills import STANZA, Source, part, source
from postgres import OWNER, as_owner

REFUSED = part("changes.place").Refused


@pytest.fixture(scope="module")
def his() -> Iterator[Source]:
    """One source for the tests of this file, which leave it and its repository as they found them."""
    with source() as made:
        yield made


def test_every_mark_has_a_name_of_its_own(his: Source) -> None:
    """Recovery stops at the first of a name: also within one second, and however long a run is called."""
    names = {his.mark(prefix="maintkit-" + "r" * 63)["name"] for _ in range(2)}
    assert len(names) == 2
    assert {len(name) for name in names} <= set(range(64))


def test_a_source_that_does_not_archive_is_not_marked(his: Source) -> None:
    """The repository is gone. What is marked and never archived could not be restored."""
    away = his.repository.with_suffix(".away")
    his.repository.rename(away)
    try:
        with pytest.raises(REFUSED, match=r"was not archived within 2 s"):
            his.mark(archive_timeout_s=2)
        wait_for(his, failing=True)
        with pytest.raises(REFUSED, match="archiving is failing"):
            his.mark()
    finally:
        away.rename(his.repository)
    wait_for(his, failing=False)


def test_an_archiver_that_lags_behind_while_it_works_costs_what_it_has_not_stored(his: Source) -> None:
    """It has stored something a moment ago, and the work of all the segments that wait would be lost."""
    settle(his)
    his.slow.touch()
    began = time.monotonic()
    try:
        for _segment in range(4):
            his.sql("UPDATE patient SET name = name WHERE n = 1; SELECT pg_switch_wal()")
        while his.sql("SELECT clock_timestamp() - last_archived_time < '1 s' FROM pg_stat_archiver") != "t" or (
            time.monotonic() - began < 3
        ):
            time.sleep(0.1)
        waited = time.monotonic() - began
        told = his.mark()["unarchived_s"]
    finally:
        his.slow.unlink()
    assert waited - 1 < told < waited + 2
    settle(his)


def test_without_work_that_waits_it_is_the_time_since_something_was_archived(his: Source) -> None:
    settle(his)
    time.sleep(2)
    assert 2 <= his.mark()["unarchived_s"] < 5


def test_a_full_repository_fails_its_backup_and_hides_nothing_of_the_last_good_one(his: Source) -> None:
    """No WAL goes in either, so the source is not marked; with room again the archive catches up and a backup ends."""
    kept = his.repository.with_suffix(".kept")
    settle(his)
    his.repository.rename(kept)
    his.repository.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192m", "none", his.repository], check=True)
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", his.repository], check=True)
        shutil.chown(his.repository, OWNER, OWNER)
        good = catalogue(his)
        ballast = his.repository / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(his.repository).free - (32 << 10)))
        full = subprocess.run(
            as_owner("pgbackrest", f"--config={his.config}", f"--stanza={STANZA}", "--archive-timeout=5", "backup"),
            capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
        assert full.returncode != 0
        assert catalogue(his) == good
        wait_for(his, failing=True)
        with pytest.raises(REFUSED, match="archiving is failing"):
            his.mark()
        ballast.unlink()
        wait_for(his, failing=False)
        his.pgbackrest("backup", "--type=incr")
        assert len(catalogue(his)) == len(good) + 1
        his.pgbackrest("expire", f"--set={catalogue(his)[-1]}")
        settle(his)
        subprocess.run(["cp", "-a", f"{his.repository}/.", kept], check=True)
    finally:
        subprocess.run(["umount", his.repository], check=True)
        his.repository.rmdir()
        kept.rename(his.repository)


def catalogue(his: Source) -> list[str]:
    """The labels of all backups by the word of pgBackRest, as the collector reads it; the tool calls them ok."""
    (job,) = part("collector.backups").parse_pgbackrest(his.pgbackrest("info", "--output=json"))
    assert job["status_code"] == 0
    return [str(one["label"]) for one in job["backups"]]


def wait_for(his: Source, *, failing: bool) -> None:
    """Until the archiver says so; each look gives it something to do."""
    until = time.monotonic() + 90
    question = (
        "SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) FROM pg_stat_archiver"
    )
    while (his.sql(question) == "t") is not failing:
        assert time.monotonic() < until
        his.sql("UPDATE patient SET name = name WHERE n = 1; SELECT pg_switch_wal()")
        time.sleep(0.2)


def settle(his: Source) -> None:
    """Until nothing is on its way to the repository: a file half written when that is copied would stay half."""
    wal = his.sql("UPDATE patient SET name = name WHERE n = 1; SELECT pg_walfile_name(pg_switch_wal())")
    until = time.monotonic() + 90
    while his.sql("SELECT last_archived_wal FROM pg_stat_archiver") != wal:
        assert time.monotonic() < until
        time.sleep(0.2)


def test_a_table_that_somebody_holds_is_not_waited_for_long(his: Source) -> None:
    """Whoever waits for a lock holds up all who come after: the mark gives up, and leaves no lock behind."""
    with part("postgresql.session").Session(his.reach, "postgres") as other:
        other.ask("BEGIN; UPDATE public.patient SET name = name WHERE n = 1")
        with pytest.raises(REFUSED, match=r"could not be locked, 5 times: .*(lock|statement) timeout"):
            his.mark(lock_timeout_s=0.1, sleep=lambda _s: None)
        other.ask("ROLLBACK")
    assert his.sql("SELECT count(*) FROM pg_locks WHERE mode = 'ShareLock' AND relation IS NOT NULL") == "0"


@contextmanager
def held(his: Source, *tables: tuple[str, float]) -> Iterator[None]:
    """Tables that somebody is writing to, each for as many seconds, whatever happens meanwhile."""
    writing = [f"BEGIN; LOCK TABLE {one} IN ROW EXCLUSIVE MODE; SELECT pg_sleep({seconds})" for one, seconds in tables]
    writers = [Thread(target=his.sql, args=(one,)) for one in writing]
    for one in writers:
        one.start()
    taken = "SELECT count(*) FROM pg_locks WHERE mode = 'RowExclusiveLock' AND relation::regclass::text ~ '^queue_'"
    part("drill.instance").wait(lambda: his.sql(taken) == str(len(tables)), 5)
    try:
        yield
    finally:
        for one in writers:
            one.join()


@pytest.fixture
def queues(his: Source) -> Iterator[list[str]]:
    """Small tables of the source, gone afterwards."""
    names = [f"queue_{number}" for number in range(4)]
    for one in names:
        his.sql(f"CREATE TABLE {one} (n int)")
    yield names
    his.sql(f"DROP TABLE {', '.join(names)}")


def test_all_tables_together_are_waited_for_no_longer_than_one(
    his: Source, queues: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of these is free before its own wait is over: those locked first would have been held all the while."""
    monkeypatch.setattr(part("drill.mark"), "ATTEMPTS", 1)
    busy = [(table, 0.7 + 0.35 * number) for number, table in enumerate(queues)]
    with held(his, *busy), pytest.raises(REFUSED, match="could not be locked, 1 times"):
        his.mark(wanted_tables=[f"public.{one}" for one in queues], lock_timeout_s=0.5)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (3, 0)])
def test_a_transaction_that_crosses_the_mark_costs_it_an_attempt_and_production_nothing(
    his: Source, queues: list[str], first: int, second: int
) -> None:
    """A transaction holds one table and writes to another one that the mark has locked; asked for 2 s at that."""
    take = "LOCK TABLE {} IN ROW EXCLUSIVE MODE"
    cross = "; ".join(["BEGIN", take.format(queues[first]), "SELECT pg_sleep(2)", take.format(queues[second])])
    mistakes: list[str] = []

    def write() -> None:
        try:
            his.sql(cross)
        except subprocess.CalledProcessError as wrong:
            mistakes.append(str(wrong.stderr))

    writer = Thread(target=write)
    writer.start()
    time.sleep(1.0)
    try:
        made = his.mark(wanted_tables=[f"public.{queues[one]}" for one in (0, 3)], lock_timeout_s=2)
    finally:
        writer.join()
    assert mistakes == []
    assert made["locked_ms"] < 500


def test_a_deadlock_is_tried_again(his: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark looks for one before anybody else does, and is its victim."""
    made, attempts = part("drill.mark")._at_one_instant, []

    def once_in_the_way(*arguments: object) -> object:
        attempts.append(1)
        if len(attempts) == 1:
            said = part("postgresql.said").said("psql:<stdin>:1: ERROR:  40P01: deadlock detected")
            raise part("postgresql.session").ServerRefused("his", said)
        return made(*arguments)

    monkeypatch.setattr(part("drill.mark"), "_at_one_instant", once_in_the_way)
    assert his.mark(sleep=lambda _s: None)["databases"]
    assert len(attempts) == 2


def test_an_autovacuum_gives_way_to_the_mark(his: Source) -> None:
    """It is kept at work by a cost limit; what it has not done it does later."""
    his.sql("CREATE TABLE wards AS SELECT n, repeat('x', 500) AS text FROM generate_series(1, 40000) AS n")
    his.sql("ALTER TABLE wards SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,"
            " autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0)")  # fmt: skip
    his.sql("DELETE FROM wards WHERE n % 2 = 0")
    his.sql("ALTER SYSTEM SET autovacuum_naptime = 1")
    his.sql("SELECT pg_reload_conf()")
    try:
        working = "SELECT count(*) FROM pg_stat_progress_vacuum WHERE relid = 'wards'::regclass"
        assert part("drill.instance").wait(lambda: his.sql(working) == "1", 90)
        assert his.mark(wanted_tables=["public.wards"], lock_timeout_s=0.5)["locked_ms"] < 600
    finally:
        his.sql("ALTER SYSTEM RESET autovacuum_naptime")
        his.sql("SELECT pg_reload_conf()")
        his.sql("DROP TABLE wards")


def test_what_is_to_be_compared_must_be_there(his: Source) -> None:
    with pytest.raises(REFUSED, match=r"no table public[.]nothing"):
        his.mark(wanted_tables=["public.patient", "public.nothing"])
    with pytest.raises(REFUSED, match="no database nothing"):
        his.mark(wanted_databases=["nothing"])


def test_tables_with_odd_names_are_read(his: Source) -> None:
    """Quotes, blanks, Chinese, a backslash, a column that is called as the table is."""
    his.sql(
        'CREATE TABLE "挂号 ""表"" \\x \'q\'" ("maintkit row" int); INSERT INTO "挂号 ""表"" \\x \'q\'" VALUES (1), (2)'
    )
    try:
        told = {one["table"]: one["rows"] for one in his.mark()["databases"]["postgres"]["tables"]}
        assert told["public.挂号 \"表\" \\x 'q'"] == 2
    finally:
        his.sql('DROP TABLE "挂号 ""表"" \\x \'q\'"')
