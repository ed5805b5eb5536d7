"""应检, 实检, 未检: counted from what the inventory expects, never from what answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Hosts expected (应检), inspected (实检), and missed (未检) with the reason, each in the inventory's order."""

    expected: tuple[str, ...]
    inspected: tuple[str, ...]
    missed: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether every expected host was inspected, and there was one."""
        return bool(self.expected) and not self.missed


def coverage(expected: Iterable[str], collected: Mapping[str, tuple[str, str]]) -> Coverage:
    """What was inspected of `expected`; `collected` holds (status, reason) by host (docs/exchange.md).

    A host that nothing was heard of is missed. One that was collected but not expected counts nowhere.
    """
    hosts = tuple(dict.fromkeys(expected))
    missed = {host: _why(collected.get(host)) for host in hosts if collected.get(host, ("", ""))[0] != "ok"}
    return Coverage(expected=hosts, inspected=tuple(host for host in hosts if host not in missed), missed=missed)


def _why(answer: tuple[str, str] | None) -> str:
    if answer is None:
        return "no result came back"
    status, reason = answer
    return f"{status}: {reason}" if reason else status
