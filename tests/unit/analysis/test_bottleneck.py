"""The USE method over findings: what is short, what is tight, what nobody measured."""

from __future__ import annotations

import pytest
import sample_health as sample

from maintkit.analysis.bottleneck import USE, Resource, resources
from maintkit.checks.registry import all_checks
from maintkit.evidence.recorded import RecordedFinding


def found(*said: tuple[str, str], value: float | None = 1.0) -> dict[str, Resource]:
    findings: list[RecordedFinding] = [
        sample.resource("h", check, check, status, value, "percent") for check, status in said
    ]
    return {one.name: one for one in resources(findings)}


def test_every_check_that_is_named_exists() -> None:
    """A check that is renamed must not silently lose its say."""
    named = {check for aspects in USE.values() for checks in aspects.values() for check in checks}
    assert named <= {check.id for check in all_checks()}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([("memory.used", "ok"), ("pressure.memory", "ok"), ("memory.oom", "ok")], "well"),
        ([("memory.used", "ok"), ("pressure.memory", "ok"), ("memory.oom", "not-applicable")], "well"),
        ([("memory.used", "ok"), ("pressure.memory", "ok")], "partly"),
        ([("memory.used", "warn"), ("pressure.memory", "ok")], "strained"),
        ([("memory.used", "crit")], "bottleneck"),
        ([("memory.used", "ok"), ("pressure.memory", "warn")], "bottleneck"),
        ([("memory.used", "ok"), ("memory.oom", "warn")], "bottleneck"),
        ([("memory.used", "ok"), ("pressure.memory", "unknown")], "undetermined"),
        ([("memory.used", "not-applicable")], "undetermined"),
        ([("memory.used", "waived")], "partly"),
        ([], "undetermined"),
    ],
)
def test_a_resource_is_as_its_worst_aspect_says(said: list[tuple[str, str]], state: str) -> None:
    assert found(*said)["memory"].state == state


def test_the_worst_finding_of_an_aspect_comes_first() -> None:
    disk = found(("disk.space", "ok"), ("disk.inodes", "warn"), ("disk.free", "unknown"))["filesystem"]
    assert [one.check for one in disk.findings["utilisation"]] == ["disk.inodes", "disk.free", "disk.space"]


def test_what_nobody_collected_is_told_and_not_called_well() -> None:
    """Errors alone say nothing of how full a line is; a filesystem has no queue that could be missing."""
    seen = found(("network.errors", "ok"), ("network.link", "ok"), ("disk.space", "ok"), ("disk.mounts", "ok"),
                 ("disk.busy", "ok"), ("pressure.io", "ok"), ("disk.smart", "not-applicable"),
                 ("kernel.processes", "ok"))  # fmt: skip
    network, room, disk, places = (seen[name] for name in ("network", "filesystem", "storage-io", "kernel-tables"))
    assert (network.state, network.silent) == (
        "partly", {"utilisation": "not-collected", "saturation": "not-collected"},
    )  # fmt: skip
    assert (room.state, room.silent) == ("well", {"saturation": "none-such"})
    assert (disk.state, disk.silent) == ("well", {"errors": "not-applicable"})
    assert places.state == "well"


@pytest.mark.parametrize(
    ("status", "value", "state"),
    [
        ("ok", 12.0, "partly"),  # nobody collects a queue before a card
        ("warn", 95.0, "strained"),
        ("skipped", 12.0, "partly"),
        ("skipped", None, "undetermined"),
        ("unknown", None, "undetermined"),
    ],
)
def test_a_rate_without_a_link_speed_is_a_figure_and_no_verdict(status: str, value: float | None, state: str) -> None:
    """It is shown, and the network is not called well for it; that nothing was measured is worse."""
    network = found(("network.busy", status), value=value)["network"]
    assert ([one.check for one in network.findings["utilisation"]], network.state) == (["network.busy"], state)


def test_a_figure_alone_keeps_a_resource_from_being_called_well() -> None:
    """Every other aspect is there and well."""
    cpu = ("cpu.load", "ok")
    assert [found(("cpu.busy", status), cpu)["cpu"].silent for status in ("ok", "skipped")] == [
        {"errors": "not-collected"}
    ] * 2
    rooms = [found(("disk.space", status), ("disk.mounts", "ok"))["filesystem"].state for status in ("ok", "skipped")]
    assert rooms == ["well", "partly"]
