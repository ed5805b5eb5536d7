"""Durations from the ledger, or from a stated rate."""

from __future__ import annotations

from datetime import timedelta

from change import Office

from maintkit.plans import predict
from maintkit.plans.model import Estimate
from maintkit.plans.predict import Rate, Timing

RATE = Rate(fixed_s=20, per_unit_s=3, detail_zh="默认：20 秒，每个软件包 3 秒")


def test_a_first_time_is_estimated_by_the_stated_rate() -> None:
    """No sample, and the words say that it is assumed."""
    assert predict.estimate((), size=7, rate=RATE) == Estimate(seconds=41, samples=0, detail_zh=RATE.detail_zh)


def test_later_estimates_come_from_the_slowest_run_in_the_ledger(office: Office) -> None:
    """Scaled up to the size, never down; other procedures and actions do not count, nor what is long past."""
    for number, (action, seconds, size) in enumerate(
        [
            ("install", 9999.0, 1),
            *[("install", 10.0, 5)] * 8,
            ("install", 30.2, 10),
            ("install", 20, 2),
            ("other", 500, 1),
        ]
    ):
        office.later(office.clock.at + timedelta(minutes=1))
        body = {"host": f"h{number}", "seconds": seconds, "size": size}
        office.ledger.append("step.timed", body, run=f"R{number}", subject=f"patch {action}")
    known = predict.timings(office.ledger, "patch", "install")
    assert len(known) == 10
    assert known[0] == Timing(host="h10", at=known[0].at, seconds=20, size=2)
    small = predict.estimate(known, size=1, rate=RATE)
    assert (small.seconds, small.samples) == (31, 10)
    assert small.detail_zh.startswith("近 10 次中最慢一次：30 秒（规模 10，h9，2026-11-26")
    assert predict.estimate(known, size=20, rate=RATE).seconds == 200
    assert predict.timings(office.ledger, "restart", "install") == ()


def test_what_the_probe_foretells_stands_over_any_rate_as_far_as_the_budget_goes() -> None:
    """Four hours of one index are no eighty seconds; what lies beyond the budget is not begun."""
    groups = [[{"seconds": 600.0}, {"seconds": 1200.0}], [{"seconds": 14400.0}], [{"seconds": 30.0}]]
    found = predict.foretold(groups, fixed_s=20, budget_s=3600)
    assert found is not None
    assert [one.seconds for one in found] == [1820, 1800, 0]
    assert "14400" in found[1].detail_zh
    assert "1800" in found[1].detail_zh
    assert predict.foretold([[{"seconds": 5.0}, {}]], fixed_s=20, budget_s=3600) is None
