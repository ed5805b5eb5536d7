"""What a counter of a database server has counted since the last inspection, resets taken into account."""

from __future__ import annotations

from dataclasses import dataclass

from maintkit.checks.gaps import DAY_S
from maintkit.checks.model import Case
from maintkit.checks.rule import elapsed_s


@dataclass(frozen=True, kw_only=True)
class Counted:
    """So much in so many seconds."""

    amount: float
    seconds: float

    @property
    def a_day(self) -> float:
        """As a rate; a period shorter than a day counts as one, so that one event makes no hundred."""
        return self.amount / max(self.seconds / DAY_S, 1.0)


def since_last(case: Case, now: float, then: float | None, reset_at: float | None) -> Counted | None:
    """`now` less `then`; all of `now` if the counters were reset in between; None if there is nothing to compare with.

    A server that crashed loses its counters without a word: a counter that went back was lost in between, too.
    """
    seconds = elapsed_s(case)
    if then is None or case.previous is None or seconds <= 0:
        return None
    if reset_at is not None and reset_at > case.previous.collected_at:
        return Counted(amount=float(now), seconds=max(1.0, case.facts.collected_at - reset_at))
    if now < then:
        return Counted(amount=float(now), seconds=seconds)
    return Counted(amount=float(now) - float(then), seconds=seconds)
