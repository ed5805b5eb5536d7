"""Laws of coverage: counted from what is expected, never from what answered."""

from __future__ import annotations

from maintkit.checks.coverage import coverage


def test_a_host_that_nothing_was_heard_of_is_missed() -> None:
    """应检 = 实检 + 未检, each missed host with its reason."""
    counted = coverage(
        ["db1", "app1", "app2", "web1"],
        {"db1": ("ok", ""), "app1": ("unreachable", "connection refused"), "app2": ("timeout", "")},
    )
    assert counted.expected == ("db1", "app1", "app2", "web1")
    assert counted.inspected == ("db1",)
    assert counted.missed == {
        "app1": "unreachable: connection refused",
        "app2": "timeout",
        "web1": "no result came back",
    }
    assert not counted.complete


def test_a_host_that_was_not_expected_counts_nowhere() -> None:
    """A result from elsewhere cannot make up for a missed host."""
    counted = coverage(["db1"], {"db1": ("ok", ""), "stranger": ("ok", "")})
    assert (counted.expected, counted.inspected, counted.complete) == (("db1",), ("db1",), True)


def test_nothing_expected_is_not_complete() -> None:
    """An empty inventory was not inspected."""
    assert not coverage([], {}).complete
