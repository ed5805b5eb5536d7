"""Laws of duplicates: no clock of a later report is lost to an earlier one that is asked for less, or later."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from faultdesk import FAULTS, NOW, ZONE, Desk

from maintkit.clock import FixedClock
from maintkit.contract.workdays import Calendar
from maintkit.desk.clocks import Clock, clocks
from maintkit.desk.duplicate import as_any_level, lost
from maintkit.desk.incident import Incident, incident
from maintkit.desk.intake import enter
from maintkit.errors import DeskRefused
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

LEVELS = ("P1", "P2", "P3")
REPORT = FAULTS.report.document


def losses(desk: Desk, one: str, other: str, at: float) -> dict[str, str]:
    """What a duplicate loses at a minute: each clock's name and how."""

    def judge(each: Incident) -> tuple[Clock, ...]:
        return clocks(each, FAULTS, Calendar(), ZONE, desk.instant(at))

    found = lost(incident(desk.ledger, one), incident(desk.ledger, other), judge)
    return {each.clock.name: each.loss for each in found}


@pytest.mark.parametrize("earlier", LEVELS)
@pytest.mark.parametrize("later", LEVELS)
def test_a_duplicate_is_of_a_report_that_is_as_urgent(desk: Desk, earlier: str, later: str) -> None:
    """Where nothing was breached yet: each pair of levels; lost are the clocks that are shorter in the later one."""
    first, second = desk.open(), desk.open(1)
    desk.level(first, earlier, 2)
    desk.level(second, later, 2)
    found = losses(desk, second, first, 3)
    assert bool(found) == (earlier > later)
    assert set(found.values()) <= {"level"}
    if earlier > later:
        assert {"respond", "restore", "on-site"} <= set(found)
        assert (REPORT in found) == (earlier == "P3")


def test_a_report_that_is_not_triaged_answers_for_nothing(desk: Desk) -> None:
    """Its clocks are undetermined: neither shorter nor longer."""
    first, second = desk.open(), desk.open(1)
    desk.level(second, "P3", 2)
    assert losses(desk, second, first, 3) == {"respond": "level", "restore": "level"}


def test_a_fault_report_that_the_scope_alone_asks_for_is_not_lost(desk: Desk) -> None:
    """Both are P3; a department asks for the document of the fault, a room does not."""
    first, second = desk.open(), desk.open(1)
    desk.level(first, "P3", 2)
    desk.level(second, "P3", 2, scope="department")
    assert losses(desk, second, first, 3) == {REPORT: "level"}


def test_somebody_who_has_to_come_to_the_later_one_has_to_come(desk: Desk) -> None:
    """Both are P3, the later one urgent; once somebody came or it was solved from afar there is nothing to lose."""
    first, second, third = desk.open(), desk.open(1), desk.open(2)
    desk.level(first, "P3", 3)
    for one in (second, third):
        desk.level(one, "P3", 3, urgent=True)
    assert losses(desk, second, first, 4) == {"on-site": "level"}
    desk.step(second, "arrived", 30)
    assert losses(desk, second, first, 31) == {}
    desk.step(first, "resolved", 40)
    assert losses(desk, third, first, 41) == {}


def test_a_fault_that_was_restored_before_the_report_answers_for_none_after_it(desk: Desk) -> None:
    """A substitute counts as restored; where it serves the later one too, entering it there leaves nothing to lose."""
    first = desk.open()
    desk.level(first, "P1", 1)
    desk.step(first, "mitigated", 10)
    before, after = desk.open(9), desk.open(11)
    for one in (before, after):
        desk.level(one, "P1", 12)
    assert losses(desk, before, first, 13) == {}
    assert losses(desk, after, first, 13) == {"respond": "ended", "on-site": "ended", "restore": "ended"}
    desk.step(after, "mitigated", 14)
    assert losses(desk, after, first, 15) == {}


def test_a_pause_of_the_earlier_report_is_no_pause_of_the_later_one(desk: Desk) -> None:
    """Its clocks end later for as long as it lasts; gone on with at once, they end earlier again."""
    first = desk.open()
    desk.level(first, "P1", 1)
    desk.step(first, "acknowledged", 2)
    desk.step(first, "paused", 5, agreed_by="李主任", until=None)
    second = desk.open(6)
    desk.level(second, "P1", 7)
    assert losses(desk, second, first, 10) == {}
    assert losses(desk, second, first, 12) == {"on-site": "paused", "restore": "paused"}
    desk.step(first, "continued", 11)
    assert losses(desk, second, first, 12) == {}


def test_a_breach_is_lost_to_one_without_it(desk: Desk) -> None:
    """Its other clocks are judged all the same."""
    first, second = desk.open(), desk.open(1)
    desk.level(first, "P1", 2)
    desk.level(second, "P1", 2)
    desk.step(first, "acknowledged", 3)
    assert losses(desk, second, first, 17) == {"respond": "breached"}


def test_whatever_it_may_be_a_report_that_is_not_triaged_loses_nothing_to_the_most_urgent(desk: Desk) -> None:
    """To a P1 it may go as it is; to a P2 only after somebody said that it is no P1."""

    def judge(each: Incident) -> tuple[Clock, ...]:
        return clocks(each, FAULTS, Calendar(), ZONE, desk.instant(5))

    first, second, third = desk.open(), desk.open(1), desk.open(2)
    desk.level(first, "P1", 3)
    desk.level(second, "P2", 3)
    one = incident(desk.ledger, third)
    for other, lost_as in ((first, []), (second, ["P1"])):
        gone = [each for each in as_any_level(one, FAULTS) if lost(each, incident(desk.ledger, other), judge)]
        assert [each.level.level for each in gone if each.level] == lost_as


def test_a_contract_is_asked_while_nobody_else_can_write(desk: Desk, tmp_path: Path) -> None:
    """What it is shown cannot have changed when the step is entered; refused, nothing is."""
    first, second = desk.open(), desk.open(1)
    head = desk.ledger.head()
    url = f"sqlite:///{tmp_path / 'ledger.db'}"

    def refuse(one: Incident, other: Incident) -> None:
        assert (one.id, other.id) == (second, first)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(try_to_write, (url,)) == "LedgerLocked"
        raise DeskRefused("not as a duplicate", hint="x")

    more = {"duplicate_of": first, "recurs": None}
    with pytest.raises(DeskRefused, match="not as a duplicate"):
        enter(desk.ledger, second, "related", at=desk.instant(2), by="x", text="", more=more, may_repeat=refuse)
    assert desk.ledger.head() == head


def try_to_write(url: str) -> str:
    """The name of the error that another process gets, or nothing."""
    clock = FixedClock(at=NOW)
    with Ledger.open(url, clock=clock, redactor=Redactor()) as ledger:
        try:
            with ledger.writing("look", wait_s=0.2):
                return ""
        except Exception as error:  # noqa: BLE001  # its name is what is asked for
            return type(error).__name__


@pytest.mark.parametrize("relation", ["duplicate_of", "recurs"])
def test_only_a_fault_of_its_own_is_named_in_a_relation(desk: Desk, relation: str) -> None:
    """Neither itself nor a duplicate, and one that is there."""
    first, second, third = desk.open(), desk.open(1), desk.open(2)
    none = {"duplicate_of": None, "recurs": None}
    desk.step(second, "related", 3, **none | {"duplicate_of": first})
    for other in (second, third):
        with pytest.raises(DeskRefused, match="no other fault of its own"):
            desk.step(third, "related", 4, **none | {relation: other})
