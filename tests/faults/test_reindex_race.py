"""Two rebuilds at once, as the processes that they are: on one database, and on two of one cluster."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from indexing import DATABASE, Beside, Server, part, until
from reindexing import begin

CLONE = "lis"
WAITS = "SELECT pid FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting for old snapshots%'"
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1"


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A database with two bloated indexes."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    for table in ("visit", "image"):
        cluster.bloat(table, 30_000)
    yield cluster
    cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maintkit'")
    cluster.sql("DROP TABLE visit, image")
    cluster.sql(f"DROP DATABASE IF EXISTS {CLONE}", "postgres")


@pytest.fixture
def clone(his: Server) -> Server:
    """A copy of the database on the same server: its tables and indexes bear the same numbers."""
    his.sql(f"CREATE DATABASE {CLONE} TEMPLATE {DATABASE}", "postgres")
    return his


def test_of_two_real_runs_on_one_database_one_refuses_and_drops_nothing(his: Server, tmp_path: Path) -> None:
    with his.holding(SNAPSHOT):
        first = begin(his, tmp_path / "state", run="first")
        until(lambda: his.sql(WAITS))
        built = his.invalid()
        told = begin(his, tmp_path / "state", run="second").end()
        assert told["failed"]
        assert told["msg"] == f"database {DATABASE}: another run rebuilds indexes here, let it end first"
        assert his.invalid() == built != []
    told = first.end()
    assert (told["ended"], {one["name"] for one in told["rebuilt"]}) == ("done", {"visit_n", "image_n"})
    again = begin(his, tmp_path / "state", run="second").end()
    assert (again["ended"], again["changed"], again["rebuilt"], his.invalid()) == ("done", False, [], [])


def test_runs_that_start_at_the_same_instant_rebuild_each_index_once(his: Server, tmp_path: Path) -> None:
    running = [begin(his, tmp_path / "state", run=f"r{number}") for number in range(3)]
    told = [one.end() for one in running]
    refused = [one["msg"] for one in told if one.get("failed")]
    assert all("another run rebuilds indexes here" in one for one in refused)
    rebuilt = [index["name"] for one in told for index in one.get("rebuilt", ())]
    assert sorted(rebuilt) == ["image_n", "visit_n"]
    assert (his.invalid(), his.memory.told["open"]) == ([], {})
    assert his.memory.baseline(DATABASE, "public", "visit_n") is not None


def test_what_a_run_has_noted_is_not_lost_to_one_on_another_database(clone: Server, tmp_path: Path) -> None:
    """Both remember in one file: the first to have read it, and to write last, must not undo the other's words."""
    with clone.holding(SNAPSHOT):
        one = begin(clone, tmp_path / "state", run="one")
        until(lambda: clone.sql(WAITS))
        other = begin(clone, tmp_path / "state", run="other", databases=[CLONE]).end()
        assert (other["ended"], len(other["rebuilt"])) == ("done", 2)
        noted = clone.memory.told
        assert [begun["run"] for begun in noted["open"].values()] == ["one"]
    assert one.end()["ended"] == "done"
    assert clone.memory.told["open"] == {}
    assert {(run, len(clone.memory.items(run))) for run in ("one", "other")} == {("one", 2), ("other", 2)}
    for database in (DATABASE, CLONE):
        assert clone.memory.baseline(database, "public", "visit_n") is not None


def test_a_dead_run_is_settled_although_the_same_numbers_are_built_next_door(clone: Server, tmp_path: Path) -> None:
    """In a copy of a database the numbers are the same: a rebuild there is not waited for, and is never cancelled."""
    with clone.holding(SNAPSHOT):
        dead = begin(clone, tmp_path / "state", run="dead")
        (pid,) = until(lambda: clone.sql(WAITS).splitlines())
        dead.process.send_signal(signal.SIGKILL)
        dead.process.wait(30)
        clone.sql(f"SELECT pg_terminate_backend({pid})")
        until(lambda: not clone.sql(WAITS))
    left = clone.invalid()
    assert len(left) == 1
    snapshot = clone.argv(f"{SNAPSHOT}; SELECT pg_sleep(60)", CLONE)
    holder = subprocess.Popen(snapshot, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: clone.sql("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'"))
        there = begin(clone, tmp_path / "state", run="there", databases=[CLONE])
        until(lambda: clone.sql(WAITS))
        told = Beside(lambda: clone.sweep("here", old_transaction_s=3600)).end()
        assert told["cleaned"] == [f"{DATABASE}: public.{left[0]} (ccnew-ready)"]
        assert (told["ended"], len(told["rebuilt"]), clone.invalid()) == ("done", 2, [])
        assert clone.sql(WAITS)
    finally:
        clone.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'")
        holder.wait(30)
    assert (there.end()["ended"], clone.sql("SELECT 1 FROM pg_index WHERE NOT indisvalid", CLONE)) == ("done", "")


def test_a_strangers_rebuild_of_the_same_index_that_failed_later_is_left(his: Server, tmp_path: Path) -> None:
    """Ours is known by its number, which was seen while it was built; a person's own attempt has the next name."""
    with his.holding(SNAPSHOT):
        dead = begin(his, tmp_path / "state", run="dead")
        (pid,) = until(lambda: his.sql(WAITS).splitlines())
        until(lambda: [one for one in his.memory.told["open"].values() if set(one["seen"]) - {one["oid"]}])
        dead.process.send_signal(signal.SIGKILL)
        dead.process.wait(30)
        his.sql(f"SELECT pg_terminate_backend({pid})")
        until(lambda: not his.sql(WAITS))
        (ours,) = his.invalid()
        name = ours.removesuffix("_ccnew")
        person = subprocess.Popen(his.argv(f"REINDEX INDEX CONCURRENTLY {name}"), stderr=subprocess.DEVNULL)
        (pid,) = until(lambda: his.sql(WAITS).splitlines())
        his.sql(f"SELECT pg_terminate_backend({pid})")
        person.wait(30)
    assert his.invalid() == [ours, f"{name}_ccnew1"]
    told = his.sweep("r2")
    assert told["cleaned"] == [f"{DATABASE}: public.{ours} (ccnew-ready)"]
    assert (told["ended"], his.invalid()) == ("done", [f"{name}_ccnew1"])
