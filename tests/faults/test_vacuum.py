"""Vacuums on a real PostgreSQL: what counts as behind, what is freed, and who keeps it from being freed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from indexing import DATABASE, Beside, Server, part, until
from postgres import OWNER, binaries, run

CLONE = "lis"


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server with no table in it and no memory of it."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    yield cluster
    cluster.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS "科室 ""一" CASCADE')


def sweep(his: Server, run: str = "r1", *, databases: Sequence[str] = (DATABASE,), **changes: Any) -> dict[str, Any]:
    told = {"old_transaction_s": 0.5, "lock_timeout_s": 2, "cost_delay_ms": 0}
    rules = part("vacuum.sweep").Rules(**{**told, **changes})
    found: dict[str, Any] = part("vacuum.sweep").Sweep(his.reach, run, rules).go(list(databases))
    return found


def behind(his: Server) -> dict[str, Any]:
    """Tables that are behind, with what is to be done."""
    with part("postgresql.session").Session(his.reach, DATABASE) as session:
        seen = part("vacuum.sweep").look(session, 1 << 30, part("vacuum.choice").Limits())
    return {
        one.table.name: one.acts for _database, one in part("vacuum.choice").in_order((DATABASE, one) for one in seen)
    }


def wear(his: Server, table: str = "visit", rows: int = 20_000) -> None:
    """A table of whose rows a half is dead, and of which nobody has counted that."""
    name = table if table.startswith('"') else f"public.{table}"
    his.sql(f"CREATE TABLE {name} (n integer, text text)")
    his.sql(f"INSERT INTO {name} SELECT n, md5(n::text) FROM generate_series(1, {rows}) AS n")  # noqa: S608  # its own
    his.sql(f"VACUUM ANALYZE {name}")
    his.sql(f"DELETE FROM {name} WHERE n % 2 = 0")  # noqa: S608  # a test's own table
    counted = "SELECT 1 FROM pg_stat_user_tables WHERE n_dead_tup > 0 AND relid = '{}'::regclass"
    until(lambda: his.sql(counted.format(name.replace("'", "''"))))


def test_what_is_behind_is_made_up_for_once_and_told_before_and_after(his: Server) -> None:
    wear(his, '"科室 ""一"."挂号\'表\\"' if his.sql('CREATE SCHEMA "科室 ""一"') == "" else "")
    wear(his)
    his.sql("CREATE TABLE small (n integer); INSERT INTO small VALUES (1); DELETE FROM small")
    assert behind(his) == {"挂号'表\\": ("vacuum", "analyze"), "visit": ("vacuum", "analyze")}
    size = his.bytes("visit")
    told = sweep(his)
    assert (told["ended"], len(told["done"])) == ("done", 2)
    for one in told["done"]:
        assert (one["before"]["dead"], one["after"]["dead"], one["after"]["modified"]) == (10_000, 0, 0)
    assert his.bytes("visit") == size  # its room is used again, and no lock was taken to give it back
    assert (sweep(his, "r2")["done"], behind(his)) == ([], {})


def test_a_planned_table_that_is_gone_is_no_work_done(his: Server) -> None:
    wear(his)
    planned = frozenset((DATABASE, "public", name) for name in ("visit", "image"))
    told = sweep(his, only=planned)
    assert (told["ended"], [one["name"] for one in told["done"]]) == ("stopped", ["visit"])
    gone = "there is no table of this name any more: plan anew"
    assert told["remaining"] == [{"database": DATABASE, "schema": "public", "name": "image", "why": gone}]
    assert sweep(his, "r2", only=planned - {(DATABASE, "public", "image")})["ended"] == "done"


def test_a_tables_own_thresholds_stand_over_the_servers(his: Server) -> None:
    wear(his)
    his.sql("ALTER TABLE visit SET (autovacuum_vacuum_scale_factor = 0.9, autovacuum_analyze_threshold = 90000)")
    assert behind(his) == {}


def grow_old(his: Server) -> None:
    """A table that nears the age at which a vacuum is forced."""
    his.sql("CREATE TABLE old (n integer); INSERT INTO old VALUES (1)")
    his.sql("ALTER TABLE old SET (autovacuum_freeze_max_age = 100000)")
    his.sql("CREATE PROCEDURE age() LANGUAGE plpgsql AS 'BEGIN FOR n IN 1..80000 LOOP PERFORM pg_current_xact_id(); "
            "COMMIT; END LOOP; END'")  # fmt: skip
    his.sql("CALL age()")


def test_a_table_that_nears_the_age_at_which_a_vacuum_is_forced_is_frozen_first(his: Server) -> None:
    wear(his)
    grow_old(his)
    assert next(iter(behind(his).items())) == ("old", ("freeze",))
    first = sweep(his)["done"][0]
    assert (first["name"], first["acts"]) == ("old", ["freeze"])
    assert first["before"]["xid_age"] > 75_000
    assert first["after"]["xid_age"] < 1000


def test_what_ages_comes_first_whichever_database_it_is_in(his: Server) -> None:
    """In the plan as well; then nothing is held in either of them."""
    wear(his)
    grow_old(his)
    his.sql(f"CREATE DATABASE {CLONE} TEMPLATE {DATABASE}", "postgres")
    order = [(CLONE, "old"), (DATABASE, "visit")]
    try:
        his.sql("DROP TABLE old")
        both = [DATABASE, CLONE]
        usual = {name: about.get("default") for name, about in part("vacuum.asking").SPEC.items()}
        reach = {"user": OWNER, "socket": str(his.home), "bindir": str(binaries())}
        planned = part("vacuum.asking").look({**usual, **reach, "databases": both})["tables"]
        assert [(one["database"], one["name"]) for one in planned] == order
        with part("postgresql.session").Session(his.reach, CLONE) as other:
            assert other.value(part("vacuum.sweep").LOCK) == "t"
            with pytest.raises(part("changes.place").Refused, match=f"database {CLONE}: another run vacuums here"):
                sweep(his, databases=both)
        told = sweep(his, databases=both)
        assert [(one["database"], one["name"]) for one in told["done"]] == order
        assert {his.sql(part("vacuum.sweep").LOCK, name) for name in both} == {"t"}
    finally:
        his.sql(f"DROP DATABASE {CLONE} WITH (FORCE)", "postgres")


@pytest.mark.parametrize("holder", ["transaction", pytest.param("slot", marks=pytest.mark.long), "prepared"])
def test_who_keeps_dead_rows_is_named_and_statistics_are_renewed_all_the_same(his: Server, holder: str) -> None:
    if holder == "prepared":
        his.sql("CREATE TABLE other (n integer); BEGIN; INSERT INTO other VALUES (1); PREPARE TRANSACTION 'x y'")
    words = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1" if holder == "transaction" else ""
    with his.holding(words or "SELECT 1"):
        wear(his)
        if holder == "slot":
            left_by_a_standby(his)
        with part("postgresql.session").Session(his.reach, DATABASE) as session:
            said = until(lambda: part("vacuum.catalog").holders(session, 0.5))
        told = sweep(his)
    word = {"transaction": "session", "slot": "replication slot standby", "prepared": "transaction x y"}[holder]
    assert word in said[0]
    assert (told["ended"], [one["acts"] for one in told["done"]]) == ("stopped", [["analyze"]])
    assert "it would free nothing" in told["remaining"][0]["why"]
    if holder == "prepared":
        his.sql("ROLLBACK PREPARED 'x y'")
    if holder == "slot":
        his.sql("SELECT pg_drop_replication_slot('standby')")
    assert [one["after"]["dead"] for one in sweep(his, "r2")["done"]] == [0]


def left_by_a_standby(his: Server) -> None:
    """A slot of a standby that has told what its readers see, and went away."""
    home = his.home / "standby"
    words = (
        "-D",
        home,
        "-h",
        his.home,
        "-U",
        OWNER,
        "-R",
        "-C",
        "-S",
        "standby",
        "-c",
        "fast",
        "--no-sync",
        "-X",
        "stream",
    )
    run(binaries() / "pg_basebackup", *words)
    options = (f"-k {his.home} -p 5433 -c listen_addresses= -c hot_standby_feedback=on"
               " -c wal_receiver_status_interval=1 -c max_prepared_transactions=2")  # fmt: skip
    run(binaries() / "pg_ctl", "-D", home, "-w", "-l", his.home / "standby.log", "-o", options, "start")
    try:
        until(lambda: his.sql("SELECT 1 FROM pg_replication_slots WHERE xmin IS NOT NULL"))
    finally:
        run(binaries() / "pg_ctl", "-D", home, "-m", "immediate", "-w", "stop")
    until(lambda: his.sql("SELECT 1 FROM pg_replication_slots WHERE NOT active"))


def test_out_of_time_is_told_from_done_and_the_server_ends_what_nobody_waits_for(his: Server) -> None:
    wear(his, "one", 60_000)
    wear(his, "two", 60_000)
    told = sweep(his, budget_s=0.5)  # less than any vacuum is predicted to take: nothing is begun
    assert (told["ended"], len(told["remaining"]), told["done"]) == ("out of time", 2, [])
    told = sweep(his, "r2", budget_s=2, cost_delay_ms=100)  # begun, and far too slow
    assert told["ended"] == "out of time"
    assert his.sql("SELECT count(*) FROM pg_stat_progress_vacuum") == "0"
    assert sweep(his, "r3")["ended"] == "done"


def test_a_locked_table_hinders_only_itself(his: Server) -> None:
    wear(his, "one")
    wear(his, "two")
    with his.holding("BEGIN; LOCK TABLE one IN SHARE UPDATE EXCLUSIVE MODE"):
        told = sweep(his, old_transaction_s=60, lock_timeout_s=1)
    assert (told["ended"], [one["name"] for one in told["done"]]) == ("stopped", ["two"])
    assert "lock timeout" in told["remaining"][0]["why"]


def test_readers_and_writers_go_on_and_two_controllers_do_not(his: Server) -> None:
    wear(his)
    with (
        his.holding("SELECT pg_advisory_lock(hashtextextended('maintkit vacuum', 0))"),
        pytest.raises(part("changes.place").Refused, match="another run vacuums here"),
    ):
        sweep(his)
    with his.holding("BEGIN; INSERT INTO visit VALUES (1, ''); SELECT count(*) FROM visit") as writer:
        done = Beside(lambda: sweep(his, "r2", old_transaction_s=60)).end()
        assert writer.poll() is None
    assert done["ended"] == "done"


def test_a_vacuum_that_freed_nothing_is_told() -> None:
    item = {"database": "his", "schema": "public", "name": "visit", "acts": ["vacuum"],
            "before": {"dead": 100}, "after": {"dead": 100}}  # fmt: skip
    unfreed = part("vacuum.asking").unfreed
    assert unfreed([item]) == ["database his: public.visit has 100 dead rows after its vacuum, and had 100"]
    assert unfreed([{**item, "after": {"dead": 9}}, {**item, "acts": ["analyze"]}, {**item, "after": None}]) == []
