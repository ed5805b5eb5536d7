"""Incidents: levels by the contract's rules, steps that may be, duplicates and states."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from faultdesk import FAULTS, Desk

from maintkit.desk.incident import Incident, incident, incidents, rule_of
from maintkit.desk.intake import enter
from maintkit.errors import DeskRefused, NotFound


@pytest.mark.parametrize(
    ("scope", "kind", "severity", "stopped", "level", "rule"),
    [
        ("room", "degraded", "patient-safety", 0, "P1", "patient-safety"),
        ("hospital", "degraded", "serious", 0, "P1", "whole-hospital"),
        ("rooms", "stopped", "ordinary", 16, "P1", "rooms-stopped"),
        ("rooms", "stopped", "ordinary", 15, "P2", "stopped"),
        ("room", "stopped", "ordinary", 600, "P2", "stopped"),
        ("room", "key-function", "ordinary", 0, "P2", "key-function"),
        ("department", "degraded", "serious", 0, "P2", "department"),
        ("department", "degraded", "ordinary", 0, "P3", "slow-or-non-core"),
        ("user", "stopped", "ordinary", 600, "P3", "other"),
        ("room", "non-core", "ordinary", 0, "P3", "slow-or-non-core"),
    ],
)
def test_scope_kind_and_severity_give_the_level_by_the_first_rule_that_fits(
    scope: Any, kind: Any, severity: Any, stopped: int, level: str, rule: str
) -> None:
    """Over 15 minutes, not at them; one room is P2 however long; one user is P3."""
    found = rule_of(FAULTS, scope=scope, kind=kind, severity=severity, stopped=timedelta(minutes=stopped))
    assert found is not None
    assert (found.level, found.id) == (level, rule)


def test_an_answer_before_the_closing_may_be_entered_after_it(desk: Desk) -> None:
    """Answered at 5, solved at 60, closed at 70: the answer is said at 90 with its time; none from later is."""
    id_ = desk.open()
    desk.level(id_, "P1", 1)
    desk.step(id_, "resolved", 60)
    desk.step(id_, "closed", 70)
    desk.clock.at = desk.instant(90)
    with pytest.raises(DeskRefused, match="is closed"):
        desk.step(id_, "acknowledged", 71)
    with pytest.raises(DeskRefused, match="is closed"):
        desk.step(id_, "mitigated", 5)
    desk.step(id_, "acknowledged", 5)
    assert (desk.clocks(id_, 91)["respond"].state, incident(desk.ledger, id_).state) == ("met", "closed")


def test_nothing_is_closed_before_it_was_solved(desk: Desk) -> None:
    """Solved at 30 and, for it came back, at 50: closed at 49 is refused, at 50 not."""
    id_ = desk.open()
    desk.level(id_, "P3", 1)
    for minute in (30, 50):
        desk.step(id_, "resolved", minute)
    with pytest.raises(DeskRefused, match=r"was resolved at .* after"):
        desk.step(id_, "closed", 49)
    desk.step(id_, "closed", 50)
    assert incident(desk.ledger, id_).state == "closed"


def test_steps_that_cannot_be_are_refused_and_enter_nothing(desk: Desk) -> None:
    """Before the report, in the future, unknown, not solved, closed already, going on without a rest."""
    id_ = desk.open(60)
    head = desk.ledger.head()
    with pytest.raises(DeskRefused, match="was reported at"):
        desk.step(id_, "acknowledged", 59)
    with pytest.raises(DeskRefused, match="still to come"):
        enter(desk.ledger, id_, "progressed", at=desk.instant(500), by="x", text="y")
    with pytest.raises(NotFound, match="I20260928-9"):
        desk.step("I20260928-9", "progressed", 61)
    with pytest.raises(DeskRefused, match="not triaged"):
        desk.step(id_, "closed", 62)
    with pytest.raises(DeskRefused, match="do not rest"):
        desk.step(id_, "continued", 62)
    assert desk.ledger.head() == head
    desk.level(id_, "P3", 63)
    desk.step(id_, "resolved", 64)
    desk.step(id_, "closed", 65)
    with pytest.raises(DeskRefused, match="is closed"):
        desk.step(id_, "progressed", 66)


def test_a_duplicate_has_no_clocks_and_ids_count_the_days_on_site(desk: Desk) -> None:
    """Two of one day; one reported at 16:30 UTC belongs to the next day on site."""
    first, second, third = desk.open(), desk.open(5), desk.open(15.5 * 60)
    assert (first, second, third) == ("I20260928-1", "I20260928-2", "I20260929-1")
    desk.step(second, "related", 6, duplicate_of=first, recurs=None)
    assert desk.clocks(second, 9000) == {}
    assert [one.state for one in incidents(desk.ledger)] == ["open", "duplicate", "open"]


def test_only_the_later_report_of_an_open_fault_is_a_duplicate(desk: Desk) -> None:
    """The earlier one's clocks would be lost, and so would those of one that is closed."""
    first, second, third = desk.open(), desk.open(5), desk.open(6)
    with pytest.raises(DeskRefused, match=r"was reported at .* after") as refused:
        desk.step(first, "related", 7, duplicate_of=second, recurs=None)
    assert f"relate {second} --duplicate-of {first}" in refused.value.hint
    desk.level(third, "P1", 8)
    desk.step(third, "resolved", 200)
    desk.step(third, "closed", 201)
    with pytest.raises(DeskRefused, match="is closed"):
        desk.step(third, "related", 202, duplicate_of=first, recurs=None)
    assert desk.clocks(third, 300)["restore"].state == "breached"


