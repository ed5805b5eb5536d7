"""Laws of the clocks of faults and tickets, whatever is entered and however late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import maintkit.contract
from maintkit.clock import to_text
from maintkit.contract.contract import Contract
from maintkit.contract.span import Span
from maintkit.contract.workdays import Calendar
from maintkit.desk import ticket as desk
from maintkit.desk.clocks import clocks, ran_out
from maintkit.desk.incident import Rest, fold
from maintkit.desk.promise import after
from maintkit.evidence.entry import Entry

TEMPLATE = Path(maintkit.contract.__file__).parent / "templates" / "contract.yml"
CONTRACT = Contract.model_validate(yaml.safe_load(TEMPLATE.read_text(encoding="utf-8")))
ZONE, CALENDAR = ZoneInfo("Asia/Shanghai"), Calendar()
START = datetime(2026, 9, 28, 1, 0, tzinfo=UTC)  # the Monday before National Day, 09:00 on site
FEW = settings(max_examples=60)
OPENED = {"text": "x", "channel": "x", "reporter": "x", "department": "x", "systems": [], "hosts": [], "run": None}
TRIAGED = {"level": "P1", "rule": None, "scope": "room", "urgent": False, "agreed_by": "x", "text": ""}
REPORT = CONTRACT.faults.report.document
KINDS = [kind.id for kind in CONTRACT.requests.kinds]


def instant(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def entry(seq: int, kind: str, at: float, entered: float, /, **body: Any) -> Entry:
    said = {"by": "x", "text": "x", **body, "at": to_text(instant(at))}
    return Entry(
        seq=seq, at=instant(entered), kind=kind, run=None, subject="X", body=said, attachments=(), prev="", hash=""
    )


def listed(facts: list[tuple[str, int, int, dict[str, Any]]]) -> list[Entry]:
    """Facts as (kind, minute, entered so much later, body), numbered by when they were entered."""
    ordered = sorted(facts, key=lambda fact: fact[1] + fact[2])
    return [entry(seq, kind, at, at + late, **body) for seq, (kind, at, late, body) in enumerate(ordered, start=1)]


def fault(entries: list[Entry], now: datetime) -> dict[str, Any]:
    first = [
        entry(0, "incident.opened", 0, 0, **OPENED),
        entry(0, "incident.triaged", 1, 1, **TRIAGED),
    ]
    found = clocks(fold([*first, *entries]), CONTRACT.faults, CALENDAR, ZONE, now)
    return {clock.name: (clock.state, clock.breached_at, clock.ended) for clock in found}


def wish(entries: list[Entry], now: datetime) -> dict[str, desk.Due]:
    one = desk.Ticket(id="X", opened=START, entries=tuple(entries), efforts=tuple(desk.efforts(entries)))
    return {due.step: due for due in desk.dues(one, CONTRACT.requests, CALENDAR, ZONE, now)}


def pause(at: int, length: int | None) -> dict[str, Any]:
    return {"agreed_by": "x", "until": to_text(instant(at + length)) if length else None}


minutes = st.integers(2, 400)
lates = st.integers(0, 400)
pauses = st.tuples(minutes, st.one_of(st.none(), st.integers(1, 200)), lates).map(
    lambda one: ("incident.paused", one[0], one[2], pause(one[0], one[1]))
)
goings_on = st.tuples(minutes, lates).map(lambda one: ("incident.continued", one[0], one[1], {}))
DAY = 1440
days = st.integers(0, 40)
acceptances = st.tuples(days, days, st.sampled_from(KINDS)).map(
    lambda one: (desk.ACCEPTED, one[0] * DAY, one[1] * DAY + 7, {"kind": one[2], "accepted_by": "x"})
)
agreements = st.tuples(days, days, days).map(
    lambda one: (
        desk.AGREED,
        one[0] * DAY + 60,
        one[1] * DAY + 11,
        {"step": "done", "agreed_by": "x", "until": to_text(instant((one[0] + one[2]) * DAY + 90))},
    )
)
closings = st.tuples(days, days).map(lambda one: (desk.CLOSED, one[0] * DAY + 120, one[1] * DAY + 13, {}))


@FEW
@given(facts=st.lists(st.one_of(pauses, goings_on), min_size=1, max_size=5))
def test_a_pause_entered_late_never_removes_a_breach_of_a_fault(
    facts: list[tuple[str, int, int, dict[str, Any]]],
) -> None:
    """What was breached when the next word was entered is breached by then for ever."""
    entries = listed(facts)
    end = fault(entries, instant(3000))
    for place, said in enumerate(entries):
        for name, (_, breached, _) in fault(entries[:place], said.at).items():
            if breached:
                assert end[name][1] is not None
                assert end[name][1] <= breached


@FEW
@given(
    facts=st.lists(st.one_of(pauses, goings_on), max_size=4),
    urgent=st.booleans(),
    solved=minutes,
    arrived=st.one_of(st.none(), minutes),
    later=st.integers(1, 5000),
)
def test_nothing_but_the_report_counts_on_once_the_fault_is_solved(
    facts: list[tuple[str, int, int, dict[str, Any]]], urgent: bool, solved: int, arrived: int | None, later: int
) -> None:
    """Every word was entered by minute 1000. A clock that nobody stopped stands where it stood at the solution."""
    told = [*facts, ("incident.resolved", solved, 0, {})]
    told += [] if arrived is None else [("incident.arrived", arrived, 0, {})]
    first = [
        entry(0, "incident.opened", 0, 0, **OPENED),
        entry(0, "incident.triaged", 1, 1, **TRIAGED | {"level": "P3", "urgent": urgent}),
    ]
    one = fold([*first, *listed(told)])
    then, now = (
        [each for each in clocks(one, CONTRACT.faults, CALENDAR, ZONE, instant(at)) if each.name != REPORT]
        for at in (1000, 1000 + later)
    )
    assert then == now
    (on_site,) = [each for each in now if each.name == "on-site"]
    if on_site.left is not None and on_site.deadline is not None:
        assert (arrived, on_site.left) == (None, on_site.deadline - instant(solved))


@FEW
@given(
    first=st.sampled_from(KINDS),
    facts=st.lists(st.one_of(acceptances, agreements), min_size=1, max_size=4),
    closing=st.lists(closings, max_size=1),
)
def test_nothing_agreed_on_and_entered_late_removes_a_breach_of_a_ticket(
    first: str, facts: list[tuple[str, int, int, dict[str, Any]]], closing: list[tuple[str, int, int, dict[str, Any]]]
) -> None:
    """Dates, kinds and the closing alike, also where the kind in force asks for the step no more."""
    accepted = (desk.ACCEPTED, 0, 0, {"kind": first, "accepted_by": "x"})
    entries = listed([accepted, *facts, *closing])
    end = wish(entries, instant(100 * DAY))
    for place, said in enumerate(entries):
        for step, due in wish(entries[:place], said.at).items():
            if due.breached_at:
                assert end[step].breached_at is not None
                assert end[step].breached_at <= due.breached_at


@given(
    span=st.integers(1, 300),
    rests=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 90)), max_size=4),
    more=st.tuples(st.integers(0, 400), st.integers(1, 90)),
)
def test_more_rest_never_makes_a_deadline_earlier(
    span: int, rests: list[tuple[int, int]], more: tuple[int, int]
) -> None:
    """Nor later than by the rest itself."""
    made = [
        Rest(start=instant(at), end=instant(at + length), entered=START, agreed_by="x", why="x")
        for at, length in (*rests, more)
    ]
    minutes_ = Span(count=span, unit="min")
    had, has = ran_out(START, minutes_, tuple(made[:-1]), START), ran_out(START, minutes_, tuple(made), START)
    assert had <= has <= had + timedelta(minutes=400 * (len(made) > 1) + more[1])


@pytest.mark.parametrize("unit", ["min", "h", "wd", "month"])
@given(minute=st.integers(0, 60 * DAY), later=st.integers(0, 5 * DAY), count=st.integers(0, 15), more=st.integers(0, 3))
@FEW
def test_a_deadline_moves_with_its_start_and_its_length(
    unit: Any, minute: int, later: int, count: int, more: int
) -> None:
    """A later start or a longer span never ends earlier; so many working days lie between, to the end of the day."""
    count_in = count % 2 if unit == "month" else count
    start, span = instant(minute), Span(count=count_in, unit=unit)
    end = after(start, span, CALENDAR, ZONE)
    moved = after(instant(minute + later), Span(count=count_in + more, unit=unit), CALENDAR, ZONE)
    assume(isinstance(end, datetime) and isinstance(moved, datetime))
    assert isinstance(end, datetime)
    assert isinstance(moved, datetime)
    assert start <= end <= moved
    if unit == "wd":
        local, ends = start.astimezone(ZONE).date(), end.astimezone(ZONE)
        between = [date.fromordinal(day) for day in range(local.toordinal() + 1, ends.date().toordinal() + 1)]
        assert sum(CALENDAR.works(day) is True for day in between) == count_in
        assert (ends.hour, ends.minute, ends.second) == (23, 59, 59)


@FEW
@given(
    order=st.permutations(
        [
            ("incident.acknowledged", 5, {}),
            ("incident.arrived", 50, {}),
            ("incident.mitigated", 170, {}),
            ("incident.resolved", 260, {}),
            ("incident.paused", 60, pause(60, 30)),
            ("incident.paused", 100, pause(100, 30)),
        ]
    ),
    entered=st.sampled_from([110, 125, 300]),
)
def test_the_order_in_which_independent_facts_of_a_fault_are_entered_does_not_matter(
    order: list[tuple[str, int, dict[str, Any]]], entered: int
) -> None:
    """All of them at one desk, one after another within the same minute or after it happened."""

    def told(facts: list[tuple[str, int, dict[str, Any]]]) -> dict[str, Any]:
        entries = [entry(seq, kind, at, max(at, entered), **body) for seq, (kind, at, body) in enumerate(facts)]
        return fault(entries, instant(900))

    assert told(order) == told(sorted(order, key=lambda fact: (fact[0], fact[1])))


@FEW
@given(
    order=st.permutations(
        [
            (desk.REACHED, 60, {"step": "start"}),
            (desk.REACHED, 90, {"step": "plan"}),
            (desk.AGREED, 30, {"step": "plan", "agreed_by": "x", "until": to_text(instant(80))}),
            (desk.EFFORT, 70, {"days": 1, "confirmed_by": ""}),
            (desk.PLANNED, 75, {"plan": "P1"}),
        ]
    )
)
def test_the_order_in_which_independent_facts_of_a_ticket_are_entered_does_not_matter(
    order: list[tuple[str, int, dict[str, Any]]],
) -> None:
    """Steps, a date, effort and a plan, all entered two hours after the acceptance."""

    def told(facts: list[tuple[str, int, dict[str, Any]]]) -> dict[str, desk.Due]:
        accepted = entry(0, desk.ACCEPTED, 0, 0, kind="urgent-bug", accepted_by="x")
        later = [entry(seq, kind, at, 120, **body) for seq, (kind, at, body) in enumerate(facts, start=1)]
        return wish([accepted, *later], instant(5000))

    assert told(order) == told(sorted(order, key=lambda fact: (fact[0], fact[1])))
