"""Plans for tests of changes, and a world of hosts that the engine's driver changes: the one fake the engine has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from maintkit.clock import FixedClock
from maintkit.plans.model import Estimate, Plan, PlanHost, Step
from maintkit.runs.driver import HoldOrder, PhaseOrder, PhaseResult
from maintkit.runs.phases import Phase

NIGHT = datetime(2026, 11, 28, 16, 0, tzinfo=UTC)  # a Saturday, midnight in Shanghai
FORWARD_S, ROLLBACK_S = 120, 60


class Killed(BaseException):
    """The controller dies here, as by SIGKILL: nothing catches it."""


def plan_of(*names: str, ledger: str = "00000000-0000-0000-0000-000000000000") -> Plan:
    """A patch of one package on these hosts, the first alone as the canary."""
    hosts = tuple(_host(name, number) for number, name in enumerate(names, 1))
    batches = ((names[0],), *((tuple(names[1:]),) if names[1:] else ()))
    return Plan(
        id="P20261128-1", ledger=ledger, site="示例市人民医院", procedure="patch", title_zh="安全补丁",
        reason="例行更新", requester="wang", created_at=NIGHT - timedelta(days=2), hosts=hosts, batches=batches,
        content=(), effect="some",
    )  # fmt: skip


def _host(name: str, number: int) -> PlanHost:
    def step(phase: Phase, seconds: int) -> Step:
        return Step(
            phase=phase.value, action="upgrade", title_zh="更新软件包", target="hello", before="1.0-1", after="1.1-1",
            rollback="reversible", risk="low", estimate=Estimate(seconds=seconds, samples=0, detail_zh="默认速率"),
        )  # fmt: skip

    steps = (step(Phase.CHANGE, FORWARD_S), step(Phase.ROLLBACK, ROLLBACK_S))
    return PlanHost(name=name, machine_id=f"{number:032x}", address=f"192.0.2.{number}", steps=steps)


@dataclass
class World:
    """Hosts with a version each. A phase takes `takes_s` on the clock, and behaves as docs/procedures.md demands.

    `script` says what goes wrong, by host and phase, each time once: "failed" (nothing done, said so), "lost-before"
    (unreachable), "lost-after" (done, but never heard of), "killed-before", "killed-after". A list is used up in order.
    """

    clock: FixedClock
    versions: dict[str, str]
    script: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    takes_s: float = 10.0
    changed_by: dict[str, str] = field(default_factory=dict)
    times_changed: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    orders: list[PhaseOrder] = field(default_factory=list)
    meanwhile: Callable[[str, str], None] = lambda _host, _phase: None
    marks: dict[str, str] = field(default_factory=dict)

    def hold(self, order: HoldOrder) -> dict[str, PhaseResult]:
        """Mark the hosts; `script` may say "failed" or "lost-before" of a host's `hold`."""
        return {host: self._mark(order, host) for host in order.tokens}

    def release(self, order: HoldOrder) -> dict[str, PhaseResult]:
        """Take the run's own marks away."""
        for host in order.tokens:
            if self.marks.get(host) == order.run:
                del self.marks[host]
        return dict.fromkeys(order.tokens, PhaseResult(outcome="ok"))

    def _mark(self, order: HoldOrder, host: str) -> PhaseResult:
        happens, other = self._next(host, "hold"), self.marks.get(host, order.run)
        if happens == "lost-before":
            return PhaseResult(outcome="lost", reason="no route to host")
        if happens == "failed" or other not in (order.run, *order.over[host]):
            return PhaseResult(
                outcome="failed", reason=f"run {other} holds this host" if not happens else "hold failed"
            )
        self.marks[host] = order.run
        return PhaseResult(outcome="ok", changed=True)

    def phase(self, order: PhaseOrder) -> PhaseResult:
        host, phase = order.host, order.phase.value
        self.asked.append((host, phase))
        self.orders.append(order)
        happens = self._next(host, phase)
        self.pass_time(self.takes_s)
        if happens == "killed-before":
            raise Killed
        if happens == "lost-before":
            return PhaseResult(outcome="lost", reason="no route to host")
        if happens == "failed":
            return PhaseResult(outcome="failed", reason=f"{phase} failed")
        result = self._do(order)
        self.meanwhile(host, phase)
        if happens == "killed-after":
            raise Killed
        return PhaseResult(outcome="lost", reason="connection lost") if happens == "lost-after" else result

    def pass_time(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)
        self.clock.ticks += seconds

    def _next(self, host: str, phase: str) -> str:
        left = self.script.get((host, phase), [])
        return left.pop(0) if left else ""

    def _do(self, order: PhaseOrder) -> PhaseResult:
        host, run, before = order.host, order.run, self.versions[order.host]
        match order.phase:
            case Phase.PRECHECK if before != "1.0-1" and self.changed_by.get(host) != run:
                return PhaseResult(outcome="nothing")
            case Phase.CHANGE if self.changed_by.get(host) != run:
                self.versions[host], self.changed_by[host] = "1.1-1", run
                self.times_changed[host] = self.times_changed.get(host, 0) + 1
            case Phase.ROLLBACK:
                self.versions[host] = "1.0-1"
        return PhaseResult(outcome="ok", changed=before != self.versions[host], document=_document(order))


def _document(order: PhaseOrder) -> Mapping[str, object]:
    return {"procedure": order.procedure, "phase": order.phase.value, "host": order.host}
