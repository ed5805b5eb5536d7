"""A change, host by host: nothing here knows Ansible, and nothing goes on because a program said 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from maintkit.clock import Clock
from maintkit.plans.model import Plan, PlanHost
from maintkit.plans.window import Reading, Window
from maintkit.runs.driver import PhaseDriver, PhaseOrder, PhaseResult
from maintkit.runs.gate import left_s, no_time
from maintkit.runs.journal import Journal
from maintkit.runs.phases import HostState, Phase, next_step
from maintkit.runs.undone import NO_WAY_BACK, ordered
from maintkit.runs.verdict import Verdict, verdict

ENDING_S = 600.0  # what a change that ends at its deadline has beyond it, to say what it came to
PAUSES_S = (5.0, 10.0, 20.0, 40.0, 60.0)  # between attempts at a host that does not answer
_BEGUN = {Phase.BACKUP, Phase.CHANGE, Phase.VERIFY, Phase.ROLLBACK}
_FAILED = {HostState.UNTOUCHED, HostState.ROLLED_BACK, HostState.ROLLBACK_FAILED, HostState.UNKNOWN}


class Watcher(Protocol):
    """Who shows a change while it goes on."""

    def phase(self, host: str, phase: Phase) -> None:
        """A phase begins on a host."""
        ...

    def observed(self, host: str, phase: Phase, result: PhaseResult) -> None:
        """A phase has come to something."""
        ...

    def held(self, host: str, reason: str) -> None:
        """A host is not begun."""
        ...

    def closed(self, host: str, state: HostState) -> None:
        """A host has ended."""
        ...


@dataclass(frozen=True, kw_only=True)
class Permit:
    """What the change may do, asked anew each time.

    `refusal` is asked before each host and gives the reason for beginning none: a supervisor who has left, a key that
    was revoked, somebody who wants a pause. `guard` is called before each step and raises when the step must not be
    made at all, because another controller has taken over.
    """

    window: Window
    refusal: Callable[[], str | None]
    guard: Callable[[PlanHost], None]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where hosts and their variables come from."""

    site: Path
    inventory: Path
    variables: Callable[[PlanHost], dict[str, Any]]


@dataclass(kw_only=True)
class Change:
    """One change of a frozen plan: begun, or taken up again where its journal stands."""

    plan: Plan
    permit: Permit
    place: Place
    journal: Journal
    driver: PhaseDriver
    clock: Clock
    watcher: Watcher
    sleep: Callable[[float], None]
    budget: int = 0
    begun: Reading = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self._reading()

    def execute(self) -> Verdict:
        """Take the plan's hosts through their phases, one after another, and undo a change that fails.

        All are checked before the first is changed. The hosts that follow a failure are held, as are all when too
        little of the window is left, the supervisor is gone, or somebody asks for it: between hosts, never within one.
        """
        for host in self._left_at_work():
            self._finish(host)
        if self._all_may_begin():
            for host in self._waiting():
                reason = self._why_not(host)
                if reason is None:
                    self._begin(host)
                else:
                    self._hold(host, reason)
        return self._close()

    def _all_may_begin(self) -> bool:
        """Check every host that is still to be changed; when one must not be, none is."""
        for host in self._waiting():
            if self.permit.refusal() is not None:
                return True  # it is said of each host
            self._attempt(host, Phase.PRECHECK)
            self._end_if_ended(host)
        refused = [name for name, state in self.journal.closed().items() if state is HostState.UNTOUCHED]
        for host in self._waiting() if refused else ():
            self._hold(host, f"{', '.join(refused)} must not be changed now")
        return not refused

    def _begin(self, host: PlanHost) -> None:
        """A host whose turn has come. What was checked before others were changed is checked again."""
        if any(state is HostState.DONE for state in self.journal.closed().values()):
            self._attempt(host, Phase.PRECHECK)
        self._finish(host)

    def _finish(self, host: PlanHost) -> None:
        """One host, from where it stands to its end: a host that is half changed is not left so."""
        while isinstance(step := next_step(self.journal.marks(host.name)), Phase):
            self._wait_for_a_lost_host(host, step)
            self._attempt(host, step)
        self._end_if_ended(host)

    def _end_if_ended(self, host: PlanHost) -> None:
        step = next_step(self.journal.marks(host.name))
        if isinstance(step, HostState):
            self.journal.close(host.name, step, plan=self.plan)
            self.watcher.closed(host.name, step)

    def _attempt(self, host: PlanHost, phase: Phase) -> None:
        self.permit.guard(host)
        self.watcher.phase(host.name, phase)
        self.journal.intend(host.name, phase)
        order = ordered(self.plan, phase, self._order(host, phase))
        result = self.driver.phase(order) if order else PhaseResult(outcome="failed", reason=NO_WAY_BACK)
        self.journal.observe(host.name, phase, result)
        if order and result.outcome == "ok":
            changes = [step for step in host.steps if step.phase == "change"]
            self.journal.time(order.procedure, order.played, host.name, took_ms=result.took_ms, size=len(changes))
        self.watcher.observed(host.name, phase, result)

    def _order(self, host: PlanHost, phase: Phase) -> PhaseOrder:
        order = PhaseOrder(
            site=self.place.site,
            inventory=self.place.inventory,
            procedure=self.plan.procedure,
            phase=phase,
            host=host.name,
            run=self.journal.run,
            variables=self.place.variables(host),
        )
        if phase is not Phase.CHANGE:
            return order
        left = left_s(host, self.permit.window, begun=self.begun, now=self._reading())
        timeout_s = max(order.timeout_s, left + ENDING_S)
        return replace(order, variables={**order.variables, "maintkit_left": left}, timeout_s=timeout_s)

    def _wait_for_a_lost_host(self, host: PlanHost, phase: Phase) -> None:
        lost = [mark for mark in self.journal.marks(host.name) if mark.phase == phase and mark.outcome == "lost"]
        if lost:
            self.sleep(PAUSES_S[min(len(lost), len(PAUSES_S)) - 1])

    def _waiting(self) -> tuple[PlanHost, ...]:
        """Hosts that have not ended, in the plan's order."""
        closed = self.journal.closed()
        return tuple(self.plan.host(name) for batch in self.plan.batches for name in batch if name not in closed)

    def _left_at_work(self) -> tuple[PlanHost, ...]:
        """Hosts on which an earlier attempt of this change has begun something that has no end yet."""
        return tuple(
            host for host in self._waiting() if any(mark.phase in _BEGUN for mark in self.journal.marks(host.name))
        )

    def _why_not(self, host: PlanHost) -> str | None:
        """The reason for not beginning this host; None when it may begin."""
        failures = sum(state in _FAILED for state in self.journal.closed().values())
        if failures > self.budget:
            return f"{failures} hosts failed, {self.budget} are allowed to"
        return self.permit.refusal() or no_time(host, self.permit.window, begun=self.begun, now=self._reading())

    def _hold(self, host: PlanHost, reason: str) -> None:
        self.journal.hold(host.name, reason)
        self.watcher.held(host.name, reason)

    def _close(self) -> Verdict:
        states = {host.name: self.journal.closed().get(host.name, HostState.UNTOUCHED) for host in self.plan.hosts}
        made = verdict(states.values())
        overrun = self._reading().at - self.permit.window.end
        self.journal.finish(
            {
                "verdict": made.value,
                "hosts": {name: state.value for name, state in states.items()},
                "overrun_s": max(0, int(overrun / timedelta(seconds=1))),
            }
        )
        return made

    def _reading(self) -> Reading:
        return Reading(at=self.clock.now(), monotonic=self.clock.monotonic())
