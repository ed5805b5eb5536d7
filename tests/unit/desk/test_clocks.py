"""The clocks of faults against tables made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from faultdesk import FAULTS, ZONE, Desk

from maintkit.contract.span import Span
from maintkit.contract.workdays import Calendar
from maintkit.desk.clocks import Clock, clocks
from maintkit.desk.incident import Verb, incident


@pytest.mark.parametrize(
    ("level", "urgent", "respond", "on_site", "restore"),
    [
        ("P1", False, 15, 60, 120),
        ("P2", False, 30, 120, 240),
        ("P3", False, 120, None, 1440),
        ("P3", True, 120, 120, 1440),
    ],
)
def test_the_clocks_run_from_the_report_around_the_clock(
    desk: Desk, level: str, urgent: bool, respond: int, on_site: int | None, restore: int
) -> None:
    """Whenever it was triaged, the deadlines are counted from the report; nothing is over before a level is known."""
    id_ = desk.open()
    assert {clock.state for clock in desk.clocks(id_, 5000).values()} == {"undetermined"}
    desk.level(id_, level, 10, urgent=urgent)
    found = desk.clocks(id_, 11)
    expected = {"respond": respond, "on-site": on_site, "restore": restore}
    for name, minutes in expected.items():
        deadline = desk.instant(minutes) if minutes else None
        assert (found[name].deadline, found[name].state) == (deadline, "running" if minutes else "not-asked")
        assert found[name].left == (timedelta(minutes=minutes - 11) if minutes else None)


def test_a_clock_is_met_at_its_deadline_and_breached_after_it(desk: Desk) -> None:
    """P1: answered in time at the very minute, on site a minute late, restored by a substitute in time."""
    id_ = desk.open()
    desk.level(id_, "P1", 1)
    desk.step(id_, "acknowledged", 15)
    desk.step(id_, "arrived", 61)
    assert desk.clocks(id_, 119)["restore"].state == "running"
    assert desk.clocks(id_, 121)["restore"].breached_at == desk.instant(120)
    desk.step(id_, "mitigated", 120)
    found = desk.clocks(id_, 9000)
    assert [found[name].state for name in ("respond", "on-site", "restore")] == ["met", "breached", "met"]
    assert (found["on-site"].breached_at, found["on-site"].ended) == (desk.instant(60), desk.instant(61))


@pytest.mark.parametrize("verb", ["acknowledged", "arrived", "mitigated", "resolved"])
def test_the_response_ends_with_whatever_was_done_first(desk: Desk, verb: Verb) -> None:
    """P1 within 15 minutes: who was there or had solved it after 10 had answered; a later word changes nothing."""
    id_ = desk.open()
    desk.level(id_, "P1", 1)
    desk.step(id_, verb, 10)
    desk.step(id_, "acknowledged", 40)
    found = desk.clocks(id_, 9000)["respond"]
    assert (found.state, found.ended) == ("met", desk.instant(10))


@pytest.mark.parametrize(
    ("solved", "arrived", "state", "breached"),
    [(50, None, "not-asked", None), (50, 61, "not-asked", None), (90, None, "breached", 60), (90, 61, "breached", 60)],
)
def test_nobody_has_to_come_for_what_was_solved_from_afar(
    desk: Desk, solved: int, arrived: int | None, state: str, breached: int | None
) -> None:
    """P1: on site in an hour, if needed. Solved before the hour is over it was not; solved after it, it was."""
    id_ = desk.open()
    desk.level(id_, "P1", 1)
    for verb, minute in sorted((("resolved", solved), ("arrived", arrived or 0)), key=lambda one: one[1]):
        if minute:
            desk.step(id_, verb, minute)
    found = desk.clocks(id_, 9000)["on-site"]
    assert (found.state, found.breached_at) == (state, desk.instant(breached) if breached else None)


def test_a_late_entry_counts_by_when_it_happened_and_shows_when_it_was_entered(desk: Desk) -> None:
    """Answered after 5 minutes, entered after 300."""
    id_ = desk.open()
    desk.level(id_, "P1", 1)
    desk.clock.at = desk.instant(300)
    desk.step(id_, "acknowledged", 5)
    step = incident(desk.ledger, id_).steps[-1]
    assert (step.at, step.entered) == (desk.instant(5), desk.instant(300))
    assert desk.clocks(id_, 301)["respond"].state == "met"


def test_lowering_the_level_hides_no_breach_and_raising_it_makes_none_before(desk: Desk) -> None:
    """P1's answer was late after 15 min, whatever it is later; P3 raised after 3 h breaches P1's 2 h at that moment."""
    lowered = desk.open()
    desk.level(lowered, "P1", 1)
    desk.level(lowered, "P3", 20)
    desk.step(lowered, "acknowledged", 25)
    assert desk.clocks(lowered, 30)["respond"].breached_at == desk.instant(15)
    raised = desk.open(30)
    desk.level(raised, "P3", 31)
    desk.level(raised, "P1", 30 + 180)
    assert desk.clocks(raised, 30 + 181)["restore"].breached_at == desk.instant(30 + 180)


def test_a_change_of_level_takes_effect_no_earlier_than_its_entry(desk: Desk) -> None:
    """P1's answer was late after 15 min; said after 40 that it was P3 since 5 or 12, it stays late."""
    id_ = desk.open()
    desk.level(id_, "P1", 10)
    for entered, agreed in ((40, 5), (50, 12)):
        desk.clock.at = desk.instant(entered)
        desk.level(id_, "P3", agreed)
        assert desk.clocks(id_, 60)["respond"].breached_at == desk.instant(15)
        one = incident(desk.ledger, id_)
        assert (one.levels[-1].since, one.steps[-1].at) == (desk.instant(entered), desk.instant(agreed))
    late = desk.open(60)
    desk.clock.at = desk.instant(90)
    desk.level(late, "P1", 61)
    assert desk.clocks(late, 91)["respond"].breached_at == desk.instant(75)


