"""What an agreed pause does to the clocks of faults, against tables made by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from faultdesk import NOW, Desk
from hypothesis import given
from hypothesis import strategies as st

from maintkit.clock import to_text
from maintkit.contract.span import Span
from maintkit.desk.clocks import ran_out
from maintkit.desk.incident import Rest, incident
from maintkit.errors import DeskRefused


def test_agreed_pauses_move_the_deadline_and_stop_the_breach(desk: Desk) -> None:
    """P2's 4 h with a rest of 60 min end after 5 h; while it rests nothing is breached."""
    id_ = desk.open()
    desk.level(id_, "P2", 1)
    desk.step(id_, "paused", 200, agreed_by="李主任", until=None)
    resting = desk.clocks(id_, 1000)["restore"]
    assert (resting.state, resting.left, resting.breached_at) == ("resting", timedelta(minutes=40), None)
    desk.clock.at = desk.instant(260)
    desk.step(id_, "continued", 260)
    assert desk.clocks(id_, 299)["restore"].state == "running"
    assert desk.clocks(id_, 301)["restore"].breached_at == desk.instant(300)
    assert desk.clocks(id_, 301)["respond"].breached_at == desk.instant(30)


def test_a_pause_over_another_is_refused_and_erases_no_breach(desk: Desk) -> None:
    """P2's 4 h with one rest of 60 min are over after 5 h, however often the hour is said; the next may touch it."""
    id_ = desk.open()
    desk.level(id_, "P2", 1)
    until = to_text(desk.instant(160))
    desk.step(id_, "paused", 100, agreed_by="李主任", until=until)
    for at, end in ((100, until), (90, None), (159, to_text(desk.instant(400))), (90, to_text(desk.instant(101)))):
        with pytest.raises(DeskRefused, match=r"rest already from .* until .*, agreed by 李主任") as refused:
            desk.step(id_, "paused", at, agreed_by="x", until=end)
        assert f"continue {id_}" in refused.value.hint
    assert desk.clocks(id_, 1000)["restore"].breached_at == desk.instant(300)
    desk.step(id_, "paused", 160, agreed_by="李主任", until=to_text(desk.instant(170)))
    desk.step(id_, "paused", 90, agreed_by="李主任", until=to_text(desk.instant(100)))
    assert desk.clocks(id_, 1000)["restore"].breached_at == desk.instant(320)


def test_a_pause_that_is_entered_after_the_breach_is_told_and_does_not_undo_it(desk: Desk) -> None:
    """P1: 2 h, over at 120. A pause from 100 to 200 said at 130 moves the deadline alone; said at 110, it counts."""
    late, in_time = desk.open(), desk.open()
    for id_ in (late, in_time):
        desk.level(id_, "P1", 1)
        desk.step(id_, "acknowledged", 5)
    until = to_text(desk.instant(200))
    desk.clock.at = desk.instant(110)
    desk.step(in_time, "paused", 100, agreed_by="李主任", until=until)
    desk.clock.at = desk.instant(130)
    desk.step(late, "paused", 100, agreed_by="李主任", until=until)
    for id_ in (late, in_time):
        desk.step(id_, "resolved", 210)
    found = desk.clocks(late, 300)["restore"]
    assert (found.state, found.breached_at, found.deadline) == ("breached", desk.instant(120), desk.instant(220))
    assert "after the breach" in found.reason
    assert incident(desk.ledger, late).rests[0].entered == desk.instant(130)
    assert (desk.clocks(in_time, 300)["restore"].state, desk.clocks(in_time, 300)["restore"].reason) == ("met", "")


def test_a_softer_aim_that_was_missed_stays_missed_by_a_pause_said_later(desk: Desk) -> None:
    """P3's hour, over at 60; the pause from 10 to 110 is said at 70, and the fault is solved at 120."""
    id_ = desk.open()
    desk.level(id_, "P3", 1, scope="user", target="其他问题")
    desk.clock.at = desk.instant(70)
    desk.step(id_, "paused", 10, agreed_by="李主任", until=to_text(desk.instant(110)))
    desk.step(id_, "resolved", 120)
    assert desk.clocks(id_, 130)["其他问题"].deadline == desk.instant(60)


def test_a_pause_with_an_end_may_be_ended_early_but_not_before_it_began(desk: Desk) -> None:
    """Agreed from 100 to 160 and over at 120: P2's 4 h end after 260 minutes."""
    id_ = desk.open()
    desk.level(id_, "P2", 1)
    desk.step(id_, "paused", 100, agreed_by="李主任", until=to_text(desk.instant(160)))
    for outside in (99, 160):
        with pytest.raises(DeskRefused, match="do not rest at"):
            desk.step(id_, "continued", outside)
    desk.step(id_, "continued", 120)
    assert desk.clocks(id_, 1000)["restore"].breached_at == desk.instant(260)
    desk.step(id_, "paused", 200, agreed_by="李主任", until=None)
    with pytest.raises(DeskRefused, match="do not rest at"):
        desk.step(id_, "continued", 199)
    desk.step(id_, "continued", 210)
    assert desk.clocks(id_, 1000)["restore"].breached_at == desk.instant(270)


@given(
    span=st.integers(1, 300),
    rests=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 90)), max_size=4).map(sorted),
)
def test_the_deadline_is_the_minute_at_which_so_many_minutes_have_run(span: int, rests: list[tuple[int, int]]) -> None:
    """Against a count minute by minute; a minute that lies in several rests is left out once."""
    agreed = [
        Rest(
            start=NOW + timedelta(minutes=at),
            end=NOW + timedelta(minutes=at + length),
            entered=NOW,
            agreed_by="x",
            why="y",
        )
        for at, length in rests
    ]
    run, minute = 0, 0
    while run < span:
        run += not any(at <= minute < at + length for at, length in rests)
        minute += 1
    found = ran_out(NOW, Span(count=span, unit="min"), tuple(agreed), NOW)
    assert found == NOW + timedelta(minutes=minute)
