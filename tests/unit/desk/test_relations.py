"""Laws of relations: what hangs on a duplicate keeps its clocks, and only what was over can recur."""

from __future__ import annotations

from functools import partial

import pytest
from faultdesk import FAULTS, ZONE, Desk

from maintkit.contract.workdays import Calendar
from maintkit.desk.clocks import clocks
from maintkit.desk.duplicate import lost
from maintkit.desk.incident import Incident, Verb, incident, incidents
from maintkit.desk.intake import enter
from maintkit.desk.relations import answering, repeats
from maintkit.errors import DeskRefused


def repeat(desk: Desk, one: str, other: str, at: float) -> None:
    """Call it a duplicate, where the other one has its clocks."""

    def carried(each: Incident, of: Incident) -> None:
        judge = partial(clocks, faults=FAULTS, calendar=Calendar(), zone=ZONE, now=desk.instant(at))
        if gone := lost(each, of, judge):
            raise DeskRefused(f"{each.id} loses {gone[0].clock.name}: {gone[0].loss}", hint="x")

    more = {"duplicate_of": other, "recurs": None}
    desk.clock.at = max(desk.clock.at, desk.instant(at))
    enter(desk.ledger, one, "related", at=desk.instant(at), by="张工", text="", more=more, may_repeat=carried)


def test_a_duplicate_of_a_duplicate_does_not_escape_its_clocks(desk: Desk) -> None:
    """The first was restored before the last was reported: it answers for the second, and not for the last."""
    first, second, last = desk.open(), desk.open(30), desk.open(60)
    for one in (first, second, last):
        desk.level(one, "P2", 61)
    desk.step(first, "mitigated", 40)
    with pytest.raises(DeskRefused, match=f"{last} loses respond: ended"):
        repeat(desk, last, first, 62)
    repeat(desk, last, second, 63)
    with pytest.raises(DeskRefused, match=f"{last} is a duplicate of {second} and would be one of {first}"):
        repeat(desk, second, first, 64)
    assert incident(desk.ledger, second).duplicate_of is None


def test_a_duplicate_that_is_called_another_ones_is_asked_for_its_own_clocks(desk: Desk) -> None:
    """A P1 that hangs on a P1 cannot go on to a P3, though it has no clocks where it hangs."""
    calm, grave, again = desk.open(), desk.open(1), desk.open(2)
    for one, level in ((calm, "P3"), (grave, "P1"), (again, "P1")):
        desk.level(one, level, 3)
    repeat(desk, again, grave, 4)
    with pytest.raises(DeskRefused, match=f"{again} loses respond: level"):
        repeat(desk, again, calm, 5)


def test_the_fault_that_is_worked_on_answers_for_all_that_hang_on_it(desk: Desk) -> None:
    first, second, third, other = desk.open(), desk.open(1), desk.open(2), desk.open(3)
    for one in (first, second, third):
        desk.level(one, "P1", 4)
    repeat(desk, third, second, 5)
    repeat(desk, second, first, 6)
    everyone = incidents(desk.ledger)
    assert [one.id for one in repeats(everyone, first)] == [second, third]
    assert {one.id: answering(everyone, one.id) for one in everyone} == {
        first: first,
        second: first,
        third: first,
        other: other,
    }


@pytest.mark.parametrize(
    ("ends", "at", "reported", "may"),
    [
        (None, 0, 20, False),
        ("mitigated", 10, 20, True),
        ("resolved", 20, 20, True),
        ("resolved", 21, 20, False),
        ("mitigated", 10, 0, False),
    ],
)
def test_only_what_was_over_by_the_report_recurs(
    desk: Desk, ends: Verb | None, at: float, reported: float, *, may: bool
) -> None:
    """The older fault is of minute 0; a substitute in use is an end of it, too."""
    old, new = desk.open(), desk.open(reported)
    if ends:
        desk.step(old, ends, at)
    if may:
        desk.step(new, "related", 30, duplicate_of=None, recurs=old)
        assert incident(desk.ledger, new).recurs == old
    else:
        with pytest.raises(DeskRefused, match=old):
            desk.step(new, "related", 30, duplicate_of=None, recurs=old)


def test_no_fault_recurs_from_what_recurs_from_it(desk: Desk) -> None:
    old = desk.open()
    desk.step(old, "resolved", 1)
    new = desk.open(2)
    desk.step(new, "resolved", 3)
    desk.step(new, "related", 4, duplicate_of=None, recurs=old)
    with pytest.raises(DeskRefused, match="not before"):
        desk.step(old, "related", 5, duplicate_of=None, recurs=new)
