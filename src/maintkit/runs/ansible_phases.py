"""Phases of a change by Ansible: the thin playbook of a phase on one host, and what its document says of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from maintkit.errors import MaintkitError, NothingMatched, RunFailed
from maintkit.evidence.redact import Redactor
from maintkit.plans.procedure import load_procedure
from maintkit.runs import collection
from maintkit.runs.ansible import NO_HOSTS, Played, play
from maintkit.runs.driver import HoldOrder, PhaseOrder, PhaseResult
from maintkit.runs.exchange import exchange_directory
from maintkit.runs.phases import Outcome, Phase

OUTCOMES: Mapping[str, Outcome] = {"ok": "ok", "nothing-to-do": "nothing", "failed": "failed"}
MARK_TIMEOUT_S = 300.0
_WORDS = ("failures", "dark", "ok", "skipped")


@dataclass(frozen=True, kw_only=True)
class AnsiblePhases:
    """Runs phases of the collection's procedures. `played` runs a playbook; `play` of runs/ansible.py.

    Once hosts were held, no result bears a secret of their variables: `secrets` are masked in words and documents.
    """

    played: Callable[..., Played] = play
    secrets: set[str] = field(default_factory=set)

    def probe(
        self, procedure: str, *, site: Path, inventory: Path, scope: str, variables: Mapping[str, Any], timeout_s: float
    ) -> dict[str, PhaseResult]:
        """Ask all hosts of the scope what the procedure would do there, by host; NothingMatched when there are none."""
        return self._on_all(
            f"procedures.{procedure}.probe",
            site=site, inventory=inventory, limit=scope, variables=variables, timeout_s=timeout_s,
        )  # fmt: skip

    def hold(self, order: HoldOrder) -> dict[str, PhaseResult]:
        """See `PhaseDriver.hold`."""
        return self._mark("hold", order)

    def release(self, order: HoldOrder) -> dict[str, PhaseResult]:
        """See `PhaseDriver.release`."""
        return self._mark("release", order)

    def _mark(self, way: str, order: HoldOrder) -> dict[str, PhaseResult]:
        variables = {
            "maintkit_run": order.run,
            "maintkit_tokens": order.tokens,
            "maintkit_over": order.over,
            "maintkit_holder": order.holder,
        }
        marked = self._on_all(
            f"hosts.{way}",
            site=order.site, inventory=order.inventory, limit=",".join(order.tokens), variables=variables,
            timeout_s=MARK_TIMEOUT_S,
        )  # fmt: skip
        return {host: self._masked(result) for host, result in marked.items()}

    def _on_all(
        self, playbook: str, *, inventory: Path, limit: str, variables: Mapping[str, Any], **more: Any
    ) -> dict[str, PhaseResult]:
        phase = playbook.rpartition(".")[2]
        with exchange_directory() as exchange:
            done = self.played(
                f"maintkit.ops.{playbook}",
                inventory=inventory,
                limit=limit,
                variables={**variables, "maintkit_exchange": str(exchange)},
                **more,
            )
            hosts = sorted({host for word in _WORDS for host in done.stats.get(word, {})})
            if not hosts:
                raise _why_nobody(done, inventory=inventory, limit=limit, what=playbook)
            self.secrets.update(_secrets(exchange / "secrets.json"))
            found = {host: _document(exchange / "phases" / f"{host}.{phase}.json") for host in hosts}
        return {host: _result(host, done, document, what=playbook) for host, document in found.items()}

    def phase(self, order: PhaseOrder) -> PhaseResult:
        """See `PhaseDriver.phase`. A phase that the procedure lacks is said to be absent, with the reason it gives."""
        lacks = load_procedure(collection.root(), order.procedure).phases[order.played].absent
        if lacks is not None:
            # Nothing to check or keep is no failure; a change that cannot be undone, and must be, is one.
            outcome: Outcome = "failed" if order.phase is Phase.ROLLBACK else "ok"
            return PhaseResult(outcome=outcome, reason=f"{order.procedure} has no {order.played}: {lacks}")
        began = time.monotonic()
        with exchange_directory() as exchange:
            done = self.played(
                f"maintkit.ops.procedures.{order.procedure}.{order.played}",
                site=order.site,
                inventory=order.inventory,
                limit=order.host,
                variables={**order.variables, "maintkit_exchange": str(exchange), "maintkit_run": order.run},
                timeout_s=order.timeout_s,
            )
            self.secrets.update(_secrets(exchange / "secrets.json"))
            document = _document(exchange / "phases" / f"{order.host}.{order.played}.json")
        took_ms = int((time.monotonic() - began) * 1000)
        what = f"{order.procedure}.{order.played}"
        return self._masked(_result(order.host, done, document, what=what, took_ms=took_ms))

    def _masked(self, result: PhaseResult) -> PhaseResult:
        redactor = Redactor(self.secrets)
        document = None if result.document is None else redactor.value(result.document)[0]
        return replace(result, reason=redactor.text(result.reason).text, document=document)


def _why_nobody(done: Played, *, inventory: Path, limit: str, what: str) -> MaintkitError:
    """No host was asked: because there is none, or because Ansible could not begin."""
    if done.code == 0 or any(words in done.said.lower() for words in NO_HOSTS):
        return NothingMatched(
            f"no host of {inventory} matches {limit!r}: {_last(done.said, 3)}",
            hint="`ansible-inventory --graph` shows the hosts and groups there are",
        )
    return RunFailed(f"ansible-playbook did not run {what} on any host:\n  {_last(done.said)}", hint="mend the cause")


def _result(host: str, done: Played, document: Mapping[str, Any] | None, *, what: str, took_ms: int = 0) -> PhaseResult:
    """The document's word counts, and only when Ansible does not contradict it."""
    if done.status == "timeout":
        return PhaseResult(outcome="lost", reason="no end within the time it was given", took_ms=took_ms)
    if not any(host in done.stats.get(word, {}) for word in _WORDS):
        raise RunFailed(
            f"ansible-playbook did not run {what} on {host}:\n  {_last(done.said)}",
            hint="mend the cause; `maintkit resume` goes on with a run that has begun",
        )
    if host in done.stats.get("dark", {}):
        return PhaseResult(outcome="lost", reason=_why(host, done.said), took_ms=took_ms, document=document)
    failed = bool(done.stats.get("failures", {}).get(host))
    said = None if document is None else OUTCOMES.get(str(document.get("status")))
    if document is None or said is None:
        reason = _why(host, done.said) if failed else "it left no document"
        return PhaseResult(outcome="failed", reason=reason, took_ms=took_ms)
    return PhaseResult(
        outcome="failed" if failed else said,
        reason=str(document.get("reason") or (_why(host, done.said) if failed else "")),
        changed=bool(document.get("changed")),
        took_ms=took_ms,
        document=document,
    )


def _secrets(path: Path) -> tuple[str, ...]:
    """What the play has left to be masked; nothing when it came not so far."""
    return tuple(json.loads(path.read_text())) if path.exists() else ()


def _document(path: Path) -> Mapping[str, Any] | None:
    try:
        read = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def _why(host: str, said: str) -> str:
    """The last that Ansible said of this host, and not of the others of the play."""
    for line in reversed(said.splitlines()):
        found = re.match(rf"fatal: \[{re.escape(host)}(?: -> [^]]*)?\]: \w+! => (\{{.*\}})$", line)
        if found:
            with suppress(ValueError):
                return " ".join(str(json.loads(found[1]).get("msg", found[1])).split())
    return _last(said, 6)


def _last(said: str, lines: int = 12) -> str:
    """The end of what Ansible said, without what it counts in the end."""
    told = said.partition("PLAY RECAP")[0].splitlines()
    return "\n  ".join([line for line in told if line.strip() and "*****" not in line][-lines:])
