"""Filters that make steps: what is predicted for each thing reaches the plan."""

from __future__ import annotations

from ansible_collections.maintkit.ops.plugins.filter import phases

NAMED = {"database": "his", "schema": "public", "name": "visit", "bytes": 1, "after_bytes": 1, "seconds": 30.0}


def test_the_seconds_of_every_step_are_told_and_those_of_one_table_are_not_counted_twice() -> None:
    counted = {"xid_age": 1, "dead": 1, "modified": 1}
    assert [one["seconds"] for one in phases.as_rebuilds([NAMED])] == [30]
    assert [one["seconds"] for one in phases.as_index_changes([{**NAMED, "act": "create"}])] == [30]
    vacuumed = phases.as_vacuumed([{**NAMED, **counted, "acts": ["freeze", "analyze"]}])
    assert sum(one["seconds"] for one in vacuumed) == 30


def test_nobody_waits_for_what_replicas_repeat() -> None:
    replication = {"repeated": True, "replicas": 1, "seconds": 500}
    assert [one["seconds"] for one in phases.as_table_rebuilds([NAMED], replication)] == [30, 0]