def test_the_analysis_is_due_three_working_days_after_the_solution(desk: Desk) -> None:
    """Solved on Wednesday 30 September: to the end of Saturday 10 October on site, because of the make-up day."""
    id_ = desk.open()
    desk.level(id_, "P2", 1)
    assert desk.clocks(id_, 5)["故障分析报告"].state == "undetermined"
    desk.step(id_, "resolved", 2 * 1440)
    deadline = datetime(2026, 10, 10, 23, 59, 59, tzinfo=ZONE)
    assert desk.clocks(id_, 3 * 1440)["故障分析报告"].deadline == deadline
    assert desk.clocks(id_, 13 * 1440)["故障分析报告"].breached_at == deadline
    desk.clock.at = desk.instant(13 * 1440)
    desk.step(id_, "analysed", 12 * 1440, cause="x", prevention="y")
    assert desk.clocks(id_, 14 * 1440)["故障分析报告"].state == "met"


@pytest.mark.parametrize(
    ("within", "deadline"),
    [
        (Span(count=36, unit="h"), datetime(2026, 10, 1, 21, 0, tzinfo=ZONE)),
        (Span(count=1, unit="month"), datetime(2026, 10, 30, 23, 59, 59, tzinfo=ZONE)),
        (Span(count=5, unit="month"), datetime(2027, 2, 28, 23, 59, 59, tzinfo=ZONE)),
    ],
)
def test_the_analysis_is_due_as_the_contract_says(desk: Desk, within: Span, deadline: datetime) -> None:
    """Solved on 30 September at nine: hours to the minute, months to the end of their day, a short month's last."""
    id_ = desk.open()
    desk.level(id_, "P2", 1)
    desk.step(id_, "resolved", 2 * 1440)
    faults = FAULTS.model_copy(update={"report": FAULTS.report.model_copy(update={"within": within})})
    found = clocks(incident(desk.ledger, id_), faults, Calendar(), ZONE, desk.instant(3 * 1440))
    assert {clock.name: clock.deadline for clock in found}["故障分析报告"] == deadline


def test_one_users_fault_asks_for_no_analysis_and_shows_its_targets(desk: Desk) -> None:
    """P3 of one user; the softer aims of P3 stand beside the deadline and are never breached."""
    id_ = desk.open()
    desk.level(id_, "P3", 1, scope="user")
    found = desk.clocks(id_, 100)
    assert found["故障分析报告"].state == "not-asked"
    assert [clock.deadline for clock in found.values() if clock.target] == [
        desk.instant(5),
        desk.instant(30),
        desk.instant(60),
    ]
    assert not any(clock.breached_at for clock in found.values())


def aims(found: dict[str, Clock]) -> dict[str, tuple[str, str]]:
    return {name: (clock.state, clock.reason) for name, clock in found.items() if clock.target}


def test_of_several_targets_the_one_that_was_said_is_its_own_and_without_a_word_nobody_can_tell(desk: Desk) -> None:
    """Neither success nor failure until it is said; then that one alone counts, to the minute, from the report."""
    id_ = desk.open()
    desk.level(id_, "P3", 1, scope="user")
    desk.step(id_, "resolved", 5)
    unsaid = ("undetermined", "which target is its own was not said")
    assert aims(desk.clocks(id_, 9)) == dict.fromkeys(("简单问题", "日常问题", "其他问题"), unsaid)
    desk.level(id_, "P3", 9, scope="user", target="简单问题")
    found = desk.clocks(id_, 10)
    assert aims(found) == {"简单问题": ("met", "")}
    assert (found["简单问题"].deadline, found["简单问题"].left) == (desk.instant(5), timedelta())


def test_a_target_stands_until_another_is_said_or_the_level_changes(desk: Desk) -> None:
    """P2 has none; back at P3 it has to be said anew."""
    id_ = desk.open()
    desk.level(id_, "P3", 1, scope="user", target="日常问题")
    desk.level(id_, "P3", 2, scope="room")
    assert list(aims(desk.clocks(id_, 3))) == ["日常问题"]
    desk.level(id_, "P3", 4, scope="room", target="其他问题")
    assert list(aims(desk.clocks(id_, 5))) == ["其他问题"]
    desk.level(id_, "P2", 6)
    assert aims(desk.clocks(id_, 7)) == {}
    desk.level(id_, "P3", 8)
    assert len(aims(desk.clocks(id_, 9))) == 3


def test_at_once_without_minutes_is_judged_by_nobody_and_a_lone_target_is_its_own(desk: Desk) -> None:
    """0 min is in contracts that were signed: it loads, and is undetermined. A target that is gone is told, too."""
    id_ = desk.open()
    desk.level(id_, "P3", 1, scope="user")
    one, p3 = incident(desk.ledger, id_), FAULTS.levels[2]
    for targets, expected in (
        (
            ({"title_zh": "立即", "within": "0 min"},),
            {"立即": ("undetermined", "the contract states no minutes for it")},
        ),
        (({"title_zh": "一小时", "within": "1 h"},), {"一小时": ("running", "")}),
        ((), {}),
    ):
        level = p3.model_validate(p3.model_dump(mode="json") | {"targets": targets})
        faults = FAULTS.model_copy(update={"levels": (*FAULTS.levels[:2], level)})
        found = clocks(one, faults, Calendar(), ZONE, desk.instant(2))
        assert aims({clock.name: clock for clock in found}) == expected
    desk.level(id_, "P3", 3, scope="user", target="旧目标")
    assert aims(desk.clocks(id_, 4)) == {"旧目标": ("undetermined", "the contract has no such target any more")}
