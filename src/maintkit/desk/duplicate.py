"""What a fault would escape as another one's duplicate: clocks that the earlier report does not have as strictly. Pure.

A duplicate has no clocks of its own, so the report that is worked on has to answer for all that the later one asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from maintkit.contract.sla import Faults
from maintkit.desk.clocks import ENDS, Clock
from maintkit.desk.incident import Incident, LevelSince

Loss = Literal["breached", "level", "ended", "paused"]
Judge = Callable[[Incident], tuple[Clock, ...]]


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A clock of the later report, and how it would be lost.

    `breached`: it was breached and the earlier report was not. `level`: the earlier report is not asked for it, or
    gives more time. `ended`: it had been restored before it was reported again. `paused`: its pauses end it later.
    """

    clock: Clock
    loss: Loss


def lost(one: Incident, other: Incident, judge: Judge) -> tuple[Lost, ...]:
    """What `one` would lose as a duplicate of `other`, by the clocks that `judge` gives each; none when nothing.

    Both are triaged. Softer targets cannot be breached, and count for nothing here.
    """
    kept = {clock.name: clock for clock in judge(other)}
    asked = [clock for clock in judge(one) if clock.state != "not-asked" and not clock.target]
    found = ((clock, next(_losses(clock, kept[clock.name], kept["restore"].ended, one), None)) for clock in asked)
    return tuple(Lost(clock=clock, loss=loss) for clock, loss in found if loss)


def as_any_level(one: Incident, faults: Faults) -> Iterator[Incident]:
    """The same report at each level that it may turn out to have, with all that a level can ask for."""
    for level in faults.levels:
        since = LevelSince(since=one.reported, level=level.id, rule=None, scope="hospital", urgent=True,
                           agreed_by="", why="")  # fmt: skip
        yield replace(one, levels=(since,))


def _losses(clock: Clock, there: Clock, restored: datetime | None, one: Incident) -> Iterator[Loss]:
    """How the clock would be lost to the one of its name `there`, the gravest first."""
    if clock.breached_at:
        if not there.breached_at:
            yield "breached"
    elif clock.name not in ENDS:  # the report, whose days are counted from the solution
        if there.state == "not-asked":
            yield "level"
    elif not clock.ended:
        if restored and restored < one.reported:
            yield "ended"
        # Solved from afar meanwhile: nobody has to come any more.
        if not (clock.name == "on-site" and restored):
            yield from _lenient(clock, there)


def _lenient(clock: Clock, there: Clock) -> Iterator[Loss]:
    if there.whole is None or clock.whole is None or there.whole > clock.whole:
        yield "level"
    elif there.deadline and clock.deadline and there.deadline > clock.deadline and not there.ended:
        yield "paused"
