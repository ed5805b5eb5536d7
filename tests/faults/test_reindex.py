"""Rebuilds of indexes on a real PostgreSQL: what is chosen, and that whatever happens the catalog ends clean."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from indexing import DATABASE, Beside, Server, part, until

PID = "SELECT pid FROM pg_stat_progress_create_index"
# Looks every few milliseconds from within the server, as no client could.
KILL = """DO $$ BEGIN FOR n IN 1..20000 LOOP
  PERFORM pg_stat_clear_snapshot();
  PERFORM pg_terminate_backend(pid) FROM pg_stat_progress_create_index WHERE phase LIKE '{phase}%';
  IF FOUND THEN RETURN; END IF;
  PERFORM pg_sleep(0.002);
END LOOP; END $$"""
KILLING = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO %pg_terminate_backend%' AND state = 'active'"

DYING = """import pathlib, sys
sys.path.insert(0, sys.argv[3])
from indexing import Server, part
part("changes.place").STATE = pathlib.Path(sys.argv[2])
Server(home=pathlib.Path(sys.argv[1])).sweep("dead", old_transaction_s=3600, lock_timeout_s=60)"""


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server with no table in it and no memory of it."""
    place = part("changes.place")
    monkeypatch.setattr(place, "STATE", tmp_path / "state")
    yield cluster
    cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maintkit'")
    cluster.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS "科室 ""一" CASCADE')
    cluster.sql("CREATE EXTENSION IF NOT EXISTS pgstattuple; CREATE EXTENSION IF NOT EXISTS amcheck")


def test_a_bloated_index_is_rebuilt_once_checked_and_remembered(his: Server) -> None:
    his.bloat("visit")
    before = his.bytes("visit_n")
    told = his.sweep()
    assert told["ended"] == "done"
    (one,) = told["rebuilt"]
    assert (one["verdict"], one["check"]) == ("rebuilt", "ok, every row has its entry")
    assert his.bytes("visit_n") == one["after_bytes"] < before / 3
    assert abs(one["bloat"] - before / one["after_bytes"]) / one["bloat"] < 0.05
    assert his.memory.baseline(DATABASE, "public", "visit_n") == pytest.approx(one["bytes_per_tuple"])
    again = his.sweep("r2")
    assert (again["ended"], again["rebuilt"], his.invalid()) == ("done", [], [])


def test_odd_names_keys_partitions_and_toast_are_rebuilt_and_exclusions_left(his: Server) -> None:
    his.sql(
        """CREATE SCHEMA "科室 ""一";
        CREATE TABLE "科室 ""一"."挂号'表\\" (n integer CONSTRAINT "主键 "";x" PRIMARY KEY, filler text);
        INSERT INTO "科室 ""一"."挂号'表\\" SELECT n, '' FROM generate_series(1, 60000) n;
        DELETE FROM "科室 ""一"."挂号'表\\" WHERE n % 5 > 0;
        CREATE TABLE part (n integer, UNIQUE (n)) PARTITION BY RANGE (n);
        CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100000);
        INSERT INTO part SELECT generate_series(1, 60000); DELETE FROM part WHERE n % 5 > 0;
        CREATE TABLE image (n integer, body text); ALTER TABLE image ALTER body SET STORAGE EXTERNAL;
        INSERT INTO image SELECT n, repeat(md5(n::text), 160) FROM generate_series(1, 8000) n;
        DELETE FROM image WHERE n % 5 > 0;
        CREATE TABLE room (n integer, EXCLUDE USING btree (n WITH =));
        INSERT INTO room SELECT generate_series(1, 60000); DELETE FROM room WHERE n % 5 > 0"""
    )
    his.sql("VACUUM ANALYZE")
    told = his.sweep()
    names = {one["name"] for one in told["rebuilt"]}
    toast = his.sql("SELECT relname FROM pg_class WHERE oid = (SELECT indexrelid FROM pg_index WHERE indrelid = "
                    "(SELECT reltoastrelid FROM pg_class WHERE relname = 'image'))")  # fmt: skip
    assert names == {'主键 ";x', "part_1_n_key", toast}
    assert (told["ended"], his.invalid()) == ("done", [])
    assert his.sql("SELECT count(*) FROM pg_constraint WHERE contype IN ('p', 'u') AND conrelid >= 16384") == "3"
    assert "exclusion" in his.look()["public.room_n_excl"].why


