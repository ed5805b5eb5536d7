"""Windows as a person types and reads them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click

from maintkit.contract.changes import Changes
from maintkit.errors import WindowClosed
from maintkit.plans.model import Plan
from maintkit.plans.window import Window, fits, open_windows

AHEAD = timedelta(days=366)
SHOWN = 3


def window_of(text: str, plan: Plan, changes: Changes, zone: ZoneInfo, now: datetime) -> Window:
    """The window that `--window` names: `START/END` with offsets, or the next one of a contract's id that fits."""
    start, slash, end = text.partition("/")
    if slash:
        try:
            return Window(start=datetime.fromisoformat(start), end=datetime.fromisoformat(end))
        except ValueError as error:
            raise click.BadParameter(f"{error}; like 2026-11-28T23:30+08:00/2026-11-29T05:00+08:00",
                                     param_hint="--window") from None  # fmt: skip
    known = [one.id for one in changes.windows]
    if text not in known:
        raise click.BadParameter(f"the contract has no window {text!r}: {', '.join(known) or 'none'}",
                                 param_hint="--window")  # fmt: skip
    alone = changes.model_copy(update={"windows": tuple(one for one in changes.windows if one.id == text)})
    for window in open_windows(alone, zone, now, now + AHEAD, plan.systems):
        if fits(window, max(now, window.start), seconds(plan.worst_step_s), seconds(plan.worst_rollback_s)):
            return window
    raise WindowClosed(f"{text} does not open long enough within a year for plan {plan.id}",
                       hint="`maintkit window list` shows when the site may be changed")  # fmt: skip


def next_windows(plan: Plan, changes: Changes, zone: ZoneInfo, now: datetime) -> str:
    """The next windows that are open for a plan, as `--window` takes them."""
    found = open_windows(changes, zone, now, now + AHEAD, plan.systems)[:SHOWN]
    return ", ".join(written(one, zone) for one in found) or "none within a year"


def written(window: Window, zone: ZoneInfo) -> str:
    """A window as `--window` takes it."""
    ends = (one.astimezone(zone).isoformat(timespec="minutes") for one in (window.start, window.end))
    return "/".join(ends)


def seconds(number: int) -> timedelta:
    return timedelta(seconds=number)
