"""Reindex and its time: what is not planned is not measured, and nothing outlasts the deadline."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from indexing import DATABASE, Server, part

# One index of which the server is still reading when the time is up: pgstatindex that sleeps.
SLOW = """ALTER FUNCTION pgstatindex(regclass) RENAME TO quick;
CREATE FUNCTION pgstatindex(regclass, OUT version integer, OUT internal_pages bigint, OUT leaf_pages bigint,
  OUT avg_leaf_density float8) LANGUAGE sql AS $$
  SELECT q.version, q.internal_pages, q.leaf_pages, q.avg_leaf_density
  FROM public.quick($1) AS q, pg_sleep({seconds}) $$"""
SLOW_CHECK = """ALTER FUNCTION bt_index_check(regclass, boolean) RENAME TO checked;
CREATE FUNCTION bt_index_check(regclass, boolean) RETURNS void LANGUAGE sql AS $$
  SELECT public.checked($1, $2) FROM pg_sleep(30) $$"""
FAILED_CHECK = """ALTER FUNCTION bt_index_check(regclass, boolean) RENAME TO checked;
CREATE FUNCTION bt_index_check(regclass, boolean) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN RAISE EXCEPTION 'amcheck''s word' USING ERRCODE = '{code}'; END $$"""
QUICK = "DROP FUNCTION pgstatindex(regclass); ALTER FUNCTION quick(regclass) RENAME TO pgstatindex"


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Two bloated indexes and no memory of any."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    for table in ("one", "two"):
        cluster.bloat(table)
    yield cluster
    cluster.sql(
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE EXTENSION pgstattuple; CREATE EXTENSION amcheck"
    )


@pytest.fixture
def slow(his: Server) -> Iterator[Server]:
    """It takes half a minute to measure an index."""
    his.sql(SLOW.format(seconds=30))
    yield his
    his.sql(QUICK)


def only(*names: str) -> frozenset[tuple[str, str, str]]:
    return frozenset((DATABASE, "public", f"{name}_n") for name in names)


def asked(his: Server, **more: Any) -> dict[str, Any]:
    """What the module is asked."""
    asking = part("indexes.asking")
    usual = {name: about.get("default") for name, about in asking.SPEC.items()}
    reach = {"user": his.reach.user, "socket": his.reach.socket, "bindir": his.reach.bindir}
    told: dict[str, Any] = {**usual, **reach, "databases": [DATABASE], "min_mb": 0.1, "old_transaction": 3600,
                            "measure": True, **more}  # fmt: skip
    return told


def test_a_plan_measures_what_it_names_and_nothing_else(his: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep, measured = part("indexes.sweep"), []
    measure = sweep.measure
    monkeypatch.setattr(sweep, "measure", lambda *told: (measured.extend(i.name for i in told[2]), measure(*told))[1])
    told = his.sweep(only=only("two"))
    assert ([one["name"] for one in told["rebuilt"]], measured) == (["two_n"], ["two_n"])
    look = part("indexes.asking").look
    named = [{"database": DATABASE, "schema": "public", "name": "one_n"}]
    assert [one["name"] for one in look(asked(his, only=named))["rebuild"]] == ["one_n"]
    assert measured == ["two_n", "one_n"]
    verified = look(asked(his, measure=False, run="r1"))
    assert (verified["unsettled"], measured) == ([], ["two_n", "one_n"])
    his.sql("DROP INDEX two_n")
    assert look(asked(his, measure=False, run="r1"))["unsettled"] == [
        f"database {DATABASE}: public.two_n was rebuilt and is not valid"
    ]


def test_a_planned_index_that_is_gone_or_invalid_is_no_work_done(his: Server) -> None:
    his.sql("DROP INDEX one_n; UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'two_n'::regclass")
    told = his.sweep(only=only("one", "two"))
    whys = {one["name"]: one["why"] for one in told["remaining"]}
    assert (told["ended"], told["rebuilt"], set(whys)) == ("stopped", [], {"one_n", "two_n"})
    assert whys["one_n"] == "there is no index of this name any more: plan anew"
    assert whys["two_n"].startswith("invalid")
    elsewhere = his.sweep("r2", only=frozenset({("elsewhere", "public", "one_n")}))
    assert [one["why"] for one in elsewhere["remaining"]] == [whys["one_n"]]


@pytest.mark.parametrize("planned", [None, only("one", "two")])
def test_measuring_ends_at_the_deadline_and_is_told_as_out_of_time(slow: Server, planned: Any) -> None:
    began = time.monotonic()
    told = slow.sweep(budget_s=1, only=planned)
    assert time.monotonic() - began < 10
    assert (told["ended"], {one["name"] for one in told["remaining"]}) == ("out of time", {"one_n", "two_n"})
    assert {one["why"] for one in told["remaining"]} == {"out of time: it could not be measured any more"}
    assert (
        slow.sql("SELECT count(*) FROM pg_stat_activity WHERE query ~ 'pgstatindex' AND pid <> pg_backend_pid()") == "0"
    )


def test_a_check_that_outlasts_the_deadline_is_ended_and_told(his: Server) -> None:
    his.sql(SLOW_CHECK)
    began = time.monotonic()
    told = his.sweep(only=only("one"), budget_s=6)
    assert time.monotonic() - began < 20
    assert [(one["verdict"], one["check"]) for one in told["rebuilt"]] == [("rebuilt", "not checked: out of time")]
    assert told["remaining"] == []


@pytest.mark.parametrize(("code", "verdict"), [("XX002", "corrupt"), ("42501", "not checked")])
def test_what_amcheck_finds_ends_the_run_and_what_hinders_it_does_not(his: Server, code: str, verdict: str) -> None:
    his.sql(FAILED_CHECK.format(code=code))
    if verdict == "corrupt":
        with pytest.raises(part("changes.place").Refused, match=r"one_n was rebuilt and is corrupt: .* amcheck's word"):
            his.sweep(only=only("one"))
    else:
        (told,) = his.sweep(only=only("one"))["rebuilt"]
        assert told["check"].startswith("not checked: ")
