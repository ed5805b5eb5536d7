"""By when a thing is owed that runs from a day: working days or not, and never in a pause of the contract."""

from __future__ import annotations

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from maintkit.contract.periods import Stretch, moved, paused
from maintkit.contract.span import Span
from maintkit.contract.workdays import Calendar, Undetermined

_DAY = timedelta(days=1)


def deadline(span: Span, day: date, calendar: Calendar, pauses: tuple[Stretch, ...]) -> date | Undetermined:
    """When a span that begins after `day` is over.

    A pause before that moves nothing. One that lies over it moves it past the pause, by as many days as the pause took:
    working days of a span in working days, days of any other. A month ends on the same day of a later month, or on
    the last day of one that has none of that number.
    """
    match span.unit:
        case "wd":
            return _worked(calendar, day, span.count, pauses)
        case "month":
            return moved(day + _DAY, day + relativedelta(months=span.count), pauses)
        case _:
            return moved(day + _DAY, day + timedelta(days=-(-span.minutes // (24 * 60))), pauses)


def _worked(calendar: Calendar, day: date, count: int, pauses: tuple[Stretch, ...]) -> date | Undetermined:
    end = calendar.after(day, count)
    if count == 0 or isinstance(end, Undetermined) or not paused(end, pauses):
        return end
    first = last = end
    while paused(first - _DAY, pauses) and first - _DAY > day:
        first -= _DAY
    while paused(last + _DAY, pauses):
        last += _DAY
    left = sum(calendar.works(first + number * _DAY) is True for number in range((end - first).days + 1))
    return _worked(calendar, last, left, pauses)
