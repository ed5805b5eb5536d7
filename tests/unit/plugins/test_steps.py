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


def test_what_was_not_done_is_told_in_short_where_the_change_is_followed() -> None:
    late = {"database": "his", "name": "visit", "why": "out of time"}
    assert phases.as_undone([late, {**late, "name": "bill"}]) == "2 not done, the first one: his.visit: out of time"
    of_schema = {**late, "schema": "public"}
    twice = [of_schema, {**of_schema, "why": "a lock"}]
    assert phases.as_undone(twice) == "1 not done, the first one: his: public.visit: out of time"
    assert phases.as_undone([]) == ""


def test_nobody_waits_for_what_replicas_repeat() -> None:
    replication = {"repeated": True, "replicas": 1, "seconds": 500}
    assert [one["seconds"] for one in phases.as_table_rebuilds([NAMED], replication)] == [30, 0]


LOG = {"path": "/l/his.log", "action": "rotate", "bytes": 2**20, "inode": "1", "writer": "reload", "signal": None,
       "size": str(2**20), "compress": True}  # fmt: skip
HIS = {**LOG, "service": "his.service"}
COPIED = {**LOG, "writer": "copytruncate", "service": None}


def test_who_approves_sees_how_a_log_is_rotated_and_who_is_asked() -> None:
    """That lines are lost with copytruncate is in the title of its action."""
    told = phases.as_tidied([HIS, {**HIS, "signal": "USR1"}, COPIED])
    assert [(one["action"], one["to"]) for one in told] == [
        ("rotate file", "reload his.service"), ("rotate file", "kill -s USR1 his.service"), ("copytruncate file", ""),
    ]  # fmt: skip


def test_a_large_log_takes_as_long_as_it_is_large() -> None:
    """Foreseen as a matter of seconds, one of 100 GiB would be compressed far beyond the window's end."""
    large = {"size": str(100 * 2**30)}
    told = [{**COPIED, **large}, {**HIS, **large}, {**HIS, **large, "compress": False}]
    old = [{"path": "/l/a", "action": action, "bytes": 1, **large} for action in ("compress", "delete")]
    assert [round(one["seconds"]) for one in phases.as_tidied([*told, *old])] == [12290, 10242, 2, 10242, 2]
    assert "seconds" not in phases.as_tidied([{**HIS, "to": "/l/x", "freed": 0, "why": "", "ended": "held"}])[0]


def test_a_record_names_what_was_rotated_with_its_room_and_why_it_stayed_so() -> None:
    done = {**HIS, "ended": "rotated", "to": "/l/his.log-1.gz", "freed": 2**19, "why": ""}
    held = {**HIS, "ended": "held", "to": "/l/his.log-1", "freed": 0, "why": "still read by process 7 (tail)"}
    left = {**HIS, "ended": "left", "to": "", "freed": 0, "why": "logrotate ended with 1: no"}
    assert [(one["from"], one["to"]) for one in phases.as_tidied([done, held, left])] == [
        ("1.00 MiB", "his.log-1.gz, 0.50 MiB"), ("1.00 MiB", "his.log-1, 1.00 MiB; still read by process 7 (tail)"),
    ]  # fmt: skip
    open_one = {"path": "/l/a", "action": "delete", "ended": "open", "freed": 0}
    assert phases.as_left([open_one, done, held, {**HIS, "path": "/l/b", "ended": "changed"}]) == (
        "stays, written or opened since the plan: /l/a; is another log since the plan, or a smaller one: /l/b; "
        "/l/his.log: still read by process 7 (tail)"
    )
    assert phases.as_left([done]) == ""


def test_a_log_that_is_as_large_as_before_was_not_rotated_unless_it_is_another_file() -> None:
    """A busy one may have grown over its limit again; of one that was copied the run knows the copy."""
    assert phases.as_unmoved([HIS, COPIED], [HIS], {"/l/his.log": "/l/his.log-1"}) == ["/l/his.log"]
    assert phases.as_unmoved([{**HIS, "inode": "2"}], [HIS], {}) == []
    assert phases.as_unmoved([COPIED], [COPIED], {}) == ["/l/his.log"]
    assert phases.as_unmoved([COPIED], [COPIED], {"/l/his.log": "/l/his.log-1.gz"}) == []
    assert phases.as_unmoved([HIS], [{**HIS, "path": "/l/other.log"}], {}) == []
