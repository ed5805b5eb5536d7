"""What pauses, repetitions, changes and late words make of due dates, against tables made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from standing import DEEP, REPORT, contract, seen, standing

from maintkit.contract.due import due
from maintkit.contract.owed import Evidence, Seen
from maintkit.contract.workdays import Calendar

MONTHLY = {"id": "look", "rhythm": "monthly"}
SPRING = {"start": "2026-02-11", "end": "2026-02-24", "why_zh": "春节", "agreed_by": "李主任"}


@pytest.mark.parametrize(
    ("duty", "done", "expected"),
    [
        # 3 wd after 31 January: 2, 3, 4 February, before the pause.
        ({"rhythm": "monthly", "within": {"span": "3 wd", "after": "period"}}, [], "2026-02-04"),
        # 9 wd: 2 to 6, 9, 10, then two that the pause takes; 25 and 26 February are the first two after it.
        ({"rhythm": "monthly", "within": {"span": "9 wd", "after": "period"}}, [], "2026-02-26"),
        # From the 20th of January a month: the pause takes 10 days of it, and gives them back until 6 March.
        ({"rhythm": "once", "within": {"span": "1 month", "after": "signing"}}, [], "2026-03-06"),
        # Looked at on 15 February 2025, again a year later: in the pause, of which 5 days were of the year.
        ({"rhythm": "once", "review": "yearly"}, ["2025-02-15"], "2026-03-01"),
        # From another duty on 10 February, the day before the pause: its 2 wd are both taken.
        ({"rhythm": "quarterly", "within": {"span": "2 wd", "after": "other"}}, [], "2026-02-26"),
    ],
)
def test_no_deadline_falls_into_a_pause(duty: dict[str, Any], done: list[str], expected: str) -> None:
    """It moves past the pause by the working days, or days, that the pause took of it."""
    other = {"id": "other", "rhythm": "quarterly"}
    made = contract(
        {"id": "own", **duty}, other, signed="2026-01-20" if not done else "2025-02-01",
        start="2025-02-01" if done else "2026-01-01", pauses=[SPRING],
    )  # fmt: skip
    found = standing(made, "2026-02-10", *done, other=seen("2026-02-10"))
    assert str(found.next_due) == expected


@pytest.mark.parametrize(
    ("deep", "days", "on", "missed", "state"),
    [
        (["2026-03-02", "2026-03-05"], ["2026-03-16"], "2026-03-20", [], "met"),
        (["2026-03-02", "2026-03-02"], ["2026-03-03"], "2026-03-20", [], "met"),
        (["2026-03-02", "2026-03-05"], [], "2026-03-17", ["after 2026-03-05"], "overdue"),
        (["2026-03-02", "2026-03-20"], ["2026-03-23"], "2026-03-24", ["after 2026-03-02"], "met"),
        (["2026-03-30", "2026-04-02"], ["2026-04-03"], "2026-04-20", ["after 2026-04-02"], "overdue"),
        (["2026-03-02", "2026-03-05"], ["2026-03-03"], "2026-03-20", ["after 2026-03-05"], "overdue"),
    ],
)
def test_what_was_repeated_is_reported_on_once_from_the_last_time(
    deep: list[str], days: list[str], on: str, missed: list[str], state: str
) -> None:
    """7 wd after 2 March are up on the 11th, after 5 March on the 16th. A repetition after the deadline, or in the next
    quarter, or of what was reported on already, asks for a report of its own."""
    found = standing(contract(REPORT, DEEP), on, *days, deep=seen(*deep))
    assert (list(found.missed), found.state) == (missed, state)


MANUAL = {"id": "manual", "rhythm": "yearly", "on_change": ["topology", "engine"]}


@pytest.mark.parametrize(
    ("made", "changes", "on", "state", "next_due", "missed"),
    [
        (["2026-03-02"], [], "2026-06-01", "met", None, 0),
        (["2026-03-02"], ["2026-03-03"], "2026-03-04", "due-soon", "2026-03-12", 0),
        (["2026-03-02"], ["2026-03-03"], "2026-03-13", "overdue", "2026-03-12", 1),
        (["2026-03-02", "2026-03-11"], ["2026-03-03", "2026-03-05"], "2026-03-30", "met", None, 0),
        (["2026-03-02", "2026-03-20"], ["2026-03-03"], "2026-03-30", "met", None, 1),
        (["2026-03-02"], ["2026-03-01"], "2026-03-30", "met", None, 0),
        ([], ["2026-03-03"], "2026-03-30", "not-due", "2026-12-31", 0),
        (["2026-03-02"], ["2026-12-30"], "2026-12-31", "undetermined", None, 0),
    ],
)
def test_what_must_follow_a_change_is_owed_again_after_it(
    made: list[str], changes: list[str], on: str, state: str, next_due: str | None, missed: int
) -> None:
    """7 wd after 3 March are the 12th. One look serves all changes before it; what was not made yet is not old."""
    told = {"engine": seen(*changes).evidence, "schedule": seen("2026-05-05").evidence}
    own = replace(seen(*made), changes=told)
    (found,) = due(contract(MANUAL), Calendar(), {"manual": own}, date.fromisoformat(on))
    assert (found.state, str(found.next_due) if found.next_due else None) == (state, next_due)
    assert len(found.missed) == missed
    assert ("engine: x entry 1" in found.reason) == (state in ("due-soon", "overdue"))


def test_how_soon_it_must_follow_a_change_is_the_contracts_to_say() -> None:
    """And of two on one day the later entry is the later one."""
    made = contract({**MANUAL, "change_within": "1 month"})
    before, change, after = (
        Evidence(day=date(2026, 3, 3), source="entry", what="x", seq=number) for number in (4, 5, 6)
    )
    own = Seen(evidence=(before,), automatic=True, changes={"engine": (change,)})
    (found,) = due(made, Calendar(), {"manual": own}, date(2026, 3, 4))
    assert (found.state, found.next_due) == ("due-soon", date(2026, 4, 3))
    (found,) = due(made, Calendar(), {"manual": replace(own, evidence=(before, after))}, date(2026, 3, 4))
    assert found.state == "met"


def test_what_lacked_a_word_counts_from_the_day_of_that_word() -> None:
    """January's had a critical finding of which nobody said a word before February: from then on it is not missed."""
    late = Evidence(day=date(2026, 1, 30), source="run", what="x", since=date(2026, 2, 2))
    found = {
        day: due(
            contract(MONTHLY), Calendar(), {"look": Seen(evidence=(late,), automatic=True)}, date.fromisoformat(day)
        )[0]
        for day in ("2026-02-01", "2026-02-02")
    }
    assert [(one.state, list(one.missed)) for one in found.values()] == [("overdue", ["2026-01"]), ("not-due", [])]


