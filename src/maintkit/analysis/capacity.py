"""When a growing series meets its limits: days, as a range, or why no number is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from maintkit.analysis.slope import Slope
from maintkit.analysis.trend import Cut, Point, Trend, Withheld

FARTHEST = 2  # times the history: beyond it a straight line is a guess

State = Literal["reached", "days", "beyond", "never"]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """When one limit is met. Days count from the trend's newest point.

    `reached`: it is already. `days`: in `middle` days, in nine of ten cases not before `soonest` and in one of ten
    after `latest` (None: then never, or later than anybody can say). `beyond`: later than twice the history. `never`:
    no growth.
    """

    state: State
    soonest: float | None = None
    middle: float | None = None
    latest: float | None = None


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The arrivals of one slope by the names of the limits."""

    slope: Slope
    arrivals: Mapping[str, Arrival]


def scenarios(trend: Trend, limits: Mapping[str, float]) -> tuple[Scenario, ...]:
    """The whole history's slope first, then that of the newest third where it is materially another one.

    `limits` are in the unit of the series, like used bytes: never percent, which bends when a disk is enlarged.
    """
    slopes = [trend.slope, *([trend.recent] if trend.recent else [])]
    return tuple(
        Scenario(slope=slope, arrivals={name: _arrival(trend, slope, limit) for name, limit in limits.items()})
        for slope in slopes
    )


def _arrival(trend: Trend, slope: Slope, limit: float) -> Arrival:
    room, farthest = limit - trend.level, FARTHEST * trend.history_days
    if room <= 0:
        return Arrival(state="reached")
    if slope.middle <= 0:
        return Arrival(state="never")
    middle = room / slope.middle
    if middle > farthest:
        return Arrival(state="beyond")
    latest = room / slope.low if slope.low > 0 else None
    return Arrival(
        state="days",
        soonest=room / slope.high,
        middle=middle,
        latest=latest if latest is not None and latest <= farthest else None,
    )


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """One filesystem: how full it is and its limits, in bytes, its trend, and when each limit is met by each slope.

    `points` is the series that the trend was taken from, in bytes.
    """

    host: str
    mount: str
    used: int
    room: int
    limits: Mapping[str, float]
    trend: Trend | Withheld
    cuts: tuple[Cut, ...]
    points: tuple[Point, ...] = ()

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """None where the trend is withheld."""
        return () if isinstance(self.trend, Withheld) else scenarios(self.trend, self.limits)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """One series other than a filesystem: its newest value in its own unit, what it is part of, and its trend.

    `kind` and `which` name it, `whole` is None where nothing bounds it: then there is a growth, and no date.
    """

    host: str
    kind: str
    which: str
    value: float
    whole: float | None
    limits: Mapping[str, float]
    trend: Trend | Withheld
    cuts: tuple[Cut, ...]

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """None where the trend is withheld."""
        return () if isinstance(self.trend, Withheld) else scenarios(self.trend, self.limits)
