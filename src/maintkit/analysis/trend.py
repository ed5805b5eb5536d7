"""Where a series is going, or why nobody can say (the rules of docs/trends.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from maintkit.analysis.slope import Segment, Slope, median_slope

FEWEST_POINTS = 8
SHORTEST = timedelta(days=60)
HELD_OUT = 5  # one point in so many, the newest, is kept back to try the forecast on
NOISE = 3 * 1.4826  # of median absolute deviations: three standard deviations where the noise is normal
GROWTH = 0.5  # of the growth foretold: what a forecast may be wrong by besides noise
MATERIAL = 0.25  # of the larger slope: what two slopes must differ by to be two scenarios
DAY_S = 86400.0


@dataclass(frozen=True, kw_only=True)
class Point:
    """One value of a series at an instant (time-zone aware)."""

    at: datetime
    value: float


@dataclass(frozen=True, kw_only=True)
class Cut:
    """An instant at which the series jumped for a known reason; points from it on are another segment."""

    at: datetime
    why: str


@dataclass(frozen=True, kw_only=True)
class Trend:
    """A growth a day that the series' own newest part has confirmed.

    `level` is the value at `last` without its noise: by the newest segment, and where that bends by its newest third.
    `recent` is the slope of the newest third where it differs materially from the whole's, as the other scenario; None
    where it does not.
    """

    slope: Slope
    recent: Slope | None
    level: float
    first: datetime
    last: datetime
    points: int
    segments: int

    @property
    def history_days(self) -> float:
        return (self.last - self.first).total_seconds() / DAY_S


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """No statement, and why, as documents say it."""

    reason_zh: str
    points: int


def trend(points: Sequence[Point], cuts: Sequence[Cut] = ()) -> Trend | Withheld:
    """The growth of a series, `points` in any order; Withheld below 8 points or 60 days, or when it fails its own test.

    The test foretells the newest fifth of the points from the others. It is passed when half of those points are met
    within three standard deviations of the noise plus half of the growth foretold, by the slope of the whole or of the
    newest third.
    """
    ordered = sorted(points, key=lambda point: point.at)
    few = len(ordered) < FEWEST_POINTS
    if few or ordered[-1].at - ordered[0].at < SHORTEST:
        days = (ordered[-1].at - ordered[0].at).days if ordered else 0
        needed = f"至少需要 {FEWEST_POINTS} 个、跨 {SHORTEST.days} 天"
        return Withheld(
            reason_zh=f"数据不足：只有 {len(ordered)} 个数据点，跨 {days} 天，{needed}", points=len(ordered)
        )
    segments = _segments(ordered, cuts)
    whole = median_slope(segments)
    if whole is None or not _foretells(ordered, cuts):
        return Withheld(reason_zh="数据不足：用较早的数据推算最近的数据，偏差过大，趋势不可信", points=len(ordered))
    newest = _newest_third(ordered, cuts)
    recent = _other(whole, median_slope(newest))
    # Of a series that bends, the older points would draw today's value towards what it was.
    tail, slope = (newest[-1], recent) if recent else (segments[-1], whole)
    return Trend(
        slope=whole,
        recent=recent,
        level=_level(tail, slope.middle) + slope.middle * tail[-1][0],
        first=ordered[0].at,
        last=ordered[-1].at,
        points=len(ordered),
        segments=len(segments),
    )


def _segments(points: Sequence[Point], cuts: Sequence[Cut]) -> list[Segment]:
    """Points in order, in days since the first, parted at each cut that lies between two of them."""
    began = points[0].at
    made: list[list[tuple[float, float]]] = [[]]
    for before, point in pairwise([points[0], *points]):
        if any(before.at < cut.at <= point.at for cut in cuts):
            made.append([])
        made[-1].append(((point.at - began).total_seconds() / DAY_S, point.value))
    return list(made)


def _level(segment: Segment, slope: float) -> float:
    """The value at day 0 that puts the segment's median on the line."""
    return median(value - slope * day for day, value in segment)


def _newest_third(points: Sequence[Point], cuts: Sequence[Cut]) -> list[Segment]:
    since = points[-1].at - (points[-1].at - points[0].at) / 3
    return _segments([point for point in points if point.at >= since], cuts)


def _other(whole: Slope, recent: Slope | None) -> Slope | None:
    if recent is None or whole.overlaps(recent):
        return None
    larger = max(abs(whole.middle), abs(recent.middle))
    return recent if abs(recent.middle - whole.middle) > MATERIAL * larger else None


def _foretells(points: Sequence[Point], cuts: Sequence[Cut]) -> bool:
    known = points[: len(points) - max(2, len(points) // HELD_OUT)]
    whole = median_slope(_segments(known, cuts))
    slopes = [slope for slope in (whole, median_slope(_newest_third(known, cuts))) if slope is not None]
    return any(_meets(points, len(known), cuts, slope.middle) for slope in slopes)


def _meets(points: Sequence[Point], known: int, cuts: Sequence[Cut], slope: float) -> bool:
    """Whether half of the points after the first `known` lie where the slope puts them."""
    errors: list[float] = []
    noise: list[float] = []
    seen = 0
    for segment in _segments(points, cuts):
        old, new = segment[: max(0, known - seen)], segment[max(0, known - seen) :]
        seen += len(segment)
        # A segment that began after the known points can only be asked for its growth, not for its level.
        level = _level(old or new, slope)
        noise += [abs(value - slope * day - level) for day, value in old]
        errors += [abs(value - slope * day - level) for day, value in new]
    days = (points[-1].at - points[known - 1].at).total_seconds() / DAY_S
    return median(errors) <= NOISE * median(noise) + GROWTH * abs(slope) * days
