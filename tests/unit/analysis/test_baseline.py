"""Baselines against series whose truth is known: same weekday and hour, median ± k·MAD, and when nobody can tell."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maintkit.analysis.baseline import FEWEST, MOST, Usual, baseline
from maintkit.analysis.trend import Point, Withheld

ZONE = ZoneInfo("Asia/Shanghai")
LAST = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)  # a Tuesday, 09:30 on site


def weekly(value: Callable[[int], float], weeks: int, newest: float, *, late: timedelta = timedelta()) -> list[Point]:
    """So many weeks before the newest, each `late` by so much times its place, modulo four."""
    past = [
        Point(at=LAST - timedelta(days=7 * week) + late * (week % 4), value=value(week)) for week in range(1, weeks + 1)
    ]
    return [Point(at=LAST, value=newest), *past]


def usual(points: list[Point], least: float = 0.1) -> Usual:
    made = baseline(points, ZONE, least=least)
    assert isinstance(made, Usual), made
    return made


def test_the_range_worked_out_by_hand() -> None:
    """Values 1 to 13: median 7, deviations 0 1 1 2 2 3 3 4 4 5 5 6 6, their median 3; 5 × 1.4826 × 3 = 22.239."""
    made = usual(weekly(float, 13, 7.0))
    assert (made.middle, made.points, made.outside) == (7.0, 13, False)
    assert (made.low, made.high) == (pytest.approx(7 - 22.239), pytest.approx(7 + 22.239))


@pytest.mark.parametrize("weeks", [0, 1, FEWEST - 1])
def test_below_twelve_values_of_this_weekday_and_hour_nobody_can_tell(weeks: int) -> None:
    made = baseline(weekly(lambda _: 1.0, weeks, 1.0), ZONE, least=0.1)
    assert isinstance(made, Withheld)
    assert made.reason_zh == f"数据不足：同一星期同一时段只有 {weeks} 个数据点，至少需要 12 个"


def test_other_weekdays_and_hours_are_no_history() -> None:
    """Ninety daily values, and the same weekday two hours later: of the ninety, every seventh counts."""
    daily = [Point(at=LAST - timedelta(days=day), value=100.0 if day % 7 else 1.0) for day in range(90)]
    later = [Point(at=LAST - timedelta(days=7 * week, hours=-2), value=500.0) for week in range(1, 13)]
    made = usual(daily + later)
    assert (made.points, made.middle) == (12, 1.0)


def test_half_an_hour_late_is_the_same_hour_also_over_midnight_and_the_week() -> None:
    """The clock on the wall of the site counts, and the week is a ring."""
    assert usual(weekly(lambda _: 1.0, 12, 1.0, late=timedelta(minutes=20))).points == 12
    midnight = datetime(2026, 11, 22, 16, 10, tzinfo=UTC)  # Monday 00:10 on site; Sunday 23:50 is twenty minutes off
    past = [Point(at=midnight - timedelta(days=7 * week, minutes=20), value=2.0) for week in range(1, 13)]
    assert usual([*past, Point(at=midnight, value=2.0)]).points == 12


def test_no_more_than_half_a_year_is_looked_at() -> None:
    """What was usual two years ago is not any more."""
    made = usual(weekly(lambda week: 10.0 if week <= MOST else 1000.0, 104, 10.0))
    assert (made.points, made.middle) == (MOST, 10.0)


def test_a_series_that_stands_still_makes_no_observation_of_a_ripple() -> None:
    still = weekly(lambda _: 0.02, 20, 0.1)
    assert not usual(still, least=0.25).outside
    assert usual(weekly(lambda _: 0.02, 20, 0.4), least=0.25).outside


def test_outliers_in_the_past_hide_none_now() -> None:
    """Three bad days among twenty would widen a standard deviation tenfold."""
    chance = random.Random(3)  # noqa: S311  # a simulation
    made = usual(weekly(lambda week: 900.0 if week in (4, 9, 15) else 50 + chance.gauss(0, 5), 20, 200.0))
    assert made.outside
    assert made.high < 110


def test_what_is_usual_is_seldom_an_observation_and_what_is_not_nearly_always() -> None:
    """Simulated: 2000 series of normal noise, and the same with a newest value 10 standard deviations off."""
    false = dict.fromkeys((12, 26), 0)
    missed = 0
    for seed in range(2000):
        chance = random.Random(seed)  # noqa: S311  # a simulation
        for weeks in false:
            points = weekly(lambda _, chance=chance: chance.gauss(100, 10), weeks, chance.gauss(100, 10))
            false[weeks] += usual(points).outside
        missed += not usual(weekly(lambda _, chance=chance: chance.gauss(100, 10), 26, 200.0)).outside
    assert false[12] <= 30  # 1.5 %; 0.5 % of 20 000 by benchmarks/baseline.py
    assert false[26] <= 6
    assert missed <= 10


def test_order_changes_nothing() -> None:
    points = weekly(lambda week: float(week % 5), 30, 3.0)
    assert baseline(points, ZONE, least=1) == baseline(points[::-1], ZONE, least=1)