def test_an_old_transaction_on_another_table_hinders_and_is_named(his: Server) -> None:
    his.bloat("visit")
    his.sql("CREATE TABLE other (n integer)")
    with his.holding("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other"):
        until(lambda: part("indexes.preflight").waits(_session(his), 1) or None)
        held = his.sql("SELECT 'session ' || pid || ' of postgres: in a transaction since ' FROM pg_stat_activity "
                       "WHERE state = 'idle in transaction'")  # fmt: skip
        told = his.sweep()
        assert told["ended"] == "stopped"
        assert told["remaining"][0]["why"].startswith(held)
        # One that comes after the look: the rebuild waits for it, is cancelled, and nothing is left of it.
        told = his.sweep("r2", old_transaction_s=3600, stall_s=1)
    assert told["ended"] == "stopped"
    assert told["remaining"][0]["why"].startswith(f"waiting for old snapshots for more than 1 s: {held}")
    assert his.invalid() == []
    assert len(his.sweep("r3")["rebuilt"]) == (0 if told["rebuilt"] else 1)


def test_a_table_that_is_locked_a_replica_and_old_versions_are_refused(his: Server) -> None:
    his.bloat("visit")
    with his.holding("BEGIN; LOCK TABLE visit IN SHARE MODE"):
        told = his.sweep(old_transaction_s=3600)
    assert "holds ShareLock" in told["remaining"][0]["why"]
    preflight = part("indexes.preflight")
    for version, replica, sees, word in (
        (140003, False, True, "14.4"), (110000, False, True, "12"), (150000, True, True, "replica"),
        (150000, False, False, "pg_monitor"),
    ):  # fmt: skip
        found = preflight.Server(version=version, replica=replica, cluster="1", sees=sees)
        assert word in preflight.refusals(found)[0]
    assert preflight.refusals(preflight.Server(version=140004, replica=False, cluster="1", sees=True)) == []


@pytest.mark.parametrize("phase", ["building", "index validation", "waiting for old snapshots"])
def test_a_backend_killed_before_the_swap_leaves_the_index_as_it_was(his: Server, phase: str) -> None:
    his.bloat("visit", 400_000)
    killer = Beside(lambda: his.sql(KILL.format(phase=phase)))
    until(lambda: his.sql(KILLING))
    told = his.sweep(old_transaction_s=3600)
    killer.end()
    assert (told["ended"], told["rebuilt"], his.invalid()) == ("stopped", [], [])
    (one,) = his.memory.items("r1")
    assert (one["verdict"], one["left"]) == ("intact", ["ccnew" if phase == "building" else "ccnew-ready"])
    assert "connection to server was lost" in one["said"]
    assert len(his.sweep("r2")["rebuilt"]) == 1


def test_a_backend_killed_at_the_swap_has_rebuilt_whatever_its_client_was_told(his: Server) -> None:
    """The old index is left, and cannot be dropped while a reader is there: the next run does, and rebuilds nothing."""
    his.bloat("visit")
    with his.holding("BEGIN; SELECT count(*) FROM visit"):
        # The reader keeps it there; one that looks from within the server would be waited for before.
        swapped = PID.replace("pid", "pg_terminate_backend(pid)", 1) + " WHERE phase LIKE 'waiting for readers%'"
        killer = Beside(lambda: until(lambda: his.sql(swapped)))
        with pytest.raises(part("changes.place").Refused, match=r"visit_n_ccold is left over and cannot be dropped"):
            his.sweep(old_transaction_s=3600)
        killer.end()
        assert his.invalid() == ["visit_n_ccold"]
    told = his.sweep("r2")
    assert told["cleaned"] == [f"{DATABASE}: public.visit_n_ccold (ccold)"]
    assert [one["said"] for one in told["rebuilt"]] == ["cut off"]
    assert his.invalid() == []
    assert his.memory.told["open"] == {}


def test_a_disk_that_fills_up_in_the_build_costs_nothing_but_the_build(his: Server) -> None:
    small = his.home / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(small)], check=True)
    shutil.chown(small, "postgres", "postgres")
    try:
        his.sql(f"CREATE TABLESPACE small LOCATION '{small}'")
        his.bloat("visit", 400_000)
        his.sql("ALTER INDEX visit_n SET TABLESPACE small")
        assert "bytes free" in his.sweep("r0", spare_bytes=1 << 30)["remaining"][0]["why"]
        # What fills it comes after the look: all but two MiB, and the new index needs five.
        full = shutil.disk_usage(small).free - (2 << 20)
        filled = Beside(lambda: (until(lambda: his.sql(PID)), (small / "ballast").write_bytes(bytes(full))))
        with his.holding("BEGIN; INSERT INTO visit VALUES (1, '')"):
            going = Beside(lambda: his.sweep(old_transaction_s=3600, lock_timeout_s=30))
            filled.end()
        told = going.end()
        assert "No space left on device" in told["remaining"][0]["why"]
        assert (told["ended"], his.invalid()) == ("stopped", [])
        (small / "ballast").unlink()
        assert len(his.sweep("r2")["rebuilt"]) == 1
    finally:
        his.sql("DROP TABLE IF EXISTS visit")
        his.sql("DROP TABLESPACE IF EXISTS small")
        subprocess.run(["umount", str(small)], check=True)