def test_a_fault_that_was_closed_before_the_report_recurs_and_is_not_reported_twice(desk: Desk) -> None:
    """Closed at 20: a report at 21 is of a new fault, with clocks of its own; one at 19 was of the same."""
    first = desk.open()
    desk.level(first, "P2", 1)
    desk.step(first, "resolved", 10)
    desk.step(first, "closed", 20)
    same, new = desk.open(19), desk.open(21)
    desk.step(same, "related", 22, duplicate_of=first, recurs=None)
    with pytest.raises(DeskRefused, match="was closed at") as refused:
        desk.step(new, "related", 22, duplicate_of=first, recurs=None)
    assert f"relate {new} --recurs {first}" in refused.value.hint


def test_a_duplicate_that_recurs_is_still_a_duplicate(desk: Desk) -> None:
    """And one that recurs may be found to be a duplicate: both are kept."""
    old, first, second = desk.open(), desk.open(5), desk.open(6)
    desk.step(old, "resolved", 6)
    desk.step(second, "related", 7, duplicate_of=first, recurs=None)
    desk.step(second, "related", 8, duplicate_of=None, recurs=old)
    one = incident(desk.ledger, second)
    assert (one.state, one.duplicate_of, one.recurs) == ("duplicate", first, old)
    assert desk.clocks(second, 9000) == {}


def test_a_breach_of_somebody_who_never_came_stands_where_it_stood_at_the_restoration(desk: Desk) -> None:
    """P2: on site within 120, restored at 200 from afar and closed; late by 80 minutes, a week later as well."""
    id_ = desk.open()
    desk.level(id_, "P2", 1)
    assert desk.clocks(id_, 150)["on-site"].left == timedelta(minutes=-30)
    desk.step(id_, "mitigated", 200)
    desk.step(id_, "resolved", 300)
    desk.step(id_, "closed", 310)
    for at in (200, 310, 10000):
        clock = desk.clocks(id_, at)["on-site"]
        assert (clock.state, clock.breached_at, clock.left) == ("breached", desk.instant(120), timedelta(minutes=-80))


def test_states_only_go_forward(desk: Desk) -> None:
    """A late entry of an early step does not take back the solution."""
    id_ = desk.open()
    desk.step(id_, "resolved", 30)
    desk.step(id_, "acknowledged", 5)
    one: Incident = incident(desk.ledger, id_)
    assert (one.state, one.first("acknowledged")) == ("resolved", desk.instant(5))
