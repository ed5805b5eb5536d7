"""The mark of a drill on a real PostgreSQL: what is marked can be restored, or the source is not marked."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator

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
        with pytest.raises(REFUSED, match="lock timeout"):
            his.mark(lock_timeout_s=0.1, sleep=lambda _s: None)
        other.ask("ROLLBACK")
    assert his.sql("SELECT count(*) FROM pg_locks WHERE mode = 'ShareLock' AND relation IS NOT NULL") == "0"


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
