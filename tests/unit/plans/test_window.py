"""Windows and blackouts against an oracle that asks every minute's wall clock, and the faults of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintkit.contract.changes import Changes, Period
from maintkit.errors import WindowClosed
from maintkit.plans import window as windows
from maintkit.plans.window import Reading, Window

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def period(id_: str, start: str, end: str, repeat: str | None = None, systems: tuple[str, ...] = ()) -> Period:
    """A period as contract.yml says it."""
    said = {"id": id_, "title_zh": id_, "start": start, "end": end, "repeat": repeat, "systems": systems}
    return Period.model_validate(said)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


NIGHTS = Changes(
    windows=(period("saturday-night", "2026-01-03 23:30", "2026-01-04 05:00", "FREQ=WEEKLY;BYDAY=SA"),),
    blackouts=(period("assessment", "2026-11-09", "2026-11-15"),),
)
WEEK = Window(start=at("2026-11-28T23:30:00+08:00"), end=at("2026-11-29T05:00:00+08:00"))


def test_a_window_recurs_across_midnight_and_is_shown_with_its_instants() -> None:
    """Two Saturday nights of November, but for the one that touches the assessment week."""
    found = windows.open_windows(NIGHTS, SHANGHAI, at("2026-11-08T12:00:00+08:00"), at("2026-11-30T00:00:00+08:00"))
    assert [f"{one.start.astimezone(SHANGHAI):%F %R}" for one in found] == ["2026-11-21 23:30", "2026-11-28 23:30"]
    assert found[1] == WEEK


def test_a_blackout_cuts_into_a_window() -> None:
    """门诊高峰 takes the morning from a window that reaches into it; what is left on both sides stays open."""
    changes = Changes(
        windows=(period("long", "2026-11-23 00:00", "2026-11-23 18:00"),),
        blackouts=(period("peak", "2026-01-05 07:30", "2026-01-05 12:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),),
    )
    found = windows.open_windows(changes, SHANGHAI, at("2026-11-22T00:00:00+08:00"), at("2026-11-25T00:00:00+08:00"))
    assert [(f"{one.start.astimezone(SHANGHAI):%R}", f"{one.end.astimezone(SHANGHAI):%R}") for one in found] == [
        ("00:00", "07:30"),
        ("12:00", "18:00"),
    ]
    why = windows.why_closed(changes, SHANGHAI, at("2026-11-23T08:00:00+08:00"))
    assert why == "blackout peak (peak)"


def test_a_change_of_two_systems_needs_a_window_for_both() -> None:
    """HIS alone may be changed at ten, EMR alone at twelve, both together at eleven; a blackout of one stops both."""
    changes = Changes(
        windows=(
            period("his", "2026-11-23 10:00", "2026-11-23 12:00", systems=("HIS",)),
            period("emr", "2026-11-23 11:00", "2026-11-23 13:00", systems=("EMR",)),
        ),
        blackouts=(period("ward", "2026-11-23 11:30", "2026-11-23 14:00", systems=("EMR",)),),
    )
    day = (SHANGHAI, at("2026-11-23T00:00:00+08:00"), at("2026-11-24T00:00:00+08:00"))
    hours = {
        systems: [(f"{one.start.astimezone(SHANGHAI):%R}", f"{one.end.astimezone(SHANGHAI):%R}") for one in found]
        for systems in (("HIS",), ("EMR",), ("HIS", "EMR"), ("LIS",))
        for found in [windows.open_windows(changes, *day, systems)]
    }
    assert hours == {
        ("HIS",): [("10:00", "12:00")],
        ("EMR",): [("11:00", "11:30")],
        ("HIS", "EMR"): [("11:00", "11:30")],
        ("LIS",): [],
    }


def test_without_windows_nothing_is_open() -> None:
    """The refusal says that the contract names none."""
    with pytest.raises(WindowClosed, match=r"contract\.yml names no window"):
        windows.window_at(Changes(), SHANGHAI, WEEK.start)


def test_a_window_without_time_zone_is_refused() -> None:
    """Fault 30: naive instants never become a window."""
    with pytest.raises(ValueError, match="time zone"):
        Window(start=datetime(2026, 11, 28, 23, 30), end=datetime(2026, 11, 29, 5, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("now", "state", "left"),
    [
        ("2026-11-28T23:29:59+08:00", "early", 0),
        ("2026-11-28T23:30:00+08:00", "open", 330),
        ("2026-11-29T04:00:00+08:00", "open", 60),
        ("2026-11-29T05:00:00+08:00", "expired", 0),
        ("2026-12-05T23:45:00+08:00", "expired", 0),
    ],
)
def test_what_is_late_expires_and_never_catches_up(now: str, state: str, left: int) -> None:
    """Half open at the end; a week later the next Saturday's window is open, but this one is over for good."""
    assert windows.state(WEEK, at(now)) == state
    assert windows.remaining(WEEK, at(now)) == timedelta(minutes=left)
    if state != "open":
        with pytest.raises(WindowClosed, match="not open yet" if state == "early" else "is over"):
            windows.require_open(WEEK, at(now))


