"""Who replicates may hold dead rows back: a standby that feeds back without a slot, a slot that decodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from indexing import DATABASE, Server, part, server, until
from postgres import OWNER, binaries, run


@pytest.fixture
def his(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on which ten transactions are far."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    monkeypatch.setattr(part("vacuum.catalog"), "BEHIND", 10)
    with server() as made:
        yield made


def holders(his: Server, **more: Any) -> list[str]:
    with part("postgresql.session").Session(his.reach, DATABASE) as session:
        found: list[str] = part("vacuum.catalog").holders(session, 3600, **more)
    return found


def wear(his: Server) -> None:
    """A table of whose rows a half is dead, and transactions enough to be far behind."""
    his.sql("CREATE TABLE visit (n integer)")
    his.sql("INSERT INTO visit SELECT generate_series(1, 20000)")
    his.sql("DO $$ BEGIN FOR i IN 1..30 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$")
    his.sql("DELETE FROM visit WHERE n % 2 = 0; ANALYZE visit")
    until(lambda: his.sql("SELECT 1 FROM pg_stat_user_tables WHERE relname = 'visit' AND n_dead_tup > 9000"))


@contextmanager
def standby(his: Server) -> Iterator[str]:
    """A standby without a slot that tells what its readers see; its words for psql."""
    home = his.home / "standby"
    run(binaries() / "pg_basebackup", "-D", home, "-h", his.home, "-U", OWNER, "-R", "-c", "fast", "--no-sync")
    options = (f"-k {his.home} -p 5433 -c listen_addresses= -c hot_standby_feedback=on"
               " -c wal_receiver_status_interval=1 -c max_prepared_transactions=2")  # fmt: skip
    run(binaries() / "pg_ctl", "-D", home, "-w", "-l", his.home / "standby.log", "-o", options, "start")
    try:
        yield str(his.home)
    finally:
        run(binaries() / "pg_ctl", "-D", home, "-m", "immediate", "-w", "stop")


def test_a_standby_that_feeds_back_without_a_slot_is_named(his: Server) -> None:
    with standby(his):
        until(lambda: his.sql("SELECT 1 FROM pg_stat_replication WHERE backend_xmin IS NOT NULL"))
        reader = his.reader(5433)
        with reader.holding("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1"):
            wear(his)
            until(lambda: holders(his))
            assert holders(his)[0].startswith("standby walreceiver holds back what is dead since ")
            rules = part("vacuum.sweep").Rules(limits=part("vacuum.choice").Limits(min_rows=100))
            told = part("vacuum.sweep").Sweep(his.reach, "r1", rules).go([DATABASE])
            assert "it would free nothing: standby walreceiver" in told["remaining"][0]["why"]
        until(lambda: holders(his) == [])
    assert his.sql("VACUUM visit") == ""


def test_a_slot_that_decodes_holds_back_the_servers_own_tables_alone(his: Server) -> None:
    his.sql("ALTER SYSTEM SET wal_level = logical")
    run(binaries() / "pg_ctl", "-D", his.home / "data", "-w", "-l", his.home / "log", "restart")
    his.sql("SELECT pg_create_logical_replication_slot('decoding', 'pgoutput')")
    assert holders(his) == []
    assert "replication slot decoding holds back what is dead in the server's own tables" in holders(his, own=True)[0]
