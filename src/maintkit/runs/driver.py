"""What the engine asks of whatever reaches the hosts; `runs/ansible.py` answers with Ansible."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from maintkit.runs.phases import Outcome, Phase

Parameters = Mapping[str, Any]  # of the collector, docs/exchange.md

CollectionStatus = Literal[
    "ok", "unreachable", "host-key", "auth", "become", "no-python", "timeout", "broken", "refused"
]


@dataclass(frozen=True, kw_only=True)
class ExpectedHost:
    """A host as the inventory knows it, before anyone is contacted."""

    groups: tuple[str, ...]
    address: str
    connection: str


@dataclass(frozen=True, kw_only=True)
class ExpectedHosts:
    """The hosts of the play in inventory order, among the names that the whole inventory has.

    `secrets` are inventory values that must never be stored.
    """

    hosts: Mapping[str, ExpectedHost]
    inventory_hosts: tuple[str, ...]
    inventory_groups: tuple[str, ...]
    secrets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HostResult:
    """How one host answered. `document` is the collector's, unparsed; None unless status is ok."""

    host: str
    status: CollectionStatus
    reason: str
    via: str
    address: str
    started_at: float
    took_ms: int
    document: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class CollectRequest:
    """What to ask of whom. `scope` is an Ansible host pattern, None for the whole inventory."""

    site: Path
    inventory: Path
    scope: str | None
    forks: int
    host_timeout_s: int
    connect_timeout_s: int


class CollectListener(Protocol):
    """Who is told while a collection goes on; called from one thread, in the order given here."""

    def expected(self, hosts: ExpectedHosts) -> Mapping[str, Parameters]:
        """Called once, before anyone is contacted; only hosts in the answer are contacted."""
        ...

    def started(self, host: str) -> None:
        """A host is being contacted."""
        ...

    def received(self, result: HostResult) -> None:
        """A host is done, however it ended."""
        ...


class Driver(Protocol):
    """Reaches hosts."""

    def collect(self, request: CollectRequest, listener: CollectListener, *, cancelled: Callable[[], bool]) -> None:
        """Collect facts from every host of the scope.

        Raises NothingMatched when no host matches and RunFailed when the collection could not begin or broke off;
        results that came before were given to the listener. Returns early when `cancelled` says so.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class PhaseOrder:
    """One phase of a procedure, to be run on one host. `run` names the change: phases of it find what others left.

    `plays` is what is played for it, where that is another phase of the procedure's (runs/undoing.py).
    `variables` are the procedure's, as its procedure.yml declares them; texts in them are data, never templates.
    """

    site: Path
    inventory: Path
    procedure: str
    phase: Phase
    host: str
    run: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float = 3600
    plays: str = ""

    @property
    def played(self) -> str:
        """The phase of the procedure that is played."""
        return self.plays or self.phase.value


@dataclass(frozen=True, kw_only=True)
class PhaseResult:
    """What a phase came to. `document` is the procedure's own account (docs/procedures.md), None when none came."""

    outcome: Outcome
    reason: str = ""
    changed: bool = False
    took_ms: int = 0
    document: Mapping[str, Any] | None = None

    @property
    def text(self) -> str:
        """The document as JSON."""
        return json.dumps(self.document, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class HoldOrder:
    """Hosts that a run marks as its own, or lets go. `tokens` by host only grow: a late controller's are refused.

    `over` names by host the runs that have ended: a mark that one of them has left there is taken over.
    """

    site: Path
    inventory: Path
    run: str
    tokens: Mapping[str, int]
    over: Mapping[str, tuple[str, ...]]
    holder: str


class PhaseDriver(Protocol):
    """Runs phases on hosts."""

    def hold(self, order: HoldOrder) -> Mapping[str, PhaseResult]:
        """Mark the hosts as held by the run; what each of them said."""
        ...

    def release(self, order: HoldOrder) -> Mapping[str, PhaseResult]:
        """Take the marks away."""
        ...

    def phase(self, order: PhaseOrder) -> PhaseResult:
        """Run one phase on one host and wait for it; never raises for what happens on the host.

        `lost` when the host could not be reached or the connection ended before the phase had said what it came to.
        RunFailed when Ansible could not be run at all.
        """
        ...
