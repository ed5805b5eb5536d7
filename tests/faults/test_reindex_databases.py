"""One time for all databases: most bytes back a second first, whichever database they are in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from indexing import DATABASE, Server, part
from postgres import OWNER, binaries

CLONE = "lis"
ORDER = [(CLONE, "big_n"), (DATABASE, "mid_n"), (CLONE, "small_n")]


@pytest.fixture
def both(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Two databases: the best and the last of three indexes are in the second one."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    for table, rows in (("small", 20_000), ("mid", 60_000), ("big", 120_000)):
        cluster.bloat(table, rows)
    cluster.sql(f"CREATE DATABASE {CLONE} TEMPLATE {DATABASE}", "postgres")
    cluster.sql("DROP TABLE small, big")
    cluster.sql("DROP TABLE mid", CLONE)
    yield cluster
    cluster.sql("DROP TABLE mid")
    cluster.sql(f"DROP DATABASE {CLONE} WITH (FORCE)", "postgres")


def sweep(both: Server, name: str = "r1", **changes: Any) -> Any:
    return part("indexes.sweep").Sweep(both.reach, name, both.rules(**changes))


def rebuilt(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["database"], one["name"]) for one in told["rebuilt"]]


def free(both: Server) -> set[str]:
    """Whether another run could have each of the databases."""
    return {both.sql(part("indexes.sweep").LOCK, name) for name in (DATABASE, CLONE)}


def test_the_best_comes_first_whichever_database_it_is_in(both: Server) -> None:
    """From the second database to the first and back; then nothing is held there any more."""
    told = sweep(both).go([DATABASE, CLONE])
    assert (told["ended"], rebuilt(told), free(both)) == ("done", ORDER, {"t"})
    assert all(one["check"].startswith("ok") for one in told["rebuilt"])
    assert (both.memory.told["open"], both.invalid()) == ({}, [])
    assert sweep(both, "r2").go([DATABASE, CLONE])["rebuilt"] == []


def test_a_dry_run_tells_them_in_the_order_in_which_they_are_rebuilt(both: Server) -> None:
    asking = part("indexes.asking")
    usual = {name: about.get("default") for name, about in asking.SPEC.items()}
    reach = {"user": OWNER, "socket": str(both.home), "bindir": str(binaries())}
    asked = {**usual, **reach, "databases": [DATABASE, CLONE], "min_mb": 0.1, "old_transaction": 3600, "measure": True}
    assert [(one["database"], one["name"]) for one in asking.look(asked)["rebuild"]] == ORDER


def after_the_first(run: Any, act: Callable[[], Any]) -> dict[str, Any]:
    """A run in which something happens when the best index is rebuilt."""
    acts, one = [act], run._one

    def watched(*told: Any) -> None:
        one(*told)
        if acts:
            acts.pop()()

    run._one = watched
    found: dict[str, Any] = run.go([DATABASE, CLONE])
    return found


def test_what_there_is_no_time_for_is_what_gives_least(both: Server) -> None:
    """The time is up when the best one is rebuilt."""
    run = sweep(both)
    told = after_the_first(run, lambda: setattr(run, "until", 0))
    assert (told["ended"], rebuilt(told)) == ("out of time", ORDER[:1])
    assert [(one["database"], one["name"]) for one in told["remaining"]] == ORDER[1:]


def test_a_run_on_the_second_database_refuses_all_before_anything_is_begun(both: Server) -> None:
    session = part("postgresql.session").Session
    with session(both.reach, CLONE) as other:
        assert other.value(part("indexes.sweep").LOCK) == "t"
        with pytest.raises(part("changes.place").Refused, match=f"database {CLONE}: another run rebuilds indexes here"):
            sweep(both).go([DATABASE, CLONE])
    assert (both.memory.items("r1"), free(both)) == ([], {"t"})


def test_a_server_that_ends_idle_sessions_does_not_end_those_that_wait_their_turn(both: Server) -> None:
    both.sql("ALTER SYSTEM SET idle_session_timeout = '300ms'")
    both.sql("SELECT pg_reload_conf()")
    try:
        assert rebuilt(sweep(both).go([DATABASE, CLONE])) == ORDER
    finally:
        both.sql("ALTER SYSTEM RESET idle_session_timeout")
        both.sql("SELECT pg_reload_conf()")


def test_a_session_that_somebody_ends_while_it_waits_its_turn_is_begun_anew(both: Server) -> None:
    idle = f"FROM pg_stat_activity WHERE application_name = 'maintkit' AND datname = '{DATABASE}'"
    ended = []
    told = after_the_first(sweep(both), lambda: ended.append(both.sql(f"SELECT pg_terminate_backend(pid) {idle}")))
    assert (ended, rebuilt(told), free(both)) == (["t"], ORDER, {"t"})


def test_an_index_that_is_another_one_when_its_turn_comes_is_left(both: Server) -> None:
    told = after_the_first(sweep(both), lambda: both.sql("DROP INDEX mid_n; CREATE INDEX mid_n ON mid (n)"))
    assert (told["ended"], rebuilt(told)) == ("stopped", [ORDER[0], ORDER[2]])
    why = "it was measured as another index, or is gone: plan anew"
    assert [(one["name"], one["why"]) for one in told["remaining"]] == [("mid_n", why)]


def test_a_planned_index_whose_database_is_gone_is_told(both: Server) -> None:
    planned = frozenset({("gone", "public", "x_n"), (DATABASE, "public", "mid_n")})
    told = sweep(both, only=planned).go([])
    assert (told["ended"], rebuilt(told)) == ("stopped", [(DATABASE, "mid_n")])
    assert [(one["database"], one["name"]) for one in told["remaining"]] == [("gone", "x_n")]
