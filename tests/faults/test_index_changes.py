"""Indexes created and dropped by name on a real PostgreSQL, and everything that comes in between."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from indexing import DATABASE, Server, part, until
from indexwishes import NAME, definition, drop, look, visits, wish, work
from postgres import OWNER


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A table of visits without an index on its patients, and a host that remembers no run."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    with visits(cluster):
        yield cluster


def test_an_index_is_made_once_and_undone(his: Server) -> None:
    told = work(his, wish()).go([wish()])
    assert (told["ended"], len(told["done"]), his.invalid()) == ("done", 1, [])
    assert definition(his) == "CREATE INDEX visit_patient ON public.visit USING btree (patient)"
    assert told["done"][0]["after_bytes"] == his.bytes(NAME)
    again = work(his, wish(), run="r2").go([wish()])
    assert (again["ended"], again["done"], look(his, wish())["todo"]) == ("done", [], [])
    assert work(his, wish()).back() == [f"{DATABASE}: public.{NAME}"]
    assert (definition(his), work(his, wish()).back()) == ("", [])


def test_another_index_that_took_its_name_since_is_left(his: Server) -> None:
    """A build of milliseconds, which nobody saw while it went on, is known by its oid nevertheless."""
    work(his, wish()).go([wish()])
    his.sql(f"DROP INDEX {NAME}; CREATE INDEX {NAME} ON visit (text)")
    with pytest.raises(part("changes.place").Refused, match="is not what this run has made"):
        work(his, wish()).back()
    assert "(text)" in definition(his)


def test_a_dropped_index_comes_back_exactly_as_it_was(his: Server) -> None:
    his.sql(f"CREATE INDEX {NAME} ON visit (lower(text) DESC NULLS LAST) WITH (fillfactor=70) WHERE patient > 5")
    his.sql(f"COMMENT ON INDEX {NAME} IS '勿删'")
    before = definition(his)
    told = work(his, drop()).go([drop()])
    assert (told["ended"], definition(his), told["done"][0]["definition"]) == ("done", "", before)
    assert work(his, drop()).back() == [f"{DATABASE}: public.{NAME}"]
    assert (definition(his), his.invalid()) == (before, [])
    assert his.sql(f"SELECT obj_description('{NAME}'::regclass)") == "勿删"


def test_what_could_not_end_well_is_refused_with_the_reason(his: Server) -> None:
    his.sql(f"CREATE UNIQUE INDEX {NAME}_u ON visit (id, patient); CREATE INDEX {NAME}_s ON visit (patient)")
    his.sql("SET enable_seqscan = off; SELECT count(*) FROM visit WHERE patient = 7")
    until(lambda: his.sql(f"SELECT nullif(pg_stat_get_numscans('{NAME}_s'::regclass), 0)"))
    his.sql(f"CREATE INDEX {NAME} ON visit (text)")
    for asked, why in (
        (wish(columns=["patient", "nowhere"], name="x"), "visit has no column nowhere: it has"),
        (wish(table="nowhere", name="x"), "there is no table public.nowhere"),
        (wish(method="fancy", name="x"), "no index method fancy"),
        (wish(name="visit"), "something else bears this name"),
        (wish(), "another index bears this name: CREATE INDEX"),
        (wish(reason=" ", name="x"), "has no reason"),
        (drop(name="visit_pkey"), "a constraint or a foreign key rests on it"),
        (drop(name=f"{NAME}_u"), "it keeps values unique"),
        (drop(name=f"{NAME}_s"), "scans have used it"),
        (drop(table="other"), "the plan says other"),
    ):
        assert why in "; ".join(look(his, asked)["refusals"]), asked
    assert look(his, drop(name=f"{NAME}_s", used=True))["refusals"] == []
    his.sql(f"ALTER TABLE visit ALTER patient SET NOT NULL; ALTER TABLE visit REPLICA IDENTITY USING INDEX {NAME}_u")
    assert "the replica identity" in "; ".join(look(his, drop(name=f"{NAME}_u"))["refusals"])


def test_a_drop_that_is_misspelt_is_not_taken_for_done(his: Server) -> None:
    """The run that has dropped it asks again and is told nothing; nor is one whose index has no namesake."""
    his.sql(f"CREATE INDEX {NAME} ON visit (patient); CREATE INDEX {NAME}2 ON visit (patient)")
    told = look(his, drop(name="visit_pateint"))
    assert (told["todo"], len(told["fulfilled"])) == ([], 1)
    assert f"visit has no such index, and has {NAME}, {NAME}2" in told["refusals"][0]
    assert "there is no table public.visits" in look(his, drop(name="gone", table="visits"))["refusals"][0]
    assert look(his, drop(name="long_gone"))["refusals"] == []
    assert work(his, drop()).go([drop()])["ended"] == "done"
    assert look(his, drop())["refusals"] == []
    assert f"has {NAME}2" in look(his, drop(), run="r2")["refusals"][0]


def test_an_index_that_belongs_to_more_than_its_table_is_not_dropped(his: Server) -> None:
    his.sql(f"CREATE INDEX {NAME} ON visit (patient); ALTER TABLE visit CLUSTER ON {NAME}")
    assert "its table is clustered by it" in "; ".join(look(his, drop())["refusals"])
    his.sql("CREATE TABLE year (n integer) PARTITION BY RANGE (n)")
    his.sql("CREATE TABLE january PARTITION OF year FOR VALUES FROM (1) TO (2)")
    his.sql("CREATE INDEX year_n ON year (n)")
    for name, table in (("year_n", "year"), ("january_n_idx", "january")):
        told = look(his, drop(name=name, table=table))["refusals"]
        assert "it is part of a partitioned index" in "; ".join(told), name
    his.sql("CREATE TABLE own (n integer); CREATE INDEX own_n ON own (n); ALTER EXTENSION pgstattuple ADD TABLE own")
    assert "it belongs to an extension" in "; ".join(look(his, drop(name="own_n", table="own"))["refusals"])


def test_without_room_for_it_no_index_is_begun(his: Server) -> None:
    told = work(his, wish(), spare_bytes=1 << 60).go([wish()])
    assert (told["ended"], told["done"], definition(his)) == ("stopped", [], "")
    assert "bytes free, and" in told["remaining"][0]["why"]


def test_values_that_are_twice_leave_no_index_and_no_remains(his: Server) -> None:
    unique = wish(unique=True)
    told = work(his, unique).go([unique])
    assert (told["ended"], told["done"], his.invalid(), definition(his)) == ("stopped", [], [], "")
    assert told["remaining"][0]["why"].endswith(f'could not create unique index "{NAME}"')  # and not which value


def test_a_long_transaction_hinders_and_is_named_and_a_short_budget_begins_nothing(his: Server) -> None:
    with his.holding("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1; SELECT pg_sleep(1.5)"):
        assert "in a transaction since" in look(his, wish())["waits"][0]
        told = work(his, wish()).go([wish()])
        assert (told["ended"], definition(his)) == ("stopped", "")
        assert "in a transaction since" in told["remaining"][0]["why"]
        # One that is too young to be seen holds a build up: it is given up, and nothing of it stays.
        told = work(his, wish(), run="r2", old_transaction_s=600).go([wish()])
        assert (told["ended"], his.invalid(), definition(his)) == ("stopped", [], "")
    told = work(his, wish(), run="r3", budget_s=0.5).go([wish()])
    assert (told["ended"], told["remaining"][0]["why"][:11]) == ("out of time", "out of time")


def test_a_killed_run_is_resumed_and_an_invalid_index_of_another_is_left(his: Server) -> None:
    his.sql("INSERT INTO visit SELECT n, n, '' FROM generate_series(20001, 20010) AS n")
    with his.holding("BEGIN; INSERT INTO visit VALUES (0, 0, '')"):
        child = os.fork()
        if child == 0:
            work(his, wish(), old_transaction_s=600, stall_s=60).go([wish()])
            os._exit(0)
        until(lambda: his.invalid() == [NAME])
        until(lambda: part("index_changes.journal").Journal("r1").told["begun"])
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        his.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maintkit'")
        until(lambda: his.sql("SELECT count(*) FROM pg_stat_progress_create_index") == "0")
        assert his.invalid() == [NAME]
        assert "an invalid index that this run has not made" in look(his, wish(), run="r2")["refusals"][0]
    told = work(his, wish()).go([wish()])
    assert (told["ended"], his.invalid()) == ("done", [])
    assert definition(his).endswith("(patient)")


def test_a_build_that_still_goes_on_at_the_deadline_is_cancelled_and_leaves_nothing(his: Server) -> None:
    """An old snapshot holds it up. Where a lock does, what is left over cannot go yet, and the rollback clears it."""
    limits = {"old_transaction_s": 600, "stall_s": 60, "tries": 1, "budget_s": 3}
    with his.holding("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class"):
        began = time.monotonic()
        told = work(his, wish(), **limits).go([wish()])
        assert 2 < time.monotonic() - began < 20
        assert (told["done"], his.invalid(), definition(his)) == ([], [], "")
        assert (told["ended"], told["remaining"][0]["why"]) == ("out of time", "out of time")
    held = his.holding("BEGIN; INSERT INTO visit VALUES (0, 0, '')")
    with held, pytest.raises(part("changes.place").Refused, match="is left over and cannot be dropped"):
        work(his, wish(), run="r2", **limits).go([wish()])
    assert his.invalid() == [NAME]
    assert work(his, wish(), run="r2").back() == [f"{DATABASE}: public.{NAME}"]
    assert (his.invalid(), definition(his)) == ([], "")


def test_a_server_that_builds_on_after_its_client_died_is_waited_for_and_its_index_is_the_runs_own(his: Server) -> None:
    with contextlib.ExitStack() as held:
        held.enter_context(his.holding("BEGIN; INSERT INTO visit VALUES (0, 0, '')"))
        child = os.fork()
        if child == 0:
            work(his, wish(), old_transaction_s=600, stall_s=60).go([wish()])
            os._exit(0)
        until(lambda: his.invalid() == [NAME])
        made = his.sql(f"SELECT '{NAME}'::regclass::oid")
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert his.sql("SELECT count(*) FROM pg_stat_progress_create_index") == "1"
        release = threading.Timer(1.5, held.pop_all().close)
        release.start()
        told = work(his, wish(), old_transaction_s=600).go([wish()])
        release.join()
    assert (told["ended"], his.invalid(), his.sql(f"SELECT '{NAME}'::regclass::oid")) == ("done", [], made)
    assert work(his, wish()).back() == [f"{DATABASE}: public.{NAME}"]
    assert definition(his) == ""


@contextlib.contextmanager
def apart(his: Server, *, size: str = "") -> Iterator[Path]:
    """A tablespace `apart`, for as long as nothing needs it; with `size` on a filesystem of its own."""
    place = Path(tempfile.mkdtemp(prefix="maintkit-space-"))
    if size:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place], check=True)
    try:
        shutil.chown(place, OWNER)
        his.sql(f"CREATE TABLESPACE apart LOCATION '{place}'")
        yield place
    finally:
        his.sql(f"DROP INDEX IF EXISTS {NAME}")
        his.sql("DROP TABLESPACE IF EXISTS apart")
        if size:
            subprocess.run(["umount", place], check=True)
        place.rmdir()


@contextlib.contextmanager
def default_tablespace(his: Server, name: str) -> Iterator[None]:
    his.sql(f"ALTER DATABASE {DATABASE} SET default_tablespace = {name}")
    try:
        yield
    finally:
        his.sql(f"ALTER DATABASE {DATABASE} RESET default_tablespace")


def test_an_index_in_a_tablespace_of_its_own_comes_back_there(his: Server) -> None:
    with apart(his):
        his.sql(f"CREATE INDEX {NAME} ON visit (patient) TABLESPACE apart")
        where = "SELECT tablespace FROM pg_indexes WHERE tablespace = 'apart'"
        assert work(his, drop()).go([drop()])["ended"] == "done"
        assert his.sql(where) == ""
        work(his, drop()).back()
        assert his.sql(where) == "apart"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_a_disk_that_is_full_in_the_build_leaves_no_index_and_says_so(his: Server) -> None:
    """The tablespace of new indexes had room enough when it was asked for, and fills up before they are written."""
    with apart(his, size="8m") as place, default_tablespace(his, "apart"):
        stack = contextlib.ExitStack()
        stack.enter_context(his.holding("BEGIN; INSERT INTO visit VALUES (0, 0, '')"))

        def fill() -> None:
            until(lambda: his.invalid() == [NAME])
            free = shutil.disk_usage(place).free
            (place / "filler").write_bytes(bytes(free - 100_000))
            stack.close()

        filler = threading.Thread(target=fill)
        filler.start()
        told = work(his, wish(), old_transaction_s=600, stall_s=30).go([wish()])
        filler.join()
        (place / "filler").unlink()
        assert (told["ended"], told["done"], his.invalid(), definition(his)) == ("stopped", [], [], "")
        assert "No space left on device" in told["remaining"][0]["why"]
        assert work(his, wish()).go([wish()])["ended"] == "done"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount")
def test_the_room_is_looked_for_where_new_indexes_go(his: Server) -> None:
    with apart(his, size="200k") as place, default_tablespace(his, "apart"):
        told = look(his, wish())["refusals"]
    assert told[0].startswith(f"{DATABASE}: public.{NAME}: {place} has ")


def test_a_half_dropped_index_is_put_back(his: Server) -> None:
    his.sql(f"CREATE INDEX {NAME} ON visit (patient)")
    before = definition(his)
    with (
        his.holding("BEGIN; SELECT count(*) FROM visit"),
        pytest.raises(part("changes.place").Refused, match="half dropped"),
    ):
        work(his, drop(), old_transaction_s=600).go([drop()])
    assert his.invalid() == [NAME]
    assert work(his, drop()).back() == [f"{DATABASE}: public.{NAME}"]
    assert (definition(his), his.invalid()) == (before, [])


def test_two_controllers_do_not_change_indexes_at_once(his: Server) -> None:
    with (
        his.holding("SELECT pg_advisory_lock(hashtextextended('maintkit reindex', 0))"),
        pytest.raises(part("changes.place").Refused, match="another run changes indexes"),
    ):
        work(his, wish()).go([wish()])
