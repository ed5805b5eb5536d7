"""What a value usually is at this moment of the week, and whether the newest one is another (docs/trends.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from statistics import median

from maintkit.analysis.trend import Point, Withheld

FEWEST = 12  # values of the same weekday and hour, besides the one that is looked at
MOST = 26  # the newest of them: half a year of weekly inspections
NEAR = timedelta(hours=1)
WEEK = timedelta(days=7)
SPREAD = 5 * 1.4826  # of median absolute deviations: five standard deviations where the noise is normal


@dataclass(frozen=True, kw_only=True)
class Usual:
    """The newest value beside what it usually is: the median, and the range within which nothing is said."""

    at: datetime
    value: float
    middle: float
    low: float
    high: float
    points: int

    @property
    def outside(self) -> bool:
        """Whether it is an observation: unusual, and neither good nor bad by that."""
        return not self.low <= self.value <= self.high


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A series beside what it usually is; `host` is empty for a probe of the function watch."""

    host: str
    kind: str
    which: str
    usual: Usual | Withheld


def baseline(points: Sequence[Point], zone: tzinfo, *, least: float) -> Usual | Withheld:
    """The newest value against the earlier ones of the same weekday and hour on site; Withheld below 12 of them.

    The range is the median ± 5 scaled median absolute deviations, and never narrower than ± `least`: a series that
    stands still would make an observation of every ripple.
    """
    ordered = sorted(points, key=lambda point: point.at)
    alike = [point.value for point in ordered[:-1] if _near(point.at, ordered[-1].at, zone)][-MOST:]
    if len(alike) < FEWEST:
        said = f"数据不足：同一星期同一时段只有 {len(alike)} 个数据点，至少需要 {FEWEST} 个"
        return Withheld(reason_zh=said, points=len(alike))
    middle = median(alike)
    wide = max(least, SPREAD * median(abs(value - middle) for value in alike))
    newest = ordered[-1]
    return Usual(
        at=newest.at, value=newest.value, middle=middle, low=middle - wide, high=middle + wide, points=len(alike)
    )


def _near(one: datetime, other: datetime, zone: tzinfo) -> bool:
    """Within an hour of the same moment of the week, as the site's clock shows it."""
    apart = abs(one.astimezone(zone).replace(tzinfo=None) - other.astimezone(zone).replace(tzinfo=None)) % WEEK
    return min(apart, WEEK - apart) <= NEAR
