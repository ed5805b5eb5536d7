"""What a table is behind on, in which order, and how a plan and a record say it: pure, from rows of the catalog."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from indexing import part

MB = 1 << 20
ROW: dict[str, Any] = {
    "oid": 10, "schema": "public", "name": "visit", "bytes": 200 * MB, "dead": 0, "live": 9000, "modified": 0,
    "xid_age": 1000, "freeze_at": 200_000_000, "vacuum_at": 2050.0, "analyze_at": 1050.0, "vacuums": 0, "analyzes": 0,
}  # fmt: skip


def chosen(**changes: Any) -> Any:
    table = part("vacuum.catalog").Table(**{**ROW, **changes})
    return part("vacuum.choice").choose(table, rate=20 * MB, limits=part("vacuum.choice").Limits())


@pytest.mark.parametrize(
    ("changes", "acts", "seconds"),
    [
        ({}, (), 0),
        ({"dead": 2050}, (), 0),
        ({"dead": 2051}, ("vacuum",), 11),
        ({"modified": 1051}, ("analyze",), 1),
        ({"dead": 900, "vacuum_at": 50.0}, (), 0),
        ({"xid_age": 150_000_001}, ("freeze",), 11),
        ({"dead": 5000, "modified": 5000, "xid_age": 180_000_000}, ("freeze", "vacuum", "analyze"), 11),
    ],
)
def test_a_table_is_behind_above_autovacuums_own_numbers(
    changes: dict[str, Any], acts: tuple[str, ...], seconds: float
) -> None:
    choice = chosen(**changes)
    assert (choice.acts, choice.seconds) == (acts, seconds)
    assert bool(choice.why) == bool(acts)


def test_age_comes_first_and_then_who_is_furthest_behind() -> None:
    found = [
        chosen(oid=1, dead=3000),
        chosen(oid=2),
        chosen(oid=3, modified=90_000),
        chosen(oid=4, xid_age=160_000_000),
        chosen(oid=5, xid_age=190_000_000),
    ]
    order = part("vacuum.choice").in_order([*(("a", one) for one in found), ("b", found[-1])])
    assert [(database, one.table.oid) for database, one in order] == [("a", 5), ("b", 5), ("a", 4), ("a", 3), ("a", 1)]


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"version": 110000}, "before 12"), ({"replica": True}, "replica"), ({"sees": False}, "pg_monitor")],
)
def test_a_server_that_cannot_be_vacuumed_is_refused(changes: dict[str, Any], word: str) -> None:
    fit = {"version": 140000, "replica": False, "cluster": "1", "sees": True}
    (said,) = part("vacuum.sweep").refusals(part("indexes.preflight").Server(**{**fit, **changes}))
    assert word in said
    assert part("vacuum.sweep").refusals(part("indexes.preflight").Server(**fit)) == []


def test_a_host_remembers_what_was_done_and_how_fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part("changes.place"), "STATE", tmp_path / "state")
    memory = part("vacuum.memory").VacuumMemory("77")
    memory.did("r1", {"acts": ["vacuum"], "seconds": 10, "bytes": 300 * MB})
    memory.did("r1", {"acts": ["analyze"], "seconds": 10, "bytes": 300 * MB})
    again = part("vacuum.memory").VacuumMemory("77")
    assert (len(again.items("r1")), again.rate()[0]) == (2, 30 * MB)


def test_each_thing_that_is_done_with_a_table_is_a_step_with_its_own_number() -> None:
    steps = import_module("ansible_collections.maintkit.ops.plugins.filter.phases").as_vacuumed
    figures = {"dead": 5000, "modified": 700, "xid_age": 9}
    one = {"database": "his", "schema": "public", "name": "visit", "acts": ["vacuum", "analyze"]}
    planned = steps([{**one, **figures}])
    assert [(step["action"], step["from"], step["to"]) for step in planned] == [
        ("vacuum table", "5000", ""),
        ("analyze table", "700", ""),
    ]
    done = steps([{**one, "before": figures, "after": {"dead": 3, "modified": 0, "xid_age": 9}}])
    assert [step["to"] for step in done] == ["3", "0"]
    assert steps([{**one, "before": figures, "after": None}])[0]["to"] == ""
