"""What a server says may quote a row: that stays on the host, whatever a rebuild fails at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from indexing import Server, part

WHO = "张三"
# An index on what it says of a row; what it says later is the fault.
SAYS = """CREATE OR REPLACE FUNCTION says(n integer) RETURNS text IMMUTABLE LANGUAGE plpgsql
AS $$ BEGIN {does} RETURN 'visit ' || n; END $$"""
FAULTS = {
    "twice": (f"RETURN '{WHO}';", "could not create unique index"),
    "no number": (f"PERFORM '{WHO}'::integer;", "it failed on a value of the data, SQLSTATE 22P02"),
    "raised": (f"RAISE '{WHO} %', n;", "it failed on a value of the data, SQLSTATE P0001"),
    "its own code": (f"RAISE '{WHO}' USING ERRCODE = '45000';", "it failed on a value of the data, SQLSTATE 45000"),
    "noted before": (f"RAISE NOTICE '{WHO}'; PERFORM 1 / 0;", "it failed on a value of the data, SQLSTATE 22012"),
    "in its context": (f"EXECUTE 'SELECT nothing /* {WHO} */';", 'column "nothing" does not exist'),
}


@pytest.fixture
def his(cluster: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A bloated index on what a function says of each row."""
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    cluster.sql(SAYS.format(does=""))
    cluster.bloat("visit")
    cluster.sql("DROP INDEX visit_n; DELETE FROM visit; INSERT INTO visit SELECT generate_series(1, 20000), ''")
    cluster.sql("CREATE UNIQUE INDEX visit_says ON visit (says(n)); DELETE FROM visit WHERE n % 5 <> 0")
    cluster.sql("VACUUM ANALYZE visit")
    yield cluster
    cluster.sql("DROP TABLE visit")


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_rebuild_fails_at_is_told_without_the_value(his: Server, tmp_path: Path, fault: str) -> None:
    """Neither to the caller nor in what the host remembers for documents."""
    does, why = FAULTS[fault]
    his.sql(SAYS.format(does=does))
    told = his.sweep()
    assert [one["name"] for one in told["remaining"]] == ["visit_says"]
    assert why in told["remaining"][0]["why"]
    noted = "".join(file.read_text() for file in (tmp_path / "state").rglob("*.json"))
    assert WHO not in json.dumps(told, ensure_ascii=False) + json.dumps(json.loads(noted), ensure_ascii=False)
    assert his.invalid() == []
