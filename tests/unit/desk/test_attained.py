"""The service level attained, counted by hand from the autumn of sample_desk."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sample_desk as sample
from sample_desk import on_site

from maintkit.contract.workdays import Calendar
from maintkit.desk.attained import Attained, attained
from maintkit.desk.past import Fault, faults, wishes
from maintkit.documents.views.month import Month, bounds

Counts = dict[tuple[str | None, str], tuple[int, int, int, int]]


def month(number: int) -> tuple[datetime, datetime]:
    return bounds(Month(year=2026, number=number), sample.ZONE)


@pytest.fixture(scope="module")
def months() -> dict[int, tuple[Fault, ...]]:
    """The faults as they stood at the ends of September and October."""
    with sample.told() as (site, ledger):
        ends = {number: month(number)[1] for number in (9, 10)}
        return {number: faults(ledger, site.contract, Calendar(), before=end, now=end) for number, end in ends.items()}


def counts(found: tuple[Attained, ...]) -> Counts:
    return {
        (one.level, one.clock): (one.met, one.breached, one.running, one.undetermined)
        for one in found
        if not one.target
    }


def test_a_clock_counts_in_the_month_in_which_it_was_decided(months: dict[int, tuple[Fault, ...]]) -> None:
    """I20260929-1 was breached at 00:00 and 02:00 of 30 September: September's, though it was restored in October."""
    assert counts(attained(months[9], *month(9))) == {
        ("P2", "respond"): (1, 0, 0, 0),
        ("P2", "on-site"): (0, 1, 0, 0),
        ("P2", "restore"): (0, 1, 0, 0),
        ("P2", "故障分析报告"): (0, 0, 0, 1),
        ("P3", "respond"): (1, 0, 0, 0),
        ("P3", "restore"): (1, 0, 0, 0),
    }
    assert counts(attained(months[10], *month(10))) == {
        ("P1", "respond"): (1, 0, 0, 0),
        ("P1", "on-site"): (1, 0, 0, 0),
        ("P1", "restore"): (1, 0, 0, 0),
        ("P1", "故障分析报告"): (1, 0, 0, 0),
        ("P2", "respond"): (0, 1, 0, 0),
        ("P2", "on-site"): (0, 1, 0, 0),
        ("P2", "restore"): (1, 0, 0, 0),
        ("P2", "故障分析报告"): (1, 1, 0, 0),
        ("P3", "respond"): (2, 0, 0, 0),
        ("P3", "restore"): (1, 0, 1, 0),
        (None, "respond"): (0, 0, 0, 1),
        (None, "on-site"): (0, 0, 0, 1),
        (None, "restore"): (0, 0, 0, 1),
        (None, "故障分析报告"): (0, 0, 0, 1),
    }


def test_without_a_decided_case_there_is_no_rate(months: dict[int, tuple[Fault, ...]]) -> None:
    """50 % of two, nothing of none: no case is no success."""
    found = {(one.level, one.clock): one.percent for one in attained(months[10], *month(10))}
    assert found["P2", "故障分析报告"] == 50.0
    assert found[None, "respond"] is None
    assert attained((), *month(10)) == ()


def test_a_duplicate_has_no_clock_to_count(months: dict[int, tuple[Fault, ...]]) -> None:
    duplicate = next(one for one in months[10] if one.incident.id == "I20261008-2")
    assert duplicate.clocks == ()
    assert not duplicate.open_at(month(10)[1])


def test_a_softer_target_is_reached_or_not_and_never_a_breach(months: dict[int, tuple[Fault, ...]]) -> None:
    """One P3 of October has 日常问题 for its own and was restored after its 30 minutes; of the other nobody said it."""
    aims = [one for one in attained(months[10], *month(10)) if one.target]
    assert [(one.clock, one.met, one.breached, one.undetermined) for one in aims] == [
        ("日常问题", 0, 1, 1), ("简单问题", 0, 0, 1), ("其他问题", 0, 0, 1),
    ]  # fmt: skip


def test_what_is_entered_later_of_that_time_counts_and_what_came_later_does_not() -> None:
    """Seen from the end of 20 October, a fault solved at 09:40 is solved, though it was entered a day after; the change
    of level and the solution of the days after are not there yet."""
    until = on_site("10-21 00:00")
    with sample.told() as (site, ledger):
        then = {one.incident.id: one for one in faults(ledger, site.contract, Calendar(), before=until, now=until)}
    assert then["I20261020-1"].over == on_site("10-20 09:40")
    assert then["I20261020-1"].incident.last("analysed") is None
    assert "I20261028-1" not in then
    assert {clock.name: clock.breached_at for clock in then["I20261015-1"].clocks}["故障分析报告"] == on_site(
        "10-20 23:59"
    ) + timedelta(seconds=59)


def test_a_ticket_is_told_as_it_stood() -> None:
    """At the end of 20 October: open, its agreed date passed at 18:00, three person-days entered and confirmed."""

    until = on_site("10-21 00:00")
    with sample.told() as (site, ledger):
        found = {one.ticket.id: one for one in wishes(ledger, site.contract, Calendar(), before=until, now=until)}
    one = found["T20261009-1"]
    assert list(found) == ["T20260925-1", "T20261009-1"]
    assert (one.closed, one.ticket.confirmed_days, one.ticket.plans) == (None, 3, ())
    assert one.open_at(until)
    assert [(due.state, due.breached_at) for due in one.dues] == [("breached", on_site("10-20 18:00"))]
