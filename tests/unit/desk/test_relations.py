"""Laws of relations: what hangs on a duplicate keeps its clocks, and only what was over can recur."""

from __future__ import annotations

from functools import partial

import pytest
import yaml
from faultdesk import FAULTS, TEMPLATE, ZONE, Desk

from maintkit.clock import to_text
from maintkit.contract.contract import Contract
from maintkit.contract.workdays import Calendar
from maintkit.desk.clocks import clocks
from maintkit.desk.duplicate import lost
from maintkit.desk.incident import Incident, Verb, incident, incidents
from maintkit.desk.intake import enter
from maintkit.desk.past import faults
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


def separate(desk: Desk, one: str, at: float) -> None:
    desk.step(one, "separated", at, agreed_by="李主任")


def test_what_is_no_duplicate_has_its_clocks_back_as_if_it_never_was_one(desk: Desk) -> None:
    """Also one that was breached meanwhile; what was done by then counts by its time. Both steps stay."""
    first, second, never = desk.open(), desk.open(1), desk.open(1)
    for one in (first, second, never):
        desk.level(one, "P1", 2)
    repeat(desk, second, first, 3)
    desk.step(first, "acknowledged", 4)
    assert desk.clocks(second, 200) == {}
    separate(desk, second, 40)
    for one in (second, never):
        desk.step(one, "arrived", 50)
    assert desk.clocks(second, 200) == desk.clocks(never, 200)
    clock = desk.clocks(second, 200)["respond"]
    assert (clock.state, clock.breached_at) == ("breached", desk.instant(16))
    told = [(step.verb, step.body["duplicate_of"]) for step in incident(desk.ledger, second).steps[2:4]]
    assert told == [("related", first), ("separated", first)]


def test_what_was_withdrawn_may_be_said_again_and_what_was_never_said_is_not_withdrawn(desk: Desk) -> None:
    """One that is closed can be withdrawn from; what hangs on the fault itself stays there."""
    first, second, third = desk.open(), desk.open(1), desk.open(2)
    for one in (first, second, third):
        desk.level(one, "P1", 3)
    with pytest.raises(DeskRefused, match=f"{second} is no duplicate"):
        separate(desk, second, 4)
    repeat(desk, third, second, 5)
    repeat(desk, second, first, 6)
    separate(desk, second, 7)
    assert incident(desk.ledger, third).duplicate_of == second
    repeat(desk, second, first, 8)
    with pytest.raises(DeskRefused, match="is duplicate") as refused:
        desk.step(second, "arrived", 9)
    assert f"relate {second} --no-duplicate" in refused.value.hint
    separate(desk, second, 10)
    assert [step.body["since"] for step in incident(desk.ledger, second).steps if step.verb == "separated"] == [
        to_text(desk.instant(6)),
        to_text(desk.instant(8)),
    ]


def test_a_period_that_is_over_has_the_clocks_back_that_were_breached_in_it(desk: Desk) -> None:
    """Called a duplicate in one hour and withdrawn in the next: its breach of the first is told in the first."""
    first, second = desk.open(), desk.open(1)
    for one in (first, second):
        desk.level(one, "P1", 2)
    repeat(desk, second, first, 3)
    desk.step(first, "acknowledged", 4)

    def told(before: float) -> dict[str, bool]:
        contract = Contract.model_validate(yaml.safe_load(TEMPLATE.read_text(encoding="utf-8")))
        end = desk.instant(before)
        found = faults(desk.ledger, contract, Calendar(), before=end, now=end)
        return {one.incident.id: any(clock.breached_at for clock in one.clocks) for one in found}

    assert told(60) == {first: False, second: False}
    separate(desk, second, 70)
    assert told(60) == {first: False, second: True}
    assert told(2.5) == {first: False, second: False}


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
