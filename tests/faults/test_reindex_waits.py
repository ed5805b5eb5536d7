"""What a rebuild waits for, and how long: others' transactions up to `stall`, a lock up to `lock_timeout`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from indexing import Beside, Server, part, until
from indexwishes import drop, work

SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other"


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A bloated index, another table, and no memory of any."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    cluster.bloat("visit")
    cluster.sql("CREATE TABLE other (n integer)")
    yield cluster
    cluster.sql("DROP TABLE visit, other")


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is to be waited for comes just after the last look."""
    monkeypatch.setattr(part("indexes.preflight"), "waits", lambda *_told: [])


def usual() -> dict[str, float]:
    """The limits of a run that names none, as the module has them."""
    rules = part("indexes.sweep").Rules()
    return {name: getattr(rules, name) for name in ("lock_timeout_s", "stall_s", "old_transaction_s")}


def pid(his: Server) -> str:
    found: str = until(lambda: his.sql("SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'"))
    return found


def test_a_transaction_of_some_seconds_on_another_table_costs_no_finished_build(his: Server) -> None:
    """With the limits that nobody has changed: one of 12 s, which is too young to be seen before."""
    with his.holding(f"{SNAPSHOT}; SELECT pg_sleep(0)"):
        pid(his)
        going = Beside(lambda: his.sweep(**usual()))
        time.sleep(12)
    told = going.end()
    assert (told["ended"], [one["name"] for one in told["rebuilt"]]) == ("done", ["visit_n"])
    assert told["rebuilt"][0]["seconds"] > 9
    assert "waiting for old snapshots" in told["rebuilt"][0]["phases"]


def test_one_that_outlasts_stall_ends_the_build_and_is_named(his: Server) -> None:
    with his.holding(SNAPSHOT):
        holder, began = pid(his), time.monotonic()
        told = his.sweep(**{**usual(), "stall_s": 7})
    assert 7 < time.monotonic() - began < 20
    (left,) = told["remaining"]
    assert left["why"].startswith(f"waiting for old snapshots for more than 7 s: session {holder} of postgres: in a")
    assert (told["rebuilt"], his.invalid()) == ([], [])


@pytest.mark.usefixtures("late")
def test_a_lock_that_does_not_come_is_given_up_early_and_its_holder_named(his: Server) -> None:
    """Whatever `stall` is: nobody queues behind a rebuild for longer than `lock_timeout`."""
    with his.holding("BEGIN; LOCK TABLE visit IN SHARE UPDATE EXCLUSIVE MODE"):
        holder = pid(his)
        going = Beside(lambda: his.sweep(lock_timeout_s=2))
        until(lambda: his.sql("SELECT 1 FROM pg_locks WHERE relation = 'visit'::regclass AND NOT granted"))
        began = time.monotonic()
        his.sql("SET lock_timeout = '1s'; INSERT INTO visit VALUES (-1, '')")
        told = going.end()
        assert time.monotonic() - began < 6
    (left,) = told["remaining"]
    assert left["why"].startswith(f"waiting for a lock for more than 2 s: session {holder} of ")
    assert (told["ended"], his.invalid()) == ("stopped", [])


@pytest.mark.usefixtures("late")
def test_what_a_left_over_cannot_go_for_is_named_and_the_next_run_drops_it(his: Server) -> None:
    """The same that had held up the build: a prepared transaction, which no session holds."""
    his.sql("BEGIN; INSERT INTO visit VALUES (-1, ''); PREPARE TRANSACTION 'p'")
    why = "_ccnew is left over and .* waiting for other transactions for more than 2 s: a prepared transaction"
    try:
        with pytest.raises(part("changes.place").Refused, match=why):
            his.sweep(lock_timeout_s=2, stall_s=1)
    finally:
        his.sql("ROLLBACK PREPARED 'p'")
    assert his.memory.items("r1") == []
    told = his.sweep("r2")
    assert (told["ended"], len(told["cleaned"]), len(told["rebuilt"]), his.invalid()) == ("done", 1, 1, [])


@pytest.mark.usefixtures("late")
def test_a_drop_waits_for_readers_and_names_the_one_that_it_gave_up_for(his: Server) -> None:
    """No view of the server tells its phases: what it waits for is told by its lock."""
    gone = drop(name="visit_n")
    with his.holding("BEGIN; SELECT count(*) FROM visit"):
        going = Beside(lambda: work(his, gone, lock_timeout_s=0.5, stall_s=60).go([gone]))
        time.sleep(3)
    assert going.end()["ended"] == "done"
    his.sql("CREATE INDEX visit_n ON visit (n)")
    with his.holding("BEGIN; SELECT count(*) FROM visit"):
        why = rf"half dropped, and invalid: waiting for other transactions for more than 1 s: session {pid(his)} of"
        with pytest.raises(part("changes.place").Refused, match=why):
            work(his, gone, run="r2").go([gone])
    work(his, gone, run="r2").back()


@pytest.mark.usefixtures("late")
def test_a_queued_drop_is_tried_again_and_named(his: Server) -> None:
    gone = drop(name="visit_n")
    with his.holding("BEGIN; LOCK TABLE visit IN SHARE MODE"):
        began = time.monotonic()
        told = work(his, gone, lock_timeout_s=1, stall_s=60, tries=3).go([gone])
        assert 3 < time.monotonic() - began < 9
        assert told["remaining"][0]["why"].startswith(f"waiting for a lock for more than 1 s: session {pid(his)} of")
    assert (told["ended"], his.invalid()) == ("stopped", [])
