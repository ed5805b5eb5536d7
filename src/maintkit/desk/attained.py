"""The service level attained in a stretch of time: each clock counted once, when it was decided. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from maintkit.contract.sla import LevelId
from maintkit.desk.clocks import ENDS, Clock
from maintkit.desk.past import Fault

Outcome = Literal["met", "breached", "running", "undetermined"]


@dataclass(frozen=True, kw_only=True)
class Attained:
    """One clock of one level (None: not triaged): how many were met and breached in the time, and how many still run.

    A clock that is breached and still runs is breached. Of a `target` met and breached mean reached in its time or not.
    """

    level: LevelId | None
    clock: str
    target: bool
    met: int
    breached: int
    running: int
    undetermined: int

    @property
    def percent(self) -> float | None:
        """Met of decided; None where none was decided: no case is no success."""
        decided = self.met + self.breached
        return 100 * self.met / decided if decided else None


def attained(faults: Iterable[Fault], since: datetime, until: datetime) -> tuple[Attained, ...]:
    """Counts by level and clock, for clocks decided from `since` to before `until` and for those that still run.

    `faults` are as they stood at `until`. What was decided before `since` was counted then.
    """
    found: dict[tuple[LevelId | None, str, bool], list[Outcome]] = {}
    for level, clock in _clocks(faults):
        said = outcome(clock, since, until)
        if said:
            found.setdefault((level, clock.name, clock.target), []).append(said)
    return tuple(_counted(*key, found[key]) for key in sorted(found, key=_rank))


def counted(fault: Fault, since: datetime, until: datetime) -> bool:
    """Whether one of its clocks counts in the time, be it that of the analysis alone."""
    return any(outcome(clock, since, until) for clock in fault.clocks)


def outcome(clock: Clock, since: datetime, until: datetime) -> Outcome | None:
    """How a clock stands in the time; None when it was decided before it, or never asked for."""
    if clock.state == "not-asked":
        return None
    if clock.state == "undetermined":
        # A target that nobody can judge is told once, in the time in which the fault was restored.
        return None if clock.ended and clock.ended < since else "undetermined"
    breached = clock.breached_at
    if clock.target and clock.deadline and clock.deadline < (clock.ended or until):
        breached = clock.deadline
    decided = breached or clock.ended
    if decided is None:
        return "running"
    if decided < since:
        return None
    return "breached" if breached else "met"


def _rank(key: tuple[LevelId | None, str, bool]) -> tuple[bool, str, bool, int]:
    """By level, in the order in which clocks end, targets last."""
    level, name, target = key
    order = list(ENDS)
    return level is None, level or "", target, order.index(name) if name in order else len(order)


def _clocks(faults: Iterable[Fault]) -> Iterator[tuple[LevelId | None, Clock]]:
    for fault in faults:
        level = fault.incident.level
        for clock in fault.clocks:
            yield (level.level if level else None), clock


def _counted(level: LevelId | None, clock: str, target: bool, said: list[Outcome]) -> Attained:  # noqa: FBT001  # a key
    return Attained(
        level=level,
        clock=clock,
        target=target,
        met=said.count("met"),
        breached=said.count("breached"),
        running=said.count("running"),
        undetermined=said.count("undetermined"),
    )