@pytest.mark.parametrize(
    ("duty", "on", "days", "open_", "over"),
    [
        (MONTHLY, "2026-01-31", [], ("due-soon", 0, []), ("overdue", -1, ["2026-01"])),
        (MONTHLY, "2026-01-31", ["2026-01-31"], ("met", 28, []), ("met", 27, [])),
        (MONTHLY, "2026-01-30", [], ("due-soon", 1, []), ("due-soon", 0, [])),
        (MONTHLY, "2026-12-31", ["2026-11-02"], ("due-soon", 0, 10), ("overdue", -1, 11)),
        ({"id": "end", "rhythm": "at-end"}, "2026-12-31", [], ("due-soon", 0, []), ("overdue", -1, ["end"])),
        ({"id": "q", "rhythm": "quarterly"}, "2026-09-30", ["2026-07-01"], ("met", 92, 2), ("met", 91, 2)),
        (DEEP, "2026-03-31", ["2026-04-01"], ("due-soon", 0, []), ("overdue", -1, ["2026Q1"])),
        (REPORT, "2026-03-11", [], ("due-soon", 0, []), ("overdue", -1, ["after 2026-03-02"])),
    ],
)
def test_what_fell_due_on_a_day_is_missed_when_that_day_is_over(
    duty: dict[str, Any], on: str, days: list[str], open_: tuple[str, int, Any], over: tuple[str, int, Any]
) -> None:
    """Until then it can still be done; what was done on a later day was not done by its end."""
    for ended, (state, left, missed) in ((False, open_), (True, over)):
        more = (DEEP,) if duty is REPORT else ()
        found = standing(contract(duty, *more), on, *days, ended=ended, deep=seen(*(["2026-03-02"] if more else days)))
        told = len(found.missed) if isinstance(missed, int) else list(found.missed)
        assert (found.state, found.days_left, told) == (state, left, missed)
