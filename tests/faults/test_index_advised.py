"""What `maintkit advise` says of a server's indexes, carried out on that server by the module itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import reindexing
import sample_advice as sample
from indexing import Server, part, until
from postgres import binaries

from maintkit.analysis.advice.applying import Planned

# What serves instead, what is advised against, and a condition that either helps with.
CASES = {
    "the same twice": ("INDEX kept ON visit (patient)", "INDEX spare ON visit (patient)", "patient = 7"),
    "both unique": ("UNIQUE INDEX kept ON visit (id)", "UNIQUE INDEX spare ON visit (id)", "id = 7"),
    "of a key": ("UNIQUE INDEX kept ON visit (id)", "INDEX spare ON visit (id)", "id = 7"),
    "of an expression": ("INDEX kept ON visit (abs(id))", "INDEX spare ON visit (abs(id))", "abs(id) = 7"),
    "the beginning": ("INDEX kept ON visit (patient, id)", "INDEX spare ON visit (patient)", "patient = 7"),
}
VALID = "UPDATE pg_index SET indisvalid = {so} WHERE indexrelid = 'kept'::regclass"


@pytest.fixture
def his(cluster: Server) -> Iterator[Server]:
    """A table of visits."""
    cluster.sql("CREATE TABLE visit (id integer, patient integer)")
    cluster.sql("INSERT INTO visit SELECT n, n / 2 FROM generate_series(1, 20000) AS n; ANALYZE visit")
    yield cluster
    cluster.sql("DROP TABLE visit")


def made(his: Server, case: str) -> None:
    """Both indexes, and the one that is advised against has been used: for a moment it was the only one."""
    kept, spare, condition = CASES[case]
    his.sql(f"CREATE {kept}; CREATE {spare}; {VALID.format(so=False)}")
    his.sql(f"SET enable_seqscan = off; SELECT count(*) FROM visit WHERE {condition}")  # noqa: S608  # a test's own
    until(lambda: his.sql("SELECT nullif(pg_stat_get_numscans('spare'::regclass), 0)"))
    his.sql(VALID.format(so=True))


def planned(his: Server) -> list[dict[str, Any]]:
    """The variables of each plan that is advised on what the collector asks about indexes."""
    asked = part("collector.pgtables").INDEXES
    rows = json.loads(his.sql(f"SELECT coalesce(json_agg(told), '[]') FROM ({asked}) AS told"))  # noqa: S608  # its own
    where = {"unix_socket_directories": str(his.home)}
    seen = sample.look(pg=sample.postgresql(settings=where, database={"indexes": rows}))
    return [plan.variables for _said, plan in sample.planned(seen) if isinstance(plan, Planned)]


def carried_out(variables: dict[str, Any], state: Path, **more: Any) -> dict[str, Any]:
    """What the module makes of a plan, with its definitions kept first."""
    given = {name: told for name, told in variables.items() if name != "measures"}
    given |= {"bindir": str(binaries()), "run": "r1", "spare_mb": 0, **more}
    kept = reindexing.run("postgresql_index_change", state, {**given, "stage": "keep"}).end()
    return kept if kept.get("failed") else reindexing.run("postgresql_index_change", state, given).end()


@pytest.mark.parametrize("case", CASES)
def test_an_index_that_is_used_is_dropped_as_advised_and_the_other_serves(
    his: Server, tmp_path: Path, case: str
) -> None:
    made(his, case)
    (variables,) = planned(his)
    told = carried_out(variables, tmp_path)
    assert told.get("ended") == "done", told
    assert his.sql("SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'visit'::regclass") == "kept"
    asked = f"SET enable_seqscan = off; EXPLAIN SELECT * FROM visit WHERE {CASES[case][2]}"  # noqa: S608  # its own
    assert "kept" in his.sql(asked)


@pytest.mark.parametrize(
    ("case", "change", "why"),
    [
        ("the same twice", "DROP INDEX kept", "scans have used it"),
        ("the same twice", VALID.format(so=False), "scans have used it"),
        ("of an expression", "DROP INDEX kept; CREATE INDEX kept ON visit (abs(patient))", "scans have used it"),
        ("both unique", "DROP INDEX kept; CREATE INDEX kept ON visit (id)", "it keeps values unique"),
    ],
)
def test_one_whose_twin_has_gone_since_is_kept(his: Server, tmp_path: Path, case: str, change: str, why: str) -> None:
    made(his, case)
    (variables,) = planned(his)
    his.sql(change)
    assert why in carried_out(variables, tmp_path)["msg"]
    assert his.sql("SELECT 'spare'::regclass") == "spare"
