"""Bugs and changes: clocks from the written acceptance, against dates made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

import maintkit.contract
from maintkit.clock import FixedClock, from_text, to_text
from maintkit.contract.contract import Contract
from maintkit.contract.workdays import Calendar
from maintkit.desk import ticket as desk
from maintkit.errors import NotFound
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.redact import Redactor

TEMPLATE = Path(maintkit.contract.__file__).parent / "templates" / "contract.yml"
REQUESTS = Contract.model_validate(yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))).requests
ZONE = ZoneInfo("Asia/Shanghai")
DAY_END = "T15:59:59.000000Z"  # 23:59:59 on site
OPENED = datetime(2026, 9, 29, 2, 0, tzinfo=UTC)
ACCEPTED = datetime(2026, 9, 30, 2, 0, tzinfo=UTC)  # 10:00 on the eve of National Day


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with one ticket, T1, that is not accepted; its clock follows what is entered."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with Ledger.create(url, clock=FixedClock(at=OPENED), redactor=Redactor()) as made:
        enter(made, desk.OPENED, OPENED, requester="王护士", department="门诊部")
        yield made


def enter(ledger: Ledger, entry: str, at: datetime, *, entered: datetime | None = None, **more: Any) -> None:
    """An entry of T1 about `at`, entered then or later."""
    clock = ledger.clock
    assert isinstance(clock, FixedClock)
    clock.at = max(clock.at, entered or at)
    ledger.append(entry, {"at": to_text(at), "text": "打印", "by": "张工", **more}, subject="T1")


def accept(ledger: Ledger, kind: str, at: datetime = ACCEPTED, *, entered: datetime | None = None) -> None:
    enter(ledger, desk.ACCEPTED, at, entered=entered, kind=kind, accepted_by="李主任")


def agree(ledger: Ledger, at: datetime, until: datetime, *, entered: datetime | None = None) -> None:
    enter(ledger, desk.AGREED, at, entered=entered, step="done", until=to_text(until), agreed_by="李主任")


def due(ledger: Ledger, now: datetime) -> dict[str, desk.Due]:
    found = desk.dues(desk.ticket(ledger, "T1"), REQUESTS, Calendar(), ZONE, now)
    return {one.step: one for one in found}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("urgent-bug", {"start": "2026-09-30T04:00:00.000000Z", "plan": "2026-10-01T02:00:00.000000Z"}),
        ("other-bug", {"plan": f"2026-10-10{DAY_END}", "done": f"2026-12-30{DAY_END}"}),
        ("urgent-change", {"assess": None, "done": None}),
        ("simple-change", {"done": f"2026-10-10{DAY_END}"}),
        ("medium-change", {"done": f"2026-10-15{DAY_END}"}),
        ("complex-change", {"done": f"2026-10-20{DAY_END}"}),
    ],
)
def test_the_clocks_of_each_kind_run_from_the_written_acceptance(
    ledger: Ledger, kind: str, expected: dict[str, str | None]
) -> None:
    """After 30 September come 8, 9, Saturday 10, 12, 13, 14, 15 (the seventh), 16, 19, 20 (the tenth)."""
    assert due(ledger, ACCEPTED) == {}
    accept(ledger, kind)
    found = due(ledger, ACCEPTED)
    assert {step: one.deadline for step, one in found.items()} == {
        step: from_text(text) if text else None for step, text in expected.items()
    }
    assert all(one.state == ("running" if one.deadline else "undetermined") for one in found.values())


def test_an_agreed_date_replaces_the_clock_and_hides_no_breach(ledger: Ledger) -> None:
    """Agreed in time, the new date counts; agreed after the old one had passed, the old breach stays."""
    accept(ledger, "simple-change")
    later = datetime(2026, 11, 1, tzinfo=UTC)
    enter(ledger, desk.AGREED, ACCEPTED + timedelta(days=1), step="done", until=to_text(later), agreed_by="李主任")
    found = due(ledger, later)["done"]
    assert (found.state, found.deadline, found.agreed_by) == ("running", later, "李主任")
    much_later = later + timedelta(days=30)
    agreed = later + timedelta(days=2)
    enter(ledger, desk.AGREED, agreed, step="done", until=to_text(much_later), agreed_by="李主任")
    assert due(ledger, agreed)["done"].breached_at == later
    enter(ledger, desk.REACHED, agreed + timedelta(days=1), step="done")
    assert due(ledger, much_later)["done"].state == "breached"


def test_a_date_that_is_entered_after_the_breach_is_told_and_does_not_undo_it(ledger: Ledger) -> None:
    """3 wd were over on 10 October; said on the 20th that 1 November was agreed on on the 9th, it stays late."""
    accept(ledger, "simple-change")
    later = datetime(2026, 11, 1, tzinfo=UTC)
    agree(ledger, datetime(2026, 10, 9, tzinfo=UTC), later, entered=datetime(2026, 10, 20, tzinfo=UTC))
    enter(ledger, desk.REACHED, datetime(2026, 10, 25, tzinfo=UTC), step="done")
    found = due(ledger, later)["done"]
    assert (found.state, found.breached_at) == ("breached", from_text(f"2026-10-10{DAY_END}"))
    assert (found.deadline, "after the breach" in found.reason) == (later, True)


def test_a_date_that_is_entered_late_counts_from_when_it_was_agreed_on(ledger: Ledger) -> None:
    """An urgent change until 5 October, agreed on on 1 October and said on the 9th: done on the 7th it is late."""
    accept(ledger, "urgent-change")
    ended = datetime(2026, 10, 5, tzinfo=UTC)
    agree(ledger, datetime(2026, 10, 1, tzinfo=UTC), ended, entered=datetime(2026, 10, 9, tzinfo=UTC))
    enter(ledger, desk.REACHED, datetime(2026, 10, 7, tzinfo=UTC), step="done")
    assert due(ledger, datetime(2026, 10, 30, tzinfo=UTC))["done"].breached_at == ended


def test_the_date_agreed_on_last_is_in_force_whichever_was_entered_first(ledger: Ledger) -> None:
    """20 October agreed on on the 1st, 30 October on the 2nd."""
    accept(ledger, "simple-change")
    entered = datetime(2026, 10, 3, tzinfo=UTC)
    for day, until in ((2, 30), (1, 20)):
        agree(ledger, datetime(2026, 10, day, tzinfo=UTC), datetime(2026, 10, until, tzinfo=UTC), entered=entered)
    assert due(ledger, entered)["done"].deadline == datetime(2026, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("told", [1, 24])
def test_another_kind_undoes_no_breach(ledger: Ledger, told: int) -> None:
    """An urgent bug not begun after 2 h is late, though a day later it is another bug, said to be one after 1 h."""
    accept(ledger, "urgent-bug")
    accept(ledger, "other-bug", ACCEPTED + timedelta(hours=told), entered=ACCEPTED + timedelta(hours=24))
    found = due(ledger, ACCEPTED + timedelta(hours=25))
    assert {step: (one.state, one.breached_at) for step, one in found.items()} == {
        "plan": ("running", None),
        "done": ("running", None),
        "start": ("breached", ACCEPTED + timedelta(hours=2)),
    }
    assert found["start"].deadline == ACCEPTED + timedelta(hours=2)


def test_another_kind_that_comes_in_time_sets_the_clocks_from_the_first_acceptance(ledger: Ledger) -> None:
    """10 wd for the first two days, then 3: over at once where those have passed, and not before."""
    accept(ledger, "complex-change")
    change = datetime(2026, 10, 12, 1, tzinfo=UTC)
    accept(ledger, "simple-change", change)
    found = due(ledger, change + timedelta(hours=1))["done"]
    assert (found.breached_at, found.deadline) == (change, from_text(f"2026-10-10{DAY_END}"))


def test_at_once_without_minutes_is_shown_in_minutes_and_judged_by_nobody(ledger: Ledger) -> None:
    """The contract says that an urgent change is assessed at once: 12 minutes are told."""
    accept(ledger, "urgent-change")
    found = due(ledger, ACCEPTED + timedelta(minutes=12))["assess"]
    assert (found.state, found.reason) == ("undetermined", "the contract states no minutes for it: 12 min so far")
    enter(ledger, desk.REACHED, ACCEPTED + timedelta(minutes=20), step="assess")
    found = due(ledger, ACCEPTED + timedelta(days=9))["assess"]
    assert (found.state, found.reason) == ("undetermined", "the contract states no minutes for it: 20 min passed")


def test_the_closing_ends_the_clock_of_what_was_not_reached(ledger: Ledger) -> None:
    """Closed in time nothing more is asked for; what was late by then stays late at its moment."""
    accept(ledger, "other-bug")
    closed = datetime(2026, 10, 20, tzinfo=UTC)
    enter(ledger, desk.CLOSED, closed)
    found = due(ledger, datetime(2027, 6, 1, tzinfo=UTC))
    assert (found["done"].state, found["done"].breached_at) == ("not-asked", None)
    assert found["done"].reason == "closed before it was reached"
    assert found["plan"].breached_at == from_text(f"2026-10-10{DAY_END}")


def test_a_closing_that_is_entered_after_the_breach_does_not_undo_it(ledger: Ledger) -> None:
    """3 wd were over on 10 October; said on the 20th that it was closed on the 9th, it stays late."""
    accept(ledger, "simple-change")
    enter(ledger, desk.CLOSED, datetime(2026, 10, 9, tzinfo=UTC), entered=datetime(2026, 10, 20, tzinfo=UTC))
    found = due(ledger, datetime(2026, 11, 1, tzinfo=UTC))["done"]
    assert found.breached_at == from_text(f"2026-10-10{DAY_END}")
    assert "after the breach" in found.reason


def test_a_step_reached_in_time_is_met_for_good(ledger: Ledger) -> None:
    """At the very deadline it still is."""
    accept(ledger, "urgent-bug")
    enter(ledger, desk.REACHED, ACCEPTED + timedelta(hours=2), step="start")
    found = due(ledger, ACCEPTED + timedelta(days=9))
    assert (found["start"].state, found["plan"].state) == ("met", "breached")
    assert found["plan"].breached_at == ACCEPTED + timedelta(hours=24)


def test_five_confirmed_person_days_are_included_and_unconfirmed_ones_do_not_count(ledger: Ledger) -> None:
    """4 + 3.5 confirmed are 2.5 above; 8 that nobody confirmed are shown, and not counted."""
    for days, who in ((4, "李主任"), (3.5, "李主任"), (8, "")):
        enter(ledger, desk.EFFORT, ACCEPTED, days=days, confirmed_by=who)
    one = desk.ticket(ledger, "T1")
    assert (one.confirmed_days, one.above(REQUESTS), sum(each.days for each in one.efforts)) == (7.5, 2.5, 15.5)


def test_effort_may_be_confirmed_later_and_once(ledger: Ledger) -> None:
    """The first confirmation of an entry counts; another entry stays open."""
    for days in (4, 2):
        enter(ledger, desk.EFFORT, ACCEPTED, days=days, confirmed_by="")
    first = desk.ticket(ledger, "T1").efforts[0].entry
    for who in ("李主任", "王护士"):
        enter(ledger, desk.CONFIRMED, ACCEPTED, effort=first, confirmed_by=who)
    one = desk.ticket(ledger, "T1")
    assert [effort.confirmed_by for effort in one.efforts] == ["李主任", ""]
    assert one.confirmed_days == 4


def test_a_ticket_that_is_not_there_is_not_found(ledger: Ledger) -> None:
    """And the plans that deliver one are named once each."""
    with pytest.raises(NotFound, match="no ticket 'T2'"):
        desk.ticket(ledger, "T2")
    for plan in ("P1", "P2", "P1"):
        enter(ledger, desk.PLANNED, ACCEPTED, plan=plan)
    assert desk.ticket(ledger, "T1").plans == ("P1", "P2")