MINUTES = st.integers(min_value=0, max_value=400)


@settings(deadline=None)
@given(st.integers(min_value=-30, max_value=400), MINUTES, MINUTES)
def test_a_step_starts_only_with_room_for_itself_and_its_rollback(minute: int, step: int, rollback: int) -> None:
    """Fault 23: exactly when now, step and rollback together end by the window's end, and it has opened."""
    now = WEEK.start + minute * MINUTE
    room = windows.fits(WEEK, now, step * MINUTE, rollback * MINUTE)
    assert room == (0 <= minute < 330 and minute + step + rollback <= 330)


def test_a_clock_set_back_gains_no_time() -> None:
    """Fault 21: the monotonic clock counts on, and says how far the other one was set back."""
    begun = Reading(at=WEEK.start, monotonic=100.0)
    later = Reading(at=WEEK.start - timedelta(hours=1), monotonic=100.0 + 600)
    assert later.since(begun) == timedelta(minutes=10)
    assert later.set_back(begun) == timedelta(minutes=70)
    ahead = Reading(at=WEEK.start + timedelta(hours=2), monotonic=100.0 + 600)
    assert ahead.since(begun) == timedelta(hours=2)
    assert ahead.set_back(begun) < timedelta(0)


def test_a_window_over_the_change_to_summer_time_ends_when_the_clock_on_the_wall_says_so() -> None:
    """On 2026-03-29 in Berlin 02:00 to 03:00 does not exist: the night's window is an hour shorter, not later."""
    changes = Changes(windows=(period("night", "2026-03-28 23:00", "2026-03-29 05:00"),))
    (found,) = windows.open_windows(changes, BERLIN, at("2026-03-28T00:00:00+01:00"), at("2026-03-30T00:00:00+02:00"))
    assert found.end - found.start == timedelta(hours=5)


def test_a_window_that_starts_twice_starts_the_second_time_and_a_blackout_the_first() -> None:
    """On 2026-10-25 in Berlin 02:30 comes twice: never more time than both readings agree on."""
    times = ("2026-10-25 02:30", "2026-10-25 04:00")
    open_ = Changes(windows=(period("night", *times),))
    whole_day = period("day", "2026-10-25", "2026-10-25")
    closed = Changes(windows=(whole_day,), blackouts=(period("night", *times),))
    day = (BERLIN, at("2026-10-25T00:00:00+02:00"), at("2026-10-26T00:00:00+01:00"))
    (found,) = windows.open_windows(open_, *day)
    assert (found.start, found.end) == (at("2026-10-25T02:30:00+01:00"), at("2026-10-25T04:00:00+01:00"))
    before, after = windows.open_windows(closed, *day)
    assert (before.end, after.start) == (at("2026-10-25T02:30:00+02:00"), at("2026-10-25T04:00:00+01:00"))


RULES = st.sampled_from(
    [
        None,
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=DAILY;COUNT=4",
        "FREQ=DAILY;UNTIL=20261026",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
    ]
)


