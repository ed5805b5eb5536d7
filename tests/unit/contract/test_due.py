"""Due dates against tables made by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standing import DEEP, REPORT, contract, seen, standing

from maintkit.contract.due import due
from maintkit.contract.owed import Evidence, Seen
from maintkit.contract.periods import Stretch, periods
from maintkit.contract.workdays import Calendar

MONTHLY = {"id": "look", "rhythm": "monthly"}


@pytest.mark.parametrize(
    ("on", "days", "state", "next_due", "left", "missed"),
    [
        ("2026-01-10", [], "not-due", "2026-01-31", 21, []),
        ("2026-01-25", [], "due-soon", "2026-01-31", 6, []),
        ("2026-01-31", [], "due-soon", "2026-01-31", 0, []),
        ("2026-02-01", [], "overdue", "2026-01-31", -1, ["2026-01"]),
        ("2026-02-03", ["2026-02-02"], "met", "2026-03-31", 56, ["2026-01"]),
        ("2026-02-28", ["2026-01-05"], "due-soon", "2026-02-28", 0, []),
        ("2026-03-01", ["2026-01-05"], "overdue", "2026-02-28", -1, ["2026-02"]),
        ("2026-01-20", ["2026-01-05", "2026-01-06"], "met", "2026-02-28", 39, []),
        ("2025-12-25", [], "not-due", "2026-01-31", 37, []),
        ("2026-12-31", [f"2026-{month:02}-09" for month in range(1, 13)], "met", None, None, []),
        ("2027-02-01", [f"2026-{month:02}-09" for month in range(1, 12)], "overdue", "2026-12-31", -32, ["2026-12"]),
    ],
)
def test_a_monthly_duty_is_due_on_the_last_day_of_each_month(
    on: str, days: list[str], state: str, next_due: str | None, left: int | None, missed: list[str]
) -> None:
    """One evidence serves one month; what was missed stays missed, and is overdue until the duty is done again."""
    found = standing(contract(MONTHLY), on, *days)
    told = str(found.next_due) if found.next_due else None
    assert (found.state, told, found.days_left, list(found.missed)) == (state, next_due, left, missed)


@pytest.mark.parametrize(
    ("rhythm", "term", "expected"),
    [
        ("monthly", ("2026-01-15", "2026-04-14"), ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-14"]),
        ("monthly", ("2028-02-01", "2028-03-01"), ["2028-02-29", "2028-03-01"]),
        ("quarterly", ("2026-02-10", "2026-08-09"), ["2026-03-31", "2026-06-30", "2026-08-09"]),
        ("half-yearly", ("2026-06-30", "2027-06-29"), ["2026-06-30", "2026-12-31", "2027-06-29"]),
        ("yearly", ("2026-06-30", "2027-06-29"), ["2026-12-31", "2027-06-29"]),
        ("weekly", ("2026-12-30", "2027-01-11"), ["2027-01-03", "2027-01-10", "2027-01-11"]),
    ],
)
def test_periods_are_those_of_the_calendar_cut_to_the_term(
    rhythm: Any, term: tuple[str, str], expected: list[str]
) -> None:
    """Terms that begin in the middle of a month, months of different length, a leap day, a week over New Year."""
    start, end = map(date.fromisoformat, term)
    assert [str(one.due) for one in periods(rhythm, Stretch(start=start, end=end), ())] == expected


@pytest.mark.parametrize(
    ("pause", "expected"),
    [
        (("2026-02-10", "2026-02-20"), ["2026-01-31", "2026-02-28", "2026-03-31"]),
        (("2026-02-19", "2026-03-05"), ["2026-01-31", "2026-03-15", "2026-03-31"]),
        (("2026-02-01", "2026-02-28"), ["2026-01-31", "2026-03-31"]),
        (("2026-03-20", "2026-03-31"), ["2026-01-31", "2026-02-28", "2026-03-31"]),
    ],
)
def test_a_pause_moves_the_deadline_that_it_lies_over(pause: tuple[str, str], expected: list[str]) -> None:
    """In the middle it moves nothing; over the end it gives the days back; over the whole, nothing is due."""
    term = Stretch(start=date(2026, 1, 1), end=date(2026, 3, 31))
    rests = (Stretch(start=date.fromisoformat(pause[0]), end=date.fromisoformat(pause[1])),)
    assert [str(one.due) for one in periods("monthly", term, rests)] == expected


@given(start=st.dates(date(2024, 1, 1), date(2030, 1, 1)), length=st.integers(1, 900), rhythm=st.sampled_from(
    ["weekly", "monthly", "quarterly", "half-yearly", "yearly"]))  # fmt: skip
def test_the_periods_are_the_term_without_gap_or_overlap(start: date, length: int, rhythm: Any) -> None:
    """Every day of the term lies in exactly one period, and no period leaves the term."""
    term = Stretch(start=start, end=start + timedelta(days=length))
    days = [
        one.start + timedelta(days=number)
        for one in periods(rhythm, term, ())
        for number in range((one.end - one.start).days + 1)
    ]
    assert days == [start + timedelta(days=number) for number in range(length + 1)]


KEYS: dict[str, Any] = {
    "weekly": lambda day: day.isocalendar()[:2],
    "monthly": lambda day: (day.year, day.month),
    "quarterly": lambda day: (day.year, (day.month - 1) // 3),
    "half-yearly": lambda day: (day.year, day.month > 6),
    "yearly": lambda day: day.year,
}


def by_hand(rhythm: str, start: date, end: date, done: list[date], on: date) -> tuple[str, date | None, int]:
    """State, deadline and number of periods missed, found by walking through the days of the term one by one."""
    stretches: dict[Any, list[date]] = {}
    for number in range((end - start).days + 1):
        day = start + timedelta(days=number)
        stretches.setdefault(KEYS[rhythm](day), []).append(day)
    served = {key: any(day in done and day <= on for day in days) for key, days in stretches.items()}
    missed = sum(days[-1] < on and not served[key] for key, days in stretches.items())
    begun = [key for key, days in stretches.items() if days[0] <= on]
    closed = [key for key in begun if served[key] or stretches[key][-1] < on]
    if closed and not served[closed[-1]]:
        return "overdue", stretches[closed[-1]][-1], missed
    ahead = next((key for key, days in stretches.items() if not served[key] and days[-1] >= on), None)
    if ahead is None:
        return "met" if closed else "not-due", None, missed
    if ahead not in begun:
        return "met" if closed else "not-due", stretches[ahead][-1], missed
    soon = (stretches[ahead][-1] - on).days <= SOON[rhythm]
    return "due-soon" if soon else "not-due", stretches[ahead][-1], missed


SOON = {"weekly": 2, "monthly": 7, "quarterly": 21, "half-yearly": 30, "yearly": 30}  # days, as the template has them


@given(data=st.data(), start=st.dates(date(2025, 1, 1), date(2026, 12, 1)), length=st.integers(1, 500),
       rhythm=st.sampled_from(list(KEYS)))  # fmt: skip
def test_a_recurring_duty_stands_as_walking_through_its_days_says(
    data: st.DataObject, start: date, length: int, rhythm: str
) -> None:
    """Any term, any days on which it was done, any day on which somebody asks."""
    end = start + timedelta(days=length)
    days = st.dates(start, end)
    done, on = sorted(data.draw(st.lists(days, max_size=12, unique=True))), data.draw(days)
    made = contract({"id": "look", "rhythm": rhythm}, signed=str(start), start=str(start), end=str(end))
    found = standing(made, str(on), *map(str, done))
    assert (found.state, found.next_due, len(found.missed)) == by_hand(rhythm, start, end, done, on)


@pytest.mark.parametrize(
    ("on", "deep", "days", "state", "next_due"),
    [
        ("2026-09-29", [], [], "not-due", None),
        ("2026-09-30", ["2026-09-28"], [], "due-soon", "2026-10-13"),
        ("2026-10-11", ["2026-09-28"], [], "due-soon", "2026-10-13"),
        ("2026-10-15", ["2026-09-28"], [], "overdue", "2026-10-13"),
        ("2026-10-15", ["2026-09-28"], ["2026-10-13"], "met", None),
        ("2026-10-16", ["2026-09-28"], ["2026-10-16"], "met", None),
        ("2026-12-31", ["2026-12-28"], [], "undetermined", None),
    ],
)
def test_a_deadline_in_working_days_runs_from_the_other_duty(
    on: str, deep: list[str], days: list[str], state: str, next_due: str | None
) -> None:
    """28 September + 7 wd: 29, 30, 8, 9, Saturday 10, 12, 13, which is the seventh; and 2027 is not known."""
    found = standing(contract(REPORT, DEEP), on, *days, deep=seen(*deep))
    assert (found.state, str(found.next_due) if found.next_due else None) == (state, next_due)


@pytest.mark.parametrize(
    ("issued", "missed"),
    [
        ([("2026-10-09", "I2")], ["after 2026-06-24"]),
        ([("2026-10-09", "I1")], ["after 2026-06-24", "after 2026-09-28"]),
        ([("2026-06-30", "I1"), ("2026-10-09", "I1")], ["after 2026-09-28"]),
        ([("2026-06-30", "I1"), ("2026-10-09", "I2")], []),
        ([("2026-10-09", "partial")], ["after 2026-06-24", "after 2026-09-28"]),
    ],
)
def test_a_report_serves_the_inspection_that_it_is_about(issued: list[tuple[str, str]], missed: list[str]) -> None:
    """One that was issued late, or again, after the next inspection does not serve that one."""
    deep = [Evidence(day=date.fromisoformat(f"2026-{day}"), source=run, what="x")
            for day, run in (("06-24", "I1"), ("09-28", "I2"))]  # fmt: skip
    told = [Evidence(day=date.fromisoformat(day), source="entry 1", what="x", of=run) for day, run in issued]
    had = {"deep": Seen(evidence=tuple(deep), automatic=True), "report": Seen(evidence=tuple(told), automatic=True)}
    found = {one.duty.id: one for one in due(contract(REPORT, DEEP), Calendar(), had, date(2026, 10, 31))}
    assert list(found["report"].missed) == missed


@pytest.mark.parametrize(("of", "met"), [("2026Q3", True), ("2026-09", False), ("2026", False), (None, True)])
def test_what_is_about_another_period_serves_none(of: str | None, met: bool) -> None:
    """A review of one month is none of the quarter, and one of the quarter none of the year."""
    review = {"id": "review", "rhythm": "quarterly", "within": {"span": "7 wd", "after": "period"}}
    told = tuple(Evidence(day=date(2026, 10, 9), source="e", what="x", of=name) for name in ("2026Q1", "2026Q2", of))
    (found,) = due(contract(review), Calendar(), {"review": Seen(evidence=told, automatic=True)}, date(2026, 10, 31))
    assert ("2026Q3" not in found.missed) == met


def test_what_is_made_once_is_reviewed_yearly_also_from_a_leap_day() -> None:
    """One month after the 31st of January is the 28th of February; a year after 29 February is the 28th."""
    plan = {"id": "plan", "rhythm": "once", "within": {"span": "1 month", "after": "signing"}, "review": "yearly"}
    made = contract(plan, signed="2028-01-31", start="2028-02-01", end="2030-01-31")
    assert str(standing(made, "2028-02-01").next_due) == "2028-02-29"
    assert standing(made, "2028-03-01").state == "overdue"
    reviewed = standing(made, "2028-03-01", "2028-02-29")
    assert (reviewed.state, str(reviewed.next_due)) == ("met", "2029-02-28")
    assert standing(made, "2029-03-01", "2028-02-29").state == "overdue"


def test_the_handover_is_due_at_the_end_of_the_term_and_as_needed_never() -> None:
    """Both have no rhythm."""
    made = contract({"id": "give", "rhythm": "at-end"})
    assert (standing(made, "2026-06-01").state, str(standing(made, "2026-06-01").next_due)) == ("not-due", "2026-12-31")
    assert standing(made, "2026-12-15").state == "due-soon"
    needed = contract({"id": "clean", "rhythm": "as-needed"})
    assert (standing(needed, "2026-06-01").state, standing(needed, "2026-06-01").next_due) == ("not-due", None)
    assert standing(needed, "2026-06-01", "2026-05-01").state == "met"


NINE = [f"2026-0{month}" for month in range(1, 10)]
SUMMARY = {"id": "sum-up", "rhythm": "monthly", "within": {"span": "3 wd", "after": "period"}}


@pytest.mark.parametrize(
    ("on", "done", "state", "next_due", "missed"),
    [
        ("2026-09-29", {}, "overdue", "2026-09-03", ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06",
                                                     "2026-07", "2026-08"]),
        ("2026-10-12", {"2026-09": "2026-10-10"}, "met", "2026-11-04", [f"2026-0{month}" for month in range(1, 9)]),
        ("2026-10-09", {}, "overdue", "2026-09-03", [f"2026-0{month}" for month in range(1, 9)]),
        ("2026-10-12", {"2026-08": "2026-10-10"}, "overdue", "2026-10-10", NINE),
    ],
)  # fmt: skip
def test_what_sums_up_a_period_is_due_after_it_and_serves_the_one_it_is_about(
    on: str, done: dict[str, str], state: str, next_due: str, missed: list[str]
) -> None:
    """3 wd after 31 August are 1, 2, 3 September; after 30 September 8, 9 and Saturday 10 October; after Saturday 31
    October 2, 3, 4 November. August's summary that comes in October does not serve September."""
    told = tuple(Evidence(day=date.fromisoformat(day), source="entry 1", what="x", of=of) for of, day in done.items())
    had = {"sum-up": Seen(evidence=told, automatic=True)}
    (found,) = due(contract(SUMMARY), Calendar(), had, date.fromisoformat(on))
    assert (found.state, str(found.next_due), list(found.missed)) == (state, next_due, missed)


