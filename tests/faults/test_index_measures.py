"""Statements and tables measured before and after a change of indexes, on a real PostgreSQL: nothing else is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from indexing import DATABASE, Server, part
from indexwishes import NAME, visits, wish, work

from maintkit.analysis.advice import Advice
from maintkit.analysis.advice.applying import Planned, applying
from maintkit.analysis.advice.pg_indexes import FOREIGN_KEY
from maintkit.evidence.server_facts import Postgresql

PIECE = Advice(rule=FOREIGN_KEY, subject="his", figures=(), observation_zh="", conclusion_zh="", advice_zh="")
QUERY = "SELECT * FROM visit WHERE patient = 4711"


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A table of visits without an index on its patients, and a host that remembers no run."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    with visits(cluster):
        yield cluster


def measured(his: Server, statement: str, **changes: Any) -> dict[str, Any]:
    asked = {"name": "one", "database": DATABASE, "statement": statement, "timeout": 10.0, **changes}
    told: dict[str, Any] = part("postgresql.measure").statements(his.reach, [asked])["one"]
    return told


def left(his: Server) -> str:
    """All that the statements below might have left."""
    rows = "SELECT count(*), count(DISTINCT text) FROM visit"
    made = "SELECT count(*) FROM pg_class WHERE relname = 'x'; SELECT count(*) FROM pg_largeobject_metadata"
    return f"{his.sql(rows)} {his.sql(made)}"


def test_a_statement_costs_less_once_its_index_is_there(his: Server) -> None:
    before = measured(his, QUERY)
    assert work(his, wish()).go([wish()])["ended"] == "done"
    after = measured(his, f"{QUERY};\n")
    assert 0 < after["cost"] < before["cost"] / 10
    assert 0 < after["ms"] < before["ms"]
    assert (before["why"], after["why"]) == ("", "")


@pytest.mark.parametrize("columns", [["patient"], ["patient", "text"], ['Odd "name']])
def test_a_foreign_key_that_is_advised_is_measured_as_its_check_would_ask(his: Server, columns: list[str]) -> None:
    """The value is the table's own, whichever it is; the plan of `maintkit advise` brings the statement."""
    his.sql('ALTER TABLE visit ADD "Odd ""name" integer; UPDATE visit SET "Odd ""name" = id; ANALYZE visit')
    index = wish(columns=columns)
    made = applying(replace(PIECE, index=index), Postgresql(name="his", state="up", in_recovery=False))
    assert isinstance(made, Planned)
    (asked,) = made.variables["measures"]
    before = measured(his, asked["statement"])
    assert work(his, index).go([index])["ended"] == "done"
    after = measured(his, asked["statement"])
    assert (before["why"], after["why"]) == ("", "")
    assert after["cost"] < before["cost"] / 10


def test_a_table_and_its_indexes_are_told_on_both_sides(his: Server) -> None:
    asked = [{"database": DATABASE, "schema": "public", "table": one} for one in ("visit", "nowhere")]
    before = part("postgresql.measure").sizes(his.reach, [*asked, {**asked[0], "database": "nowhere"}])
    assert list(before) == [f"{DATABASE}: public.visit"]
    work(his, wish()).go([wish()])
    (old,), (new,) = before.values(), part("postgresql.measure").sizes(his.reach, asked).values()
    assert new["bytes"] == old["bytes"] > his.bytes("visit")
    assert new["index_bytes"] - old["index_bytes"] == his.bytes(NAME)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO visit VALUES (0, 0, '')",
        "UPDATE visit SET text = ''",
        "WITH gone AS (DELETE FROM visit RETURNING 1) SELECT count(*) FROM gone",
        "SELECT * FROM visit FOR UPDATE",
    ],
)
def test_a_statement_that_writes_is_told_and_writes_nothing(his: Server, statement: str) -> None:
    before = left(his)
    told = measured(his, statement)
    assert (told["ms"], told["why"]) == (None, "it would change data")
    assert left(his) == before


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("SELECT 1; DELETE FROM visit", "one statement without a semicolon"),
        ("SELECT 1; COMMIT; DELETE FROM visit", "one statement without a semicolon"),
        (" ;\n", "one statement without a semicolon"),
        ("SELECT set_config('transaction_read_only', 'off', false)", "read-write mode"),
        ("ANALYZE false) DELETE FROM visit", "syntax error"),
        ("COPY visit TO PROGRAM 'true'", "syntax error"),
        ("SELECT 1\n\\! touch {place}\n", "syntax error"),
        ("SELECT 1 \\g {place}", "syntax error"),
        ("SELECT 'never closed", "unterminated quoted string"),
        ("SELECT (1", "syntax error"),
        ("SELECT /* never closed", "unterminated"),
        ("SELEKT 1", 'syntax error at or near "SELEKT"'),
        ("SELECT * FROM visit WHERE patient = $1", "there is no parameter $1"),
        ("SELECT * FROM visit WHERE patient = :patient", "syntax error"),
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
    ],
)
def test_what_is_no_query_is_told_and_does_nothing(his: Server, tmp_path: Path, statement: str, why: str) -> None:
    """Neither psql nor the server takes a word of it for a command of its own."""
    before, place = left(his), tmp_path / "made"
    tmp_path.chmod(0o777)
    told = measured(his, statement.replace("{place}", str(place)))
    assert told["ms"] is None
    assert why in told["why"]
    assert "\n" not in told["why"]
    assert (left(his), place.exists()) == (before, False)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE x AS SELECT 1",
        "SELECT 1 AS n INTO x",
        "CREATE TEMPORARY TABLE x AS SELECT 1",
        "SELECT lo_create(0)",
    ],
)
def test_what_a_statement_makes_although_it_should_only_read_is_gone_again(his: Server, statement: str) -> None:
    """Servers differ in what they call reading."""
    before = left(his)
    measured(his, statement)
    assert left(his) == before


