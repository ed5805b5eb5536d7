"""What the engine asks of whatever reaches the hosts; `runs/ansible.py` answers with Ansible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

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
