"""The median slope of a series that is cut into segments.

Theil (1950), Sen (1968); the interval as in Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987),
section 16.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import median

DEVIATES = 1.2815515655446004  # of the standard normal distribution at 10 % and 90 %
Segment = Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Slope:
    """Growth in the value's unit a unit of time: the median, and what it exceeds in 9 (`low`) and 1 (`high`) of 10."""

    middle: float
    low: float
    high: float

    def overlaps(self, other: Slope) -> bool:
        """Whether the two intervals have a value in common."""
        return self.low <= other.high and other.low <= self.high


def median_slope(segments: Sequence[Segment]) -> Slope | None:
    """The median of the slopes between any two points of one segment; None when no segment has two instants.

    A jump between two segments (a purge, a larger disk) is in no slope. The interval is that of Kendall's S, whose
    variance is the sum over the segments: each is taken for independent of the others.
    """
    slopes = sorted(
        (right[1] - left[1]) / (right[0] - left[0])
        for segment in segments
        for left, right in combinations(segment, 2)
        if right[0] != left[0]
    )
    if not slopes:
        return None
    spread = DEVIATES * sqrt(sum(n * (n - 1) * (2 * n + 5) / 18 for n in map(len, segments)))
    last = len(slopes) - 1
    low = max(0, round((last - spread) / 2))
    high = min(last, round((last + spread) / 2))
    return Slope(middle=median(slopes), low=slopes[low], high=slopes[high])
