"""When the contract lets a change be made: windows less blackouts, as instants; pure functions.

Local time is unkind twice a year: some times do not exist, some exist twice. A window then gets the later start and the
earlier end of the two readings, a blackout the earlier start and the later end: never more time than was agreed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from maintkit.contract.changes import Changes, Period
from maintkit.contract.recurrence import occurrences
from maintkit.errors import WindowClosed

State = Literal["early", "open", "expired"]
# Local time is at most 26 h from UTC's, and a day's change of offset is far less than the rest.
_MARGIN = timedelta(days=2)


@dataclass(frozen=True, kw_only=True)
class Window:
    """From `start` to before `end`, both with a time zone; naive times raise ValueError."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs a time zone at both ends")
        if self.end <= self.start:
            raise ValueError(f"the window ends {self.end}, not after its start {self.start}")

    def holds(self, other: Window) -> bool:
        """Whether the other window lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M %z}"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Both clocks at one moment: the wall clock's instant, and seconds on the clock that nobody can set."""

    at: datetime
    monotonic: float

    def since(self, begun: Reading) -> timedelta:
        """Time that has passed since `begun`: by the clock that says more, so that setting one back gains nothing."""
        return max(self.at - begun.at, timedelta(seconds=self.monotonic - begun.monotonic))

    def set_back(self, begun: Reading) -> timedelta:
        """How far the wall clock fell behind the other one since `begun`; at most zero when it did not."""
        return timedelta(seconds=self.monotonic - begun.monotonic) - (self.at - begun.at)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Time in which nothing about the windows changes. `windows` and `blackouts` are ids of the contract.

    It is open when windows hold for all systems in question and no blackout touches one of them.
    """

    start: datetime
    end: datetime
    windows: tuple[str, ...]
    blackouts: tuple[str, ...]
    covered: bool

    @property
    def open(self) -> bool:
        """Whether a change may be made."""
        return self.covered and not self.blackouts

    @property
    def window(self) -> Window:
        """The stretch as a window."""
        return Window(start=self.start, end=self.end)


def state(window: Window, now: datetime) -> State:
    """Whether the window is to come, open, or over. What is over has expired: late work never catches up."""
    return "early" if now < window.start else "open" if now < window.end else "expired"


def remaining(window: Window, now: datetime) -> timedelta:
    """What is left of the window; nothing before it opens and after it has closed."""
    return window.end - now if state(window, now) == "open" else timedelta(0)


def fits(window: Window, now: datetime, worst_step: timedelta, worst_rollback: timedelta) -> bool:
    """Whether a step begun now ends inside the window even if it fails last thing and must be taken back."""
    return state(window, now) == "open" and worst_step + worst_rollback <= remaining(window, now)


def require_open(window: Window, now: datetime) -> None:
    """Raise WindowClosed before the window opens and after it has closed."""
    found = state(window, now)
    if found == "early":
        raise WindowClosed(f"the window {window} is not open yet", hint="wait until it opens")
    if found == "expired":
        raise WindowClosed(
            f"the window {window} is over",
            hint="ask for another one with `maintkit request`: late work never catches up",
        )


def open_windows(
    changes: Changes, zone: ZoneInfo, start: datetime, end: datetime, systems: Collection[str] = ()
) -> tuple[Window, ...]:
    """The windows between two instants in which all these systems may be changed, clipped to them; none named: any."""
    found = [stretch for stretch in timetable(changes, zone, start, end, systems) if stretch.open]
    joined: list[Window] = []
    for stretch in found:
        if joined and joined[-1].end == stretch.start:
            joined[-1] = Window(start=joined[-1].start, end=stretch.end)
        else:
            joined.append(stretch.window)
    return tuple(joined)


def window_at(changes: Changes, zone: ZoneInfo, now: datetime, systems: Collection[str] = ()) -> Window:
    """The open window around this instant, seen as far as a year; WindowClosed with the reason when there is none."""
    around = timedelta(days=366)
    for window in open_windows(changes, zone, now - around, now + around, systems):
        if state(window, now) == "open":
            return window
    why = why_closed(changes, zone, now, systems)
    raise WindowClosed(
        f"no window is open at {now.astimezone(zone):%F %R %z}: {why}",
        hint="`maintkit window list` shows when the site may be changed",
    )


def why_closed(changes: Changes, zone: ZoneInfo, now: datetime, systems: Collection[str] = ()) -> str:
    """The reason in words, for an instant at which nothing may be changed."""
    if not changes.windows:
        return "contract.yml names no window"
    here = timetable(changes, zone, now, now + timedelta(seconds=1), systems)[0]
    if here.blackouts:
        names = {one.id: one.title_zh for one in changes.blackouts}
        return "blackout " + ", ".join(f"{id_} ({names[id_]})" for id_ in here.blackouts)
    return "no window of the contract is open for " + (", ".join(sorted(systems)) or "any system")


def timetable(
    changes: Changes, zone: ZoneInfo, start: datetime, end: datetime, systems: Collection[str] = ()
) -> tuple[Stretch, ...]:
    """The whole time between two instants in stretches, in order and without gaps."""
    windows = [(one, span) for one in changes.windows for span in _spans(one, zone, start, end, shrink=True)]
    blackouts = [(one, span) for one in changes.blackouts for span in _spans(one, zone, start, end, shrink=False)]
    edges = {instant for _, span in (*windows, *blackouts) for instant in (span.start, span.end)}
    marks = sorted({start.astimezone(UTC), end.astimezone(UTC), *(edge for edge in edges if start < edge < end)})
    stretches: list[Stretch] = []
    for here, there in pairwise(marks):
        made = _stretch(here, there, windows, blackouts, systems)
        if stretches and _alike(stretches[-1], made):
            made = replace(made, start=stretches.pop().start)
        stretches.append(made)
    return tuple(stretches)


def instants(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The earlier and the later reading of a local time, in UTC: the same but where clocks are changed."""
    readings = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min(readings), max(readings)


