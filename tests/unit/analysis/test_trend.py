"""Trends and arrivals, against lines whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import linear_regression, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintkit.analysis.capacity import Arrival, scenarios
from maintkit.analysis.slope import median_slope
from maintkit.analysis.trend import Cut, Point, Trend, Withheld, trend

START = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
GIB = 2.0**30


def on(day: float) -> datetime:
    return START + timedelta(days=day)


def series(value: Callable[[float], float], days: Sequence[float]) -> list[Point]:
    return [Point(at=on(day), value=value(day)) for day in days]


WEEKLY = [7.0 * week for week in range(30)]


def found(points: Sequence[Point], cuts: Sequence[Cut] = ()) -> Trend:
    made = trend(points, cuts)
    assert isinstance(made, Trend), made
    return made


def test_a_straight_line_is_met_to_the_day() -> None:
    """100 GiB and 1 GiB a day: 200 GiB are met 100 days after the first point, 250 GiB beyond any doubt later."""
    made = found(series(lambda day: (100 + day) * GIB, [7.0 * week for week in range(11)]))
    (only,) = scenarios(made, {"now": 150 * GIB, "warn": 200 * GIB, "full": 400 * GIB})
    assert made.slope.middle == pytest.approx(GIB)
    assert made.level == pytest.approx(170 * GIB)
    assert only.arrivals["now"] == Arrival(state="reached")
    assert only.arrivals["warn"].middle == pytest.approx(30)
    assert only.arrivals["full"] == Arrival(state="beyond")  # 230 days from 70 days of history


def test_a_series_that_bends_stands_where_its_newest_part_stands() -> None:
    """1 a day for 140 days, then 5 a day for 63: 455 at the end, and 500 are met 9 days later, not weeks later."""
    made = found(series(lambda day: day if day <= 140 else 140 + 5 * (day - 140), WEEKLY))
    assert made.level == pytest.approx(455)
    _, recent = scenarios(made, {"full": 500})
    assert recent.arrivals["full"].middle == pytest.approx(9)


def test_what_shrinks_or_stands_still_is_never_full() -> None:
    for step in (0.0, -1.0):
        made = found(series(lambda day, step=step: 500 + step * day, WEEKLY))
        assert scenarios(made, {"full": 1000})[0].arrivals["full"] == Arrival(state="never")


@pytest.mark.parametrize(
    ("days", "words"),
    [([0.0, 10, 20, 30, 40, 50, 90], "只有 7 个数据点"), ([0.0, 1, 2, 3, 4, 5, 6, 59], "跨 59 天"), ([], "只有 0 个")],
)
def test_too_few_points_or_days_are_no_trend(days: list[float], words: str) -> None:
    made = trend(series(lambda day: day, days))
    assert isinstance(made, Withheld)
    assert made.reason_zh.startswith("数据不足")
    assert words in made.reason_zh


def test_eight_points_over_sixty_days_are_enough() -> None:
    assert isinstance(trend(series(lambda day: day, [0.0, 10, 20, 30, 40, 50, 55, 60])), Trend)


def test_a_series_that_its_own_past_does_not_foretell_is_withheld() -> None:
    """A straight line whose newest fifth jumps, and nobody has said why."""
    made = trend(series(lambda day: 100 + day + (300 if day > 170 else 0), WEEKLY))
    assert isinstance(made, Withheld)
    assert "偏差过大" in made.reason_zh


def test_the_same_jump_with_its_reason_known_is_a_trend() -> None:
    points = series(lambda day: 100 + day + (300 if day > 170 else 0), WEEKLY)
    made = found(points, [Cut(at=on(171), why="restored archive")])
    assert (made.segments, made.slope.middle) == (2, pytest.approx(1))
    assert made.level == pytest.approx(points[-1].value)


def test_a_newest_third_that_grows_otherwise_is_a_second_scenario() -> None:
    """1 a day, and 1.6 a day since the last third began: both are shown, and the newer one is sooner."""
    bend = 2 / 3 * WEEKLY[-1]
    made = found(series(lambda day: day + max(0.0, 0.6 * (day - bend)), WEEKLY))
    whole, recent = scenarios(made, {"full": 350.0})
    assert recent.slope.middle == pytest.approx(1.6)
    assert recent.arrivals["full"].middle < whole.arrivals["full"].middle  # type: ignore[operator]


def test_noise_alone_makes_no_second_scenario_and_widens_the_range() -> None:
    chance = random.Random(7)  # noqa: S311  # a simulation
    made = found(series(lambda day: 100 + day + chance.gauss(0, 8), WEEKLY))
    (only,) = scenarios(made, {"full": 400.0})
    full = only.arrivals["full"]
    assert made.slope.low < 1 < made.slope.high
    assert full.soonest is not None and full.middle is not None and full.latest is not None  # noqa: PT018
    assert full.soonest < full.middle < full.latest


def test_a_purge_that_is_known_costs_nothing_and_one_that_is_not_ruins_any_line() -> None:
    """200 simulated years with one purge (CHECKS.md): relative error of the slope, median, by three ways."""
    errors: dict[str, list[float]] = {"regression": [], "whole": [], "cut": []}
    for seed in range(200):
        chance = random.Random(seed)  # noqa: S311  # a simulation
        purge, lost = chance.uniform(90, 270), chance.uniform(150, 350)
        points = series(
            lambda day, chance=chance, purge=purge, lost=lost: (
                500 + day - (lost if day >= purge else 0) + chance.gauss(0, 5)
            ),
            [7.0 * week for week in range(52)],
        )
        plain = [((point.at - START).days, point.value) for point in points]
        errors["regression"].append(abs(linear_regression(*zip(*plain, strict=True)).slope - 1))
        whole = median_slope([plain])
        assert whole is not None
        errors["whole"].append(abs(whole.middle - 1))
        errors["cut"].append(abs(found(points, [Cut(at=on(purge), why="purge")]).slope.middle - 1))
    assert median(errors["cut"]) < 0.02
    assert min(median(errors["regression"]), median(errors["whole"])) > 0.4


def test_the_range_holds_the_truth_as_often_as_it_says() -> None:
    """Normal noise, 300 times: the true slope is below P10 about once in ten, and above P90 as often."""
    below = above = 0
    for seed in range(300):
        chance = random.Random(seed)  # noqa: S311  # a simulation
        made = median_slope([[(day, day + chance.gauss(0, 10)) for day in WEEKLY]])
        assert made is not None
        below += made.low > 1
        above += made.high < 1
    assert 15 <= below <= 48
    assert 15 <= above <= 48


def test_the_median_of_all_slopes_worked_out_by_hand() -> None:
    """1..4 with values 2, 4, 3, 7: the slopes are 2, 1/2, 5/3, -1, 3/2 and 4."""
    made = median_slope([[(1, 2.0), (2, 4.0), (3, 3.0), (4, 7.0)]])
    assert made is not None
    assert made.middle == pytest.approx((5 / 3 + 3 / 2) / 2)


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.floats(0, 1e6)), min_size=8, max_size=25, unique_by=lambda pair: pair[0]
    ),
    st.randoms(use_true_random=False),
    st.floats(-1e6, 1e6),
)
def test_order_and_a_shift_change_no_slope(pairs: list[tuple[int, float]], chance: random.Random, shift: float) -> None:
    points = [Point(at=on(day), value=value) for day, value in pairs]
    shuffled = list(points)
    chance.shuffle(shuffled)
    assert trend(points) == trend(shuffled)
    moved = trend([Point(at=point.at, value=point.value + shift) for point in points])
    made = trend(points)
    if isinstance(made, Trend) and isinstance(moved, Trend):
        assert moved.slope.middle == pytest.approx(made.slope.middle, abs=1e-3)


def test_one_instant_has_no_slope() -> None:
    assert median_slope([[(1, 2.0), (1, 3.0)], [(2, 5.0)]]) is None
