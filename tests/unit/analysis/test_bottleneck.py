"""The USE method over findings: what is short, what is tight, what nobody measured."""

from __future__ import annotations

import pytest
import sample_health as sample

from maintkit.analysis.bottleneck import USE, Resource, resources
from maintkit.checks.registry import all_checks
from maintkit.evidence.recorded import RecordedFinding


def found(*said: tuple[str, str]) -> dict[str, Resource]:
    findings: list[RecordedFinding] = [
        sample.resource("h", check, check, status, 1.0, "percent") for check, status in said
    ]
    return {one.name: one for one in resources(findings)}


def test_every_check_that_is_named_exists() -> None:
    """A check that is renamed must not silently lose its say."""
    named = {check for aspects in USE.values() for checks in aspects.values() for check in checks}
    assert named <= {check.id for check in all_checks()}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([("memory.used", "ok"), ("pressure.memory", "ok")], "well"),
        ([("memory.used", "warn"), ("pressure.memory", "ok")], "strained"),
        ([("memory.used", "crit")], "bottleneck"),
        ([("memory.used", "ok"), ("pressure.memory", "warn")], "bottleneck"),
        ([("memory.used", "ok"), ("memory.oom", "warn")], "bottleneck"),
        ([("memory.used", "ok"), ("pressure.memory", "unknown")], "undetermined"),
        ([("memory.used", "not-applicable")], "undetermined"),
        ([("memory.used", "waived")], "well"),
        ([], "undetermined"),
    ],
)
def test_a_resource_is_as_its_worst_aspect_says(said: list[tuple[str, str]], state: str) -> None:
    assert found(*said)["memory"].state == state


def test_the_worst_finding_of_an_aspect_comes_first() -> None:
    disk = found(("disk.space", "ok"), ("disk.inodes", "warn"), ("disk.free", "unknown"))["filesystem"]
    assert [one.check for one in disk.findings["utilisation"]] == ["disk.inodes", "disk.free", "disk.space"]