def _spans(period: Period, zone: ZoneInfo, start: datetime, end: datetime, *, shrink: bool) -> Iterator[Window]:
    """The period's occurrences that touch the time between two instants, as instants."""
    lasts = period.until - period.start.at
    for first in _starts(period, (end + _MARGIN).astimezone(zone).replace(tzinfo=None)):
        earlier_start, later_start = instants(first, zone)
        earlier_end, later_end = instants(first + lasts, zone)
        opens, closes = (later_start, earlier_end) if shrink else (earlier_start, later_end)
        if opens < closes and opens < end and start < closes:
            yield Window(start=opens, end=closes)


def _starts(period: Period, before: datetime) -> Iterable[datetime]:
    if period.repeat is None:
        return (period.start.at,)
    return occurrences(period.repeat, period.start.at, before)


def _stretch(
    start: datetime,
    end: datetime,
    windows: Sequence[tuple[Period, Window]],
    blackouts: Sequence[tuple[Period, Window]],
    systems: Collection[str],
) -> Stretch:
    opening = [one for one, span in windows if span.start <= start < span.end and _concerns(one, systems)]
    closing = [one for one, span in blackouts if span.start <= start < span.end and _concerns(one, systems)]
    of_all = any(not one.systems for one in opening)
    named = {system for one in opening for system in one.systems}
    return Stretch(
        start=start,
        end=end,
        windows=tuple(dict.fromkeys(one.id for one in opening)),
        blackouts=tuple(dict.fromkeys(one.id for one in closing)),
        covered=of_all or (bool(opening) and named >= set(systems)),
    )


def _concerns(period: Period, systems: Collection[str]) -> bool:
    return not period.systems or not systems or not set(period.systems).isdisjoint(systems)


def _alike(one: Stretch, other: Stretch) -> bool:
    return (one.windows, one.blackouts, one.covered) == (other.windows, other.blackouts, other.covered)
