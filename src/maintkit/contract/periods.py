"""The stretches of a term in which a duty falls due: calendar weeks, months, quarters …, cut to the term."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from maintkit.contract.duties import Rhythm

_DAY = timedelta(days=1)
_NAME = re.compile(r"\d{4}(-\d{2}|-W\d{2}|Q\d|H\d)?")
MONTHS: dict[Rhythm, int] = {"monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12}


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Days from `start` to `end`; both belong to it."""

    start: date
    end: date

    def holds(self, day: date) -> bool:
        """Whether a day is in it."""
        return self.start <= day <= self.end


@dataclass(frozen=True, kw_only=True)
class Period:
    """One period of a rhythm within the term. `due` is its last day, moved on by a pause that lies over it."""

    name: str
    start: date
    end: date
    due: date


def periods(rhythm: Rhythm, term: Stretch, pauses: tuple[Stretch, ...]) -> Iterator[Period]:
    """The periods of a recurring rhythm, in order; a period that is paused on every day of it is left out.

    A term that begins or ends within a period cuts it short. A pause in the middle of a period leaves its last day as
    it is; one that lies over its last day moves it past the pause by as many days as the pause took of the period.
    """
    first = _begin(rhythm, term.start)
    while first <= term.end:
        after = first + (timedelta(days=7) if rhythm == "weekly" else relativedelta(months=MONTHS[rhythm]))
        start, end = max(first, term.start), min(after - _DAY, term.end)
        if not all(paused(start + number * _DAY, pauses) for number in range((end - start).days + 1)):
            due = min(moved(start, end, pauses), term.end)
            yield Period(name=_name(rhythm, first), start=start, end=end, due=due)
        first = after


def paused(day: date, pauses: tuple[Stretch, ...]) -> bool:
    """Whether the work rests on a day."""
    return any(pause.holds(day) for pause in pauses)


def is_period(name: str) -> bool:
    """Whether something is named as a period is."""
    return _NAME.fullmatch(name) is not None


def _begin(rhythm: Rhythm, day: date) -> date:
    """The first day of the calendar period that holds a day; a week begins on Monday."""
    if rhythm == "weekly":
        return day - timedelta(days=day.weekday())
    length = MONTHS[rhythm]
    return date(day.year, (day.month - 1) // length * length + 1, 1)


def moved(start: date, end: date, pauses: tuple[Stretch, ...]) -> date:
    """The last of some days, or as many days after a pause that lies over it as the pause took of them."""
    if not paused(end, pauses):
        return end
    last = end
    while paused(last, pauses):
        last -= _DAY
    left, day = (end - max(last, start - _DAY)).days, end
    while left:
        day += _DAY
        left -= not paused(day, pauses)
    return day


def _name(rhythm: Rhythm, first: date) -> str:
    match rhythm:
        case "weekly":
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02d}"
        case "monthly":
            return f"{first:%Y-%m}"
        case "yearly":
            return f"{first.year}"
        case "half-yearly":
            return f"{first.year}H{1 if first.month == 1 else 2}"
        case _:
            return f"{first.year}Q{(first.month + 2) // 3}"
