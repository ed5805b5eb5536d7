"""What a server is short of, by the USE method: for each resource its utilisation, saturation and errors.

Brendan Gregg, "Thinking Methodically about Performance", ACM Queue 10(12), 2012. Which check says what is data below; a
check that is not there has no say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from maintkit.evidence.recorded import RecordedFinding

Aspect = Literal["utilisation", "saturation", "errors"]
State = Literal["bottleneck", "strained", "well", "partly", "undetermined"]
Silence = Literal["none-such", "not-applicable", "not-collected"]

USE: Mapping[str, Mapping[Aspect, tuple[str, ...]]] = {
    "cpu": {"utilisation": ("cpu.busy",), "saturation": ("cpu.load",), "errors": ()},
    "memory": {
        "utilisation": ("memory.available", "memory.used"),
        "saturation": ("pressure.memory", "memory.swap"),
        "errors": ("memory.oom",),
    },
    "storage-io": {
        "utilisation": ("disk.busy",),
        "saturation": ("pressure.io", "disk.read-await", "disk.write-await"),
        "errors": ("disk.smart", "disk.array"),
    },
    "filesystem": {
        "utilisation": ("disk.space", "disk.free", "disk.inodes"),
        "saturation": (),
        "errors": ("disk.read-only", "disk.mounts"),
    },
    "network": {"utilisation": ("network.busy",), "saturation": (), "errors": ("network.errors", "network.link")},
    "kernel-tables": {
        "utilisation": ("kernel.file-handles", "kernel.processes", "kernel.conntrack"),
        "saturation": (),
        "errors": (),
    },
}
# What a resource does not have: no queue stands before the room of a filesystem or the places of a table.
NONE_SUCH: Mapping[str, frozenset[Aspect]] = {
    "filesystem": frozenset({"saturation"}),
    "kernel-tables": frozenset({"saturation", "errors"}),
}
_WORST = {"crit": 0, "warn": 1, "unknown": 2, "error": 2, "skipped": 2, "manual": 2, "waived": 3, "ok": 4}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of one host: the findings of each aspect, the worst first, and what they come to.

    `bottleneck`: saturated, or errors, or used beyond a crit limit. `strained`: some limit is crossed. `undetermined`:
    none is, but something that should have been measured was not: never read as well. `partly`: an aspect was not
    collected, or has a figure that nothing says the whole of: a link without a speed.
    """

    name: str
    findings: Mapping[Aspect, tuple[RecordedFinding, ...]]
    state: State
    silent: Mapping[Aspect, Silence]


def resources(findings: Sequence[RecordedFinding]) -> tuple[Resource, ...]:
    """Every resource of the host whose findings these are; a finding that does not apply is left out."""
    return tuple(_resource(name, aspects, findings) for name, aspects in USE.items())


def _resource(name: str, aspects: Mapping[Aspect, tuple[str, ...]], findings: Sequence[RecordedFinding]) -> Resource:
    said = {aspect: _of(checks, findings) for aspect, checks in aspects.items()}
    silent: dict[Aspect, Silence] = {
        aspect: _silence(name, aspect, aspects[aspect], findings) for aspect, found in said.items() if not found
    }
    figures = [finding for found in said.values() for finding in found if figure(finding)]
    state = _state(said)
    if state == "well" and ("not-collected" in silent.values() or figures):
        state = "partly"
    return Resource(name=name, findings=said, state=state, silent=silent)


def _silence(name: str, aspect: Aspect, checks: Sequence[str], findings: Sequence[RecordedFinding]) -> Silence:
    if aspect in NONE_SUCH.get(name, ()):
        return "none-such"
    asked = {finding.status for finding in findings if finding.check in checks}
    return "not-applicable" if asked == {"not-applicable"} else "not-collected"


def _of(checks: Sequence[str], findings: Sequence[RecordedFinding]) -> tuple[RecordedFinding, ...]:
    found = [finding for finding in findings if finding.check in checks and finding.status in _WORST]
    return tuple(sorted(found, key=lambda finding: (_WORST[finding.status], checks.index(finding.check))))


def _state(said: Mapping[Aspect, tuple[RecordedFinding, ...]]) -> State:
    statuses = {aspect: {_said(finding) for finding in found} for aspect, found in said.items()}
    everything = set().union(*statuses.values())
    if {"warn", "crit"} & (statuses["saturation"] | statuses["errors"]) or "crit" in statuses["utilisation"]:
        return "bottleneck"
    if "warn" in everything:
        return "strained"
    if not everything or {"unknown", "error", "skipped", "manual"} & everything:
        return "undetermined"
    return "well"


def _said(finding: RecordedFinding) -> str:
    return "ok" if figure(finding) else finding.status


def figure(finding: RecordedFinding) -> bool:
    """Whether it tells a figure that was held against nothing: neither well nor bad, and no reason to know nothing."""
    return finding.status == "skipped" and finding.value is not None
