"""Phases of a change by Ansible: the thin playbook of a phase on one host, and what its document says of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maintkit.errors import RunFailed
from maintkit.runs.ansible import Played, play
from maintkit.runs.driver import PhaseOrder, PhaseResult
from maintkit.runs.exchange import exchange_directory
from maintkit.runs.phases import Outcome

OUTCOMES: Mapping[str, Outcome] = {"ok": "ok", "nothing-to-do": "nothing", "failed": "failed"}
_WORDS = ("failures", "dark", "ok", "skipped")


@dataclass(frozen=True, kw_only=True)
class AnsiblePhases:
    """Runs phases of the collection's procedures. `played` runs a playbook; `play` of runs/ansible.py."""

    played: Callable[..., Played] = play

    def phase(self, order: PhaseOrder) -> PhaseResult:
        """See `PhaseDriver.phase`."""
        began = time.monotonic()
        with exchange_directory() as exchange:
            done = self.played(
                f"maintkit.ops.{order.procedure}.{order.phase.value}",
                site=order.site,
                inventory=order.inventory,
                limit=order.host,
                variables={**order.variables, "maintkit_exchange": str(exchange), "maintkit_run": order.run},
                timeout_s=order.timeout_s,
            )
            document = _document(exchange / "phases" / f"{order.host}.{order.phase.value}.json")
        took_ms = int((time.monotonic() - began) * 1000)
        return _result(order, done, document, took_ms=took_ms)


def _result(order: PhaseOrder, done: Played, document: Mapping[str, Any] | None, *, took_ms: int) -> PhaseResult:
    """The document's word counts, and only when Ansible does not contradict it."""
    if done.status == "timeout":
        return PhaseResult(outcome="lost", reason=f"no end after {order.timeout_s:.0f} s", took_ms=took_ms)
    if not any(order.host in done.stats.get(word, {}) for word in _WORDS):
        what = f"{order.procedure}.{order.phase.value}"
        raise RunFailed(
            f"ansible-playbook did not run {what} on {order.host}:\n  {_last(done.said)}",
            hint="`maintkit resume` goes on once the cause is mended",
        )
    if order.host in done.stats.get("dark", {}):
        return PhaseResult(outcome="lost", reason=_last(done.said, 3), took_ms=took_ms, document=document)
    failed = bool(done.stats.get("failures", {}).get(order.host)) or done.code != 0
    said = None if document is None else OUTCOMES.get(str(document.get("status")))
    if document is None or said is None:
        return PhaseResult(
            outcome="failed", reason=_last(done.said, 6) if failed else "it left no document", took_ms=took_ms
        )
    return PhaseResult(
        outcome="failed" if failed else said,
        reason=str(document.get("reason") or (_last(done.said, 6) if failed else "")),
        changed=bool(document.get("changed")),
        took_ms=took_ms,
        document=document,
    )


def _document(path: Path) -> Mapping[str, Any] | None:
    try:
        read = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def _last(said: str, lines: int = 12) -> str:
    return "\n  ".join([line for line in said.splitlines() if line.strip() and "*****" not in line][-lines:])
