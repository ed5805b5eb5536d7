"""Every week of the watch at once: each entry is read once, however many weeks there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, tzinfo

from maintkit.evidence.entry import Entry
from maintkit.evidence.ledger import Ledger
from maintkit.evidence.watch import HANDLED, RECORDED, STARTED, TOLD, WatchWeek, seen_at, week_of
from maintkit.evidence.week import Week


def watch_weeks(ledger: Ledger, zone: tzinfo, on: date | None = None) -> Iterator[WatchWeek]:
    """The weeks in which something was tried, in order, each as `watch_week` has it.

    `on`: by what was seen until the end of that day; None: by all that was.
    """
    inside: dict[Week, list[Entry]] = {}
    handled: dict[str, list[Entry]] = {}
    for kind in TOLD:
        for entry in ledger.entries(kind=kind, newest_first=True):
            if on is None or seen_at(entry).astimezone(zone).date() <= on:
                inside.setdefault(Week.of(seen_at(entry), zone), []).append(entry)
    for entry in ledger.entries(kind=HANDLED):
        handled.setdefault(entry.body["week"], []).append(entry)
    starts = (entry for own in inside.values() for entry in own if entry.kind == STARTED)
    # The first one is also the plan of what people saw in the weeks before it.
    plan = min(starts, key=lambda entry: entry.seq, default=None)
    for week in sorted(inside):
        own = inside[week]
        plan = next((entry for entry in own if entry.kind == STARTED), plan)
        if plan is not None and any(entry.kind in (STARTED, RECORDED) for entry in own):
            yield week_of(week, plan, own, handled.get(str(week), ()))