def test_a_dead_client_is_settled_by_the_next_run_and_strangers_are_left_alone(his: Server) -> None:
    """What a dead module leaves: psql and backend gone in the build, and an entry that nobody closed."""
    his.bloat("visit", 100_000)
    his.sql("CREATE TABLE strange AS SELECT 1 AS n FROM generate_series(1, 2)")
    failed = subprocess.run(his.argv("CREATE UNIQUE INDEX CONCURRENTLY strange_ccnew ON strange (n)"), check=False)
    assert failed.returncode != 0
    choice = his.look()["public.visit_n"]
    work = {"oid": choice.index.oid, "schema": "public", "name": "visit_n", "table_oid": choice.index.table_oid,
            "bytes": choice.index.bytes, "table_bytes": choice.index.table_bytes, "before": []}  # fmt: skip
    his.memory.begin("dead", DATABASE, work)
    with his.holding("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1"):
        client = subprocess.Popen(his.argv("REINDEX INDEX CONCURRENTLY visit_n"), stderr=subprocess.DEVNULL)
        until(lambda: his.sql(f"{PID} WHERE phase ~ 'old snapshots'"))
        his.sql(PID.replace("pid", "pg_terminate_backend(pid)", 1))
        client.wait(30)
    assert his.invalid() == ["strange_ccnew", "visit_n_ccnew"]
    told = his.sweep("r2")
    assert told["cleaned"] == [f"{DATABASE}: public.visit_n_ccnew (ccnew-ready)"]
    assert his.memory.items("dead")[0]["verdict"] == "intact"
    assert (len(told["rebuilt"]), his.invalid()) == (1, ["strange_ccnew"])


def test_a_killed_run_leaves_nothing_that_the_next_does_not_settle(his: Server, tmp_path: Path) -> None:
    """Module and psql die at once while the backend waits; it may go on, and is waited for before it is judged."""
    his.bloat("visit")
    arguments = [str(his.home), str(tmp_path / "state"), str(Path(__file__).parents[1])]
    with his.holding("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1"):
        dying = subprocess.Popen([sys.executable, "-c", DYING, *arguments], start_new_session=True)
        until(lambda: his.sql(f"{PID} WHERE phase ~ 'old snapshots'"))
        os.killpg(dying.pid, signal.SIGKILL)
        dying.wait()
    assert list(his.memory.told["open"]) == ['["his", "public", "visit_n"]']
    told = his.sweep("r2")
    assert [one["verdict"] for one in told["rebuilt"]] == ["rebuilt"]
    assert [one["run"] for one in his.memory.items("dead")] == ["dead"]
    assert (told["ended"], his.invalid(), his.memory.told["open"]) == ("done", [], {})


def test_out_of_time_is_told_from_done_and_the_next_window_goes_on(his: Server) -> None:
    for table in ("one", "two", "three"):
        his.bloat(table)
    told = his.sweep(budget_s=0.5)  # less than any rebuild is predicted to take: nothing is begun
    assert (told["ended"], len(told["remaining"])) == ("out of time", 3)
    with his.holding("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1"):
        told = his.sweep("r2", budget_s=4, old_transaction_s=3600)
    assert told["ended"] == "out of time"
    assert his.invalid() == []
    rest = his.sweep("r3")
    assert (rest["ended"], len(rest["rebuilt"]) + len(told["rebuilt"])) == ("done", 3)


def test_of_two_controllers_one_is_refused(his: Server) -> None:
    his.bloat("visit")
    with (
        his.holding("SELECT pg_advisory_lock(hashtextextended('maintkit reindex', 0))"),
        pytest.raises(part("changes.place").Refused, match="another run rebuilds indexes here"),
    ):
        his.sweep()


def _session(his: Server) -> object:
    return part("postgresql.session").Session(his.reach, DATABASE)
