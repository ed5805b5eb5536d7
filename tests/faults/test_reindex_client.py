"""A rebuild whose client dies: the module's own process is killed in each phase, and the next run finds its way."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from indexing import DATABASE, Beside, Server, part, until
from reindexing import Module, begin

# The index's expression waits in the server wherever a row is put into an index: 5 is there from the beginning, so the
# build stops at it; -7 comes after the build has begun, so the validation does.
GATE = """CREATE FUNCTION gate(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ DECLARE number bigint; BEGIN
  number := CASE n WHEN 5 THEN 1 WHEN -7 THEN 2 END;
  IF number IS NOT NULL THEN
    PERFORM pg_catalog.pg_advisory_lock_shared(number); PERFORM pg_catalog.pg_advisory_unlock_shared(number);
  END IF;
  RETURN n;
END $$"""
HELD = """SELECT 1 FROM pg_stat_progress_create_index JOIN pg_stat_activity USING (pid)
WHERE phase LIKE '{phase}%' AND wait_event_type = 'Lock' AND wait_event LIKE '%{waiting_for}'"""
STRANGER = "visit_strange_ccnew"
STRANGERS = {STRANGER, "visit_n_ccnew"}
ENTRY = '["his", "public", "visit_n"]'

Begin = Callable[[], object]


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A bloated index behind the gate; on its table two builds of strangers that failed, one by the name of its own."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    cluster.sql(GATE)
    cluster.bloat("visit", 30_000)
    cluster.sql("DROP INDEX visit_n; CREATE INDEX visit_n ON visit (gate(n), text)")
    cluster.sql("DELETE FROM visit WHERE n % 25 <> 5")
    cluster.sql("VACUUM ANALYZE visit")
    for name in STRANGERS:
        words = cluster.argv(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON visit ((n - n))")
        assert subprocess.run(words, capture_output=True, check=False).returncode != 0
    assert set(cluster.invalid()) == STRANGERS
    yield cluster
    cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'maintkit'")
    cluster.sql("DROP TABLE visit; DROP FUNCTION gate")


def _held(his: Server, phase: str, waiting_for: str = "") -> None:
    """Until the rebuild is in this phase, and waits there for a lock of that kind."""
    until(lambda: his.sql(HELD.format(phase=phase, waiting_for=waiting_for)))


@contextmanager
def writers_before_build(his: Server, begin: Begin) -> Iterator[None]:
    with his.holding("BEGIN; INSERT INTO visit VALUES (-1, '')"):
        begin()
        _held(his, "waiting for writers before build")
        yield


@contextmanager
def build(his: Server, begin: Begin) -> Iterator[None]:
    with his.holding("SELECT pg_advisory_lock(1)"):
        begin()
        _held(his, "building index", "advisory")
        yield


@contextmanager
def writers_before_validation(his: Server, begin: Begin) -> Iterator[None]:
    with ExitStack() as until_end:
        with build(his, begin):
            until_end.enter_context(his.holding("BEGIN; INSERT INTO visit VALUES (-1, '')"))
        _held(his, "waiting for writers before validation")
        yield


@contextmanager
def validation(his: Server, begin: Begin) -> Iterator[None]:
    with ExitStack() as until_end:
        with build(his, begin):
            his.sql("INSERT INTO visit VALUES (-7, '')")
            until_end.enter_context(his.holding("SELECT pg_advisory_lock(2)"))
        _held(his, "index validation", "advisory")
        yield


@contextmanager
def old_snapshots(his: Server, begin: Begin) -> Iterator[None]:
    with his.holding("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class LIMIT 1"):
        begin()
        _held(his, "waiting for old snapshots")
        yield


@contextmanager
def swap(his: Server, begin: Begin) -> Iterator[None]:
    """In the very transaction that exchanges the two: it has to write the old one's row in the catalog."""
    with his.holding("BEGIN; SELECT 1 FROM pg_class WHERE relname = 'visit_n' FOR UPDATE"):
        begin()
        _held(his, "waiting for old snapshots", "transactionid")
        yield


@contextmanager
def readers_before_marking_dead(his: Server, begin: Begin) -> Iterator[None]:
    with his.holding("BEGIN; SELECT count(*) FROM visit"):
        begin()
        _held(his, "waiting for readers before marking dead")
        yield


@contextmanager
def readers_before_dropping(his: Server, begin: Begin) -> Iterator[None]:
    """By a reader that comes while the first are waited for: only the second wait meets it."""
    with ExitStack() as until_end:
        with readers_before_marking_dead(his, begin):
            until_end.enter_context(his.holding("BEGIN; SELECT count(*) FROM visit"))
        _held(his, "waiting for readers before dropping")
        yield


@dataclass(frozen=True, kw_only=True)
class Phase:
    """How a rebuild is held in it, and what one that ends there leaves beside what is a stranger's."""

    hold: Callable[[Server, Begin], AbstractContextManager[None]]
    leaves: str
    kind: str


PHASES = [
    Phase(hold=writers_before_build, leaves="visit_n_ccnew1", kind="ccnew"),
    Phase(hold=build, leaves="visit_n_ccnew1", kind="ccnew"),
    Phase(hold=writers_before_validation, leaves="visit_n_ccnew1", kind="ccnew-ready"),
    Phase(hold=validation, leaves="visit_n_ccnew1", kind="ccnew-ready"),
    Phase(hold=old_snapshots, leaves="visit_n_ccnew1", kind="ccnew-ready"),
    Phase(hold=swap, leaves="visit_n_ccnew1", kind="ccnew-ready"),
    Phase(hold=readers_before_marking_dead, leaves="visit_n_ccold", kind="ccold"),
    Phase(hold=readers_before_dropping, leaves="visit_n_ccold", kind="ccold"),
]


def _name(phase: Phase) -> str:
    return phase.hold.__name__


def _long(phase: Phase) -> object:
    """All but three of the phases take too long in sum."""
    brief = phase.hold in (build, swap, readers_before_dropping)
    return pytest.param(phase, marks=() if brief else pytest.mark.long, id=_name(phase))


@pytest.mark.parametrize("phase", [_long(phase) for phase in PHASES])
def test_a_module_that_is_killed_is_followed_to_its_backends_end(his: Server, tmp_path: Path, phase: Phase) -> None:
    """The module alone dies; psql and backend go on. The next run waits for them, and rebuilds nothing twice."""
    before = his.bytes("visit_n")
    started: list[Module] = []
    with phase.hold(his, lambda: started.append(begin(his, tmp_path / "state", run="dead"))):
        started[0].process.kill()
        started[0].process.wait(30)
        assert list(his.memory.told["open"]) == [ENTRY]
        following = Beside(lambda: his.sweep("r2", old_transaction_s=3600, lock_timeout_s=60))
    told = following.end()
    assert (told["ended"], [one["said"] for one in told["rebuilt"]]) == ("done", ["cut off"])
    assert [(one["run"], one["verdict"]) for one in his.memory.items("dead")] == [("dead", "rebuilt")]
    assert his.bytes("visit_n") < before / 2
    assert set(his.invalid()) == STRANGERS
    assert his.memory.told["open"] == {}


@pytest.mark.long
@pytest.mark.parametrize("phase", PHASES, ids=_name)
def test_a_module_killed_with_its_psql_leaves_only_what_the_next_run_drops(
    his: Server, tmp_path: Path, phase: Phase
) -> None:
    """The backend finds that its client is gone, and ends where it is; what is left of it is dropped, and no other."""
    started: list[Module] = []
    with phase.hold(his, lambda: started.append(begin(his, tmp_path / "state", run="dead"))):
        os.killpg(started[0].process.pid, signal.SIGKILL)
        started[0].process.wait(30)
        until(lambda: not his.sql("SELECT 1 FROM pg_stat_activity WHERE application_name = 'maintkit'"))
        assert set(his.invalid()) == {*STRANGERS, phase.leaves}
    told = his.sweep("r2", old_transaction_s=3600)
    assert told["cleaned"] == [f"{DATABASE}: public.{phase.leaves} ({phase.kind})"]
    done = phase.kind == "ccold"
    assert [one["verdict"] for one in his.memory.items("dead")] == ["rebuilt" if done else "intact"]
    assert [one["said"] for one in told["rebuilt"]] == (["cut off"] if done else [""])
    assert (told["ended"], set(his.invalid())) == ("done", STRANGERS)
    assert his.sweep("r3")["rebuilt"] == []


def test_a_backend_killed_within_the_swap_leaves_the_index_as_it_was(his: Server) -> None:
    """The exchange is one transaction: what had not committed has not happened."""
    started: list[Beside] = []
    with swap(his, lambda: started.append(Beside(lambda: his.sweep(old_transaction_s=3600, lock_timeout_s=60)))):
        his.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index")
        told = started[0].end()
    assert (told["ended"], told["rebuilt"], set(his.invalid())) == ("stopped", [], STRANGERS)
    (one,) = his.memory.items("r1")
    assert (one["verdict"], one["left"]) == ("intact", ["ccnew-ready"])
    assert len(his.sweep("r2")["rebuilt"]) == 1