def test_the_end_of_a_period_is_no_start_of_what_has_none() -> None:
    """A thing that is made once has no period that could end."""
    with pytest.raises(ValueError, match="no other duty `period`"):
        contract({"id": "plan", "rhythm": "once", "within": {"span": "3 wd", "after": "period"}})


def test_a_deadline_that_nobody_knows_yet_does_not_hide_that_nothing_is_owed() -> None:
    """December's summary falls into 2027, of which no working days are published: in December it is not owed yet."""
    days = [
        Evidence(day=date(2026, month + 1, 2), source="e", what="x", of=f"2026-{month:02}") for month in range(1, 12)
    ]
    had = {"sum-up": Seen(evidence=tuple(days), automatic=True)}
    (early,) = due(contract(SUMMARY), Calendar(), had, date(2026, 12, 30))
    (late,) = due(contract(SUMMARY), Calendar(), had, date(2026, 12, 31))
    assert (early.state, late.state) == ("met", "undetermined")
    assert "2027" in late.reason


def test_what_maintkit_cannot_see_is_undetermined_until_a_person_says_it() -> None:
    """Not overdue: nobody can know. A person's word for the present month makes it met."""
    made = contract(MONTHLY)
    blind = standing(made, "2026-03-10", automatic=False)
    assert (blind.state, "maintkit due record look" in blind.reason) == ("undetermined", True)
    assert standing(made, "2026-03-10", "2026-03-02", automatic=False).state == "met"


def test_evidence_of_later_days_is_not_looked_at() -> None:
    """`--on` shows what was known to be done by that day."""
    assert standing(contract(MONTHLY), "2026-02-01", "2026-02-02").state == "overdue"


@pytest.mark.parametrize("rhythm", ["quarterly", "at-end"])
def test_what_maintkit_cannot_see_is_due_soon_before_its_deadline_like_any_other(rhythm: str) -> None:
    """Nobody has to have said a word of it before; past the deadline nobody can know."""
    made = contract({"id": "give", "rhythm": rhythm})
    states = {on: standing(made, on, automatic=False) for on in ("2026-10-05", "2026-12-20", "2027-01-01")}
    early = "undetermined" if rhythm == "quarterly" else "not-due"  # three quarters passed without a word
    assert [one.state for one in states.values()] == [early, "due-soon", "undetermined"]
    assert "maintkit due record give" in states["2026-12-20"].reason
    assert str(states["2026-12-20"].next_due) == "2026-12-31"