def test_one_that_takes_too_long_is_told_with_its_cost_and_ends(his: Server) -> None:
    began = time.monotonic()
    told = measured(his, "SELECT pg_sleep(60)", timeout=0.5)
    assert (told["ms"], told["why"]) == (None, "it did not end within 0.5 s")
    assert told["cost"] > 0
    assert time.monotonic() - began < 10
    assert (
        his.sql("SELECT count(*) FROM pg_stat_activity WHERE query ~ 'pg_sleep.60' AND pid <> pg_backend_pid()") == "0"
    )
    # One execution is enough, and what there is no time for is not told as a failure.
    told = measured(his, "SELECT pg_sleep(0.4)", timeout=0.7)
    assert (400 <= told["ms"] < 700, told["why"]) == (True, "")


def test_a_locked_table_is_told_and_not_waited_for(his: Server) -> None:
    with his.holding("BEGIN; LOCK TABLE visit"):
        assert measured(his, QUERY)["why"] == "a lock did not come within 2 s"
        asked = [{"database": DATABASE, "schema": "public", "table": "visit"}]
        assert part("postgresql.measure").sizes(his.reach, asked) == {}


def test_without_a_database_there_is_a_reason(his: Server) -> None:
    assert 'database "nowhere" does not exist' in measured(his, QUERY, database="nowhere")["why"]


def test_a_statement_is_planned_with_the_settings_of_the_server(his: Server) -> None:
    """Not with those by which maintkit reads the catalog: `visit` stands for the table of the usual schema."""
    his.sql(f"ALTER DATABASE {DATABASE} SET enable_seqscan = off")
    try:
        assert measured(his, QUERY)["cost"] > 1e9
    finally:
        his.sql(f"ALTER DATABASE {DATABASE} RESET enable_seqscan")


def test_what_the_table_holds_is_not_told_when_a_statement_fails_on_it(his: Server) -> None:
    """The record is read by many; what is wrong with the statement itself is told in the server's words."""
    his.sql("UPDATE visit SET text = '张三'")
    assert measured(his, "SELECT text::integer FROM visit")["why"] == "it failed on a value of the data, SQLSTATE 22P02"
    assert '"x"' in measured(his, "SELECT * FROM visit WHERE patient = 'x'")["why"]


@pytest.mark.parametrize("timeout", [10.0**9, float("inf"), 0.0, -1.0])
def test_a_limit_beyond_the_server_s_is_the_server_s_and_none_is_no_limit(his: Server, timeout: float) -> None:
    told = measured(his, QUERY, timeout=timeout)
    assert (told["ms"] is not None) == (timeout > 0)


def test_a_statement_whose_plan_is_none_is_told_and_the_others_are_measured(his: Server) -> None:
    """A rule of a table may put another statement in its place."""
    his.sql("CREATE RULE one AS ON INSERT TO visit DO INSTEAD NOTIFY nobody")
    asked = {"database": DATABASE, "timeout": 10.0}
    rule = {**asked, "name": "rule", "statement": "INSERT INTO visit VALUES (0, 0, '')"}
    told = part("postgresql.measure").statements(his.reach, [rule, {**asked, "name": "query", "statement": QUERY}])
    assert told["rule"]["ms"] is None
    assert told["rule"]["why"] == "the server gave no plan of it"
    assert told["query"]["ms"] > 0