@st.composite
def periods(draw: st.DrawFn, id_: str) -> Period:
    """A period of up to 30 hours around the autumn change of clocks."""
    start = datetime(2026, 10, 20) + timedelta(minutes=draw(st.integers(0, 6 * 96)) * 15)  # noqa: DTZ001
    end = start + timedelta(minutes=15 * draw(st.integers(1, 120)))
    systems = draw(st.sampled_from([(), ("HIS",), ("EMR",)]))
    return period(id_, f"{start:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}", draw(RULES), systems)


STEP_DAYS = {"FREQ=DAILY": 1, "FREQ=DAILY;INTERVAL=3": 3, "FREQ=DAILY;COUNT=4": 1, "FREQ=DAILY;UNTIL=20261026": 1}


def wall_holds(one: Period, wall: datetime) -> bool:
    """Whether a clock on the wall stands inside an occurrence: by adding days, with no rule library."""
    number = 0
    while True:
        days = STEP_DAYS.get(one.repeat or "", 7 if one.repeat == "FREQ=WEEKLY" else 14) * number
        begins = one.start.at + timedelta(days=days)
        counted = {None: number < 1, "FREQ=DAILY;COUNT=4": number < 4}.get(one.repeat, True)
        if one.repeat == "FREQ=DAILY;UNTIL=20261026":
            counted = begins < datetime(2026, 10, 27)  # noqa: DTZ001
        if not counted or begins > wall:
            return False
        if begins <= wall < one.until + timedelta(days=days):
            return True
        number += 1


def concerned(one: Period, systems: tuple[str, ...]) -> bool:
    return not one.systems or not systems or bool(set(one.systems) & set(systems))


def oracle(changes: Changes, zone: ZoneInfo, instant: datetime, systems: tuple[str, ...]) -> bool:
    """What one minute's wall clock says."""
    wall = instant.astimezone(zone).replace(tzinfo=None)
    opening = [one for one in changes.windows if concerned(one, systems) and wall_holds(one, wall)]
    if any(concerned(one, systems) and wall_holds(one, wall) for one in changes.blackouts):
        return False
    if not systems or any(not one.systems for one in opening):
        return bool(opening)
    return all(any(system in one.systems for one in opening) for system in systems)


@settings(max_examples=150, deadline=None)
@given(
    windows_=st.lists(st.integers(0, 2).flatmap(lambda n: periods(f"w{n}")), max_size=3, unique_by=lambda one: one.id),
    blackouts=st.lists(st.integers(0, 2).flatmap(lambda n: periods(f"b{n}")), max_size=2, unique_by=lambda one: one.id),
    zone=st.sampled_from([SHANGHAI, BERLIN]),
    systems=st.sampled_from([(), ("HIS",), ("HIS", "EMR")]),
)
def test_open_windows_are_those_of_every_minutes_wall_clock(
    windows_: list[Period], blackouts: list[Period], zone: ZoneInfo, systems: tuple[str, ...]
) -> None:
    """The same in every minute, except that around a change of clocks there may be less: never more than was agreed."""
    changes = Changes(windows=tuple(windows_), blackouts=tuple(blackouts))
    start = datetime(2026, 10, 23, tzinfo=UTC)
    end = start + timedelta(days=5)
    found = windows.open_windows(changes, zone, start, end, systems)
    change_of_clocks = datetime(2026, 10, 25, 1, tzinfo=UTC) if zone is BERLIN else None
    for minute in range(0, 5 * 24 * 60, 15):
        now = start + minute * MINUTE
        ours = any(windows.state(one, now) == "open" for one in found)
        theirs = oracle(changes, zone, now, systems)
        near = change_of_clocks is not None and abs(now - change_of_clocks) <= timedelta(hours=1)
        assert (ours <= theirs) if near else (ours == theirs), now


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 31)))  # noqa: DTZ001
def test_a_local_time_has_two_readings_only_where_clocks_change(wall: datetime) -> None:
    """Elsewhere both readings are the instant whose wall clock shows it."""
    earlier, later = windows.instants(wall, BERLIN)
    assert timedelta(0) <= later - earlier <= timedelta(hours=1)
    if earlier == later:
        assert earlier.astimezone(BERLIN).replace(tzinfo=None) == wall
